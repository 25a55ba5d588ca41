"""Clients that keep pages: they ask again with the tag, and are told that nothing has changed."""

from __future__ import annotations

import re

import pytest

from support.distributions import wheel

FILES = [wheel("demo", "1.0"), wheel("app", "1.0", requires_dist=["demo"])]
PAGES = r'^wheelhouse_requests_total\{route="/simple/\{project\}/",method="GET",status="(\d+)"\} (\d+)$'


@pytest.fixture
def site(serve, wheelhouse):
    return serve(wheelhouse, "-P", ".", "-a", ".", files=FILES)


def answered(site) -> dict[str, int]:
    """How many pages of projects were answered, by status."""
    found = re.findall(PAGES, site.get("/metrics").text, re.MULTILINE)
    return {status: int(count) for status, count in found}


@pytest.mark.parametrize("name", ["pip-23.0", "pip-newest", "uv"])
def test_simple_55_who_keeps_a_page_asks_whether_it_is_still_the_same(site, client, target, name):
    made = client(name)

    def install(number: int, wanted: str) -> None:
        words = ["--index-url", site.url + "simple/", "--target", target.with_name(f"target-{number}"), wanted]
        if name == "uv":
            made.run("uv", "pip", "install", "--refresh", *words)
        else:
            # Without encryption pip keeps only what comes from a host that it is told to trust.
            made.pip("install", "--trusted-host", f"127.0.0.1:{site.port}", *words)

    install(1, "app")
    first = answered(site)
    assert first["200"] >= 2 and "304" not in first
    install(2, "app")
    second = answered(site)
    assert second["304"] >= 2, "nothing has changed"
    assert second["200"] == first["200"], "no page was sent again"
    # What is new is seen at once.
    assert site.upload(wheel("demo", "2.0")).status == 200
    install(3, "demo==2.0")
    assert answered(site)["200"] == first["200"] + 1

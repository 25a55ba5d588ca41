"""Several servers over one PostgreSQL count together, and wait for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.distributions import wheel
from support.programs import WHEELHOUSE, Site
from support.waiting import wait_until

DEMO, NEXT = wheel("demo", "1.0"), wheel("demo", "2.0")


@pytest.fixture
def pair(serve, cluster, tmp_path) -> list[Site]:
    """Two servers over one database and one place of objects."""
    (tmp_path / "objects").mkdir()
    environment = {"WHEELHOUSE_CATALOG": cluster.address(cluster.make_database())}
    options = ["--disable-fallback", "-a", ".", "-P", ".", "--files", f"file:{tmp_path}/objects", "--state-dir", "state"]
    sites = [serve(WHEELHOUSE, *options, roots=[], environment=environment) for _ in range(2)]
    for file in (DEMO, NEXT):
        assert sites[0].upload(file).status == 200
    return sites


def ever(site: Site) -> int:
    answer = site.get("/api/v1/projects/demo/downloads")
    return answer.json["downloads"]["ever"] if answer.status == 200 else -1


def fetch(site: Site, times: int) -> None:
    for number in range(times):
        file = (DEMO, NEXT)[number % 2]
        assert site.get(f"/packages/{file.filename}", headers={"User-Agent": "uv/1"}).body == file.content


def test_what_each_of_two_servers_gives_out_is_added_up(pair):
    one, other = pair
    # More than once, so that rows that are there are added to.
    for total in (20, 40):
        fetch(one, 10)
        fetch(other, 10)
        for site in pair:
            wait_until(lambda site=site, total=total: ever(site) == total, seconds=20, what=f"{total} downloads")
    fetch(one, 4)
    fetch(other, 6)
    # Those of the last seconds are written by whoever stops.
    one.stop()
    wait_until(lambda: ever(other) == 50, seconds=20)
    figures = other.get("/api/v1/projects/demo/downloads").json["downloads"]
    assert figures["by_client"] == [{"name": "uv", "count": 50}]
    assert {count["count"] for count in figures["by_file"]} == {25}


def test_counts_wait_while_the_database_is_away(pair, cluster):
    site = pair[0]
    fetch(site, 2)
    wait_until(lambda: ever(site) == 2, seconds=20)
    cluster.stop()
    # Files that are in memory are given out, marked as old, and are downloads as any other.
    answers = [site.get(f"/packages/{DEMO.filename}") for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    wait_until(lambda: "downloads cannot be counted now" in site.log, seconds=60, what="a line in the log")
    cluster.start()
    wait_until(lambda: ever(site) == 5, seconds=60, what="all five are counted")
    assert site.log.count("downloads cannot be counted now") == 1

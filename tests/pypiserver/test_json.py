"""The small JSON, spec/pypiserver.md §2.5."""

from __future__ import annotations

import pytest

from support.distributions import any_file, wheel
from support.programs import Door, Site

FILES = [
    wheel("demo", "1.0"),
    any_file("demo-1.0.zip"),
    any_file("demo-1.10.zip"),
    any_file("demo-1.9.zip"),
    any_file("demo-2.0rc1.zip"),
]


@pytest.fixture(scope="module")
def site(serve_all, door: Door) -> Site:
    return serve_all(door, "--fallback-url", "https://index.example/simple", files=FILES)


def test_kept_json_has_versions_highest_first_and_absolute_addresses(site: Site):
    answer = site.get("/demo/json")
    assert answer.type == "application/json"
    found = answer.json
    assert list(found["releases"]) == ["2.0rc1", "1.10", "1.9", "1.0"]
    addresses = {file["url"] for file in found["releases"]["1.0"]}
    assert addresses == {f"{site.url}packages/{file.filename}" for file in FILES[:2]}


def test_kept_pre_release_counts_as_the_highest(site: Site):
    assert site.get("/demo/json").json["info"]["version"] == "2.0rc1"


def test_kept_addresses_of_json_can_be_fetched(site: Site):
    for files in site.get("/demo/json").json["releases"].values():
        for file in files:
            assert site.get(file["url"].removeprefix(site.url.rstrip("/"))).status == 200


def test_kept_unknown_project_is_404_and_never_the_fallback(site: Site):
    assert site.get("/unknown/json").status == 404


def test_kept_odd_spelling_is_301(site: Site):
    answer = site.get("/De_mo/json")
    assert answer.status == 301 and answer.header("Location").endswith("/de-mo/json")


def test_mended_local_version_is_higher_than_its_public_one(serve, pypi_server: Door):
    site = serve(pypi_server, files=[any_file("demo-1.0.zip"), any_file("demo-1.0+local.zip")])
    assert site.get("/demo/json").json["info"]["version"] == "1.0+local"


def test_kept_json_respects_a_forwarded_host(serve, door: Door):
    site = serve(door, files=FILES[:1])
    headers = {"X-Forwarded-Host": "packages.example", "X-Forwarded-Proto": "https"}
    url = site.get("/demo/json", headers=headers).json["releases"]["1.0"][0]["url"]
    assert url == f"https://packages.example/packages/{FILES[0].filename}"

"""The default index under its name: `/index/main/…` (architecture, URLs)."""

from __future__ import annotations

import xmlrpc.client

import pytest

from support.distributions import wheel

JSON = "application/vnd.pypi.simple.v1+json"
INDEX = "/index/main"


@pytest.mark.parametrize("accept", ["text/html", JSON])
def test_named_index_has_the_same_project_page_with_links_below_it(site, accept):
    plain = site.get("/simple/friendly-bard/", headers={"Accept": accept})
    named = site.get(f"{INDEX}/simple/friendly-bard/", headers={"Accept": accept})
    assert named.status == 200 and named.names == plain.names
    assert f"{INDEX}/packages/" in named.text
    assert named.text.replace(f"{INDEX}/packages/", "/packages/") == plain.text
    assert named.header("ETag") != plain.header("ETag"), "other bytes, another tag"
    assert site.get("/simple/friendly-bard/", headers={"Accept": accept}).text == plain.text


def test_named_index_gives_the_files_that_its_pages_name(site):
    found = site.get(f"{INDEX}/simple/friendly-bard/", headers={"Accept": JSON}).json
    for file in found["files"]:
        assert file["url"].startswith(f"{INDEX}/packages/")
        assert site.get(file["url"]).body == site.get(file["url"].removeprefix(INDEX)).body


def test_named_index_redirects_stay_below_it(site):
    for path, target in [
        (INDEX, f"{INDEX}/"),
        (f"{INDEX}/simple", f"{INDEX}/simple/"),
        (f"{INDEX}/simple/Friendly_Bard/", f"{INDEX}/simple/friendly-bard/"),
        (f"{INDEX}/friendly-bard/", f"{INDEX}/simple/friendly-bard/"),
    ]:
        answer = site.get(path)
        assert 300 <= answer.status < 400, path
        assert answer.header("Location") == target, path


def test_named_index_takes_uploads_and_searches(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".")
    assert site.upload(wheel("demo", "1.0"), path=f"{INDEX}/legacy/").status == 200
    assert site.upload(wheel("demo", "1.1"), path=f"{INDEX}/").status == 200
    assert len(site.get("/simple/demo/").names) == 2
    with xmlrpc.client.ServerProxy(f"{site.url}{INDEX}/RPC2") as server:
        assert {hit["name"] for hit in server.search({"name": ["demo"]}, "or")} == {"demo"}


@pytest.mark.parametrize(
    "path",
    [
        "/index/other/simple/",
        "/index/Main/simple/",
        "/index/main2/simple/",
        "/index//simple/",
        "/index/main/index/main/simple/",
        "/index/main/metrics",
        "/index/main/healthz",
        "/index/ma%69n/simple/",
        "/index/../simple/x/y",
    ],
)
def test_unknown_index_is_404(site, path):
    assert site.get(path).status == 404


def test_project_called_index_is_reached(serve, either_name):
    site = serve(either_name, files=[wheel("index", "1.0")])
    assert site.get("/simple/index/").names == ["index-1.0-py3-none-any.whl"]
    assert site.get("/index/").header("Location") == "/simple/index/"
    assert site.get("/index/json").json["info"]["version"] == "1.0"
    assert site.get("/index/main/simple/index/").names == ["index-1.0-py3-none-any.whl"]
    assert site.get("/index/main/index/json").json["info"]["version"] == "1.0"

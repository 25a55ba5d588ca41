"""What owners say of projects, releases and files, as pages show it, protocol §2.4 and §3."""

from __future__ import annotations

import pytest

from support.distributions import wheel
from support.http import anchors
from support.owners import own
from support.programs import Door, Site

FILES = [wheel("demo", "1.0"), wheel("demo", "2.0"), wheel("other", "1.0")]
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
HTML = {"Accept": "text/html"}


@pytest.fixture
def site(serve, either_name: Door) -> Site:
    return serve(either_name, "-P", ".", "-a", ".", "--disable-fallback", files=FILES)


def page(site: Site) -> dict:
    return site.get("/simple/demo/", headers=JSON).json


def test_simple_46_quarantined_project_offers_no_files(site):
    own(site, "status", "demo", "quarantined", "--reason", "stolen")
    shown = page(site)
    assert shown["files"] == [] and shown["project-status"] == {"status": "quarantined", "reason": "stolen"}
    html = site.get("/simple/demo/", headers=HTML)
    assert html.status == 200 and anchors(html.text) == []
    for file in FILES[:2]:
        assert site.get(f"/packages/{file.filename}").status == 404
        assert site.get(f"/packages/{file.filename}.metadata").status == 404
    assert site.get("/simple/").names == ["other"]
    assert FILES[0].filename not in site.get("/packages/").text
    assert site.get("/pypi/demo/json").status == 404
    assert site.get("/rss/project/demo/releases.xml").status == 404


@pytest.mark.parametrize(
    ("status", "is_open"), [("active", True), ("deprecated", True), ("archived", False), ("quarantined", False)]
)
def test_simple_47_some_statuses_take_uploads(site, status, is_open):
    own(site, "status", "demo", status)
    answer = site.upload(wheel("demo", "3.0"))
    assert answer.status == (200 if is_open else 403), answer
    if not is_open:
        assert status in answer.reason, "the uploader is told"


def test_simple_47_a_project_has_one_status_at_a_time(site):
    for status in ["archived", "deprecated", "quarantined"]:
        own(site, "status", "demo", status)
        assert page(site)["project-status"] == {"status": status}
    own(site, "status", "demo", "active")
    assert page(site).get("project-status") in (None, {"status": "active"})


def test_simple_48_the_status_stands_under_its_own_key(site):
    own(site, "status", "demo", "deprecated", "--reason", "old")
    shown = page(site)
    assert shown["project-status"] == {"status": "deprecated", "reason": "old"}
    assert not {"state", "status", "project-status"} & set(shown["meta"])
    html = site.get("/simple/demo/", headers=HTML).text
    assert '<meta name="pypi:project-status" content="deprecated">' in html
    assert '<meta name="pypi:project-status-reason" content="old">' in html


def test_simple_49_a_yank_is_set_and_taken_back(site):
    first = FILES[0].filename
    own(site, "yank", "demo==1.0", "--reason", 'says "no" & <b>')
    assert {file["filename"]: file.get("yanked") for file in page(site)["files"]}[first] == 'says "no" & <b>'
    (link,) = [link for link in anchors(site.get("/simple/demo/", headers=HTML).text) if link.text == first]
    assert link.attributes["data-yanked"] == 'says "no" & <b>'
    own(site, "unyank", "demo==1.0")
    assert not any(file.get("yanked") for file in page(site)["files"])
    assert "data-yanked" not in site.get("/simple/demo/", headers=HTML).text
    own(site, "yank", "demo==1.0")
    assert {file["filename"]: file.get("yanked") for file in page(site)["files"]}[first] is True
    assert 'data-yanked=""' in site.get("/simple/demo/", headers=HTML).text


def test_simple_49_a_yank_covers_a_file_that_comes_later(site):
    own(site, "yank", "demo==2.0", "--reason", "bad")
    later = wheel("demo", "2.0", build="1")
    assert site.upload(later).status == 200
    assert {file["filename"]: file.get("yanked") for file in page(site)["files"]}[later.filename] == "bad"


def test_dl_15_yanked_files_stay_downloadable_and_quarantined_ones_do_not(site):
    path = f"/packages/{FILES[0].filename}"
    own(site, "yank", "demo==1.0")
    assert site.get(path).body == FILES[0].content
    assert site.get(path + ".metadata").status == 200
    own(site, "status", "demo", "quarantined")
    assert site.get(path).status == 404
    assert site.get(path, headers={"Range": "bytes=0-1"}).status == 404
    own(site, "status", "demo", "active")
    assert site.get(path).body == FILES[0].content


def test_json_05_a_yanked_release_says_so(site):
    own(site, "yank", "demo==2.0", "--reason", "bad")
    assert site.get("/pypi/demo/json").json["info"]["version"] == "1.0", "the latest that is not yanked"
    info = site.get("/pypi/demo/2.0/json").json
    assert (info["info"]["yanked"], info["info"]["yanked_reason"]) == (True, "bad")
    assert [(file["yanked"], file["yanked_reason"]) for file in info["urls"]] == [(True, "bad")]

"""What was answered is seen, also while others write: protocol SIMPLE-54, 56 and 59."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.distributions import wheel
from support.programs import Door, Site

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
OPEN = ["-a", ".", "-P", "."]


@pytest.fixture
def site(serve, either_name: Door) -> Site:
    return serve(either_name, *OPEN)


def files_of(site: Site, **headers: str) -> list[str]:
    answer = site.get("/simple/demo/", headers={**JSON, **headers})
    assert answer.status == 200, answer
    packed = answer.header("Content-Encoding") == "gzip"
    body = gzip.decompress(answer.body) if packed else answer.body
    return [file["filename"] for file in json.loads(body)["files"]]


def test_simple_59_every_form_lists_an_upload_while_others_upload(site):
    def upload_and_look(number: int) -> None:
        file = wheel("demo", f"1.{number}")
        assert site.upload(file).status == 200
        assert file.filename in files_of(site)
        assert file.filename in files_of(site, **{"Accept-Encoding": "gzip"})
        assert file.filename in site.get("/simple/demo/").names
        assert file.filename in site.get("/packages/").names
        assert "demo" in site.get("/simple/").names
        assert site.get("/packages/" + file.filename).body == file.content
        assert site.get("/packages/" + file.filename + ".metadata").status == 200

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(upload_and_look, range(40)):
            pass
    assert len(files_of(site)) == 40


def test_simple_59_new_project_is_found_after_it_was_missing(site):
    for number in range(10):
        name = f"new-{number}"
        assert site.get(f"/simple/{name}/").status == 404
        assert name not in site.get("/simple/").names
        assert site.upload(wheel(name, "1.0")).status == 200
        assert site.get(f"/simple/{name}/").status == 200
        assert name in site.get("/simple/").names


def test_simple_59_removed_file_is_gone_from_the_next_answer(site):
    for number in range(3):
        site.upload(wheel("demo", f"1.{number}"))
    assert len(files_of(site)) == 3
    for left in [2, 1]:
        fields = {":action": "remove_pkg", "name": "demo", "version": f"1.{left}"}
        assert site.post_urlencoded(fields).status == 200
        assert len(files_of(site)) == left == len(site.get("/simple/demo/").links)
        assert site.get("/packages/" + wheel("demo", f"1.{left}").filename).status == 404


@pytest.mark.parametrize("path", ["/simple/", "/simple/demo/"])
@pytest.mark.parametrize("accept", ["text/html", JSON["Accept"]])
def test_simple_54_tag_of_an_old_page_is_no_304(site, path, accept):
    site.upload(wheel("demo", "1.0"))
    headers = {"Accept": accept}
    for name, version in [("demo", "1.1"), ("other", "1.0"), ("demo", "1.2")]:
        old = site.get(path, headers=headers)
        assert site.upload(wheel(name, version)).status == 200
        answer = site.get(path, headers={**headers, "If-None-Match": old.header("ETag")})
        if answer.status == 304:
            # Only where the page says the same, serial included.
            assert site.get(path, headers=headers).body == old.body
            assert (path, name) == ("/simple/demo/", "other") or (path, accept) == ("/simple/", "text/html")
        else:
            assert answer.body != old.body


def test_simple_54_tag_is_the_same_after_a_restart(site):
    site.upload(wheel("demo", "1.0"))
    before = site.get("/simple/demo/", headers=JSON)
    site.restart()
    after = site.get("/simple/demo/", headers=JSON)
    assert before.header("ETag")
    assert (after.body, after.header("ETag")) == (before.body, before.header("ETag"))


def test_simple_56_header_body_and_list_agree(site):
    for name, version in [("demo", "1.0"), ("other", "1.0"), ("demo", "1.1")]:
        site.upload(wheel(name, version))
        listed = site.get("/simple/", headers=JSON)
        assert int(listed.header("X-PyPI-Last-Serial")) == listed.json["meta"]["_last-serial"]
        for project in listed.json["projects"]:
            page = site.get(f"/simple/{project['name']}/", headers=JSON)
            assert int(page.header("X-PyPI-Last-Serial")) == page.json["meta"]["_last-serial"]
            assert page.json["meta"]["_last-serial"] == project["_last-serial"]
            assert project["_last-serial"] <= listed.json["meta"]["_last-serial"]


def test_simple_56_serial_of_a_project_rises_with_its_changes_only(site):
    def serial(name: str) -> int:
        return int(site.get(f"/simple/{name}/").header("X-PyPI-Last-Serial"))

    site.upload(wheel("demo", "1.0"))
    site.upload(wheel("other", "1.0"))
    demo, other = serial("demo"), serial("other")
    site.upload(wheel("demo", "1.0"))
    assert serial("demo") == demo, "the same bytes again change nothing"
    site.upload(wheel("demo", "1.1"))
    assert serial("demo") > max(demo, other) and serial("other") == other


@pytest.mark.folder
def test_simple_56_serial_goes_on_above_a_removal(site):
    site.upload(wheel("demo", "1.0"))
    before = int(site.get("/simple/demo/").header("X-PyPI-Last-Serial"))
    fields = {":action": "remove_pkg", "name": "demo", "version": "1.0"}
    assert site.post_urlencoded(fields).status == 200
    assert int(site.get("/simple/").header("X-PyPI-Last-Serial")) > before
    site.upload(wheel("demo", "1.0"))
    assert int(site.get("/simple/demo/").header("X-PyPI-Last-Serial")) > before + 1

"""Caching, conditional requests and headers, protocol §2.5."""

from __future__ import annotations

import shutil
import time

import pytest

from support.distributions import wheel

JSON = "application/vnd.pypi.simple.v1+json"
PAGES = ["/simple/", "/simple/friendly-bard/"]


def test_simple_54_if_none_match_wins_over_the_time(site):
    headers = {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert site.get("/simple/friendly-bard/", headers=headers).status == 200


@pytest.mark.parametrize("path", PAGES)
def test_simple_56_last_serial_is_sent(site, path):
    assert int(site.get(path).header("X-PyPI-Last-Serial")) >= 0


@pytest.mark.folder
def test_simple_56_serial_never_goes_down(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".")

    def serial() -> int:
        return int(site.get("/simple/").header("X-PyPI-Last-Serial"))

    seen = [serial()]
    for number in range(3):
        assert site.upload(wheel("demo", f"1.{number}")).status == 200
        seen.append(serial())
    assert seen == sorted(set(seen)), "each upload raises it"
    before = seen[-1]
    site.restart()
    assert serial() >= before
    site.stop()
    shutil.rmtree(site.packages / ".wheelhouse")
    # A catalog that knows nothing begins at the present second: uploads that come faster than
    # one a second for long would need more.
    time.sleep(len(seen))
    site.start()
    assert serial() >= before, "also when the state is lost"


def test_simple_59_upload_is_listed_by_the_next_request(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".")
    for number in range(20):
        file = wheel("demo", f"1.{number}")
        assert site.get("/simple/demo/", headers={"Accept": JSON}).status in (200, 404)
        assert site.upload(file).status == 200
        assert file.filename in site.get("/simple/demo/").names
        assert file.filename in [
            found["filename"] for found in site.get("/simple/demo/", headers={"Accept": JSON}).json["files"]
        ]


def test_every_answer_has_a_request_id(site):
    seen = {site.get(path).header("X-Request-Id") for path in [*PAGES, "/", "/healthz", "/a/b/c", "/simple"]}
    assert None not in seen and len(seen) == 6

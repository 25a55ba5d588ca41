"""Caching, conditional requests and headers, protocol §2.5."""

from __future__ import annotations

import gzip
import shutil
import time

import pytest

from support.distributions import wheel

JSON = "application/vnd.pypi.simple.v1+json"
TYPES = [JSON, "application/vnd.pypi.simple.v1+html", "text/html"]
PAGES = ["/simple/", "/simple/friendly-bard/"]


@pytest.mark.parametrize("path", PAGES)
def test_simple_53_pages_are_revalidated(site, path):
    answer = site.get(path)
    assert "no-cache" in answer.header("Cache-Control")
    assert answer.header("ETag").startswith('"')


@pytest.mark.parametrize("path", PAGES)
def test_simple_54_tags_differ_between_forms_and_encodings(site, path):
    tags = {}
    for type_ in TYPES:
        for more in [{}, {"Accept-Encoding": "gzip"}]:
            answer = site.get(path, headers={"Accept": type_, **more})
            tags[type_, answer.header("Content-Encoding")] = answer.header("ETag")
    strong = [tag for tag in tags.values() if not tag.startswith("W/")]
    assert len(set(strong)) == len(strong) >= 3, tags


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("type_", TYPES)
def test_simple_54_matching_tag_is_304_with_its_headers(site, path, type_):
    first = site.get(path, headers={"Accept": type_})
    headers = {"Accept": type_, "If-None-Match": first.header("ETag")}
    again = site.get(path, headers=headers)
    assert (again.status, again.body) == (304, b"")
    for name in ["ETag", "Cache-Control", "Vary", "X-PyPI-Last-Serial"]:
        assert again.header(name) == first.header(name), name
    assert site.get(path, headers={**headers, "If-None-Match": '"other"'}).status == 200


def test_simple_54_if_none_match_wins_over_the_time(site):
    headers = {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert site.get("/simple/friendly-bard/", headers=headers).status == 200


@pytest.mark.parametrize("path", PAGES)
def test_simple_56_last_serial_is_sent(site, path):
    assert int(site.get(path).header("X-PyPI-Last-Serial")) >= 0


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


@pytest.mark.parametrize("path", PAGES)
def test_simple_57_pages_are_compressed_when_asked(site, path):
    plain = site.get(path)
    packed = site.get(path, headers={"Accept-Encoding": "gzip"})
    if packed.header("Content-Encoding") is None:
        assert len(plain.body) < 2000, "only what is small may stay as it is"
        return
    assert packed.header("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br"])
def test_simple_57_long_page_is_compressed(serve, either_name, encoding):
    files = [wheel("demo", f"1.{number}") for number in range(100)]
    site = serve(either_name, files=files)
    plain = site.get("/simple/demo/")
    packed = site.get("/simple/demo/", headers={"Accept-Encoding": encoding})
    if encoding != "br":
        assert packed.header("Content-Encoding") == encoding
    if packed.header("Content-Encoding"):
        assert len(packed.body) < len(plain.body) / 2
    refused = site.get("/simple/demo/", headers={"Accept-Encoding": f"{encoding};q=0"})
    assert refused.header("Content-Encoding") is None and refused.body == plain.body


def test_simple_58_open_pages_may_be_read_by_other_sites(site):
    answer = site.get("/simple/friendly-bard/", headers={"Origin": "https://page.example"})
    assert answer.header("Access-Control-Allow-Origin") == "*"


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

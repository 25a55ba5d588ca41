"""Downloads, spec/pypiserver.md §2.3."""

from __future__ import annotations

import email.utils

import pytest

from support.distributions import WRITTEN, any_file, sdist, wheel, zip_sdist
from support.programs import Door, Site

WHEEL = wheel("demo", "1.0", padding=5000)
SDIST = sdist("demo", "1.0")
FILES = [
    WHEEL,
    SDIST,
    zip_sdist("demo", "1.1"),
    any_file("demo-1.2-py3.9.egg"),
    any_file("demo-1.3.tar.bz2"),
    any_file("demo-1.0.tar.gz.asc"),
    any_file("pl+us-1.0+local.zip"),
]
PATH = "/packages/" + WHEEL.filename


@pytest.fixture(scope="module")
def site(serve_all, door: Door) -> Site:
    site = serve_all(door, files=FILES, start=False)
    (site.packages / (WHEEL.filename + ".metadata")).write_text("Name: not this")
    (site.packages / "notes.txt").write_text("notes")
    (site.packages / "demo_1.0.deb").write_text("debian")
    (site.folder / "outside-1.0.zip").write_text("hidden words")
    return site.start()


@pytest.fixture(scope="module")
def ours(serve_all, pypi_server: Door) -> Site:
    return serve_all(pypi_server, files=FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.filename)
def test_kept_file_is_served_as_it_is(site: Site, file):
    answer = site.get("/packages/" + file.filename)
    assert (answer.status, answer.body) == (200, file.content)
    assert answer.header("Content-Length") == str(len(file.content))
    assert answer.header("Content-Encoding") is None


@pytest.mark.parametrize(
    ("filename", "type_"),
    [
        (WHEEL.filename, "application/octet-stream"),
        ("demo-1.2-py3.9.egg", "application/octet-stream"),
        ("demo-1.0.tar.gz.asc", "text/plain"),
        ("demo-1.1.zip", "application/zip"),
        (SDIST.filename, "application/x-tar"),
    ],
)
def test_kept_types(site: Site, filename, type_):
    assert site.get("/packages/" + filename).type == type_


def test_kept_plus_works_plain_and_quoted(site: Site):
    for path in ["/packages/pl+us-1.0+local.zip", "/packages/pl%2Bus-1.0%2blocal.zip"]:
        assert site.get(path).body == FILES[-1].content, path


def test_kept_head_tells_length_and_ranges(site: Site):
    answer = site.head(PATH)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("Content-Length") == str(len(WHEEL.content))
    assert answer.header("Accept-Ranges") == "bytes"


def test_kept_last_modified_is_the_time_of_the_file(site: Site):
    shown = site.get(PATH).header("Last-Modified")
    assert email.utils.parsedate_to_datetime(shown).timestamp() == WRITTEN


@pytest.mark.parametrize(("offset", "status"), [(0, 304), (3600, 304), (-3600, 200)])
def test_kept_if_modified_since(site: Site, offset, status):
    when = email.utils.formatdate(WRITTEN + offset, usegmt=True)
    answer = site.get(PATH, headers={"If-Modified-Since": when})
    assert answer.status == status
    assert bool(answer.body) == (status == 200)


SIZE = len(WHEEL.content)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-199", 100, 200),
        ("bytes=100-", 100, SIZE),
        ("bytes=-100", SIZE - 100, SIZE),
        (f"bytes=100-{SIZE + 1000}", 100, SIZE),
    ],
)
def test_kept_range_is_206(site: Site, asked, start, end):
    answer = site.get(PATH, headers={"Range": asked})
    assert (answer.status, answer.body) == (206, WHEEL.content[start:end])
    assert answer.header("Content-Range") == f"bytes {start}-{end - 1}/{SIZE}"


def test_kept_range_beyond_the_end_is_416(site: Site):
    answer = site.get(PATH, headers={"Range": f"bytes={SIZE}-"})
    assert answer.status == 416


def test_mended_range_beyond_the_end_tells_the_size(ours: Site):
    answer = ours.get(PATH, headers={"Range": f"bytes={SIZE + 5}-"})
    assert (answer.status, answer.header("Content-Range")) == (416, f"bytes */{SIZE}")


def test_kept_suffix_longer_than_the_file_is_the_file(site: Site):
    answer = site.get(PATH, headers={"Range": f"bytes=-{SIZE + 5}"})
    assert (answer.status, answer.body) == (206, WHEEL.content)
    assert answer.header("Content-Range") == f"bytes 0-{SIZE - 1}/{SIZE}"


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt",
        "demo_1.0.deb",
        "unknown-1.0.zip",
        ".",
        "..",
        "../outside-1.0.zip",
        "%2e%2e/outside-1.0.zip",
        "..%2foutside-1.0.zip",
        "sub/../../outside-1.0.zip",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "demo-1.1.zip/",
        "demo-1.1.zip%00",
        "..\\outside-1.0.zip",
    ],
)
def test_kept_what_is_no_package_is_404(site: Site, path):
    answer = site.get("/packages/" + path)
    assert 400 <= answer.status < 500, answer
    assert b"hidden words" not in answer.body and b"root:" not in answer.body


def test_kept_metadata_file_on_disk_is_not_served(site: Site):
    assert b"not this" not in site.get(PATH + ".metadata").body


def test_mended_metadata_comes_from_the_wheel(ours: Site):
    answer = ours.get(PATH + ".metadata")
    assert answer.status == 200 and b"Name: demo\nVersion: 1.0\n" in answer.body


def test_mended_entity_tag_is_the_hash_and_answers_304(ours: Site):
    tag = ours.get(PATH).header("ETag")
    assert tag == f'"{WHEEL.sha256}"'
    for value in [tag, f'"other", {tag}', "*"]:
        answer = ours.get(PATH, headers={"If-None-Match": value})
        assert (answer.status, answer.body, answer.header("ETag")) == (304, b"", tag), value
    assert ours.get(PATH, headers={"If-None-Match": '"other"'}).status == 200


def test_mended_if_range_resumes_only_the_same_file(ours: Site):
    asked = {"Range": "bytes=10-19"}
    tag = ours.get(PATH).header("ETag")
    assert ours.get(PATH, headers={**asked, "If-Range": tag}).status == 206
    other = ours.get(PATH, headers={**asked, "If-Range": '"other"'})
    assert (other.status, other.body) == (200, WHEEL.content)


def test_kept_signature_is_served_beside_its_file(site: Site):
    assert site.get("/packages/demo-1.0.tar.gz.asc").status == 200
    assert site.get(PATH + ".asc").status == 404


def test_files_are_never_sniffed_nor_named_otherwise(ours: Site):
    answer = ours.get(PATH)
    assert answer.header("X-Content-Type-Options") == "nosniff"
    named = answer.header("Content-Disposition")
    assert named is None or WHEEL.filename in named


@pytest.mark.parametrize("accept", ["gzip", "br", "zstd", "gzip, deflate, zstd"])
def test_files_are_never_compressed(ours: Site, accept):
    answer = ours.get("/packages/" + SDIST.filename, headers={"Accept-Encoding": accept})
    assert answer.header("Content-Encoding") is None and answer.body == SDIST.content


# The other door: architecture §9.


def test_the_other_door_asks_caches_to_come_back(serve, wheelhouse: Door):
    site = serve(wheelhouse, files=FILES)
    answer = site.get(PATH)
    assert answer.header("Cache-Control") == "no-cache" and answer.header("ETag")
    assert site.get("/packages/" + SDIST.filename).type == "application/octet-stream"


def test_the_other_door_shows_signatures_as_a_flag_only(serve, wheelhouse: Door):
    site = serve(wheelhouse, files=[SDIST, any_file(SDIST.filename + ".asc")])
    links = site.get("/simple/demo/").links
    assert [link.text for link in links] == [SDIST.filename]
    assert links[0].attributes["data-gpg-sig"] == "true"
    assert site.get("/packages/" + SDIST.filename + ".asc").status == 200

"""Folders and files that take a while to read: the short form of ci/soak."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.distributions import WRITTEN, wheel
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
MANY = 3_000
# Hashing this takes longer than a page waits, on any machine that we know.
HUGE_BYTES = 4 * 1024**3


def unread(site) -> int:
    return site.get("/api/v1/status").json["unread"]


def test_many_files_are_listed_at_once_and_read_behind(serve, wheelhouse):
    site = serve(wheelhouse, start=False)
    for number in range(MANY):
        file = wheel(f"project-{number // 10}", f"1.{number % 10}")
        file.put(site.packages, f"part-{number % 7}/{file.filename}")
    site.start()
    assert len(site.get("/simple/").names) == MANY // 10
    assert site.get("/packages/").text.count("<a ") == MANY
    # A page is whole, however much else is still to be read.
    page = site.get(f"/simple/project-{MANY // 10 - 1}/", headers=JSON)
    assert len(page.json["files"]) == 10 and all(file["hashes"] for file in page.json["files"])
    wait_until(lambda: unread(site) == 0, seconds=60)
    assert site.get("/packages/").text.count("#sha256=") == MANY


@pytest.fixture
def huge(serve, wheelhouse):
    """A site with a file that takes long to hash, and another one."""
    site = serve(wheelhouse, start=False, files=[wheel("small", "1.0")])
    path = site.packages / "huge-1.0.zip"
    with path.open("wb") as file:
        # No blocks are used for what was never written.
        file.truncate(HUGE_BYTES)
    os.utime(path, (WRITTEN, WRITTEN))
    return site.start()


def bytes_read(site) -> int:
    counts = Path(f"/proc/{site.process.pid}/io").read_text()
    return int(counts.split("rchar: ")[1].split()[0])


def test_a_page_shows_what_it_has_while_a_file_is_read_once(huge):
    before = bytes_read(huge)
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: huge.get("/simple/huge/", headers=JSON), range(8)))
    for page in pages:
        (file,) = page.json["files"]
        assert (file["hashes"], file["size"]) == ({}, HUGE_BYTES)
        assert page.header("Cache-Control") == "no-store"
    html = huge.get("/simple/huge/", headers={"Accept": "text/html"})
    assert "#" not in html.links[0].href and html.header("Cache-Control") == "no-store"
    # Nobody else waits for it.
    assert huge.get("/simple/small/", headers=JSON).json["files"][0]["hashes"]
    wait_until(lambda: unread(huge) == 0, seconds=90)
    page = huge.get("/simple/huge/", headers=JSON)
    assert "reading files" in huge.log and "files.total" in huge.log, "its progress is told"
    assert page.json["files"][0]["hashes"] and page.header("Cache-Control") == "private, no-cache"
    assert bytes_read(huge) - before < 1.5 * HUGE_BYTES, "it was read once, whoever asked"

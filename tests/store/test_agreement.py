"""Page and download agree, also while a file is replaced."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest

from support.distributions import wheel
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
VERSIONS = [wheel("demo", "1.0", source=f"# {number}", padding=50_000) for number in range(12)]
NAME = VERSIONS[0].filename


def listed_hash(site, accept: str) -> str | None:
    """The hash that the page shows, or nothing while the page shows none."""
    if accept == "json":
        answer = site.get("/simple/demo/", headers=JSON)
        if answer.status != 200 or not answer.json["files"]:
            return None
        return answer.json["files"][0]["hashes"].get("sha256")
    answer = site.get("/simple/demo/")
    if answer.status != 200 or not answer.links:
        return None
    return answer.links[0].fragment.removeprefix("sha256=") or None


@pytest.mark.parametrize("accept", ["html", "json"])
@pytest.mark.parametrize("how", ["renamed over", "written over"])
def test_download_between_two_equal_pages_has_their_hash(serve, either_name, how, accept):
    """A client reads the page and then the file. If the page says the same before and after, then
    that is what the file is, at every moment of a replacement."""
    site = serve(either_name, "--disable-fallback", files=VERSIONS[:1])
    assert listed_hash(site, accept) == VERSIONS[0].sha256
    done = threading.Event()

    def change() -> None:
        try:
            for file in VERSIONS[1:]:
                if how == "renamed over":
                    file.put(site.folder, "next", rested=False).rename(site.packages / NAME)
                else:
                    file.put(site.packages, rested=False)
                time.sleep(0.25)
        finally:
            done.set()

    changer = threading.Thread(target=change)
    changer.start()
    compared, seen = 0, set()
    try:
        while not done.is_set():
            before = listed_hash(site, accept)
            answer = site.get("/packages/" + NAME)
            after = listed_hash(site, accept)
            assert answer.status in (200, 404, 503), answer
            if answer.status == 200 and before and before == after:
                assert hashlib.sha256(answer.body).hexdigest() == before
                compared += 1
                seen.add(before)
    finally:
        changer.join()
    assert compared >= 5 and len(seen) >= 3, "too few looks to say anything"
    assert seen <= {file.sha256 for file in VERSIONS}


@pytest.mark.parametrize("kind", ["whole", "metadata"])
def test_download_that_began_before_a_replacement_is_the_old_file_whole(serve, either_name, kind):
    old = wheel("demo", "1.0", source="# old", padding=8_000_000, summary="old")
    new = wheel("demo", "1.0", source="# new", padding=8_000_001, summary="new")
    site = serve(either_name, "--disable-fallback", files=[old])
    path = "/packages/" + NAME + (".metadata" if kind == "metadata" else "")
    if kind == "metadata":
        before = site.get(path)
        assert b"Summary: old" in before.body
        new.put(site.folder, "next", rested=False).rename(site.packages / NAME)
        wait_until(lambda: b"Summary: new" in site.get(path).body, seconds=20, what="the metadata of the new file")
        return
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    received = response.read(1000)
    new.put(site.folder, "next", rested=False).rename(site.packages / NAME)
    assert site.get("/simple/demo/").status == 200
    received += response.read()
    connection.close()
    assert received == old.content

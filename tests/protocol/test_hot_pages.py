"""What is in memory is answered whatever the catalog is busy with."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from support.distributions import wheel
from support.programs import Door, Site
from support.waiting import wait_until

FILES = [wheel("demo", "1.0"), wheel("other", "1.0")]
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
HOT = ["/simple/", "/simple/demo/", f"/packages/{FILES[0].filename}", f"/packages/{FILES[0].filename}.metadata"]


@pytest.fixture
def site(serve, wheelhouse: Door) -> Site:
    site = serve(wheelhouse, "-P", ".", "-a", ".", files=FILES)
    wait_until(lambda: site.get("/api/v1/status").json["unread"] == 0, seconds=10)
    for path in HOT:
        assert site.get(path, headers=JSON).status == 200
    return site


@pytest.mark.folder
def test_hot_pages_and_files_wait_for_no_writer(site):
    before = {path: site.get(path, headers=JSON).body for path in HOT}
    catalog = sqlite3.connect(site.packages / ".wheelhouse" / "catalog.sqlite", isolation_level=None)
    uploading = threading.Thread(target=lambda: site.upload(wheel("new", "1.0")))
    try:
        catalog.execute("BEGIN IMMEDIATE")
        uploading.start()
        wait_until(lambda: list(site.packages.glob("new-1.0*")), seconds=10, what="the upload is in place")
        for _ in range(20):
            for path in HOT:
                assert site.get(path, headers=JSON).body == before[path], path
        assert uploading.is_alive(), "the upload waits for the lock meanwhile"
    finally:
        catalog.execute("ROLLBACK")
        catalog.close()
        uploading.join(30)
    assert "new" in site.get("/simple/").names


@pytest.mark.folder
def test_hot_pages_need_no_catalog(site):
    """Also where the catalog cannot be read at all."""
    before = {path: site.get(path, headers=JSON).body for path in HOT}
    catalog = sqlite3.connect(site.packages / ".wheelhouse" / "catalog.sqlite", isolation_level=None)
    try:
        catalog.execute("ALTER TABLE projects RENAME TO hidden")
        for path in HOT:
            assert site.get(path, headers=JSON).body == before[path], path
        assert site.get("/simple/other/", headers=JSON).status == 500, "this one is not in memory"
    finally:
        catalog.execute("ALTER TABLE hidden RENAME TO projects")
        catalog.close()
    assert site.get("/simple/other/", headers=JSON).status == 200

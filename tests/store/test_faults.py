"""Faults around three servers: clocks that are off, disks that are full, objects that somebody deletes or
alters underneath. Each is refused clearly, or told and healed.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.distributions import Distribution, wheel
from support.http import Answer
from support.postgres import Cluster
from support.programs import Site
from support.town import ADA, Client, replicas
from support.waiting import wait_until

from .namespaces import UNSHARE, inside

DEMO = wheel("demo", "1.0")
# Larger than what is kept whole in memory, and than a part of an object.
LARGE = wheel("large", "1.0", padding=9_000_000)
AN_HOUR = {"ahead": "+3600s", "behind": "-3600s"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One that no test here stops."""
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture
def town(serve, cluster, store, bucket) -> Callable[[int], list[Site]]:
    return lambda count: replicas(serve, count, cluster, store, bucket)


def listed(site: Site, project: str) -> list[str]:
    answer = site.get(f"/simple/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    return [file["filename"] for file in answer.json["files"]] if answer.status == 200 else []


def damaged(site: Site) -> list[str]:
    return site.get("/api/v1/status", user=ADA).json["damaged"]


def is_later(answer: Answer) -> bool:
    return answer.status == 503 and answer.header("Retry-After") is not None


# Clocks.


def with_clock(site: Site, moved: str) -> Path:
    """Has the system's clock moved for the program alone; spans of time go on as they are. Returns the
    file that says by how much, which may change while the program runs.
    """
    [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    says = site.folder / "clock"
    says.write_text(moved)
    site.environment |= {
        "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(says), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    return says


@pytest.mark.parametrize("moved", AN_HOUR)
def test_server_whose_clock_is_off_by_an_hour_does_not_start_and_says_why(town, moved):
    right, wrong = town(2)
    assert right.upload(DEMO, user=ADA).status == 200
    wrong.stop()
    with_clock(wrong, AN_HOUR[moved])
    wrong.is_expected_to_fail = True
    with pytest.raises(AssertionError, match="ended with 1"):
        wrong.start()
    assert "the clock of this machine and that of the store differ too much; set the clock" in wrong.log
    # The other one goes on: no clocks are compared between servers.
    assert right.upload(wheel("demo", "1.1"), user=ADA).status == 200
    assert listed(right, "demo") == [DEMO.filename, wheel("demo", "1.1").filename]


@pytest.mark.parametrize("moved", AN_HOUR)
def test_clock_that_jumps_while_a_server_runs_is_told_until_it_is_set(town, moved):
    jumping, right = town(2)
    jumping.stop()
    clock = with_clock(jumping, "+0s")
    jumping.start()
    assert jumping.upload(DEMO, user=ADA).status == 200
    assert jumping.get(f"/packages/{DEMO.filename}").body == DEMO.content
    clock.write_text(AN_HOUR[moved])
    more = wheel("demo", "1.1")
    refused = jumping.upload(more, user=ADA)
    assert refused.status == 403 and "the clock of this machine and that of the store differ too much" in refused.text
    # What needs nothing of the store goes on, at the other server everything does.
    assert listed(jumping, "demo") == [DEMO.filename]
    assert right.upload(more, user=ADA).status == 200
    assert is_later(jumping.get(f"/packages/{more.filename}"))
    clock.write_text("+0s")
    assert jumping.get(f"/packages/{more.filename}").body == more.content
    assert jumping.upload(wheel("demo", "1.2"), user=ADA).status == 200
    assert len(listed(right, "demo")) == len(listed(jumping, "demo")) == 3


# Disks.

SMALL = 'mkdir -p "$0"; mount -t tmpfs -o size=4m none "$0"'


def on_a_small_disk(site: Site, folder: Path) -> Site:
    """Starts a server for which a folder is a disk of four megabytes."""
    folder.mkdir(parents=True, exist_ok=True)
    site.program = [*UNSHARE, "sh", "-c", f'set -e; {SMALL}; exec "$@"', str(folder), *site.door.command]
    return site.start()


def test_disk_of_a_servers_spool_that_is_full_is_507_there_and_nowhere_else(town):
    full, other = town(2)
    full.stop()
    on_a_small_disk(full, full.folder / "state")
    assert full.upload(DEMO, user=ADA).status == 200
    refused = full.upload(LARGE, user=ADA)
    assert refused.status == 507 and refused.text.strip(), refused
    spool = inside(full, full.folder / "state" / "incoming")
    wait_until(lambda: not list(spool.iterdir()), seconds=5, what="nothing left of it")
    assert listed(full, "large") == listed(other, "large") == []
    # Neither server is hurt.
    assert other.upload(LARGE, user=ADA).status == 200
    for site in [full, other]:
        assert listed(site, "large") == [LARGE.filename]
        assert site.get(f"/packages/{LARGE.filename}").body == LARGE.content
    assert full.upload(wheel("demo", "1.1"), user=ADA).status == 200


@pytest.fixture
def small_cluster() -> Iterator[Cluster]:
    """One whose tables are on a disk of their own, of some megabytes."""
    cluster = Cluster()
    small = cluster.folder / "small"
    small.mkdir()
    size = "size=24m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", small], check=True)
    try:
        if os.geteuid() == 0:
            stat = cluster.data.stat()
            os.chown(small, stat.st_uid, stat.st_gid)
        cluster.sql("postgres", f"CREATE TABLESPACE small LOCATION '{small}'")
        yield cluster
    finally:
        cluster.stop("immediate")
        subprocess.run(["umount", small], check=True)
        cluster.close()


def test_database_whose_disk_is_full_is_507_and_reading_goes_on(serve, small_cluster, store, bucket):
    database = small_cluster.make_database("TABLESPACE small")
    sites = replicas(serve, 2, small_cluster, store, bucket, database)
    assert sites[0].upload(DEMO, user=ADA).status == 200
    hog = small_cluster.folder / "small" / "hog"
    with hog.open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    refused, kept = None, [DEMO]
    # The tables have some room left in their last pages.
    for number in range(400):
        file = wheel("filler", f"1.{number}", summary="x" * 400)
        answer = sites[number % 2].upload(file, user=ADA)
        if answer.status != 200:
            refused = answer
            break
        kept.append(file)
    assert refused is not None and refused.status == 507, refused
    assert "no space" in refused.text, refused
    for site in sites:
        assert listed(site, "demo") == [DEMO.filename]
        assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content
        assert site.get("/healthz").status == 200
    hog.unlink()
    wait_until(lambda: sites[1].upload(wheel("demo", "1.1"), user=ADA).status == 200, seconds=20, what="an upload")
    for site in sites:
        assert listed(site, "demo") == [DEMO.filename, wheel("demo", "1.1").filename]
        assert sorted(listed(site, "filler")) == sorted(file.filename for file in kept[1:])


# Objects.


def place_of(file: Distribution) -> str:
    return f"team/sha256/{file.sha256[:2]}/{file.sha256[2:]}"


@pytest.mark.parametrize("how", ["deleted", "altered"])
def test_object_that_was_touched_underneath_is_told_by_each_server_and_healed_for_all(town, store, bucket, how):
    sites = town(3)
    assert sites[0].upload(LARGE, user=ADA).status == 200
    altered = bytearray(LARGE.content)
    altered[len(altered) // 2] ^= 1
    if how == "deleted":
        store.delete(bucket, place_of(LARGE))
    else:
        store.alter(bucket, place_of(LARGE), bytes(altered))
    client = Client()
    for site in sites:
        heard = client.file(site, LARGE.filename)
        assert heard.status in ([500] if how == "deleted" else [None, 500]), heard.status
        assert heard.body != bytes(altered)
        assert damaged(site) == [LARGE.filename]
        assert listed(site, "large") == [LARGE.filename], "it is listed still: what is wrong is told"
    # Whoever has the file brings it back, at any server.
    assert sites[1].upload(LARGE, user=ADA).status == 200
    for site in sites:
        assert client.file(site, LARGE.filename).body == LARGE.content
    assert damaged(sites[1]) == []
    other = wheel("large", "1.0", padding=9_000_000, source="# other")
    assert sites[2].upload(other, user=ADA).status == 409
    client.close()


# The store.


def test_store_that_is_away_is_told_by_every_server_and_pages_go_on(town, store):
    sites = town(2)
    for file in [DEMO, LARGE]:
        assert sites[0].upload(file, user=ADA).status == 200
    for site in sites:
        assert listed(site, "demo") == [DEMO.filename]
        assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content
    store.kill("s3")
    try:
        for number, site in enumerate(sites):
            assert listed(site, "demo") == [DEMO.filename]
            assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content, "it is in memory"
            assert is_later(site.get(f"/packages/{LARGE.filename}"))
            assert is_later(site.upload(wheel("demo", f"2.{number}"), user=ADA))
            deleted = site.ask(
                "POST", "/api/v1/projects/demo/delete", body=json.dumps({"file": DEMO.filename}).encode(),
                headers={"Content-Type": "application/json"}, user=ADA,
            )
            assert is_later(deleted), deleted
            assert listed(site, "demo") == [DEMO.filename], "nothing was deleted"
    finally:
        store.revive("s3")
    for number, site in enumerate(sites):
        wait_until(lambda site=site, number=number: site.upload(wheel("demo", f"2.{number}"), user=ADA).status == 200,
                   seconds=60, what="an upload")
        assert site.get(f"/packages/{LARGE.filename}").body == LARGE.content
    assert len(listed(sites[0], "demo")) == 3

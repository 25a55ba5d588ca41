"""`wheelhouse move-to`: an index goes from a folder to PostgreSQL and a store of objects and back, while
people upload, yank and read. Nobody who reads is refused, and nothing is lost or there twice.
"""

from __future__ import annotations

import json
import signal
import time

import pytest

from support.moving import Load, at_work, expect_all, move, settings
from support.programs import WHEELHOUSE
from support.town import ADA, USERS
from support.distributions import wheel
from support.waiting import wait_until

RULES = ["everybody list+download", "user:ada all"]
GIVEN = ["-P", ".htpasswd", "--disable-fallback", "--max-uploads-per-hour", "0"]
COMMON = {
    "passwords": ".htpasswd", "rule": RULES, "disable_fallback": True, "max_uploads_per_hour": 0,
}


@pytest.fixture
def site(serve, store):
    """A server of a folder, which may reach the store of objects."""
    rules = [word for rule in RULES for word in ("--rule", rule)]
    return serve(WHEELHOUSE, *GIVEN, *rules, users=USERS, environment=store.credentials)


@pytest.fixture
def place(site, store, bucket, cluster):
    """Settings of a place in PostgreSQL and the store."""
    return settings(
        site.folder / "there.toml", catalog=cluster.address(cluster.make_database()), files=f"s3://{bucket}/team",
        s3_endpoint=store.endpoint, state_dir="there", **COMMON,
    )


def test_an_index_moves_while_people_use_it_and_back(site, place):
    load = Load()
    with at_work(site, load, "before"):
        wait_until(lambda: len(load.acknowledged) > 60, seconds=60)
    before = len(load.acknowledged)
    with at_work(site, load, "out"):
        moved = move(site, place, site.packages)
        assert moved.returncode == 0, moved.stderr
        arrived = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > arrived + 20, seconds=60)
    assert not load.broken, load.broken[:5]
    assert arrived > before, "nobody worked meanwhile"
    expect_all(site, load)
    assert "for the next start" or moved.stderr
    print(f"out: {moved.stderr}; refused for {load.pause:.2f} s; {load.reads} reads")

    # The old place takes nothing any more, and says where the index is.
    late = wheel("late", "1.0")
    site.packages.joinpath(late.filename).write_bytes(late.content)
    assert site.get("/simple/late/").status == 404

    back = settings(site.folder / "back.toml", roots=["back"], **COMMON)
    (site.folder / "back").mkdir()
    load.refused.clear()
    with at_work(site, load, "home"):
        returned = move(site, back, "--config", place)
        assert returned.returncode == 0, returned.stderr
        arrived = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > arrived + 20, seconds=60)
    assert not load.broken, load.broken[:5]
    expect_all(site, load)
    for name, file in load.acknowledged.items():
        assert (site.folder / "back" / name).read_bytes() == file.content
    print(f"back: {returned.stderr}; refused for {load.pause:.2f} s; {load.reads} reads")

    # A start with the settings of the last place finds the same; one with the old ones is refused.
    site.stop()
    old = WHEELHOUSE.run("run", "-p", "0", str(site.packages), *GIVEN[:2], folder=site.folder)
    assert old.returncode == 1 and "has moved to s3://" in old.stderr, old.stderr
    site.options, site.root_arguments = ["--config", str(back)], []
    site.start()
    expect_all(site, load)

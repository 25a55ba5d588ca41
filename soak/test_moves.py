"""An index goes from place to place, each move killed again and again, while people use it: from a folder to
objects, to PostgreSQL and SeaweedFS, and back to a folder.
"""

from __future__ import annotations

import random
from pathlib import Path

from support.moving import Load, at_work, expect_all, move_through_kills, settings
from support.programs import WHEELHOUSE
from support.town import USERS
from support.waiting import wait_until

COMMON = {
    "passwords": ".htpasswd", "rule": ["everybody list+download", "user:ada all"], "disable_fallback": True,
    "max_uploads_per_hour": 0,
}


def test_nothing_is_lost_or_twice_however_often_an_index_moves(serve, cluster, store, bucket, request, capsys):
    moves, seed = request.config.getoption("moves"), request.config.getoption("seed")
    draw = random.Random(seed)
    rules = [word for rule in COMMON["rule"] for word in ("--rule", rule)]
    site = serve(
        WHEELHOUSE, "-P", ".htpasswd", "--disable-fallback", "--max-uploads-per-hour", "0", *rules, users=USERS,
        environment=store.credentials,
    )
    load = Load()
    here: list[str | Path] = [site.packages]
    with at_work(site, load, "first"):
        wait_until(lambda: len(load.acknowledged) > 100, seconds=120)
    for number in range(moves):
        name = f"place{number}"
        state = site.folder / name
        where: dict[str, object] = [
            {"files": f"file:{name}-objects"},
            {
                "files": f"s3://{bucket}/{name}", "s3_endpoint": store.endpoint,
                "catalog": cluster.address(cluster.make_database()),
            },
            {"roots": [f"{name}-packages"]},
        ][number % 3]
        for folder in ("objects", "packages"):
            (site.folder / f"{name}-{folder}").mkdir()
        there = settings(site.folder / f"{name}.toml", state_dir=name, **where, **COMMON)
        load.refused.clear()
        with at_work(site, load, name):
            ends = move_through_kills(site, [there, *here], state / "lock", draw, kills=draw.randrange(1, 9))
            arrived = len(load.acknowledged)
            wait_until(lambda: len(load.acknowledged) > arrived + 5, seconds=60)
        assert not load.broken, (number, ends, load.broken[:5])
        expect_all(site, load)
        with capsys.disabled():
            print(f"{number + 1} of {moves}: {len(load.acknowledged)} files, ended {ends}, refused for {load.pause:.2f} s")
        # Each server that took over is a child of the one before it: a new start has one again.
        site.stop()
        here = ["--config", there]
        site.options, site.root_arguments = ["--config", str(there)], []
        site.start()

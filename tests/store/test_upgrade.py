"""Servers of two versions over one PostgreSQL and one store of objects, while one after the other is replaced.

`./ci/soak upgrade` gives the program of an older commit in `WHEELHOUSE_TEST_OLDER`. Without it both are
the same program, and what a newer one would do to the tables is done by hand.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field

import pytest

from support.distributions import Distribution, wheel
from support.programs import WHEELHOUSE, Site
from support.town import ADA, replicas
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
OLDER = os.environ.get("WHEELHOUSE_TEST_OLDER")
# What programs of the next version may do to the tables that this one uses: only add.
ADDED = """
    ALTER TABLE files ADD COLUMN later text;
    ALTER TABLE projects ADD COLUMN later bigint NOT NULL DEFAULT 7;
    ALTER TABLE events ADD COLUMN later jsonb;
    ALTER TABLE replicas ADD COLUMN later integer;
    CREATE TABLE of_the_next_version (id bigint PRIMARY KEY);
    CREATE INDEX of_the_next_version_too ON files (later);
    INSERT INTO schema_versions (version, compatible, name)
        SELECT max(version) + 1, max(compatible), 'added' FROM schema_versions
"""


@pytest.fixture
def sites(serve, cluster, store, bucket) -> list[Site]:
    return replicas(serve, 3, cluster, store, bucket, program=[OLDER] if OLDER else None)


@dataclass
class Publisher:
    """Somebody who publishes one release after the other at any server that answers, as behind a balancer."""

    sites: list[Site]
    acknowledged: list[Distribution] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stopped: bool = False

    def run(self) -> None:
        number = 0
        while not self.stopped:
            number += 1
            file = wheel("demo", f"1.{number}")
            self._publish(file, number)

    def _publish(self, file: Distribution, number: int) -> None:
        was_cut_off = False
        for attempt in range(1000):
            site = self.sites[(number + attempt) % len(self.sites)]
            try:
                answer = site.upload(file, user=ADA)
            except OSError:
                was_cut_off = True
                time.sleep(0.02)
                continue
            # A server that ended in between may have kept it and said nothing.
            if answer.status == 200 or (answer.status == 409 and was_cut_off):
                self.acknowledged.append(file)
                return
            if answer.status != 503 or "Retry-After" not in answer.headers:
                self.refused.append(f"{file.filename}: {answer}")
                return
            time.sleep(0.05)
        self.refused.append(f"{file.filename}: nobody took it")


def listed(site: Site) -> dict[str, str]:
    files = site.get("/simple/demo/", headers=JSON).json["files"]
    assert len({file["filename"] for file in files}) == len(files), "a file is there twice"
    return {file["filename"]: file["hashes"]["sha256"] for file in files}


def test_servers_of_two_versions_serve_together_while_they_are_replaced(sites, cluster):
    publisher = Publisher(sites)
    thread = threading.Thread(target=publisher.run)
    thread.start()
    try:
        wait_until(lambda: len(publisher.acknowledged) >= 5, seconds=60, what="some releases")
        database = sites[0].environment["WHEELHOUSE_CATALOG"].rpartition("/")[2]
        if not OLDER:
            cluster.sql(database, ADDED)
        for site in sites:
            port = site.port
            assert site.stop() == 0
            site.program = WHEELHOUSE.command
            site.start(port)
            # Old and new are asked for what the other was told, while both are there.
            before = len(publisher.acknowledged)
            wait_until(lambda before=before: len(publisher.acknowledged) >= before + 5, seconds=60, what="more releases")
            for other in sites:
                known = list(publisher.acknowledged)
                found = listed(other)
                assert [file.filename for file in known if found.get(file.filename) != file.sha256] == []
        if OLDER:
            cluster.sql(database, ADDED)
            wait_until(lambda: all(site.get("/readyz").status == 200 for site in sites), seconds=20, what="all ready")
    finally:
        publisher.stopped = True
        thread.join(90)
    assert publisher.refused == [] and not thread.is_alive()
    wanted = {file.filename: file.sha256 for file in publisher.acknowledged}
    for site in sites:
        found = listed(site)
        # One more may be there whose answer was on its way when the publisher stopped.
        assert wanted.items() <= found.items() and len(found) <= len(wanted) + 1
        for file in publisher.acknowledged:
            assert site.get(f"/packages/{file.filename}").body == file.content

"""Backends other than a folder for the tests of clients: `./ci/soak backends` runs those tests on them.

`WHEELHOUSE_TEST_BACKENDS` names them: `objects` keeps files in a bucket and the catalog in a file,
`replicable` keeps the catalog in PostgreSQL too. The tests themselves are the same; one that is about
a folder says so with the marker `folder`, and stays out.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator

from . import seaweedfs
from .postgres import Cluster
from .programs import Site
from .seaweedfs import SeaweedFS

VARIABLE = "WHEELHOUSE_TEST_BACKENDS"
CHOICES = ("objects", "replicable")
BUCKET = "of-the-clients"


def chosen() -> str | None:
    name = os.environ.get(VARIABLE)
    assert name is None or name in CHOICES, f"{VARIABLE} is one of {CHOICES}"
    return name


@contextlib.contextmanager
def used(name: str) -> Iterator[None]:
    """Lets every site of a run stand on these backends, each on a place of its own."""
    numbers = itertools.count(1)
    with seaweedfs.running() as store, contextlib.ExitStack() as stack:
        store.make_bucket(BUCKET)
        cluster = None
        if name == "replicable":
            cluster = Cluster()
            stack.callback(cluster.close)
        Site.elsewhere = lambda: _place(next(numbers), store, cluster)
        stack.callback(setattr, Site, "elsewhere", None)
        yield


def _place(number: int, store: SeaweedFS, cluster: Cluster | None) -> dict[str, str]:
    place = {
        "WHEELHOUSE_FILES": f"s3://{BUCKET}/{number}",
        "WHEELHOUSE_S3_ENDPOINT": store.endpoint,
        **store.credentials,
    }
    if cluster:
        place["WHEELHOUSE_CATALOG"] = cluster.address(cluster.make_database())
    return place

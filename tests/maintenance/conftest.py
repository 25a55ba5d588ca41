"""Fixtures: indexes that are looked after, and a PostgreSQL for those of a file that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.postgres import Cluster
from support.upkeep import keeper


@pytest.fixture(scope="module")
def clusters() -> Iterator[list[Cluster]]:
    started: list[Cluster] = []
    yield started
    for cluster in started:
        cluster.close()


@pytest.fixture
def keep(serve, wheelhouse, clusters):
    """Makes indexes: `keep("objects", *options)`."""

    def cluster() -> Cluster:
        if not clusters:
            clusters.append(Cluster())
        return clusters[0]

    return keeper(serve, wheelhouse, cluster)

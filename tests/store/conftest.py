"""Fixtures: a store of objects. `./ci/soak objects` names another one in `WHEELHOUSE_TEST_STORE`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from support import garage, seaweedfs
from support.garage import Garage
from support.postgres import Cluster
from support.seaweedfs import SeaweedFS

NUMBERS = itertools.count(1)
STORES = {"seaweedfs": seaweedfs.running, "garage": garage.running}


@pytest.fixture(scope="session")
def store() -> Iterator[SeaweedFS | Garage]:
    """A store on three servers, started once for a run."""
    with STORES[os.environ.get("WHEELHOUSE_TEST_STORE", "seaweedfs")]() as store:
        yield store


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of a test's own, which it may stop."""
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture
def bucket(store: SeaweedFS | Garage) -> str:
    """A bucket of its own for a test."""
    name = f"wheels-{next(NUMBERS)}"
    store.make_bucket(name)
    return name

"""Fixtures: a store of objects."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from support import seaweedfs
from support.seaweedfs import SeaweedFS

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def store() -> Iterator[SeaweedFS]:
    """A SeaweedFS, started once for a run."""
    with seaweedfs.running() as store:
        yield store


@pytest.fixture
def bucket(store: SeaweedFS) -> str:
    """A bucket of its own for a test."""
    name = f"wheels-{next(NUMBERS)}"
    store.make_bucket(name)
    return name

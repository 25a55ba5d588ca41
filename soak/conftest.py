"""Fixtures of the long tests, which `./ci/soak` runs and `./ci/test` does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import serve
from store.conftest import bucket, store
from support.postgres import Cluster

__all__ = ["bucket", "serve", "store"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--histories", type=int, default=3_000, help="how many histories of one name")
    parser.addoption("--seconds", type=float, default=600, help="how long parts are killed in turn")
    parser.addoption("--every", type=float, default=20, help="how many seconds from one kill to the next")
    parser.addoption("--seed", default="1", help="what people do; not when they do it")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()

"""Fixtures of the long tests, which `./ci/soak` runs and `./ci/test` does not."""

from __future__ import annotations

import pytest

from conftest import serve
from store.conftest import bucket, cluster, store

__all__ = ["bucket", "cluster", "serve", "store"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--histories", type=int, default=3_000, help="how many histories of one name")
    parser.addoption("--seconds", type=float, default=600, help="how long parts are killed in turn")
    parser.addoption("--every", type=float, default=20, help="how many seconds from one kill to the next")
    parser.addoption("--moves", type=int, default=30, help="how many moves, each killed again and again")
    parser.addoption("--seed", default="1", help="what people do; not when they do it")

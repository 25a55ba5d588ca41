"""Fixtures: the programs, and sites that they serve.

A test named `test_kept_…` takes `door`, and so runs against Wheelhouse under the name
`pypi-server` and against the real pypiserver, which proves the expectation. A test named
`test_mended_…` or any other runs against Wheelhouse alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import elsewhere
from support.programs import CONTROL, PYPI_SERVER, WHEELHOUSE, Door, Site

SiteMaker = Callable[..., Site]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On other backends than a folder, leaves out what is about folders, and the control."""
    if elsewhere.chosen():
        left_out = [item for item in items if item.get_closest_marker("folder") or "control" in item.keywords]
        left_out += [item for item in items if "[control" in item.name]
        config.hook.pytest_deselected(items=list(dict.fromkeys(left_out)))
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def backends() -> Iterator[None]:
    """Other backends than a folder, if the run is to have them."""
    if name := elsewhere.chosen():
        with elsewhere.used(name):
            yield
    else:
        yield


@pytest.fixture(scope="session", params=[PYPI_SERVER, CONTROL], ids=str)
def door(request: pytest.FixtureRequest) -> Door:
    """Both programs, for behaviours that are kept."""
    return request.param


@pytest.fixture(scope="session")
def pypi_server() -> Door:
    """Wheelhouse as pypiserver's stand-in."""
    return PYPI_SERVER


@pytest.fixture(scope="session")
def wheelhouse() -> Door:
    """Wheelhouse under its own name."""
    return WHEELHOUSE


@pytest.fixture(scope="session", params=[PYPI_SERVER, WHEELHOUSE], ids=str)
def either_name(request: pytest.FixtureRequest) -> Door:
    """Wheelhouse under both names."""
    return request.param


def maker(folder_for: Callable[[], Path], sites: list[Site]) -> SiteMaker:
    def make(door: Door, *options: str | Path, start: bool = True, **more: object) -> Site:
        site = Site(door, folder_for(), options, **more)
        sites.append(site)
        return site.start() if start else site

    return make


def close(sites: list[Site]) -> None:
    failures = []
    for site in sites:
        try:
            site.close()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteMaker]:
    """Starts servers for one test: `serve(door, *options, files=…, users=…)`."""
    sites: list[Site] = []
    yield maker(lambda: tmp_path_factory.mktemp("site"), sites)
    close(sites)


@pytest.fixture(scope="module")
def serve_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteMaker]:
    """Starts servers that the tests of one file share, because they change nothing."""
    sites: list[Site] = []
    yield maker(lambda: tmp_path_factory.mktemp("site"), sites)
    close(sites)

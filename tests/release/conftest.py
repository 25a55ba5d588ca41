"""Maintainers, and an index with what builds packages, on which their machines are set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.backends import backends
from support.distributions import Distribution
from support.maintainer import Maintainer
from support.programs import Site

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if base.name.startswith("popen-") else base


@pytest.fixture(scope="module")
def mirror(serve_all, wheelhouse, shared) -> Site:
    """The index on which machines are set: it has what builds packages, and takes no uploads."""
    files = [Distribution(file.name, file.read_bytes()) for file in backends(shared / "backends")]
    return serve_all(wheelhouse, "--disable-fallback", files=files)


@pytest.fixture
def make_maintainer(tmp_path, mirror, shared) -> Callable[[], Maintainer]:
    made: list[Maintainer] = []

    def make() -> Maintainer:
        made.append(Maintainer(tmp_path / f"home-{len(made)}", mirror, shared / "uv-cache"))
        return made[-1]

    return make


@pytest.fixture
def maintainer(make_maintainer) -> Maintainer:
    return make_maintainer()


@pytest.fixture
def company(serve, wheelhouse) -> Site:
    """The company's index, on which everything asks for a password."""
    return serve(wheelhouse, "-v", "-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", users=USERS)

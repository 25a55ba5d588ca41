"""The clients, each in its own private environment, with no setting of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.programs import clean_environment, venv

from .way_out import WAY_OUT


class Client:
    """Runs the programs of one private environment, in an empty home."""

    def __init__(self, name: str, home: Path) -> None:
        self.bin = venv(name)
        self.home = home

    def run(
        self,
        *words: str | Path,
        folder: Path | None = None,
        environment: dict[str, str] | None = None,
        fails: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        path = f"{self.bin}:{os.environ['PATH']}"
        base = clean_environment(self.home, PATH=path, NO_COLOR="1", COLUMNS="200")
        # An account of the machine could answer in a test's place.
        base |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "PIP_NO_INPUT": "1"}
        base |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CACHE_DIR": str(self.home / "cache")}
        base |= {"UV_CACHE_DIR": str(self.home / "uv-cache"), "UV_PYTHON_DOWNLOADS": "never"}
        # One try: a server that fails now and then must not pass.
        base |= {"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
        base |= WAY_OUT.environment
        base |= environment or {}
        done = subprocess.run(
            [shutil.which(str(words[0]), path=path), *map(str, words[1:])],
            cwd=folder or self.home,
            env={name: value for name, value in base.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
        )
        assert (done.returncode != 0) == fails, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def pip(self, *words: str | Path, **more) -> subprocess.CompletedProcess[str]:
        return self.run("python", "-W", "ignore", "-m", "pip", *words, **more)


@pytest.fixture(autouse=True)
def nothing_goes_out() -> Iterator[None]:
    """Fails a test in which a client asked another machine for anything."""
    yield
    tried, WAY_OUT.tried = WAY_OUT.tried, []
    assert not tried, f"a client asked another machine: {tried}"


@pytest.fixture
def client(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Client]:
    return lambda name: Client(name, tmp_path_factory.mktemp("home"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An empty folder to install into."""
    return tmp_path / "target"


def installed(target: Path) -> set[str]:
    """The projects with their versions that were installed into a folder."""
    return {path.name.removesuffix(".dist-info") for path in target.glob("*.dist-info")}

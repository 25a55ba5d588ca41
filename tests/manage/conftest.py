"""The program's commands for owners, run for real."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.distributions import sdist, wheel
from support.programs import Site, binary, clean_environment

FILES = [
    wheel("demo", "1.0"),
    wheel("demo", "2.0"),
    sdist("demo", "2.0"),
    wheel("other", "1.0"),
]
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


class Owner:
    """Somebody with a command line and an empty home."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(
        self,
        *words: str | Path,
        fails: bool = False,
        environment: dict[str, str] | None = None,
        typed: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [binary("wheelhouse"), *map(str, words)],
            cwd=self.home,
            env=clean_environment(self.home, **(environment or {})),
            input=typed or "",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode != 0) == fails, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: str | Path, **more) -> dict:
        return json.loads(self.run(*words, "--json", **more).stdout)


@pytest.fixture
def owner(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    return Owner(tmp_path_factory.mktemp("owner"))


@pytest.fixture(params=["served", "at rest"])
def site(request, serve, wheelhouse) -> Site:
    """A folder, served or not: commands with `--dir` work on it either way."""
    site = serve(wheelhouse, files=FILES, start=request.param == "served")
    site.lay()
    return site


@pytest.fixture
def at_work(site, owner) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command on the folder."""
    return lambda *words, **more: owner.run(*words, *site.owner_words, environment=site.place, **more)


def page(site: Site, project: str = "demo") -> dict:
    """The page of a project as JSON, of a server that is started for it if none runs."""
    if site.process is None or site.process.poll() is not None:
        site.start()
    answer = site.get(f"/simple/{project}/", headers=JSON)
    assert answer.status == 200, answer
    return answer.json


def yanked(site: Site, project: str = "demo") -> dict[str, object]:
    return {file["filename"]: file["yanked"] for file in page(site, project)["files"] if file.get("yanked")}

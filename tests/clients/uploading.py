"""Every client that uploads, told in its own words who does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from support.distributions import sdist, wheel
from support.programs import Site

from .conftest import Client

FILES = [wheel("work", "0.1"), sdist("work", "0.1")]
PROJECT = """[project]
name = "work"
version = "0.1"
description = "Made for a test"
requires-python = ">=3.8"
authors = [{ name = "Ada", email = "ada@company.example" }]
"""
FLIT = PROJECT + '\n[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
SETUP = """from setuptools import setup

setup(name="work", version="0.1", py_modules=["work"], description="Made for a test", url="https://company.example",
      author="Ada", author_email="ada@company.example")
"""

Done = subprocess.CompletedProcess[str]
Uploader = Callable[..., Done]


def prepare(folder: Path) -> Path:
    """Writes a project with its built files into a folder."""
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "work.py").write_text('"""Made for a test"""\n')
    for file in FILES:
        file.put(folder / "dist")
    return folder


def twine(client: Client, site: Site, project: Path, user: str, password: str, **more: bool) -> Done:
    options = ["--non-interactive", "--disable-progress-bar", "--repository-url", site.url + "legacy/"]
    return client.run("twine", "upload", *options, "-u", user, "-p", password, *(project / "dist").iterdir(), **more)


def uv(client: Client, site: Site, project: Path, user: str, password: str, **more: bool) -> Done:
    words = ["--publish-url", site.url + "legacy/", "--username", user, "--password", password]
    return client.run("uv", "publish", *words, *(project / "dist").iterdir(), **more)


def poetry(client: Client, site: Site, project: Path, user: str, password: str, **more: bool) -> Done:
    environment = {"POETRY_KEYRING_ENABLED": "false", "POETRY_HTTP_BASIC_COMPANY_USERNAME": user,
                   "POETRY_HTTP_BASIC_COMPANY_PASSWORD": password,
                   "POETRY_REPOSITORIES_COMPANY_URL": site.url + "legacy/"}
    words = ["publish", "--repository", "company"]
    return client.run("poetry", *words, folder=project, environment=environment, **more)


def pdm(client: Client, site: Site, project: Path, user: str, password: str, **more: bool) -> Done:
    words = ["publish", "--no-build", "--repository", site.url + "legacy/", "--username", user]
    environment = {"PDM_PUBLISH_PASSWORD": password, "PDM_CHECK_UPDATE": "0"}
    return client.run("pdm", *words, folder=project, environment=environment, **more)


def hatch(client: Client, site: Site, project: Path, user: str, password: str, **more: bool) -> Done:
    words = ["-r", site.url + "legacy/", "-u", user, "-a", password, "--no-prompt", "dist"]
    return client.run("hatch", "publish", *words, folder=project, **more)


def flit(client: Client, site: Site, project: Path, user: str, password: str, **more: bool) -> Done:
    (project / "pyproject.toml").write_text(FLIT)
    environment = {"FLIT_INDEX_URL": site.url + "legacy/", "FLIT_USERNAME": user, "FLIT_PASSWORD": password}
    return client.run("flit", "publish", folder=project, environment=environment, **more)


def setup_py(client: Client, site: Site, project: Path, user: str, password: str, **more: bool) -> Done:
    (project / "setup.py").write_text(SETUP)
    (project / "pyproject.toml").unlink()
    (client.home / ".pypirc").write_text(
        f"[distutils]\nindex-servers = company\n\n[company]\nrepository: {site.url}legacy/\n"
        f"username: {user}\npassword: {password}\n"
    )
    words = ["sdist", "bdist_wheel", "upload", "-r", "company"]
    return client.run("python", "-W", "ignore", "setup.py", *words, folder=project, **more)


#: How each client uploads, by the environment that it is in.
UPLOADERS: dict[str, Uploader] = {
    "twine-4": twine,
    "twine-6": twine,
    "twine-7": twine,
    "uv": uv,
    "poetry": poetry,
    "pdm": pdm,
    "hatch": hatch,
    "flit": flit,
    "old-upload": setup_py,
}

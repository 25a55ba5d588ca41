"""Real clients are counted as what they are."""

from __future__ import annotations

import sys

import pytest

from support.distributions import sdist, wheel
from support.programs import WHEELHOUSE, Site
from support.waiting import wait_until

DEMO = wheel("demo", "1.0")
APP = wheel("app", "1.0", requires_dist=["demo"])
FILES = [DEMO, APP, sdist("demo", "0.9")]
PYTHON = f"3.{sys.version_info.minor}"


@pytest.fixture
def site(serve) -> Site:
    return serve(WHEELHOUSE, "--disable-fallback", files=FILES)


def counted(site: Site, ever: int) -> dict[str, dict[str, int]]:
    """Waits until so many downloads of `demo` are counted, and returns by what they were made."""

    def told() -> dict:
        return site.get("/api/v1/projects/demo/downloads").json["downloads"]

    wait_until(lambda: told()["ever"] >= ever, seconds=20, what=f"{ever} downloads")
    figures = told()
    assert figures["ever"] == ever, figures
    kinds = ("by_file", "by_python", "by_platform", "by_client")
    return {kind: {one["name"]: one["count"] for one in figures[kind]} for kind in kinds}


def project_of(site: Site, folder) -> None:
    """A project that needs `demo`, with the index as poetry and PDM want it."""
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "work"\nversion = "0"\nrequires-python = ">=3.11,<4"\ndependencies = ["demo"]\n\n'
        f'[[tool.poetry.source]]\nname = "company"\nurl = "{site.url}simple/"\npriority = "primary"\n\n'
        f'[tool.poetry]\npackage-mode = false\n\n[[tool.pdm.source]]\nname = "pypi"\nurl = "{site.url}simple/"\n\n'
        "[tool.pdm]\ndistribution = false\n"
    )


@pytest.mark.parametrize("name", ["pip-newest", "pip-23.0", "pip-20.3", "uv", "poetry", "pdm"])
def test_an_installer_is_counted_once_with_its_python_and_platform(client, site, target, name):
    home = client(name)
    index = site.url + "simple/"
    if name == "uv":
        home.run("uv", "pip", "install", "--python", sys.executable, "--target", target, "--index-url", index, "app")
    elif name == "poetry":
        project_of(site, home.home)
        environment = {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}
        home.run("poetry", "install", "--no-interaction", environment=environment)
    elif name == "pdm":
        project_of(site, home.home)
        home.run("pdm", "venv", "create", sys.executable)
        home.run("pdm", "install")
    else:
        home.pip("install", "--target", target, "--index-url", index, "app")
    assert counted(site, 1) == {
        "by_file": {DEMO.filename: 1},
        "by_python": {PYTHON: 1},
        "by_platform": {"linux": 1},
        "by_client": {name.split("-")[0]: 1},
    }


def test_curl_is_counted_as_a_script(client, site, target):
    client("uv").run("curl", "-sS", "-o", target, f"{site.url}packages/{DEMO.filename}")
    told = counted(site, 1)
    assert told["by_client"] == {"script": 1} and told["by_python"] == {"unknown": 1}

"""uv as projects use it: an index in pyproject.toml, lock files that stay good, accounts from the
places that uv knows."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib

import pytest

from clients.conftest import installed
from support.distributions import sdist, wheel
from support.programs import Door, Site, venv

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
LOCKS = ["-P", ".htpasswd", "-a", "update,download,list"]
ACCOUNT = {"UV_INDEX_COMPANY_USERNAME": "ada", "UV_INDEX_COMPANY_PASSWORD": "secret"}

DEMO = wheel("demo", "1.0")
APP = wheel("Demo.App", "2.0+local.1", requires_dist=["demo<2"])
FILES = [DEMO, APP, sdist("sourced", "0.5")]


@pytest.fixture
def site(serve, pypi_server: Door) -> Site:
    return serve(pypi_server, *LOCKS, users=USERS, files=FILES)


@pytest.fixture
def uv(client):
    return client("uv")


@pytest.fixture
def project(uv, site):
    """Runs uv in a project whose settings name one index, as the guide shows it."""
    folder = uv.home / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "work"\nversion = "0"\nrequires-python = ">=3.11"\n'
        'dependencies = ["demo-app"]\n\n'
        f'[[tool.uv.index]]\nname = "company"\nurl = "{site.url}simple/"\n'
        f'publish-url = "{site.url}"\ndefault = true\nauthenticate = "always"\n\n'
        '[tool.uv.sources]\ndemo-app = { index = "company" }\n'
    )

    def run(*words, account=ACCOUNT, **more):
        # The settings of the project are meant to count here.
        environment = {"UV_NO_CONFIG": "", "UV_PYTHON": sys.executable, **account}
        return uv.run("uv", *words, folder=folder, environment=environment, **more)

    run.folder = folder
    return run


def synced(project) -> set[str]:
    [packages] = (project.folder / ".venv" / "lib").glob("python3*/site-packages")
    return installed(packages)


def test_uv_locks_and_installs_a_project(project, site):
    project("lock")
    locked = tomllib.loads((project.folder / "uv.lock").read_text())
    [app] = [package for package in locked["package"] if package["name"] == "demo-app"]
    [file] = app["wheels"]
    assert file["hash"] == f"sha256:{APP.sha256}"
    assert file["size"] == len(APP.content)
    assert re.fullmatch(rf"{site.url}packages/demo_app-2\.0(\+|%2[Bb])local\.1-.*\.whl", file["url"].lower()), file
    project("sync", "--frozen")
    assert synced(project) == {"Demo_App-2.0+local.1", "demo-1.0"}


@pytest.mark.folder
def test_uv_lock_stays_good_when_files_come_and_the_catalog_goes(project, site):
    project("lock")
    wheel("demo", "1.1").put(site.packages)
    port = site.port
    site.stop()
    shutil.rmtree(site.packages / ".wheelhouse")
    site.start(port)
    project("sync", "--locked", "--no-cache")
    assert synced(project) == {"Demo_App-2.0+local.1", "demo-1.0"}
    project("lock", "--upgrade", "--no-cache")
    project("sync", "--frozen", "--no-cache")
    assert synced(project) == {"Demo_App-2.0+local.1", "demo-1.1"}


@pytest.mark.parametrize(
    "account", [{}, {**ACCOUNT, "UV_INDEX_COMPANY_PASSWORD": "wrong"}], ids=["none", "wrong"]
)
def test_uv_stops_without_the_right_account(project, account):
    done = project("lock", account=account, fails=True)
    assert "401" in done.stderr or "credentials" in done.stderr, done
    assert not (project.folder / "uv.lock").exists()


def test_uv_takes_the_account_from_netrc(site, uv, target):
    netrc = uv.home / ".netrc"
    netrc.write_text("machine 127.0.0.1\nlogin ada\npassword secret\n")
    netrc.chmod(0o600)
    words = ["--python", uv.bin / "python", "--target", target, "demo-app"]
    uv.run("uv", "pip", "install", "--default-index", site.url + "simple/", *words)
    assert installed(target) == {"Demo_App-2.0+local.1", "demo-1.0"}


def test_uv_publishes_to_the_index_of_the_project(project, site):
    for name in ["one", "two"]:
        wheel(name, "1.0").put(project.folder / "dist")
    publish = {"UV_PUBLISH_USERNAME": "ada", "UV_PUBLISH_PASSWORD": "secret"}
    words = ["publish", "--index", "company", "--trusted-publishing", "never"]
    project(*words, account={**ACCOUNT, **publish})
    listed = site.listed(user=("ada", "secret"))
    assert {"one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl"} <= set(listed)
    # With an index uv looks first what is there, and leaves it.
    done = project(*words, account={**ACCOUNT, **publish})
    assert "already exists" in done.stderr, done
    wheel("one", "1.0", source="# changed").put(project.folder / "dist")
    project(*words, account={**ACCOUNT, **publish}, fails=True)
    found = site.get("/packages/one-1.0-py3-none-any.whl", user=("ada", "secret")).body
    assert found == wheel("one", "1.0").content


def test_uv_builds_an_sdist(site, uv, target):
    # The build tools are those of the environment: nothing else may be fetched.
    python = venv("pip-newest") / "python"
    words = ["--no-build-isolation", "--python", python, "--target", target, "sourced"]
    address = site.url.replace("http://", "http://ada:secret@") + "simple/"
    uv.run("uv", "pip", "install", "--default-index", address, *words)
    assert installed(target) == {"sourced-0.5"}

"""Indexes that other people run in front of ours: a devpi mirror and proxpi. pip installs through
them, and what changes here arrives there."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess

import pytest

from clients.conftest import installed
from clients.servers import Beside, beside
from support import http
from support.distributions import sdist, wheel
from support.programs import Door, Site, clean_environment, venv

JSON = "application/vnd.pypi.simple.v1+json"
FILES = [
    wheel("app", "1.0", requires_dist=["Demo.Lib>=1.1"], requires_python=">=3.8"),
    sdist("app", "0.9"),
    wheel("Demo.Lib", "1.0"),
    wheel("Demo.Lib", "1.2+cu126"),
    wheel("Demo.Lib", "2.0", requires_python=">=3.99"),
]
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
LOCKS = ["-P", ".htpasswd", "-a", "update,download,list"]


@pytest.fixture
def site(serve, pypi_server: Door) -> Site:
    # Who uploads needs a password, who reads needs none.
    return serve(pypi_server, "-P", ".htpasswd", "-a", "update", "--disable-fallback", users=USERS, files=FILES)


@pytest.fixture
def locked(serve, pypi_server: Door) -> Site:
    return serve(pypi_server, *LOCKS, "--disable-fallback", users=USERS, files=FILES)


@pytest.fixture
def pip(client):
    return client("pip-newest")


def files_of(server: Beside, path: str) -> dict[str, dict]:
    """The files of a project, by name, as a server in front shows them in JSON."""
    answer = http.ask(server.port, "GET", path, headers={"Accept": JSON})
    assert answer.status == 200 and answer.type == JSON, f"{answer}\n{server.log}"
    return {file["filename"]: file for file in answer.json["files"]}


# devpi.


# Whom a new devpi server belongs to.
ADMINISTRATOR = "root"


class Devpi:
    """A devpi server, whose administrator makes indexes."""

    def __init__(self, server: Beside) -> None:
        self.server = server
        login = self._ask("POST", "/+login", {"user": "root", "password": "top secret"})
        pair = f"root:{login['result']['password']}"
        self._token = base64.b64encode(pair.encode()).decode()

    def mirror(self, name: str, of: str, **more) -> str:
        """Makes an index that mirrors the simple pages at `of`, and returns its path."""
        self._ask("PUT", f"/{ADMINISTRATOR}/{name}", {"type": "mirror", "volatile": True, "mirror_url": of, **more})
        return f"/{ADMINISTRATOR}/{name}/+simple/"

    def stage(self, name: str) -> str:
        """Makes an index that files are uploaded to, and returns its path."""
        self._ask("PUT", f"/{ADMINISTRATOR}/{name}", {"type": "stage", "volatile": False, "bases": []})
        return f"{ADMINISTRATOR}/{name}/"

    def _ask(self, method: str, path: str, body: dict) -> dict:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if path != "/+login":
            headers["X-Devpi-Auth"] = self._token
        answer = http.ask(self.server.port, method, path, headers=headers, body=json.dumps(body).encode())
        assert answer.status == 200, f"{answer}\n{self.server.log}"
        return answer.json


@pytest.fixture(scope="module")
def devpi(tmp_path_factory):
    """A devpi server with no index of its own."""
    folder = tmp_path_factory.mktemp("devpi")
    state = folder / "state"
    words = ["--serverdir", state, "--no-root-pypi", "--root-passwd", "top secret"]
    subprocess.run(
        [venv("devpi-server") / "devpi-init", *words],
        env=clean_environment(folder),
        check=True,
        capture_output=True,
        timeout=100,
    )

    def command(port: int):
        return ["devpi-server", "--serverdir", state, "--host", "127.0.0.1", "--port", port]

    with beside("devpi-server", command, folder, answers="/+api") as server:
        yield Devpi(server)


def test_devpi_mirror_lists_our_projects_and_files(devpi, site):
    index = devpi.mirror("listed", of=site.url + "simple/")
    names = http.ask(devpi.server.port, "GET", index, headers={"Accept": JSON}).json["projects"]
    assert {entry["name"].lower().replace(".", "-") for entry in names} == {"app", "demo-lib"}
    shown = files_of(devpi.server, index + "demo-lib/")
    assert set(shown) == {file.filename for file in FILES if "Demo" in file.filename}
    for file in FILES[2:]:
        assert shown[file.filename]["hashes"] == {"sha256": file.sha256}
    assert shown[FILES[4].filename]["requires-python"] == ">=3.99"
    assert "yanked" not in shown[FILES[4].filename] or shown[FILES[4].filename]["yanked"] in (None, False)


def test_pip_installs_through_a_devpi_mirror(devpi, site, pip, target):
    index = devpi.mirror("installed", of=site.url + "simple/")
    words = ["-i", f"{devpi.server.url}root/installed/+simple/", "--target", target]
    pip.pip("install", *words, "app")
    assert installed(target) == {"app-1.0", "Demo_Lib-1.2+cu126"}
    # What it has fetched once it serves without us.
    site.stop()
    again = target.with_name("again")
    pip.pip("install", *words[:3], again, "--no-cache-dir", "app==1.0")
    assert installed(again) == {"app-1.0", "Demo_Lib-1.2+cu126"}, index


@pytest.mark.folder
def test_devpi_mirror_follows_what_changes_here(devpi, site):
    # It asks for a page each time, and never for the list: a list that has not changed it takes
    # for an empty one in the request that finds that out.
    always = {"mirror_cache_expiry": 0, "mirror_no_project_list": True}
    index = devpi.mirror("followed", of=site.url + "simple/", **always)
    assert len(files_of(devpi.server, index + "app/")) == 2
    new = wheel("app", "1.1")
    assert site.upload(new, user=("ada", "secret")).status == 200
    assert new.filename in files_of(devpi.server, index + "app/")
    # A lower serial than before would be refused, and the old page served for good.
    port = site.port
    site.stop()
    shutil.rmtree(site.packages / ".wheelhouse")
    site.start(port)
    newer = wheel("app", "1.2")
    assert site.upload(newer, user=("ada", "secret")).status == 200
    assert newer.filename in files_of(devpi.server, index + "app/"), devpi.server.log[-3000:]
    assert "serial" not in devpi.server.log.lower().split("followed")[-1]


def test_devpi_mirror_signs_in(devpi, locked, pip, target):
    devpi.mirror("locked", of=locked.url.replace("://", "://ada:secret@") + "simple/")
    pip.pip("install", "-i", f"{devpi.server.url}root/locked/+simple/", "--target", target, "app")
    assert installed(target) == {"app-1.0", "Demo_Lib-1.2+cu126"}


# proxpi.


@pytest.fixture
def proxpi(site, tmp_path):
    environment = {"PROXPI_INDEX_URL": site.url + "simple/", "PROXPI_INDEX_TTL": "0"}
    # It would send clients to us while a download is slow: everything is to go through it.
    environment |= {"PROXPI_DOWNLOAD_TIMEOUT": "30"}

    def command(port: int):
        return ["flask", "--app", "proxpi.server", "run", "--host", "127.0.0.1", "--port", port]

    with beside("proxpi", command, tmp_path, environment=environment, answers="/index/") as server:
        yield server


@pytest.mark.parametrize("name", ["pip-23.0", "pip-newest"])
def test_pip_installs_through_proxpi(proxpi, client, target, name):
    pip = client(name)
    pip.pip("install", "-i", proxpi.url + "index/", "--target", target, "app")
    assert installed(target) == {"app-1.0", "Demo_Lib-1.2+cu126"}


def test_proxpi_shows_what_we_say_of_files(proxpi, site):
    shown = files_of(proxpi, "/index/demo-lib/")
    for file in FILES[2:]:
        assert shown[file.filename]["hashes"] == {"sha256": file.sha256}
        assert shown[file.filename]["core-metadata"]
        through = http.ask(proxpi.port, "GET", f"/index/demo-lib/{file.filename}")
        assert through.body == file.content, through
    assert shown[FILES[4].filename]["requires-python"] == ">=3.99"
    assert files_of(proxpi, "/index/app/").keys() == {FILES[0].filename, FILES[1].filename}


def test_proxpi_follows_what_changes_here(proxpi, site):
    assert len(files_of(proxpi, "/index/app/")) == 2
    new = wheel("app", "1.1")
    assert site.upload(new, user=("ada", "secret")).status == 200
    assert new.filename in files_of(proxpi, "/index/app/")

"""poetry and pdm, set up as docs/guides/set-up-clients.md says: they lock, install and upload."""

from __future__ import annotations

import venv

import pytest

from clients.conftest import installed
from support.distributions import sdist, wheel
from support.programs import Door, Site

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
LOCKS = ["-P", ".htpasswd", "-a", "update,download,list"]
ADA = ("ada", "secret")
FILES = [
    wheel("helpers", "1.0", requires_dist=["demo<2"]),
    wheel("demo", "1.0"),
    wheel("demo", "1.5"),
    wheel("demo", "2.0"),
]
PROJECT = (
    '[project]\nname = "work"\nversion = "0.1"\nrequires-python = ">=3.11"\n'
    'description = ""\nauthors = [{ name = "Ada" }]\n'
)
OWN = [wheel("work", "0.1"), sdist("work", "0.1")]


@pytest.fixture
def site(serve, pypi_server: Door) -> Site:
    return serve(pypi_server, *LOCKS, users=USERS, files=FILES)


class Project:
    """A project on a client's machine, with files to upload in its `dist`."""

    def __init__(self, client, name: str, more: str) -> None:
        self.client = client(name)
        self.name = name
        self.folder = self.client.home / "project"
        for file in OWN:
            file.put(self.folder / "dist")
        (self.folder / "pyproject.toml").write_text(PROJECT + more)

    def __call__(self, *words, **more):
        environment = {
            "POETRY_VIRTUALENVS_IN_PROJECT": "true",
            "POETRY_KEYRING_ENABLED": "false",
            "PDM_CHECK_UPDATE": "0",
            **more.pop("environment", {}),
        }
        return self.client.run(self.name, *words, folder=self.folder, environment=environment, **more)

    def make_environment(self) -> None:
        """Left to itself, pdm would install into any environment that it finds itself in."""
        venv.create(self.folder / ".venv")
        self("use", "-f", self.folder / ".venv" / "bin" / "python")

    @property
    def installed(self) -> set[str]:
        [packages] = (self.folder / ".venv" / "lib").glob("python3*/site-packages")
        return {name for name in installed(packages) if name.split("-")[0] in ("helpers", "demo")}


@pytest.fixture
def poetry(client, site) -> Project:
    run = Project(client, "poetry", "\n[tool.poetry]\npackage-mode = false\n")
    run("source", "add", "--priority=primary", "company", site.url + "simple/")
    run("config", "repositories.company", site.url)
    run("config", "http-basic.company", *ADA)
    return run


def test_poetry_adds_a_project_with_what_it_needs(poetry):
    poetry("add", "--source", "company", "helpers")
    assert poetry.installed == {"helpers-1.0", "demo-1.5"}
    assert f"sha256:{FILES[0].sha256}" in (poetry.folder / "poetry.lock").read_text()


def test_poetry_publishes_and_is_told_what_exists(poetry, site):
    project = (poetry.folder / "pyproject.toml").read_text()
    (poetry.folder / "pyproject.toml").write_text(project.replace("package-mode = false\n", ""))
    poetry("publish", "--repository", "company")
    assert {file.filename for file in OWN} <= set(site.listed(user=ADA))
    poetry("publish", "--repository", "company")
    wheel("work", "0.1", source="# changed").put(poetry.folder / "dist")
    done = poetry("publish", "--repository", "company", fails=True)
    assert "File already exists" in done.stdout + done.stderr, done
    assert site.get(f"/packages/{OWN[0].filename}", user=ADA).body == OWN[0].content


def test_poetry_is_told_that_the_password_is_wrong(poetry, site):
    poetry("config", "http-basic.company", "ada", "wrong")
    done = poetry("add", "--source", "company", "helpers", fails=True)
    assert "401" in done.stdout + done.stderr or "uthoriz" in done.stdout + done.stderr, done


@pytest.fixture
def pdm(client, site) -> Project:
    source = (
        "\n[tool.pdm]\ndistribution = false\n"
        f'\n[[tool.pdm.source]]\nname = "pypi"\nurl = "{site.url}simple/"\nverify_ssl = true\n'
    )
    run = Project(client, "pdm", source)
    run("config", "pypi.username", ADA[0])
    run("config", "pypi.password", ADA[1])
    run.make_environment()
    return run


def test_pdm_adds_a_project_with_what_it_needs(pdm):
    pdm("add", "helpers")
    assert pdm.installed == {"helpers-1.0", "demo-1.5"}
    assert f"sha256:{FILES[0].sha256}" in (pdm.folder / "pdm.lock").read_text()


def test_pdm_publishes_and_is_told_what_exists(pdm, site):
    words = ["publish", "--no-build", "--repository", site.url, "--username", "ada"]
    account = {"PDM_PUBLISH_PASSWORD": "secret"}
    pdm(*words, environment=account)
    assert {file.filename for file in OWN} <= set(site.listed(user=ADA))
    pdm(*words, environment=account)
    wheel("work", "0.1", source="# changed").put(pdm.folder / "dist")
    done = pdm(*words, environment=account, fails=True)
    # It tells the number alone.
    assert "409" in done.stderr, done
    assert site.get(f"/packages/{OWN[0].filename}", user=ADA).body == OWN[0].content


def test_pdm_with_a_wrong_password_gets_nothing(pdm):
    pdm("config", "pypi.password", "wrong")
    done = pdm("add", "helpers", fails=True)
    assert "helpers" in done.stderr, done
    assert pdm.installed == set()

"""API tokens in the hands of every real client: good ones, and those that are over or for something else."""

from __future__ import annotations

import pytest

from clients.conftest import installed
from clients.test_poetry_and_pdm import Project
from support.distributions import wheel
from support.owners import own
from support.programs import Door, Site

from .uploading import FILES, UPLOADERS, prepare

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
NAMES = sorted(file.filename for file in FILES)
LOCKED = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback"]


@pytest.fixture
def site(serve, wheelhouse: Door) -> Site:
    return serve(wheelhouse, *LOCKED, users=USERS, files=[wheel("demo", "1.0")])


def token(site: Site, *words: str) -> str:
    return own(site, "token", "make", "of a test", "--owner", "ada", *words).strip()


def revoked(site: Site) -> str:
    made = token(site)
    own(site, "token", "revoke", own(site, "token").splitlines()[-1].split()[0])
    return made


def narrow(site: Site) -> str:
    return token(site, "--projects", "demo", "--rights", "list+download")


@pytest.mark.parametrize("name", UPLOADERS)
def test_upload_with_a_token_by(client, site, tmp_path, name):
    made = token(site, "--projects", "work", "--rights", "list+download+upload+create", "--days", "1")
    UPLOADERS[name](client(name), site, prepare(tmp_path), "__token__", made)
    assert sorted(site.listed(user=("ada", "secret"))) == sorted([*NAMES, "demo-1.0-py3-none-any.whl"])
    assert made not in site.log


@pytest.mark.parametrize("make", [revoked, narrow])
@pytest.mark.parametrize("name", UPLOADERS)
def test_upload_with_a_token_that_does_not_allow_it_by(client, site, tmp_path, name, make):
    made = make(site)
    done = UPLOADERS[name](client(name), site, prepare(tmp_path), "__token__", made, fails=True)
    said = done.stdout + done.stderr
    statuses = {"revoked": ["403", "401", "Unauthorized", "Forbidden"], "narrow": ["403", "Forbidden"]}[make.__name__]
    assert any(status in said for status in statuses), said
    assert site.listed(user=("ada", "secret")) == ["demo-1.0-py3-none-any.whl"]
    assert made not in site.log


def with_pip(client, site: Site, target, user: str, password: str, **more: bool) -> None:
    client.pip("install", "-i", address(site, user, password), "--target", target, "demo", **more)


def with_uv(client, site: Site, target, user: str, password: str, **more: bool) -> None:
    words = ["--python", client.bin / "python", "--no-cache", "--target", target]
    client.run("uv", "pip", "install", *words, "--default-index", address(site, user, password), "demo", **more)


def address(site: Site, user: str, password: str) -> str:
    return site.url.replace("http://", f"http://{user}:{password}@") + "simple/"


@pytest.mark.parametrize(("name", "install"), [
    ("pip-20.3", with_pip), ("pip-23.0", with_pip), ("pip-newest", with_pip), ("uv", with_uv),
])
def test_install_with_a_token_by(client, site, target, name, install):
    for number, user in enumerate(["__token__", "ada", "anything"]):
        install(client(name), site, target / str(number), user, narrow(site))
        assert installed(target / str(number)) == {"demo-1.0"}
    bad = revoked(site)
    install(client(name), site, target / "bad", "__token__", bad, fails=True)
    assert not installed(target / "bad")
    elsewhere = token(site, "--projects", "work")
    install(client(name), site, target / "elsewhere", "__token__", elsewhere, fails=True)
    assert not installed(target / "elsewhere")
    assert bad not in site.log


@pytest.mark.parametrize("make", [narrow, revoked])
def test_poetry_adds_with_a_token(client, site, make):
    run = Project(client, "poetry", "\n[tool.poetry]\npackage-mode = false\n")
    run("source", "add", "--priority=primary", "company", site.url + "simple/")
    run("config", "http-basic.company", "__token__", make(site))
    is_good = make is narrow
    run("add", "--source", "company", "demo", fails=not is_good)
    assert run.installed == ({"demo-1.0"} if is_good else set())


@pytest.mark.parametrize("make", [narrow, revoked])
def test_pdm_adds_with_a_token(client, site, make):
    source = (
        "\n[tool.pdm]\ndistribution = false\n"
        f'\n[[tool.pdm.source]]\nname = "pypi"\nurl = "{site.url}simple/"\nverify_ssl = true\n'
    )
    run = Project(client, "pdm", source)
    run("config", "pypi.username", "__token__")
    run("config", "pypi.password", make(site))
    run.make_environment()
    is_good = make is narrow
    run("add", "demo", fails=not is_good)
    assert run.installed == ({"demo-1.0"} if is_good else set())

"""What every uploading client sends passes the strictest checks: the forms and files of today."""

from __future__ import annotations

import pytest

from support.distributions import sdist, wheel
from support.programs import Door, Site

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
FILES = [wheel("work", "0.1"), sdist("work", "0.1")]
NAMES = sorted(file.filename for file in FILES)
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


@pytest.fixture(params=["standard", "strict"])
def site(request, serve, wheelhouse: Door) -> Site:
    options = ["-P", ".htpasswd", "--disable-fallback", "--upload-strictness", request.param]
    return serve(wheelhouse, *options, users=USERS)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "work.py").write_text('"""Made for a test"""\n')
    for file in FILES:
        file.put(tmp_path / "dist")
    return tmp_path


def arrived(site: Site, names: list[str] = NAMES) -> None:
    assert sorted(site.listed()) == names
    for name in names:
        assert site.get("/packages/" + name).body, name
    assert "about an upload" not in site.log, "there is nothing to say about them"


@pytest.mark.parametrize("name", ["twine-4", "twine-6", "twine-7"])
def test_twine(client, site, project, name):
    options = ["--non-interactive", "--disable-progress-bar", "--repository-url", site.url + "legacy/"]
    client(name).run("twine", "upload", *options, "-u", "ada", "-p", "secret", *(project / "dist").iterdir())
    arrived(site)


def test_uv(client, site, project):
    words = ["--publish-url", site.url + "legacy/", "--username", "ada", "--password", "secret"]
    client("uv").run("uv", "publish", *words, *(project / "dist").iterdir())
    arrived(site)


def test_poetry(client, site, project):
    program = client("poetry")
    environment = {"POETRY_KEYRING_ENABLED": "false", "POETRY_HTTP_BASIC_COMPANY_USERNAME": "ada",
                   "POETRY_HTTP_BASIC_COMPANY_PASSWORD": "secret",
                   "POETRY_REPOSITORIES_COMPANY_URL": site.url + "legacy/"}
    program.run("poetry", "publish", "--repository", "company", folder=project, environment=environment)
    arrived(site)


def test_pdm(client, site, project):
    words = ["publish", "--no-build", "--repository", site.url + "legacy/", "--username", "ada"]
    environment = {"PDM_PUBLISH_PASSWORD": "secret", "PDM_CHECK_UPDATE": "0"}
    client("pdm").run("pdm", *words, folder=project, environment=environment)
    arrived(site)


def test_hatch(client, site, project):
    words = ["-r", site.url + "legacy/", "-u", "ada", "-a", "secret", "--no-prompt", "dist"]
    client("hatch").run("hatch", "publish", *words, folder=project)
    arrived(site)


def test_hatch_sees_what_is_there_already(client, site, project):
    words = ["-r", site.url + "legacy/", "-u", "ada", "-a", "secret", "--no-prompt", "dist"]
    program = client("hatch")
    program.run("hatch", "publish", *words, folder=project)
    program.run("hatch", "publish", *words, folder=project)
    arrived(site)


def test_flit(client, site, project):
    (project / "pyproject.toml").write_text(FLIT)
    environment = {"FLIT_INDEX_URL": site.url + "legacy/", "FLIT_USERNAME": "ada", "FLIT_PASSWORD": "secret"}
    client("flit").run("flit", "publish", folder=project, environment=environment)
    arrived(site)


def test_setup_py(client, site, project):
    program = client("old-upload")
    (project / "setup.py").write_text(SETUP)
    (project / "pyproject.toml").unlink()
    (program.home / ".pypirc").write_text(
        f"[distutils]\nindex-servers = company\n\n[company]\nrepository: {site.url}legacy/\n"
        "username: ada\npassword: secret\n"
    )
    words = ["sdist", "bdist_wheel", "upload", "-r", "company"]
    program.run("python", "-W", "ignore", "setup.py", *words, folder=project)
    arrived(site, ["work-0.1-py3-none-any.whl", "work-0.1.tar.gz"])

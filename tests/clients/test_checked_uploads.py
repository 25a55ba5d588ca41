"""What every uploading client sends passes the strictest checks: the forms and files of today."""

from __future__ import annotations

import pytest

from support.programs import Door, Site

from .uploading import FILES, UPLOADERS, hatch, prepare

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
NAMES = sorted(file.filename for file in FILES)


@pytest.fixture(params=["standard", "strict"])
def site(request, serve, wheelhouse: Door) -> Site:
    options = ["-P", ".htpasswd", "--disable-fallback", "--upload-strictness", request.param]
    return serve(wheelhouse, *options, users=USERS)


@pytest.fixture
def project(tmp_path):
    return prepare(tmp_path)


def arrived(site: Site) -> None:
    assert sorted(site.listed()) == NAMES
    for name in NAMES:
        assert site.get("/packages/" + name).body, name
    assert "about an upload" not in site.log, "there is nothing to say about them"


@pytest.mark.parametrize("name", UPLOADERS)
def test_upload_by(client, site, project, name):
    UPLOADERS[name](client(name), site, project, "ada", "secret")
    arrived(site)


def test_hatch_sees_what_is_there_already(client, site, project):
    program = client("hatch")
    for _ in range(2):
        hatch(program, site, project, "ada", "secret")
    arrived(site)

"""twine 6 and 7, and uv, upload to the real program: new, the same again, and changed."""

from __future__ import annotations

import pytest

from clients.conftest import installed
from support.distributions import Distribution, any_file, sdist, wheel
from support.programs import Door, Site

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
TWINES = ["twine-6", "twine-7"]
FILES = [wheel("demo", "1.0"), sdist("demo", "1.0")]


@pytest.fixture
def site(serve, either_name: Door) -> Site:
    return serve(either_name, "-P", ".htpasswd", users=USERS)


@pytest.fixture
def dist(tmp_path):
    for file in FILES:
        file.put(tmp_path / "dist")
    return tmp_path / "dist"


def twine(client, site, dist, *words, path="", password="secret", **more):
    options = ["--non-interactive", "--disable-progress-bar", "--repository-url", site.url + path]
    options += ["-u", "ada", "-p", password]
    return client.run("twine", "upload", *options, *words, *sorted(dist.iterdir()), **more)


@pytest.mark.parametrize("name", TWINES)
@pytest.mark.parametrize("path", ["", "legacy/"])
def test_twine_uploads(client, site, dist, name, path):
    twine(client(name), site, dist, path=path)
    assert sorted(site.listed()) == sorted(file.filename for file in FILES)
    for file in FILES:
        assert site.get("/packages/" + file.filename).body == file.content


@pytest.mark.parametrize("name", TWINES)
def test_twine_uploads_the_same_files_again(client, site, dist, name):
    program = client(name)
    twine(program, site, dist)
    twine(program, site, dist)
    assert len(site.listed()) == 2


@pytest.mark.parametrize("name", TWINES)
def test_twine_is_told_that_a_changed_file_already_exists(client, site, dist, name):
    program = client(name)
    twine(program, site, dist)
    changed = Distribution(FILES[0].filename, wheel("demo", "1.0", source="# changed").content)
    changed.put(dist)
    done = twine(program, site, dist, fails=True)
    assert "400" in done.stdout + done.stderr
    assert "File already exists" in done.stdout + done.stderr, done
    assert site.get("/packages/" + changed.filename).body == FILES[0].content


def test_twine_6_skips_what_exists(client, site, dist):
    # The newest refuses the option for every index but the public one.
    program = client("twine-6")
    twine(program, site, dist)
    Distribution(FILES[0].filename, wheel("demo", "1.0", source="# changed").content).put(dist)
    done = twine(program, site, dist, "--skip-existing")
    assert "Skipping" in done.stdout + done.stderr
    assert site.get("/packages/" + FILES[0].filename).body == FILES[0].content


@pytest.mark.parametrize("name", TWINES)
def test_twine_replaces_with_overwrite(client, serve, pypi_server, dist, name):
    site = serve(pypi_server, "-o", "-P", ".htpasswd", users=USERS)
    program = client(name)
    twine(program, site, dist)
    changed = Distribution(FILES[0].filename, wheel("demo", "1.0", source="# changed").content)
    changed.put(dist)
    twine(program, site, dist)
    assert site.get("/packages/" + changed.filename).body == changed.content


@pytest.mark.parametrize("name", TWINES)
def test_twine_learns_that_the_password_is_wrong(client, site, dist, name):
    done = twine(client(name), site, dist, password="wrong", fails=True)
    assert "401" in done.stdout + done.stderr
    assert site.listed() == []


def test_twine_signatures_arrive(client, site, tmp_path):
    FILES[1].put(tmp_path / "dist")
    any_file(FILES[1].filename + ".asc", b"signature").put(tmp_path / "dist")
    program = client("twine-6")
    options = ["--non-interactive", "--repository-url", site.url, "-u", "ada", "-p", "secret"]
    file = tmp_path / "dist" / FILES[1].filename
    program.run("twine", "upload", *options, file, f"{file}.asc")
    assert site.get(f"/packages/{FILES[1].filename}.asc").body == b"signature"


def uv_publish(client, site, dist, *words, path="", password="secret", **more):
    base = ["uv", "publish", "--publish-url", site.url + path, "-u", "ada", "-p", password]
    return client.run(*base, "--trusted-publishing", "never", *words, *sorted(dist.iterdir()), **more)


@pytest.mark.parametrize("path", ["", "legacy/"])
def test_uv_publishes(client, site, dist, path):
    uv_publish(client("uv"), site, dist, path=path)
    assert sorted(site.listed()) == sorted(file.filename for file in FILES)


def test_uv_publishes_the_same_again_and_learns_of_a_change(client, site, dist):
    program = client("uv")
    uv_publish(program, site, dist)
    uv_publish(program, site, dist)
    Distribution(FILES[0].filename, wheel("demo", "1.0", source="# changed").content).put(dist)
    done = uv_publish(program, site, dist, fails=True)
    assert "File already exists" in done.stderr, done


def test_uv_checks_before_it_publishes(client, site, dist):
    program = client("uv")
    check = ["--check-url", site.url + "simple/"]
    uv_publish(program, site, dist, *check)
    done = uv_publish(program, site, dist, *check)
    assert "already exists" in done.stderr, done
    Distribution(FILES[0].filename, wheel("demo", "1.0", source="# changed").content).put(dist)
    uv_publish(program, site, dist, *check, fails=True)


def test_uv_learns_that_the_password_is_wrong(client, site, dist):
    done = uv_publish(client("uv"), site, dist, password="wrong", fails=True)
    assert "401" in done.stderr or "nauthorized" in done.stderr, done
    assert site.listed() == []


def test_uv_learns_that_the_pages_are_not_the_upload_address(client, site, dist):
    done = uv_publish(client("uv"), site, dist, path="simple/", fails=True)
    assert "405" in done.stderr or "simple" in done.stderr, done


def test_what_twine_uploads_uv_installs(client, site, dist, tmp_path):
    twine(client("twine-7"), site, dist)
    uv = client("uv")
    words = ["--python", uv.bin / "python", "--target", tmp_path / "target"]
    uv.run("uv", "pip", "install", *words, "--default-index", site.url + "simple/", "demo")
    assert installed(tmp_path / "target") == {"demo-1.0"}

"""What twine 4, 6 and 7 do beyond a plain upload: settings in a file, signatures, refusals."""

from __future__ import annotations

import pytest

from support.distributions import Distribution, any_file, sdist, wheel
from support.programs import Door, Site

TWINES = ["twine-4", "twine-6", "twine-7"]
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
WHEEL = wheel("demo", "1.0")
SDIST = sdist("demo", "1.0")
SIGNATURE = any_file(WHEEL.filename + ".asc", b"-----BEGIN PGP SIGNATURE-----\n")


@pytest.fixture
def site(serve, pypi_server: Door) -> Site:
    return serve(pypi_server, "-P", ".htpasswd", users=USERS)


@pytest.fixture(params=TWINES)
def twine(request, client):
    """Runs an upload of files as a user whose settings are in `.pypirc`."""
    program = client(request.param)

    def upload(site: Site, *files: Distribution, password: str = "secret", **more):
        settings = program.home / ".pypirc"
        settings.write_text(
            "[distutils]\nindex-servers =\n    other\n    particle\n\n"
            "[other]\nrepository = https://index.example/upload/\n\n"
            f"[particle]\nrepository = {site.url}\nusername = ada\npassword = {password}\n"
        )
        settings.chmod(0o600)
        paths = [file.put(program.home / "dist") for file in files]
        words = ["--non-interactive", "--disable-progress-bar", "--repository", "particle"]
        return program.run("twine", "upload", *words, *paths, **more)

    return upload


def test_twine_uploads_as_pypirc_says(site, twine):
    twine(site, WHEEL, SDIST)
    assert sorted(site.listed()) == [WHEEL.filename, SDIST.filename]
    assert site.get(f"/packages/{WHEEL.filename}").body == WHEEL.content


def test_twine_uploads_the_same_again(site, twine):
    twine(site, WHEEL)
    twine(site, WHEEL)
    assert site.listed() == [WHEEL.filename]


def test_twine_is_told_that_other_bytes_of_the_name_exist(site, twine):
    twine(site, WHEEL)
    done = twine(site, wheel("demo", "1.0", source="# changed"), fails=True)
    assert "400" in done.stdout + done.stderr, done
    assert "File already exists" in done.stdout + done.stderr, done
    assert site.get(f"/packages/{WHEEL.filename}").body == WHEEL.content


def test_twine_is_told_that_the_password_is_wrong(site, twine):
    done = twine(site, WHEEL, password="wrong", fails=True)
    assert "401" in done.stdout + done.stderr, done
    assert site.listed() == []


def test_twine_uploads_a_signature_with_its_file(site, twine):
    twine(site, WHEEL, SIGNATURE)
    assert site.get(f"/packages/{WHEEL.filename}").body == WHEEL.content
    assert site.get(f"/packages/{SIGNATURE.filename}").body == SIGNATURE.content


def test_twine_is_told_that_uploads_are_closed(serve, pypi_server, twine):
    # Without a password file nobody may upload: the read-only server of pypiserver's users.
    site = serve(pypi_server)
    done = twine(site, WHEEL, fails=True)
    assert "401" in done.stdout + done.stderr or "403" in done.stdout + done.stderr, done
    assert site.listed() == []


def test_twine_uploads_a_large_file(site, twine):
    large = wheel("large", "1.0", padding=20_000_000)
    twine(site, large)
    assert site.get(f"/packages/{large.filename}").body == large.content

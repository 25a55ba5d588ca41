"""pip 20.3, 23.0 and the newest, and uv, install and download from the real program."""

from __future__ import annotations

import pytest

from clients.conftest import installed
from support.distributions import any_file, sdist, wheel
from support.programs import Door, Site

APP = wheel("app", "1.0", requires_dist=["demo-lib>=1.1", "Other.Lib"])
FILES = [
    APP,
    wheel("demo-lib", "1.0"),
    wheel("demo-lib", "1.2"),
    wheel("demo-lib", "1.3", requires_python=">=4"),
    wheel("demo-lib", "2.0rc1"),
    sdist("Other.Lib", "0.5"),
    wheel("signed", "1.0"),
    any_file("signed-1.0-py3-none-any.whl.asc"),
    wheel("local", "1.0+cu126"),
]
PIPS = ["pip-20.3", "pip-23.0", "pip-newest"]
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}


@pytest.fixture(scope="module")
def site(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, "--disable-fallback", files=FILES)


@pytest.fixture(params=PIPS)
def pip(request, client):
    return client(request.param)


def only(site: Site) -> list[str]:
    return ["--index-url", site.url + "simple/"]


def test_pip_installs_a_project_with_what_it_needs(site, pip, target):
    # Build tools are in the environment already: nothing else may be fetched.
    pip.pip("install", "--no-build-isolation", *only(site), "--target", target, "app")
    # What is built here is spelled as the build tools of the time do.
    names = {name.lower().replace("other.lib", "other_lib") for name in installed(target)}
    assert names == {"app-1.0", "demo_lib-1.2", "other_lib-0.5"}


def test_pip_downloads_with_hashes(site, pip, tmp_path):
    file = FILES[2]
    (tmp_path / "requirements.txt").write_text(f"demo-lib==1.2 --hash=sha256:{file.sha256}\n")
    words = ["download", "--no-deps", "--require-hashes", *only(site), "-d", tmp_path / "got"]
    pip.pip(*words, "-r", tmp_path / "requirements.txt")
    assert (tmp_path / "got" / file.filename).read_bytes() == file.content

    (tmp_path / "requirements.txt").write_text(f"demo-lib==1.2 --hash=sha256:{'0' * 64}\n")
    pip.pip(*words, "-r", tmp_path / "requirements.txt", fails=True)


def test_pip_takes_pre_releases_only_when_told(site, pip, target):
    pip.pip("install", *only(site), "--target", target, "--pre", "demo-lib")
    assert installed(target) == {"demo_lib-2.0rc1"}


def test_pip_passes_signatures_by(site, pip, target):
    pip.pip("install", *only(site), "--target", target, "signed", "local")
    assert installed(target) == {"signed-1.0", "local-1.0+cu126"}


def test_pip_downloads_an_sdist(site, pip, tmp_path):
    words = ["download", "--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    pip.pip(*words, *only(site), "-d", tmp_path, "other-lib")
    assert (tmp_path / FILES[5].filename).read_bytes() == FILES[5].content


def test_pip_says_that_an_unknown_project_is_not_there(site, pip, target):
    done = pip.pip("install", *only(site), "--target", target, "no-such-project", fails=True)
    assert "No matching distribution found for no-such-project" in done.stderr


@pytest.mark.parametrize("path", ["", "simple", "simple/"])
def test_pip_takes_the_bare_host_and_the_address_without_a_slash(site, pip, target, path):
    pip.pip("install", "--index-url", site.url + path, "--target", target, "demo-lib")
    assert installed(target) == {"demo_lib-1.2"}


@pytest.mark.parametrize("name", PIPS)
def test_pip_signs_in(serve, either_name, client, target, name):
    locks = ["-P", ".htpasswd", "-a", "update,download,list"]
    site = serve(either_name, *locks, users=USERS, files=FILES[1:3])
    pip = client(name)
    address = site.url.replace("http://", "http://{}@") + "simple/"
    pip.pip("install", "-i", address.format("ada:secret"), "--target", target, "demo-lib")
    assert installed(target) == {"demo_lib-1.2"}
    pip.pip("install", "-i", address.format("ada:wrong"), "--target", target / "x", "demo-lib", fails=True)

    (pip.home / ".netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    (pip.home / ".netrc").chmod(0o600)
    pip.pip("install", *only(site), "--target", target / "y", "demo-lib")
    assert installed(target / "y") == {"demo_lib-1.2"}


def test_newest_pip_uses_the_metadata_files_and_the_cache(site, client, target):
    pip = client("pip-newest")
    said = pip.pip("install", "-vvv", *only(site), "--dry-run", "--target", target, "demo-lib").stdout
    assert ".whl.metadata" in said, said
    for folder in ["one", "two"]:
        pip.pip("install", *only(site), "--target", target / folder, "demo-lib")
        assert installed(target / folder) == {"demo_lib-1.2"}


# uv.


@pytest.fixture
def uv(client):
    return client("uv")


def uv_install(uv, target, *words, **more):
    base = ["uv", "pip", "install", "--python", uv.bin / "python", "--target", target]
    return uv.run(*base, *words, **more)


def test_uv_installs_a_project_with_what_it_needs(site, uv, target):
    # The build tools for the sdist would come from an index; they are not there, so it is left out.
    words = ["--default-index", site.url + "simple/", "--no-deps", "app", "demo-lib", "local"]
    uv_install(uv, target, *words)
    assert installed(target) == {"app-1.0", "demo_lib-1.2", "local-1.0+cu126"}


def test_uv_installs_with_hashes(site, uv, target, tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"demo-lib==1.2 --hash=sha256:{FILES[2].sha256}\n")
    words = ["--default-index", site.url + "simple/", "--require-hashes", "-r", requirements]
    uv_install(uv, target, *words)
    assert installed(target) == {"demo_lib-1.2"}
    requirements.write_text(f"demo-lib==1.2 --hash=sha256:{'0' * 64}\n")
    uv_install(uv, target / "x", "--no-cache", *words, fails=True)


@pytest.mark.folder
def test_uv_respects_upload_times(site, uv, target):
    words = ["--default-index", site.url + "simple/", "--exclude-newer"]
    uv_install(uv, target, *words, "2021-01-01", "demo-lib")
    assert installed(target) == {"demo_lib-1.2"}
    uv_install(uv, target / "x", *words, "2020-01-01", "demo-lib", fails=True)


def test_uv_compiles_with_hashes(site, uv, tmp_path):
    (tmp_path / "in.txt").write_text("demo-lib\n")
    words = ["uv", "pip", "compile", "--python", uv.bin / "python", "--generate-hashes"]
    done = uv.run(*words, "--default-index", site.url + "simple/", tmp_path / "in.txt")
    assert f"sha256:{FILES[2].sha256}" in done.stdout


def test_uv_signs_in_and_stops_at_a_wrong_password(serve, either_name, uv, target):
    locks = ["-P", ".htpasswd", "-a", "update,download,list"]
    site = serve(either_name, *locks, users=USERS, files=FILES[1:3])
    address = site.url.replace("http://", "http://{}@") + "simple/"
    uv_install(uv, target, "--default-index", address.format("ada:secret"), "demo-lib")
    assert installed(target) == {"demo_lib-1.2"}
    done = uv_install(uv, target / "x", "--no-cache", "--default-index", address.format("ada:no"), "demo-lib", fails=True)
    assert "401" in done.stderr or "nauthorized" in done.stderr, done.stderr

"""What pip 20.3, 23.0 and the newest do beyond a plain install: choosing, several indexes,
passwords, search. Plain installs are tested under both names; what is here does not depend on it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from clients.conftest import installed
from support.distributions import wheel
from support.programs import Door, Site

PIPS = ["pip-20.3", "pip-23.0", "pip-newest"]
# An account whose password has what an address must quote: `p@ss:w/rd`.
USERS = {"ada": "{SHA}uapAsobrY/8kaQR+2ssHLsRJ1Ps="}
PASSWORD = "p@ss:w/rd"

DEMO = wheel("demo", "1.1", padding=300_000)
FILES = [
    wheel("demo", "1.0"),
    DEMO,
    wheel("demo-tools", "4.0"),
    wheel("choosy", "1.0", requires_python=">=3.6"),
    wheel("choosy", "2.0", requires_python=">=3.99"),
]


@pytest.fixture(scope="module")
def site(serve_all, pypi_server: Door) -> Site:
    return serve_all(pypi_server, "--disable-fallback", files=FILES)


@pytest.fixture(scope="module")
def locked(serve_all, pypi_server: Door) -> Site:
    locks = ["-P", ".htpasswd", "-a", "update,download,list"]
    return serve_all(pypi_server, *locks, "--disable-fallback", users=USERS, files=FILES)


@pytest.fixture(params=PIPS)
def pip(request, client):
    return client(request.param)


def simple(site: Site, user: str = "", password: str = PASSWORD, path: str = "simple/") -> str:
    """The address of an index, with an account in it where one is given."""
    account = f"{user}:{quote(password, safe='')}@" if user else ""
    return f"http://{account}127.0.0.1:{site.port}/{path}"


# Choosing.


def test_pip_passes_a_release_for_a_newer_python_by(site, pip, target):
    pip.pip("install", "-i", simple(site), "--target", target, "choosy")
    assert installed(target) == {"choosy-1.0"}


def test_pip_refuses_a_release_for_a_newer_python(site, pip, target):
    done = pip.pip("install", "-i", simple(site), "--target", target, "choosy==2.0", fails=True)
    assert "No matching distribution found for choosy==2.0" in done.stderr, done


def test_pip_checks_a_hash_that_is_required(site, pip, target):
    wrong = pip.home / "wrong.txt"
    wrong.write_text(f"demo==1.1 --hash=sha256:{'0' * 64}\n")
    words = ["install", "-i", simple(site), "--target", target, "--require-hashes", "-r"]
    done = pip.pip(*words, wrong, fails=True)
    assert "DO NOT MATCH" in done.stderr, done
    assert not target.exists()


@pytest.mark.parametrize("name", PIPS[1:])
def test_pip_lists_the_versions(site, client, name):
    done = client(name).pip("index", "versions", "-i", simple(site), "demo")
    assert "Available versions: 1.1, 1.0" in done.stdout, done


def test_pip_reads_the_metadata_out_of_a_part_of_the_wheel(site, client, target):
    # It asks for ranges, and says so if it does not get them.
    words = ["install", "-v", "--use-feature=fast-deps", "-i", simple(site), "--target", target]
    done = client("pip-20.3").pip(*words, "demo")
    assert "Obtaining dependency information from demo 1.1" in done.stdout, done
    assert "does not support range requests" not in done.stdout, done
    assert installed(target) == {"demo-1.1"}


# Several indexes.


def test_pip_joins_an_index_with_an_extra_one(serve_all, pypi_server, site, pip, target):
    other = serve_all(
        pypi_server, "--disable-fallback", files=[wheel("own", "3.0", requires_dist=["demo"])]
    )
    extra = ["--extra-index-url", simple(other)]
    pip.pip("install", "-i", simple(site), *extra, "--target", target, "own")
    assert installed(target) == {"own-3.0", "demo-1.1"}


def test_pip_follows_the_fallback_for_what_is_not_here(serve_all, pypi_server, site, pip, target):
    own = wheel("own", "3.0", requires_dist=["demo"])
    ours = serve_all(pypi_server, "--fallback-url", simple(site), files=[own, wheel("choosy", "0.1")])
    pip.pip("install", "-i", simple(ours), "--target", target, "own", "choosy")
    # What is here is never looked up there, whatever the version.
    assert installed(target) == {"own-3.0", "demo-1.1", "choosy-0.1"}


# Passwords.


def test_pip_signs_in_with_a_password_that_must_be_quoted(locked, pip, target):
    done = pip.pip("install", "-i", simple(locked, "ada"), "--target", target, "demo")
    assert installed(target) == {"demo-1.1"}
    assert PASSWORD not in locked.log and PASSWORD not in done.stdout


@pytest.mark.parametrize("user", ["ada", "nobody"])
def test_pip_says_that_a_wrong_password_is_unauthorized(locked, pip, target, user):
    # The older ones say why only if asked.
    words = ["install", "-vv", "--target", target, "demo", "-i", simple(locked, user, "wrong")]
    done = pip.pip(*words, fails=True)
    assert "401" in done.stdout + done.stderr, done
    assert not target.exists()


def test_pip_without_a_password_gets_nothing(locked, pip, target):
    done = pip.pip("install", "-vv", "-i", simple(locked), "--target", target, "demo", fails=True)
    assert "401" in done.stdout + done.stderr, done
    assert not target.exists()


@pytest.mark.parametrize("name", [PIPS[0], PIPS[-1]])
def test_pip_signs_in_for_files_alone(serve_all, pypi_server, client, target, name):
    locks = ["-P", ".htpasswd", "-a", "update,download"]
    site = serve_all(pypi_server, *locks, users=USERS, files=FILES)
    words = ["install", "--target", target, "demo", "-i"]
    done = client(name).pip(*words, simple(site), fails=True)
    assert "401" in done.stdout + done.stderr, done
    client(name).pip(*words, simple(site, "ada"))
    assert installed(target) == {"demo-1.1"}


# Search.


@pytest.mark.parametrize("path", ["RPC2", "", "pypi", "simple/"])
@pytest.mark.parametrize("name", [PIPS[0], PIPS[-1]])
def test_pip_searches(site, client, name, path):
    done = client(name).pip("search", "--index", simple(site, path=path), "demo")
    found = {line.split(" - ")[0].strip().replace("_", "-") for line in done.stdout.splitlines()}
    assert {"demo (1.1)", "demo-tools (4.0)"} <= found, done
    assert not any(line.startswith("choosy") for line in found), done


def test_pip_search_that_finds_nothing_says_so_by_its_status(site, pip):
    done = pip.pip("search", "--index", simple(site, path="pypi"), "nowhere", fails=True)
    assert done.returncode == 23, done


def test_pip_search_signs_in(locked, client):
    pip = client("pip-20.3")
    done = pip.pip("search", "--index", simple(locked, path="pypi"), "demo", fails=True)
    assert "401" in done.stderr, done
    found = pip.pip("search", "--index", simple(locked, "ada", path="pypi"), "demo").stdout
    assert "demo (1.1)" in found

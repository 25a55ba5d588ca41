"""The round trip of a company that has used pypiserver for years, word for word: the old upload
command with `.pypirc`, then every way in which its machines know the index."""

from __future__ import annotations

import shutil
import subprocess
import xmlrpc.client
from pathlib import Path

import pytest

from clients.conftest import Client, installed
from support.distributions import wheel
from support.programs import Door, Site
from support.waiting import wait_until

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "helpers"
FILE = "helpers-1.2.tar.gz"

# What the old build command warns about in these days.
QUIET = {"PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="module")
def site(serve_all, door: Door) -> Site:
    """`pypi-server -p PORT -P .htpasswd packages`, as it stands in the start script."""
    stored = subprocess.run(
        ["htpasswd", "-nb", "ada", "lovelace"], capture_output=True, text=True, check=True
    ).stdout.strip().split(":", 1)[1]
    site = serve_all(door, "-P", ".htpasswd", form=[], roots=[], users={"ada": stored}, start=False)
    site.root_arguments = ["packages"]
    packages = site.folder / "packages"
    packages.mkdir()
    # The other packages of the company. An index given as extra is asked for everything.
    wheel("company-base", "3.1").put(packages)
    return site.start()


@pytest.fixture(scope="module")
def uploaded(site: Site, tmp_path_factory) -> Site:
    """The site after `python setup.py sdist upload -r particle`."""
    home = tmp_path_factory.mktemp("home")
    work = home / "helpers"
    shutil.copytree(EXAMPLE, work, ignore=shutil.ignore_patterns("dist", "*.egg-info", "build"))
    settings = (EXAMPLE / ".pypirc").read_text().replace("PORT", str(site.port))
    (home / ".pypirc").write_text(settings)
    upload = Client("old-upload", home).run(
        "python", "setup.py", "sdist", "upload", "-r", "particle", folder=work, environment=QUIET
    )
    assert "Server response (200): OK" in upload.stdout + upload.stderr, upload
    return site


def test_kept_upload_with_setuptools_arrives(uploaded: Site):
    assert FILE in uploaded.listed()
    assert (uploaded.folder / "packages" / FILE).exists()


def test_kept_second_upload_of_a_changed_package_is_refused(uploaded: Site, tmp_path):
    work = tmp_path / "helpers"
    shutil.copytree(EXAMPLE, work)
    (work / "helpers" / "extra.py").write_text("MORE = 1\n")
    settings = (EXAMPLE / ".pypirc").read_text().replace("PORT", str(uploaded.port))
    (tmp_path / ".pypirc").write_text(settings)
    before = uploaded.get("/packages/" + FILE).body
    done = Client("old-upload", tmp_path).run(
        "python", "setup.py", "sdist", "upload", "-r", "particle", folder=work, environment=QUIET, fails=True
    )
    assert "409" in done.stdout + done.stderr, done
    assert uploaded.get("/packages/" + FILE).body == before


def install(client, site: Site, target: Path, *words: str, **more) -> None:
    """Installs without an index of the machine: what is not here is not found."""
    client.pip("install", "--no-build-isolation", "--target", target, *words, **more)
    assert installed(target) == {"helpers-1.2"}
    assert (target / "helpers" / "CHANGELOG").read_text().startswith("1.2 (2016-05-01)")


PIPS = ["pip-20.3", "pip-23.0", "pip-newest"]

# An address at which nobody listens stands for the public index, so that no test needs one.
NOWHERE = "http://127.0.0.1:9/simple/"


@pytest.mark.parametrize("name", PIPS)
def test_kept_install_from_the_environment(client, uploaded, target, name):
    variables = {
        "PIP_EXTRA_INDEX_URL": uploaded.url + "simple/",
        "PIP_INDEX_URL": NOWHERE,
    }
    install(client(name), uploaded, target, "helpers", environment=variables)


def pip_conf(home: Path, extra: str, *lines: str) -> dict[str, str]:
    """Writes the settings of a machine, and returns the variable that leads pip to them."""
    file = home / "pip.conf"
    words = ["[global]", f"index-url = {NOWHERE}", f"extra-index-url = {extra}", *lines]
    file.write_text("\n".join(words) + "\n")
    return {"PIP_CONFIG_FILE": str(file)}


def another_host(site: Site) -> str:
    """The same address in a spelling that pip does not know as this machine: it wants TLS there."""
    return site.url.replace("127.0.0.1", "127.1") + "simple/"


@pytest.mark.parametrize("name", PIPS)
def test_kept_install_from_pip_conf_with_a_trusted_host(client, uploaded, target, name):
    pip = client(name)
    settings = pip_conf(pip.home, another_host(uploaded), "trusted-host = 127.1")
    install(pip, uploaded, target, "helpers", environment=settings)


def test_kept_without_the_trusted_host_pip_refuses(client, uploaded, target):
    pip = client("pip-newest")
    settings = pip_conf(pip.home, another_host(uploaded))
    done = pip.pip("install", "--target", target, "helpers", environment=settings, fails=True)
    assert "not a trusted or secure host" in done.stderr, done


@pytest.mark.parametrize("name", PIPS)
@pytest.mark.parametrize("path", ["simple/", "simple", ""], ids=["simple", "no slash", "bare host"])
def test_kept_install_with_the_option(client, uploaded, target, name, path):
    words = ["--index-url", NOWHERE, "--extra-index-url", uploaded.url + path]
    install(client(name), uploaded, target, *words, "helpers")


@pytest.mark.parametrize("path", ["RPC2", "", "pypi", "simple/"])
def test_old_pip_finds_it_with_search(client, uploaded, path):
    """Kept at `/RPC2`, mended at the addresses that people know: the control answers at one."""
    if uploaded.door.is_control:
        path = "RPC2"
    done = client("pip-20.3").pip("search", "--index", uploaded.url + path, "helpers")
    assert "helpers" in done.stdout and "1.2" in done.stdout, done


def test_kept_any_client_finds_it_with_search(uploaded):
    with xmlrpc.client.ServerProxy(uploaded.url + "RPC2") as server:
        hits = server.search({"name": ["helpers"], "summary": ["helpers"]}, "or")
    assert [(hit["name"], hit["version"]) for hit in hits] == [("helpers", "1.2")]


def test_kept_wrong_password_in_pypirc_is_refused(site: Site, tmp_path):
    work = tmp_path / "helpers"
    shutil.copytree(EXAMPLE, work)
    changelog = work / "helpers" / "CHANGELOG"
    changelog.write_text("9.9 (2016-06-01)\n\n" + changelog.read_text())
    settings = (EXAMPLE / ".pypirc").read_text().replace("PORT", str(site.port))
    (tmp_path / ".pypirc").write_text(settings.replace("lovelace", "wrong"))
    done = Client("old-upload", tmp_path).run(
        "python", "setup.py", "sdist", "upload", "-r", "particle", folder=work, environment=QUIET, fails=True
    )
    assert "Upload failed (40" in done.stdout + done.stderr, done
    assert "helpers-9.9.tar.gz" not in site.listed()


def test_kept_it_is_still_there_after_a_restart(uploaded: Site):
    port = uploaded.port
    uploaded.stop()
    uploaded.start(port)
    wait_until(lambda: FILE in uploaded.listed(), seconds=10)

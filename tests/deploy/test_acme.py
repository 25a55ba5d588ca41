"""Certificates from an ACME server: a real one asks back, and clients check what it signed."""

from __future__ import annotations

import socket
import ssl
import stat

import pytest

from support.acme import Pebble
from support.authority import Authority
from support.distributions import wheel
from support.ports import free_port
from support.programs import Site
from support.waiting import wait_until

DEMO = wheel("demo", "1.0")
NAME, OTHER = "packages.tests.example", "python.tests.example"


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def pebble(tmp_path, authority, port):
    pebble = Pebble(tmp_path / "pebble", authority, port=port)
    yield pebble
    pebble.close()


@pytest.fixture
def begin(serve, wheelhouse, authority, port):
    """Starts the server at the port where the ACME server asks."""

    def start(directory: str, *names: str, at: int | None = None) -> Site:
        words = ["--acme-domains", ",".join(names), "--acme-directory", directory, "--acme-accept-terms", "true",
                 "--acme-contact", "ada@tests.example"]
        site = serve(wheelhouse, *words, files=[DEMO], start=False, environment={"SSL_CERT_FILE": str(authority.file)})
        return site.start(at or port)

    return start


def shown(site: Site, trusted: ssl.SSLContext, name: str) -> dict | None:
    """The certificate that a client gets which asks for a name, or nothing if it is not trusted."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        try:
            with trusted.wrap_socket(plain, server_hostname=name) as secured:
                return secured.getpeercert()
        except ssl.SSLCertVerificationError:
            return None


def test_certificate_comes_by_itself_and_is_trusted(begin, pebble):
    site = begin(pebble.directory, NAME, OTHER)
    trusted = pebble.trusted()
    wait_until(lambda: shown(site, trusted, NAME), seconds=60, what="a certificate")
    assert {value for _, value in shown(site, trusted, OTHER)["subjectAltName"]} == {NAME, OTHER}
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        with trusted.wrap_socket(plain, server_hostname=NAME) as secured:
            secured.sendall(b"GET /simple/demo/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: secured.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200") and DEMO.filename.encode() in answer
    folder = site.packages / ".wheelhouse" / "acme"
    for kept in ["account.json", "certificate.pem", "key.pem"]:
        assert stat.S_IMODE((folder / kept).stat().st_mode) == 0o600, kept
    assert not (site.packages / "acme").exists()


def test_certificate_is_kept_over_a_restart_and_anew_for_another_name(begin, pebble, port):
    site = begin(pebble.directory, NAME)
    trusted = pebble.trusted()
    wait_until(lambda: shown(site, trusted, NAME), seconds=60, what="a certificate")
    first = shown(site, trusted, NAME)["serialNumber"]
    site.stop()
    site.start(port)
    assert shown(site, trusted, NAME)["serialNumber"] == first, "at once, and the same one"
    account = (site.packages / ".wheelhouse/acme/account.json").read_bytes()
    site.stop()
    site.options[site.options.index(NAME)] = f"{NAME},{OTHER}"
    site.start(port)
    assert shown(site, trusted, NAME)["serialNumber"] == first, "the old one until the new one is there"
    wait_until(lambda: shown(site, trusted, OTHER), seconds=60, what="a certificate for both names")
    assert (site.packages / ".wheelhouse/acme/account.json").read_bytes() == account


def test_name_that_cannot_be_proven_is_told_and_the_server_runs(begin, pebble):
    site = begin(pebble.directory, NAME, at=free_port())
    wait_until(lambda: "no new certificate" in site.log, seconds=60, what="the failure in the log")
    assert "could not be proven" in site.log and "port 443" in site.log, site.log
    assert shown(site, pebble.trusted(), NAME) is None
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        with careless.wrap_socket(plain, server_hostname=NAME) as secured:
            secured.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert secured.recv(1000).startswith(b"HTTP/1.1 200")


def test_server_that_is_away_is_told(begin, authority):
    site = begin(f"https://localhost:{free_port()}/dir", NAME)
    wait_until(lambda: "no new certificate" in site.log, seconds=30, what="the failure in the log")
    assert "trying again in 300 seconds" in site.log


def test_nobody_gets_a_proof_who_was_not_promised_one(begin, pebble):
    site = begin(pebble.directory, NAME)
    wait_until(lambda: shown(site, pebble.trusted(), NAME), seconds=60, what="a certificate")
    asking = ssl.create_default_context()
    asking.check_hostname = False
    asking.verify_mode = ssl.CERT_NONE
    asking.set_alpn_protocols(["acme-tls/1"])
    for name in [NAME, "other.example"]:
        with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                asking.wrap_socket(plain, server_hostname=name).recv(1)


def test_health_is_told_over_https(begin, pebble, wheelhouse):
    site = begin(pebble.directory, NAME)
    done = wheelhouse.run("health", "-i", "127.0.0.1", "-p", str(site.port), "--acme-domains", NAME, folder=site.folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("words", "said"), [
    (["--acme-domains", NAME], "--acme-accept-terms"),
    (["--acme-domains", "a b"], "no name of a host"),
    (["--acme-domains", NAME, "--acme-directory", "http://x"], "https://"),
    (["--acme-domains", NAME, "--acme-contact", "nobody"], "e-mail"),
    (["--acme-domains", NAME, "--acme-accept-terms", "true", "--tls-certificate", "a", "--tls-key", "b"], "together"),
])
def test_mistakes_are_told_at_the_start(wheelhouse, tmp_path, words, said):
    (tmp_path / "packages").mkdir()
    done = wheelhouse.run("run", "packages", "-p", "0", *words, folder=tmp_path)
    assert done.returncode != 0 and said in done.stderr, done.stderr

"""HTTPS: certificates from files, taken anew when they change, with clients that check them."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time

import httpx
import pytest

from support.authority import Authority
from support.distributions import wheel
from support.programs import Site
from support.waiting import wait_until

DEMO = wheel("demo", "1.0")
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def site(serve, wheelhouse, authority) -> Site:
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--hsts-seconds", "600",
        "-P", ".htpasswd", files=[DEMO], users=USERS, start=False,
    )
    authority.issue(site.folder)
    return site.start()


def get(site: Site, authority: Authority, path: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPSConnection("127.0.0.1", site.port, context=authority.trusted(), timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.content = answer.read()
    connection.close()
    return answer


def common_name(site: Site, authority: Authority) -> str:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        with authority.trusted().wrap_socket(plain, server_hostname="localhost") as secured:
            subject = dict(pair[0] for pair in secured.getpeercert()["subject"])
            return subject["commonName"]


def test_pages_and_files_come_by_https_with_links_that_say_so(site, authority):
    assert f"https://127.0.0.1:{site.port}/simple/" in site.stderr, "the banner names the address"
    page = get(site, authority, "/simple/demo/")
    assert page.status == 200 and DEMO.filename.encode() in page.content
    assert get(site, authority, "/packages/" + DEMO.filename).content == DEMO.content
    assert page.getheader("Strict-Transport-Security") == "max-age=600"
    document = get(site, authority, "/pypi/demo/json").content.decode()
    assert f"https://127.0.0.1:{site.port}/packages/{DEMO.filename}" in document
    assert "http://127.0.0.1" not in document


def test_http_2_is_spoken_and_links_name_the_host(site, authority):
    with httpx.Client(http2=True, verify=authority.trusted(), timeout=10) as client:
        answer = client.get(f"https://localhost:{site.port}/pypi/demo/json")
        assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
        assert f"https://localhost:{site.port}/packages/" in answer.text
        files = [client.get(f"https://localhost:{site.port}/packages/{DEMO.filename}") for _ in range(3)]
        assert {file.content for file in files} == {DEMO.content}


def test_plain_http_is_told_what_is_spoken(site):
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(b"GET /simple/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        said = b""
        while chunk := connection.recv(4096):
            said += chunk
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"https://" in body
    assert f"Content-Length: {len(body)}".encode() in head


def test_client_that_does_not_know_the_authority_stays_away(site):
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_in_use_are_spoken(site, authority, version):
    context = authority.trusted()
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            secured.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert secured.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_new_certificate_is_taken_while_requests_go_on(site, authority):
    assert common_name(site, authority) == "localhost"
    kept = http.client.HTTPSConnection("127.0.0.1", site.port, context=authority.trusted(), timeout=10)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read()
    authority.issue(site.folder, "renewed")
    wait_until(lambda: common_name(site, authority) == "renewed", seconds=15)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read(), "connections that were open go on"
    kept.close()


def test_damaged_pair_leaves_the_old_one_in_use(site, authority):
    (site.folder / "server.key").write_text("no key")
    wait_until(lambda: "the old certificate is used on" in site.log, seconds=15)
    assert common_name(site, authority) == "localhost"
    authority.issue(site.folder, "mended")
    wait_until(lambda: common_name(site, authority) == "mended", seconds=15)


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [("missing.pem", "server.key", "missing.pem"), ("empty.pem", "server.key", "no certificate"),
     ("server.pem", "other.key", "together"), ("server.pem", "empty.pem", "empty.pem")],
)
def test_start_says_what_is_wrong_with_the_files(wheelhouse, authority, tmp_path, certificate, key, words):
    other = tmp_path / "other"
    other.mkdir()
    authority.issue(tmp_path)
    authority.issue(other)[1].rename(tmp_path / "other.key")
    (tmp_path / "empty.pem").write_text("")
    done = wheelhouse.run("run", "-p", "0", "--tls-certificate", certificate, "--tls-key", key, folder=tmp_path)
    assert done.returncode != 0 and words in done.stderr, done.stderr


def test_half_of_a_pair_is_a_mistake(wheelhouse, tmp_path):
    done = wheelhouse.run("run", "--tls-certificate", "a.pem", folder=tmp_path)
    assert done.returncode == 2 and "--tls-key" in done.stderr


def test_client_that_says_nothing_is_given_up_and_holds_up_nobody(serve, wheelhouse, authority):
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--header-timeout-seconds", "1",
        files=[DEMO], start=False,
    )
    authority.issue(site.folder)
    site.start()
    silent = [socket.create_connection(("127.0.0.1", site.port), timeout=20) for _ in range(20)]
    assert get(site, authority, "/healthz").status == 200
    began = time.monotonic()
    for connection in silent:
        assert connection.recv(1) == b"", "it was closed"
        connection.close()
    assert time.monotonic() - began < 15


def test_health_asks_by_https_and_knows_the_certificate(site, wheelhouse, authority):
    words = ["health", "-p", str(site.port), "--tls-certificate", "server.pem", "--tls-key", "server.key"]
    assert wheelhouse.run(*words, folder=site.folder).stdout == "ok\n"
    authority.issue(site.folder, "another")
    os.utime(site.folder / "server.pem")
    other = site.folder / "elsewhere"
    other.mkdir()
    authority.issue(other, "never served")
    words[4] = "elsewhere/server.pem"
    done = wheelhouse.run(*words, folder=site.folder)
    assert done.returncode == 1, done


def test_upload_with_twine_and_install_with_uv_over_https(site, authority, tmp_path, monkeypatch):
    from clients.conftest import Client

    file = wheel("demo", "2.0")
    file.put(tmp_path / "dist")
    home = tmp_path / "home"
    home.mkdir()
    words = ["--non-interactive", "--disable-progress-bar", "--repository-url", f"https://127.0.0.1:{site.port}/legacy/"]
    environment = {"REQUESTS_CA_BUNDLE": str(authority.file), "TWINE_CERT": str(authority.file)}
    twine = Client("twine-7", home)
    twine.run("twine", "upload", *words, "-u", "ada", "-p", "secret", tmp_path / "dist" / file.filename, environment=environment)
    uv = Client("uv", home)
    target = tmp_path / "target"
    words = ["--default-index", f"https://127.0.0.1:{site.port}/simple/", "--target", target, "--python", "python3"]
    uv.run("uv", "pip", "install", *words, "demo", environment={"SSL_CERT_FILE": str(authority.file)})
    assert (target / "demo-2.0.dist-info").is_dir()
    pip = Client("pip-newest", home)
    target = tmp_path / "pip"
    words = ["--index-url", f"https://127.0.0.1:{site.port}/simple/", "--cert", authority.file, "--target", target]
    pip.pip("install", *words, "demo")
    assert (target / "demo-2.0.dist-info").is_dir()

"""What somebody tries again and again is stopped with 429, and others are not."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack

import pytest

from support.distributions import wheel
from support.programs import Site
from support.waiting import wait_until

USERS = {name: "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=" for name in ["ada", "bob"]}
LOCKED = ["-P", ".htpasswd", "-a", "update,download,list"]


def metric(site: Site, name: str) -> int:
    found = re.search(rf"^{name} (\d+)$", site.get("/metrics").text, re.MULTILINE)
    return int(found.group(1)) if found else 0


@pytest.fixture
def site(serve, wheelhouse) -> Site:
    options = ["--max-failed-sign-ins", "5", "--trusted-proxy", "127.0.0.1"]
    return serve(wheelhouse, *LOCKED, *options, files=[wheel("demo", "1.0")], users=USERS)


def via(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_guesses_of_a_password_are_stopped_for_that_user_and_address(site):
    answers = [site.get("/simple/", user=("ada", f"guess-{n}")) for n in range(8)]
    assert [answer.status for answer in answers] == [401] * 5 + [429] * 3
    assert 1 <= int(answers[-1].header("Retry-After")) <= 61
    assert "too many sign-ins" in answers[-1].text
    # The right password tells nobody anything either while the guesses are stopped.
    assert site.get("/simple/", user=("ada", "secret")).status == 429
    assert site.get("/simple/", user=("bob", "secret")).status == 200
    assert site.get("/simple/", user=("ada", "secret"), headers=via("192.0.2.7")).status == 200
    assert metric(site, "wheelhouse_limited_sign_ins_total") == 4
    assert metric(site, "wheelhouse_failed_sign_ins_total") == 5


def test_guesses_of_names_are_stopped_for_the_whole_address(site):
    here, there = via("198.51.100.1"), via("198.51.100.2")
    statuses = [site.get("/simple/", user=(f"user-{n}", "x"), headers=here).status for n in range(60)]
    assert statuses == [401] * 50 + [429] * 10
    assert site.get("/simple/", user=("ada", "secret"), headers=here).status == 429
    assert site.get("/simple/", user=("ada", "secret"), headers=there).status == 200


def test_address_is_believed_from_a_trusted_proxy_alone(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--max-failed-sign-ins", "5", users=USERS)
    statuses = [site.get("/simple/", user=("ada", "x"), headers=via(f"192.0.2.{n}")).status for n in range(7)]
    assert statuses == [401] * 5 + [429] * 2, "whoever is not trusted cannot take another address"


def test_uploaders_are_stopped_in_the_form_that_they_understand(site):
    for number in range(6):
        answer = site.upload(wheel("demo", f"2.{number}"), user=("ada", "wrong"), agent="twine/7.0.0")
    assert answer.status == 429 and "too many sign-ins" in answer.reason
    assert site.listed(user=("bob", "secret")) == [wheel("demo", "1.0").filename]


def test_a_token_that_is_worth_nothing_stops_itself_alone(site):
    token, other = (f"wheelhouse_{letter * 88}" for letter in "AB")
    statuses = [site.get("/simple/", user=("__token__", token)).status for _ in range(60)]
    assert statuses == [401] * 5 + [429] * 55
    assert site.get("/simple/", headers={"Authorization": f"Bearer {token}"}).status == 429
    assert site.get("/simple/", user=(token, "")).status == 429
    assert site.get("/simple/", user=("__token__", other)).status == 401
    assert site.get("/simple/", user=("ada", "secret")).status == 200


def test_what_is_no_credentials_guesses_nothing(site):
    for text in ["Digest username=ada", "Basic ***", "Negotiate abc"]:
        statuses = {site.get("/simple/", headers={"Authorization": text}).status for _ in range(60)}
        assert statuses == {401}, text
    assert site.get("/simple/", user=("ada", "secret")).status == 200


def test_uploads_of_one_actor_are_limited(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--max-uploads-per-hour", "3", users=USERS)
    answers = [site.upload(wheel("demo", f"1.{n}"), user=("ada", "secret")) for n in range(5)]
    assert [answer.status for answer in answers] == [200] * 3 + [429] * 2
    assert 3500 < int(answers[-1].header("Retry-After")) <= 3601
    assert site.upload(wheel("other", "1.0"), user=("bob", "secret")).status == 200
    assert metric(site, "wheelhouse_limited_uploads_total") == 2
    assert len(site.listed(user=("ada", "secret"))) == 4


def test_under_pypiservers_name_nobody_is_stopped(serve, pypi_server):
    site = serve(pypi_server, *LOCKED, users=USERS)
    statuses = {site.get("/simple/", user=("ada", f"guess-{n}")).status for n in range(400)}
    assert statuses == {401}
    assert site.get("/simple/", user=("ada", "secret")).status == 200


def limited(site: Site, limit: str) -> int:
    found = re.search(rf'^wheelhouse_limited_requests_total{{limit="{limit}"}} (\d+)$', site.get("/metrics").text,
                      re.MULTILINE)
    return int(found.group(1)) if found else 0


def test_requests_beyond_a_limit_are_told_and_counted(serve, wheelhouse):
    site = serve(wheelhouse, "-a", ".", "-P", ".", "--max-upload-mib", "1")
    large = wheel("large", "1.0", padding=2_000_000)
    answer = site.upload(large)
    assert answer.status == 400 and "--max-upload-mib" in answer.text
    assert limited(site, "body-size") == 1
    answer = site.raw(b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431")
    # It is counted when the connection has ended, which may be after the answer.
    wait_until(lambda: limited(site, "head-size") == 1, seconds=10)
    assert limited(site, "head-time") == limited(site, "body-time") == limited(site, "connections") == 0


def test_heads_that_do_not_end_are_counted(serve, wheelhouse):
    site = serve(wheelhouse, "--header-timeout-seconds", "1")
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        assert b"HTTP/1.1 200" not in connection.recv(1000)
    wait_until(lambda: limited(site, "head-time") == 1, seconds=10)


def test_too_many_connections_are_told_when_to_come_again(serve, wheelhouse):
    site = serve(wheelhouse, "--max-connections", "4", files=[wheel("demo", "1.0")])
    with ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", site.port))) for _ in range(4)]
        answer = site.get("/simple/demo/")
        assert answer.status == 503 and "too many connections" in answer.text
        assert int(answer.header("Retry-After")) > 0
        # So is everybody who comes after, at once.
        answers = [site.get("/simple/").status for _ in range(20)]
        assert answers == [503] * 20
        for connection in idle:
            connection.close()
        wait_until(lambda: site.get("/simple/demo/").status == 200, seconds=10)
    assert limited(site, "connections") >= 21

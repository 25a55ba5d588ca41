"""Authentication as clients do it, protocol §10."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from support.distributions import wheel
from support.http import basic
from support.programs import Door, Site

DEMO = wheel("demo", "1.0")
ADA = ("ada", "secret")
UV = {"Accept": "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"}


def stored(password: str) -> str:
    """A line of a password file for a password. Without salt: the text needs no tool."""
    return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


USERS = {"ada": stored("secret"), "jürgen": stored("geheim: ß"), "colon": stored(":a:b:")}
# One site gets more wrong passwords in a minute than a person would type.
UNLIMITED = ["--max-failed-sign-ins", "0"]


@pytest.fixture(scope="module")
def locked(serve_all, either_name: Door) -> Site:
    """Everything needs a password."""
    options = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", *UNLIMITED]
    return serve_all(either_name, *options, files=[DEMO], users=USERS)


@pytest.fixture(scope="module")
def readable(serve_all, either_name: Door) -> Site:
    """Anybody reads, users upload."""
    options = ["-P", ".htpasswd", "--disable-fallback", *UNLIMITED]
    return serve_all(either_name, *options, files=[DEMO], users=USERS)


PROTECTED = [
    "/simple/",
    "/simple/demo/",
    "/simple/unknown/",
    "/simple/Demo/",
    "/simple",
    "/simple/demo",
    "/simple/unknown",
    "/packages/",
    "/packages/" + DEMO.filename,
    "/packages/" + DEMO.filename + ".metadata",
    "/packages/unknown-1.0.zip",
    "/+simple/demo/",
    "/legacy/+simple/demo/",
    "/demo/json",
    "/unknown/json",
]

REFUSED = {
    "missing": {},
    "wrong password": {"Authorization": basic("ada", "wrong")},
    "wrong user": {"Authorization": basic("eve", "secret")},
    "empty": {"Authorization": basic("", "")},
    "token": {"Authorization": basic("__token__", "tok-123")},
    "bearer": {"Authorization": "Bearer tok-123"},
    "digest": {"Authorization": 'Digest username="ada"'},
    "no base64": {"Authorization": "Basic ***"},
    "no colon": {"Authorization": "Basic " + base64.b64encode(b"ada").decode()},
    "nothing": {"Authorization": ""},
}
CHALLENGE = re.compile(r'Basic realm="[^"]+", charset="UTF-8"')


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
def test_auth_01_missing_or_wrong_credentials_are_401_with_a_challenge(locked, headers, method):
    for path in PROTECTED:
        answer = locked.ask(method, path, headers=headers)
        assert answer.status == 401, path
        assert CHALLENGE.fullmatch(answer.header("WWW-Authenticate") or ""), (path, answer)
        assert "demo" not in answer.text, path


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("path", ["/", "/legacy/", "/legacy"])
def test_auth_01_refused_upload_is_401_with_a_challenge(readable, headers, path):
    answer = readable.upload(wheel("other", "1.0"), path=path, headers=headers)
    assert answer.status == 401
    assert CHALLENGE.fullmatch(answer.header("WWW-Authenticate") or "")
    assert readable.get("/simple/other/").status == 404


def test_auth_01_challenge_comes_with_the_form_that_uv_reads(readable):
    answer = readable.upload(wheel("other", "1.0"), headers=UV, user=("ada", "wrong"))
    assert (answer.status, answer.header("Content-Type")) == (401, "application/json")
    assert CHALLENGE.fullmatch(answer.header("WWW-Authenticate") or "")
    assert answer.json["code"].startswith("401 ")


@pytest.mark.parametrize("path", PROTECTED)
def test_auth_04_credentials_sent_at_once_are_enough(locked, path):
    answer = locked.get(path, user=ADA)
    if answer.status in (301, 308):
        path = answer.leads_to(locked.url.rstrip("/") + path).removeprefix(locked.url.rstrip("/"))
        answer = locked.get(path, user=ADA)
    assert answer.status == (404 if "unknown" in path else 200)


def test_auth_04_credentials_count_for_each_request_of_a_connection(locked):
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", locked.port, timeout=10)
    for headers, status in [({"Authorization": basic(*ADA)}, 200), ({}, 401)] * 3:
        connection.request("GET", "/simple/demo/", headers=headers)
        response = connection.getresponse()
        response.read()
        assert response.status == status
    connection.close()


def header_of(text: str, encoding: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode(encoding)).decode()}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_auth_06_basic_is_utf_8_or_else_latin_1(locked, encoding):
    assert locked.get("/simple/", headers=header_of("jürgen:geheim: ß", encoding)).status == 200
    assert locked.get("/simple/", headers=header_of("jürgen:geheim: s", encoding)).status == 401


@pytest.mark.parametrize(
    ("text", "status"),
    [("colon::a:b:", 200), ("colon:a:b:", 401), ("colon::a:b", 401), ("colon", 401), ("colon:", 401)],
)
def test_auth_06_first_colon_ends_the_user(locked, text, status):
    assert locked.get("/simple/", headers=header_of(text, "utf-8")).status == status


def test_auth_07_without_credentials_known_and_unknown_look_alike(locked):
    for known, unknown in [
        ("/simple/demo/", "/simple/unknown/"),
        ("/packages/" + DEMO.filename, "/packages/unknown-1.0-py3-none-any.whl"),
        ("/demo/json", "/unknown/json"),
        ("/demo/", "/unknown/"),
    ]:
        answers = [locked.get(path) for path in [known, unknown]]
        seen = [(a.status, a.reason, a.body.replace(b"unknown", b"demo"), a.type) for a in answers]
        assert seen[0] == seen[1], (known, unknown)


@pytest.mark.parametrize("user", [None, ADA], ids=["anybody", "user"])
def test_auth_09_not_found_is_never_403(locked, readable, user):
    sites = [readable, locked] if user else [readable]
    for site in sites:
        for path in ["/simple/unknown/", "/packages/unknown-1.0.zip", "/+simple/unknown/", "/unknown/json"]:
            for method in ["GET", "HEAD"]:
                assert site.ask(method, path, user=user).status == 404, (path, method)


READS = ["/simple/", "/simple/demo/", "/packages/", "/packages/" + DEMO.filename, "/packages/" + DEMO.filename + ".metadata"]


def test_auth_10_reading_needs_no_password_where_only_uploads_do(readable):
    for path in READS:
        assert readable.get(path).status == 200, path
        assert readable.get(path, user=ADA).status == 200, path
    assert readable.upload(DEMO).status == 401
    assert readable.upload(DEMO, user=ADA).status == 200


@pytest.mark.parametrize("headers", [h for h in REFUSED.values() if h], ids=[n for n, h in REFUSED.items() if h])
def test_auth_10_wrong_credentials_on_open_pages_follow_the_name_of_the_program(readable, headers):
    # Architecture §9: ignored as pypiserver did, or refused, since ignoring hides what expired.
    wanted = 200 if readable.door.is_drop_in else 401
    for path in READS:
        answer = readable.get(path, headers=headers)
        assert answer.status == wanted, path
        assert bool(CHALLENGE.fullmatch(answer.header("WWW-Authenticate") or "")) == (wanted == 401), path


def test_auth_10_wrong_credentials_are_ignored_where_there_are_no_users(serve, either_name):
    site = serve(either_name, "-P", ".", "-a", ".", files=[DEMO])
    for path in READS:
        assert site.get(path, user=("ada", "wrong")).status == 200, path
    assert site.upload(DEMO, user=("ada", "wrong")).status == 200


def test_auth_10_credentials_do_not_make_another_page(readable):
    # What was kept for one reader must fit the next.
    for headers in [{}, {"Accept": "application/vnd.pypi.simple.v1+json"}]:
        bodies = {readable.get("/simple/demo/", headers=headers, user=user).body for user in [None, ADA]}
        assert len(bodies) == 1


def test_auth_10_locked_pages_are_not_kept_for_others(locked):
    for path in READS:
        assert locked.get(path, user=ADA).status == 200
        assert locked.get(path).status == 401, path
        tag = locked.get(path, user=ADA).header("ETag")
        assert locked.get(path, headers={"If-None-Match": tag or "*"}).status == 401, path


def test_auth_11_there_are_no_cookies(locked, readable):
    for site in [locked, readable]:
        for user in [None, ADA, ("ada", "wrong")]:
            for path in ["/", "/healthz", *PROTECTED]:
                assert site.get(path, user=user).header("Set-Cookie") is None, path
            assert site.upload(DEMO, user=user).header("Set-Cookie") is None


def test_auth_11_upload_needs_no_token_of_a_page(readable):
    headers = {"Origin": "https://page.example", "Referer": "https://page.example/"}
    assert readable.upload(DEMO, user=ADA, headers=headers).status == 200

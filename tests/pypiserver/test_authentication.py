"""Locks and credentials, spec/pypiserver.md §2.7 and the options of §1.2."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import threading
import time

import pytest

from support.distributions import any_file, wheel
from support.programs import Door, Site

# SHA-1 of "secret": no salt, so that the text needs no tool.
SECRET = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
ADA = ("ada", "secret")
DEMO = wheel("demo", "1.0")
FILE = "/packages/" + DEMO.filename

# What each lock shuts.
ROUTES = {
    "list": ["/simple/", "/simple/demo/", "/simple/unknown/", "/packages/", "/demo/json", "/simple"],
    "download": [FILE],
    "update": ["POST upload", "POST submit", "POST remove_pkg"],
}
OPEN_ALWAYS = ["/", "/health", "/demo", "/demo/"]


def visit(site: Site, route: str, user=None) -> int:
    if not route.startswith("POST "):
        return site.get(route, user=user).status
    action = route.split()[1]
    if action == "upload":
        return site.upload(wheel("other", "1.0"), user=user).status
    fields = {":action": action, "name": "nothing", "version": "1.0"}
    return site.post_urlencoded(fields, user=user).status


def start(serve, door: Door, *options: str, **more) -> Site:
    more.setdefault("users", {"ada": SECRET})
    options = ("-P", ".htpasswd", "--disable-fallback", *options)
    return serve(door, *options, files=[DEMO], **more)


@pytest.mark.parametrize(
    "locks",
    ["update", "download", "list", "update,download,list", "download,list", "LIST, Update", "list,list"],
)
def test_kept_locks_shut_exactly_their_routes(serve, door: Door, locks):
    site = start(serve, door, "-a", locks)
    shut = {lock.strip().lower() for lock in locks.split(",")}
    for lock, routes in ROUTES.items():
        for route in routes:
            assert (visit(site, route) == 401) == (lock in shut), (lock, route)
            assert visit(site, route, ADA) not in (401, 403), (lock, route)
    for route in OPEN_ALWAYS:
        assert visit(site, route) in (200, 303), route


def test_kept_update_alone_is_locked_by_default(serve, door: Door):
    site = start(serve, door)
    assert visit(site, "/simple/") == 200 and visit(site, FILE) == 200
    assert visit(site, "POST upload") == 401
    assert visit(site, "POST upload", ADA) == 200


def test_kept_dots_open_everything(serve, door: Door):
    site = serve(door, "-P", ".", "-a", ".", files=[DEMO])
    for routes in ROUTES.values():
        for route in routes:
            assert visit(site, route) not in (401, 403), route


HEADERS = {
    "missing": {},
    "another scheme": {"Authorization": "Bearer abc"},
    "no base64": {"Authorization": "Basic !!!"},
    "no colon": {"Authorization": "Basic " + base64.b64encode(b"ada").decode()},
    "nothing after the scheme": {"Authorization": "Basic"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_kept_missing_or_malformed_credentials_are_401_with_the_challenge(serve, door, headers):
    site = start(serve, door, "-a", "list,update")
    answer = site.get("/simple/", headers=headers)
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").startswith('Basic realm="pypi"')


def test_kept_scheme_is_read_in_any_case(serve, door: Door):
    site = start(serve, door, "-a", "list,update")
    value = "bAsIc " + base64.b64encode(b"ada:secret").decode()
    assert site.get("/simple/", headers={"Authorization": value}).status == 200


WRONG = [("ada", "wrong"), ("ada", ""), ("eve", "secret"), ("", ""), ("ADA", "secret"), ("ada", "Secret")]


@pytest.mark.parametrize("user", WRONG)
def test_kept_wrong_credentials_get_nowhere(serve, door: Door, user):
    site = start(serve, door, "-a", "update,download,list")
    for routes in ROUTES.values():
        for route in routes:
            assert visit(site, route, user) in (401, 403), route
    assert visit(site, "/simple/", ADA) == 200


@pytest.mark.parametrize("user", WRONG)
def test_mended_wrong_credentials_are_401_with_the_challenge(serve, pypi_server: Door, user):
    site = start(serve, pypi_server, "-a", "list,update")
    for answer in [site.get("/simple/", user=user), site.upload(DEMO, user=user)]:
        assert answer.status == 401
        assert answer.header("WWW-Authenticate").startswith('Basic realm="pypi"')


def test_kept_credentials_are_ignored_where_none_are_needed(serve, door: Door):
    site = start(serve, door)
    for user in [ADA, ("ada", "wrong"), ("eve", "any")]:
        assert site.get("/simple/", user=user).status == 200
        assert site.get(FILE, user=user).status == 200


def test_mended_ignored_credentials_are_logged_once_for_each_user(serve, pypi_server: Door):
    site = start(serve, pypi_server, "-v")
    for _ in range(5):
        site.get("/simple/", user=("eve", "wrong-word"))
        site.get("/simple/", user=("mallory", "wrong-word"))
    site.stop()
    lines = [line for line in site.stdout.splitlines() if "eve" in line and "/simple/" not in line]
    assert len(lines) == 1, site.stdout
    assert "wrong-word" not in site.log


def test_the_other_door_refuses_wrong_credentials_everywhere(serve, wheelhouse: Door):
    site = start(serve, wheelhouse)
    assert site.get("/simple/", user=ADA).status == 200
    assert site.get("/simple/").status == 200
    for path in ["/simple/", FILE, "/demo/json"]:
        assert site.get(path, user=("ada", "wrong")).status == 401, path


def test_the_other_door_ignores_credentials_where_there_are_no_users(serve, wheelhouse: Door):
    site = serve(wheelhouse, files=[DEMO])
    assert site.get("/simple/", user=("ada", "wrong")).status == 200


def test_kept_every_user_has_every_right(serve, door: Door):
    users = {"ada": SECRET, "bob": SECRET}
    site = start(serve, door, "-a", "update,download,list", users=users)
    for name in users:
        for routes in ROUTES.values():
            assert all(visit(site, route, (name, "secret")) not in (401, 403) for route in routes)


def test_kept_credentials_may_be_utf8(serve, door: Door):
    stored = "{SHA}" + base64.b64encode(hashlib.sha1("gehëim".encode()).digest()).decode()
    site = start(serve, door, "-a", "list,update", users={"zoë": stored})
    assert site.get("/simple/", user=("zoë", "gehëim")).status == 200


def test_mended_credentials_may_be_latin_1(serve, pypi_server: Door):
    stored = "{SHA}" + base64.b64encode(hashlib.sha1("gehëim".encode()).digest()).decode()
    site = start(serve, pypi_server, "-a", "list,update", users={"ada": stored})
    value = "Basic " + base64.b64encode("ada:gehëim".encode("latin-1")).decode()
    assert site.get("/simple/", headers={"Authorization": value}).status == 200


def test_kept_password_may_hold_colons(serve, door: Door):
    stored = "{SHA}" + base64.b64encode(hashlib.sha1(b"a:b:c").digest()).decode()
    site = start(serve, door, "-a", "list,update", users={"ada": stored})
    assert site.get("/simple/", user=("ada", "a:b:c")).status == 200


def test_kept_refused_upload_stores_nothing(serve, door: Door):
    site = start(serve, door)
    other = any_file("other-1.0.zip")
    assert site.upload(other).status == 401
    assert site.upload(other, user=("ada", "wrong")).status in (401, 403)
    assert site.listed() == [DEMO.filename]
    assert not (site.packages / other.filename).exists()


def test_kept_locked_pages_do_not_tell_which_projects_exist(serve, door: Door):
    site = start(serve, door, "-a", "update,download,list")
    for known, unknown in [
        ("/simple/demo/", "/simple/unknown/"),
        ("/demo/json", "/unknown/json"),
        (FILE, "/packages/unknown-1.0.zip"),
        ("/demo/", "/unknown/"),
    ]:
        first, second = site.get(known), site.get(unknown)
        assert (first.status, first.reason) == (second.status, second.reason), known


def test_mended_metadata_and_signature_are_locked_like_their_file(serve, pypi_server: Door):
    site = start(serve, pypi_server, "-a", "update,download")
    assert site.get(FILE + ".metadata").status == 401
    assert site.get(FILE + ".asc").status == 401
    assert site.get(FILE + ".metadata", user=ADA).status == 200


def test_locked_answers_are_not_for_shared_caches(serve, pypi_server: Door):
    site = start(serve, pypi_server, "-a", "update,download,list")
    for path in ["/simple/", "/simple/demo/", FILE]:
        sent = site.get(path, user=ADA).header("Cache-Control", "")
        assert "public" not in sent, (path, sent)


def test_mended_verified_password_is_remembered_for_a_short_time(serve, pypi_server: Door):
    # bcrypt of cost 12, about 0.3 seconds each time: twenty requests cannot pay for it.
    stored = subprocess.run(
        ["htpasswd", "-nbBC", "12", "ada", "secret"], capture_output=True, text=True, check=True
    ).stdout.strip().split(":", 1)[1]
    site = start(serve, pypi_server, "-a", "list,update", users={"ada": stored})
    began = time.monotonic()
    assert site.get("/simple/", user=ADA).status == 200
    first = time.monotonic() - began
    began = time.monotonic()
    for _ in range(20):
        assert site.get("/simple/", user=ADA).status == 200
    assert time.monotonic() - began < 20 * first / 2
    assert site.get("/simple/", user=("ada", "wrong")).status == 401


def test_mended_slow_passwords_do_not_hold_up_others(serve, pypi_server: Door):
    stored = subprocess.run(
        ["htpasswd", "-nbBC", "13", "ada", "secret"], capture_output=True, text=True, check=True
    ).stdout.strip().split(":", 1)[1]
    site = start(serve, pypi_server, "-a", "list,update", users={"ada": stored})
    began = time.monotonic()
    assert site.get("/simple/", user=("ada", "wrong")).status in (401, 403)
    one_check = time.monotonic() - began
    tries = [
        threading.Thread(target=site.get, args=("/simple/",), kwargs={"user": ("ada", f"wrong{n}")})
        for n in range(6)
    ]
    for thread in tries:
        thread.start()
    try:
        time.sleep(one_check / 4)
        began = time.monotonic()
        assert site.get("/health").body == b"Ok"
        assert time.monotonic() - began < one_check, "it waited for the checks"
        assert any(thread.is_alive() for thread in tries)
    finally:
        for thread in tries:
            thread.join()

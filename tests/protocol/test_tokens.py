"""API tokens, protocol §9 and AUTH-5: made, used in every way that clients send them, narrowed, ended."""

from __future__ import annotations

import base64
import re
import signal
import subprocess
import threading
import time

import pytest

from support.distributions import wheel
from support.http import basic
from support.programs import Site, binary, clean_environment
from support.waiting import wait_until

HASH = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
USERS = {"ada": HASH, "bob": HASH}
LOCKED = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback"]
FILES = [wheel("demo", "1.0"), wheel("other", "1.0")]
RULES = ["--rule", "user:ada all", "--rule", "user:bob list+download+upload+create *", "--rule", "user:ci list+upload demo"]
PREFIX = "wheelhouse_"


class Owner:
    """Runs commands on a site's folder, as its administrator, or over the network as a user."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def run(self, *words: str, user: str | None = None, typed: str = "", fails: bool = False) -> str:
        where = self.site.owner_words
        environment = {}
        if user:
            where = ["--server", self.site.url]
            environment = {"WHEELHOUSE_USER": user, "WHEELHOUSE_PASSWORD": "secret"}
        if words[:2] == ("token", "narrow"):
            where = []
        done = subprocess.run(
            [binary("wheelhouse"), *words, *where],
            cwd=self.site.folder,
            env=self.site.environment | environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode != 0) == fails, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stderr if fails and not done.stdout else done.stdout

    def token(self, *words: str, **more: str) -> str:
        return self.run("token", "make", "of a test", *words, **more).strip()


@pytest.fixture
def site(serve, wheelhouse) -> Site:
    return serve(wheelhouse, *LOCKED, *RULES, files=FILES, users=USERS)


@pytest.fixture
def owner(site) -> Owner:
    return Owner(site)


def with_(header: str) -> dict[str, str]:
    return {"Authorization": header}


def may_read(site: Site, token: str, project: str = "demo") -> int:
    return site.get(f"/simple/{project}/", user=("__token__", token)).status


def test_tok_01_token_is_the_password_of_a_user_name_or_a_bearer(site, owner):
    token = owner.token(user="ada")
    for header in [
        basic("__token__", token),
        basic("__token__", f"  {token}\n".strip("\n") + "  "),
        f"token {token}",
        f"bearer {token}",
        f"Bearer {token}",
    ]:
        assert site.get("/simple/demo/", headers=with_(header)).status == 200, header[:12]
    assert site.upload(wheel("demo", "1.1"), user=("__token__", token)).status == 200


def test_tok_02_token_is_long_and_of_plain_letters(owner):
    token = owner.token(user="ada")
    assert re.fullmatch(PREFIX + r"[A-Za-z0-9_-]{85,}", token)


def test_tok_03_holder_narrows_a_token_without_the_server(site, owner):
    token = owner.token(user="ada")
    narrow = owner.run("token", "narrow", "--projects", "demo", "--rights", "list+upload", typed=token).strip()
    assert narrow.startswith(PREFIX) and narrow != token
    assert may_read(site, narrow) == 200
    assert may_read(site, narrow, "other") == 404
    assert site.get("/packages/" + FILES[0].filename, user=("__token__", narrow)).status == 404
    assert site.upload(wheel("demo", "1.1"), user=("__token__", narrow)).status == 200
    answer = site.upload(wheel("other", "1.1"), user=("__token__", narrow))
    assert answer.status == 403 and "not with this token" in answer.reason
    narrower = owner.run("token", "narrow", "--rights", "list", typed=narrow).strip()
    assert may_read(site, narrower) == 200
    assert site.upload(wheel("demo", "1.2"), user=("__token__", narrower)).status == 403
    # A later caveat cannot widen, and none can be taken off or made up.
    wider = owner.run("token", "narrow", "--rights", "all", typed=narrower).strip()
    assert site.upload(wheel("demo", "1.2"), user=("__token__", wider)).status == 403
    cut = base64.urlsafe_b64decode(narrow[len(PREFIX):] + "==")
    whole = base64.urlsafe_b64decode(token[len(PREFIX):] + "==")
    for forged in [cut[:32] + cut[-32:], cut[:-32] + whole[-32:], cut[:-1] + bytes([cut[-1] ^ 1])]:
        text = PREFIX + base64.urlsafe_b64encode(forged).rstrip(b"=").decode()
        assert may_read(site, text) == 401
    unknown = b'{"colour":"red"}'
    import hashlib
    import hmac

    proof = hmac.new(whole[-32:], unknown, hashlib.sha256).digest()
    odd = whole[:32] + len(unknown).to_bytes(2, "big") + unknown + proof
    assert may_read(site, PREFIX + base64.urlsafe_b64encode(odd).rstrip(b"=").decode()) == 401, "unknown caveats fail"
    until = b'{"until":%d}' % int(time.time() + 60)
    proof = hmac.new(whole[-32:], until, hashlib.sha256).digest()
    timed = whole[:32] + len(until).to_bytes(2, "big") + until + proof
    assert may_read(site, PREFIX + base64.urlsafe_b64encode(timed).rstrip(b"=").decode()) == 200, "made by hand"
    past = b'{"until":%d}' % int(time.time() - 1)
    proof = hmac.new(whole[-32:], past, hashlib.sha256).digest()
    over = whole[:32] + len(past).to_bytes(2, "big") + past + proof
    assert may_read(site, PREFIX + base64.urlsafe_b64encode(over).rstrip(b"=").decode()) == 401


def test_tok_04_token_has_its_own_prefix_and_only_a_hash_is_kept(site, owner):
    token = owner.token(user="ada")
    assert token.startswith(PREFIX) and not token.startswith("pypi-")
    assert may_read(site, token) == 200
    secret = base64.urlsafe_b64decode(token[len(PREFIX):] + "==")[-32:]
    site.stop()
    for path in site.state.rglob("*"):
        if path.is_file():
            found = path.read_bytes()
            assert secret not in found and secret.hex().encode() not in found, path
            assert token[len(PREFIX):].encode() not in found, path
    assert token[-43:] not in site.log
    site.start()
    assert may_read(site, token) == 200, "it outlives a restart"


def test_tok_05_token_fits_into_addresses_and_netrc(site, owner):
    import urllib.parse

    token = owner.token(user="ada")
    assert urllib.parse.quote(token, safe="") == token
    assert not set(token) & set(" \t#\"'\\:/@")


@pytest.mark.parametrize(
    "pair",
    [("__token__", "{}"), ("ada", "{}"), ("whoever", "{}"), ("{}", ""), ("", "{}")],
    ids=["__token__", "owner", "any user", "as the user", "no user"],
)
def test_auth_05_token_is_known_wherever_clients_put_it(site, owner, pair):
    token = owner.token(user="ada")
    user = tuple(part.format(token) for part in pair)
    assert site.get("/simple/demo/", user=user).status == 200


def test_token_has_no_more_rights_than_its_owner_and_its_scope(site, owner):
    token = owner.token("--rights", "upload+yank", "--projects", "demo,new-*", user="bob")
    user = ("__token__", token)
    assert site.upload(wheel("demo", "1.1"), user=user).status == 200
    assert site.upload(wheel("new-x", "1.0"), user=user).status == 403, "create is not among its rights"
    assert site.upload(wheel("other", "1.1"), user=user).status == 403
    assert may_read(site, token) == 404
    call = {"headers": {"Content-Type": "application/json"}, "body": b"{}", "user": user}
    assert site.ask("POST", "/api/v1/projects/demo/yank", **call).status == 404, "bob himself may not"


def test_token_expires_and_is_revoked_at_once(site, owner):
    token = owner.token("--days", "1", user="ada")
    listed = owner.run("token", "list", user="ada")
    assert "until 20" in listed and token not in listed
    identity = listed.split()[0]
    assert may_read(site, token) == 200
    assert "worth nothing" in owner.run("token", "revoke", identity, user="ada")
    assert may_read(site, token) == 401
    assert owner.run("token", "list", user="ada") == ""


def test_tokens_are_their_owners_alone(site, owner):
    owner.token(user="ada")
    identity = owner.run("token", "list", user="ada").split()[0]
    assert owner.run("token", "list", user="bob") == ""
    assert "may not" in owner.run("token", "revoke", identity, user="bob", fails=True)
    assert "may not" in owner.run("token", "list", "--owner", "ada", user="bob", fails=True)
    assert "may not" in owner.run("token", "make", "x", "--owner", "ada", user="bob", fails=True)
    token = owner.token(user="bob")
    call = {"headers": {"Content-Type": "application/json"}, "body": b'{"name": "another"}'}
    answer = site.ask("POST", "/api/v1/access/tokens", user=("__token__", token), **call)
    assert answer.status == 403, "a token makes no token that outlives it"


def test_token_sees_and_revokes_itself_alone_of_its_owners(site, owner):
    first, second = owner.token(user="ada"), owner.token("--projects", "demo", user="ada")
    identities = [line.split()[0] for line in owner.run("token", user="ada").splitlines()]
    account = {"user": ("__token__", second)}
    listed = site.ask("GET", "/api/v1/access/tokens", **account).json["tokens"]
    assert [token["id"] for token in listed] == identities[1:]
    assert site.ask("DELETE", f"/api/v1/access/tokens?id={identities[0]}", **account).status == 403
    assert may_read(site, first) == 200
    assert site.ask("DELETE", f"/api/v1/access/tokens?id={identities[1]}", **account).status == 200
    assert may_read(site, second) == 401 and may_read(site, first) == 200


def test_robot_has_tokens_and_no_password_and_is_disabled_at_once(site, owner):
    owner.run("account", "robot", "ci")
    token = owner.token("--owner", "ci", "--days", "30")
    assert site.upload(wheel("demo", "1.1"), user=("__token__", token)).status == 200
    assert site.upload(wheel("other", "1.1"), user=("__token__", token)).status == 403
    assert site.get("/simple/demo/", user=("ci", "secret")).status == 401
    assert owner.run("account").split() == ["ci", "robot", "enabled"]
    owner.run("account", "disable", "ci")
    assert may_read(site, token) == 401
    owner.run("account", "enable", "ci")
    assert may_read(site, token) == 200
    owner.run("account", "disable", "ada")
    assert site.get("/simple/demo/", user=("ada", "secret")).status == 401, "sign-ins end as well"
    assert "disabled" in owner.run("can", "ada", "list", fails=True)


def test_last_use_is_written_down(site, owner):
    token = owner.token(user="ada")
    assert "last used never" in owner.run("token", user="ada")
    assert may_read(site, token) == 200
    wait_until(lambda: "last used 20" in owner.run("token", user="ada"), seconds=10)


def test_can_says_which_rule(site, owner):
    assert "yes: rule `user:ada all *` (the setting `rule`)" in owner.run("can", "ada", "delete", "demo")
    assert "no rule allows it" in owner.run("can", "bob", "delete", "demo", fails=True)
    assert "signing in" in owner.run("can", "anonymous", "list", fails=True)
    owner.run("rule", "add", "user:bob", "delete", "demo")
    assert "wheelhouse rule" in owner.run("can", "bob", "delete", "demo")
    assert "may not" in owner.run("can", "ada", "list", user="bob", fails=True)
    owner.run("can", "bob", "list", user="bob")


def test_rules_and_groups_are_changed_while_the_server_runs(site, owner):
    call = {"headers": {"Content-Type": "application/json"}, "body": b"{}", "user": ("bob", "secret")}
    assert site.ask("POST", "/api/v1/projects/demo/yank", **call).status == 403
    owner.run("rule", "add", "group:keepers", "yank", "demo")
    owner.run("group", "add", "keepers", "bob")
    assert site.ask("POST", "/api/v1/projects/demo/yank", **call).status == 200
    assert site.ask("POST", "/api/v1/projects/other/yank", **call).status == 403
    assert "group:keepers yank demo" in owner.run("rule")
    assert owner.run("group").split() == ["keepers", "bob"]
    owner.run("group", "remove", "keepers", "bob")
    assert site.ask("POST", "/api/v1/projects/demo/unyank", **call).status == 403
    owner.run("rule", "remove", "group:keepers", "yank", "demo")
    assert "keepers" not in owner.run("rule")
    for words in [("rule", "add", "user:bob", "all"), ("account", "robot", "x"), ("rule", "list"), ("group", "list"),
                  ("account", "list"), ("log", "--access")]:
        assert "may not" in owner.run(*words, user="bob", fails=True), words


def test_owners_say_who_maintains_their_project(site, owner):
    assert site.upload(wheel("mine", "1.0"), user=("bob", "secret")).status == 200
    assert owner.run("role", "mine", user="bob").split() == ["owner", "bob"]
    owner.run("role", "mine", "maintainer", "eve", user="bob")
    assert owner.run("role", "mine", user="bob").split() == ["owner", "bob", "maintainer", "eve"]
    assert "may not" in owner.run("role", "demo", "owner", "bob", user="bob", fails=True)
    owner.run("role", "mine", "none", "eve", user="bob")
    assert "eve" not in owner.run("role", "mine", user="bob")
    assert "no owner" in owner.run("role", "mine", "none", "eve", user="bob", fails=True)


def test_audit_trail_tells_who_changed_rights_and_who_failed_to_sign_in(site, owner):
    site.get("/simple/", user=("eve", "a-wrong-password"))
    owner.token(user="ada")
    owner.run("rule", "add", "user:eve", "list", user="ada")
    trail = owner.run("log", "--access")
    for words in ["sign-in-failed", '"user":"eve"', "token-made", "rule-added", "user:ada", "127.0.0.1"]:
        assert words in trail, (words, trail)
    assert "a-wrong-password" not in trail and "a-wrong-password" not in site.log
    assert "token-made" not in owner.run("log", "--access", "--kind", "rule-added")
    assert owner.run("log", "--access", "--actor", "user:bob") == ""
    import json

    lines = [json.loads(line) for line in owner.run("log", "--access", "--json").splitlines()]
    assert [line["kind"] for line in lines if line["kind"].startswith(("rule", "token"))] == ["token-made", "rule-added"]
    assert all(line["by"]["request_id"] for line in lines if line["kind"] == "sign-in-failed")


def test_use_of_a_token_for_a_change_is_in_the_journal(site, owner):
    token = owner.token(user="ada")
    identity = owner.run("token", user="ada").split()[0]
    assert site.upload(wheel("demo", "1.1"), user=("__token__", token)).status == 200
    assert f"token:{identity}:ada" in owner.run("log")
    assert "demo-1.1" in owner.run("log", "--actor", f"token:{identity}:ada")
    assert "demo-1.1" in owner.run("log", "--actor", "user:ada") and "demo-1.1" in owner.run("log", "--actor", "ada")
    assert owner.run("log", "--actor", "user:bob") == ""


def test_everything_is_there_after_a_kill(site, owner):
    token = owner.token(user="ada")
    owner.run("account", "robot", "ci")
    owner.run("role", "demo", "owner", "bob")
    site.stop(signal.SIGKILL)
    site.start()
    assert may_read(site, token) == 200
    assert "ci" in owner.run("account") and "bob" in owner.run("role", "demo")


def test_one_token_in_many_requests_at_once(site, owner):
    token = owner.token(user="ada")
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(may_read(site, token))) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 24


def test_commands_work_on_a_folder_at_rest(site, owner):
    site.stop()
    owner.run("rule", "add", "users", "download", "other")
    owner.run("role", "demo", "owner", "bob")
    assert "users download other" in owner.run("rule")
    site.start()
    assert site.get("/packages/" + FILES[1].filename, user=("bob", "secret")).status == 200
    assert "owner" in owner.run("role", "demo")


@pytest.mark.parametrize(
    "words",
    [("can", "ada"), ("rule", "add", "x"), ("group", "add", "x"), ("account", "robot"), ("role",), ("token", "make"),
     ("token", "frobnicate")],
)
def test_wrong_words_are_told_with_the_right_ones(owner, words):
    said = owner.run(*words, fails=True)
    assert f"write `wheelhouse {words[0]} " in said, said


def test_token_is_narrowed_only_to_something(owner):
    assert "say what" in owner.run("token", "narrow", typed="x", fails=True)
    assert "no token" in owner.run("token", "narrow", "--days", "1", typed="x", fails=True)

"""Signing in with a browser: the cookie and what it counts for, and all ways in which it ends or is refused."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from support.plain_browser import Browser
from support.distributions import wheel
from support.http import Answer
from support.waiting import wait_until

from .conftest import FILES, LOCKED, SECRET, USERS, own

JSON = {"Content-Type": "application/json"}
POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


def trail(site) -> list[dict]:
    return [json.loads(line) for line in own(site, "log", "--access", "--json").splitlines()]


def test_person_signs_in_reads_and_signs_out(site):
    browser = Browser(site)
    assert browser.get("/project/demo/").status == 200 and browser.path.startswith("/account/sign-in?to=%2Fproject%2Fdemo%2F")
    browser.send("/account/sign-in", {"user": "ada", "password": "secret"})
    assert browser.page.status == 200 and browser.path == "/project/demo/", "back where one came from"
    assert "ada" in browser.text and "Sign out" in browser.text
    for path in ["/", "/simple/", "/simple/demo/", f"/packages/{FILES[0].filename}", "/pypi/demo/json",
                 "/rss/updates.xml", "/api/openapi.json"]:
        answer = browser.get(path)
        assert answer.status == 200, f"{path}: {answer}"
        assert "private" in answer.header("Cache-Control") and "public" not in answer.header("Cache-Control"), path
        assert "Cookie" in ",".join(answer.headers.get_all("Vary")), path
    held = dict(browser.cookies)
    browser.get("/account")
    browser.send("/account/sign-out")
    assert not browser.session
    browser.cookies = held
    assert site.get("/simple/demo/", headers={"Cookie": f"wheelhouse-session={held['wheelhouse-session']}"}).status == 401
    browser.get("/account")
    assert browser.path.startswith("/account/sign-in"), "what the cookie held counts no more"
    kinds = [event["kind"] for event in trail(site)]
    assert "signed-in" in kinds and "signed-out" in kinds
    assert held["wheelhouse-session"] not in site.log


def test_cookie_is_for_this_site_and_no_script(site):
    browser = Browser(site)
    browser.sign_in()
    [line] = [line for line in browser.set if line.startswith("wheelhouse-session=")]
    assert re.fullmatch(r"wheelhouse-session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax", line)
    secure = Browser(site, **{"X-Forwarded-Proto": "https", "Host": "packages.example"})
    secure.sign_in()
    [line] = [line for line in secure.set if "wheelhouse-session=" in line]
    assert line.startswith("__Host-wheelhouse-session=") and line.endswith("; HttpOnly; SameSite=Lax; Secure")
    # What was given over https counts there alone.
    value = secure.session
    assert site.get("/simple/demo/", headers={"Cookie": f"wheelhouse-session={value}"}).status == 200, "the same value"
    assert site.get("/simple/demo/", headers={"Cookie": f"__Host-wheelhouse-session={value}"}).status == 401


def test_cookie_is_below_the_base_path(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--server-base-url", "/py", files=FILES, users=USERS)
    for start in ["/py", "/py/index/main"]:
        browser = Browser(site)
        browser.get(f"{start}/account/sign-in?to=/project/demo/")
        browser.send("/account/sign-in", {"user": "ada", "password": "secret"})
        assert browser.page.status == 200 and browser.path == f"{start}/project/demo/"
        [line] = [line for line in browser.set if line.startswith("wheelhouse-session=")]
        assert "; Path=/py;" in line
        assert browser.get("/py/simple/demo/").status == 200


def test_pages_of_people_are_kept_by_nobody_and_run_nothing(browser):
    ada = browser("ada")
    for path in ["/account", "/account/tokens", "/account/publishers", "/account/upload", "/project/demo/manage"]:
        answer = ada.get(path)
        assert answer.status == 200, f"{path}: {answer}"
        assert answer.header("Cache-Control") == "private, no-store", path
        assert answer.header("Content-Security-Policy") == POLICY, path
        assert answer.header("X-Frame-Options") == "DENY" and answer.header("Referrer-Policy") == "same-origin"
        for tag, attributes in ada.read.tags:
            assert tag != "script" or attributes.get("src"), path
            assert not any(name.startswith("on") or name == "style" for name in attributes), (path, tag, attributes)


@pytest.mark.parametrize(("user", "password"), [
    ("ada", "wr0ng"), ("nobody", "secret"), ("ada", "secret\x00"), ("a" * 300, "secret"), ("ada", "x" * 2000),
    ("ada", " secret"), ("<b>ada", "secret"),
])
def test_wrong_password_is_refused_and_told(site, user, password):
    browser = Browser(site)
    answer = browser.sign_in(user, password)
    assert answer.status == 403 and not browser.session, answer
    assert "The user name or the password is wrong." in browser.text
    assert "WWW-Authenticate" not in answer.headers, "the browser asks for nothing by itself"
    assert password not in answer.text or password == "secret"
    [field] = [of for tag, of in browser.read.tags if tag == "input" and of.get("name") == "user"]
    assert field["value"] == user and field["aria-describedby"] == "error"
    if len(user) < 200 and len(password) < 1000 and "\x00" not in password:
        assert trail(site)[-1]["kind"] == "sign-in-failed"


def test_too_many_wrong_passwords_are_not_looked_at(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--max-failed-sign-ins", "3", users=USERS)
    browser = Browser(site)
    for _ in range(3):
        assert browser.sign_in("ada", "wrong").status == 403
    answer = browser.sign_in("ada", "secret")
    assert answer.status == 429 and int(answer.header("Retry-After")) > 0 and not browser.session
    assert "Too many sign-ins failed" in browser.text
    # It is the same count as that of programs.
    assert site.get("/simple/", user=("ada", "secret")).status == 429
    assert browser.sign_in("bob").status == 200


def test_token_signs_nobody_in(site):
    token = own(site, "token", "make", "t", "--owner", "ada").strip()
    for user, password in [("__token__", token), ("ada", token)]:
        browser = Browser(site)
        assert browser.sign_in(user, password).status == 400 and not browser.session
        assert "A token is for programs" in browser.text


def test_disabled_account_is_signed_out_and_stays_so(site, browser):
    ada = browser("ada")
    own(site, "account", "disable", "ada")
    ada.get("/account")
    assert ada.path.startswith("/account/sign-in")
    assert ada.send("/account/sign-in", {"user": "ada", "password": "secret"}).status == 403
    own(site, "account", "enable", "ada")
    ada.get("/account")
    assert ada.path.startswith("/account/sign-in"), "the session does not come back"
    assert ada.sign_in("ada").status == 200


@pytest.mark.parametrize("users", [{**USERS, "ada": "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="},
                                   {name: SECRET for name in USERS if name != "ada"}], ids=["changed", "removed"])
def test_session_ends_when_the_password_counts_no_more(site, browser, users):
    ada, bob = browser("ada"), browser("bob")
    site.write_users(users)

    def is_out() -> bool:
        ada.get("/account")
        return ada.path.startswith("/account/sign-in")

    wait_until(is_out, seconds=10)
    assert bob.get("/account").status == 200 and bob.path == "/account", "others stay signed in"
    site.write_users(USERS)
    ada.get("/account")
    assert ada.path.startswith("/account/sign-in"), "it has ended for good"


def test_session_outlives_a_restart(site, browser):
    ada = browser("ada")
    site.restart()
    assert ada.get("/account").status == 200 and ada.path == "/account"


def test_cookie_of_another_installation_or_of_nobody_counts_for_nothing(site, browser, serve, wheelhouse):
    other = Browser(serve(wheelhouse, *LOCKED, users=USERS))
    other.sign_in()
    ada = browser("ada")
    value = ada.session
    last = "A" if value[-1] != "A" else "Q"
    for forged in [other.session, "A" * 43, value[:-1] + last, ("B" if value[0] == "A" else "A") + value[1:],
                   value[:-1], value + "A", "", "%00", "x" * 8000]:
        stranger = Browser(site)
        stranger.cookies["wheelhouse-session"] = forged
        stranger.get("/account")
        assert stranger.path.startswith("/account/sign-in"), forged
        assert site.get("/simple/demo/", headers={"Cookie": f"wheelhouse-session={forged}"}).status == 401


def test_signing_in_takes_a_new_cookie_and_ends_the_old_one(site, browser):
    ada = browser("ada")
    before = ada.session
    ada.get("/account/sign-in")
    assert ada.path == "/account", "who is signed in need not do so again"
    held = dict(ada.cookies)
    ada.cookies.pop("wheelhouse-session")
    ada.get("/account/sign-in")
    ada.cookies |= held
    ada.send("/account/sign-in", {"user": "bob", "password": "secret"})
    assert ada.session and ada.session != before
    old = Browser(site)
    old.cookies["wheelhouse-session"] = before
    old.get("/account")
    assert old.path.startswith("/account/sign-in")


def test_all_other_browsers_are_signed_out_at_once(browser):
    here, there = browser("ada"), browser("ada")
    here.get("/account")
    here.send("/account/sign-out", holding={"which": "others"})
    assert here.path == "/account?done=others-signed-out" and "All other browsers are signed out." in here.text
    there.get("/account")
    assert there.path.startswith("/account/sign-in")


def refused(answer: Answer, says: str) -> None:
    assert answer.status == 403 and answer.type == "text/html", answer
    assert says in answer.text, answer


OLD, OTHER = "was not sent from a page that you opened here", "a page of another site"


def test_form_needs_the_token_of_its_session(site, browser):
    ada, bob, other = browser("ada"), browser("bob"), browser("ada")
    of = {}
    for name, one in [("ada", ada), ("bob", bob), ("other", other)]:
        one.get("/account/tokens")
        of[name] = dict(one.form("/account/tokens").fields)["form_token"]
    fields = {"name": "t", "days": "1"}
    for token in [None, "", "x", of["bob"], of["other"], of["ada"][:-1], of["ada"].swapcase()]:
        sent = fields if token is None else {**fields, "form_token": token}
        refused(ada.post("/account/tokens", sent, follow=False), OLD)
        refused(ada.post("/project/demo/manage/yank", {"version": "1.0", "step": "do", **sent}), OLD)
        refused(ada.post("/account/sign-out", sent), OLD)
    assert own(site, "token").strip() == "" and ada.get("/account").status == 200
    assert "yanked" not in site.get("/simple/demo/", user=("ada", "secret")).text
    assert ada.post("/account/tokens", {**fields, "form_token": of["ada"]}).status == 200


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1"},
])
def test_form_of_another_site_is_refused_even_with_the_token(site, browser, headers):
    ada = browser("ada")
    ada.get("/account/tokens")
    fields = {"form_token": dict(ada.form("/account/tokens").fields)["form_token"], "name": "t"}
    refused(ada.post("/account/tokens", fields, headers=headers), OTHER)
    assert own(site, "token").strip() == ""
    assert ada.post("/account/tokens", fields, headers={"Sec-Fetch-Site": "same-origin"}).status == 200
    assert ada.post("/account/tokens", fields, headers={"Origin": None}).status == 200, "old browsers say nothing"


def test_nobody_is_signed_in_by_a_form_made_elsewhere(site):
    attacker, victim = Browser(site), Browser(site)
    attacker.get("/account/sign-in")
    sent = dict(attacker.form("/account/sign-in").fields) | {"user": "eve", "password": "secret"}
    # The victim's browser has no cookie, another, or sends the form from another site.
    refused(victim.post("/account/sign-in", sent), OLD)
    victim.get("/account/sign-in")
    refused(victim.post("/account/sign-in", sent), OLD)
    victim.get("/account/sign-in")
    own_fields = dict(victim.form("/account/sign-in").fields) | {"user": "eve", "password": "secret"}
    refused(victim.post("/account/sign-in", own_fields, headers={"Origin": "https://evil.example"}), OTHER)
    assert not victim.session
    assert victim.post("/account/sign-in", own_fields).status == 200 and victim.session
    # A session is no cookie of the form, nor the other way round.
    assert attacker.cookies["wheelhouse-visit"] != victim.session
    thief = Browser(site)
    thief.cookies["wheelhouse-session"] = attacker.cookies["wheelhouse-visit"]
    thief.get("/account")
    assert thief.path.startswith("/account/sign-in")


@pytest.mark.parametrize("to", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "javascript:alert(1)",
    "/../x", "/a\r\nSet-Cookie: a=b", "/account/sign-out", "", "account",
])
def test_nobody_is_sent_elsewhere_after_signing_in(site, to):
    browser = Browser(site)
    browser.get("/account/sign-in?to=" + quote(to, safe=""))
    form = browser.form("/account/sign-in")
    assert dict(form.fields)["to"] == "/account"
    sent = dict(form.fields) | {"user": "ada", "password": "secret", "to": to}
    answer = browser.post("/account/sign-in", sent, follow=False)
    assert answer.status == 303 and answer.header("Location") == "/account" and browser.session
    again = browser.get("/account/sign-in?to=" + quote(to, safe=""), follow=False)
    assert again.header("Location") == "/account"


def test_cookie_counts_for_no_program(site, browser):
    """The API, uploads and XML-RPC take what is in `Authorization` alone: a browser sends cookies unasked."""
    root = browser("root")
    sent = {"Cookie": f"wheelhouse-session={root.session}"}
    for method, path, body in [
        ("POST", "/api/v1/access/tokens", {"name": "t"}), ("POST", "/api/v1/projects/demo/yank", {"version": "1.0"}),
        ("POST", "/api/v1/access/rules", {"rule": "everybody all"}), ("DELETE", "/api/v1/access/tokens?id=x", None),
        ("GET", "/api/v1/access/tokens", None), ("GET", "/api/v1/status", None), ("GET", "/api/v1/events", None),
    ]:
        body = None if body is None else json.dumps(body).encode()
        answer = site.ask(method, path, body=body, headers={**sent, **JSON})
        assert answer.status == 401, f"{path}: {answer}"
    for path in ["/", "/legacy/"]:
        assert site.upload(wheel("demo", "3.0"), path=path, headers=sent).status in (401, 403), path
    call = b"<?xml version='1.0'?><methodCall><methodName>list_packages</methodName></methodCall>"
    answer = site.ask("POST", "/RPC2", body=call, headers={**sent, "Content-Type": "text/xml"})
    assert answer.status == 401 and b"demo" not in answer.body, answer
    assert site.get("/metrics", headers=sent).status == site.get("/metrics").status
    assert "3.0" not in site.get("/simple/demo/", user=("root", "secret")).text
    # A password beside the cookie is what counts, wrong or right.
    assert site.get("/simple/demo/", headers=sent, user=("ada", "wrong")).status == 401
    assert site.get("/simple/demo/", headers=sent, user=("ada", "secret")).status == 200


def test_forms_are_for_pages_alone(site, browser):
    ada = browser("ada")
    ada.get("/account/tokens")
    fields = json.dumps(dict(ada.form("/account/tokens").fields) | {"name": "t"}).encode()
    answer = ada.ask("POST", "/account/tokens", body=fields, headers={**JSON, "Origin": ada.origin})
    assert answer.status == 415, answer
    assert ada.post("/account/tokens", {"form_token": "x" * 100_000}).status == 413
    for path in ["/account/tokens", "/account/sign-out", "/project/demo/manage/yank", "/admin/users"]:
        answer = Browser(site).post(path, {"form_token": "x"})
        assert answer.status == 403 and "not signed in any more" in answer.text, answer


def test_open_index_shows_who_is_signed_in(serve, wheelhouse):
    site = serve(wheelhouse, "-P", ".htpasswd", "--disable-fallback", users=USERS, files=FILES)
    browser = Browser(site)
    assert browser.get("/project/demo/").status == 200 and "Sign in" in browser.text
    # A page that does not know yet what else is here is not kept.
    wait_until(
        lambda: "no-store" not in browser.get("/project/demo/").header("Cache-Control"),
        seconds=30, what="everything that is here was read",
    )
    browser.sign_in(to="/project/demo/")
    assert browser.path == "/project/demo/" and "Sign out" in browser.text and "ada" in browser.text
    assert "no-store" in browser.page.header("Cache-Control")
    # The page of everybody is not that of the one before.
    stranger = site.get("/project/demo/")
    assert "Sign out" not in stranger.text and "Cookie" in ",".join(stranger.headers.get_all("Vary"))


def test_missing_pages_know_who_asks(browser):
    ada = browser("ada")
    answer = ada.get("/project/nothing/")
    assert answer.status == 404 and "Sign out" in ada.text


def test_sign_in_can_be_switched_off(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--web-sign-in", "off", files=FILES, users=USERS)
    assert "Sign in" not in site.get("/").text
    for path in ["/account/sign-in", "/account/tokens", "/admin/users", "/project/demo/manage/change"]:
        assert site.get(path).status == 404, path
        assert site.post_urlencoded({"user": "ada"}, path=path).status in (404, 405), path
    for name in ["account", "admin"]:
        answer = site.get(f"/{name}")
        assert answer.status in (301, 302, 303) and answer.leads_to(site.url).endswith(f"/simple/{name}/"), answer


def test_drop_in_has_no_such_pages(serve, pypi_server):
    site = serve(pypi_server, "-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", files=FILES, users=USERS)
    for name in ["account", "admin"]:
        answer = site.get(f"/{name}/", user=("ada", "secret"))
        assert answer.leads_to(site.url).endswith(f"/simple/{name}/"), answer
        assert site.get(f"/{name}", user=("ada", "secret")).leads_to(site.url).endswith(f"/simple/{name}/")
    assert site.get("/account/sign-in").status == 404
    answer = site.get("/simple/demo/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert answer.status == 401 and answer.header("WWW-Authenticate") == 'Basic realm="pypi", charset="UTF-8"'


def test_project_of_such_a_name_is_still_found(serve, wheelhouse):
    site = serve(wheelhouse, "-P", ".htpasswd", "--disable-fallback", files=[wheel("account", "1.0"), wheel("admin", "1.0")],
                 users=USERS)
    for name in ["account", "admin"]:
        assert site.get(f"/{name}/").leads_to(site.url).endswith(f"/simple/{name}/")
        assert site.get(f"/simple/{name}/").status == 200 and site.get(f"/project/{name}/").status == 200


def test_without_users_the_page_says_so(serve, wheelhouse):
    site = serve(wheelhouse, "--disable-fallback")
    assert "Sign in" not in site.get("/").text
    answer = site.get("/account/sign-in")
    assert answer.status == 200 and "Nobody can sign in here" in answer.text

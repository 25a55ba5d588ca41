"""The pages of administrators, which nobody else finds."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest

from support.plain_browser import Browser
from support.distributions import wheel

from .conftest import FILES, own

PAGES = ["/admin", "/admin/users", "/admin/rules", "/admin/journal", "/admin/audit", "/admin/health"]


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_find_the_page(site, browser, path):
    root = browser("root")
    answer = root.get(path)
    assert answer.status == 200 and answer.header("Cache-Control") == "private, no-store", answer
    assert 'aria-current="page"' in answer.text
    for name in ["ada", "bob"]:
        other = browser(name)
        assert other.get(path).status == 404
        assert "Administration" not in other.text
    stranger = Browser(site)
    stranger.get(path)
    assert stranger.path.startswith("/account/sign-in?to=%2Fadmin")


def test_overview_counts(site, browser):
    root = browser("root")
    root.get("/admin")
    figures = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", root.page.text))
    assert figures["Projects"] == "2" and figures["Files"] == "4" and figures["Tokens"] == "0"


def test_account_is_disabled_and_enabled_and_signed_out(site, browser):
    root, ada, bob = browser("root"), browser("ada"), browser("bob")
    root.get("/admin/users")
    root.send("/admin/users", {"do": "sign-out"}, holding={"name": "bob"})
    assert "All browsers of the account are signed out." in root.text
    bob.get("/account")
    assert bob.path.startswith("/account/sign-in")
    root.send("/admin/users", {"do": "disable"}, holding={"name": "ada"})
    assert "disabled" in root.text
    ada.get("/account")
    assert ada.path.startswith("/account/sign-in")
    assert site.get("/simple/", user=("ada", "secret")).status == 401
    root.send("/admin/users", {"do": "enable"}, holding={"name": "ada"})
    assert site.get("/simple/", user=("ada", "secret")).status == 200
    answer = root.send("/admin/users", {"do": "disable"}, holding={"name": "root"})
    assert answer.status == 409 and "your own account" in root.text
    assert root.get("/admin").status == 200


def test_robot_is_made(site, browser):
    root = browser("root")
    root.get("/admin/users")
    form = root.form("/admin/users", do="robot")
    for name, status in [("ci", 200), ("ci", 409), ("a b", 400), ("<b>x</b>", 400)]:
        sent = [*((n, v) for n, v in form.fields if n == "form_token"), ("name", name), ("do", "robot")]
        assert root.post("/admin/users", sent).status == status, name
        assert "<b>x</b>" not in root.page.text
    assert "ci" in own(site, "account")
    root.get("/admin/users?name=c")
    assert "robot" in root.text and "ada" not in root.text


def test_nobody_else_changes_accounts(site, browser):
    bob = browser("bob")
    bob.get("/account")
    token = dict(bob.form("/account/sign-out").fields)["form_token"]
    for do in ["disable", "enable", "robot", "sign-out"]:
        assert bob.post("/admin/users", {"form_token": token, "name": "ada", "do": do}).status == 404
    assert own(site, "account").strip() == ""


def test_rules_are_shown_and_asked(browser):
    root = browser("root")
    root.get("/admin/rules")
    assert "user:root all" in root.text and "the setting `rule`" in root.text
    root.send("/admin/rules", {"actor": "ada", "right": "delete", "project": "demo"})
    assert "Yes: rule" in root.text
    root.send("/admin/rules", {"actor": "bob", "right": "delete", "project": "demo"})
    assert "No: no rule allows it" in root.text
    for bad in [{"actor": "a b"}, {"actor": "ada", "right": "fly"}, {"actor": "ada", "right": "list", "project": "<b>"}]:
        answer = root.get(f"/admin/rules?{urlencode(bad)}")
        assert answer.status == 200 and 'role="alert"' in answer.text and "<b>" not in answer.text, bad


def events(browser) -> list[tuple[str, str]]:
    """Kinds and projects of the events on the page, in their order."""
    return [(kind, project) for kind, project in
            re.findall(r"</td>\s*<td>([\w-]+)</td>\s*<td>(?:<a [^>]*>([\w-]+)</a>)?</td>", browser.page.text)]


def test_journal_shows_the_last_first_and_filters(site, browser):
    for number in range(3):
        assert site.upload(wheel("demo", f"3.{number}"), user=("ada", "secret")).status == 200
    own(site, "yank", "other==1.0", "--reason", "<i>odd</i>")
    root = browser("root")
    root.get("/admin/journal")
    assert events(root)[:4] == [("yanked", "other"), *[("uploaded", "demo")] * 3]
    assert "&lt;i&gt;odd" in root.page.text and "user:ada" in root.text and "administrator" in root.text
    root.send("/admin/journal", {"project": "demo", "kind": "uploaded"})
    assert events(root) == [("uploaded", "demo")] * 3
    assert "--project demo --kind uploaded" in root.text
    root.send("/admin/journal", {"project": "", "kind": "", "actor": "ada"})
    assert events(root) == [("uploaded", "demo")] * 3
    root.send("/admin/journal", {"actor": "administrator"})
    assert events(root) == [("yanked", "other")]
    root.send("/admin/journal", {"actor": "", "since": "2100-01-01"})
    assert events(root) == [] and "No such thing happened." in root.text
    root.send("/admin/journal", {"since": "", "until": "2001-01-01"})
    assert events(root) == []
    for bad in ["since=yesterday", "kind=burnt", "project=a%2Fb", "until=2026-99-99"]:
        answer = root.get(f"/admin/journal?{bad}")
        assert answer.status == 200 and 'role="alert"' in answer.text, bad


def test_journal_has_pages(site, browser):
    names = [f"3.{number}" for number in range(130)]
    for name in names:
        assert site.upload(wheel("demo", name), user=("ada", "secret")).status == 200
    root = browser("root")
    root.get("/admin/journal?kind=uploaded")
    seen = re.findall(r"demo-(3\.\d+)-", root.page.text)
    assert len(seen) == 100
    [older] = [link.href for link in root.page.links if link.text == "Older"]
    root.get(older)
    rest = re.findall(r"demo-(3\.\d+)-", root.page.text)
    assert seen + rest == names[::-1], "each once, the last first"
    [newest] = [link.href for link in root.page.links if link.text == "Newest"]
    root.get(newest)
    assert re.findall(r"demo-(3\.\d+)-", root.page.text) == seen
    for odd in ["0", "1", "-1", "x", "99999999999999999999", str(2**63), "5"]:
        assert root.get(f"/admin/journal?before={odd}").status == 200, odd


def test_audit_trail_filters(site, browser):
    Browser(site).sign_in("ada", "wrong")
    own(site, "role", "demo", "maintainer", "bob")
    root = browser("root")
    root.get("/admin/audit")
    kinds = [kind for kind, _ in events(root)]
    assert {"signed-in", "sign-in-failed", "role-given"} <= set(kinds) and kinds[0] == "signed-in"
    root.send("/admin/audit", {"kind": "role-given", "project": "demo"})
    assert {kind for kind, _ in events(root)} == {"role-given"} and "bob" in root.text
    root.send("/admin/audit", {"kind": "", "project": "", "actor": "root"})
    assert {kind for kind, _ in events(root)} == {"signed-in"}
    assert root.get("/admin/audit?since=never").status == 200 and 'role="alert"' in root.page.text


def test_audit_trail_has_pages(site, browser):
    for number in range(120):
        own(site, "role", "demo", "none" if number % 2 else "maintainer", f"user{number // 2}")
    root = browser("root")
    root.get("/admin/audit")
    shown = [events(root)]
    while older := [link.href for link in root.page.links if link.text == "Older"]:
        root.get(older[0])
        shown.append(events(root))
    whole = json.loads(site.get("/api/v1/access/trail?limit=1000", user=("root", "secret")).text)["events"]
    assert [len(one) for one in shown[:-1]] == [100] * (len(shown) - 1) and len(shown) > 1
    assert [kind for one in shown for kind, _ in one] == [event["kind"] for event in whole], "each once"
    [newest] = [link.href for link in root.page.links if link.text == "Newest"]
    root.get(newest)
    assert events(root) == shown[0]
    place = whole[9]["place"]
    rest = json.loads(site.get(f"/api/v1/access/trail?limit=5&before={place}", user=("root", "secret")).text)["events"]
    assert rest == whole[10:15]
    for odd in ["x", "1", "1.x", "9" * 40 + ".1"]:
        assert site.get(f"/api/v1/access/trail?before={odd}", user=("root", "secret")).status == 400, odd
        assert root.get(f"/admin/audit?before={odd}").status == 200, odd


def test_browsers_are_signed_out_by_command(site, browser):
    ada, bob = browser("ada"), browser("bob")
    browser("ada").get("/account")
    ada.get("/account")
    assert "wheelhouse account sign-out ada --server" in ada.text
    assert "no browser is signed in any more" in own(site, "account", "sign-out", "ada")
    assert "no browser was signed in" in own(site, "account", "sign-out", "ada")
    ada.get("/account")
    assert ada.path.startswith("/account/sign-in") and bob.get("/account").status == 200
    sign_out = "/api/v1/access/browsers?user="
    assert site.ask("DELETE", f"{sign_out}bob", user=("ada", "secret")).status == 403, "somebody else's"
    assert bob.get("/account").status == 200
    answer = site.ask("DELETE", f"{sign_out}bob", user=("bob", "secret"))
    assert answer.status == 200 and json.loads(answer.text) == {"changed": True}, answer
    bob.get("/account")
    assert bob.path.startswith("/account/sign-in")


def test_hostile_agents_and_names_are_text(site):
    hostile = "<script>alert(1)</script>"
    Browser(site, **{"User-Agent": hostile}).sign_in(hostile, "wrong")
    root = Browser(site)
    root.sign_in("root", to="/admin/audit")
    assert "&lt;script&gt;alert(1)" in root.page.text and hostile not in root.page.text


def test_health_shows_storage_caches_and_what_came_back(site, browser):
    root = browser("root")
    assert "None was found since this server started." in (root.get("/admin/health") and root.text)
    assert "Storage well" in root.text and "Caches well" in root.text and "Replicas" not in root.text
    for path in ["/simple/demo/", "/project/demo/"]:
        site.get(path, user=("ada", "secret"))
    root.get("/admin/health")
    figures = dict(re.findall(r"<dt>(.*?)</dt><dd><bdi>(.*?)</bdi></dd>", root.page.text))
    assert re.fullmatch(r"[1-9][\d.]* kB of 67\.1 MB, [1-9]\d* pieces", figures["Pages"]), figures
    assert figures["Files"] == "4"
    stored = sum(len(file.content) for file in FILES)
    assert figures["Files take"] == (f"{stored} bytes" if stored < 1000 else f"{stored / 1000:.1f} kB")
    assert re.fullmatch(r"[\d.]+ [MGT]B of [\d.]+ [MGT]B at /.*", figures["Free for the state folder"]), figures
    assert "Downloads that wait to be counted" in figures and figures["Everything is listed"] == "yes"
    assert ("Free for files" in figures) == (not site.place)


@pytest.mark.folder
def test_deleted_file_that_came_back_is_told(site, browser):
    own(site, "delete", "other==1.0", "--yes")
    FILES[3].put(site.packages)
    root = browser("root")
    from support.waiting import wait_until

    wait_until(lambda: "came back" in (root.get("/admin") and root.text), seconds=20)
    root.get("/admin/health")
    assert FILES[3].filename in root.text

"""Somebody's own pages: tokens that work with real clients, and trusted publishers of own projects."""

from __future__ import annotations

import re
import subprocess

import pytest

from support.distributions import wheel
from support.plain_browser import Browser
from support.programs import clean_environment, venv

from .conftest import FILES, LOCKED, USERS, own

HOSTILE = ["<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "{{ 7*7 }}", "a\u202egpj.exe", "x" * 100]


def made_token(browser) -> str:
    return re.search(r"wheelhouse_[\w-]{80,}", browser.page.text).group(0)


def twine(site, token: str, file) -> subprocess.CompletedProcess[str]:
    path = site.folder / file.filename
    path.write_bytes(file.content)
    return subprocess.run(
        [venv("twine-6") / "twine", "upload", "--non-interactive", "--repository-url", site.url, "-u", "__token__",
         "-p", token, str(path)],
        env=clean_environment(site.folder), capture_output=True, text=True, timeout=60,
    )


def test_account_shows_projects_groups_and_browsers(site, browser):
    own(site, "group", "add", "makers", "ada")
    browser("ada")
    ada = browser("ada")
    ada.get("/account")
    assert "demo" in ada.text and "owner" in ada.text and "makers" in ada.text and "this one" in ada.text
    assert len(re.findall(r"<tr><td>", ada.page.text)) == 2
    bob = browser("bob")
    bob.get("/account")
    assert "No project is yours yet" in bob.text


def test_token_of_the_page_works_with_twine_until_it_is_revoked(site, browser):
    ada = browser("ada")
    ada.get("/account/tokens")
    assert "You have no tokens" in ada.text
    ada.send("/account/tokens", {"name": "my CI", "right": ["list", "upload"], "projects": "demo", "days": "30"})
    assert ada.page.status == 200 and ada.page.header("Cache-Control") == "private, no-store"
    token = made_token(ada)
    for line in ["twine upload --repository-url", "uv publish --publish-url", "index-servers = wheelhouse", "pip install"]:
        assert line in ada.text, line
    done = twine(site, token, wheel("demo", "3.0"))
    assert done.returncode == 0, done.stdout + done.stderr
    refused = twine(site, token, wheel("other", "3.0"))
    assert refused.returncode != 0 and "may not upload to `other`" in refused.stdout + refused.stderr
    ada.get("/account/tokens")
    assert token not in ada.page.text, "it is shown once"
    for word in ["my CI", "list+upload", "demo"]:
        assert word in ada.text
    ada.send("/account/tokens/revoke")
    assert "worth nothing now" in ada.text and "You have no tokens" in ada.text
    ended = twine(site, token, wheel("demo", "4.0"))
    assert ended.returncode != 0 and "401" in ended.stdout + ended.stderr
    assert token not in site.log
    assert "user:ada" in own(site, "log", "--access")


@pytest.mark.parametrize(("fields", "says"), [
    ({"name": " "}, "the name of a token"),
    ({"name": "n" * 101}, "the name of a token"),
    ({"name": "t", "days": "0"}, "from 1 to 3650"),
    ({"name": "t", "days": "many"}, "from 1 to 3650"),
    ({"name": "t", "days": "99999999999"}, "from 1 to 3650"),
    ({"name": "t", "projects": "a/b"}, "a/b"),
    ({"name": "t", "projects": ",".join(f"p{n}" for n in range(21))}, "1 to 20"),
    ({"name": "t", "right": ["everything"]}, "is no right"),
])
def test_mistakes_in_the_form_of_a_token_are_told_beside_it(site, browser, fields, says):
    ada = browser("ada")
    ada.get("/account/tokens")
    answer = ada.send("/account/tokens", fields)
    assert answer.status == 400 and says in ada.text, answer
    [field] = [of for tag, of in ada.read.tags if tag == "input" and of.get("name") == "name"]
    assert field["aria-describedby"] == "error" and 'id="error"' in answer.text
    assert field["value"] == fields["name"].strip()
    assert own(site, "token").strip() == ""


def test_somebody_else_s_token_is_not_revoked(site, browser):
    own(site, "token", "make", "of bob", "--owner", "bob")
    token_id = own(site, "token").split()[0]
    ada = browser("ada")
    own(site, "token", "make", "of ada", "--owner", "ada")
    ada.get("/account/tokens")
    assert "of bob" not in ada.text
    answer = ada.send("/account/tokens/revoke", {"id": token_id})
    assert answer.status == 403, answer
    assert ada.get("/account/tokens").status == 200
    assert ada.send("/account/tokens/revoke", {"id": "nothing"}).status in (403, 404)
    assert "of bob" in own(site, "token")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_text(browser, name):
    ada = browser("ada")
    ada.get("/account/tokens")
    ada.send("/account/tokens", {"name": name, "days": ""})
    assert ada.page.status == 200
    for _ in range(2):
        assert "<script>alert" not in ada.page.text and "<img src=x" not in ada.page.text and "\u202e" not in ada.page.text
        assert "7*7" in ada.page.text or "{{" not in name
        assert "49" not in ada.text or "{{" not in name
        assert not any(name.startswith("on") for _, of in ada.read.tags for name in of)
        ada.get("/account/tokens")


ISSUER = "https://ci.company.example"


@pytest.fixture
def trusting(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--trusted-issuer", ISSUER, files=FILES, users=USERS)
    own(site, "role", "demo", "owner", "ada")
    own(site, "role", "other", "maintainer", "ada")
    return site


def test_owner_trusts_publishers_of_own_projects_alone(trusting):
    ada = Browser(trusting)
    ada.sign_in("ada")
    ada.get("/account/publishers")
    ada.send("/account/publishers", {"provider": "gitlab"})
    form = ada.form("/account/publishers")
    assert {"wanted-namespace", "wanted-project", "wanted-workflow", "wanted-environment"} <= form.names
    assert dict(form.fields)["issuer"] == ISSUER, "the one that there is"
    wanted = {"issuer": ISSUER, "wanted-namespace": "web", "wanted-project": "shop", "wanted-workflow": ".gitlab-ci.yml",
              "projects": "demo"}
    for wrong, says in [
        ({"wanted-project": ""}, "must have `project`"), ({"issuer": "https://evil.example"}, "does not trust"),
        ({"projects": "other"}, "may not"), ({"projects": "*"}, "may not"), ({"projects": "dem*"}, "may not"),
        ({"projects": "demo, other"}, "may not"), ({"projects": ""}, "may not"), ({"projects": "a/b"}, "may not"),
    ]:
        answer = ada.send("/account/publishers", wanted | wrong)
        assert answer.status in (400, 403, 409) and says in ada.text, (wrong, answer)
        kept = dict(ada.form("/account/publishers").fields)
        assert kept["wanted-namespace"] == "web" and kept["projects"] == (wanted | wrong)["projects"]
    assert own(trusting, "publisher").strip() == ""
    ada.send("/account/publishers", wanted)
    assert "Its jobs are trusted now." in ada.text and "namespace=web" in ada.text, ada.text
    assert "namespace=web" in own(trusting, "publisher")
    own(trusting, "publisher", "add", "generic", f"issuer={ISSUER}", "sub=x", "--projects", "other")
    ada.get("/account/publishers")
    assert "sub=x" not in ada.text, "what is not theirs is not shown"
    other = [line.split()[0] for line in own(trusting, "publisher").splitlines() if "sub=x" in line][0]
    assert ada.send("/account/publishers/remove", {"id": other}).status == 403
    ada.get("/account/publishers")
    ada.send("/account/publishers/remove")
    assert "trusted no more" in ada.text and "namespace=web" not in own(trusting, "publisher")


def test_owner_trusts_publishers_by_the_api_too(trusting):
    wish = {"provider": "generic", "issuer": ISSUER, "wanted": {"sub": "job"}, "projects": ["demo"]}
    import json

    def call(user: str, method: str = "POST", path: str = "/api/v1/access/publishers", body: object = wish):
        sent = None if body is None else json.dumps(body).encode()
        return trusting.ask(method, path, body=sent, headers={"Content-Type": "application/json"}, user=(user, "secret"))

    assert call("bob").status == 403
    assert call("ada", body=wish | {"projects": ["other"]}).status == 403
    made = call("ada")
    assert made.status == 200, made
    assert [one["id"] for one in call("ada", "GET", body=None).json["publishers"]] == [made.json["id"]]
    assert call("bob", "GET", body=None).status == 403
    address = f"/api/v1/access/publishers?id={made.json['id']}"
    assert call("bob", "DELETE", address, None).status == 403
    assert call("ada", "DELETE", address, None).status == 200


def test_without_issuers_the_page_says_what_is_missing(browser):
    ada = browser("ada")
    ada.get("/account/publishers")
    assert "--trusted-issuer" in ada.text

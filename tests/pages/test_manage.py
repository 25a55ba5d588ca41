"""What owners change in a browser: seen before it is done, the same as the commands do, and by nobody else."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from support.plain_browser import Browser
from support.distributions import wheel
from support.programs import binary

from .conftest import FILES, LOCKED, USERS, own

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
ADA = ("ada", "secret")


def page(site, project: str = "demo") -> dict:
    return site.get(f"/simple/{project}/", headers=JSON, user=("root", "secret")).json


def yanked(site) -> dict[str, object]:
    return {file["filename"]: file["yanked"] for file in page(site)["files"] if file.get("yanked")}


def command(browser) -> list[str]:
    """The command that the page shows."""
    lines = [of["data-copy"] for tag, of in browser.read.tags if tag == "button" and "data-copy" in of]
    [line] = [line for line in lines if line.startswith("wheelhouse ")]
    return shlex.split(line)


def run(site, words: list[str], user: str = "ada") -> None:
    assert words[0] == "wheelhouse"
    environment = site.environment | {"WHEELHOUSE_USER": user, "WHEELHOUSE_PASSWORD": "secret"}
    yes = ["--yes"] if words[1] == "delete" else []
    done = subprocess.run([binary("wheelhouse"), *words[1:], *yes], cwd=site.folder, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_release_is_yanked_and_unyanked(site, browser):
    ada = browser("ada")
    ada.get("/project/demo/manage")
    ada.get("/project/demo/manage/change?version=2.0")
    ada.send("/manage/yank", {"reason": "breaks <b>data</b>; it's \"bad\""})
    assert "Yank demo 2.0?" in ada.text and "installers pass 2.0 over" in ada.text and "<b>data</b>" not in ada.page.text
    assert yanked(site) == {}, "only said, not done"
    shown = command(ada)
    ada.send("/manage/yank")
    assert ada.path == "/project/demo/manage?done=yanked" and "Installers pass it over now." in ada.text
    assert yanked(site) == {file.filename: "breaks <b>data</b>; it's \"bad\"" for file in FILES[1:3]}
    assert "user:ada" in own(site, "log")
    ada.get("/project/demo/manage/change?version=2.0")
    ada.send("/manage/unyank")
    ada.send("/manage/unyank")
    assert yanked(site) == {}
    run(site, shown)
    assert len(yanked(site)) == 2, "the command that was shown does the same"


def test_file_is_yanked_and_all_at_once(site, browser):
    ada = browser("ada")
    ada.get(f"/project/demo/manage/change?file={FILES[0].filename}")
    ada.send("/manage/yank")
    ada.send("/manage/yank")
    assert yanked(site) == {FILES[0].filename: True}
    ada.get("/project/demo/manage/change")
    ada.send("/manage/yank", {"reason": "all"})
    ada.send("/manage/yank")
    assert len(yanked(site)) == 3


def test_status_is_set(site, browser):
    ada = browser("ada")
    ada.get("/project/demo/manage")
    ada.send("/manage/status", {"status": "archived", "reason": "use demo-ng"})
    assert "Make demo archived?" in ada.text
    shown = command(ada)
    ada.send("/manage/status")
    assert page(site)["project-status"] == {"status": "archived", "reason": "use demo-ng"}
    ada.send("/manage/status", {"status": "active", "reason": ""})
    ada.send("/manage/status")
    assert page(site).get("project-status", {}).get("status", "active") == "active"
    run(site, shown)
    assert page(site)["project-status"]["status"] == "archived"
    ada.get("/project/demo/manage")
    ada.send("/manage/status")
    assert "Nothing would change" in ada.text


def test_release_is_deleted_after_its_name_was_typed_and_comes_back(site, browser):
    ada = browser("ada")
    ada.get("/project/demo/manage/change?version=1.0")
    ada.send("/manage/delete")
    assert f"{FILES[0].filename} goes away" in ada.text
    for wrong in ["", "demo", "demo 1", "Demo 1.0"]:
        answer = ada.send("/manage/delete", {"typed": wrong})
        assert answer.status == 400 and "nothing was deleted" in ada.text
        assert "1.0" in page(site)["versions"]
    ada.send("/manage/delete", {"typed": "demo 1.0"})
    assert "It is deleted." in ada.text and page(site)["versions"] == ["2.0"]
    assert site.get(f"/packages/{FILES[0].filename}", user=ADA).status in (404, 410)
    assert FILES[0].filename in ada.text
    ada.send("/manage/undelete")
    ada.send("/manage/undelete")
    assert page(site)["versions"] == ["1.0", "2.0"]


def test_whole_project_is_deleted(site, browser):
    ada = browser("ada")
    ada.get("/project/demo/manage/change")
    ada.send("/manage/delete")
    ada.send("/manage/delete", {"typed": "demo"})
    assert site.get("/simple/demo/", user=ADA).status == 404
    assert ada.page.status == 200 and "No file of this project is here" in ada.text, "its owner still has the page"


def test_roles_are_given_and_taken(site, browser):
    ada, bob = browser("ada"), browser("bob")
    assert bob.get("/project/demo/manage").status == 403
    ada.get("/project/demo/manage")
    ada.send("/manage/role", {"user": "bob", "role": "maintainer"}, holding={"role": "maintainer"})
    assert "bob" in own(site, "role", "demo")
    bob.get("/project/demo/manage")
    assert bob.page.status == 200 and "Give the part" not in bob.text
    bob.get("/project/demo/manage/change?version=1.0")
    assert bob.form("/manage/yank") and "/manage/delete" not in bob.page.text
    answer = ada.send("/manage/role", {"user": "a b", "role": "owner"}, holding={"role": "maintainer"})
    assert answer.status == 400 and "no account can have this name" in ada.text
    ada.get("/project/demo/manage")
    ada.send("/manage/role", holding={"user": "bob"})
    assert "bob" not in own(site, "role", "demo") and bob.get("/project/demo/manage").status == 403


@pytest.mark.parametrize("path", ["manage", "manage/change", "manage/change?version=1.0"])
def test_who_may_not_change_a_project_has_no_such_page(site, browser, path):
    assert browser("bob").get(f"/project/demo/{path}").status == 403
    assert browser("ada").get(f"/project/other/{path}").status == 403
    assert browser("root").get(f"/project/other/{path}").status == 200
    assert browser("ada").get(f"/project/nothing/{path}").status in (403, 404)


def test_who_may_not_see_a_project_learns_nothing_of_it(serve, wheelhouse):
    rules = ["--rule", "user:root all", "--rule", "user:bob list+download other"]
    site = serve(wheelhouse, "-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", *rules, files=FILES, users=USERS)
    bob = Browser(site)
    bob.sign_in("bob")
    here, nowhere = bob.get("/project/demo/manage"), bob.get("/project/nothing/manage")
    assert here.status == nowhere.status == 404
    token = bob.form("/account/sign-out").fields
    for verb in ["yank", "delete", "status", "role"]:
        sent = [*token, ("version", "1.0"), ("status", "archived"), ("step", "do"), ("user", "bob"), ("role", "owner")]
        assert bob.post(f"/project/demo/manage/{verb}", sent).status in (403, 404), verb
    assert bob.get("/project/other/manage").status == 403
    assert own(site, "role", "demo").strip() == ""


def test_forms_without_right_change_nothing(site, browser):
    bob = browser("bob")
    bob.get("/account")
    token = [("form_token", dict(bob.form("/account/sign-out").fields)["form_token"])]
    for verb, more in [("yank", []), ("unyank", []), ("delete", [("typed", "demo 1.0")]), ("undelete", []),
                       ("status", [("status", "quarantined")]), ("role", [("user", "bob"), ("role", "owner")])]:
        answer = bob.post(f"/project/demo/manage/{verb}", [*token, ("version", "1.0"), ("step", "do"), *more])
        assert answer.status == 403, (verb, answer)
    assert yanked(site) == {} and page(site)["versions"] == ["1.0", "2.0"] and "bob" not in own(site, "role", "demo")


@pytest.mark.parametrize(("fields", "status", "says"), [
    ({"version": "9.9"}, 404, "9.9"), ({"file": "nothing-1.0.tar.gz"}, 404, "nothing"),
    ({"version": "1.0", "reason": "r" * 501}, 400, "the reason must be one line"),
    ({"version": "<script>alert(1)</script>"}, 404, ""), ({"version": "v" * 300}, 400, "200 characters"),
    ({"file": "\u202efile", "reason": "x"}, 404, ""),
])
def test_bad_values_are_told_as_text(browser, fields, status, says):
    ada = browser("ada")
    ada.get("/project/demo/manage/change?version=1.0")
    sent = [pair for pair in ada.form("/manage/yank").fields if pair[0] == "form_token"]
    answer = ada.post("/project/demo/manage/yank", [*sent, *fields.items()])
    assert answer.status == status and says in ada.text, answer
    assert "<script>alert" not in answer.text and "\u202e" not in answer.text
    shown = ada.get("/project/demo/manage/change?version=%3Cscript%3Ealert(1)%3C/script%3E&file=%E2%80%AEx")
    assert "<script>alert" not in shown.text and "\u202e" not in shown.text


def test_other_spellings_and_verbs(browser):
    ada = browser("ada")
    ada.get("/project/Demo/manage")
    assert ada.path == "/project/demo/manage"
    sent = [pair for pair in ada.form("/manage/status").fields if pair[0] == "form_token"]
    assert ada.post("/project/demo/manage/burn", sent).status == 404
    assert ada.get("/project/demo/manage/yank").status == 405
    assert ada.get("/project/a%2Fb/manage").status == 404


def test_page_of_the_project_leads_its_owner_there(browser):
    ada, bob = browser("ada"), browser("bob")
    ada.get("/project/demo/")
    bob.get("/project/demo/")
    assert "/project/demo/manage" in ada.page.text and "/project/demo/manage" not in bob.page.text


def test_huge_project_has_a_page(serve, wheelhouse):
    files = [wheel("demo", f"1.{number}") for number in range(300)]
    site = serve(wheelhouse, *LOCKED, files=files, users=USERS)
    root = Browser(site)
    root.sign_in("root", to="/project/demo/manage")
    assert root.page.status == 200 and "1.299" in root.text
    root.get("/project/demo/manage/change")
    root.send("/manage/delete")
    assert "and 100 more" in root.text


def test_who_uploaded_a_file_is_told_to_those_who_may_change_it(site, browser):
    assert site.upload(wheel("demo", "3.0"), user=("ada", "secret")).status == 200
    assert "by <bdi>ada</bdi>" in browser("ada").get("/project/demo/").text
    page = browser("eve").get("/project/demo/").text
    assert "demo-3.0-py3-none-any.whl" in page and "by <bdi>ada</bdi>" not in page

"""The API over the network, and the commands that call it with `--server`."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.programs import Door, Site, binary, clean_environment
from support.waiting import wait_until

from .conftest import FILES, USERS, page, yanked

ONE, TWO, SOURCE, OTHER = (file.filename for file in FILES)
ADA = ("ada", "secret")
BODY = {"Content-Type": "application/json"}


@pytest.fixture
def site(serve, either_name: Door) -> Site:
    return serve(either_name, "-P", ".htpasswd", "-a", "update", "--disable-fallback", users=USERS, files=FILES)


def call(site: Site, method: str, path: str, wish: object = None, user=ADA, **more):
    body = json.dumps(wish).encode() if wish is not None else None
    headers = (BODY if body is not None else {}) | more.pop("headers", {})
    return site.ask(method, path, body=body, headers=headers, user=user, **more)


def problem(answer, status: int, says: str = ""):
    assert answer.status == status and answer.type == "application/problem+json", answer
    assert answer.json["status"] == status and says in answer.json["detail"], answer


def test_changes_are_made_and_told(site):
    answer = call(site, "POST", "/api/v1/projects/Demo/yank", {"version": "2", "reason": "bad"})
    assert answer.status == 200 and answer.type == "application/json", answer
    report = answer.json
    assert report["changes"] == [{"kind": "yanked", "version": "2.0", "reason": "bad"}]
    assert report["project"] == "demo" and not report["dry_run"] and report["warnings"] == []
    assert page(site)["meta"]["_last-serial"] == report["serial"]
    assert set(yanked(site)) == {TWO, SOURCE}
    put = call(site, "PUT", "/api/v1/projects/demo/status", {"status": "archived"})
    assert put.json["changes"] == [{"kind": "status-set", "status": "archived"}]
    gone = call(site, "POST", "/api/v1/projects/demo/delete", {"file": ONE})
    assert gone.json["changes"] == [{"kind": "deleted", "version": "1.0", "file": ONE}]
    shown = call(site, "GET", "/api/v1/projects/demo", user=None).json
    assert shown["status"] == "archived" and [release["version"] for release in shown["releases"]] == ["2.0"]
    assert [file["file"] for file in shown["withdrawn"]] == [ONE]
    back = call(site, "POST", "/api/v1/projects/demo/undelete", {})
    assert [change["kind"] for change in back.json["changes"]] == ["readmitted", "restored"]
    assert len(page(site)["files"]) == 3


def test_the_api_is_there_below_the_name_of_the_index(site):
    assert call(site, "POST", "/index/main/api/v1/projects/demo/yank", {}).status == 200
    assert call(site, "GET", "/index/main/api/v1/status").json["index"] == "main"


@pytest.mark.parametrize("path", ["/api/v1/projects/demo/delete?dry_run=true", "/api/v1/projects/demo/delete"])
def test_a_trial_changes_nothing(site, path):
    answer = call(site, "POST", path, {} if "?" in path else {"dry_run": True})
    assert answer.json["dry_run"] and answer.json["serial"] is None and len(answer.json["changes"]) == 3
    assert len(page(site)["files"]) == 3


def test_a_file_may_be_named_with_its_version(site):
    wish = {"version": "2", "file": TWO}
    assert call(site, "POST", "/api/v1/projects/demo/yank", wish).json["changes"] == [{"kind": "yanked", "file": TWO}]
    wish["version"] = "1.0"
    problem(call(site, "POST", "/api/v1/projects/demo/yank", wish), 404, "no file of the release 1.0")


def test_a_reason_is_for_yanks(site):
    problem(call(site, "POST", "/api/v1/projects/demo/delete", {"reason": "x"}), 400, "reason")


def test_changes_need_the_right_to_update(site):
    for method, path in [("POST", "yank"), ("POST", "unyank"), ("POST", "delete"), ("POST", "undelete")]:
        answer = call(site, method, f"/api/v1/projects/demo/{path}", {}, user=None)
        problem(answer, 401)
        assert answer.header("WWW-Authenticate")
        problem(call(site, method, f"/api/v1/projects/demo/{path}", {}, user=("ada", "wrong")), 401, "wrong")
    problem(call(site, "PUT", "/api/v1/projects/demo/status", {"status": "archived"}, user=None), 401)
    assert len(page(site)["files"]) == 3 and yanked(site) == {}


def test_reading_needs_the_right_to_list(serve, wheelhouse):
    site = serve(wheelhouse, "-P", ".htpasswd", "-a", "list,update,download", users=USERS, files=FILES)
    for path in ["/api/v1/status", "/api/v1/events", "/api/v1/projects/demo", "/api/openapi.json"]:
        problem(call(site, "GET", path, user=None), 401)
        assert call(site, "GET", path).status == 200


def test_who_did_it_is_for_those_who_may_change_things(site):
    call(site, "POST", "/api/v1/projects/demo/yank", {"version": "1.0"}, headers={"User-Agent": "tester/1"})
    anonymous = call(site, "GET", "/api/v1/events", user=None).json["events"]
    signed_in = call(site, "GET", "/api/v1/events").json["events"]
    assert all("by" not in event for event in anonymous) and len(anonymous) == 5
    by = signed_in[-1]["by"]
    assert (by["actor"], by["address"], by["agent"]) == ("user:ada", "127.0.0.1", "tester/1") and by["request_id"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(site, headers):
    problem(call(site, "POST", "/api/v1/projects/demo/delete", {}, headers=headers), 403, "another site")
    assert len(page(site)["files"]) == 3


def test_a_page_of_this_site_may(site):
    origin = {"Origin": f"http://127.0.0.1:{site.port}", "Sec-Fetch-Site": "same-origin"}
    assert call(site, "POST", "/api/v1/projects/demo/yank", {}, headers=origin).status == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"", BODY, 400, "EOF"),
        (b"{", BODY, 400, "EOF"),
        (b"[]", BODY, 400, ""),
        (b'{"vers": "1"}', BODY, 400, "version"),
        (b'{"version": 1}', BODY, 400, "string"),
        (b'{"version": ""}', BODY, 400, "version"),
        (b'{"version": "1.0", "file": "x"}', BODY, 404, "no file of the release"),
        (b'{"version": "1.0", "version": "2.0"}', BODY, 400, "duplicate"),
        (b'{"file": "a\\u0000b"}', BODY, 400, "file"),
        (b'{"version": "1.0", "reason": "a\\nb"}', BODY, 400, "one line"),
        (b'{"version": "9"}', BODY, 404, "9"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "JSON"),
        (b"{}", {}, 415, "JSON"),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "JSON"),
        (b" " * 70_000, BODY, 413, "65536"),
    ],
)
def test_a_bad_call_is_told_what_is_wrong(site, body, headers, status, says):
    answer = site.ask("POST", "/api/v1/projects/demo/yank", body=body, headers=headers, user=ADA)
    problem(answer, status, says)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/v2/status", 404),
        ("POST", "/api/v1/nothing", 404),
        ("GET", "/api/v1/projects/unknown", 404),
        ("GET", "/api/v1/projects/%FF", 404),
        ("GET", "/api/v1/projects/demo/yank", 405),
        ("DELETE", "/api/v1/projects/demo", 405),
        ("POST", "/api/v1/status", 405),
        ("GET", "/api/v1/events?limit=0", 400),
        ("GET", "/api/v1/events?limit=x", 400),
        ("GET", "/api/v1/events?after=-1", 400),
        ("GET", "/api/v1/events?after=18446744073709551615", 400),
        ("GET", "/api/v1/events?kind=odd", 400),
        ("GET", "/api/v1/events?odd=1", 400),
    ],
)
def test_refusals_have_one_form(site, method, path, status):
    answer = call(site, method, path)
    problem(answer, status)
    assert (answer.header("Allow") is not None) == (status == 405)


@pytest.mark.folder
def test_events_are_paged_and_chosen(site):
    for version in ["1.0", "2.0"]:
        call(site, "POST", "/api/v1/projects/demo/yank", {"version": version})
    everything = call(site, "GET", "/api/v1/events").json
    assert [event["kind"] for event in everything["events"]] == ["found"] * 4 + ["yanked"] * 2
    assert everything["next"] == everything["head"]
    first = call(site, "GET", "/api/v1/events?limit=1").json
    assert len(first["events"]) == 4, "the events of one change are never split"
    rest = call(site, "GET", f"/api/v1/events?after={first['next']}").json
    assert first["events"] + rest["events"] == everything["events"]
    some = call(site, "GET", "/api/v1/events?kind=yanked&project=DEMO").json
    assert some["events"] == everything["events"][4:]
    assert call(site, "GET", f"/api/v1/events?after={everything['head']}").json["events"] == []


def test_the_status_of_the_index(site):
    report = call(site, "GET", "/api/v1/status").json
    assert (report["projects"], report["files"], report["came_back"]) == (2, 4, [])


# The commands.


def test_commands_sign_in_from_the_environment(site, owner):
    signed = {"WHEELHOUSE_USER": "ada", "WHEELHOUSE_PASSWORD": "secret"}
    said = owner.run("yank", "demo==1.0", "--server", site.url, environment=signed).stdout
    assert "demo==1.0: yanked" in said and yanked(site) == {ONE: True}
    # The address that people gave to pip is as good.
    owner.run("unyank", "demo==1.0", "--server", site.url + "simple/", environment=signed)
    assert yanked(site) == {}
    owner.run("status", "demo", "archived", "--server", site.url + "index/main/", environment=signed)
    assert page(site)["project-status"]["status"] == "archived"


def test_commands_sign_in_from_netrc(site, owner):
    netrc = owner.home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    owner.run("yank", "demo==1.0", "--server", site.url)
    assert yanked(site) == {ONE: True}
    netrc.rename(owner.home / "elsewhere")
    refused = owner.run("unyank", "demo==1.0", "--server", site.url, fails=True)
    assert "sign in with --user" in refused.stderr
    elsewhere = {"NETRC": str(owner.home / "elsewhere")}
    owner.run("unyank", "demo==1.0", "--server", site.url, environment=elsewhere)
    assert yanked(site) == {}


def test_a_wrong_password_is_told_and_never_shown(site, owner):
    wrong = {"WHEELHOUSE_USER": "ada", "WHEELHOUSE_PASSWORD": "open sesame"}
    refused = owner.run("yank", "demo", "--server", site.url, environment=wrong, fails=True)
    assert refused.returncode == 1 and "wrong" in refused.stderr
    assert "sesame" not in refused.stderr + site.log


def test_a_password_does_not_leave_the_machine_in_the_clear(owner):
    signed = {"WHEELHOUSE_USER": "ada", "WHEELHOUSE_PASSWORD": "secret"}
    refused = owner.run("yank", "demo", "--server", "http://index.example/", environment=signed, fails=True)
    assert "without encryption" in refused.stderr and "--insecure-http" in refused.stderr
    refused = owner.run("yank", "demo", "--server", "http://ada:secret@127.0.0.1:9/", fails=True)
    assert "no password into the address" in refused.stderr and "secret" not in refused.stderr
    refused = owner.run("yank", "demo", "--server", "http://127.0.0.1:9/", "--user", "ada", fails=True)
    assert "WHEELHOUSE_PASSWORD" in refused.stderr, "nobody can be asked"


def test_a_server_that_is_away_or_another_program_is_told(owner, serve, door, pypi_server):
    refused = owner.run("status", "--server", "http://127.0.0.1:9/", fails=True)
    assert "does not answer" in refused.stderr
    site = serve(door, files=FILES)
    if door.is_control:
        refused = owner.run("status", "--server", site.url, fails=True)
        assert "not as Wheelhouse does" in refused.stderr
    else:
        assert "index main" in owner.run("status", "--server", site.url).stdout


@pytest.mark.folder
def test_following_the_journal_shows_what_happens(site, owner, tmp_path):
    shown = tmp_path / "out"
    words = [binary("wheelhouse"), "log", "--follow", "--since", "0", "--server", site.url]
    with shown.open("wb") as out:
        process = subprocess.Popen(words, env=clean_environment(owner.home), stdout=out)
        try:
            call(site, "POST", "/api/v1/projects/demo/yank", {"version": "1.0"})
            wait_until(lambda: "yanked" in shown.read_text(), seconds=20)
            lines = shown.read_text().splitlines()
            assert [line.split()[2] for line in lines] == ["found"] * 4 + ["yanked"]
        finally:
            process.kill()
            process.wait()

"""Who may do what: rules, groups, and what somebody sees who may not see everything."""

from __future__ import annotations

import json
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.distributions import Distribution, sdist, wheel
from support.owners import own as command
from support.programs import Site

HASH = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
USERS = {name: HASH for name in ["ada", "bob", "dan", "eve"]}
LOCKED = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback"]
FILES = [
    wheel("data-tools", "1.0", classifier=["Private :: Data"], summary="Tools"),
    wheel("data-sets", "2.0"),
    wheel("secret", "1.0", classifier=["Private :: Secret"], summary="Hidden"),
    sdist("open-lib", "1.0"),
]
RULES = [
    "user:ada all",
    "users list+download open-*",
    "group:data list+download data-*",
    "group:data upload data-tools",
    "group:data create data-*",
]
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def rules(texts: list[str]) -> list[str]:
    return [word for text in texts for word in ("--rule", text)]


def who(name: str) -> tuple[str, str]:
    return (name, "secret")


@pytest.fixture(scope="module")
def site(serve_all, wheelhouse) -> Site:
    site = serve_all(wheelhouse, *LOCKED, "--group-file", "groups", *rules(RULES), files=FILES, users=USERS, start=False)
    (site.folder / "groups").write_text("data: dan bob\n")
    return site.start()


@pytest.fixture
def own(serve, wheelhouse) -> Site:
    """A site of the same company, for tests that change something."""
    site = serve(wheelhouse, *LOCKED, "--group-file", "groups", *rules(RULES), files=FILES, users=USERS, start=False)
    (site.folder / "groups").write_text("data: dan bob\n")
    return site.start()


SEEN = {
    "ada": {"data-sets", "data-tools", "open-lib", "secret"},
    "dan": {"data-sets", "data-tools", "open-lib"},
    "eve": {"open-lib"},
}


@pytest.mark.parametrize("name", SEEN)
def test_every_list_holds_what_somebody_may_see_and_nothing_else(site, name):
    user, seen = who(name), SEEN[name]
    hidden = {"data-sets", "data-tools", "open-lib", "secret"} - seen
    found = site.get("/simple/", headers=JSON, user=user).json["projects"]
    assert {project["name"].replace("_", "-") for project in found} == seen
    assert {path.split("-")[0].replace("_", "-") for path in site.listed(user=user)} == {
        project for project in seen
    }
    for path in ["/simple/", "/packages/", "/rss/updates.xml", "/rss/packages.xml", "/pypi?:action=list_classifiers",
                 "/api/v1/events"]:
        answer = site.get(path, user=user)
        assert answer.status == 200, path
        for project in hidden:
            assert project not in answer.text.lower().replace("_", "-"), (path, project)
    url = f"http://{name}:secret@127.0.0.1:{site.port}/RPC2"
    with xmlrpc.client.ServerProxy(url) as server:
        assert {project.replace("_", "-") for project in server.list_packages()} == seen
        assert {project.replace("_", "-") for project in server.list_packages_with_serial()} == seen
        changes = server.changelog_since_serial(0)
        assert {row[0].replace("_", "-") for row in changes} == seen
        hits = server.search({"name": ["data", "secret", "open"]}, "or")
        assert {hit["name"].replace("_", "-") for hit in hits} == seen
        browsed = server.browse(["Private :: Secret"])
        assert bool(browsed) == ("secret" in seen)
        for project in hidden:
            assert server.package_releases(project) == [] and not server.release_data(project, "1.0")


def test_a_page_that_was_made_for_one_is_not_shown_to_another(site):
    for _ in range(2):
        for name, seen in SEEN.items():
            found = site.get("/simple/", headers=JSON, user=who(name)).json["projects"]
            assert len(found) == len(seen), name


def test_auth_08_what_somebody_may_not_see_is_as_if_it_were_not_there(site):
    eve = who("eve")
    for pattern in ["/simple/{}/", "/pypi/{}/json", "/{}/json", "/pypi/{}/1.0/json", "/rss/project/{}/releases.xml",
                    "/integrity/{}/1.0/x/provenance", "/api/v1/projects/{}"]:
        hidden, unknown = (site.get(pattern.format(name), user=eve) for name in ["secret", "nothing"])
        assert hidden.status == unknown.status == 404, pattern
        assert hidden.text.replace("secret", "nothing") == unknown.text or "there is nothing" in hidden.text, pattern
    path = "/packages/" + FILES[2].filename
    assert site.get(path, user=who("ada")).body == FILES[2].content
    for more in ["", ".metadata"]:
        assert site.get(path + more, user=eve).status == 404
    for verb in ["yank", "delete"]:
        answer = site.ask("POST", f"/api/v1/projects/secret/{verb}", headers={"Content-Type": "application/json"},
                          body=b"{}", user=eve)
        assert answer.status == 404, verb


def test_who_did_not_sign_in_is_asked_to_for_known_and_unknown_alike(site):
    for path in ["/simple/", "/simple/secret/", "/simple/nothing/", "/packages/x-1.0.zip", "/pypi/nothing/json"]:
        answer = site.get(path)
        assert answer.status == 401 and answer.header("WWW-Authenticate"), path


def test_rights_are_given_by_project_and_group(own):
    dan, eve = who("dan"), who("eve")
    assert own.upload(wheel("data-tools", "1.1"), user=dan).status == 200
    answer = own.upload(wheel("data-sets", "2.1"), user=dan)
    assert answer.status == 403 and "`dan` may not upload to `data-sets`" in answer.reason
    assert own.upload(wheel("data-new", "1.0"), user=dan).status == 200, "whoever may create, may"
    for name in ["secret", "nothing"]:
        answer = own.upload(wheel(name, "2.0"), user=dan)
        assert answer.status == 403 and f"`{name}`" in answer.reason, "it does not say which of them is there"
    answer = own.upload(wheel("open-lib", "2.0"), user=eve)
    assert answer.status == 403 and "may not upload" in answer.reason
    assert own.upload(wheel("secret", "2.0"), user=who("ada")).status == 200


def test_whoever_creates_a_project_owns_it(own):
    dan, bob = who("dan"), who("bob")
    file = wheel("data-new", "1.0")
    assert own.upload(file, user=dan).status == 200
    assert own.upload(wheel("data-new", "1.1"), user=dan).status == 200
    assert own.upload(wheel("data-new", "1.2"), user=bob).status == 403, "bob may create, not upload"
    url = f"http://dan:secret@127.0.0.1:{own.port}/RPC2"
    with xmlrpc.client.ServerProxy(url) as server:
        assert server.package_roles("data-new") == [["Owner", "dan"]]
        assert server.user_packages("dan") == [["Owner", "data-new"]]
        assert server.package_roles("secret") == []
    roles = [{"role": "Owner", "user": "dan"}]
    for path in ["/pypi/data-new/json", "/data-new/json", "/pypi/data-new/1.0/json"]:
        assert own.get(path, user=dan).json["ownership"] == {"organization": None, "roles": roles}
    call = {"headers": {"Content-Type": "application/json"}, "user": dan}
    assert own.ask("POST", "/api/v1/projects/data-new/yank", body=b"{}", **call).status == 200
    assert own.ask("POST", "/api/v1/projects/data-new/delete", body=b"{}", **call).status == 200
    answer = own.ask("POST", "/api/v1/projects/data-tools/yank", body=b"{}", **call)
    assert answer.status == 403 and "yank" in answer.text


def test_one_of_those_who_create_a_project_at_once_does(own):
    """Both may create, neither may upload to what is there: the slower one finds a project of somebody else."""
    for number in range(20):
        name = f"data-race{number}"
        with ThreadPoolExecutor(2) as pool:
            uploads = [pool.submit(own.upload, wheel(name, f"1.{place}"), user=who(user))
                       for place, user in enumerate(["dan", "bob"])]
            statuses = [upload.result().status for upload in uploads]
        assert sorted(statuses) == [200, 403]
        winner = ["dan", "bob"][statuses.index(200)]
        assert own.get(f"/pypi/{name}/json", user=who(winner)).json["ownership"]["roles"] == [{"role": "Owner", "user": winner}]


def test_nobody_owns_a_project_whose_first_upload_was_refused(own):
    lie = wheel("data-claimed", "1.0")
    broken = Distribution(lie.filename, lie.content[:-30])
    assert own.upload(broken, user=who("dan")).status == 400
    assert own.upload(lie, user=who("bob")).status == 200
    roles = own.get("/pypi/data-claimed/json", user=who("bob")).json["ownership"]["roles"]
    assert roles == [{"role": "Owner", "user": "bob"}]


def test_who_may_only_delete_can_remove_as_pypiservers_users_do(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--rule", "user:dan list+delete data-*", files=FILES, users=USERS)
    form = [(":action", "remove_pkg"), ("name", "data-tools"), ("version", "1.0")]
    assert site.post(form, user=who("eve")).status == 403
    assert site.post(form, user=who("dan")).status == 200
    assert site.get("/simple/data-tools/", user=who("dan")).status == 404
    answer = site.upload(wheel("data-sets", "3.0"), user=who("dan"))
    assert answer.status == 403 and "may not upload to `data-sets`" in answer.reason


def test_address_of_no_file_is_404_for_whoever_may_not_read_everything(site):
    for path in ["/packages/notes.txt", "/packages/x/y/z", "/packages/nothing-1.0.zip"]:
        assert site.get(path, user=who("eve")).status == 404, path


def test_a_group_file_is_followed(own):
    from support.waiting import wait_until

    eve = who("eve")
    assert own.get("/simple/data-sets/", user=eve).status == 404
    (own.folder / "groups").write_text("data: dan bob eve\n")
    wait_until(lambda: own.get("/simple/data-sets/", user=eve).status == 200, seconds=10)


def test_owners_are_named_to_those_who_are_known_and_to_nobody_else(serve, wheelhouse):
    site = serve(wheelhouse, "-P", ".htpasswd", users=USERS)
    assert site.upload(wheel("mine", "1.0"), user=who("ada")).status == 200
    for user, roles in [(who("ada"), 1), (None, 0), (who("bob"), 1), (None, 0)]:
        found = site.get("/pypi/mine/json", user=user).json["ownership"]["roles"]
        assert len(found) == roles, user


def test_lists_open_to_everybody_stay_open_with_rules(serve, wheelhouse):
    site = serve(wheelhouse, "-P", ".htpasswd", "--rule", "user:ada all", files=FILES, users=USERS)
    assert len(site.listed()) == len(FILES)
    assert site.get("/simple/secret/").status == 200
    assert site.upload(wheel("x", "1.0"), user=who("bob")).status == 403
    assert site.upload(wheel("x", "1.0"), user=who("ada")).status == 200


@pytest.mark.parametrize(
    ("rule", "words"),
    [("ada list", "nobody"), ("users read", "no right"), ("users", "WHO RIGHTS"), ("users list a/b", "a/b")],
)
def test_a_rule_that_is_none_is_told_before_anything_starts(wheelhouse, tmp_path, rule, words):
    done = wheelhouse.run("run", "--rule", rule, folder=tmp_path)
    assert done.returncode == 2 and words in done.stderr, done


def test_the_names_of_users_with_odd_letters_are_not_rules(own):
    # Nothing that a client sends as its name is taken for a word of a rule.
    for name in ["group:data", "user:ada", "everybody", "ada\n", "*"]:
        assert own.get("/simple/", user=(name, "secret")).status == 401


def test_a_file_that_was_copied_in_has_no_owner_and_an_upload_to_it_makes_none(own):
    assert own.upload(wheel("data-tools", "1.5"), user=who("dan")).status == 200
    url = f"http://ada:secret@127.0.0.1:{own.port}/RPC2"
    with xmlrpc.client.ServerProxy(url) as server:
        assert server.package_roles("data-tools") == []


def test_audit_of_failed_sign_ins_is_written_without_the_password(own):
    own.get("/simple/", user=("eve", "a-wrong-password"))
    for path in sorted(own.state.glob("catalog.sqlite*")):
        assert b"a-wrong-password" not in path.read_bytes()
    assert "a-wrong-password" not in own.log


def test_log_shows_changes_and_the_trail_together(own):
    own.get("/simple/", user=("ada", "wrong"), headers={"User-Agent": "curl/8"})
    command(own, "rule", "add", "user:eve", "upload", "data-*")
    own.upload(wheel("data-logged", "1.0"), user=who("ada"), agent="twine/7.0.0")
    lines = command(own, "log", "--all", "--since", "1h", "--limit", "1000").splitlines()
    moments = [line.split()[0] for line in lines]
    assert moments == sorted(moments)
    said = "\n".join(lines)
    assert "sign-in-failed" in said and "rule-added" in said and "uploaded" in said
    events = [json.loads(line) for line in command(own, "log", "--all", "--json", "--limit", "1000").splitlines()]
    for event in events:
        if event["kind"] in ("sign-in-failed", "uploaded"):
            assert {"actor", "address", "agent", "request_id"} <= set(event["by"]), event
    by_ada = [json.loads(line) for line in command(own, "log", "--all", "--json", "--actor", "user:ada").splitlines()]
    assert by_ada and {event["by"]["actor"] for event in by_ada} == {"user:ada"}, "she has no tokens"
    about = [json.loads(line) for line in command(own, "log", "--all", "--json", "--project", "data-logged").splitlines()]
    assert about and {event["project"] for event in about} == {"data-logged"}

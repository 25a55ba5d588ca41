"""Users and groups of an LDAP directory: a real one, with groups in groups."""

from __future__ import annotations

import base64
import hashlib
import subprocess

import pytest

from support.authority import Authority
from support.plain_browser import Browser
from support.directory import BASE, READER, READER_PASSWORD, Directory, entry, group, person
from support.distributions import wheel
from support.programs import Site, binary, clean_environment

PEOPLE = [
    person("ada", "secret", mail="ada@tests.example"),
    person("bob", "geheim: ß"),
    person("cy", "secret"),
    person("twin", "secret", mail="ada@tests.example"),
    entry(f"uid=pub\\3alisher:x,ou=people,{BASE}", objectClass="inetOrgPerson", uid="publisher:x", cn="x", sn="x",
          userPassword="secret"),
    group("makers", "ada"),
    group("staff", "@makers", "cy"),
    group("everyone", "@staff", "@ring"),
    # Groups may be in each other.
    group("ring", "@everyone"),
    entry(f"cn=posix,ou=groups,{BASE}", objectClass="posixGroup", cn="posix", gidNumber="7", memberUid="bob"),
]
RULES = ["--rule", "group:everyone list+download", "--rule", "group:makers upload+create data-*",
         "--rule", "group:posix list old-*"]
FILES = [wheel("old-one", "1.0"), wheel("new-one", "1.0")]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def directory(tmp_path_factory, authority):
    directory = Directory(tmp_path_factory.mktemp("directory") / "slapd", authority, PEOPLE)
    yield directory
    directory.stop()


def options(folder, directory: Directory, *more: str, url: str | None = None) -> list[str]:
    (folder / "reader").write_text(READER_PASSWORD + "\n")
    return ["-a", "update,download,list", "--disable-fallback", "--ldap-url", url or directory.url(),
            "--ldap-bind", READER, "--ldap-password-file", str(folder / "reader"),
            "--ldap-groups", f"ou=groups,{BASE}", "--max-failed-sign-ins", "0", *more]


@pytest.fixture
def site(serve, wheelhouse, directory, tmp_path) -> Site:
    return serve(wheelhouse, *options(tmp_path, directory, *RULES), files=FILES)


def test_users_sign_in_with_a_password_of_the_directory(site):
    assert site.get("/simple/", user=("ada", "secret")).status == 200
    assert site.get("/simple/", user=("bob", "geheim: ß")).status == 200
    for user in [("ada", "wrong"), ("nobody", "secret"), ("ada", ""), ("", ""), ("", "secret"), ("ada", "secret "),
                 ("x" * 2000, "secret")]:
        assert site.get("/simple/", user=user).status == 401, user
    assert site.get("/simple/").status == 401


@pytest.mark.parametrize("name", [
    "*", "a*", "ada)(uid=*", "ada)(|(uid=*", "*)(userPassword=*", "ada\\", "ada\\2a", "(", ")", "&", "\x7f",
    f"uid=ada,ou=people,{BASE}", "ad\\61",
])
def test_names_are_no_filters(site, name):
    assert site.get("/simple/", user=(name, "secret")).status == 401


def test_name_is_the_one_of_the_directory(site):
    assert site.upload(wheel("data-one", "1.0"), user=("ADA", "secret")).status == 200
    assert "user:ada" in own(site, "log")
    assert "ADA" not in own(site, "log")


def test_users_of_the_directory_sign_in_with_a_browser(site):
    browser = Browser(site)
    assert browser.sign_in("ada", "wrong").status == 403
    browser.sign_in("ADA", "secret")
    assert browser.page.status == 200 and browser.path == "/account", browser.page
    assert "ada" in browser.text and "makers" in browser.text and "everyone" in browser.text
    file = wheel("data-web", "1.0")
    browser.get("/account/upload")
    browser.upload([(file.filename, file.content)])
    assert browser.page.status == 200 and "data-web" in site.get("/simple/", user=("cy", "secret")).text


def test_name_that_is_an_account_of_ours_is_nobodys(site):
    token = base64.b64encode(b"publisher:x:secret").decode()
    assert site.get("/simple/", headers={"Authorization": f"Basic {token}"}).status == 401


def test_groups_and_groups_in_groups_count(site):
    assert site.upload(wheel("data-two", "1.0"), user=("ada", "secret")).status == 200
    answer = site.upload(wheel("data-three", "1.0"), user=("cy", "secret"))
    assert answer.status == 403, "in staff and thereby in everyone, and no maker"
    assert site.get("/simple/new-one/", user=("cy", "secret")).status == 200
    assert site.get("/simple/old-one/", user=("bob", "geheim: ß")).status == 200, "by memberUid"
    assert site.get("/simple/new-one/", user=("bob", "geheim: ß")).status == 404


def test_groups_of_the_directory_count_for_tokens_and_questions(site):
    token = own(site, "token", "make", "x", "--owner", "ada").split()[0]
    assert site.upload(wheel("data-four", "1.0"), user=("__token__", token)).status == 200
    assert own(site, "can", "ada", "upload", "data-four").startswith("yes")
    assert "group:makers" in own(site, "can", "ada", "create", "data-five")
    assert own(site, "can", "cy", "upload", "data-four", fails=True).startswith("no")


def test_disabled_account_ends_at_once(site):
    assert site.get("/simple/", user=("ada", "secret")).status == 200
    own(site, "account", "disable", "ada")
    assert site.get("/simple/", user=("ada", "secret")).status == 401


def test_password_file_and_directory_together(serve, wheelhouse, directory, tmp_path):
    stored = "{SHA}" + base64.b64encode(hashlib.sha1(b"of the file").digest()).decode()
    site = serve(wheelhouse, "-P", ".htpasswd", *options(tmp_path, directory),
                 users={"ada": stored, "eve": stored})
    for user in [("ada", "of the file"), ("ada", "secret"), ("eve", "of the file"), ("cy", "secret")]:
        assert site.get("/simple/", user=user).status == 200, user
    assert site.get("/simple/", user=("eve", "secret")).status == 401
    directory.stop()
    try:
        assert site.get("/simple/", user=("eve", "of the file")).status == 200
        answer = site.get("/simple/", user=("bob", "geheim: ß"))
        assert answer.status == 503, "nobody can tell whether that is wrong"
        assert "passwords cannot be read" in answer.text
        assert site.get("/simple/", user=("cy", "secret")).status == 200, "remembered for a minute"
    finally:
        directory.start()
    assert site.get("/simple/", user=("bob", "geheim: ß")).status == 200


def test_filter_attribute_and_ambiguous_names(serve, wheelhouse, directory, tmp_path):
    url = directory.url(query="?mail")
    site = serve(wheelhouse, *options(tmp_path, directory, url=url))
    assert site.get("/simple/", user=("x@tests.example", "secret")).status == 401, "two entries have this one"
    assert site.get("/simple/", user=("ada@tests.example", "secret")).status == 401, "so have these"
    url = directory.url(query="?uid?one?(!(uid=cy))")
    site = serve(wheelhouse, *options(tmp_path, directory, url=url))
    assert site.get("/simple/", user=("ada", "secret")).status == 200
    assert site.get("/simple/", user=("cy", "secret")).status == 401


@pytest.mark.parametrize("scheme", ["ldaps", "StartTLS"])
def test_connection_is_encrypted(serve, wheelhouse, directory, authority, tmp_path, scheme):
    url = directory.url(scheme="ldaps") if scheme == "ldaps" else directory.url().replace("127.0.0.1", "localhost")
    more = [] if scheme == "ldaps" else ["--ldap-start-tls", "true"]
    trusted = {"SSL_CERT_FILE": str(authority.file)}
    site = serve(wheelhouse, *options(tmp_path, directory, *more, url=url), environment=trusted)
    assert site.get("/simple/", user=("ada", "secret")).status == 200
    stranger = Authority(tmp_path / "stranger")
    site = serve(wheelhouse, *options(tmp_path, directory, *more, url=url),
                 environment={"SSL_CERT_FILE": str(stranger.file)})
    assert site.get("/simple/", user=("ada", "secret")).status == 503, "nobody is told a password who is not trusted"


def test_reader_that_is_refused_is_told(serve, wheelhouse, directory, tmp_path):
    words = options(tmp_path, directory)
    (tmp_path / "reader").write_text("wrong")
    site = serve(wheelhouse, *words)
    assert site.get("/simple/", user=("ada", "secret")).status == 503
    assert "--ldap-bind" in site.log
    assert "wrong" not in site.log.replace("wrong credentials", "")


@pytest.mark.parametrize(("words", "said"), [
    (["--ldap-url", "http://x/"], "neither ldap://"),
    (["--ldap-url", "ldap://h/dc=a?uid?sub?(a"], "filter"),
    (["--ldap-url", "ldap://h/dc=a", "--ldap-bind", "cn=a"], "only good together"),
    (["--ldap-url", "ldap://h/dc=a", "--ldap-bind", "reader"], "distinguished name"),
    (["--ldap-url", "ldap://h/dc=a", "--ldap-bind", "cn=a", "--ldap-password-file", "empty"], "is empty"),
])
def test_mistakes_are_told_at_the_start(wheelhouse, tmp_path, words, said):
    (tmp_path / "packages").mkdir()
    (tmp_path / "empty").write_text("\n")
    done = wheelhouse.run("run", "packages", "-p", "0", *words, folder=tmp_path)
    assert done.returncode != 0 and said in done.stderr, done.stderr


def test_many_who_ask_at_once_are_all_answered(site):
    from concurrent.futures import ThreadPoolExecutor

    def ask(number: int) -> int:
        return site.get("/simple/", user=("ada", "secret" if number % 2 else f"wrong-{number}")).status

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(200)))
    assert [answers[n] for n in range(200) if n % 2] == [200] * 100
    assert {answers[n] for n in range(200) if not n % 2} == {401}


def own(site: Site, *words: str, fails: bool = False) -> str:
    done = subprocess.run(
        [binary("wheelhouse"), *words, *site.owner_words],
        cwd=site.folder, env=site.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60,
    )
    assert (done.returncode != 0) == fails, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr

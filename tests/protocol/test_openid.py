"""Sign-in of people with OpenID Connect: a real issuer that signs, PKCE, groups, and what is refused."""

from __future__ import annotations

import html
import json
import re
import subprocess
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from clients.test_trusted_publishing import House
from support.authority import Authority
from support.distributions import wheel
from support.issuer import Issuer
from support.programs import binary, clean_environment

RULES = ["--rule", "group:makers list+download+upload+create", "--rule", "group:readers list",
         "--rule", "user:root all"]
ADA = {"preferred_username": "ada", "groups": ["makers", "readers"], "sub": "4711"}


class Company(House):
    def begin(self, web: httpx.Client | None = None) -> httpx.Response:
        answer = (web or self.web).get("/_/openid/sign-in")
        assert answer.status_code == 302, answer.text
        return answer

    def finish(self, parameters: dict[str, str], web: httpx.Client | None = None) -> httpx.Response:
        return (web or self.web).get("/_/openid/return", params=parameters)

    def sign_in(self, **claims: object) -> httpx.Response:
        address = self.begin().headers["Location"]
        return self.finish(self.issuer.authorize(address, **(claims or ADA)))

    def token(self, **claims: object) -> str:
        answer = self.sign_in(**claims)
        assert answer.status_code == 200, answer.text
        return re.search(r"<code>(wheelhouse_[\w-]+)</code>", answer.text).group(1)

    def refused(self, *words: str, **claims: object) -> None:
        answer = self.sign_in(**claims)
        assert answer.status_code == 403, answer.text
        for word in words:
            assert word in answer.text, answer.text
        assert "wheelhouse_" not in answer.text


@pytest.fixture
def company(serve, wheelhouse, tmp_path):
    authority = Authority(tmp_path / "authority")
    issuer = Issuer(authority, tmp_path / "issuer")
    (tmp_path / "secret").write_text(issuer.client[1] + "\n")
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--openid-issuer", issuer.url,
        "--openid-client-id", issuer.client[0], "--openid-client-secret-file", tmp_path / "secret",
        "-a", "update,download,list", "--disable-fallback", *RULES, files=[wheel("demo", "1.0")], start=False,
        environment={"SSL_CERT_FILE": str(authority.file)},
    )
    authority.issue(site.folder)
    company = Company(site.start(), authority, issuer)
    yield company
    company.web.close()
    issuer.close()


def test_person_signs_in_and_gets_a_token_with_the_groups_that_were_named(company):
    token = company.token()
    assert company.reads(token) == 200
    assert company.upload(token, wheel("demo", "1.1")) == 200
    reader = company.token(preferred_username="bob", groups="readers")
    assert company.reads(reader) == 200
    assert company.upload(reader, wheel("demo", "1.2")) == 403
    stranger = company.token(preferred_username="eve")
    assert company.reads(stranger, "/simple/demo/") == 404
    listed = company.own("token")
    assert "signed in with OpenID" in listed and "ada" in listed and "until 20" in listed
    trail = [json.loads(line) for line in company.own("log", "--access", "--json").splitlines()]
    signed_in = [event["detail"] for event in trail if event["kind"] == "signed-in"]
    assert {"user": "ada", "groups": ["makers", "readers"]} in signed_in
    assert company.own("can", "ada", "upload", "demo").startswith("yes")


def test_groups_are_those_of_the_last_sign_in_for_all_tokens(company):
    first = company.token()
    assert company.upload(first, wheel("demo", "1.1")) == 200
    company.token(preferred_username="ada", groups=["readers"])
    assert company.upload(first, wheel("demo", "1.2")) == 403


def test_commands_that_the_page_shows_work(company, tmp_path):
    page = company.sign_in().text
    token = re.search(r"<code>(wheelhouse_[\w-]+)</code>", page).group(1)
    command = re.search(r"^wheelhouse (token make .*--user __token__)", page, re.MULTILINE).group(1)
    trust = {"SSL_CERT_FILE": str(company.authority.file), "WHEELHOUSE_PASSWORD": token}
    done = subprocess.run([binary("wheelhouse"), *command.replace("NAME", "mine").split()], capture_output=True,
                          text=True, timeout=60, cwd=tmp_path, env=clean_environment(tmp_path, **trust))
    assert done.returncode == 0, done.stderr
    assert company.upload(done.stdout.strip(), wheel("demo", "1.1")) == 200
    assert "mine" in company.own("token") and token not in company.site.log
    longer = done.stdout.strip()

    def make(secret: str) -> int:
        return company.web.post("/api/v1/access/tokens", json={"name": "x"}, auth=("__token__", secret)).status_code

    assert make(longer) == 403, "what was made makes no other"
    narrowed = subprocess.run([binary("wheelhouse"), "token", "narrow", "--days", "1"], input=token, text=True,
                              capture_output=True, env=clean_environment(tmp_path), timeout=60).stdout.strip()
    assert company.reads(narrowed) == 200 and make(narrowed) == 403, "nor does a sign-in that was narrowed"
    assert make(token) == 200


def test_owner_of_a_project_has_maintainers_by_sign_in(company):
    token = company.token()
    assert company.upload(token, wheel("fresh", "1.0")) == 200
    role = {"project": "fresh", "user": "bob", "role": "maintainer"}
    assert company.web.post("/api/v1/access/roles", json=role, auth=("__token__", token)).status_code == 200
    assert "bob" in company.own("role", "fresh")


def test_disabled_accounts_and_robots_do_not_sign_in(company):
    token = company.token()
    company.own("account", "disable", "ada")
    assert company.reads(token) == 401
    company.refused("cannot sign in here", **ADA)
    company.own("account", "robot", "ci")
    company.refused("cannot sign in here", preferred_username="ci")


def test_answer_tells_browsers_to_keep_and_run_nothing(company):
    begun = company.begin()
    cookie = begun.headers["Set-Cookie"]
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/_/openid", "Max-Age=600"]:
        assert part in cookie
    asked = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert "openid" in asked["scope"].split()
    assert asked["redirect_uri"] == f"https://127.0.0.1:{company.site.port}/_/openid/return"
    verifier = cookie.split("=", 1)[1].split(";")[0]
    assert asked["state"] != asked["nonce"] and verifier not in begun.headers["Location"]
    answer = company.finish(company.issuer.authorize(begun.headers["Location"], preferred_username="<b>ada</b>"))
    assert answer.status_code == 200 and "<b>" not in answer.text and "&lt;b&gt;ada" in answer.text
    assert answer.headers["Cache-Control"] == "no-store" and "'none'" in answer.headers["Content-Security-Policy"]
    assert "Max-Age=0" in answer.headers["Set-Cookie"], "the cookie is used up"
    assert "wheelhouse_" not in company.site.log


def test_answer_counts_in_the_browser_that_asked_alone(company):
    address = company.begin().headers["Location"]
    brought = company.issuer.authorize(address, **ADA)
    with httpx.Client(verify=company.authority.trusted(), base_url=company.web.base_url) as other:
        assert company.finish(brought, other).status_code == 403, "without the cookie"
        company.begin(other)
        answer = company.finish(brought, other)
        assert answer.status_code == 403 and "another browser" in answer.text, "with that of another sign-in"
    for parameters in [{}, {"code": "x"}, {"state": brought["state"]}, {"error": "access_denied<b>"},
                       brought | {"state": "x"}, brought | {"code": "x" * 5000}]:
        company.begin()
        assert company.finish(parameters).status_code == 403, parameters


def signed_in(company, to: str = "/project/demo/", **claims: object) -> httpx.Response:
    """Signs in at the provider from the page of signing in."""
    page = company.web.get("/account/sign-in", params={"to": to})
    address = html.unescape(re.search(r'href="(/_/openid/sign-in[^"]*)"', page.text).group(1))
    begun = company.web.get(address)
    return company.finish(company.issuer.authorize(begun.headers["Location"], **(claims or ADA)))


def test_browser_that_began_at_the_page_of_signing_in_is_signed_in(company):
    answer = signed_in(company)
    assert answer.status_code == 303 and answer.headers["Location"] == "/project/demo/", answer.text
    [line] = [line for line in answer.headers.get_list("Set-Cookie") if "wheelhouse-session" in line]
    assert re.fullmatch(r"__Host-wheelhouse-session=[\w-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure", line)
    assert company.own("token").strip() == "", "nobody asked for a token"
    page = company.web.get("/account")
    assert page.status_code == 200 and "ada" in page.text and "makers" in page.text
    assert company.web.get("/account/upload").status_code == 200
    # Who begins elsewhere gets a token as before.
    assert company.token()
    company.own("account", "disable", "ada")
    assert company.web.get("/account").status_code == 303
    assert signed_in(company).status_code == 403


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a;Path=/x", "/a\r\nX: y"])
def test_nobody_is_sent_elsewhere_by_the_provider(company, to):
    begun = company.web.get("/_/openid/sign-in", params={"to": to})
    cookies = begun.headers.get_list("Set-Cookie")
    assert all(line.count("Path=") == 1 and "Path=/_/openid" in line for line in cookies), cookies
    answer = company.finish(company.issuer.authorize(begun.headers["Location"], **ADA))
    assert answer.status_code == 303 and answer.headers["Location"] in ("/account", "/a;Path=/x")


def test_code_is_good_once(company):
    address = company.begin().headers["Location"]
    cookies = dict(company.web.cookies)
    brought = company.issuer.authorize(address, **ADA)
    assert company.finish(brought).status_code == 200
    company.web.cookies.update(cookies)
    assert company.finish(brought).status_code == 403


@pytest.mark.parametrize(("claims", "words"), [
    ({"iss": "https://evil.example"}, ["another issuer"]),
    ({"aud": "another-client"}, ["audience"]),
    ({"aud": ["wheelhouse-client", "another"]}, ["audience"]),
    ({"nonce": "of-another-sign-in"}, ["another sign-in"]),
    ({"nonce": None}, ["another sign-in"]),
    ({"exp": 1_600_000_000}, ["expired"]),
    ({"alg": "HS256"}, ["RS256"]),
    ({"kid": "first", "signed_by": "second"}, ["not good"]),
    ({"preferred_username": None}, ["no claim `preferred_username`"]),
    ({"preferred_username": "publisher:x"}, ["no name"]),
    ({"preferred_username": "a\nb"}, ["no name"]),
    ({"preferred_username": ""}, ["no name"]),
    ({"preferred_username": 7}, ["no claim"]),
])
def test_identity_token_is_checked(company, claims, words):
    from cryptography.hazmat.primitives.asymmetric import rsa

    company.issuer.keys["second"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    company.refused(*words, **(ADA | claims))
    events = [json.loads(line) for line in company.own("log", "--access", "--json").splitlines()]
    assert events[-1]["kind"] == "sign-in-failed" and events[-1]["detail"]["reason"]


def test_one_audience_in_a_list_will_do(company):
    assert company.token(**ADA, aud=["wheelhouse-client"])


def test_issuer_that_is_away_is_told(company):
    company.issuer.is_down = True
    answer = company.web.get("/_/openid/sign-in")
    assert answer.status_code == 503 and "issuer" in answer.text and answer.headers["Retry-After"]
    company.issuer.is_down = False
    assert company.reads(company.token()) == 200


def test_without_a_provider_there_is_no_such_address(serve, wheelhouse):
    site = serve(wheelhouse)
    for path in ["/_/openid/sign-in", "/_/openid/return"]:
        assert site.get(path).status == 404


@pytest.mark.parametrize(("words", "said"), [
    (["--openid-issuer", "http://x"], "https://"),
    (["--openid-issuer", "https://x.example"], "only good together"),
    (["--openid-client-id", "x"], "only good together"),
    (["--openid-issuer", "https://x.example", "--openid-client-id", "x", "--openid-client-secret-file", "none"], "none"),
])
def test_mistakes_are_told_at_the_start(wheelhouse, tmp_path, words, said):
    (tmp_path / "packages").mkdir()
    done = wheelhouse.run("run", "packages", "-p", "0", *words, folder=tmp_path)
    assert done.returncode != 0 and said in done.stderr, done.stderr

"""Trusted publishing, protocol §8: CI jobs upload and install with no stored secret.

The issuer is a real one: it signs, and it has TLS from the same authority as the index.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time

import httpx
import pytest

from clients.conftest import Client
from support.authority import Authority
from support.distributions import wheel
from support.issuer import Issuer
from support.programs import Site, binary, clean_environment

HASH = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
GITHUB = {
    "repository": "acme/demo",
    "repository_owner": "acme",
    "repository_owner_id": "4711",
    "job_workflow_ref": "acme/demo/.github/workflows/release.yml@refs/tags/v1",
    "event_name": "push",
    "ref": "refs/tags/v1",
    "sha": "0" * 40,
    "sub": "repo:acme/demo:ref:refs/tags/v1",
}
FIELDS = ["owner=acme", "owner_id=4711", "repository=demo", "workflow=release.yml"]


class House:
    """An index and an issuer that trust each other's authority."""

    def __init__(self, site: Site, authority: Authority, issuer: Issuer) -> None:
        self.site, self.authority, self.issuer = site, authority, issuer
        self.web = httpx.Client(verify=authority.trusted(), timeout=20, base_url=f"https://127.0.0.1:{site.port}")

    def own(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(
            [binary("wheelhouse"), *words, *self.site.owner_words],
            cwd=self.site.folder,
            env=self.site.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode != 0) == fails, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def trust(self, *words: str, provider: str = "github", projects: str = "demo") -> str:
        fields = [f"issuer={self.issuer.url}", *words]
        return self.own("publisher", "add", provider, *fields, "--projects", projects).split()[0]

    def mint(self, **claims: object) -> httpx.Response:
        return self.web.post("/_/oidc/mint-token", content=json.dumps({"token": self.issuer.token(**claims)}))

    def refused(self, code: str, *words: str, **claims: object) -> None:
        answer = self.mint(**claims)
        assert answer.status_code == 422, answer.text
        said = answer.json()
        assert said["message"] == "Token request failed"
        assert said["errors"][0]["code"] == code, said
        for word in words:
            assert word in said["errors"][0]["description"], said

    def upload(self, token: str, file) -> int:
        fields = {":action": "file_upload", "name": file.filename.split("-")[0], "version": file.filename.split("-")[1],
                  "sha256_digest": file.sha256, "protocol_version": "1"}
        files = {"content": (file.filename, file.content)}
        return self.web.post("/legacy/", data=fields, files=files, auth=("__token__", token)).status_code

    def reads(self, token: str, path: str = "/simple/") -> int:
        return self.web.get(path, auth=("__token__", token)).status_code


@pytest.fixture
def house(serve, wheelhouse, tmp_path):
    authority = Authority(tmp_path / "authority")
    issuer = Issuer(authority, tmp_path / "issuer")
    issuer.claims = dict(GITHUB)
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--trusted-issuer", issuer.url,
        "-P", ".htpasswd", "-a", "update,download,list", "--rule", "user:ada all", "--disable-fallback",
        users={"ada": HASH}, start=False, environment={"SSL_CERT_FILE": str(authority.file)},
    )
    authority.issue(site.folder)
    house = House(site.start(), authority, issuer)
    yield house
    house.web.close()
    issuer.close()


def test_oidc_01_audience_is_told(house, serve, wheelhouse):
    assert house.web.get("/_/oidc/audience").json() == {"audience": "wheelhouse"}
    answer = serve(wheelhouse).get("/_/oidc/audience")
    assert answer.status == 403 and answer.json["message"]


def test_oidc_02_identity_token_becomes_a_token_for_a_quarter_of_an_hour(house):
    house.trust(*FIELDS)
    answer = house.mint()
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["success"] is True and said["token"].startswith("wheelhouse_")
    assert 890 <= said["expires"] - time.time() <= 900
    assert house.upload(said["token"], wheel("demo", "1.0")) == 200, "it creates the project"
    assert house.upload(said["token"], wheel("demo", "1.1")) == 200
    assert house.upload(said["token"], wheel("other", "1.0")) == 403
    assert house.reads(said["token"], "/simple/demo/") == 404, "it is for uploads alone"
    alias = house.web.post("/_/oidc/github/mint-token", json={"token": house.issuer.token()})
    assert alias.status_code == 200


def test_oidc_03_refusals_are_422_with_a_code(house):
    house.refused("invalid-publisher", "no trusted publisher fits")
    for body in [b"", b"no json", b"[]", b'{"token": 7}', b"{}"]:
        answer = house.web.post("/_/oidc/mint-token", content=body)
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "invalid-payload"
    answer = house.web.post("/_/oidc/mint-token", json={"token": "a.b.c"})
    assert "malformed JWT" in answer.json()["errors"][0]["description"]
    house.refused("invalid-payload", "not trusted here", iss="https://evil.example")


def test_oidc_04_burnt_token_is_worth_nothing(house):
    house.trust(*FIELDS)
    token = house.mint().json()["token"]
    assert house.upload(token, wheel("demo", "1.0")) == 200
    for sent in [token, token, "nonsense", "wheelhouse_" + "A" * 86]:
        assert house.web.post("/_/oidc/burn-token", json={"token": sent}).status_code == 202
    assert house.upload(token, wheel("demo", "1.1")) == 401
    own = house.own("token", "make", "x", "--owner", "ada").split()[0]
    assert house.web.post("/_/oidc/burn-token", json={"token": own}).status_code == 202
    assert house.reads(own) == 200, "only minted tokens are burnt"


def test_oidc_10_signature_audience_and_times_are_checked(house):
    house.trust(*FIELDS)
    now = int(time.time())
    for words, claims in [
        ("audience", {"aud": "another"}),
        ("audience", {"aud": ["wheelhouse"]}),
        ("audience", {"aud": None}),
        ("expired", {"exp": now - 31}),
        ("`exp` and `iat`", {"exp": None}),
        ("`exp` and `iat`", {"iat": "yesterday"}),
        ("future", {"iat": now + 60}),
        ("does not count yet", {"nbf": now + 60}),
    ]:
        house.refused("invalid-token", words, **claims)
    assert house.mint(exp=now - 20).status_code == 200, "clocks may differ a little"
    from cryptography.hazmat.primitives.asymmetric import rsa

    house.issuer.keys["evil"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    evil = house.issuer.token(kid="first", signed_by="evil")
    answer = house.web.post("/_/oidc/mint-token", json={"token": evil})
    assert answer.json()["errors"][0]["code"] == "invalid-token" and "not signed" in answer.text
    for alg in ["none", "HS256", "RS512"]:
        answer = house.web.post("/_/oidc/mint-token", json={"token": house.issuer.token(alg=alg)})
        assert answer.json()["errors"][0]["code"] == "invalid-payload", alg
    parts = house.issuer.token().split(".")
    answer = house.web.post("/_/oidc/mint-token", json={"token": f"{parts[0]}.{parts[1]}."})
    assert answer.status_code == 422


def test_oidc_10_keys_are_kept_while_the_issuer_is_away_and_it_is_not_flooded(house):
    house.trust(*FIELDS)
    assert house.mint().status_code == 200
    house.issuer.is_down = True
    for _ in range(5):
        assert house.mint().status_code == 200
    house.issuer.asked.clear()
    house.issuer.keys["new"] = house.issuer.keys["first"]
    for _ in range(5):
        house.refused("invalid-token", kid="new")
    assert house.issuer.asked == [], "at most once a minute"


def test_oidc_11_identity_token_is_taken_once_however_many_ask(house):
    house.trust(*FIELDS)
    token = house.issuer.token()
    answers: list[int] = []

    def ask() -> None:
        with httpx.Client(verify=house.authority.trusted(), timeout=20) as client:
            url = f"https://127.0.0.1:{house.site.port}/_/oidc/mint-token"
            answers.append(client.post(url, json={"token": token}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [422] * 11
    answer = house.web.post("/_/oidc/mint-token", json={"token": token})
    assert answer.json()["errors"][0]["code"] == "invalid-reuse-token"
    house.refused("invalid-publisher", "`jti`", jti=None)


@pytest.mark.parametrize(
    ("claim", "value"),
    [("repository", "acme/other"), ("repository_owner", "Acme2"), ("repository_owner_id", "4712"),
     ("job_workflow_ref", "acme/demo/.github/workflows/other.yml@refs/tags/v1"),
     ("job_workflow_ref", "acme/demo/.github/workflows/release.yml@refs/heads/main"),
     ("event_name", "pull_request_target"), ("event_name", None), ("sha", None), ("ref", None)],
)
def test_oidc_12_github_claims_must_fit(house, claim, value):
    house.trust(*FIELDS)
    house.refused("invalid-publisher", **{claim: value})
    assert house.mint(repository="ACME/Demo").status_code == 200, "letters of either case are the same"


def test_oidc_12_and_16_environment_counts_where_it_is_named(house):
    wide = house.trust(*FIELDS, projects="wide")
    house.trust(*FIELDS, "environment=Release", projects="narrow")
    token = house.mint(environment="release").json()["token"]
    assert house.upload(token, wheel("narrow", "1.0")) == 200, "the one that says most is meant"
    assert house.upload(token, wheel("wide", "1.0")) == 403
    token = house.mint(environment="test").json()["token"]
    assert house.upload(token, wheel("wide", "1.0")) == 200
    house.own("publisher", "remove", wide)
    assert house.upload(token, wheel("wide", "1.1")) == 401, "tokens end with their publisher"
    house.refused("invalid-publisher", "`environment` must be `Release`", environment="test")


def test_oidc_13_gitlab_of_ones_own(house):
    house.trust("namespace=group/sub", "project=tool", "workflow=.gitlab-ci.yml", provider="gitlab", projects="tool")
    host = house.issuer.url.removeprefix("https://")
    house.issuer.claims = {
        "project_path": "group/sub/tool",
        "sub": "project_path:group/sub/tool:ref_type:tag:ref:v1",
        "ci_config_ref_uri": f"{host}/group/sub/tool//.gitlab-ci.yml@refs/tags/v1",
        "ref_path": "refs/tags/v1",
        "sha": "1" * 40,
    }
    assert house.upload(house.mint().json()["token"], wheel("tool", "1.0")) == 200
    for claim, value in [("project_path", "group/tool"), ("sub", "project_path:group/sub/tool2:x"),
                         ("ci_config_ref_uri", f"evil.example/group/sub/tool//.gitlab-ci.yml@refs/tags/v1"), ("jti", None)]:
        house.refused("invalid-publisher", **{claim: value})


def test_oidc_14_google_and_activestate(house):
    house.trust("email=robot@company.example", provider="google", projects="g")
    house.trust("organization=acme", "project=tool", "actor_id=7", provider="activestate", projects="a")
    house.issuer.claims = {"email": "robot@company.example", "email_verified": True, "sub": "1"}
    assert house.mint().status_code == 200
    house.refused("invalid-publisher", "not verified", email_verified=False)
    house.issuer.claims = {"sub": "org:acme:project:tool", "organization": "acme", "project": "tool", "actor_id": "7",
                           "builder": "pypi-publisher"}
    assert house.mint().status_code == 200
    house.refused("invalid-publisher", "`builder`", builder="another")


def test_oidc_15_and_18_any_issuer_with_claims_that_must_be_equal(house):
    house.trust("sub=job:7", "team=data", provider="generic", projects="data-*")
    house.issuer.claims = {"sub": "job:7", "team": "data"}
    assert house.upload(house.mint().json()["token"], wheel("data-x", "1.0")) == 200
    house.refused("invalid-publisher", "`team` must be `data`", team="other")
    house.refused("invalid-publisher", sub="job:8")
    assert "does not trust the issuer" in house.own(
        "publisher", "add", "generic", "issuer=https://evil.example", "sub=x", "--projects", "*", fails=True
    )
    assert "must have `owner_id`" in house.own(
        "publisher", "add", "github", f"issuer={house.issuer.url}", "owner=a", "--projects", "a", fails=True
    )


def test_oidc_17_minted_token_is_listed_and_bound_to_its_publisher(house):
    publisher = house.trust(*FIELDS)
    house.mint()
    listed = house.own("token")
    assert f"publisher:{publisher}" in listed and "acme/demo" in listed and "until 20" in listed
    trail = house.own("log", "--access")
    assert "publisher-added" in trail and "token-made" in trail
    house.refused("invalid-publisher", repository="acme/other")
    assert "mint-refused" in house.own("log", "--access")


def test_tp_01_and_02_and_04_discovery_names_the_endpoints(house):
    for path in ["%2Flegacy%2F", "%2F", ""]:
        answer = house.web.get(f"/.well-known/pytp?discover={path}")
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/vnd.pypi.pytp.v1+json"
        said = answer.json()
        assert house.web.get(said["audience-endpoint"]).status_code == 200
        assert said["token-mint-endpoint"].endswith("/_/oidc/mint-token")
    answer = house.web.get("/.well-known/pytp?discover=%2Fother%2F")
    assert answer.status_code == 404 and answer.headers["Content-Type"] == "application/problem+json"
    assert house.web.get("/.well-known/pytp?discover=", headers={"Accept": "text/html"}).status_code == 406


def test_uv_publishes_with_no_stored_secret(house, tmp_path):
    house.trust(*FIELDS)
    file = wheel("demo", "1.0")
    file.put(tmp_path / "dist")
    (tmp_path / "home").mkdir()
    environment = {
        "SSL_CERT_FILE": str(house.authority.file),
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{house.issuer.url}/token?x=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
    }
    words = ["--trusted-publishing", "always", "--publish-url", f"https://127.0.0.1:{house.site.port}/legacy/"]
    uv = Client("uv", tmp_path / "home")
    uv.run("uv", "publish", *words, tmp_path / "dist" / file.filename, environment=environment)
    assert house.web.get(f"/packages/{file.filename}", auth=("ada", "secret")).content == file.content
    assert "publisher:" in house.own("log"), "the journal says which publisher it was"
    assert "token-revoked" in house.own("log", "--access"), "uv burnt its token"


def test_curl_exchange_and_twine(house, tmp_path):
    """As the guide says it for CI systems whose tools know nothing of it."""
    house.trust(*FIELDS)
    file = wheel("demo", "1.0")
    file.put(tmp_path / "dist")
    home = tmp_path / "home"
    home.mkdir()
    base = f"https://127.0.0.1:{house.site.port}"
    exchange = subprocess.run(
        ["curl", "--silent", "--fail", "--cacert", house.authority.file, "--data", f'{{"token": "{house.issuer.token()}"}}',
         f"{base}/_/oidc/mint-token"],
        capture_output=True, text=True, timeout=30, check=True,
    )
    token = json.loads(exchange.stdout)["token"]
    environment = {"TWINE_CERT": str(house.authority.file), "TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token}
    words = ["--non-interactive", "--disable-progress-bar", "--repository-url", f"{base}/legacy/"]
    Client("twine-7", home).run("twine", "upload", *words, tmp_path / "dist" / file.filename, environment=environment)
    assert house.web.get(f"/packages/{file.filename}", auth=("ada", "secret")).content == file.content


@pytest.mark.folder
def test_job_installs_with_a_minted_token(house, tmp_path):
    fields = [f"issuer={house.issuer.url}", *FIELDS]
    house.own("publisher", "add", "github", *fields, "--projects", "demo", "--rights", "list+download")
    wheel("demo", "1.0").put(house.site.packages)
    wheel("secret", "1.0").put(house.site.packages)
    token = house.mint().json()["token"]
    target, home = tmp_path / "target", tmp_path / "home"
    home.mkdir()
    index = f"https://__token__:{token}@127.0.0.1:{house.site.port}/simple/"
    words = ["--index-url", index, "--cert", house.authority.file, "--target", target, "--no-deps"]
    Client("pip-newest", home).pip("install", *words, "demo")
    assert (target / "demo-1.0.dist-info").is_dir()
    assert house.reads(token, "/simple/secret/") == 404
    assert house.upload(token, wheel("demo", "2.0")) == 403

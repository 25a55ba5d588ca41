"""Attestations, protocol §4.6: signed statements of CI jobs, verified against a trust root.

The Sigstore here is the tests' own, so that the good case is a real one.
"""

from __future__ import annotations

import base64
import json

import pytest

from clients.conftest import Client
from clients.test_trusted_publishing import FIELDS, GITHUB, HASH, House
from support.authority import Authority
from support.distributions import sdist, wheel
from support.issuer import Issuer
from support.sigstore import PUBLISH, SLSA, Sigstore
from support.waiting import wait_until

DEMO = wheel("demo", "1.0")
KEPT = "/integrity/demo/1.0/" + DEMO.filename + "/provenance"


class Attesting(House):
    """An index that verifies, its issuer, and a Sigstore that vouches for the issuer's jobs."""

    sigstore: Sigstore

    def token(self, **claims: object) -> str:
        answer = self.mint(**claims)
        assert answer.status_code == 200, answer.text
        return answer.json()["token"]

    def send(self, file, attestations: object, user: tuple[str, str] | None = None):
        text = attestations if isinstance(attestations, str) else json.dumps(attestations)
        name, version = file.filename.removesuffix(".tar.gz").split("-")[:2]
        fields = {":action": "file_upload", "name": name, "version": version, "sha256_digest": file.sha256,
                  "protocol_version": "1", "attestations": text}
        return self.web.post(
            "/legacy/", data=fields, files={"content": (file.filename, file.content)},
            auth=user or ("__token__", self.token()),
        )

    def refused(self, file, attestations: object, *words: str, **options) -> None:
        answer = self.send(file, attestations, **options)
        assert answer.status_code == 400, answer.text
        for word in ["Invalid attestations supplied during upload", *words]:
            assert word in answer.text, answer.text
        assert self.get("/simple/").text.count(file.filename.split("-")[0]) == 0
        assert self.site.stored(file.filename) is None and self.site.stored(file.filename + ".provenance") is None

    def get(self, path: str, **headers: str):
        return self.web.get(path, auth=("ada", "secret"), headers=headers)

    def page(self) -> dict[str, dict]:
        answer = self.get("/simple/demo/", Accept="application/vnd.pypi.simple.v1+json")
        return {file["filename"]: file for file in answer.json()["files"]}


def started(serve, wheelhouse, tmp_path, *options: str, root: str | None = None, without=()):
    authority = Authority(tmp_path / "authority")
    issuer = Issuer(authority, tmp_path / "issuer")
    issuer.claims = dict(GITHUB)
    sigstore = Sigstore(issuer.url)
    (tmp_path / "root.json").write_text(root or sigstore.trust_root(without=without))
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--trusted-issuer", issuer.url,
        "-P", ".htpasswd", "-a", "update,download,list", "--rule", "user:ada all", "--disable-fallback",
        "--attestations", tmp_path / "root.json", *options,
        users={"ada": HASH}, start=False, environment={"SSL_CERT_FILE": str(authority.file)},
    )
    authority.issue(site.folder)
    house = Attesting(site.start(), authority, issuer)
    house.sigstore = sigstore
    house.trust(*FIELDS, projects="demo")
    return house


@pytest.fixture
def house(serve, wheelhouse, tmp_path):
    house = started(serve, wheelhouse, tmp_path)
    yield house
    house.web.close()
    house.issuer.close()


def test_att_09_verified_attestations_are_kept_and_shown(house):
    sent = [house.sigstore.attest(DEMO, PUBLISH), house.sigstore.attest(DEMO, SLSA)]
    answer = house.send(DEMO, sent)
    assert answer.status_code == 200, answer.text
    kept = house.get(KEPT)
    assert kept.headers["Content-Type"] == "application/vnd.pypi.integrity.v1+json"
    assert kept.json() == {
        "version": 1,
        "attestation_bundles": [{
            "publisher": {"kind": "GitHub", "claims": None, "repository": "acme/demo", "workflow": "release.yml",
                          "environment": None},
            "attestations": sent,
        }],
    }
    url = house.page()[DEMO.filename]["provenance"]
    assert url == f"https://127.0.0.1:{house.site.port}{KEPT}"
    assert house.get(url).json() == kept.json()
    html = house.get("/simple/demo/", Accept="text/html").text
    assert f'data-provenance="{url}"' in html
    assert house.get(f"/packages/{DEMO.filename}.provenance").json() == kept.json()


def test_a_page_says_in_a_sentence_where_a_file_was_built_from(house):
    assert house.send(DEMO, [house.sigstore.attest(DEMO, PUBLISH)]).status_code == 200
    page = house.get("/project/demo/").text
    built = "Built by the workflow release.yml of acme/demo at the commit 111111111111, says GitHub."
    assert built in page, page
    assert f'href="{KEPT}"' in page


def test_att_01_what_is_no_list_of_attestations_is_refused(house):
    for text in ["[]", "{", '{"version": 1}', "nonsense", json.dumps([{}] * 3), "[" * 100_000]:
        house.refused(DEMO, text)


def test_att_02_attestation_has_its_fields(house):
    good = house.sigstore.attest(DEMO)
    for change in [
        {"version": 2},
        {"verification_material": None},
        {"verification_material": {**good["verification_material"], "transparency_entries": []}},
        {"envelope": {**good["envelope"], "statement": "***"}},
        {"envelope": {"statement": good["envelope"]["statement"]}},
    ]:
        house.refused(DEMO, [good | change])
    assert house.send(DEMO, [good | {"more": "is allowed"}]).status_code == 200


def test_att_03_statement_is_about_this_file_and_signed(house):
    sigstore, other = house.sigstore, wheel("demo", "2.0")
    house.refused(DEMO, [sigstore.attest(other)], "is about `demo-2.0")
    lie = sigstore.statement(DEMO, subject=[{"name": DEMO.filename, "digest": {"sha256": other.sha256}}])
    house.refused(DEMO, [sigstore.attest(DEMO, statement=lie)], "other content")
    both = [{"name": file.filename, "digest": {"sha256": file.sha256}} for file in (DEMO, other)]
    two = sigstore.statement(DEMO, subject=both)
    house.refused(DEMO, [sigstore.attest(DEMO, statement=two)], "exactly one file")
    forged = sigstore.attest(other)
    forged["envelope"]["statement"] = base64.b64encode(sigstore.statement(DEMO)).decode()
    house.refused(DEMO, [forged], "attestation 1")
    swapped = sigstore.attest(DEMO)
    swapped["envelope"]["signature"] = sigstore.attest(DEMO)["envelope"]["signature"]
    house.refused(DEMO, [swapped])


def test_att_04_other_types_of_statements_are_refused(house):
    for kind in ["https://slsa.dev/provenance/v0.1", "https://spdx.dev/Document", ""]:
        house.refused(DEMO, [house.sigstore.attest(DEMO, kind)], "are not supported")


def test_att_05_one_of_each_type_at_most(house):
    attest = house.sigstore.attest
    house.refused(DEMO, [attest(DEMO), attest(DEMO)], "another one of this type")
    house.refused(DEMO, [attest(DEMO, PUBLISH), attest(wheel("demo", "2.0"))], "attestation 2")


def test_att_06_attestations_are_taken_from_jobs_of_the_publisher_alone(house):
    attest = house.sigstore.attest
    house.refused(DEMO, [attest(DEMO)], "trusted publishers alone", "--no-attestations", user=("ada", "secret"))
    mine = house.own("token", "make", "x", "--owner", "ada").split()[0]
    house.refused(DEMO, [attest(DEMO)], "trusted publishers alone", user=("__token__", mine))
    foreign = "https://forge.example/evil/demo"
    definition = f"{foreign}/.github/workflows/release.yml@refs/tags/v1"
    house.refused(DEMO, [attest(DEMO, source_repository=foreign, definition=definition)], "evil/demo")
    house.refused(DEMO, [attest(DEMO, definition=definition)], "workflow")
    other = f"{house.sigstore.repository}/.github/workflows/other.yml@refs/tags/v1"
    house.refused(DEMO, [attest(DEMO, definition=other)], "other.yml")
    moved = f"{house.sigstore.repository}/.github/workflows/release.yml@refs/heads/evil"
    house.refused(DEMO, [attest(DEMO, definition=moved)], "refs/heads/evil")
    house.refused(DEMO, [attest(DEMO, issuer="https://other.example")], "issuer")


def test_att_07_what_is_not_vouched_for_is_refused(house):
    stranger = Sigstore(house.issuer.url)
    house.refused(DEMO, [stranger.attest(DEMO)])
    for part in ["certificate_log", "log"]:
        forger = Sigstore(house.issuer.url)
        forger.authority, forger.root, forger.name = (
            house.sigstore.authority, house.sigstore.root, house.sigstore.name)
        setattr(forger, {"certificate_log": "log", "log": "certificate_log"}[part],
                getattr(house.sigstore, {"certificate_log": "log", "log": "certificate_log"}[part]))
        house.refused(DEMO, [forger.attest(DEMO)])
    house.refused(DEMO, [house.sigstore.attest(DEMO, is_logged=False)], "SCT")
    moved = house.sigstore.attest(DEMO)
    moved["verification_material"]["transparency_entries"] = (
        house.sigstore.attest(DEMO)["verification_material"]["transparency_entries"])
    house.refused(DEMO, [moved])
    late = house.sigstore.attest(DEMO)
    late["verification_material"]["transparency_entries"][0]["integratedTime"] = "1600000000"
    house.refused(DEMO, [late])


def test_att_07_root_without_certificate_log_needs_no_timestamps(serve, wheelhouse, tmp_path):
    house = started(serve, wheelhouse, tmp_path, without=("ctlogs",))
    assert house.send(DEMO, [house.sigstore.attest(DEMO, is_logged=False)]).status_code == 200
    house.web.close()
    house.issuer.close()


@pytest.mark.parametrize("root", ["{}", "no json", json.dumps({"mediaType": "x"})])
def test_att_07_what_is_no_trust_root_stops_the_start(wheelhouse, tmp_path, root):
    (tmp_path / "root.json").write_text(root)
    (tmp_path / "packages").mkdir()
    done = wheelhouse.run("run", "packages", "--attestations", "root.json", "--state-dir", "state", folder=tmp_path)
    assert done.returncode != 0 and "root.json" in done.stderr and "trust root" in done.stderr
    done = wheelhouse.run("run", "packages", "--attestations", "nowhere.json", folder=tmp_path)
    assert done.returncode != 0 and "nowhere.json" in done.stderr


def test_att_07_sigstores_own_root_believes_no_stranger(serve, wheelhouse, tmp_path):
    house = started(serve, wheelhouse, tmp_path, "--attestations", "sigstore")
    house.refused(DEMO, [house.sigstore.attest(DEMO)])
    house.web.close()
    house.issuer.close()


def test_att_09_file_that_is_there_gets_its_attestations_later(house):
    assert house.upload(house.token(), DEMO) == 200
    assert house.get(KEPT).status_code == 404 and "provenance" not in house.page()[DEMO.filename]
    first = [house.sigstore.attest(DEMO)]
    assert house.send(DEMO, first).status_code == 200
    assert house.get(KEPT).json()["attestation_bundles"][0]["attestations"] == first
    assert house.page()[DEMO.filename]["provenance"].endswith("/provenance")
    assert house.send(DEMO, [house.sigstore.attest(DEMO)]).status_code == 200
    assert house.get(KEPT).json()["attestation_bundles"][0]["attestations"] == first, "the first ones stay"


def test_att_08_uv_sends_what_lies_beside_the_file(house, serve, wheelhouse, tmp_path):
    DEMO.put(tmp_path / "dist")
    attestation = house.sigstore.attest(DEMO, PUBLISH)
    beside = tmp_path / "dist" / f"{DEMO.filename}.publish.attestation"
    beside.write_text(json.dumps(attestation))
    (tmp_path / "home").mkdir()
    uv = Client("uv", tmp_path / "home")
    environment = {
        "SSL_CERT_FILE": str(house.authority.file),
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{house.issuer.url}/token?x=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
    }
    url = f"https://127.0.0.1:{house.site.port}/legacy/"
    words = ["uv", "publish", "--trusted-publishing", "always", "--publish-url", url, tmp_path / "dist" / "*"]
    uv.run(*words, environment=environment)
    assert house.get(KEPT).json()["attestation_bundles"][0]["attestations"] == [attestation]
    # An index without a trust root says how to go on without.
    plain = serve(wheelhouse, "-P", ".", "-a", ".")
    words = ["uv", "publish", "--publish-url", plain.url + "legacy/", "-u", "x", "-p", "y"]
    failed = uv.run(*words, tmp_path / "dist" / "*", fails=True)
    assert "--no-attestations" in failed.stdout + failed.stderr
    uv.run(*words, "--no-attestations", tmp_path / "dist" / "*")
    assert plain.listed() == [DEMO.filename]


@pytest.mark.folder
def test_att_09_provenance_survives_a_restart_and_a_lost_catalog(house, serve, wheelhouse, tmp_path):
    assert house.send(DEMO, [house.sigstore.attest(DEMO)]).status_code == 200
    kept = house.get(KEPT).json()
    house.site.stop()
    house.site.start()
    house.web.base_url = f"https://127.0.0.1:{house.site.port}"
    assert house.get(KEPT).json() == kept and "provenance" in house.page()[DEMO.filename]
    fresh = serve(wheelhouse, "--state-dir", tmp_path / "fresh", roots=[house.site.packages])
    page = {"Accept": "application/vnd.pypi.simple.v1+json", "X-Forwarded-Proto": "https", "Host": "index.example"}
    fresh.await_listed(DEMO.filename)
    answer = fresh.get("/simple/demo/", headers=page)
    assert answer.json["files"][0]["provenance"] == "https://index.example" + KEPT
    assert fresh.get(KEPT).json == kept


@pytest.mark.folder
def test_att_09_provenance_of_other_content_is_not_shown(house, serve, wheelhouse):
    assert house.send(DEMO, [house.sigstore.attest(DEMO)]).status_code == 200
    changed = wheel("demo", "1.0", source="changed = True\n")
    assert changed.filename == DEMO.filename and changed.sha256 != DEMO.sha256
    (house.site.packages / DEMO.filename).write_bytes(changed.content)
    wait_until(lambda: house.page()[DEMO.filename]["hashes"].get("sha256") == changed.sha256, seconds=20)
    assert house.get(KEPT).status_code == 404
    assert "provenance" not in house.page()[DEMO.filename]


def test_release_without_attestations_after_one_with_them_is_told(house):
    assert house.send(DEMO, [house.sigstore.attest(DEMO)]).status_code == 200
    for file in [wheel("demo", "1.1"), sdist("demo", "1.0")]:
        name, version = file.filename.removesuffix(".tar.gz").split("-")[:2]
        answer = house.web.post(
            "/legacy/", data={":action": "file_upload", "name": name, "version": version, "protocol_version": "1",
                              "sha256_digest": file.sha256},
            files={"content": (file.filename, file.content)}, auth=("__token__", house.token()),
        )
        assert answer.status_code == 200 and "version 1.0 had them" in answer.headers["X-Upload-Warning"]
    events = [json.loads(line) for line in house.own("log", "--access", "--json").splitlines()]
    lost = [event for event in events if event["kind"] == "provenance-lost"]
    assert len(lost) == 2 and lost[0]["project"] == "demo"
    # The last release had none by now: nothing was lost.
    assert house.upload(house.token(), wheel("demo", "1.2")) == 200
    events = [json.loads(line) for line in house.own("log", "--access", "--json").splitlines()]
    assert len([event for event in events if event["kind"] == "provenance-lost"]) == 2


def test_release_without_attestations_is_refused_by_policy(serve, wheelhouse, tmp_path):
    house = started(serve, wheelhouse, tmp_path, "--refuse-uploads-with", "lost-provenance")
    assert house.upload(house.token(), wheel("demo", "0.9")) == 200
    assert house.send(DEMO, [house.sigstore.attest(DEMO)]).status_code == 200
    assert house.upload(house.token(), wheel("demo", "1.1")) == 400
    newer = wheel("demo", "1.1")
    assert house.send(newer, [house.sigstore.attest(newer)]).status_code == 200
    assert house.upload(house.token(), DEMO) == 200, "the same file again changes nothing"
    assert house.get(KEPT).status_code == 200
    house.web.close()
    house.issuer.close()

"""What every choice of backends does alike: the core, on folders, on objects, and on PostgreSQL with objects."""

from __future__ import annotations

import hashlib
import io
import itertools
import signal
import subprocess
import xmlrpc.client
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.distributions import Distribution, sdist, wheel
from support.http import Answer
from support.postgres import Cluster
from support.programs import WHEELHOUSE, Site, binary, clean_environment, venv
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
PASSWORD = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
USERS = {"ada": PASSWORD, "bob": PASSWORD}
ADA, BOB = ("ada", "secret"), ("bob", "secret")
RULES = ["--rule", "everybody list+download", "--rule", "user:ada all"]
BACKENDS = ["file and folder", "file and objects", "postgresql and objects"]
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture(scope="module", params=BACKENDS)
def start(request, cluster, store) -> Callable[..., Site]:
    """Starts a server on new backends of a kind, with a maker of sites."""

    def start(serve) -> Site:
        options, environment = ["--disable-fallback", "-P", ".htpasswd", *RULES, "--state-dir", "state"], {}
        roots = ["packages"]
        if "objects" in request.param:
            bucket = f"core-{next(NUMBERS)}"
            store.make_bucket(bucket)
            options = ["--files", f"s3://{bucket}/team", "--s3-endpoint", store.endpoint, *options]
            environment, roots = dict(store.credentials), []
        if "postgresql" in request.param:
            environment["WHEELHOUSE_CATALOG"] = cluster.address(cluster.make_database())
        return serve(WHEELHOUSE, *options, roots=roots, users=USERS, environment=environment)

    return start


@pytest.fixture(scope="module")
def site(start, serve_all) -> Site:
    """One that the tests share: each has a project of its own."""
    return start(serve_all)


@pytest.fixture
def own_site(start, serve) -> Site:
    return start(serve)


@pytest.fixture
def name() -> str:
    return f"core-{next(NUMBERS)}"


def own(site: Site, *words: str) -> str:
    """Runs an owner's command on the machine of the server."""
    where = ["--dir", "packages"] if site.roots else site.options[:2]
    done = subprocess.run(
        [binary("wheelhouse"), *words, "--state-dir", "state", *where], cwd=site.folder, env=site.environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout


def page(site: Site, project: str) -> dict:
    answer = site.get(f"/simple/{project}/", headers=JSON)
    assert answer.status == 200, answer
    return answer.json


def got(site: Site, file: Distribution, **more: object) -> Answer:
    return site.get(f"/packages/{file.filename}", **more)


def run(environment: str, home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [venv(environment) / str(words[0]), *map(str, words[1:])], cwd=home, env=clean_environment(home, UV_CACHE_DIR=str(home / "c")),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done


def test_uploaded_files_are_listed_with_their_digests(site, name):
    files = [wheel(name, "1.0", requires_python=">=3.8"), sdist(name, "1.0"), wheel(name, "1.1")]
    for file in files:
        assert site.upload(file, user=ADA).status == 200
    listed = page(site, name)
    assert {file["filename"]: file["hashes"]["sha256"] for file in listed["files"]} == {f.filename: f.sha256 for f in files}
    assert listed["versions"] == ["1.0", "1.1"] and {file["size"] for file in listed["files"]} == {len(f.content) for f in files}
    assert sorted(site.get(f"/simple/{name}/").names) == sorted(file.filename for file in files)
    assert name in site.get("/simple/").names
    assert all(got(site, file).body == file.content for file in files)


@pytest.mark.parametrize("client", ["pip-newest", "uv"])
def test_clients_install(site, name, tmp_path, client):
    site.upload(wheel(name, "1.0"), user=ADA)
    site.upload(wheel(f"{name}-more", "2.0", requires_dist=[f"{name}>=1"]), user=ADA)
    words = {
        "pip-newest": ["python", "-m", "pip", "install", "-q", "--no-cache-dir", "--index-url", f"{site.url}simple/"],
        "uv": ["uv", "pip", "install", "--no-config", "--python", venv("control") / "python", "--default-index", f"{site.url}simple/"],
    }[client]
    run(client, tmp_path, *words, "--target", tmp_path / "target", f"{name}-more")
    stem = name.replace("-", "_")
    assert {path.name for path in (tmp_path / "target").glob("*.dist-info")} == {f"{stem}-1.0.dist-info", f"{stem}_more-2.0.dist-info"}


@pytest.mark.parametrize("client", ["twine-7", "uv"])
def test_clients_upload(site, name, tmp_path, client):
    for file in [wheel(name, "1.0"), sdist(name, "1.0")]:
        file.put(tmp_path / "dist")
    words = {
        "twine-7": ["twine", "upload", "--non-interactive", "--disable-progress-bar", "--repository-url", f"{site.url}legacy/",
                    "-u", "ada", "-p", "secret"],
        "uv": ["uv", "publish", "--publish-url", f"{site.url}legacy/", "--username", "ada", "--password", "secret"],
    }[client]
    run(client, tmp_path, *words, *(tmp_path / "dist").iterdir())
    assert len(page(site, name)["files"]) == 2


def test_name_that_is_taken_keeps_its_bytes(site, name):
    first, other = wheel(name, "1.0"), wheel(name, "1.0", source="# other")
    assert site.upload(first, user=ADA).status == 200
    assert site.upload(first, user=ADA).status == 200, "the same again"
    refused = site.upload(other, user=ADA)
    assert refused.status == 409 and "already exists" in refused.text
    assert got(site, first).body == first.content
    [listed] = page(site, name)["files"]
    assert listed["hashes"]["sha256"] == first.sha256


def test_of_many_uploads_of_one_name_one_wins(site, name):
    files = [wheel(name, "1.0", source=f"# {place}") for place in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda file: site.upload(file, user=ADA).status, files))
    assert sorted(answers) == [200] + 5 * [409]
    assert got(site, files[0]).body == files[answers.index(200)].content


def test_yank_and_unyank_are_shown(site, name):
    site.upload(wheel(name, "1.0"), user=ADA)
    own(site, "yank", f"{name}==1.0", "--reason", "broken")
    assert page(site, name)["files"][0]["yanked"] == "broken"
    assert 'data-yanked="broken"' in site.get(f"/simple/{name}/").text
    own(site, "unyank", f"{name}==1.0")
    assert page(site, name)["files"][0]["yanked"] is False


def test_parts_of_files_are_answered(site, name):
    file = wheel(name, "1.0", padding=700_000)
    site.upload(file, user=ADA)
    for _ in range(2):
        for asked, start, end in [("0-9", 0, 10), ("-22", len(file.content) - 22, None), ("300000-400000", 300_000, 400_001)]:
            part = got(site, file, headers={"Range": f"bytes={asked}"})
            assert part.status == 206 and part.body == file.content[start:end], asked
    assert got(site, file, headers={"Range": f"bytes={len(file.content)}-"}).status == 416
    assert b"multipart/byteranges" in got(site, file, headers={"Range": "bytes=0-1,5-6"}).header("Content-Type").encode()


def test_metadata_is_offered_beside_wheels(site, name):
    file = wheel(name, "1.0", requires_dist=["other"])
    site.upload(file, user=ADA)
    metadata = site.get(f"/packages/{file.filename}.metadata")
    archive = zipfile.ZipFile(io.BytesIO(file.content))
    [inside] = [member for member in archive.namelist() if member.endswith("/METADATA")]
    assert metadata.body == archive.read(inside)
    [listed] = page(site, name)["files"]
    assert listed["core-metadata"]["sha256"] == hashlib.sha256(metadata.body).hexdigest()


def test_what_a_client_has_is_not_sent_again(site, name):
    file = wheel(name, "1.0")
    site.upload(file, user=ADA)
    for path in [f"/simple/{name}/", f"/packages/{file.filename}", f"/packages/{file.filename}.metadata"]:
        first = site.get(path, headers=JSON)
        again = site.get(path, headers={**JSON, "If-None-Match": first.header("ETag")})
        assert again.status == 304 and not again.body, path
    etag = site.get(f"/simple/{name}/", headers=JSON).header("ETag")
    site.upload(wheel(name, "1.1"), user=ADA)
    assert site.get(f"/simple/{name}/", headers={**JSON, "If-None-Match": etag}).status == 200


def test_deleted_files_are_gone_and_come_back(site, name):
    file, other = wheel(name, "1.0"), wheel(name, "1.1")
    for each in [file, other]:
        site.upload(each, user=ADA)
    assert got(site, file).status == 200
    own(site, "delete", f"{name}==1.0", "--yes")
    assert page(site, name)["versions"] == ["1.1"] and got(site, file).status in (404, 410)
    own(site, "undelete", f"{name}==1.0")
    assert page(site, name)["versions"] == ["1.0", "1.1"] and got(site, file).body == file.content


def test_archived_project_takes_no_uploads(site, name):
    site.upload(wheel(name, "1.0"), user=ADA)
    own(site, "status", name, "archived", "--reason", "use another")
    refused = site.upload(wheel(name, "1.1"), user=ADA)
    assert refused.status == 403 and "archived" in refused.text, refused
    assert page(site, name)["project-status"]["status"] == "archived"


def test_rights_hold(site, name):
    site.upload(wheel(name, "1.0"), user=ADA)
    assert site.upload(wheel(name, "1.1")).status == 401
    assert site.upload(wheel(name, "1.1"), user=BOB).status == 403
    own(site, "role", name, "maintainer", "bob")
    assert site.upload(wheel(name, "1.1"), user=BOB).status == 200
    own(site, "role", name, "none", "bob")
    assert site.upload(wheel(name, "1.2"), user=BOB).status == 403


def test_token_is_good_for_its_project_until_it_is_revoked(site, name):
    token = own(site, "token", "make", name, "--owner", "ada", "--projects", name).strip()
    as_token = ("__token__", token)
    assert site.upload(wheel(name, "1.0"), user=as_token).status == 200
    assert site.upload(wheel(f"{name}-other", "1.0"), user=as_token).status == 403
    own(site, "token", "revoke", own(site, "token").splitlines()[-1].split()[0])
    assert site.upload(wheel(name, "1.1"), user=as_token).status == 401


def test_journal_tells_what_happened_in_order(site, name):
    with xmlrpc.client.ServerProxy(site.url + "pypi") as proxy:
        before = proxy.changelog_last_serial()
        site.upload(wheel(name, "1.0"), user=ADA)
        own(site, "yank", f"{name}==1.0")
        site.upload(wheel(name, "1.1"), user=ADA)
        own(site, "delete", f"{name}==1.1", "--yes")
        changes = [row for row in proxy.changelog_since_serial(before) if row[0] == name]
        serials = [row[4] for row in changes]
        assert serials == sorted(serials) and serials[0] > before and proxy.changelog_last_serial() >= serials[-1]
        assert int(site.get(f"/simple/{name}/").header("X-PyPI-Last-Serial")) == serials[-1]
    told = own(site, "log", "--project", name)
    assert all(word in told for word in ["uploaded", "yanked", "removed"]), told


def test_search_json_and_feeds_know_the_project(site, name):
    site.upload(wheel(name, "1.0", summary=f"Sings {name}"), user=ADA)
    with xmlrpc.client.ServerProxy(site.url + "pypi") as proxy:
        assert [hit["name"].replace("_", "-") for hit in proxy.search({"summary": name})] == [name]
    document = site.get(f"/pypi/{name}/json").json
    assert document["info"]["version"] == "1.0" and document["urls"][0]["digests"]["sha256"] == wheel(name, "1.0", summary=f"Sings {name}").sha256
    assert name in site.get("/rss/packages.xml").text


def test_everything_is_there_after_a_start(own_site):
    site, name = own_site, "kept"
    files = [wheel(name, f"1.{number}") for number in range(5)]
    for file in files:
        site.upload(file, user=ADA)
    own(site, "yank", f"{name}==1.1", "--reason", "broken")
    own(site, "delete", f"{name}==1.2", "--yes")
    token = own(site, "token", "make", "kept", "--owner", "ada").strip()
    before = site.get(f"/simple/{name}/", headers=JSON)
    site.restart()
    after = site.get(f"/simple/{name}/", headers=JSON)
    assert after.body == before.body and after.header("ETag") == before.header("ETag")
    assert site.upload(wheel(name, "2.0"), user=("__token__", token)).status == 200


def test_what_was_answered_survives_a_kill(own_site):
    """Killed while many upload: what was told is there, and nothing is there by halves."""
    site, answered = own_site, []

    def upload(number: int) -> None:
        file = wheel("many", f"1.{number}", padding=20_000)
        try:
            if site.upload(file, user=ADA).status == 200:
                answered.append(file)
        except OSError:
            pass

    with ThreadPoolExecutor(6) as pool:
        for number in range(200):
            pool.submit(upload, number)
        wait_until(lambda: len(answered) >= 20, seconds=60, what="twenty answers")
        site.stop(signal.SIGKILL)
    site.start()
    listed = {file["filename"]: file["hashes"]["sha256"] for file in page(site, "many")["files"]}
    for file in answered:
        assert listed[file.filename] == file.sha256
    for filename, sha256 in listed.items():
        assert hashlib.sha256(site.get(f"/packages/{filename}").body).hexdigest() == sha256

"""Files that are objects of a store of S3's kind: a real one, on several volume servers."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import socket
import subprocess
import threading
import zipfile
from contextlib import contextmanager
from http.client import HTTPConnection, IncompleteRead
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support import http as web
from support.distributions import Distribution, noise, sdist, wheel
from support.programs import binary, clean_environment, venv
from support.waiting import wait_until

OPEN = ["-a", ".", "-P", "."]
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
DEMO = wheel("demo", "1.0", requires_python=">=3.8")
# Larger than what is kept whole in memory, and than a part of an object.
LARGE = wheel("large", "1.0", padding=20_000_000)
YEAR = "public, max-age=31536000, immutable"


@pytest.fixture
def site_of(serve, wheelhouse, store):
    """Starts servers over a bucket: `site_of(bucket, *options, …)`."""

    def make(bucket: str, *options: str, environment: dict[str, str] | None = None, **more):
        given = ["--disable-fallback", "--s3-endpoint", store.endpoint, "--state-dir", "state"]
        where = ["--files", f"s3://{bucket}/team"]
        locks = [] if "-a" in options else OPEN
        surroundings = {**store.credentials, **(environment or {})}
        return serve(
            wheelhouse, *where, *given, *locks, *options, roots=[], environment=surroundings, **more
        )

    return make


@pytest.fixture
def site(site_of, bucket):
    return site_of(bucket)


def names(store, bucket: str, kind: str = "") -> list[str]:
    """The names of the objects of a kind, from the kind on."""
    return [name.removeprefix("team/") for name in store.names(bucket, f"team/{kind}")]


def place_of(file: Distribution) -> str:
    return f"team/sha256/{file.sha256[:2]}/{file.sha256[2:]}"


def own(site, bucket: str, *words: str) -> str:
    """Runs a command of an owner against the running server."""
    done = subprocess.run(
        [binary("wheelhouse"), *words, "--state-dir", "state", "--files", f"s3://{bucket}/team"],
        cwd=site.folder,
        env=site.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout


def follow(answer: web.Answer, method: str = "GET") -> web.Answer:
    """Asks where an answer sends a client, without any credentials."""
    url = urlsplit(answer.header("Location"))
    assert url.hostname == "127.0.0.1", url
    return web.ask(url.port, method, f"{url.path}?{url.query}")


# What a file becomes.


def test_a_file_is_an_object_with_a_sealed_record_beside_it(site, store, bucket):
    assert site.upload(DEMO).status == 200
    record, content = names(store, bucket, "records"), names(store, bucket, "sha256")
    assert content == [f"sha256/{DEMO.sha256[:2]}/{DEMO.sha256[2:]}"]
    assert store.read(bucket, f"team/{content[0]}") == DEMO.content
    assert len(record) == 1 and record[0].startswith(f"records/{DEMO.sha256[:2]}/{DEMO.sha256[2:]}/")
    sealed = store.read(bucket, f"team/{record[0]}").decode()
    inner = re.fullmatch(r'\{"record":(\{.*\}),"seal":"([0-9a-f]{64})"\}', sealed)
    assert hashlib.sha256(inner.group(1).encode()).hexdigest() == inner.group(2)
    said = json.loads(inner.group(1))
    assert (said["format"], said["index"], said["path"]) == (1, "main", DEMO.filename)
    assert (said["sha256"], said["md5"]) == (DEMO.sha256, DEMO.digest("md5"))
    assert said["size_bytes"] == len(DEMO.content)
    owner = json.loads(store.read(bucket, "team/owner.json"))
    assert owner["format"] == 1 and len(owner["id"]) == 36
    assert names(store, bucket, "trial") == [], "a trial leaves nothing"


def test_what_was_uploaded_is_listed_and_given_out(site):
    for file in [DEMO, sdist("demo", "1.0"), LARGE]:
        assert site.upload(file).status == 200
        answer = site.get(f"/packages/{file.filename}")
        assert answer.status == 200 and answer.body == file.content
        assert answer.header("ETag") == f'"{file.sha256}"'
        assert answer.header("Cache-Control") == YEAR
        head = site.head(f"/packages/{file.filename}")
        assert head.header("Content-Length") == str(len(file.content))
    page = site.get("/simple/demo/", headers=JSON).json
    assert [file["hashes"]["sha256"] for file in page["files"]] == [
        DEMO.sha256,
        sdist("demo", "1.0").sha256,
    ]
    assert site.get("/packages/never-1.0.zip").status == 404


def test_pip_installs(site, tmp_path):
    assert site.upload(DEMO).status == 200
    pip(site, tmp_path / "target", tmp_path, "demo==1.0")


def pip(site, target: Path, home: Path, *wanted: str) -> None:
    subprocess.run(
        [str(venv("pip-newest") / "pip"), "install", "--no-cache-dir", "--target", str(target),
         "-i", f"{site.url}simple/", *wanted],
        env=clean_environment(home),
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    assert (target / "demo.py").exists()


def test_other_bytes_under_a_name_are_refused_and_the_same_are_fine(site, store, bucket):
    assert site.upload(DEMO).status == 200
    before = names(store, bucket)
    other = Distribution(DEMO.filename, wheel("demo", "1.0", requires_python=">=3.9").content)
    assert site.upload(other).status == 409
    assert site.upload(DEMO).status == 200
    assert names(store, bucket) == before, "neither leaves anything"
    assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content


def test_one_content_under_two_names_is_one_object(site, store, bucket):
    first, second = (
        Distribution(f"demo-1.0-{build}-py3-none-any.whl", DEMO.content) for build in (1, 2)
    )
    for file in [first, second]:
        assert site.upload(file).status == 200
    assert len(names(store, bucket, "sha256")) == 1
    assert len(names(store, bucket, "records")) == 2
    own(site, bucket, "delete", f"demo/{first.filename}", "--yes")
    assert site.get(f"/packages/{first.filename}").status == 404
    assert site.get(f"/packages/{second.filename}").body == DEMO.content


def test_ranges_are_parts_of_the_object(site):
    assert site.upload(LARGE).status == 200
    path, size = f"/packages/{LARGE.filename}", len(LARGE.content)
    site.restart()
    for first, last in [(0, 0), (5, 300_000), (size - 10, size - 1), (262_143, 262_144), (0, size - 1)]:
        answer = site.get(path, headers={"Range": f"bytes={first}-{last}"})
        assert answer.status == 206, answer
        assert answer.header("Content-Range") == f"bytes {first}-{last}/{size}"
        assert answer.body == LARGE.content[first : last + 1]
    assert site.get(path, headers={"Range": "bytes=-7"}).body == LARGE.content[-7:]
    assert site.get(path, headers={"Range": f"bytes={size}-"}).status == 416
    parts = site.get(path, headers={"Range": "bytes=0-9,1000-1009"})
    assert parts.status == 206 and parts.type == "multipart/byteranges"
    assert LARGE.content[1000:1010] in parts.body
    tag = site.get(path, headers={"Range": "bytes=0-0"}).header("ETag")
    assert site.get(path, headers={"If-None-Match": tag}).status == 304


def test_metadata_is_read_out_of_the_object(site):
    assert site.upload(DEMO).status == 200
    inside = zipfile.ZipFile(BytesIO(DEMO.content)).read("demo-1.0.dist-info/METADATA")
    assert site.get(f"/packages/{DEMO.filename}.metadata").body == inside
    file = site.get("/simple/demo/", headers=JSON).json["files"][0]
    assert file["core-metadata"] == {"sha256": hashlib.sha256(inside).hexdigest()}
    assert file["requires-python"] == ">=3.8"


def test_owners_yank_delete_and_undelete(site, store, bucket):
    for file in [DEMO, wheel("demo", "1.1")]:
        assert site.upload(file).status == 200
    own(site, bucket, "yank", "demo==1.1", "--reason", "broken")
    yanked = {f["filename"]: f["yanked"] for f in site.get("/simple/demo/", headers=JSON).json["files"]}
    assert yanked[wheel("demo", "1.1").filename] == "broken" and not yanked[DEMO.filename]
    assert len(names(store, bucket, "marks")) == 1

    own(site, bucket, "delete", "demo==1.0", "--yes")
    assert site.get(f"/packages/{DEMO.filename}").status == 404
    assert len(names(store, bucket, "discarded")) == 1 and len(names(store, bucket, "records")) == 1
    again = site.upload(wheel("demo", "1.0", requires_python=">=3.9"))
    assert again.status == 400 and "previously used" in again.text

    own(site, bucket, "undelete", "demo==1.0")
    assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content
    assert names(store, bucket, "discarded") == [] and len(names(store, bucket, "records")) == 2
    # What was read of it before is learned again.
    wait_until(
        lambda: site.get("/simple/demo/", headers=JSON).json["files"][0].get("requires-python") == ">=3.8",
        seconds=10,
    )


def test_a_restart_changes_nothing(site):
    for file in [DEMO, LARGE]:
        assert site.upload(file).status == 200
    before = [site.get(path, headers=JSON).body for path in ["/simple/", "/simple/demo/", "/simple/large/"]]
    site.restart()
    after = [site.get(path, headers=JSON).body for path in ["/simple/", "/simple/demo/", "/simple/large/"]]
    assert after == before
    assert site.get(f"/packages/{LARGE.filename}").body == LARGE.content
    assert site.get("/readyz").status == 200


def test_replacing_keeps_what_was_replaced_for_a_while(site_of, store, bucket):
    site = site_of(bucket, "--overwrite")
    other = wheel("demo", "1.0", requires_python=">=3.9")
    for file in [DEMO, other]:
        assert site.upload(file).status == 200
        answer = site.get(f"/packages/{DEMO.filename}")
        assert answer.body == file.content
        assert answer.header("Cache-Control") == "no-cache", "a name may get other bytes here"
    assert len(names(store, bucket, "records")) == 1 and len(names(store, bucket, "discarded")) == 1


# Downloads that go elsewhere.


def test_downloads_are_sent_to_the_store_with_a_signed_address(site_of, bucket, tmp_path):
    site = site_of(bucket, "--file-redirects", "always")
    for file in [DEMO, LARGE]:
        assert site.upload(file).status == 200
        # Twice: the second time it is known.
        for _ in range(2):
            answer = site.get(f"/packages/{file.filename}")
            assert answer.status == 302 and answer.header("Cache-Control") == "no-store", answer
            there = follow(answer)
            assert there.status == 200 and there.body == file.content
            assert file.filename in there.header("Content-Disposition", "")
            head = site.head(f"/packages/{file.filename}")
            assert head.status == 302
            there = follow(head, "HEAD")
            assert there.status == 200 and there.header("Content-Length") == str(len(file.content))
    metadata = site.get(f"/packages/{DEMO.filename}.metadata")
    assert metadata.status == 200 and b"Name: demo" in metadata.body
    tag = {"If-None-Match": f'"{DEMO.sha256}"'}
    assert site.get(f"/packages/{DEMO.filename}", headers=tag).status == 304
    pip(site, tmp_path / "target", tmp_path, "demo==1.0")


def test_a_signed_address_is_good_for_a_while_and_for_one_file(site_of, bucket):
    site = site_of(bucket, "--file-redirects", "always", "--file-redirect-seconds", "1")
    assert site.upload(DEMO).status == 200
    answer = site.get(f"/packages/{DEMO.filename}")
    url = urlsplit(answer.header("Location"))
    other = url.path.replace(DEMO.sha256[2:], LARGE.sha256[2:])
    assert web.ask(url.port, "GET", f"{other}?{url.query}").status == 403
    # Garage answers that the request is a bad one.
    wait_until(lambda: follow(answer).status in {400, 403}, seconds=10, what="an address that is too old")


def test_nobody_is_sent_to_the_store_who_may_not_download(site_of, bucket):
    site = site_of(bucket, "--file-redirects", "always", "-a", "download", "-P", ".htpasswd", start=False)
    site.write_users({"ada": "{SHA}uapAsobrY/8kaQR+2ssHLsRJ1Ps="})
    site.start()
    site.upload(DEMO)
    answer = site.get(f"/packages/{DEMO.filename}")
    assert answer.status == 401 and answer.header("Location") is None
    allowed = site.get(f"/packages/{DEMO.filename}", user=("ada", "p@ss:w/rd"))
    assert allowed.status == 302 and follow(allowed).body == DEMO.content


# Damage.


def damaged(site) -> list[str]:
    return site.get("/api/v1/status").json["damaged"]


@pytest.mark.parametrize("file", [DEMO, LARGE], ids=["small", "large"])
def test_a_deleted_object_is_told_and_mended_by_uploading_again(site, store, bucket, file):
    assert site.upload(file).status == 200
    store.delete(bucket, place_of(file))
    site.restart()
    answer = site.get(f"/packages/{file.filename}")
    assert answer.status == 500 and "upload the same file again" in answer.text
    assert damaged(site) == [file.filename] and "gone from the store" in site.log
    assert [f["filename"] for f in site.get(f"/simple/{file.filename.split('-')[0]}/", headers=JSON).json["files"]]
    assert site.upload(file).status == 200
    assert site.get(f"/packages/{file.filename}").body == file.content
    assert damaged(site) == []


@pytest.mark.parametrize("file", [DEMO, LARGE], ids=["small", "large"])
def test_an_altered_object_is_never_served_whole(site, store, bucket, file):
    assert site.upload(file).status == 200
    altered = bytearray(file.content)
    altered[len(altered) // 2] ^= 1
    store.alter(bucket, place_of(file), bytes(altered))
    site.restart()
    # Twice: what the first reading left in memory is no better.
    for _ in range(2):
        assert received(site, file) != bytes(altered)
    assert damaged(site) == [file.filename] and "does not have the content" in site.log
    assert site.upload(file).status == 200
    assert received(site, file) == file.content
    assert damaged(site) == []


def received(site, file: Distribution) -> bytes | None:
    """What a client takes for the whole file, if anything."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    try:
        connection.request("GET", f"/packages/{file.filename}")
        answer = connection.getresponse()
        body = answer.read()
    except (IncompleteRead, ConnectionError):
        return None
    finally:
        connection.close()
    return body if answer.status == 200 else None


def test_an_object_of_another_size_is_refused_before_the_first_byte(site, store, bucket):
    assert site.upload(LARGE).status == 200
    store.alter(bucket, place_of(LARGE), LARGE.content[:-1])
    site.restart()
    answer = site.get(f"/packages/{LARGE.filename}")
    assert answer.status == 500 and damaged(site) == [LARGE.filename]


# Trouble in the store.


def test_reads_and_writes_go_on_without_a_volume_server(site, store):
    files = [wheel("demo", f"1.{number}", padding=400_000) for number in range(6)]
    for file in files:
        assert site.upload(file).status == 200
    site.restart()
    store.kill("volume1")
    try:
        for file in files:
            assert site.get(f"/packages/{file.filename}").body == file.content
        # The store may need a moment to learn which servers are left.
        more = wheel("demo", "2.0")
        wait_until(lambda: site.upload(more).status == 200, seconds=90, what="an upload")
        assert site.get(f"/packages/{more.filename}").body == more.content
    finally:
        store.revive("volume1")


def test_a_store_that_is_away_is_told_and_comes_back(site, store):
    assert site.upload(LARGE).status == 200
    site.restart()
    store.kill("s3")
    try:
        answer = site.get(f"/packages/{LARGE.filename}")
        assert answer.status == 503 and answer.header("Retry-After"), answer
        answer = site.upload(DEMO)
        assert answer.status == 503 and answer.header("Retry-After"), answer
        assert site.get("/simple/large/", headers=JSON).status == 200
    finally:
        store.revive("s3")
    wait_until(lambda: site.upload(DEMO).status == 200, seconds=60, what="an upload")
    assert site.get(f"/packages/{LARGE.filename}").body == LARGE.content


def test_a_file_of_500_mb_needs_little_memory(site, store, bucket):
    block = noise(1_000_000, "block")
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        with archive.open("huge/data.bin", "w", force_zip64=True) as member:
            for _ in range(500):
                member.write(block)
        archive.writestr("huge-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: huge\nVersion: 1.0\n")
        archive.writestr("huge-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("huge-1.0.dist-info/RECORD", "")
    huge = Distribution("huge-1.0-py3-none-any.whl", content.getvalue())
    assert site.upload(huge).status == 200
    digest, size = hashlib.sha256(), 0
    connection = HTTPConnection("127.0.0.1", site.port, timeout=120)
    connection.request("GET", f"/packages/{huge.filename}")
    answer = connection.getresponse()
    while piece := answer.read(1 << 20):
        digest.update(piece)
        size += len(piece)
    connection.close()
    assert (digest.hexdigest(), size) == (huge.sha256, len(huge.content))
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{site.process.pid}/status").read_text())
    assert int(peak.group(1)) < 300_000, "kB at the most"
    assert not list((site.folder / "state" / "incoming").iterdir())


# What keeps a server from starting.


def refused(site) -> str:
    """What a server says that does not start."""
    site.is_expected_to_fail = True
    with pytest.raises(AssertionError, match="ended with 1"):
        site.start()
    return site.log


def test_wrong_credentials_are_told(site_of, bucket):
    for wrong in [{"AWS_SECRET_ACCESS_KEY": "wrong"}, {"AWS_ACCESS_KEY_ID": "nobody"}]:
        said = refused(site_of(bucket, environment=wrong, start=False))
        # Garage does not tell wrong credentials from those that may do nothing.
        told = ["does not take the credentials", "does not allow this; the credentials need the rights"]
        assert any(f"`s3://{bucket}/team` {words}" in said for words in told), said


def test_credentials_that_may_only_read_are_told(site_of, store, bucket):
    said = refused(site_of(bucket, environment=store.credentials_of_reader, start=False))
    assert "the rights to list, read, write and delete" in said


def test_a_bucket_that_is_not_there_is_told(site_of):
    said = refused(site_of("no-such-bucket", start=False))
    assert "there is no bucket at `s3://no-such-bucket/team`; make it first" in said


def test_two_indexes_in_one_place_are_told(site_of, site, store, bucket):
    assert site.upload(DEMO).status == 200
    owner = store.read(bucket, "team/owner.json")
    said = refused(site_of(bucket, start=False))
    assert "belongs to another index" in said and "give this one a prefix of its own" in said
    assert store.read(bucket, "team/owner.json") == owner
    assert site.get(f"/packages/{DEMO.filename}").status == 200


def test_a_catalog_that_was_lost_is_told(site):
    assert site.upload(DEMO).status == 200
    site.stop()
    for file in (site.folder / "state").glob("catalog.sqlite*"):
        file.rename(site.folder / file.name)
    assert "only a catalog knows their names" in refused(site)
    for file in site.folder.glob("catalog.sqlite*"):
        file.rename(site.folder / "state" / file.name)
    site.is_expected_to_fail = False
    site.start()
    assert site.get(f"/packages/{DEMO.filename}").status == 200


def test_a_clock_that_is_off_is_told(site_of, bucket):
    with skewed() as endpoint:
        said = refused(site_of(bucket, "--s3-endpoint", endpoint, start=False))
    assert "the clock of this machine and that of the store differ too much; set the clock" in said


@contextmanager
def skewed():
    """A store that answers as S3 does to whoever's clock is off by an hour."""

    class Skewed(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = (
                b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>RequestTimeTooSkewed</Code>'
                b"<Message>The difference between the request time and the current time is too "
                b"large.</Message></Error>"
            )
            self.send_response(403)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = answer

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Skewed)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_store_that_does_not_answer_is_told(site_of, bucket):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        said = refused(site_of(bucket, "--s3-endpoint", f"http://127.0.0.1:{port}", start=False))
    assert f"`s3://{bucket}/team` cannot be used" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--files", "s3://"], "names no place of objects"),
        (["--files", "ftp://bucket"], "names no place of objects"),
        (["--files", "s3://bucket", "packages"], "cannot be named together"),
        (["--files", "s3://bucket", "--s3-endpoint", "http://192.0.2.1:1"], "without encryption"),
    ],
)
def test_settings_that_cannot_be_are_told(wheelhouse, tmp_path, words, said):
    credentials = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    done = wheelhouse.run("run", "-p", "0", *words, folder=tmp_path, environment=credentials)
    assert done.returncode != 0 and said in done.stderr, done.stderr


def test_a_local_folder_can_be_used_as_a_bucket(serve, wheelhouse):
    words = ["--files", "file:objects", "--state-dir", "state", "--disable-fallback", *OPEN]
    site = serve(wheelhouse, *words, roots=[])
    assert site.upload(DEMO).status == 200
    site.restart()
    assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content
    stored = site.folder / "objects" / place_of(DEMO).removeprefix("team/")
    assert stored.read_bytes() == DEMO.content


def test_folders_can_be_named_as_files_too(serve, wheelhouse):
    site = serve(wheelhouse, "--files", "dir:packages,more", *OPEN, roots=[], start=False)
    (site.folder / "more").mkdir()
    DEMO.put(site.folder / "more")
    site.start()
    site.await_listed(DEMO.filename)
    assert site.upload(LARGE).status == 200
    assert (site.folder / "packages" / LARGE.filename).exists()

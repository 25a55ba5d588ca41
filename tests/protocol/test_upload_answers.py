"""What uploaders are told, protocol §4.1, §4.3 and §4.4."""

from __future__ import annotations

import hashlib
import re
import socket

import pytest

from support.distributions import Distribution, any_file, sdist, wheel
from support.http import basic
from support.programs import Door, Site
from support.uploads import BOUNDARY, form

# How a form comes is the same at any strictness: what is in the file does not matter here.
OPEN = ["-a", ".", "-P", ".", "--upload-strictness", "lenient"]
DEMO = wheel("demo", "1.0")
CHANGED = wheel("demo", "1.0", source="# changed")
UV = "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
ACTION = (":action", "file_upload")
CONTENT = ("content", (DEMO.filename, DEMO.content))


@pytest.fixture
def site(serve, either_name: Door) -> Site:
    return serve(either_name, *OPEN)


@pytest.fixture(scope="module")
def shared(serve_all, either_name: Door) -> Site:
    """A site in which every upload of these tests is refused."""
    return serve_all(either_name, *OPEN, "--max-upload-mib", "1", files=[DEMO])


@pytest.fixture(scope="module")
def locked(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, *OPEN[4:], "-P", ".htpasswd", users=USERS)


# Form parts of uploads that are refused, and words of their phrases.
REFUSED = {
    "changed duplicate": ([ACTION, ("content", (DEMO.filename, CHANGED.content))], 409, "File already exists"),
    "no file": ([ACTION], 400, "does not have a file"),
    "no action": ([CONTENT], 400, ":action"),
    "unknown action": ([(":action", "frobnicate"), CONTENT], 400, ":action"),
    "bad file name": ([ACTION, ("content", ("demo-1.0.exe", b"x"))], 400, "filename"),
    "wrong sha256": ([ACTION, CONTENT, ("sha256_digest", "0" * 64)], 400, "digest"),
    "wrong md5": ([ACTION, ("md5_digest", "0" * 32), CONTENT], 400, "digest"),
    "wrong blake2": ([ACTION, CONTENT, ("blake2_256_digest", "0" * 64)], 400, "digest"),
    "digest that is none": ([ACTION, CONTENT, ("sha256_digest", "no hex")], 400, "digest"),
    "too large": ([ACTION, ("content", ("large-1.0.zip", b"x" * 1_200_000))], 400, "File too large"),
}
EVERY_REFUSAL = pytest.mark.parametrize(("parts", "status", "words"), REFUSED.values(), ids=REFUSED)


@EVERY_REFUSAL
def test_up_22_reason_is_in_phrase_and_body(shared, parts, status, words):
    answer = shared.post(parts, path="/legacy/")
    assert answer.status == status, answer
    assert words in answer.reason and words in answer.text, answer
    assert 0 < len(answer.reason) <= 500


@EVERY_REFUSAL
def test_up_23_json_is_as_uv_reads_it(shared, parts, status, words):
    answer = shared.post(parts, path="/legacy/", headers={"Accept": UV})
    assert answer.header("Content-Type") == "application/json"
    said = answer.json
    assert said["code"] == f"{status} {answer.reason}"
    assert words in said["message"]
    assert said["title"] == {400: "Bad Request", 409: "Conflict"}[status]
    assert all(type(value) is str for value in said.values())


@EVERY_REFUSAL
@pytest.mark.parametrize("accept", [None, "*/*", "text/plain", "text/html", "application/problem+json"])
def test_up_23_and_24_plain_text_for_the_others_and_never_a_problem_document(shared, parts, status, words, accept):
    answer = shared.post(parts, headers={"Accept": accept} if accept else {})
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"
    assert not answer.text.startswith("<")


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        ("Application/JSON", "application/json"),
        ("text/plain, application/json;q=0", "text/plain"),
        ("application/json-seq", "text/plain"),
        (f"{UV}, application/problem+json", "application/json"),
    ],
)
def test_up_23_accept_is_read_as_a_list_of_types(shared, accept, type_):
    assert shared.post([ACTION], headers={"Accept": accept}).type == type_


@EVERY_REFUSAL
def test_up_26_only_a_duplicate_may_be_skipped(shared, parts, status, words):
    # What twine, poetry and pdm take for "the file is there, skip it".
    answer = shared.post(parts)
    said = (answer.reason + " " + answer.text).lower()
    is_skipped = answer.status == 409 or any(
        phrase in said
        for phrase in ["already exist", "updating asset", "cannot be updated", "already been taken", "overwrite artifact"]
    )
    assert is_skipped == (status == 409)
    assert "was ever registered" not in said


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        (None, 409),
        ("uv/0.13.9", 409),
        ("poetry/2.5.1 requests/2.32", 409),
        ("pdm/2.29.3", 409),
        ("python-requests/2.32 hatch/1.18", 409),
        ("flit/4.2", 409),
        ("twine/7.0.0 CPython/3.11", 400),
        ("requests (Twine/6.1.0)", 400),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", UV], ids=["text", "json"])
def test_up_25_changed_duplicate_by_client(shared, agent, status, accept):
    answer = shared.upload(CHANGED, agent=agent, headers={"Accept": accept})
    assert answer.status == status
    assert answer.reason.startswith("File already exists")
    assert "File already exists" in answer.text
    assert shared.get("/packages/" + DEMO.filename).body == DEMO.content


@pytest.mark.parametrize("agent", [None, "twine/7.0.0", "uv/0.13.9"])
@pytest.mark.parametrize("path", ["/", "/legacy/"])
def test_up_25_identical_file_again_is_200_and_changes_nothing(shared, agent, path):
    headers = {"Accept": "application/vnd.pypi.simple.v1+json"}
    before = shared.get("/simple/demo/", headers=headers)
    answer = shared.upload(DEMO, agent=agent, path=path)
    assert (answer.status, answer.body) == (200, b"")
    after = shared.get("/simple/demo/", headers=headers)
    assert (after.body, after.header("ETag")) == (before.body, before.header("ETag"))


def test_up_25_wrong_method_names_the_right_one(shared):
    for method in ["PUT", "DELETE", "PATCH"]:
        for path in ["/", "/legacy/"]:
            answer = shared.ask(method, path, body=b"")
            assert answer.status == 405, (method, path)
            assert "POST" in [name.strip() for name in answer.header("Allow").split(",")], (method, path)
    answer = shared.get("/legacy/")
    assert (answer.status, answer.header("Allow")) == (405, "POST")


def test_up_25_missing_or_bad_credentials_are_401(locked):
    for user in [None, ("ada", "wrong"), ("eve", "secret")]:
        answer = locked.upload(DEMO, user=user)
        assert answer.status == 401
        assert answer.header("WWW-Authenticate").startswith('Basic realm="')
        assert len(answer.reason) > 3 and answer.reason in answer.text


def test_up_21_success_is_exactly_200_and_short(site):
    for number, (agent, accept) in enumerate([(None, "*/*"), ("uv/0.13.9", UV), ("twine/7.0.0", "*/*")]):
        answer = site.upload(wheel("demo", f"2.{number}"), agent=agent, headers={"Accept": accept})
        assert (answer.status, answer.reason, answer.body) == (200, "OK", b"")


def test_up_20_credentials_come_first(locked):
    broken = [[], [ACTION], [(":action", "frobnicate")], [ACTION, ("content", ("demo.txt", b"x"))]]
    for parts in broken:
        assert locked.post(parts).status == 401
    assert locked.ask("POST", "/", body=b"no form").status == 401
    assert locked.post([(":action", "frobnicate")], user=("ada", "secret")).status == 400


@pytest.mark.parametrize(
    "file",
    [
        ("päck☃-1.0.exe", "päck?-1.0.exe"),
        ("名前-1.0.exe", "??-1.0.exe"),
    ],
    ids=["partly Latin-1", "no Latin-1"],
)
def test_up_22_phrase_is_latin_1_and_body_is_utf_8(shared, file):
    name, shown = file
    body = form([ACTION, ("content", (name, b"x"))])
    head = (
        "POST /legacy/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: {MULTIPART}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received = shared.raw(head.encode() + body)
    line, _, rest = received.partition(b"\r\n")
    assert re.fullmatch(rb"HTTP/1\.1 400 [\x20-\x7e\xa0-\xff]{1,500}", line), line
    assert name in rest.partition(b"\r\n\r\n")[2].decode()
    assert shown.encode("latin-1") in line


@pytest.mark.parametrize("action", ["x" * 100_000, "a\r\nX-Injected: 1", "tab\there", "ctl\x01\x7f"])
def test_up_22_phrase_is_one_short_line(shared, action):
    body = form([(":action", action)])
    head = (
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: {MULTIPART}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received = shared.raw(head.encode() + body)
    head, _, _ = received.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    assert re.fullmatch(rb"HTTP/1\.1 4\d\d [\x20-\x7e\xa0-\xff]{1,500}", line), line
    assert not any(header.lower().startswith(b"x-injected") for header in headers)


# Transport.


@pytest.mark.parametrize(
    "path",
    ["/", "/legacy/", "/legacy", "/simple/", "/simple", "/simple/demo/", "/simple/Demo/", "/simple/demo",
     "/packages/", "/packages", "/demo", "/demo/", "/Demo/", "/pypi", "/pypi/", "/RPC2"],
)
def test_up_40_upload_is_never_redirected(shared, path):
    answer = shared.upload(DEMO, path=path)
    assert not 300 <= answer.status < 400, answer
    assert (answer.status == 200) == (path in ("/", "/legacy/", "/legacy"))


@pytest.mark.parametrize("path", ["/simple/", "/simple", "/simple/demo/", "/simple/demo"])
def test_simple_06_upload_to_a_page_is_405(shared, path):
    answer = shared.upload(DEMO, path=path)
    assert answer.status == 405
    assert "GET" in answer.header("Allow")


def exchange(site: Site, head: str, body: bytes) -> tuple[bytes, bytes]:
    """Sends a head, waits for the first answer, sends the body only after a `100 Continue`."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(head.encode())
        first = connection.recv(65536)
        rest = b""
        if first.startswith(b"HTTP/1.1 100"):
            connection.sendall(body)
        while chunk := connection.recv(65536):
            rest += chunk
        return first, rest


@pytest.mark.parametrize("password", ["secret", "wrong"])
def test_up_08_continue_is_only_said_to_who_may_upload(locked, password):
    body = form([ACTION, CONTENT])
    head = (
        "POST /legacy/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n"
        f"Authorization: {basic('ada', password)}\r\n"
        f"Content-Type: {MULTIPART}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    first, rest = exchange(locked, head, body)
    if password == "secret":
        assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert rest.startswith(b"HTTP/1.1 200 ")
    else:
        assert first.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("reason", ["credentials", "method", "action"])
def test_up_09_refusal_is_read_by_a_client_that_writes_all_first(locked, reason, is_chunked):
    parts = [(":action", "frobnicate") if reason == "action" else ACTION, ("content", ("large-1.0.zip", b"x" * 6_000_000))]
    body = form(parts)
    headers = {"Content-Type": MULTIPART}
    if is_chunked:
        headers["Transfer-Encoding"] = "chunked"
        step = 60_000
        chunks = [body[at : at + step] for at in range(0, len(body), step)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    path = "/simple/" if reason == "method" else "/"
    user = None if reason == "credentials" else ("ada", "secret")
    answer = locked.ask("POST", path, headers=headers, body=body, user=user)
    assert answer.status == {"credentials": 401, "method": 405, "action": 400}[reason]


# How the clients of today write their forms.


def as_uv(file: Distribution) -> bytes:
    """The file without a type, and a field after it."""
    fields = [ACTION, ("protocol_version", "1"), ("sha256_digest", file.sha256), ("metadata_version", "2.3"),
              ("name", "demo"), ("version", "1.0"), ("filetype", "bdist_wheel"), ("pyversion", "py3")]
    body = form([*fields, ("content", (file.filename, file.content)), ("comment", "last")])
    type_ = b"Content-Type: application/octet-stream\r\n"
    assert body.count(type_) == 1
    return body.replace(type_, b"")


def in_hash_order(file: Distribution) -> bytes:
    """The file first, then the fields, lists repeated."""
    return form([
        ("content", (file.filename, file.content)),
        ("classifiers", "Private :: One"),
        ("md5_digest", file.digest("md5")),
        ("sha256_digest", file.sha256.upper()),
        ("project_urls", "Home, https://home.example"),
        ("version", "1.0"),
        ("classifiers", "Private :: Two"),
        ("description", "Schöne Grüße ☃\n" * 100),
        ("provides_extras", "a"),
        ACTION,
        ("protocol_version", "1"),
    ])


def as_setuptools(file: Distribution) -> bytes:
    """A line break first, and lines that end as its own do."""
    return b"\r\n" + form([ACTION, ("name", "demo"), ("content", (file.filename, file.content))])


WRITERS = {"uv": as_uv, "hash order": in_hash_order, "setuptools": as_setuptools}


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_up_04_forms_of_clients_are_read(site, write, is_chunked):
    body = write(DEMO)
    headers = {"Content-Type": MULTIPART}
    if is_chunked:
        headers["Transfer-Encoding"] = "chunked"
        # Chunks end where they like, in the middle of a boundary too.
        chunks = [body[at : at + 37] for at in range(0, len(body), 37)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    answer = site.ask("POST", "/legacy/", headers=headers, body=body)
    assert answer.status == 200, answer
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content


@pytest.mark.parametrize("boundary", ["b", "'()+_,-./:=?", "0" * 70, "--", "----WebKitFormBoundary7MA4YWxk"])
def test_up_04_any_boundary_will_do(site, boundary):
    body = form([ACTION, CONTENT], boundary)
    headers = {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}
    assert site.ask("POST", "/", headers=headers, body=body).status == 200
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"\r\n--" + BOUNDARY[:-1].encode() + b"\r\n",
        f"--{BOUNDARY} is not at the start of a line".encode(),
        b"\r\n--\r\n--" * 1000,
        bytes(range(256)) * 300,
    ],
    ids=["empty", "a line break", "nearly the boundary", "the boundary within", "dashes", "every byte"],
)
def test_up_05_every_byte_of_the_file_is_kept(site, content):
    file = any_file("demo-1.0.zip", content)
    answer = site.upload(file, fields={"sha256_digest": file.sha256})
    assert answer.status == 200, answer
    assert site.stored(file.filename) == content
    assert site.get("/packages/" + file.filename).body == content


def test_up_11_all_digests_given_must_match(site):
    blake2 = hashlib.blake2b(DEMO.content, digest_size=32).hexdigest()
    right = {"md5_digest": DEMO.digest("md5"), "sha256_digest": DEMO.sha256, "blake2_256_digest": blake2}
    for field, value in right.items():
        wrong = value[:-1] + ("0" if value[-1] != "0" else "1")
        answer = site.upload(DEMO, fields={**right, field: wrong})
        assert answer.status == 400 and "digest" in answer.reason, field
        assert site.listed() == []
    assert site.upload(DEMO, fields={name: value.upper() for name, value in right.items()}).status == 200


def test_up_11_digest_is_checked_for_a_file_that_is_there_too(shared):
    answer = shared.upload(DEMO, fields={"sha256_digest": "0" * 64})
    assert answer.status == 400 and "digest" in answer.reason


def test_up_11_empty_digest_is_none(site):
    assert site.upload(DEMO, fields={"md5_digest": "", "sha256_digest": DEMO.sha256}).status == 200


def test_up_41_each_part_of_a_release_is_taken_one_after_the_other(site):
    # As twine and poetry send: all files of a folder on one connection after another.
    files = [wheel("demo", "1.0"), sdist("demo", "1.0"), wheel("demo", "1.0", tag="cp311-cp311-linux_x86_64")]
    assert [site.upload(file, agent="twine/7.0.0").status for file in files] == [200] * 3
    found = site.get("/simple/demo/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}).json
    assert found["versions"] == ["1.0"]
    assert {file["filename"] for file in found["files"]} == {file.filename for file in files}


def test_up_42_check_url_finds_a_hash_for_each_file_and_404_before(serve, either_name):
    site = serve(either_name, *OPEN, "--disable-fallback")
    accept = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
    assert site.get("/simple/demo/", headers={"Accept": accept}).status == 404
    assert site.upload(DEMO).status == 200
    found = site.get("/simple/demo/", headers={"Accept": accept}).json["files"]
    assert [(file["filename"], file["hashes"]["sha256"]) for file in found] == [(DEMO.filename, DEMO.sha256)]


def test_up_43_credentials_sent_at_once_are_enough(locked):
    file = wheel("at-once", "1.0")
    for path in ["/", "/legacy/", "/legacy"]:
        assert locked.upload(file, user=("ada", "secret"), path=path).status == 200

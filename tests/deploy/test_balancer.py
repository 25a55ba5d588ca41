"""The three replicas of the compose file behind its load balancer, as clients see them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import signal
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path

import pytest

from deploy.compose import ADA, NAMES, Stack, running
from support import http, uploads
from support.distributions import Distribution, wheel
from support.http import Answer, basic
from support.postgres import Cluster
from support.programs import clean_environment, venv
from support.uploads import BOUNDARY, form, said_of
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
LARGE_MIB = 128
HELPERS = wheel("helpers", "1.0", module="helpers", padding=300_000)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def stack(cluster) -> Iterator[Stack]:
    with running(cluster) as stack:
        assert upload(stack, HELPERS) == 200
        yield stack


@pytest.fixture(autouse=True)
def all_in_use(stack):
    """What a test ended is there again, and its log shows no panic."""
    yield
    for name in NAMES:
        service = stack.services[name]
        if service.process.poll() is not None:
            service.start()
        stack.await_ready(name)
        stack.await_in_use(name)
        assert "panicked at" not in service.log


def upload(stack: Stack, file: Distribution) -> int:
    return uploads.upload(stack.ports["balancer"], file, user=ADA).status


def versions(stack: Stack, project: str) -> list[str]:
    answer = stack.ask("GET", f"/simple/{project}/", headers=JSON)
    return answer.json["versions"] if answer.status == 200 else []


def large(name: str, mebibytes: int) -> Distribution:
    """A wheel of many MiB, made fast."""
    small = wheel(name, "1.0")
    content = io.BytesIO(small.content)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("data.bin", os.urandom(mebibytes << 20))
    return Distribution(small.filename, content.getvalue())


class Readers:
    """Ask as pip does, several at once, until they are told to end. A file that breaks off is asked for from there on:
    nobody but the client can do that, once it has the beginning."""

    def __init__(self, stack: Stack, count: int = 4) -> None:
        self.stack, self.failures, self.answers, self.is_over = stack, [], 0, threading.Event()
        self.threads = [threading.Thread(target=self.read, args=(number,)) for number in range(count)]

    def __enter__(self) -> Readers:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)

    def read(self, number: int) -> None:
        paths = ["/simple/helpers/", f"/packages/{HELPERS.filename}", "/simple/"]
        while not self.is_over.is_set():
            connection = HTTPConnection("127.0.0.1", self.stack.ports["balancer"], timeout=30)
            try:
                for path in paths:
                    connection.request("GET", path)
                    answer = connection.getresponse()
                    try:
                        body = answer.read()
                    except IncompleteRead as broken:
                        if not path.startswith("/packages/"):
                            raise
                        body = broken.partial + self.rest(path, len(broken.partial), answer.headers["ETag"])
                        connection.close()
                    if answer.status != 200 or (path.startswith("/packages/") and body != HELPERS.content):
                        self.failures.append((number, path, answer.status, body[:200]))
                    self.answers += 1
            except Exception as error:  # noqa: BLE001
                self.failures.append((number, repr(error)))
            finally:
                connection.close()


    def rest(self, path: str, since: int, tag: str) -> bytes:
        answer = self.stack.ask("GET", path, headers={"Range": f"bytes={since}-", "If-Range": tag})
        assert answer.status == 206, answer
        return answer.body


def test_pip_installs_and_twine_uploads_through_the_balancer(stack, tmp_path):
    demo = wheel("demo", "1.0", requires_dist="helpers")
    environment = clean_environment(tmp_path, PIP_RETRIES="0")
    twine = ["upload", "--non-interactive", "--repository-url", stack.url, "-u", ADA[0], "-p", ADA[1], demo.put(tmp_path)]
    install = ["install", "--disable-pip-version-check", "--no-cache-dir", "--index-url", f"{stack.url}simple/",
               "--target", tmp_path / "installed", "demo"]
    for words in ([venv("twine-6") / "twine", *twine], [venv("pip-newest") / "python", "-m", "pip", *install]):
        done = subprocess.run(
            [*map(str, words)], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=100,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert (tmp_path / "installed/helpers.py").exists() and (tmp_path / "installed/demo.py").exists()


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/simple/helpers/", {}),
        ("HEAD", "/simple/helpers/", {}),
        ("GET", "/simple/helpers/", {**JSON, "Accept-Encoding": "gzip"}),
        ("GET", "/simple/nobody/", {}),
        ("GET", "/simple/Helpers/", {}),
        ("GET", "/", {"Accept-Encoding": "gzip"}),
        ("GET", f"/packages/{HELPERS.filename}", {}),
        ("HEAD", f"/packages/{HELPERS.filename}", {}),
        ("GET", f"/packages/{HELPERS.filename}", {"Range": "bytes=100-199"}),
        ("GET", f"/packages/{HELPERS.filename}", {"Range": "bytes=0-1,100-199"}),
        ("GET", f"/packages/{HELPERS.filename}", {"Range": "bytes=99999999-"}),
        ("GET", f"/packages/{HELPERS.filename}", {"If-None-Match": "the answer's own"}),
        ("GET", "/simple/helpers/", {"If-None-Match": "the answer's own"}),
        ("GET", f"/packages/{HELPERS.filename}.metadata", {"Accept-Encoding": "gzip"}),
        ("OPTIONS", "/simple/", {}),
    ],
)
def test_answers_are_those_of_the_replica_byte_for_byte(stack, method, path, headers):
    headers = {"Host": "packages.corp.example", **headers}
    if "If-None-Match" in headers:
        headers["If-None-Match"] = stack.ask("GET", path).header("ETag")
    through = stack.ask(method, path, headers=headers)
    direct = http.ask(stack.ports["replica-1"], method, path, headers=headers)
    assert comparable(through) == comparable(direct)


# Of each answer, or of each connection.
OWN = ("date", "connection", "keep-alive", "x-request-id")


def comparable(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    headers = sorted((name.lower(), value) for name, value in answer.headers.items() if name.lower() not in OWN)
    body = answer.body
    # What stands between several parts is made anew each time.
    if found := re.search(r"boundary=(\S+)", answer.header("Content-Type", "")):
        headers = [(name, value.replace(found[1], "")) for name, value in headers]
        body = body.replace(found[1].encode(), b"")
    return answer.status, headers, body


def test_large_upload_passes_without_being_kept_by_the_balancer(stack):
    file = large("large", LARGE_MIB)
    body = form([*said_of(file).items(), ("content", (file.filename, file.content))])
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Authorization": basic(*ADA)}
    headers["Content-Length"] = str(len(body))
    digest = hashlib.sha256()
    connection = HTTPConnection("127.0.0.1", stack.ports["balancer"], timeout=100)
    with contextlib.closing(connection):
        # In pieces: on a busy machine the whole may take longer than a piece may.
        connection.request("POST", "/", io.BytesIO(body), headers)
        answer = connection.getresponse()
        # It says that a member is not in the RECORD.
        assert (answer.status, b"data.bin" in answer.read()) == (200, True)
        connection.request("GET", f"/packages/{file.filename}")
        answer = connection.getresponse()
        while piece := answer.read(1 << 20):
            digest.update(piece)
    assert digest.hexdigest() == file.sha256
    for process in family(stack.services["balancer"].process.pid):
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())[1])
        assert peak < LARGE_MIB * 1024 / 2, "the balancer has kept it in memory"
        kept = [path for path in open_files(process) if path.startswith("/") and not path.endswith(".log")]
        assert set(kept) <= {"/dev/null"}, "the balancer has kept it in a file"


def open_files(process: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(link))
    return found


def family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *map(int, children)]


def test_replicas_know_the_client_and_not_what_it_claims(stack):
    claimed = {"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
               "X-Forwarded-Prefix": "/evil", "Forwarded": "for=198.51.100.9;host=evil.example"}
    with socket.create_connection(("127.0.0.1", stack.ports["balancer"]), source_address=("127.0.0.7", 0)) as client:
        head = "".join(f"{name}: {value}\r\n" for name, value in claimed.items())
        client.sendall(f"GET /simple/never-there-7 HTTP/1.1\r\nHost: good.example\r\n{head}Connection: close\r\n\r\n".encode())
        received = b""
        while piece := client.recv(65536):
            received += piece
    assert b"evil" not in received and b"https://" not in received
    lines = [line for name in NAMES for line in stack.services[name].log.splitlines() if "never-there-7" in line]
    assert len(lines) == 1 and "127.0.0.7" in lines[0] and "198.51.100.9" not in lines[0], lines


def test_no_reader_notices_that_a_replica_is_killed(stack):
    for name in NAMES[:2]:
        with Readers(stack) as readers:
            wait_until(lambda readers=readers: readers.answers > 40, seconds=30, what="readers")
            stack.services[name].stop(signal.SIGKILL)
            before = readers.answers
            wait_until(lambda readers=readers, before=before: readers.answers > before + 100, seconds=30, what="readers")
        assert not readers.failures, readers.failures[:5]
        assert upload(stack, wheel("after", f"1.{name[-1]}")) == 200
        stack.services[name].start()
        stack.await_ready(name)
        stack.await_in_use(name)


def test_replicas_are_replaced_one_after_the_other_and_nobody_notices(stack):
    """Downloads go on to their end, readers and uploaders find another replica."""
    # More than lies in the buffers between two ends.
    file = large("rolling-large", 48)
    assert upload(stack, file) == 200
    sent: list[tuple[str, int]] = []
    is_over = threading.Event()

    def keep_uploading() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            sent.append((f"1.{number}", upload(stack, wheel("rolling", f"1.{number}"))))

    uploader = threading.Thread(target=keep_uploading)
    with Readers(stack, 2) as readers, contextlib.ExitStack() as ends:
        answers = []
        for _ in NAMES:
            connection = ends.enter_context(contextlib.closing(HTTPConnection("127.0.0.1", stack.ports["balancer"], timeout=60)))
            connection.request("GET", f"/packages/{file.filename}")
            answers.append(connection.getresponse())
        uploader.start()
        try:
            for name in NAMES:
                service = stack.services[name]
                service.process.send_signal(signal.SIGTERM)
                wait_until(lambda name=name: is_closed(stack.ports[name]), seconds=10, what="it takes nothing new")
                if name == NAMES[0]:
                    # Each replica sends one; all three are read to their end while it waits for its own.
                    bodies = [answer.read() for answer in answers]
                    assert [hashlib.sha256(body).hexdigest() for body in bodies] == [file.sha256] * 3
                assert service.process.wait(40) == 0
                service.start()
                stack.await_ready(name)
                stack.await_in_use(name)
        finally:
            is_over.set()
            uploader.join(60)
    assert not readers.failures, readers.failures[:5]
    assert readers.answers > 100
    assert len(sent) > 5 and {status for _, status in sent} == {200}, sent
    assert sorted(versions(stack, "rolling")) == sorted(version for version, _ in sent)


def is_closed(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionError:
        return True
    return False


def test_upload_to_a_replica_that_dies_is_not_sent_to_another_one(stack):
    file = wheel("torn", "1.0", padding=8 << 20)
    fields = [*said_of(file).items(), ("content", (file.filename, file.content))]
    body = form(fields)
    head = (
        f"POST / HTTP/1.1\r\nHost: here\r\nAuthorization: {basic(*ADA)}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    before = {name: stack.services[name].log.count("POST") for name in NAMES}
    with socket.create_connection(("127.0.0.1", stack.ports["balancer"]), timeout=30) as client:
        client.sendall(head.encode() + body[: len(body) // 2])
        victim = None

        def is_taken() -> bool:
            nonlocal victim
            taking = [name for name in NAMES if is_receiving(stack, name)]
            victim = taking[0] if taking else None
            return len(taking) == 1

        wait_until(is_taken, seconds=10, what="one replica takes the upload")
        stack.services[victim].stop(signal.SIGKILL)
        with contextlib.suppress(OSError):
            client.sendall(body[len(body) // 2 :])
        answer = client.recv(65536)
    assert answer == b"" or http.status_of(answer) in (502, 503), answer
    time.sleep(0.5)
    for name in NAMES:
        assert stack.services[name].log.count("POST") == before[name], "another replica has seen it"
    assert versions(stack, "torn") == []
    assert upload(stack, file) == 200
    assert versions(stack, "torn") == ["1.0"]
    assert len(stack.ask("GET", "/simple/torn/").links) == 1


def is_receiving(stack: Stack, name: str) -> bool:
    """Whether a replica has a file for an upload under way, which has no name."""
    held = open_files(stack.services[name].process.pid)
    return any(path.startswith(f"{stack.folder}/{name}/") and path.endswith("(deleted)") for path in held)


def test_pages_in_memory_go_on_while_no_replica_is_ready(stack, cluster):
    for name in NAMES:
        assert http.ask(stack.ports[name], "GET", "/simple/helpers/").status == 200
    balancer = stack.services["balancer"]
    before = len(balancer.log)
    cluster.stop()
    try:
        wait_until(
            lambda: "backend reading has no server available" in balancer.log[before:],
            seconds=30, what="the balancer knows that no replica is ready",
        )

        def is_stale() -> bool:
            answer = stack.ask("GET", "/simple/helpers/")
            assert answer.status == 200, answer
            return (answer.header("Warning") or "").startswith("110 ")

        wait_until(lambda: all(is_stale() for _ in range(6)), seconds=15, what="all know that they may be behind")
        refused = uploads.upload(stack.ports["balancer"], wheel("late", "1.0"), user=ADA)
        assert refused.status == 503 and refused.header("Retry-After"), refused
    finally:
        cluster.start()
    wait_until(lambda: stack.ask("GET", "/readyz").status == 200, seconds=15, what="it is back")
    wait_until(lambda: upload(stack, wheel("late", "1.0")) == 200, seconds=10, what="uploads are taken")

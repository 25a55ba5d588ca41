"""Clients that stall hold up nobody but themselves."""

from __future__ import annotations

import signal
import socket
import struct
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.distributions import wheel
from support.http import status_of
from support.uploads import BOUNDARY, form
from support.waiting import wait_until

DEMO = wheel("demo", "1.0", padding=3_000_000)


def test_stalled_half_request_lines_do_not_hold_up_others(serve, either_name):
    site = serve(either_name, files=[DEMO])
    with ExitStack() as stack:
        for begun in [b"GET /sim", b"GET /simple/ HTTP/1.1\r\nHost:", b"", b"POST / HTTP/1.1\r\n"] * 25:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            connection.sendall(begun)
        began = time.monotonic()
        for _ in range(20):
            assert site.get("/simple/demo/").status == 200
            assert site.get("/healthz").status == 200
        assert time.monotonic() - began < 5


def test_stalled_uploads_and_downloads_do_not_hold_up_others(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".", files=[DEMO])
    with ExitStack() as stack:
        head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
        for request in [head + "--b\r\nContent-Dis", f"GET /packages/{DEMO.filename} HTTP/1.1\r\nHost: a\r\n\r\n"] * 20:
            connection = socket.socket()
            stack.enter_context(connection)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", site.port))
            connection.sendall(request.encode())
        assert site.get("/packages/" + DEMO.filename).body == DEMO.content
        other = wheel("other", "1.0")
        assert site.upload(other).status == 200
        assert other.filename in site.listed()


def test_head_that_never_ends_is_dropped(serve, either_name):
    site = serve(either_name, "--header-timeout-seconds", "1")
    with socket.create_connection(("127.0.0.1", site.port), timeout=15) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        began = time.monotonic()
        received = b"".join(iter(lambda: connection.recv(4096), b""))
        assert 0.5 < time.monotonic() - began < 10
        assert not received or int(received.split()[1]) == 408


def test_head_that_comes_in_single_bytes_is_read(serve, either_name):
    site = serve(either_name)
    with socket.create_connection(("127.0.0.1", site.port), timeout=15) as connection:
        for byte in b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_stop_lets_a_download_end(serve, either_name):
    large = wheel("large", "1.0", padding=30_000_000)
    site = serve(either_name, files=[large])
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.settimeout(30)
    with connection:
        connection.connect(("127.0.0.1", site.port))
        connection.sendall(
            f"GET /packages/{large.filename} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        )
        received = connection.recv(1000)
        site.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        received += b"".join(iter(lambda: connection.recv(1 << 20), b""))
    assert received.endswith(large.content)
    assert site.process.wait(20) == 0


def test_stop_takes_no_longer_than_the_drain(serve, either_name):
    site = serve(either_name, "--drain-seconds", "1", files=[DEMO])
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            connection.sendall(b"GET /simple/ HTTP/1.1\r\nHo")
        began = time.monotonic()
        assert site.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 6


def test_stop_answers_those_who_were_in_the_queue_before(serve, either_name):
    """The system has taken their connections already, so a load balancer would not ask anybody else."""
    site = serve(either_name, files=[DEMO])
    site.process.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{site.process.pid}/stat")
    wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", seconds=10, what="it is held")
    with ExitStack() as stack:
        waiting = [stack.enter_context(connect(site)) for _ in range(20)]
        for connection in waiting:
            connection.sendall(b"GET /simple/demo/ HTTP/1.1\r\nHost: a\r\n\r\n")
        site.process.send_signal(signal.SIGTERM)
        site.process.send_signal(signal.SIGCONT)
        for connection in waiting:
            assert status_of(connection.recv(65536)) == 200
    assert site.process.wait(20) == 0


def connect(site, *, receive: int = 0) -> socket.socket:
    """A connection; one that reads slowly has room for few bytes on their way."""
    connection = socket.socket()
    connection.settimeout(10)
    if receive:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    connection.connect(("127.0.0.1", site.port))
    return connection


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_many_idle_connections_do_not_hold_up_others(serve, pypi_server):
    site = serve(pypi_server, files=[DEMO])
    keeps = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    with ExitStack() as stack:
        idle = [stack.enter_context(connect(site)) for _ in range(400)]
        # Half of them have asked before and are kept alive.
        for connection in idle[::2]:
            connection.sendall(keeps)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        for _ in range(20):
            assert site.get("/simple/demo/").status == 200
        assert time.monotonic() - began < 5
        # They were not dropped for it either.
        idle[0].sendall(keeps)
        assert idle[0].recv(4096).startswith(b"HTTP/1.1 200")


def test_more_connections_than_allowed_wait_for_their_turn(serve, pypi_server):
    site = serve(pypi_server, "--max-connections", "8", files=[DEMO])
    with ExitStack() as stack:
        idle = [stack.enter_context(connect(site)) for _ in range(8)]
        waiting = stack.enter_context(connect(site))
        waiting.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        for connection in idle:
            connection.close()
        assert read_all(waiting).startswith((b"HTTP/1.1 200", b"HTTP/1.1 503"))
    assert site.get("/simple/demo/").status == 200


def test_slow_reader_gets_the_whole_file_while_others_are_served(serve, pypi_server):
    large = wheel("large", "1.0", padding=20_000_000)
    site = serve(pypi_server, files=[large, DEMO])
    head = f"GET /packages/{large.filename} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with connect(site, receive=8192) as slow:
        slow.sendall(head.encode())
        received = slow.recv(4096)
        for _ in range(20):
            assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content
            received += slow.recv(4096)
        assert site.get(f"/packages/{large.filename}").body == large.content
        # Other bytes than these, or fewer, would be a fault that only slow readers meet.
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        received += read_all(slow)
    assert received.partition(b"\r\n\r\n")[2] == large.content


@pytest.mark.parametrize("end", ["close", "reset"])
def test_upload_that_breaks_off_leaves_nothing(serve, either_name, end):
    site = serve(either_name, "-a", ".", "-P", ".")
    body = form([(":action", "file_upload"), ("content", (DEMO.filename, DEMO.content))])
    head = (
        f"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    before = files_in(site.packages)
    with connect(site) as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
        wait_until(lambda: files_in(site.packages) - before, seconds=5, what="the half of a file")
        assert site.listed() == []
        if end == "reset":
            # A connection that is closed without lingering is reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(
        lambda: files_in(site.packages) <= before, seconds=5, what="the half of a file is gone"
    )
    assert site.listed() == []
    assert site.upload(DEMO).status == 200
    assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content


def test_upload_in_small_pieces_arrives(serve, pypi_server):
    site = serve(pypi_server, "-a", ".", "-P", ".")
    small = wheel("small", "1.0")
    body = form([(":action", "file_upload"), ("content", (small.filename, small.content))])
    head = (
        f"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with connect(site) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head.encode())
        # The boundary of the form falls across pieces again and again.
        for start in range(0, len(body), 7):
            connection.sendall(body[start : start + 7])
            time.sleep(0.001)
        assert status_of(read_all(connection)) == 200
    assert site.get(f"/packages/{small.filename}").body == small.content

"""Clients that stall hold up nobody but themselves."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

from support.distributions import wheel

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
    import signal

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
    import signal

    site = serve(either_name, "--drain-seconds", "1", files=[DEMO])
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            connection.sendall(b"GET /simple/ HTTP/1.1\r\nHo")
        began = time.monotonic()
        assert site.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 6

"""Stands between a client and a server, and breaks uploads off."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable


class Proxy:
    """Passes connections on. Of the uploads with the bytes `only` in their beginning, so many as `breaks` says are
    broken off: once the answer is on its way (`at_answer`), or else when the part `whole` of them is through."""

    def __init__(
        self, port: int, breaks: int, *, at_answer: bool = False, only: bytes = b'name="content"', whole: float = 0.99,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        self.target, self.breaks, self.at_answer = port, breaks, at_answer
        self.only, self.whole, self.then = only, whole, then
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.target)) as server, contextlib.ExitStack() as ends:
            # A thread that reads would keep a socket open that is only closed.
            for end in (client, server):
                ends.callback(shut, end)
            while first := receive(client):
                if first.startswith(b"POST") and self.takes(first, client):
                    if self.at_answer:
                        server.sendall(first)
                        forward(client, server, rest_of(first))
                        server.recv(65536)
                    else:
                        self.cut(first, client, server)
                    self.then()
                    return
                server.sendall(first)
                forward(client, server, rest_of(first))
                pump_answer(server, client)

    def takes(self, first: bytes, client: socket.socket) -> bool:
        with self.lock:
            takes = self.breaks > 0 and self.only in first
            self.breaks -= takes
        return takes

    def cut(self, first: bytes, client: socket.socket, server: socket.socket) -> None:
        length = len(first) + rest_of(first)
        passed = min(int(length * self.whole), length - 1)
        server.sendall(first[:passed])
        forward(client, server, max(passed - len(first), 0))

    def close(self) -> None:
        self.listener.close()


def receive(source: socket.socket) -> bytes:
    """The head of a request, with what follows of a form's fields in its first bytes."""
    data = b""
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            data += chunk
            if b"\r\n\r\n" in data and (len(data) >= 32768 or not rest_of(data)):
                break
    return data


def rest_of(data: bytes) -> int:
    """How many bytes of a message's body are still to come."""
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return max(int(length.group(1)) - len(body), 0) if length else 0


def forward(source: socket.socket, sink: socket.socket, count: int) -> None:
    with contextlib.suppress(OSError):
        while count and (chunk := source.recv(min(count, 65536))):
            sink.sendall(chunk)
            count -= len(chunk)


def pump_answer(server: socket.socket, client: socket.socket) -> None:
    """Passes one answer on; without a length, all that comes."""
    with contextlib.suppress(OSError):
        data = b""
        while b"\r\n\r\n" not in data and (chunk := server.recv(65536)):
            data += chunk
        client.sendall(data)
        if rest := rest_of(data):
            forward(server, client, rest)
        elif re.search(rb"(?i)\r\ntransfer-encoding: chunked", data):
            while not data.endswith(b"0\r\n\r\n") and (chunk := server.recv(65536)):
                client.sendall(chunk)
                data = (data + chunk)[-16:]


def shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)

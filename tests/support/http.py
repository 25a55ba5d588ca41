"""Asks a server, so that a test sees the exact status, reason, headers and bytes."""

from __future__ import annotations

import base64
import json
import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from urllib.parse import urljoin

TIMEOUT = 30


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    reason: str
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def type(self) -> str:
        """The media type without its parameters."""
        return self.headers.get("Content-Type", "").split(";")[0].strip()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def links(self) -> list[Link]:
        """The anchors of an HTML page, in their order."""
        return anchors(self.text)

    @property
    def names(self) -> list[str]:
        """The texts of the anchors of an HTML page, in their order."""
        return [link.text for link in self.links]

    def header(self, name: str, default: str | None = None) -> str | None:
        return self.headers.get(name, default)

    def leads_to(self, asked: str) -> str:
        """Where a client that asked for the address `asked` is sent. `Location` may be absolute
        or a path: what counts is where clients arrive."""
        location = self.header("Location")
        assert location, f"no redirect: {self}"
        return urljoin(asked, location)

    def __str__(self) -> str:
        return f"{self.status} {self.reason}\n{self.headers}{self.body[:2000]!r}"


@dataclass
class Link:
    """An anchor: its text and its attributes."""

    text: str = ""
    attributes: dict[str, str | None] = field(default_factory=dict)

    @property
    def href(self) -> str:
        return self.attributes.get("href") or ""

    @property
    def path(self) -> str:
        """The address without its fragment."""
        return self.href.split("#")[0]

    @property
    def fragment(self) -> str:
        return self.href.partition("#")[2]


def anchors(page: str) -> list[Link]:
    """Reads the anchors of an HTML page as a browser would."""
    found: list[Link] = []

    class Reader(HTMLParser):
        inside = False

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            if tag == "a":
                found.append(Link(attributes=dict(attributes)))
                self.inside = True

        def handle_endtag(self, tag: str) -> None:
            if tag == "a":
                self.inside = False

        def handle_data(self, data: str) -> None:
            if self.inside:
                found[-1].text += data

    Reader().feed(page)
    return found


def ask(
    port: int,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    user: tuple[str, str] | None = None,
) -> Answer:
    """Sends one request, whose path goes out as it is, and reads the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        sent = dict(headers or {})
        if user:
            sent["Authorization"] = basic(*user)
        connection.putrequest(method, path, skip_host="Host" in sent, skip_accept_encoding=True)
        if body is not None and "Content-Length" not in sent and "Transfer-Encoding" not in sent:
            sent["Content-Length"] = str(len(body))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            if body is not None:
                connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused before the end: the answer, if any, says why.
        response = connection.getresponse()
        return Answer(response.status, response.reason, response.headers, response.read())
    finally:
        connection.close()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def raw(port: int, data: bytes, *, timeout: float = TIMEOUT) -> bytes:
    """Sends bytes as they are and returns all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        with suppress(OSError):  # A server may refuse before the end.
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def status_of(received: bytes) -> int:
    """The status in the first line of bytes that a server sent."""
    found = re.match(rb"HTTP/1\.[01] (\d{3})", received)
    assert found, f"no HTTP answer: {received[:200]!r}"
    return int(found.group(1))

"""Counts the instructions that a hot request costs the server, and holds them against the figures
in instructions.toml: a rise of more than a tenth fails.

The server runs under callgrind, which counts what it executes and is not disturbed by what else
the machine does. Each kind of request is sent once to warm up, then many times over one
connection; the counters are read before and after.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.distributions import wheel  # noqa: E402

FIGURES = Path(__file__).with_name("instructions.toml")
REQUESTS = 400
# What is counted besides the requests, such as timers, is small and differs from run to run.
ALLOWED_RISE = 0.10
START_SECONDS = 120

JSON = "application/vnd.pypi.simple.v1+json"
FILE = wheel("demo", "1.0")
KINDS = {
    "project_page_html": ("/simple/demo/", ["Accept: text/html"]),
    "project_page_json": ("/simple/demo/", [f"Accept: {JSON}"]),
    "project_page_gzip": ("/simple/demo/", [f"Accept: {JSON}", "Accept-Encoding: gzip"]),
    "project_page_304": ("/simple/demo/", [f"Accept: {JSON}", "If-None-Match: {etag}"]),
    "root_page": ("/simple/", [f"Accept: {JSON}"]),
    "small_file": (f"/packages/{FILE.filename}", []),
    "metadata_file": (f"/packages/{FILE.filename}.metadata", []),
    "json_document": ("/pypi/demo/json", []),
}


class Server:
    """The program under callgrind."""

    def __init__(self, program: str, folder: Path) -> None:
        self.folder = folder
        packages = folder / "packages"
        packages.mkdir()
        for number in range(20):
            wheel("demo", f"1.{number}").put(packages)
        FILE.put(packages)
        for number in range(50):
            wheel(f"other-{number}", "1.0").put(packages)
        self.log = (folder / "log").open("w+")
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, "run"]
        words += ["--host", "127.0.0.1", "--port", "0", "--workers", "1", str(packages)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, env=environment, cwd=folder)
        self.port = self._await_port()

    def _await_port(self) -> int:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            text = (self.folder / "log").read_text()
            # The line is there when it listens for good.
            found = re.search(r"http://127\.0\.0\.1:(\d+)", text)
            if found and self._is_ready(int(found.group(1))):
                return int(found.group(1))
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise SystemExit(f"the server did not start under valgrind:\n{(self.folder / 'log').read_text()}")

    @staticmethod
    def _is_ready(port: int) -> bool:
        try:
            with Connection(port) as connection:
                status, _, _ = connection.ask(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                # A page that is not kept yet says that something is read in the background.
                page = b"GET /project/demo/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
                _, headers, _ = connection.ask(page)
                return status == 200 and headers.get("cache-control") != "no-store"
        except OSError:
            return False

    def instructions(self) -> int:
        """Returns how many were executed since the last call."""
        done = subprocess.run(
            ["callgrind_control", "--dump", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        dumps = sorted(self.folder.glob("out.*"), key=lambda path: int(path.suffix[1:]))
        assert dumps, done.stdout + done.stderr
        total = re.search(r"^(?:totals|summary): (\d+)", dumps[-1].read_text(), re.MULTILINE)
        for dump in dumps[:-1]:
            dump.unlink()
        return int(total.group(1))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Connection:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._left = b""
        self._body = b""

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> tuple[int, dict[str, str], int]:
        """Sends a request and returns the status, the headers and the length of the body."""
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._left:
            self._receive()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        status = int(line.split()[1])
        length = 0 if status == 304 else int(headers["content-length"])
        while len(self._left) < length:
            self._receive()
        self._body, self._left = self._left[:length], self._left[length:]
        return status, headers, length

    def body_of(self, request: bytes) -> bytes:
        self.ask(request)
        return self._body

    def _receive(self) -> None:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server ended the connection")
        self._left += data


def measure(program: str) -> dict[str, int]:
    folder = Path(tempfile.mkdtemp(prefix="instructions-"))
    server = Server(program, folder)
    try:
        with Connection(server.port) as connection:
            rest(connection)
            return {kind: count(server, connection, kind) for kind in KINDS}
    finally:
        server.stop()
        shutil.rmtree(folder)


def rest(connection: Connection) -> None:
    """Waits until nothing is read in the background any more."""
    status = b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    page = b"GET /simple/demo/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if b'"unread":0,' in connection.body_of(status):
            break
        time.sleep(0.2)
    for _ in range(50):
        connection.ask(page)


def count(server: Server, connection: Connection, kind: str) -> int:
    path, headers = KINDS[kind]

    def request(etag: str = "") -> bytes:
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers]
        return "\r\n".join([*lines, "", ""]).replace("{etag}", etag).encode()

    etag = connection.ask(request())[1].get("etag", "")
    wanted = 304 if any("{etag}" in header for header in headers) else 200
    for _ in range(5):
        assert connection.ask(request(etag))[0] == wanted, kind
    server.instructions()
    for _ in range(REQUESTS):
        connection.ask(request(etag))
    return server.instructions() // REQUESTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--update", action="store_true", help="write the figures anew")
    arguments = parser.parse_args()
    found = measure(arguments.program)
    if arguments.update:
        lines = [
            "# Instructions that one hot request costs the server, counted by callgrind on the profile `ci`.",
            "# Written by: python3 benches/instructions.py --program PROGRAM --update",
            *(f"{kind} = {number}" for kind, number in found.items()),
        ]
        FIGURES.write_text("\n".join(lines) + "\n")
    known = tomllib.loads(FIGURES.read_text())
    worst = 0.0
    print(f"{'request':20} {'committed':>10} {'now':>10}")
    for kind, number in found.items():
        rise = number / known[kind] - 1
        worst = max(worst, rise)
        print(f"{kind:20} {known[kind]:10} {number:10} {rise:+7.1%}")
    if set(known) != set(KINDS):
        raise SystemExit("instructions.toml has other kinds of requests than are measured")
    if worst > ALLOWED_RISE:
        raise SystemExit(
            f"a hot request costs {worst:.0%} more instructions than was committed. Find out why; if it is\n"
            "worth that, write the figures anew with benches/instructions.py --update and say why in the commit."
        )


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures each kind of reading beside nginx, pypiserver and devpi in one run, and an installation
with uv beside nginx; prints Markdown tables.

nginx serves the same bytes as static files: `sendfile`, open-file cache, `gzip_static`, one worker.
Each server has one core, the load the other one; figures are the medians of rounds in which the
servers take turns.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import LARGE_BYTES, LOAD_CORE, Figures, Server, add, free_port, get, load_one_by_one, wheel

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support import distributions  # noqa: E402

PROJECTS, VERSIONS, SET = 10_000, 2_000, 40
JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"
# Of devpi's administrator.
DEVPI_INDEX = "/{}/dev".format("root")


class Kind:
    """A kind of request: where it goes, and with which headers."""

    def __init__(self, path: str, *headers: str, static: str = "", slow: int = 3) -> None:
        self.path, self.headers, self.static, self.slow = path, headers, static or path, slow


def fill(packages: Path) -> None:
    packages.mkdir()
    for number in range(PROJECTS):
        name, content = wheel(f"project{number:05}", "1.0")
        (packages / name).write_bytes(content)
    for number in range(VERSIONS):
        name, content = wheel("many", f"1.{number}")
        (packages / name).write_bytes(content)
    for number in range(20):
        name, content = wheel("middle", f"1.{number}")
        (packages / name).write_bytes(content)
    (packages / "large-1.0.tar.gz").write_bytes(os.urandom(1 << 20) * (LARGE_BYTES >> 20))
    for number in range(SET):
        wanted = [f"set-{other}" for other in (2 * number + 1, 2 * number + 2) if other < SET]
        one = distributions.wheel(f"set-{number}", "1.0", requires_dist=wanted, padding=200_000)
        (packages / one.filename).write_bytes(one.content)
    old = time.time() - 3600
    for entry in os.scandir(packages):
        os.utime(entry.path, (old, old))


def fetch(port: int, path: str, *headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET", path, headers=dict(header.split(": ", 1) for header in headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def nginx(folder: Path, root: Path) -> Server:
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off; {"user root;" if os.getuid() == 0 else ""} worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  open_file_cache max=50000 inactive=600s; open_file_cache_valid 600s; gzip_static on;
  default_type application/octet-stream; types {{ text/html html; {JSON} json; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root}; index index.html; }}
}}
""")
    return Server("nginx", ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port)


def load(server: Server, path: str, headers: tuple[str, ...], seconds: float, connections: int) -> tuple[float, float]:
    words = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    for header in headers:
        words += ["-H", header]
    before = server.cpu_seconds()
    done = subprocess.run(
        [*words, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    used = server.cpu_seconds() - before
    is_304 = any(header.startswith("If-None-Match") for header in headers)
    if ("Non-2xx" in done and not is_304) or "Socket errors" in done:
        raise RuntimeError(f"{server.name} {path}:\n{done}")
    requests = int(re.search(r"(\d+) requests in", done)[1])
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1]), used / requests * 1e6


def devpi(scratch: Path, programs: Path, packages: Path, running: list[Server]) -> Server:
    """A devpi server whose index holds the middle project: more would take it very long to take."""
    state, port = scratch / "devpi", free_port()
    words = ["--serverdir", str(state), "--no-root-pypi", "--root-passwd", "top secret"]
    subprocess.run([programs / "devpi-init", *words], check=True, capture_output=True)
    command = [str(programs / "devpi-server"), "--serverdir", str(state), "--host", "127.0.0.1", "--port", str(port)]
    server = Server("devpi", command, port)
    running.append(server)
    server.start("/+api", b"apiconfig", "application/json")
    import base64
    import json

    def ask(method: str, path: str, body: bytes, **headers: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request(method, path, body, headers | {"Accept": "application/json"})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if answer.status not in (200, 201):
            raise RuntimeError(f"devpi {method} {path}: {answer.status} {data[:500]!r}")
        return data

    login = json.loads(ask("POST", "/+login", json.dumps({"user": "root", "password": "top secret"}).encode()))
    pair = base64.b64encode(f"root:{login['result']['password']}".encode()).decode()
    signed = {"X-Devpi-Auth": pair}
    server.headers = signed
    index = json.dumps({"type": "stage", "bases": [], "volatile": True}).encode()
    ask("PUT", DEVPI_INDEX, index, **signed, **{"Content-Type": "application/json"})
    for number in range(20):
        name = f"middle-1.{number}-py3-none-any.whl"
        fields = {":action": "file_upload", "name": "middle", "version": f"1.{number}"}
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        parts += [f'--x\r\nContent-Disposition: form-data; name="content"; filename="{name}"\r\n\r\n'.encode()]
        parts += [(packages / name).read_bytes(), b"\r\n--x--\r\n"]
        ask("POST", f"{DEVPI_INDEX}/", b"".join(parts), **signed, **{"Content-Type": "multipart/form-data; boundary=x"})
    return server


def tables(program: str, venvs: Path, quick: bool) -> list[str]:
    scratch = Path(tempfile.mkdtemp(prefix="reading-"))
    running: list[Server] = []
    try:
        packages = scratch / "packages"
        fill(packages)
        port = free_port()
        words = [program, "run", "-i", "127.0.0.1", "-p", str(port), "-a", ".", "-P", ".", str(packages)]
        ours = Server("Wheelhouse", words, port)
        running.append(ours)
        ours.start("/simple/middle/", b"middle-1.5")
        while b'"unread":0,' not in get(port, "/api/v1/status")[1]:
            time.sleep(0.5)
        small = "middle-1.5-py3-none-any.whl"
        kinds = {
            "project page (20 files)": Kind("/simple/middle/", f"Accept: {HTML}"),
            "page of 2,000 versions": Kind("/simple/many/", f"Accept: {HTML}"),
            "root page of 10,000 projects": Kind("/simple/", f"Accept: {HTML}"),
            "JSON page (20 files)": Kind("/simple/middle/", f"Accept: {JSON}", static="/json/middle.json"),
            "gzip page of 2,000 versions": Kind("/simple/many/", f"Accept: {HTML}", "Accept-Encoding: gzip"),
            "304 answer": Kind("/simple/middle/", f"Accept: {HTML}", "If-None-Match: {etag}"),
            f"small file ({(packages / small).stat().st_size} bytes)": Kind(f"/packages/{small}"),
            "large file (100 MiB)": Kind("/packages/large-1.0.tar.gz", slow=2),
        }
        root = scratch / "static"
        copy_pages(ours, root, packages, kinds)
        static = nginx(scratch, root)
        running.append(static)
        static.start("/simple/middle/", b"middle-1.5")
        theirs_packages = scratch / "theirs"
        shutil.copytree(packages, theirs_packages, ignore=shutil.ignore_patterns(".wheelhouse*"))
        theirs_port = free_port()
        words = [str(venvs / "control/bin/pypi-server"), "run", "-i", "127.0.0.1", "-p", str(theirs_port), "-a", "."]
        theirs = Server("pypiserver", [*words, "-P", ".", "--disable-fallback", str(theirs_packages)], theirs_port)
        running.append(theirs)
        theirs.start("/simple/middle/", b"middle-1.5")
        mirror = devpi(scratch, venvs / "devpi-server/bin", packages, running)
        figures: dict[tuple[str, str], Figures] = {}
        for _ in range(1 if quick else 3):
            for what, kind in kinds.items():
                one_round(figures, what, kind, ours, static, theirs, mirror, 1 if quick else 2)
        lines = ["| request | /s | CPU µs | nginx /s | CPU µs | CPU of nginx's | pypiserver /s | devpi /s |"]
        lines.append("|" + " --- |" * 8)
        for what in kinds:
            rate, cpu = figures[what, "Wheelhouse"].median()
            static_rate, static_cpu = figures[what, "nginx"].median()
            row = [what, f"{rate:,.0f}", f"{cpu:,.1f}", f"{static_rate:,.0f}", f"{static_cpu:,.1f}"]
            row.append(f"{cpu / static_cpu:.2f}")
            for other in ("pypiserver", "devpi"):
                kept = figures.get((what, other))
                row.append(f"{kept.median()[0]:,.1f}" if kept else "–")
            lines.append("| " + " | ".join(row) + " |")
        for other in (theirs, mirror):
            other.stop()
        return [*lines, "", *installing(scratch, venvs, ours, static, 2 if quick else 5)]
    finally:
        for server in running:
            server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def copy_pages(ours: Server, root: Path, packages: Path, kinds: dict[str, Kind]) -> None:
    """Writes down what we answer, for nginx."""
    names = ["", "middle/", "many/", *(f"set-{number}/" for number in range(SET))]
    for name in names:
        target = root / "simple" / name
        target.mkdir(parents=True, exist_ok=True)
        body = fetch(ours.port, f"/simple/{name}", f"Accept: {HTML}")[2]
        (target / "index.html").write_bytes(body)
        (target / "index.html.gz").write_bytes(gzip.compress(body, 6))
    (root / "json").mkdir()
    (root / "json" / "middle.json").write_bytes(fetch(ours.port, "/simple/middle/", f"Accept: {JSON}")[2])
    (root / "packages").mkdir()
    for path in packages.glob("set_*.whl"):
        shutil.copy(path, root / "packages" / path.name)
        metadata = fetch(ours.port, f"/packages/{path.name}.metadata")[2]
        (root / "packages" / f"{path.name}.metadata").write_bytes(metadata)
    for kind in kinds.values():
        if kind.path.startswith("/packages/"):
            name = kind.path.rpartition("/")[2]
            shutil.copy(packages / name, root / "packages" / name)


def one_round(figures, what: str, kind: Kind, ours: Server, static: Server, theirs: Server, mirror: Server, seconds):
    is_large = what.startswith("large")
    bodies = []
    for server, path in ((ours, kind.path), (static, kind.static)):
        plain = [header for header in kind.headers if "{etag}" not in header]
        status, headers, body = fetch(server.port, path, *plain)
        if status != 200:
            raise RuntimeError(f"{server.name} {path}: {status}")
        bodies.append(gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body)
        sent = tuple(header.replace("{etag}", headers["ETag"]) for header in kind.headers)
        add(figures, what, server, load(server, path, sent, seconds, 2 if is_large else 16))
    if bodies[0] != bodies[1]:
        raise RuntimeError(f"nginx serves other bytes than we do: {what}")
    if "gzip" in what or "304" in what or "JSON" in what:
        return
    add(figures, what, theirs, load_one_by_one(theirs, kind.path, kind.slow))
    if "20 files" in what:
        add(figures, what, mirror, load_one_by_one(mirror, f"{DEVPI_INDEX}/+simple/middle/", 20))


def installing(scratch: Path, venvs: Path, ours: Server, static: Server, rounds: int) -> list[str]:
    """Times `uv pip install` of a set of packages with an empty cache."""
    took: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for server in (ours, static):
            target, cache = scratch / f"target-{number}-{server.name}", scratch / "cache"
            words = [str(venvs / "uv/bin/uv"), "pip", "install", "--no-config", "--cache-dir", str(cache)]
            words += ["--default-index", f"http://127.0.0.1:{server.port}/simple/", "--target", str(target), "set-0"]
            began = time.monotonic()
            subprocess.run(["taskset", "-c", LOAD_CORE, *words], check=True, capture_output=True)
            if number:  # The first round warms the disk.
                took.setdefault(server.name, []).append(time.monotonic() - began)
            if len(list(target.glob("*.dist-info"))) != SET:
                raise RuntimeError(f"uv installed something else from {server.name}")
            shutil.rmtree(cache)
            shutil.rmtree(target)
    mine, other = (statistics.median(took[server.name]) for server in (ours, static))
    return [
        f"`uv pip install` of {SET} packages of 200 KB with an empty cache: {mine * 1000:.0f} ms from Wheelhouse, "
        f"{other * 1000:.0f} ms from the same files on nginx."
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", required=True, help="the program, built with --release")
    options.add_argument("--venvs", required=True, type=Path, help="the folder of Python environments")
    options.add_argument("--quick", action="store_true", help="one short round")
    given = options.parse_args()
    print("\n".join(tables(given.program, given.venvs, given.quick)))


if __name__ == "__main__":
    main()

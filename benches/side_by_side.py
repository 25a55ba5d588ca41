#!/usr/bin/env python3
"""Measures this program beside pypiserver and nginx in one run, and writes a Markdown table.

    benches/side_by_side.py --program target/release/wheelhouse --python VENV/bin/python [--quick]

All servers listen on 127.0.0.1 and are ended by their process ids. The server has one core, the load the
other one. Each figure is the median of three rounds, in which the servers take turns.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import io
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
SERVER_CORE, LOAD_CORE = "0", "1"
LARGE_BYTES = 100 * 1024 * 1024


def wheel(name: str, version: str, payload: bytes = b"") -> tuple[str, bytes]:
    """A small valid wheel: its file name and its bytes, the same each time."""
    info = f"{name}-{version}.dist-info"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in [
            (f"{name}/__init__.py", payload),
            (f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()),
            (f"{info}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            (f"{info}/RECORD", b""),
        ]:
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return f"{name}-{version}-py3-none-any.whl", out.getvalue()


def make_packages(folder: Path, files: int) -> None:
    """Fills a folder with small wheels, ten of each project, and one large file."""
    folder.mkdir()
    for number in range(files - 1):
        name, content = wheel(f"project{number // 10:05}", f"1.{number % 10}")
        (folder / name).write_bytes(content)
    with (folder / "large-1.0.tar.gz").open("wb") as large:
        block = os.urandom(1024 * 1024)
        for _ in range(LARGE_BYTES // len(block)):
            large.write(block)
    old = time.time() - 3600
    for entry in os.scandir(folder):
        os.utime(entry.path, (old, old))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Server:
    name: str
    command: list[str]
    port: int
    process: subprocess.Popen | None = None
    start_seconds: float = 0.0
    # What each request needs.
    headers: dict[str, str] = field(default_factory=dict)
    cores: str = SERVER_CORE

    def start(self, path: str, marker: bytes, accept: str = "text/html") -> None:
        began = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", self.cores, *self.command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        while True:
            try:
                status, body = get(self.port, path, accept)
                if status == 200 and marker in body:
                    break
            except OSError:
                pass
            if time.monotonic() - began > 120 or self.process.poll() is not None:
                raise RuntimeError(f"{self.name} does not start: {self.command}")
            time.sleep(0.005)
        self.start_seconds = time.monotonic() - began

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def pids(self) -> list[int]:
        pids, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            pids.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        return pids

    def cpu_seconds(self) -> float:
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK

    def resident_mib(self) -> float:
        total = 0
        for pid in self.pids():
            text = Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", text)[1])
        return total / 1024


def get(port: int, path: str, accept: str = "text/html") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@dataclass
class Figures:
    rate: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def median(self) -> tuple[float, float]:
        return statistics.median(self.rate), statistics.median(self.cpu_us)


def load_with_wrk(server: Server, path: str, seconds: float, connections: int) -> tuple[float, float]:
    """Requests a second, and microseconds of the server's processor time for each."""
    before = server.cpu_seconds()
    done = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s",
         "-H", "Accept: text/html", f"http://127.0.0.1:{server.port}{path}"],
        capture_output=True, text=True, check=True,
    ).stdout
    used = server.cpu_seconds() - before
    if "Non-2xx" in done or "Socket errors" in done:
        raise RuntimeError(f"{server.name} {path}:\n{done}")
    requests = int(re.search(r"(\d+) requests in", done)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1])
    return rate, used / requests * 1e6


def load_one_by_one(server: Server, path: str, count: int) -> tuple[float, float]:
    """As load_with_wrk, with a few requests one after the other, for a slow server."""
    before, began = server.cpu_seconds(), time.monotonic()
    for _ in range(count):
        status, _ = get(server.port, path)
        if status != 200:
            raise RuntimeError(f"{server.name} {path}: {status}")
    took = time.monotonic() - began
    return count / took, (server.cpu_seconds() - before) / count * 1e6


def upload(port: int, name: str, content: bytes) -> int:
    boundary = uuid.uuid4().hex
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload\r\n'.encode()]
    digest = hashlib.sha256(content).hexdigest()
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="sha256_digest"\r\n\r\n{digest}\r\n'.encode())
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{name}"\r\n\r\n'
    parts += [head.encode(), content, f"\r\n--{boundary}--\r\n".encode()]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", "/", b"".join(parts), {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def load_uploads(server: Server, count: int) -> tuple[float, float]:
    files = [wheel(f"up{uuid.uuid4().hex[:12]}", "1.0", b"#" * 10_000) for _ in range(count)]
    before, began = server.cpu_seconds(), time.monotonic()
    for name, content in files:
        status = upload(server.port, name, content)
        if status != 200:
            raise RuntimeError(f"{server.name} upload: {status}")
    took = time.monotonic() - began
    return count / took, (server.cpu_seconds() - before) / count * 1e6


def nginx(folder: Path, root: Path) -> Server:
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(f"""
daemon off; {"user root;" if os.getuid() == 0 else ""} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
  open_file_cache max=50000 inactive=600s; open_file_cache_valid 600s;
  default_type application/octet-stream; types {{ text/html html; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {root}; index index.html; }}
}}
""")
    return Server("nginx", ["nginx", "-p", str(folder), "-c", str(config)], port)


def measure(program: str, python: str, files: int, quick: bool) -> list[str]:
    scratch = Path(tempfile.mkdtemp(prefix="side-by-side-"))
    running: list[Server] = []
    try:
        packages = scratch / "packages"
        make_packages(packages, files)
        middle = f"project{(files - 1) // 20:05}"
        small = f"{middle}-1.5-py3-none-any.whl"
        marker = small.encode()
        page = f"/simple/{middle}/"

        ours_port, theirs_port = free_port(), free_port()
        ours = Server("Wheelhouse", [program, "run", "-i", "127.0.0.1", "-p", str(ours_port), "-a", ".", "-P", ".",
                                     "--disable-fallback", str(packages)], ours_port)
        theirs_packages = scratch / "theirs"
        shutil.copytree(packages, theirs_packages)
        theirs = Server("pypiserver", [python, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(theirs_port),
                                       "-a", ".", "-P", ".", "--disable-fallback", str(theirs_packages)], theirs_port)
        running += [ours, theirs]
        ours.start(page, marker)
        cold = ours.start_seconds
        # Everything is read before the warm start, as on a server that has run for a while.
        for _ in range(600):
            if b"wheelhouse_unread_files 0" in get(ours.port, "/metrics")[1]:
                break
            time.sleep(0.5)
        ours.stop()
        ours.start(page, marker)
        warm = ours.start_seconds
        theirs.start(page, marker)

        root = scratch / "static"
        for path in ("/simple/", page):
            target = root / path.strip("/")
            target.mkdir(parents=True, exist_ok=True)
            (target / "index.html").write_bytes(get(ours.port, path)[1])
        (root / "packages").mkdir()
        for name in (small, "large-1.0.tar.gz"):
            shutil.copy(packages / name, root / "packages" / name)
        static = nginx(scratch, root)
        running.append(static)
        static.start(page, marker)

        requests = {
            "project page": page,
            "root page": "/simple/",
            f"small file ({len((packages / small).read_bytes())} bytes)": f"/packages/{small}",
            "large file (100 MiB)": "/packages/large-1.0.tar.gz",
        }
        for path in requests.values():
            bodies = {get(server.port, path)[1] for server in (ours, static)}
            if len(bodies) != 1:
                raise RuntimeError(f"nginx serves other bytes than we do at {path}")

        rounds = 1 if quick else 3
        figures: dict[tuple[str, str], Figures] = {}
        for _ in range(rounds):
            for what, path in requests.items():
                is_large = what.startswith("large")
                for server in (ours, static):
                    got = load_with_wrk(server, path, 1 if quick else 2, 2 if is_large else 16)
                    add(figures, what, server, got)
                add(figures, what, theirs, load_one_by_one(theirs, path, 2 if is_large else 3))
            add(figures, "upload of a 10 KiB wheel", ours, load_uploads(ours, 50))
            add(figures, "upload of a 10 KiB wheel", theirs, load_uploads(theirs, 3))

        lines = [
            f"### {files:,} files",
            "",
            "| request | Wheelhouse /s | pypiserver /s | times pypiserver | nginx /s "
            "| CPU µs Wheelhouse | CPU µs nginx | CPU of nginx's |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for what in dict.fromkeys(key[0] for key in figures):
            our_rate, our_cpu = figures[what, "Wheelhouse"].median()
            their_rate, _ = figures[what, "pypiserver"].median()
            static_figures = figures.get((what, "nginx"))
            row = [what, f"{our_rate:,.0f}", f"{their_rate:,.2f}", f"{our_rate / their_rate:,.0f}"]
            if static_figures:
                static_rate, static_cpu = static_figures.median()
                row += [f"{static_rate:,.0f}", f"{our_cpu:,.1f}", f"{static_cpu:,.1f}", f"{our_cpu / static_cpu:.2f}"]
            else:
                row += ["–", f"{our_cpu:,.1f}", "–", "–"]
            lines.append("| " + " | ".join(row) + " |")
        lines += [
            "",
            f"Start to the first right page: {warm:.2f} s with a known catalog, {cold:.2f} s without one, pypiserver "
            f"{theirs.start_seconds:.2f} s. Resident memory after the load: {ours.resident_mib():.0f} MiB, pypiserver "
            f"{theirs.resident_mib():.0f} MiB, nginx {static.resident_mib():.0f} MiB.",
            "",
        ]
        return lines
    finally:
        for server in running:
            server.stop()
        shutil.rmtree(scratch, ignore_errors=True)


def add(figures: dict, what: str, server: Server, got: tuple[float, float]) -> None:
    kept = figures.setdefault((what, server.name), Figures())
    kept.rate.append(got[0])
    kept.cpu_us.append(got[1])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", required=True, help="the program, built with --release")
    options.add_argument("--python", required=True, help="a Python that has pypiserver")
    options.add_argument("--files", type=int, nargs="*", default=[3_000, 20_000])
    options.add_argument("--quick", action="store_true", help="one short round")
    given = options.parse_args()
    for files in given.files:
        print("\n".join(measure(given.program, given.python, files, given.quick)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

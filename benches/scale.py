"""Measures starts and memory on large folders, and prints a table for docs/performance.md.

For each size: a first start, on a folder that nobody has read (until the listening line, until the
list of projects is answered, until every file is read), then a start with the catalog of the first
(until the list of projects is answered), with the memory at the end of each.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS = 900
READ_SECONDS = 3600


class Run:
    """A running server, and what starting it took."""

    def __init__(self, program: str, packages: Path, log: Path) -> None:
        self.began = time.monotonic()
        self.log = log
        with log.open("w") as out:
            words = [program, "run", "--host", "127.0.0.1", "--port", "0", packages]
            self.process = subprocess.Popen([*map(str, words)], stdout=out, stderr=out)
        self.port = 0
        self.listed_seconds = 0.0

    def __enter__(self) -> Run:
        try:
            self.listed_seconds = self._until(self._lists, START_SECONDS)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _until(self, is_done, seconds: float) -> float:
        while time.monotonic() - self.began < seconds:
            if self.process.poll() is not None:
                break
            if is_done():
                return time.monotonic() - self.began
            time.sleep(0.01)
        raise SystemExit(f"it took too long, or ended:\n{self.log.read_text()[-3000:]}")

    def _lists(self) -> bool:
        if not self.port:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", self.log.read_text())
            if not found:
                return False
            self.port = int(found.group(1))
        try:
            return self.ask("/simple/")[0] == 200
        except OSError:
            return False

    def ask(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def seconds_of(self, path: str) -> float:
        began = time.monotonic()
        status, _ = self.ask(path)
        assert status == 200, (path, status)
        return time.monotonic() - began

    def until_read(self) -> float:
        def is_read() -> bool:
            time.sleep(0.2)
            return b'"unread":0,' in self.ask("/api/v1/status")[1]

        return self._until(is_read, READ_SECONDS)

    def memory_mib(self, line: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{line}:\s+(\d+) kB", text, re.MULTILINE).group(1)) // 1024

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)


def measure(program: str, generator: str, folder: Path, files: int, *, check: bool) -> list[str]:
    packages = folder / "packages"
    subprocess.run([generator, packages, "--files", str(files), "--nested"], check=True)
    with Run(program, packages, folder / "first.log") as first:
        page = first.seconds_of("/simple/acme-api-0/")
        read_seconds = first.until_read()
        first_memory = first.memory_mib("VmHWM")
    with Run(program, packages, folder / "again.log") as again:
        warm_page = again.seconds_of("/simple/acme-api-0/")
        if check:
            hold(again, packages, files)
        again_memory, again_peak = again.memory_mib("VmRSS"), again.memory_mib("VmHWM")
    return [
        f"{files:,}",
        f"{first.listed_seconds:.2f} s",
        f"{page * 1000:.0f} ms",
        f"{read_seconds:.1f} s",
        f"{first_memory} MiB",
        f"{again.listed_seconds:.2f} s",
        f"{warm_page * 1000:.0f} ms",
        f"{again_memory} MiB ({again_peak} at most)",
    ]


def hold(run: Run, packages: Path, files: int) -> None:
    """Fails where a running server with a known catalog costs more than it may."""
    projects = run.ask("/simple/")[1].count(b'"name":')
    assert projects == -(-files // 10), f"{projects} projects are listed"
    assert run.memory_mib("VmHWM") < 1024, "a start with a known catalog stays below a gibibyte"
    walked = folders_read(run, lambda: copy_one(run, packages))
    assert walked == 0, f"a change to one file had {walked} folders read"


def copy_one(run: Run, packages: Path) -> None:
    """Copies a file in and waits until it is listed."""
    one = next(packages.rglob("acme_api_0-*.whl"))
    path = one.with_name(one.name.replace("acme_api_0", "copied_in"))
    path.write_bytes(one.read_bytes())
    end = time.monotonic() + 60
    while run.ask("/simple/copied-in/")[0] != 200:
        assert time.monotonic() < end, "a file that was copied in is not listed"
        time.sleep(0.1)


def folders_read(run: Run, act) -> int:
    """Returns how many folders the server lists while something is done."""
    counts = run.log.with_name("strace")
    words = ["strace", "-f", "-c", "-e", "trace=getdents64", "-o", counts, "-p", run.process.pid]
    tracer = subprocess.Popen([*map(str, words)], stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        act()
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)
    lines = [line.split() for line in counts.read_text().splitlines()]
    return sum(int(line[3]) for line in lines if line and line[-1] == "getdents64")


COLUMNS = [
    "Files",
    "First start: list",
    "first page",
    "all read",
    "memory at most",
    "Start again: list",
    "page",
    "memory",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--generator", required=True)
    parser.add_argument("--check", action="store_true", help="fail where something costs more than it may")
    parser.add_argument("--files", type=int, nargs="*", default=[1_000, 20_000, 100_000, 1_000_000])
    arguments = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + " --- |" * len(COLUMNS), flush=True)
    for files in arguments.files:
        folder = Path(tempfile.mkdtemp(prefix="scale-", dir=os.environ.get("TMPDIR")))
        try:
            print("| " + " | ".join(measure(arguments.program, arguments.generator, folder, files, check=arguments.check)) + " |", flush=True)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()

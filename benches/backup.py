"""Measures backups of a large folder and their restoring, and prints a table for docs/performance.md.

The folder is served by a running server meanwhile, whose pages are asked again and again: how much
longer the slowest hundredth of them takes is told too. Then everything is taken away, restored, and
compared with what there was, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from scale import Run


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def digests(folder: Path) -> dict[str, str]:
    """The digest of each package."""
    found = {}
    for path in folder.rglob("*.whl"):
        found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Visitor:
    """Asks for a page without a pause."""

    def __init__(self, run: Run, path: str) -> None:
        self.run, self.path, self.times = run, path, []

    def __enter__(self) -> Visitor:
        self.is_ended = False
        self.thread = threading.Thread(target=self.visit)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_ended = True
        self.thread.join()

    def visit(self) -> None:
        while not self.is_ended:
            self.times.append(self.run.seconds_of(self.path))
            time.sleep(0.005)

    @property
    def slowest_ms(self) -> float:
        """What the slowest hundredth takes at least."""
        return sorted(self.times)[int(len(self.times) * 0.99)] * 1000


def timed(*words: object) -> tuple[float, str]:
    began = time.monotonic()
    done = subprocess.run([*map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return time.monotonic() - began, done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the program to measure")
    parser.add_argument("--generator", required=True, help="the example make_index")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--place", type=Path, help="a folder on the disk to measure")
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="backup-", dir=arguments.place))
    try:
        measure(arguments, place)
    finally:
        shutil.rmtree(place)


def measure(arguments: argparse.Namespace, place: Path) -> None:
    packages, backups = place / "packages", place / "backups"
    packages.mkdir()
    subprocess.run([arguments.generator, packages, "--files", str(arguments.files), "--nested"], check=True)
    before = digests(packages)
    program = arguments.program
    rows: list[tuple[str, float, str]] = []
    with Run(program, packages, place / "log") as run:
        run.until_read()
        with Visitor(run, "/simple/") as alone:
            time.sleep(5)
        with Visitor(run, "/simple/") as beside:
            seconds, said = timed(program, "backup", "--to", backups, packages)
        rows.append(("first backup", seconds, said))
        first = size_of(backups)
        seconds, said = timed(program, "backup", "--to", backups, packages)
        rows.append(("second backup, nothing new", seconds, said))
        second = size_of(backups) - first
    seconds, said = timed(program, "backup", "--verify", "--to", backups)
    rows.append(("proving all of it", seconds, said))
    shutil.rmtree(packages)
    packages.mkdir()
    seconds, said = timed(program, "restore", "--from", backups, packages)
    rows.append(("restoring", seconds, said))
    assert digests(packages) == before, "what was restored is not what there was"
    with Run(program, packages, place / "log") as run:
        rows.append(("first list of projects after it", run.listed_seconds, ""))
    rows_bytes = sum(path.stat().st_size for path in (backups / "snapshots").glob("*.rows.zst")) // 2
    print(f"\n| {arguments.files:,} files, {len(before):,} compared | Seconds |\n|---|---:|")
    for what, seconds, _ in rows:
        print(f"| {what} | {seconds:.1f} |")
    print(f"\nsizes: first {first / 1e6:.1f} MB (rows {rows_bytes / 1e6:.1f} MB), second {second / 1e6:.2f} MB more")
    print(f"page, slowest hundredth: {alone.slowest_ms:.1f} ms alone, {beside.slowest_ms:.1f} ms during the first backup")
    for what, _, said in rows:
        print(f"{what}: {said}")


if __name__ == "__main__":
    main()

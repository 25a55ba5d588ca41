#!/usr/bin/env python3
"""Measures one server beside three over one PostgreSQL and one SeaweedFS, in one run, and prints
Markdown tables: rate and p99 of reading, what an upload takes, and when others see it.

    benches/replicas.py --program target/release/wheelhouse [--quick]

The servers share one core, the load has the other one, and database and store run wherever there is
room: three servers on one core cannot be faster than one. What is compared is what it costs to be one
of three. Figures are the medians of rounds in which the two towns take turns.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from side_by_side import LOAD_CORE, SERVER_CORE  # noqa: E402
from support import seaweedfs  # noqa: E402
from support.distributions import wheel  # noqa: E402
from support.postgres import Cluster  # noqa: E402
from support.programs import Door, Site  # noqa: E402
from support.siege import quantile  # noqa: E402
from support.town import JSON, Client, replicas  # noqa: E402

COUNTS = [1, 2, 3]
FILES = 20


class Program(Door):
    """The program that is measured, on the servers' core."""

    path = ""

    @property
    def command(self) -> list[str]:
        return ["taskset", "-c", SERVER_CORE, self.path]


class Town:
    """Some servers over a database and a bucket of their own."""

    def __init__(self, count: int, program: str, folder: Path, cluster: Cluster, store: seaweedfs.SeaweedFS) -> None:
        self.count, self.client, self.sites = count, Client(), []
        Program.path = program

        def serve(_: Door, *options: str, start: bool, **more: object) -> Site:
            assert not start, "whoever asks starts it"
            where = folder / f"{count}-{len(self.sites)}"
            where.mkdir()
            self.sites.append(Site(Program("wheelhouse"), where, options, **more))
            return self.sites[-1]

        store.make_bucket(f"bench-{count}")
        replicas(serve, count, cluster, store, f"bench-{count}")
        for number in range(FILES):
            heard = self.client.upload(self.sites[0], wheel("middle", f"1.{number}"))
            assert heard.status == 200, heard

    def close(self) -> None:
        self.client.close()
        for site in self.sites:
            site.stop()

    def read(self, path: str, accept: str, seconds: float) -> tuple[float, float]:
        """Requests a second of all servers together, and the worst server's p99 in milliseconds."""

        def load(site: Site) -> tuple[float, float]:
            words = ["taskset", "-c", LOAD_CORE, "wrk", "--latency", "-t1", f"-c{24 // self.count}", f"-d{seconds}s"]
            done = subprocess.run(
                [*words, "-H", f"Accept: {accept}", f"http://127.0.0.1:{site.port}{path}"],
                capture_output=True, text=True, check=True,
            ).stdout
            if "Non-2xx" in done or "Socket errors" in done:
                raise RuntimeError(f"{path}:\n{done}")
            rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1])
            number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done).groups()
            return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

        with ThreadPoolExecutor(self.count) as pool:
            found = list(pool.map(load, self.sites))
        return sum(rate for rate, _ in found), max(slowest for _, slowest in found)

    def upload(self, count: int, prefix: str) -> tuple[list[float], list[float], int]:
        """Uploads one file after the other. Returns what each took, how much later than the answer a page
        had to be asked for at each other server to show it, and how many looks did not."""
        # Those from before the reading have rested too long.
        self.client.close()
        self.client = Client()
        took, seen, missed = [], [], 0
        for number in range(count):
            here = self.sites[number % self.count]
            file = wheel(f"{prefix}-{number // 20}", f"1.{number % 20}", padding=8_000)
            began = time.monotonic()
            heard = self.client.upload(here, file)
            assert heard.status == 200, heard
            took.append(time.monotonic() - began)
            for there in self.sites:
                if there is here:
                    continue
                first = asked = time.monotonic()
                while not self.shows(there, f"{prefix}-{number // 20}", file.filename):
                    missed += 1
                    asked = time.monotonic()
                seen.append(asked - first)
        return took, seen, missed

    def shows(self, site: Site, project: str, file_name: str) -> bool:
        page = self.client.page(site, project)
        return page.status == 200 and any(file["filename"] == file_name for file in json.loads(page.body)["files"])


def milliseconds(values: list[float], part: float) -> str:
    return f"{1000 * quantile(values, part):.1f}"


@contextlib.contextmanager
def towns(program: str) -> Iterator[dict[int, Town]]:
    folder = Path(tempfile.mkdtemp(prefix="replicas-"))
    cluster = Cluster()
    made: dict[int, Town] = {}
    try:
        with seaweedfs.running() as store:
            try:
                for count in COUNTS:
                    made[count] = Town(count, program, folder, cluster, store)
                yield made
            finally:
                for town in made.values():
                    town.close()
    finally:
        cluster.close()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    rounds, seconds, uploads = (1, 2, 40) if arguments.quick else (3, 8, 200)
    small = wheel("middle", "1.5").filename
    kinds = {
        "JSON page (20 files)": ("/simple/middle/", JSON),
        "small file": (f"/packages/{small}", "*/*"),
    }
    with towns(arguments.program) as made:
        print("| reading | servers | requests/s, all together | p99 ms |\n| --- | --- | --- | --- |", flush=True)
        for name, (path, accept) in kinds.items():
            figures: dict[int, list[tuple[float, float]]] = {count: [] for count in (1, 3)}
            for _ in range(rounds):
                for count in figures:
                    figures[count].append(made[count].read(path, accept, seconds))
            for count, found in figures.items():
                rate, slowest = (statistics.median(values) for values in zip(*found, strict=True))
                print(f"| {name} | {count} | {rate:,.0f} | {slowest:.2f} |", flush=True)
        print()
        print("| servers | uploads | p50 ms | p99 ms | shown by the others, p99 ms after the answer | looks that missed it |")
        print("| --- | --- | --- | --- | --- | --- |", flush=True)
        results: dict[int, tuple[list[float], list[float], int]] = {count: ([], [], 0) for count in COUNTS}
        for number in range(rounds):
            for count, town in made.items():
                took, seen, missed = town.upload(uploads // rounds, f"round{number}")
                results[count] = (results[count][0] + took, results[count][1] + seen, results[count][2] + missed)
        for count, (took, seen, missed) in results.items():
            shown = milliseconds(seen, 0.99) if seen else "–"
            print(
                f"| {count} | {len(took)} | {milliseconds(took, 0.5)} | {milliseconds(took, 0.99)} | {shown} | {missed} of {len(seen)} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())

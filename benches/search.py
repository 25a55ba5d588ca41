#!/usr/bin/env python3
"""Measures the search of the pages on many projects, and prints a Markdown table.

    benches/search.py --program target/release/wheelhouse [--names FILE] [--projects 100000]

Makes a folder of wheels, one for each project, with summaries, keywords, classifiers, authors and
licences, starts the program on it, waits until everything can be found, and asks each question over
HTTP, one after the other over one connection: what a reader waits for `/search`, and what the server
spends on it. `--names` is a file with a name at the beginning of each line, such as a list of the
projects of a real index; without it names are made up.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent))

from scale import Run  # noqa: E402

SEED = 3
WORDS = (
    "python library client tool api for data the simple wrapper async web server plugin framework machine"
    " learning utilities test command line interface parser fast a of with and django flask model cloud"
    " pipeline analysis"
).split()
LICENCES = ["MIT", "Apache-2.0", "BSD-3-Clause", "GPL-3.0-or-later"]
TOPICS = ["Topic :: Software Development", "Topic :: Internet", "Topic :: Scientific/Engineering"]
PEOPLE = ["Ada Lovelace", "Grace Hopper", "Alan Kay", "Barbara Liskov", "Donald Knuth"]
GOAL_MS = 20


def names(file: Path | None, count: int, rng: random.Random) -> list[str]:
    """Returns so many different names."""
    if file:
        lines = file.read_text(encoding="utf-8").splitlines()
        known = sorted({line.split("\t")[0].strip() for line in lines})
        known = [name for name in known if name.isascii() and name[:1].isalnum() and name[-1:].isalnum()]
        if len(known) < count:
            raise SystemExit(f"{file} has {len(known)} names, and {count} are wanted")
        return rng.sample(known, count)
    heads = ["py", "django-", "flask-", "data", "simple-", "web", "test-", "cloud-", "ml", "open"]
    made: dict[str, None] = {}
    while len(made) < count:
        middle = "".join(rng.choice("bcdfgklmnprst") + rng.choice("aeiou") for _ in range(rng.randrange(1, 4)))
        made[f"{rng.choice(heads)}{middle}{rng.choice(['', '-' + rng.choice(WORDS)])}"] = None
    return list(made)


def metadata(name: str, others: list[str], rng: random.Random) -> str:
    """Returns what a project says of itself."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {name}",
        "Version: 1.0",
        f"Summary: {' '.join(rng.choices(WORDS, k=9))}",
        f"Keywords: {','.join(rng.choices(WORDS, k=3))}",
        f"Author: {rng.choice(PEOPLE)}",
        f"License-Expression: {rng.choice(LICENCES)}",
        f"Requires-Python: >=3.{rng.randrange(7, 13)}",
        "Classifier: Programming Language :: Python :: 3",
        f"Classifier: {rng.choice(TOPICS)}",
        *(f"Requires-Dist: {rng.choice(others)}" for _ in range(rng.randrange(4))),
    ]
    return "\n".join(lines) + "\n\n"


def fill(folder: Path, projects: list[str], rng: random.Random) -> None:
    """Writes a wheel for each project, a thousand to a folder."""
    for number, name in enumerate(projects):
        stem = name.replace("-", "_").replace(".", "_").lower()
        path = folder / str(number // 1_000) / f"{stem}-1.0-py3-none-any.whl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as wheel:
            info = f"{stem}-1.0.dist-info"
            wheel.writestr(f"{info}/METADATA", metadata(name, projects, rng))
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")


def questions(projects: list[str]) -> list[tuple[str, dict[str, str]]]:
    """Returns questions of every sort, each with what it is."""
    exact = projects[len(projects) // 2]
    begun = max(projects, key=len)[:7]
    asked = [
        ("one letter: `p`", {"q": "p"}),
        ("one letter: `s`", {"q": "s"}),
        ("two letters: `py`", {"q": "py"}),
        ("two letters: `da`", {"q": "da"}),
        ("common beginning: `django`", {"q": "django"}),
        ("common beginning: `djan`", {"q": "djan"}),
        ("a word of many summaries: `python`", {"q": "python"}),
        ("a word that is in every file: `programming`", {"q": "programming"}),
        ("an exact name", {"q": exact}),
        ("the beginning of a long name", {"q": begun}),
        ("two words: `simple client`", {"q": "simple client"}),
        ("two words, the last begun: `web serv`", {"q": "web serv"}),
        ("six words", {"q": "fast async web server for data"}),
        ("an author: `ada lovelace`", {"q": "ada lovelace"}),
        ("nothing found: `zqxjvk`", {"q": "zqxjvk"}),
        ("nothing found, two words", {"q": "zqxjvk wvvqz"}),
        ("page 100 of `python`", {"q": "python", "page": "100"}),
        ("everything", {}),
        ("everything of a classifier", {"c": TOPICS[0]}),
        ("everything of a Python and a licence", {"python": "12", "license": "MIT"}),
    ]
    filters = {"python": "12", "license": "MIT", "c": TOPICS[0]}
    asked += [(f"{what}, with all filters", query | filters) for what, query in asked if what.split(":")[0] in FILTERED]
    return asked


FILTERED = {"one letter", "two letters", "common beginning", "a word of many summaries"}


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(run: Run, path: str, times: int) -> tuple[list[float], float]:
    """Returns what each answer took, in milliseconds, and what one cost the server on average."""
    connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=60)
    took = []
    before = cpu_seconds(run.process.pid)
    for _ in range(times):
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - began) * 1_000)
        assert answer.status == 200, (path, answer.status, body[:300])
    spent = (cpu_seconds(run.process.pid) - before) * 1_000 / times
    connection.close()
    return sorted(took), spent


def await_found(run: Run, projects: list[str]) -> None:
    """Waits until the search knows of every project."""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        _, page = run.ask("/search")
        if f"{len(projects):,}".encode() in page or str(len(projects)).encode() in page:
            return
        time.sleep(0.5)
    raise SystemExit("not every project can be found after ten minutes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--names", type=Path)
    parser.add_argument("--projects", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=100, help="how often each question is asked")
    parser.add_argument("--folder", type=Path, help="kept: made if it is not there")
    parser.add_argument("--check", action="store_true", help=f"fail where the half takes {GOAL_MS} ms or more")
    arguments = parser.parse_args()
    rng = random.Random(SEED)
    projects = names(arguments.names, arguments.projects, rng)
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="search-", dir=os.environ.get("TMPDIR")))
    slow = []
    try:
        packages = folder / "packages"
        if not packages.exists():
            fill(packages, projects, rng)
        with Run(arguments.program, packages, folder / "log") as run:
            run.until_read()
            await_found(run, projects)
            print(f"{len(projects):,} projects, each question {arguments.times} times.\n")
            print("| question | half ms | p99 ms | worst ms | CPU ms |")
            print("| --- | --- | --- | --- | --- |", flush=True)
            for what, query in questions(projects):
                path = f"/search?{urlencode(query)}"
                measure(run, path, 3)
                took, spent = measure(run, path, arguments.times)
                p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
                half = statistics.median(took)
                print(f"| {what} | {half:.1f} | {p99:.1f} | {took[-1]:.1f} | {spent:.1f} |", flush=True)
                if half >= GOAL_MS:
                    slow.append(f"{what}: {half:.1f} ms")
    finally:
        if not arguments.folder:
            shutil.rmtree(folder, ignore_errors=True)
    if arguments.check and slow:
        raise SystemExit("these take too long:\n" + "\n".join(slow))


if __name__ == "__main__":
    main()

"""Servers over one database and one store, in steady use while parts of it are killed and come back.

Nothing that was answered may be lost, doubled or altered; whoever asks gets what is right, or hears that
it cannot be had now.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .distributions import Distribution, wheel
from .postgres import Cluster
from .programs import Site
from .town import Client, Heard
from .waiting import wait_until

VERSIONS = 40
# How long before the database's end a change may have been answered that another server never heard of.
LEASE_SECONDS = 1.0
PATIENCE_SECONDS = 120


class Killable(Protocol):
    """A store whose processes can be ended and started again."""

    def kill(self, name: str) -> None: ...

    def revive(self, name: str) -> None: ...


@dataclass(frozen=True)
class Kept:
    """A file that was answered with 200, and when."""

    project: str
    file: Distribution
    at: float


@dataclass
class Report:
    """What a run came to."""

    seconds: float = 0.0
    kills: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    kept: list[Kept] = field(default_factory=list)
    late: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.seconds:.0f} s, {len(self.kept):,} files uploaded, killed: {dict(self.kills)}"]
        for kind, took in sorted(self.took.items()):
            lines.append(
                f"  {kind}: {len(took):,} with 200, {len(took) / self.seconds:,.1f}/s, "
                f"p50 {1000 * quantile(took, 0.5):.1f} ms, p99 {1000 * quantile(took, 0.99):.1f} ms, "
                f"at most {1000 * max(took):.0f} ms"
            )
        lines.append("  answers: " + ", ".join(f"{name}: {count:,}" for name, count in sorted(self.answers.items())))
        for what, took in sorted(self.recoveries.items()):
            told = " ".join(f"{seconds:.2f}" for seconds in took[:40])
            lines.append(f"  back after {what} (s): {told}; at most {max(took):.2f}")
        lines.append(f"  pages from before a change of the moment of the database's end, marked as old: {self.late}")
        return "\n".join([*lines, *(f"  WRONG: {fault}" for fault in self.faults[:20])])


def quantile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Siege:
    """The servers, those who use them, and the hand that kills."""

    def __init__(self, sites: Sequence[Site], cluster: Cluster, store: Killable, volumes: Sequence[str], gateway: str) -> None:
        self.sites, self.cluster, self.store = list(sites), cluster, store
        self.volumes, self.gateway = list(volumes), gateway
        self.client, self.report = Client(), Report()
        self.lock, self.over = threading.Lock(), threading.Event()
        self.random = random.Random(1)
        self.database_ended = float("-inf")

    def run(self, seconds: float, *, every: float, uploaders: int = 2, readers: int = 3) -> Report:
        """Kills one thing after the other, `every` so many seconds; each is away for a fourth of that."""
        began = time.monotonic()
        threads = [threading.Thread(target=self._guarded(self._upload_on), args=(n,)) for n in range(uploaders)]
        threads += [threading.Thread(target=self._guarded(self._read_on), args=(n,)) for n in range(readers)]
        with closing(self.client):
            for thread in threads:
                thread.start()
            try:
                wait_until(lambda: len(self.report.kept) > 3 or self.report.faults, seconds=30, what="files")
                number = 0
                while time.monotonic() - began < seconds:
                    end = time.monotonic() + every
                    self._kill(number, every / 4)
                    time.sleep(max(0.0, end - time.monotonic()))
                    number += 1
            finally:
                self.report.seconds = time.monotonic() - began
                self.over.set()
                for thread in threads:
                    thread.join()
            self._compare()
        return self.report

    # The hand.

    def _kill(self, number: int, away_seconds: float) -> None:
        turn = number // 4
        match number % 4:
            case 0:
                site = self.sites[turn % len(self.sites)]
                self.report.kills["replica"] += 1
                # Nobody must find another program there.
                site.port = 0
                site.stop(signal.SIGKILL)
                time.sleep(away_seconds)
                began = time.monotonic()
                site.start()
                self._recovered("a replica", began, lambda: self._knows(site))
            case 1:
                self._kill_in_store("volume", self.volumes[turn % len(self.volumes)], away_seconds)
            case 2:
                self._kill_in_store("gateway", self.gateway, away_seconds)
            case 3:
                self.report.kills["database"] += 1
                self.database_ended = time.monotonic()
                kill_database(self.cluster)
                time.sleep(away_seconds)
                self.cluster.start()
                began = time.monotonic()
                for site in self.sites:
                    self._recovered("the database", began, lambda site=site: self._knows(site))
                site = self.random.choice(self.sites)
                file = wheel("after", f"1.{number}")
                self._recovered("the database, for an upload", began, lambda: self.client.upload(site, file).status == 200)

    def _kill_in_store(self, what: str, name: str, away_seconds: float) -> None:
        self.report.kills[what] += 1
        self.store.kill(name)
        time.sleep(away_seconds)
        self.store.revive(name)
        began, site = time.monotonic(), self.random.choice(self.sites)
        file = wheel("after", f"2.{sum(self.report.kills.values())}")
        self._recovered(f"a {what}, for an upload", began, lambda: self.client.upload(site, file).status == 200)

    def _recovered(self, what: str, began: float, is_back: Callable[[], bool]) -> None:
        wait_until(is_back, seconds=PATIENCE_SECONDS, what=f"back after {what}")
        self.report.recoveries[what].append(time.monotonic() - began)

    def _knows(self, site: Site) -> bool:
        """Whether it asks the database again: nobody asked it for this before."""
        return self.client.page(site, f"never-{self.random.getrandbits(60)}").status == 404

    # The users.

    def _guarded(self, work: Callable[[int], None]) -> Callable[[int], None]:
        def guarded(number: int) -> None:
            try:
                work(number)
            except BaseException as error:
                self._wrong(f"a user broke down: {error!r}")
                raise

        return guarded

    def _upload_on(self, number: int) -> None:
        chosen = random.Random(f"upload {number}")
        count = 0
        while not self.over.is_set():
            project = f"siege-{number}-{count // VERSIONS}"
            file = wheel(project, f"1.{count % VERSIONS}", padding=chosen.choice([0, 0, 3_000, 400_000]))
            count += 1
            while not self.over.is_set():
                began = time.monotonic()
                heard = self.client.upload(chosen.choice(self.sites), file)
                if self._judge("upload", heard, began, right={200}):
                    with self.lock:
                        self.report.kept.append(Kept(project, file, time.monotonic()))
                    self._look(chosen.choice(self.sites), self.report.kept[-1], "page")
                    break
                time.sleep(0.3)
            time.sleep(0.02)

    def _read_on(self, number: int) -> None:
        chosen = random.Random(f"read {number}")
        while not self.over.is_set():
            if self.report.kept:
                last = len(self.report.kept) - 1
                # Half of the time something new.
                place = chosen.randint(max(0, last - 5), last) if chosen.random() < 0.5 else chosen.randint(0, last)
                self._look(chosen.choice(self.sites), self.report.kept[place], chosen.choice(["page", "file"]))
            time.sleep(0.01)

    def _look(self, site: Site, kept: Kept, kind: str) -> None:
        began = time.monotonic()
        if kind == "file":
            heard = self.client.file(site, kept.file.filename)
            if self._judge(kind, heard, began, right={200}) and heard.sha256 != kept.file.sha256:
                self._wrong(f"other bytes of {kept.file.filename}")
            return
        heard = self.client.page(site, kept.project)
        # A server that cannot hear of changes says so of what it answers: it may lack what was recorded
        # in the last moment before the database's end.
        is_new = 0 < self.database_ended < kept.at + LEASE_SECONDS
        is_marked = heard.header("X-Wheelhouse-Stale-Seconds") is not None
        may_lack = is_new and is_marked
        if not self._judge(kind, heard, began, right={200, 404} if may_lack else {200}):
            return
        found = json.loads(heard.body)["files"] if heard.status == 200 else []
        digests = [file["hashes"]["sha256"] for file in found if file["filename"] == kept.file.filename]
        if digests == [kept.file.sha256]:
            return
        if not digests and may_lack:
            with self.lock:
                self.report.late += 1
        else:
            stale = heard.header("X-Wheelhouse-Stale-Seconds")
            self._wrong(
                f"the page has {digests} for {kept.file.filename}, answered {began - kept.at:.3f} s before;"
                f" {began - self.database_ended:.3f} s after the database's end; stale: {stale}"
            )

    def _judge(self, kind: str, heard: Heard, began: float, right: set[int]) -> bool:
        """Counts an answer. Whoever is not answered right must hear that it cannot be had now."""
        stale = " stale" if heard.header("X-Wheelhouse-Stale-Seconds") else ""
        with self.lock:
            self.report.answers[f"{kind} {heard.status or 'broken'}{stale}"] += 1
            if heard.status == 200:
                self.report.took[kind].append(time.monotonic() - began)
        if heard.status in right:
            return True
        if heard.status is not None and not (heard.status == 503 and heard.header("Retry-After")):
            self._wrong(f"{kind}: {heard.status} {heard.body[:300]!r}")
        return False

    def _wrong(self, text: str) -> None:
        with self.lock:
            self.report.faults.append(text)

    # In the end.

    def _compare(self) -> None:
        """Everything that was answered is there, once, at every server."""
        by_project: dict[str, dict[str, str]] = defaultdict(dict)
        for kept in self.report.kept:
            by_project[kept.project][kept.file.filename] = kept.file.sha256
        for site in self.sites:
            wait_until(lambda site=site: self._knows(site), seconds=PATIENCE_SECONDS, what="a server")
            for project, wanted in by_project.items():
                page = self.client.page(site, project)
                found = [(file["filename"], file["hashes"]["sha256"]) for file in json.loads(page.body)["files"]]
                if len(found) != len(dict(found)) or not wanted.items() <= dict(found).items():
                    self._wrong(f"in the end the page of {project} has {found} and not {wanted}")
                for file_name, sha256 in wanted.items():
                    heard = self.client.file(site, file_name)
                    if heard.status != 200 or heard.sha256 != sha256:
                        self._wrong(f"in the end {file_name} is {heard.status} {heard.sha256}")
        for project, wanted in by_project.items():
            events = [event for event in self.client.events(self.sites[0], project) if event["kind"] == "uploaded"]
            told = Counter(event["file"] for event in events)
            serials = [event["serial"] for event in events]
            if any(told[name] != 1 for name in wanted) or max(told.values()) > 1 or serials != sorted(set(serials)):
                self._wrong(f"the journal tells of {project}: {dict(told)}, {serials}")


def processes(cluster: Cluster) -> list[int]:
    """The numbers of the database's processes, the first one first."""
    first = int((cluster.data / "postmaster.pid").read_text().split()[0])
    children = [pid for task in Path(f"/proc/{first}/task").iterdir() for pid in (task / "children").read_text().split()]
    return [first, *map(int, children)]


def kill_database(cluster: Cluster) -> None:
    """Ends it without a word, all of its processes."""
    numbers = processes(cluster)
    for pid in numbers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in numbers:
        wait_until(lambda pid=pid: is_over(pid), seconds=20, what="the end of the database")
    # While nobody has asked what became of the first process, its number looks like a running one.
    for lock in [cluster.data / "postmaster.pid", *cluster.folder.glob(".s.PGSQL.*.lock")]:
        lock.unlink()


def is_over(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return True
    # Its parent has not asked yet.
    return state == "Z"

"""Plays histories of one file name at several servers, and has them checked."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from .distributions import Distribution, wheel
from .histories import Event, Impossible, Read, State, Write, check
from .programs import Site
from .town import Client, Heard

CONTENTS = "abc"
ACTORS = 4
# What the journal calls what happens to a file, and what it is called here.
TOLD = {"uploaded": "uploaded {}", "removed": "removed", "found": "back", "yanked": "yanked", "unyanked": "unyanked"}
CHANGES = ["upload"] * 5 + ["delete", "undelete", "yank", "unyank"]


@dataclass
class Totals:
    """What a run came to."""

    histories: int = 0
    writes: int = 0
    reads: int = 0
    statuses: dict[str, int] = field(default_factory=dict)

    def add(self, writes: Sequence[Write], reads: Sequence[Read]) -> None:
        self.histories += 1
        self.writes += len(writes)
        self.reads += len(reads)
        for write in writes:
            name = f"{write.kind} {write.status}"
            self.statuses[name] = self.statuses.get(name, 0) + 1

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {count:,}" for name, count in sorted(self.statuses.items()))
        return f"{self.histories:,} histories, {self.writes:,} changes, {self.reads:,} readings ({told})"


class History:
    """One file name at several servers, to which several people do things at once."""

    def __init__(self, sites: Sequence[Site], client: Client, name: str, seed: object) -> None:
        self.sites, self.client, self.project = sites, client, name
        self.random = random.Random(f"{seed} {name}")
        self.files = {letter: wheel(name, "1.0", source=f"# {letter}") for letter in CONTENTS}
        self.letters = {file.sha256: letter for letter, file in self.files.items()}
        self.writes: list[Write] = []
        self.reads: list[Read] = []
        self.lock = threading.Lock()

    @property
    def file(self) -> Distribution:
        return self.files["a"]

    def play(self, pool: ThreadPoolExecutor) -> None:
        """All begin with an upload; then everybody does what comes to mind."""
        plans = []
        for actor in range(ACTORS):
            wanted = ["upload", *self.random.choices(CHANGES, k=self.random.randint(0, 3))]
            plans.append([
                (kind, self.random.choice(CONTENTS[:2] if actor % 2 else CONTENTS), self.random.randrange(len(self.sites)))
                for kind in wanted
            ])
        for done in [pool.submit(self._act, plan) for plan in plans]:
            done.result()
        for where in range(len(self.sites)):
            self._look(where)

    def check(self) -> State:
        """Compares what was answered with the journal, and with what there is in the end."""
        journal = []
        for event in self.client.events(self.sites[0], self.project):
            if event["kind"] in TOLD:
                journal.append(Event(event["serial"], TOLD[event["kind"]].format(self.letters.get(event.get("sha256")))))
        try:
            return check(self.writes, self.reads, journal)
        except Impossible as impossible:
            raise Impossible(f"{self.project}: {impossible}") from None

    def _act(self, plan: Sequence[tuple[str, str, int]]) -> None:
        for kind, letter, where in plan:
            began = time.monotonic()
            heard = self._change(kind, letter, where)
            write = Write(kind, began, time.monotonic(), heard.status, letter if kind == "upload" else None, where)
            with self.lock:
                self.writes.append(write)
            if heard.status == 200:
                # At once, at every server.
                for there in range(len(self.sites)):
                    self._look(there)

    def _change(self, kind: str, letter: str, where: int) -> Heard:
        site = self.sites[where]
        if kind == "upload":
            return self.client.upload(site, self.files[letter])
        heard = self.client.change(site, self.project, kind, file=self.file.filename)
        if heard.status == 200 and kind == "undelete":
            assert not json.loads(heard.body)["warnings"], f"{self.project}: {heard.body.decode()}"
        return heard

    def _look(self, where: int) -> None:
        began = time.monotonic()
        heard = self.client.page(self.sites[where], self.project)
        ended = time.monotonic()
        self._keep(Read("page", began, ended, *self._shown(heard), where=where))
        began = time.monotonic()
        heard = self.client.file(self.sites[where], self.file.filename)
        ended = time.monotonic()
        assert heard.status in (200, 404, 410), f"{self.project} at {where}: {heard}"
        content = None
        if heard.status == 200:
            content = self.letters.get(heard.sha256, f"other bytes: {heard.sha256}")
        self._keep(Read("file", began, ended, content, where=where))

    def _shown(self, heard: Heard) -> tuple[str | None, bool]:
        assert heard.status in (200, 404), f"{self.project}: {heard}"
        files = json.loads(heard.body)["files"] if heard.status == 200 else []
        assert len(files) <= 1, f"{self.project}: one name twice on a page: {files}"
        if not files:
            return None, False
        sha256 = files[0]["hashes"]["sha256"]
        return self.letters.get(sha256, f"other bytes: {sha256}"), files[0].get("yanked", False) is not False

    def _keep(self, read: Read) -> None:
        with self.lock:
            self.reads.append(read)


def play(sites: Sequence[Site], count: int, *, at_once: int = 3, seed: object = 1, prefix: str = "h") -> Totals:
    """Plays histories, some at a time, and checks each. The seed says what people do, not when."""
    totals, client, lock, failed = Totals(), Client(), threading.Lock(), threading.Event()
    numbers = iter(range(count))

    def some(pool: ThreadPoolExecutor) -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None or failed.is_set():
                return
            history = History(sites, client, f"{prefix}-{number}", seed)
            try:
                history.play(pool)
                history.check()
            except BaseException:
                failed.set()
                raise
            with lock:
                totals.add(history.writes, history.reads)

    with (
        closing(client),
        ThreadPoolExecutor(at_once * ACTORS) as actors,
        ThreadPoolExecutor(at_once) as players,
    ):
        for done in [players.submit(some, actors) for _ in range(at_once)]:
            done.result()
    return totals

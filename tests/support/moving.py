"""An index that moves while people use it."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .distributions import Distribution, wheel
from .programs import Site, binary
from .town import Client
from .waiting import wait_until

PEOPLE, READERS = 3, 3


@dataclass
class Load:
    """What people did meanwhile, and what they heard."""

    acknowledged: dict[str, Distribution] = field(default_factory=dict)
    """Files whose upload was answered with 200."""
    yanked: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    refused: list[float] = field(default_factory=list)
    """Moments at which a change was refused for now."""
    broken: list[str] = field(default_factory=list)
    """What nobody should hear."""
    reads: int = 0
    serials: dict[str, int] = field(default_factory=dict)

    @property
    def pause(self) -> float:
        """Seconds from the first to the last refusal."""
        return max(self.refused) - min(self.refused) if self.refused else 0.0


class People:
    """Uploads, yanks and reads at one server, until they are told to stop."""

    def __init__(self, site: Site, load: Load, name: str) -> None:
        self.site, self.load, self.name = site, load, name
        self.client = Client()
        self.ended = threading.Event()
        self.lock = threading.Lock()

    def publish(self, person: int) -> None:
        for number in itertools.count():
            if self.ended.is_set():
                return
            project = f"{self.name}{person}-{number % 7}"
            file = wheel(project, f"1.{number}", source=f"# {self.name} {person} {number}")
            if not self.until_taken(lambda file=file: self.client.upload(self.site, file), file.filename):
                return
            with self.lock:
                self.load.acknowledged[file.filename] = file
            if number % 5 == 0:
                wish = lambda p=project, n=number: self.client.change(self.site, p, "yank", version=f"1.{n}")
                if self.until_taken(wish, f"yank of {file.filename}"):
                    with self.lock:
                        self.load.yanked.add(file.filename)
            if number % 5 == 3:
                self.delete(project, number, file)

    def delete(self, project: str, number: int, file: Distribution) -> None:
        """Deletes a file; from before that on nobody looks for it."""
        with self.lock:
            del self.load.acknowledged[file.filename]
            self.load.deleted.add(file.filename)
        wish = lambda: self.client.change(self.site, project, "delete", version=f"1.{number}")
        if not self.until_taken(wish, f"deletion of {file.filename}"):
            # Nobody can tell: it was asked for when everybody stopped.
            with self.lock:
                self.load.deleted.discard(file.filename)

    def until_taken(self, act, what: str) -> bool:
        """Does something until it is not refused for now, as a client that is told so would."""
        while not self.ended.is_set():
            heard = act()
            if heard.status == 200:
                return True
            with self.lock:
                if heard.status == 503 and heard.header("Retry-After"):
                    self.load.refused.append(time.monotonic())
                else:
                    self.load.broken.append(f"{what}: {heard.status} {heard.body[:300]!r}")
            time.sleep(0.02)
        return False

    def read(self) -> None:
        turn = itertools.count()
        while not self.ended.is_set():
            with self.lock:
                known = list(self.load.acknowledged.values())
            if not known:
                time.sleep(0.01)
                continue
            file = known[(next(turn) * 37) % len(known)]
            project = project_of(file)
            # Others look too: what they saw before this look counts.
            seen = self.load.serials.get(project, 0)
            page = self.client.page(self.site, project)
            heard = self.client.file(self.site, file.filename)
            with self.lock:
                self.load.reads += 2
                if file.filename not in self.load.acknowledged:
                    # Somebody has deleted it meanwhile.
                    continue
                if page.status != 200 or heard.status != 200 or heard.body != file.content:
                    self.load.broken.append(f"reading {file.filename}: {page.status}, {heard.status}")
                    continue
                listed = {item["filename"] for item in json.loads(page.body)["files"]}
                if file.filename not in listed:
                    self.load.broken.append(f"{file.filename} is not listed")
                serial = int(page.header("X-PyPI-Last-Serial") or 0)
                if serial < seen:
                    self.load.broken.append(f"the serial of {project} went down from {seen} to {serial}")
                self.load.serials[project] = max(serial, self.load.serials.get(project, 0))


@contextmanager
def at_work(site: Site, load: Load, name: str) -> Iterator[People]:
    """Lets people work at a server for as long as the block runs."""
    people = People(site, load, name)
    threads = [threading.Thread(target=people.publish, args=(person,)) for person in range(PEOPLE)]
    threads += [threading.Thread(target=people.read) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    try:
        yield people
    finally:
        people.ended.set()
        for thread in threads:
            thread.join()
        people.client.close()


def move(site: Site, *words: str | Path, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Runs `wheelhouse move-to`, beside the server that it is about."""
    return subprocess.run(
        [binary("wheelhouse"), "move-to", *map(str, words)], cwd=site.folder, env=site.environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
    )


def move_through_kills(site: Site, words: list[str | Path], begun: Path, draw: random.Random, kills: int) -> list[int]:
    """Runs `wheelhouse move-to` again and again, killed at any moment, but the last time, and returns how
    each run ended. The first is killed as soon as the file `begun` is there.
    """
    ends: list[int] = []
    for number in range(kills):
        with subprocess.Popen(
            [binary("wheelhouse"), "move-to", *map(str, words)], cwd=site.folder, env=site.environment,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        ) as process:
            if number == 0:
                wait_until(lambda: begun.exists() or process.poll() is not None, seconds=60)
                process.kill()
            try:
                process.wait(draw.uniform(0.02, 1.2))
            except subprocess.TimeoutExpired:
                process.kill()
            ends.append(process.wait())
            said = process.stderr.read()
        if ends[-1] >= 0:
            break
    else:
        done = move(site, *words)
        ends.append(done.returncode)
        said = done.stderr
    # A move that was killed in its last moment has moved all the same, and says so.
    assert ends[-1] == 0 or "has moved to" in said, (ends, said)
    return ends


def settings(path: Path, **given: object) -> Path:
    """Writes a file of settings."""
    lines = [f"{name.replace('_', '-')} = {json.dumps(value)}" for name, value in given.items()]
    path.write_text("\n".join(lines) + "\n")
    return path


def expect_all(site: Site, load: Load) -> None:
    """Fails unless just what was acknowledged is there, whole, once, and said about as it was."""
    client = Client()
    listed: dict[str, dict] = {}
    for project in {project_of(file) for file in load.acknowledged.values()}:
        page = json.loads(client.page(site, project).body)
        for item in page["files"]:
            assert item["filename"] not in listed, f"{item['filename']} is there twice"
            listed[item["filename"]] = item
    assert set(load.acknowledged) <= set(listed), set(load.acknowledged) - set(listed)
    assert not load.deleted & set(listed), load.deleted & set(listed)
    assert {client.file(site, name).status for name in load.deleted} <= {404, 410}
    for name, file in load.acknowledged.items():
        assert listed[name]["hashes"]["sha256"] == file.sha256
        assert client.file(site, name).body == file.content, name
    assert {name for name, item in listed.items() if item["yanked"]} >= load.yanked
    client.close()


def project_of(file: Distribution) -> str:
    """The project of a wheel, as its file name has it."""
    return file.filename.split("-")[0].replace("_", "-")

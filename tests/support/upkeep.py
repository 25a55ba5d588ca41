"""Indexes that are looked after: over a folder, over objects in a folder, and over objects with the
catalog in PostgreSQL; and the commands that look after them."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .postgres import Cluster
from .programs import Site, binary

OPEN = ["-a", ".", "-P", ".", "--disable-fallback"]
PLACES = ["folder", "objects", "postgres"]


@dataclass
class Kept:
    """A site, and what a command has to be told about its index."""

    site: Site
    words: list[str]
    cluster: Cluster | None = None
    database: str = ""

    def run(self, command: str, *more: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command on the index to its end."""
        return subprocess.run(
            self.line(command, *more),
            cwd=self.site.folder,
            env={**self.site.environment, **(environment or {})},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
        )

    def line(self, command: str, *more: str) -> list[str]:
        return [binary("wheelhouse"), command, *more, *self.words]

    def asked(self, command: str, *more: str, code: int = 0) -> dict:
        """Runs a command, which must end with this code, and returns its JSON."""
        done = self.run(command, *more, "--json")
        assert done.returncode == code, f"{command} {more}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def own(self, *words: str) -> None:
        """What an owner says, beside a server or without one."""
        place = self.words if self.site.roots == [] else ["--dir", *self.words]
        done = subprocess.run(
            [binary("wheelhouse"), *words, *place],
            cwd=self.site.folder, env=self.site.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"

    def found(self, *more: str, code: int = 1) -> list[str]:
        """What a check finds, as `KIND ABOUT OUTCOME`."""
        return told(self.asked("check", *more, code=code))

    def clean(self, *more: str) -> None:
        """Fails if a check finds anything, notices too."""
        assert self.found(*more, code=0) == []

    @property
    def objects(self) -> Path:
        """The folder that stands for a bucket."""
        return self.site.folder / "objects"

    def content(self, sha256: str) -> Path:
        return self.objects / "sha256" / sha256[:2] / sha256[2:]

    def records(self, sha256: str = "") -> list[Path]:
        below = self.objects / "records"
        if sha256:
            below = below / sha256[:2] / sha256[2:]
        return sorted(below.rglob("*.json"))

    def sql(self, statement: str) -> str:
        """Changes the catalog behind the program's back."""
        if self.cluster:
            return self.cluster.sql(self.database, statement)
        database = sqlite3.connect(self.state / "catalog.sqlite")
        with database:
            database.executescript(statement)
        database.close()
        return ""

    @property
    def state(self) -> Path:
        """Where the catalog is, if it is in a file."""
        return self.site.folder / "state" if "--state-dir" in self.words else self.site.state


def told(answer: dict) -> list[str]:
    return sorted(f"{one['kind']} {one['about']} {one['outcome']}" for one in answer["findings"])


def keeper(serve: Callable[..., Site], wheelhouse, cluster: Callable[[], Cluster]) -> Callable[..., Kept]:
    """Makes sites over each kind of place: `keep("objects", *options)`."""

    def keep(place: str, *options: str, start: bool = True, **more: object) -> Kept:
        if place == "folder":
            site = serve(wheelhouse, *OPEN, *options, start=start, **more)
            return Kept(site, [str(site.packages)])
        words = ["--files", "file:objects", "--state-dir", "state"]
        environment: dict[str, str] = {}
        database, of = "", None
        if place == "postgres":
            of = cluster()
            database = of.make_database()
            environment["WHEELHOUSE_CATALOG"] = of.address(database)
        site = serve(wheelhouse, *OPEN, *options, *words, roots=[], environment=environment, start=start, **more)
        return Kept(site, words, of, database)

    return keep


def sealed(path: str, content: bytes, at: int, *, index: str = "main", form: int = 1) -> bytes:
    """A sealed record, as the program writes it."""
    record = json.dumps(
        {
            "format": form,
            "index": index,
            "path": path,
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "blake2b_256": hashlib.blake2b(content, digest_size=32).hexdigest(),
            "md5": hashlib.md5(content).hexdigest(),
            "uploaded_at": at,
        },
        separators=(",", ":"),
    )
    return f'{{"record":{record},"seal":"{hashlib.sha256(record.encode()).hexdigest()}"}}'.encode()


def put_sealed(objects: Path, path: str, content: bytes, at: int, number: int = 0, **more: object) -> Path:
    """Puts a content with its sealed record into a folder that stands for a bucket; returns the record."""
    sha256 = hashlib.sha256(content).hexdigest()
    for kind in ("sha256", "records"):
        (objects / kind / sha256[:2]).mkdir(parents=True, exist_ok=True)
    place = objects / "sha256" / sha256[:2] / sha256[2:]
    place.write_bytes(content)
    name = f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.{number:032x}.json"
    record = objects / "records" / sha256[:2] / sha256[2:] / name
    record.parent.mkdir(exist_ok=True)
    record.write_bytes(sealed(path, content, at, **more))
    return record


def age(paths: Iterable[Path], seconds: int = 7_200) -> None:
    """Makes files look as if they had been there for a while."""
    for path in paths:
        status = path.stat()
        os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))

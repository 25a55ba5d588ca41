"""The programs under test, and the one that shows what is kept: started, asked, stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MethodType
from typing import Any, ClassVar

from . import http, uploads
from .distributions import Distribution
from .http import Answer
from .ports import free_port
from .waiting import wait_until

START_SECONDS = 30
STOP_SECONDS = 40


def venv(name: str) -> Path:
    """The folder of programs of one of the private Python environments."""
    folder = os.environ.get("WHEELHOUSE_VENVS")
    assert folder, "WHEELHOUSE_VENVS is not set; run the suite with ./ci/test clients"
    path = Path(folder, name, "bin")
    assert path.is_dir(), f"{path} is missing; ./ci/test tools makes it"
    return path


def binary(name: str) -> str:
    """The path of a program that the workspace builds."""
    folder = os.environ.get("WHEELHOUSE_BIN_DIR")
    assert folder, "WHEELHOUSE_BIN_DIR is not set; run the suite with ./ci/test clients"
    path = Path(folder, name)
    assert path.exists(), f"{path} is missing; ./ci/test build makes it"
    return str(path)


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment in which no setting of this machine reaches a program or a client."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        **more,
    }


@dataclass(frozen=True)
class Door:
    """A program that takes pypiserver's command line."""

    name: str
    is_control: bool = False
    is_drop_in: bool = True

    @property
    def command(self) -> list[str]:
        if self.is_control:
            return [str(venv("control") / "pypi-server")]
        return [binary(self.name)]

    def run(
        self,
        *arguments: str | Path,
        folder: Path,
        environment: dict[str, str] | None = None,
        seconds: float = 30,
    ) -> subprocess.CompletedProcess[str]:
        """Runs the program to its end."""
        return subprocess.run(
            [*self.command, *map(str, arguments)],
            cwd=folder,
            env=clean_environment(folder, **(environment or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def __str__(self) -> str:
        return self.name


PYPI_SERVER = Door("pypi-server")
WHEELHOUSE = Door("wheelhouse", is_drop_in=False)
CONTROL = Door("control", is_control=True)


# The folder that a site has if nothing else is said.
FOLDER = ("packages",)


class Site:
    """A running server with a folder of its own."""

    elsewhere: ClassVar[Callable[[], dict[str, str]] | None] = None
    """Gives the settings of other backends than a folder, where the tests are run on those."""

    def __init__(
        self,
        door: Door,
        folder: Path,
        options: Sequence[str | Path] = (),
        *,
        roots: Sequence[str | Path] = FOLDER,
        files: Sequence[Distribution] = (),
        users: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
        form: Sequence[str] = ("run",),
    ) -> None:
        self.door = door
        self.folder = folder
        self.place: dict[str, str] = {}
        if roots is FOLDER and Site.elsewhere and not door.is_control:
            roots, self.place = (), Site.elsewhere() | {"WHEELHOUSE_STATE_DIR": str(folder / "state")}
        self.roots = [folder / root for root in roots]
        self.environment = clean_environment(folder, **self.place, **(environment or {}))
        self.form = list(form)
        self.options = [str(option) for option in options]
        self.root_arguments = [str(root) for root in roots]
        for root in self.roots:
            root.mkdir(parents=True, exist_ok=True)
        self.files_to_come = files if self.place else ()
        for file in () if self.place else files:
            file.put(self.packages)
        if users is not None:
            self.write_users(users)
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.port_words: list[str] | None = None
        self.is_expected_to_fail = False
        self.run_as: int | None = None
        self.program = door.command

    @property
    def packages(self) -> Path:
        """The first root, where uploads go."""
        assert not self.place, "this test is about a folder, and is not marked so"
        return self.roots[0]

    @property
    def state(self) -> Path:
        """Where the program keeps what is its own."""
        return Path(self.place["WHEELHOUSE_STATE_DIR"]) if self.place else self.packages / ".wheelhouse"

    @property
    def owner_words(self) -> list[str]:
        """What says to a command which index is meant; the rest is in the environment."""
        return [] if self.place else ["--dir", str(self.packages)]

    def stored(self, filename: str) -> bytes | None:
        """What is kept of an upload."""
        if self.place:
            answer = self.get(f"/packages/{filename}")
            return answer.body if answer.status == 200 else None
        path = self.packages / filename
        return path.read_bytes() if path.exists() else None

    # Starting and stopping.

    def start(self, port: int = 0) -> Site:
        self.lay()
        # The control cannot say which port the system chose, so it is given one; somebody else
        # may take that in between, and then another is tried.
        for attempt in range(5):
            self.port = port or (free_port() if self.door.is_control else 0)
            self._spawn()
            try:
                self._await_start()
                return self
            except AddressTaken:
                if attempt == 4:
                    raise
        raise AssertionError("unreachable")

    def lay(self) -> None:
        """Gives an index that is no folder its first files, through a server that lets everything in.
        A start does it first."""
        files, self.files_to_come = self.files_to_come, ()
        if not files:
            return
        # A site that speaks TLS may be asked in another way; this one is plain.
        open_to_all = ["-a", ".", "-P", ".", "--disable-fallback", "--upload-strictness", "lenient"]
        first = Site(WHEELHOUSE, self.folder, open_to_all, roots=[], environment=self.place)
        first._answers = MethodType(PLAIN_ANSWERS, first)
        try:
            first.start()
            for file in files:
                answer = first.upload(file, agent="tests")
                assert answer.status == 200, f"{file.filename}: {answer}"
        finally:
            first.close()

    def _spawn(self) -> None:
        arguments = [
            *self.program,
            *self.form,
            "-i",
            "127.0.0.1",
            *(self.port_words or ["-p", str(self.port)]),
            *self.options,
            *self.root_arguments,
        ]
        self._out = (self.folder / "stdout.log").open("ab")
        self._err = (self.folder / "stderr.log").open("ab")
        self._err_start = self._err.tell()
        self.process = subprocess.Popen(
            arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            # A test runner may ignore interrupts, and a child inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            user=self.run_as,
            group=self.run_as,
            extra_groups=None if self.run_as is None else [],
        )

    def _await_start(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                said = self.stderr[self._err_start :]
                self._close_logs()
                if self.door.is_control and "Address already in use" in said:
                    raise AddressTaken
                raise AssertionError(f"{self.door} ended with {self.process.returncode}:\n{said}")
            if self._answers():
                return
            time.sleep(0.02)
        raise AssertionError(f"{self.door} did not start:\n{self.stderr}")

    def _answers(self) -> bool:
        if not self.port:
            found = re.search(r"https?://127\.0\.0\.1:(\d+)", self.stderr[self._err_start :])
            if not found:
                return False
            self.port = int(found.group(1))
        try:
            # Any answer will do; which path is there depends on the options.
            http.ask(self.port, "GET", "/favicon.ico")
        except OSError:
            return False
        return True

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """Ends the program and returns its status."""
        process = self.process
        assert process, "never started"
        if process.poll() is None:
            process.send_signal(sent)
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.door} did not end within {STOP_SECONDS} s") from None
        finally:
            self._close_logs()
        return status

    def restart(self, sent: signal.Signals = signal.SIGTERM) -> Site:
        self.stop(sent)
        return self.start()

    def close(self) -> None:
        """Ends the program and fails if it broke down at any time."""
        if self.process is None:
            return
        died = self.process.poll()
        self.stop()
        if self.door.is_control:
            return
        said = self.stdout + self.stderr
        for sign in ("panicked at", "stack backtrace", "Traceback (most recent call last)"):
            assert sign not in said, f"{sign!r} in the log of {self.door}:\n{said}"
        if not self.is_expected_to_fail:
            assert died is None or died in (0, -signal.SIGKILL), (
                f"{self.door} ended by itself with {died}:\n{said}"
            )

    def _close_logs(self) -> None:
        self._out.close()
        self._err.close()

    # What it said.

    @property
    def stdout(self) -> str:
        return read(self.folder / "stdout.log")

    @property
    def stderr(self) -> str:
        return read(self.folder / "stderr.log")

    @property
    def log(self) -> str:
        return self.stdout + self.stderr

    # Asking.

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def ask(self, method: str, path: str, **more: Any) -> Answer:
        return http.ask(self.port, method, path, **more)

    def get(self, path: str, **more: Any) -> Answer:
        return http.ask(self.port, "GET", path, **more)

    def head(self, path: str, **more: Any) -> Answer:
        return http.ask(self.port, "HEAD", path, **more)

    def raw(self, data: bytes, **more: Any) -> bytes:
        return http.raw(self.port, data, **more)

    def post(self, parts: Any, **more: Any) -> Answer:
        return uploads.post_form(self.port, parts, **more)

    def post_urlencoded(self, fields: dict[str, str], **more: Any) -> Answer:
        return uploads.post_urlencoded(self.port, fields, **more)

    def upload(self, file: Distribution, **more: Any) -> Answer:
        return uploads.upload(self.port, file, **more)

    def listed(self, **more: Any) -> list[str]:
        """The relative paths of all files that the server lists."""
        answer = self.get("/packages/", **more)
        assert answer.status == 200, answer
        return answer.names

    def await_listed(self, *paths: str, seconds: float = 10) -> float:
        """Waits until exactly these paths are listed and returns how long it took."""
        wanted = sorted(paths)
        return wait_until(
            lambda: sorted(self.listed()) == wanted,
            seconds=seconds,
            what=f"{wanted} listed, last seen: {sorted(self.listed())}",
        )

    # Users.

    @property
    def password_file(self) -> Path:
        return self.folder / ".htpasswd"

    def write_users(self, users: dict[str, str]) -> None:
        """Writes a password file; the values are stored hashes."""
        self.password_file.write_text("".join(f"{name}:{stored}\n" for name, stored in users.items()))


# What a test puts in its place asks a site of its own in another way.
PLAIN_ANSWERS = Site._answers


class AddressTaken(Exception):
    """Somebody else took the port between its choice and its use."""


def read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""

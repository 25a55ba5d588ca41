"""Other people's servers that read from an index: started on loopback, asked, stopped."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support import http
from support.ports import free_port
from support.programs import clean_environment, venv

from .way_out import WAY_OUT

START_SECONDS = 60


class Beside:
    """A running server that is not ours."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")


@contextmanager
def beside(
    name: str,
    words: Callable[[int], list[str | Path]],
    folder: Path,
    *,
    environment: dict[str, str] | None = None,
    answers: str = "/",
) -> Iterator[Beside]:
    """Runs a server of the private environment `name`; `words` is its command line for a port.

    It is ready when it answers at the path `answers`, and ended when the block ends.
    """
    port = free_port()
    log = folder / f"{name}.log"
    program, *arguments = words(port)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [venv(name) / program, *map(str, arguments)],
            cwd=folder,
            env=clean_environment(folder) | WAY_OUT.environment | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    server = Beside(process, port, log)
    try:
        await_answer(server, answers)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_answer(server: Beside, path: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert server.process.poll() is None, f"it ended by itself:\n{server.log}"
        try:
            http.ask(server.port, "GET", path)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"it did not start within {START_SECONDS} seconds:\n{server.log}")

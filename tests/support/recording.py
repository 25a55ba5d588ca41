"""A terminal session, typed as a person would, written down with its times and drawn as a picture."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

from .programs import venv

PROMPT = "$ "
SECONDS = 120
# What viewers see of a wait, of a key, of a picture and of what stands there in the end, in seconds.
LONGEST_WAIT = 0.9
KEY = 0.045
SHORTEST = 0.09
LAST = 6.0


@dataclass
class Recording:
    """Runs `bash` at a terminal of this size, and keeps what it shows and when."""

    folder: Path
    environment: dict[str, str]
    columns: int = 100
    rows: int = 36
    events: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._now = 0.0
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(self.folder)
            more = {"PS1": PROMPT, "TERM": "xterm-256color", "COLUMNS": str(self.columns), "LINES": str(self.rows)}
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "--noediting"], self.environment | more)
        termios.tcsetwinsize(self._terminal, (self.rows, self.columns))
        self._until(PROMPT)

    @property
    def text(self) -> str:
        """All that was shown."""
        return "".join(shown for _, shown in self.events)

    def type(self, line: str, until: str = PROMPT) -> str:
        """Types a line, waits for what is to be shown after it, and returns what was shown."""
        begin = len(self.events)
        for letter in line:
            os.write(self._terminal, letter.encode())
            self._until(letter, wait=KEY)
        self._now += 0.4
        os.write(self._terminal, b"\n")
        self._until(until)
        return "".join(shown for _, shown in self.events[begin:])

    def _until(self, wanted: str, wait: float | None = None) -> None:
        """Keeps what is shown until it ends with this."""
        seen, before, end = "", time.monotonic(), time.monotonic() + SECONDS
        while not seen.endswith(wanted):
            assert time.monotonic() < end, f"{wanted!r} was not shown in {SECONDS} s, but {seen!r}"
            if not select.select([self._terminal], [], [], 1)[0]:
                continue
            data = os.read(self._terminal, 65536).decode(errors="replace")
            took = time.monotonic() - before
            before += took
            self._now += min(took, LONGEST_WAIT) if wait is None else wait
            self.events.append((self._now, data))
            seen += data

    def close(self) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._terminal)

    def draw(self, cast: Path, picture: Path) -> None:
        """Writes the recording in the second form of asciinema, and a moving picture of it."""
        head = {"version": 2, "width": self.columns, "height": self.rows, "env": {"TERM": "xterm-256color", "SHELL": "bash"}}
        lines: list[object] = [head]
        shown_until = -SHORTEST
        for moment, shown in self.events:
            if moment - shown_until < SHORTEST:
                lines[-1][2] += shown
            else:
                lines.append([round(moment, 3), "o", shown])
                shown_until = moment
        cast.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        words = ["render", cast, picture, "-t", "window_frame", "-D", int(LAST * 1000)]
        command = [venv("recording") / "python", "-m", "termtosvg", *map(str, words)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)

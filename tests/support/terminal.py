"""Somebody who sits at a terminal and types an answer."""

from __future__ import annotations

import os
import pty
import select
import termios
import time
from pathlib import Path

from .programs import binary, clean_environment
from .waiting import wait_until

# A release builds in between. A test that waits longer is ended by its own limit.
SECONDS = 100


def at_terminal(
    home: Path, *words: object, asked: bytes, typed: bytes, hidden: bool = False, environment: dict[str, str] | None = None
) -> tuple[int, str]:
    """Runs the program at a terminal, types an answer when it asks, and returns its exit code and
    what the terminal showed."""
    process, terminal = pty.fork()
    if process == 0:
        termios.tcsetwinsize(0, (24, 100))
        program = binary("wheelhouse")
        os.chdir(home)
        os.execve(program, [program, *map(str, words)], environment or clean_environment(home))
    shown, has_answered, end = b"", False, time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:
            # So Linux says that nobody has the other side open any more.
            break
        if not data:
            break
        shown += data
        if asked in shown and not has_answered:
            # A person is slower than the program, which hides what is typed after it asked.
            wait_until(lambda: not hidden or not echoes(terminal), seconds=SECONDS)
            os.write(terminal, typed)
            has_answered = True
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


def echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)

"""What the commands ask somebody who sits at a terminal."""

from __future__ import annotations

import os
import pty
import select
import termios
import time

import pytest

from support.programs import binary, clean_environment
from support.waiting import wait_until

from .conftest import FILES, USERS

SECONDS = 30


def at_terminal(home, *words, asked: bytes, typed: bytes, hidden: bool = False) -> tuple[int, str]:
    """Runs the program at a terminal, types an answer when it asks, and returns its exit code and
    what the terminal showed."""
    process, terminal = pty.fork()
    if process == 0:
        program = binary("wheelhouse")
        os.execve(program, [program, *map(str, words)], clean_environment(home))
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


@pytest.mark.parametrize(("typed", "is_deleted"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_somebody_is_asked_before_files_are_deleted(serve, wheelhouse, tmp_path, typed, is_deleted):
    site = serve(wheelhouse, files=FILES)
    words = ["delete", "demo==1.0", "--dir", site.packages]
    status, shown = at_terminal(tmp_path, *words, asked=b"[y/N]", typed=typed)
    assert "demo-1.0-py3-none-any.whl: would be deleted" in shown
    assert (status == 0) == is_deleted, shown
    assert (site.packages / FILES[0].filename).exists() != is_deleted


def test_a_password_is_asked_for_and_not_shown(serve, wheelhouse, tmp_path):
    site = serve(wheelhouse, "-P", ".htpasswd", "-a", "update,download,list", users=USERS, files=FILES)
    words = ["status", "--server", site.url, "--user", "ada"]
    status, shown = at_terminal(tmp_path, *words, asked=b"password of ada", typed=b"secret\n", hidden=True)
    assert status == 0 and "index main: 2 projects" in shown, shown
    assert "secret" not in shown
    status, shown = at_terminal(tmp_path, *words, asked=b"password of ada", typed=b"guess\n", hidden=True)
    assert status == 1 and "wrong" in shown and "guess" not in shown, shown

"""What the commands ask somebody who sits at a terminal."""

from __future__ import annotations

import pytest

from support.terminal import at_terminal

from .conftest import FILES, USERS

@pytest.mark.parametrize(("typed", "is_deleted"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_somebody_is_asked_before_files_are_deleted(serve, wheelhouse, tmp_path, typed, is_deleted):
    site = serve(wheelhouse, files=FILES)
    words = ["delete", "demo==1.0", *site.owner_words]
    status, shown = at_terminal(tmp_path, *words, environment=site.environment, asked=b"[y/N]", typed=typed)
    assert "demo-1.0-py3-none-any.whl: would be deleted" in shown
    assert (status == 0) == is_deleted, shown
    assert (site.stored(FILES[0].filename) is not None) != is_deleted


def test_a_password_is_asked_for_and_not_shown(serve, wheelhouse, tmp_path):
    site = serve(wheelhouse, "-P", ".htpasswd", "-a", "update,download,list", users=USERS, files=FILES)
    words = ["status", "--server", site.url, "--user", "ada"]
    status, shown = at_terminal(tmp_path, *words, asked=b"password of ada", typed=b"secret\n", hidden=True)
    assert status == 0 and "index main: 2 projects" in shown, shown
    assert "secret" not in shown
    status, shown = at_terminal(tmp_path, *words, asked=b"password of ada", typed=b"guess\n", hidden=True)
    assert status == 1 and "wrong" in shown and "guess" not in shown, shown

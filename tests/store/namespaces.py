"""Mounts that only the server under test sees, so that a test can have a small or locked disk."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.programs import Site

# Root may mount in a mount namespace; anybody else needs one of users too.
UNSHARE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def start_after(site: Site, script: str) -> Site:
    """Starts the server in a mount namespace of its own after `script`, whose `$0` is the first
    root. The shell gives way to the program, so that its process id stays the one to stop."""
    site.program = [
        *UNSHARE,
        "sh",
        "-c",
        f'set -e; {script}; exec "$@"',
        str(site.packages),
        *site.door.command,
    ]
    return site.start()


def inside(site: Site, path: Path) -> Path:
    """Where a path of the server's namespace can be reached from outside."""
    return Path(f"/proc/{site.process.pid}/root{path}")


def run_inside(site: Site, *words: str | Path) -> None:
    user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
    subprocess.run(
        ["nsenter", "--target", str(site.process.pid), *user, "--mount", *map(str, words)],
        check=True,
        capture_output=True,
    )

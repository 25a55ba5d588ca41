"""What owners say of the projects of a site, through the program's commands."""

from __future__ import annotations

import subprocess

from .programs import Site, binary


def own(site: Site, *words: str) -> str:
    """Runs `wheelhouse WORD…` on the site's index and returns what it said."""
    done = subprocess.run(
        [binary("wheelhouse"), *words, *site.owner_words],
        cwd=site.folder,
        env=site.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout

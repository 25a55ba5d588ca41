"""What builds packages, as files: a test's index serves them, and builds ask nobody else."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from .programs import venv

NEEDED = [
    "setuptools==84.2.1", "wheel==0.48.0", "hatchling==1.33.0", "setuptools-scm==10.3.4", "towncrier==26.9.0",
    # What pipelines install for themselves.
    "build==1.6.1", "pytest==9.2.0",
]


def backends(folder: Path) -> list[Path]:
    """Downloads them once for all that share the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files = folder / "files"
        if not files.exists():
            partial = folder / "partial"
            shutil.rmtree(partial, ignore_errors=True)
            words = ["-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary", ":all:", "-d", partial]
            subprocess.run([venv("runner") / "python", *words, *NEEDED], check=True, timeout=300, env=dict(os.environ))
            partial.rename(files)
    return sorted(files.glob("*.whl"))

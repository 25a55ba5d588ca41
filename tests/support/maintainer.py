"""A maintainer with a project in a git repository, on a machine with uv or with pip and build."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from .programs import Site, binary, clean_environment, venv
from .waiting import wait_until

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "helpers"
version = "1.2"
readme = "README.md"
license = "LicenseRef-Proprietary"
requires-python = ">=3.9"
dependencies = []
"""
CHANGELOG = "# Changelog\n\n## 1.2 - 2016-05-01\n\n- The greeting ends with a full stop.\n"


class Maintainer:
    """A home with a project `helpers`, under git and committed."""

    def __init__(self, home: Path, mirror: Site, uv_cache: Path) -> None:
        self.home = home
        self.tmp = home / "tmp"
        self.tmp.mkdir(parents=True)
        self.project = home / "helpers"
        self.mirror = mirror
        self.tools = "uv"
        self.variables = {
            "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "TMPDIR": str(self.tmp),
            "UV_CACHE_DIR": str(uv_cache), "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_INDEX_URL": mirror.url + "simple/", "UV_DEFAULT_INDEX": mirror.url + "simple/",
            "TWINE_USERNAME": "ada", "TWINE_PASSWORD": "secret",
        }

    def copy(self, example: str) -> None:
        """Takes the files of an example, in place of those that are there."""
        self.project.mkdir(exist_ok=True)
        for path in self.project.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        ignored = shutil.ignore_patterns("dist", "*.egg-info", "build", ".pypirc", "__pycache__")
        shutil.copytree(EXAMPLES / example, self.project, ignore=ignored, dirs_exist_ok=True)

    def write(self, **files: str) -> None:
        """Writes files: `_` in the names stands for a dot, `__` for a slash."""
        for name, text in files.items():
            self.put(name.replace("__", "/").replace("_", "."), text)

    def put(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.project / name).read_text()
        assert old in text
        self.put(name, text.replace(old, new))

    def simple(self) -> Maintainer:
        """Makes a plain project, and commits it."""
        self.write(pyproject_toml=PYPROJECT, CHANGELOG_md=CHANGELOG, README_md="# helpers\n\nThey help.\n")
        self.put("helpers/__init__.py", "def greeting(name):\n    return f'Hello, {name}.'\n")
        return self.commit()

    def git(self, *words: object, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *map(str, words)], cwd=folder or self.project, env=self.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def commit(self, message: str = "Change") -> Maintainer:
        if not (self.project / ".git").exists():
            self.git("init", "-q", "-b", "main")
            self.git("config", "user.name", "Ada")
            self.git("config", "user.email", "ada@company.example")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self

    def environment(self, **more: str) -> dict[str, str]:
        folder = venv("uv" if self.tools == "uv" else "pip-tools")
        path = f"{folder}:{os.environ['PATH']}" if self.tools else os.environ["PATH"]
        base = clean_environment(self.home, PATH=path, **self.variables)
        # An account of the machine could answer in a test's place.
        base["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        return {name: value for name, value in (base | more).items() if value}

    def release(self, *words: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [binary("wheelhouse"), "release", *map(str, words)], cwd=self.project, env=self.environment(**environment),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110,
        )
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "secret" not in done.stdout + done.stderr
        assert list(self.tmp.iterdir()) == [], "the temporary folder is gone"
        return done

    def interrupted(self, *words: object, once: Path, sent: signal.Signals, **environment: str) -> str:
        """Begins a release, and sends it a signal once a file is there. Returns what it said."""
        process = subprocess.Popen(
            [binary("wheelhouse"), "release", *map(str, words)], cwd=self.project, env=self.environment(**environment),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            wait_until(once.exists, seconds=60, what="the release is under way")
            process.send_signal(sent)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode != 0, said
        return said

    def state(self) -> dict[str, str]:
        """What is in the project's folder, the repository included: each file's name and digest."""
        files = (path for path in self.project.rglob("*") if path.is_file())
        return {str(path.relative_to(self.project)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

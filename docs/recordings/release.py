"""Records the release of the package in `examples/helpers-modern`, with the real program, index and tools.

    ./ci/recording

writes `release.svg` and `release.cast` beside this file. A test compares what they show with what
the program says now.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests"))

from support.backends import backends  # noqa: E402
from support.distributions import Distribution  # noqa: E402
from support.maintainer import Maintainer  # noqa: E402
from support.programs import WHEELHOUSE, Site, binary  # noqa: E402
from support.recording import Recording  # noqa: E402

PORT = 8080
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}


def record(folder: Path, tools: Path, port: int = PORT) -> Recording:
    """Releases helpers 1.3 to an index of its own. `tools` keeps what builds packages."""
    sites: list[Site] = []
    try:
        sites.append(mirror := Site(WHEELHOUSE, made(folder / "mirror"), ["--disable-fallback"]))
        for file in backends(tools / "backends"):
            Distribution(file.name, file.read_bytes()).put(mirror.packages)
        fallback = ["--fallback-url", mirror.start().url.replace("127.0.0.1", "localhost") + "simple/"]
        sites.append(company := Site(WHEELHOUSE, made(folder / "company"), ["-P", ".htpasswd", *fallback], users=USERS))
        company.start(port)
        maintainer = Maintainer(folder / "home", mirror, tools / "uv-cache")
        maintainer.copy("helpers-modern")
        maintainer.change("helpers/CHANGELOG", "1.2 (2016", "1.3 (unreleased)\n\n- Made by one command.\n\n1.2 (2016")
        maintainer.commit()
        index = company.url + "simple/"
        environment = maintainer.environment(PIP_INDEX_URL=index, UV_DEFAULT_INDEX=index)
        environment["PATH"] = f"{Path(binary('wheelhouse')).parent}:{environment['PATH']}"
        recording = Recording(maintainer.project, environment)
        try:
            recording.type("head -3 helpers/CHANGELOG")
            recording.type("wheelhouse release --bump minor", until="[y/N] ")
            recording.type("y")
            recording.type("uv venv -q ../try && uv pip install -q -p ../try helpers==1.3")
            recording.type("../try/bin/python -c 'import helpers; print(helpers.greeting(\"Ada\"))'")
        finally:
            recording.close()
        return recording
    finally:
        for site in sites:
            site.close()


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def said(shown: str) -> list[str]:
    """The lines that a recording shows, without colours, spinners, and what differs from run to run."""
    lines = []
    for line in shown.replace("\r\n", "\n").split("\n"):
        line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line.rsplit("\r", 1)[-1])
        for pattern, word in [(r"127\.0\.0\.1:\d+", "HOST"), (r"\b[0-9a-f]{10}\b", "COMMIT"), (r"\d{4}-\d\d-\d\d", "DAY")]:
            line = re.sub(pattern, word, line)
        if "%" not in line and line.strip():
            lines.append(line.rstrip())
    return lines


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="recording-") as scratch:
        record(Path(scratch) / "work", Path(scratch) / "tools").draw(HERE / "release.cast", HERE / "release.svg")

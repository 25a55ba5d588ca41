"""The blocks of commands in docs/operations, and small installations on which they are run."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from support import http, uploads
from support.distributions import Distribution, wheel
from support.ports import free_port
from support.postgres import OWNER, PASSWORD, Cluster, programs
from support.programs import binary, clean_environment, venv
from support.waiting import wait_until

FOLDER = Path(__file__).parents[2] / "docs/operations"
FILES = [wheel("demo", "1.0"), wheel("demo", "2.0"), wheel("other", "1.0")]
HTPASSWD = "ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
ADA = ("ada", "secret")
BLOCK_SECONDS = 120
COMMENT = re.compile(r"<!-- (?:run: (?P<on>[a-z]+)|not run: (?P<reason>.+)) -->")


@dataclass(frozen=True)
class Block:
    """Commands, with what the comment before them says."""

    document: str
    line: int
    text: str
    on: str | None
    reason: str | None

    def __str__(self) -> str:
        return f"docs/operations/{self.document}:{self.line}"


def blocks_of(name: str, text: str) -> list[Block]:
    """Reads the blocks of commands of a document. Each must have a comment."""
    found, said, inside = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if inside is not None:
            if line.strip() == "```":
                language, begun, lines = inside
                if language in ("sh", "bash", "console"):
                    match = COMMENT.fullmatch(said or "")
                    assert match, f"docs/operations/{name}:{begun}: no comment says on what this block is run, or why not"
                    found.append(Block(name, begun, "\n".join(lines) + "\n", match["on"], match["reason"]))
                inside, said = None, None
            else:
                inside[2].append(line)
        elif line.strip().startswith("```"):
            inside = (line.strip().removeprefix("```").strip(), number, [])
        elif line.strip():
            said = line.strip()
    assert inside is None, f"docs/operations/{name}: a block has no end"
    return found


def blocks() -> list[Block]:
    """All blocks of the guide."""
    return [block for path in sorted(FOLDER.glob("*.md")) for block in blocks_of(path.name, path.read_text())]


# What a block may do to a service, with processes in place of units.
SYSTEMCTL = """#!/usr/bin/env bash
set -euo pipefail
verb=$1 signal=TERM name=
shift
for word; do
    case $word in --signal=*) signal=${word#--signal=} ;; *) name=$word ;; esac
done
is_gone() { [ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"; }
stop() {
    [ -e "$UNITS/$name.pid" ] || return 0
    local process
    process=$(cat "$UNITS/$name.pid")
    kill -s "$1" "$process" || true
    for _ in $(seq 400); do
        if is_gone "$process"; then rm "$UNITS/$name.pid"; return 0; fi
        sleep 0.1
    done
    echo "$name does not end" >&2
    exit 1
}
start() {
    setsid bash "$UNITS/$name.sh" >> "$UNITS/$name.log" 2>&1 < /dev/null &
    echo $! > "$UNITS/$name.pid"
}
case $verb in
    start) start ;;
    stop) stop TERM ;;
    restart) stop TERM; start ;;
    kill) stop "${signal#SIG}" ;;
    *) echo "systemctl: $verb is not known here" >&2; exit 2 ;;
esac
"""


class Installation:
    """Servers that run as units would, and what stands in place of the guide's addresses and folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = folder / "units"
        self.home = folder / "home"
        for made in (self.units, self.home, folder / "bin", folder / "backups", folder / "run", folder / "var"):
            made.mkdir()
        (folder / "bin/systemctl").write_text(SYSTEMCTL)
        (folder / "bin/systemctl").chmod(0o755)
        (folder / "bin/wheelhouse").symlink_to(binary("wheelhouse"))
        (folder / "bin/twine").symlink_to(venv("twine-6") / "twine")
        (self.home / ".htpasswd").write_text(HTPASSWD)
        for file in FILES:
            (self.home / file.filename).write_bytes(file.content)
        self.port = free_port()
        second = free_port()
        self.environment: dict[str, str] = {}
        self.replaced = {
            "http://127.0.0.1:8080/": f"http://127.0.0.1:{self.port}/",
            "/var/backups/": f"{folder}/backups/",
            "/backups/packages": str(folder / "backups/packages"),
            "/srv/packages": str(folder / "packages"),
            "/var/lib/": f"{folder}/var/",
            "/run/": f"{folder}/run/",
            "--port 8081": f"--port {second}",
            "127.0.0.1:8081": f"127.0.0.1:{second}",
        }

    def unit(self, name: str, port: int, *words: str) -> None:
        """Makes a service that listens on a port, and starts it."""
        line = ["wheelhouse", "run", "--port", str(port), "--disable-fallback", "--passwords", ".htpasswd", *words]
        (self.units / f"{name}.sh").write_text(f"cd {self.home}\nexec {' '.join(line)}\n")
        (self.folder / f"run/{name}.url").write_text(f"http://127.0.0.1:{port}/")
        self.run(f"systemctl start {name}")
        wait_until(lambda: self.is_ready(port), seconds=30)

    @staticmethod
    def is_ready(port: int) -> bool:
        try:
            return http.ask(port, "GET", "/readyz").status == 200
        except OSError:
            return False

    def upload(self, *files: Distribution) -> None:
        for file in files:
            answer = uploads.upload(self.port, file, user=ADA)
            assert answer.status == 200, answer

    def run(self, text: str) -> str:
        """Runs commands as a shell does that ends at the first that fails."""
        names = "|".join(map(re.escape, self.replaced))
        text = re.sub(names, lambda found: self.replaced[found[0]], text)
        path = f"{self.folder / 'bin'}:{programs()}:{os.environ['PATH']}"
        environment = clean_environment(self.home, UNITS=str(self.units), **self.environment) | {"PATH": path}
        with (self.folder / "said").open("w+") as said:
            # Into a file: a server that was started holds a pipe open.
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.home, env=environment,
                                  stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=BLOCK_SECONDS)
            said.seek(0)
            told = said.read()
        assert done.returncode == 0, f"{done.returncode} of\n{text}\n{told}\n{self.logs()}"
        return told

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.units.glob("*.log")))

    def close(self) -> None:
        for path in sorted(self.units.glob("*.pid")):
            self.run(f"systemctl stop {path.stem}")
        for sign in ("panicked at", "stack backtrace"):
            assert sign not in self.logs()

    # The kinds that comments name.

    def on_folder(self) -> None:
        packages = self.folder / "packages"
        packages.mkdir()
        for file in FILES:
            file.put(packages)
        self.unit("wheelhouse", self.port, str(packages))

    def on_objects(self) -> None:
        self.settings(files=f"file:{self.home}/bucket", **{"state-dir": f"{self.home}/state"})
        self.unit("wheelhouse", self.port, "--config", "wheelhouse.toml")
        self.upload(*FILES)

    def on_postgresql(self, cluster: Cluster) -> None:
        address = cluster.address(cluster.make_database())
        name = f"again{cluster.databases}"
        self.environment |= {
            "CATALOG": address, "NEW_NAME": name, "NEW_CATALOG": cluster.address(name),
            "PGHOST": str(cluster.folder), "PGPORT": str(cluster.port), "PGUSER": OWNER, "PGPASSWORD": PASSWORD,
        }
        packages = self.folder / "packages"
        packages.mkdir()
        for file in FILES:
            file.put(packages)
        self.unit("wheelhouse", self.port, "--catalog", f'"{address}"', "--state-dir", f"{self.home}/state", str(packages))

    def on_replicas(self, cluster: Cluster) -> None:
        self.settings(catalog=cluster.address(cluster.make_database()), files=f"file:{self.home}/bucket",
                      **{"state-dir": f"{self.home}/state"})
        self.unit("wheelhouse-1", self.port, "--config", "wheelhouse.toml")
        self.unit("wheelhouse-2", free_port(), "--config", "wheelhouse.toml", "--state-dir", f"{self.home}/state-2")
        self.upload(*FILES)

    def settings(self, **settings: str) -> None:
        text = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
        tomllib.loads(text)
        (self.home / "wheelhouse.toml").write_text(text)

"""A real PostgreSQL of the tests' own: a throw-away cluster on a socket, and on loopback with TLS."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from .authority import Authority
from .ports import free_port

OWNER = "wheelhouse"
PASSWORD = "s3cret-of-the-owner"


def programs() -> Path:
    """The folder of the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "the server of PostgreSQL is missing; ./ci/test tools installs it"
    return found[-1].parent


class Cluster:
    """A server of PostgreSQL. Everybody needs a password."""

    def __init__(self, authority: Authority | None = None) -> None:
        # Short, because of the socket, and open to the user that the server runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="wheelhouse-pg-"))
        self.folder.chmod(0o755)
        self.databases = 0
        self.port = free_port()
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self._run_as = None
        if os.geteuid() == 0:
            self._run_as = pwd.getpwnam("postgres")
            os.chown(self.folder, self._run_as.pw_uid, self._run_as.pw_gid)
            os.chown(password, self._run_as.pw_uid, self._run_as.pw_gid)
        self._as_postgres(
            programs() / "initdb", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C",
            "-U", OWNER, f"--pwfile={password}", "-D", self.data,
        )
        settings = {
            "unix_socket_directories": str(self.folder),
            "port": str(self.port),
            "listen_addresses": "",
            "fsync": "off",
        }
        if authority:
            authority.issue(self.folder)
            for name in ("server.pem", "server.key"):
                if self._run_as:
                    os.chown(self.folder / name, self._run_as.pw_uid, self._run_as.pw_gid)
                (self.folder / name).chmod(0o600)
            settings |= {
                "listen_addresses": "127.0.0.1",
                "ssl": "on",
                "ssl_cert_file": str(self.folder / "server.pem"),
                "ssl_key_file": str(self.folder / "server.key"),
            }
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        self._as_postgres(programs() / "pg_ctl", "-w", "-D", self.data, "-l", self.folder / "log", "start")

    def stop(self, mode: str = "fast") -> None:
        self._as_postgres(programs() / "pg_ctl", "-w", "-D", self.data, "-m", mode, "stop")

    def close(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder)

    def make_database(self, options: str = "") -> str:
        """Makes an empty database and returns its name."""
        self.databases += 1
        name = f"catalog{self.databases}"
        self.sql("postgres", f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        return name

    def address(self, database: str, password: str | None = PASSWORD, user: str = OWNER) -> str:
        """The address of a database, over the socket."""
        host = str(self.folder).replace("/", "%2F")
        login = user if password is None else f"{user}:{password}"
        return f"postgres://{login}@{host}:{self.port}/{database}"

    def network_address(self, database: str, query: str) -> str:
        """The address of a database, over the network."""
        return f"postgres://{OWNER}:{PASSWORD}@127.0.0.1:{self.port}/{database}?{query}"

    def sql(self, database: str, statement: str) -> str:
        """Runs a statement and returns what it answers."""
        done = subprocess.run(
            [programs() / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port),
             "-U", OWNER, "-d", database, "-c", statement],
            env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _as_postgres(self, *words: str | Path) -> None:
        user = self._run_as
        done = subprocess.run(
            [str(word) for word in words],
            user=user and user.pw_uid, group=user and user.pw_gid, extra_groups=[] if user else None,
            cwd="/", env={"PATH": os.environ["PATH"]}, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        log = self.folder / "log"
        assert done.returncode == 0, log.read_text() if log.exists() else f"{words[0]} failed"

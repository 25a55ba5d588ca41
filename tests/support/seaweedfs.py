"""A SeaweedFS of the tests' own: a master, three volume servers that keep everything twice, a
filer and an S3 gateway, all on loopback. Each process is ended by its own number.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .ports import COMPANION, free_pair
from .programs import venv
from .waiting import wait_until

START_SECONDS = 60
ACCESS_KEY = "wheelhouse-of-the-tests"
SECRET_KEY = "a-secret-of-the-tests"
REGION = "us-east-1"
HERE = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1"]


@dataclass
class SeaweedFS:
    """A running store."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def start(self) -> SeaweedFS:
        for name in ["master", "filer", "s3", "volume0", "volume1", "volume2"]:
            self.ports[name] = free_pair()
        identities = {
            "identities": [
                {
                    "name": "wheelhouse",
                    "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
                    "actions": ["Admin", "Read", "List", "Tagging", "Write"],
                },
                {
                    "name": "reader",
                    "credentials": [{"accessKey": "reader", "secretKey": SECRET_KEY}],
                    "actions": ["Read", "List"],
                },
            ]
        }
        (self.folder / "s3.json").write_text(json.dumps(identities))
        (self.folder / "meta").mkdir()
        master = f"127.0.0.1:{self.ports['master']}"
        self._run(
            "master",
            "master",
            "-telemetry=false",
            "-mdir=meta",
            "-defaultReplication=001",
            "-volumeSizeLimitMB=1024",
            "-peers=none",
        )
        for name in ["volume0", "volume1", "volume2"]:
            (self.folder / name).mkdir()
            self._run(
                name, "volume", f"-dir={name}", "-max=300", f"-master={master}", "-preStopSeconds=0"
            )
        wait_until(lambda: self._volume_servers() == 3, seconds=START_SECONDS, what="three volume servers")
        self._run("filer", "filer", f"-master={master}")
        wait_until(lambda: self._answers("filer"), seconds=START_SECONDS, what="the filer")
        self._run(
            "s3",
            "s3",
            f"-filer=127.0.0.1:{self.ports['filer']}",
            "-config=s3.json",
            # Not asked for, and on ports that another run may have.
            "-port.iceberg=0",
            "-port.lance=0",
        )
        wait_until(lambda: self._answers("s3"), seconds=START_SECONDS, what="the S3 gateway")
        wait_until(self._takes_files, seconds=20, what="a file that is taken")
        return self

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.kill()
            process.wait()

    def kill(self, name: str) -> None:
        process = self.processes[name]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def revive(self, name: str) -> None:
        """Starts a process again as it was, and waits until it answers."""
        self._spawn(name, self.processes[name].args)
        wait_until(lambda: self._answers(name), seconds=START_SECONDS, what=f"{name}, which was started again")

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}"

    @property
    def credentials(self) -> dict[str, str]:
        """The variables that a client of S3 reads."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION,
        }

    @property
    def credentials_of_reader(self) -> dict[str, str]:
        """Those of somebody who may only read."""
        return {**self.credentials, "AWS_ACCESS_KEY_ID": "reader"}

    # Behind the gateway: what nobody does who uses the store as it is meant to be used.

    def make_bucket(self, name: str) -> None:
        self._ask("filer", "POST", f"/buckets/{name}/")

    def names(self, bucket: str, below: str = "") -> list[str]:
        """The names of all objects of a bucket that begin with this folder."""
        found: list[str] = []
        folder = f"{below.strip('/')}/" if below else ""
        last = ""
        while True:
            query = urllib.parse.urlencode({"limit": 1000, "lastFileName": last})
            try:
                listing = json.loads(
                    self._ask("filer", "GET", f"/buckets/{bucket}/{folder}?{query}", accept="application/json")
                )
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return found
                raise
            entries = listing.get("Entries") or []
            for entry in entries:
                name = entry["FullPath"].removeprefix(f"/buckets/{bucket}/")
                if entry["Mode"] & (1 << 31):
                    found += self.names(bucket, name)
                else:
                    found.append(name)
            if not listing.get("ShouldDisplayLoadMore"):
                return sorted(found)
            last = listing["LastFileName"]

    def read(self, bucket: str, name: str) -> bytes:
        return self._ask("filer", "GET", f"/buckets/{bucket}/{name}")

    def alter(self, bucket: str, name: str, content: bytes) -> None:
        self._ask("filer", "PUT", f"/buckets/{bucket}/{name}", body=content)

    def delete(self, bucket: str, name: str) -> None:
        self._ask("filer", "DELETE", f"/buckets/{bucket}/{name}")

    def _ask(
        self, server: str, method: str, path: str, body: bytes | None = None, accept: str = "*/*"
    ) -> bytes:
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports[server]}{path}", data=body, method=method, headers=headers
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return answer.read()

    def _answers(self, server: str) -> bool:
        self._check(server)
        try:
            self._ask(server, "GET", "/")
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _takes_files(self) -> bool:
        try:
            self.make_bucket("ready")
            self.alter("ready", "ready", b"ready")
        except OSError:
            return False
        return True

    def _volume_servers(self) -> int:
        self._check("master")
        try:
            status = json.loads(self._ask("master", "GET", "/dir/status"))
        except OSError:
            return 0
        centers = status["Topology"].get("DataCenters") or []
        return sum(len(rack.get("DataNodes") or []) for center in centers for rack in center["Racks"])

    def _check(self, name: str) -> None:
        code = self.processes[name].poll()
        assert code is None, f"{name} ended with {code}:\n{(self.folder / f'{name}.log').read_text()[-3000:]}"

    def _run(self, name: str, command: str, *arguments: str) -> None:
        program = [str(venv("seaweedfs") / "weed"), "-logtostderr", command]
        port = self.ports[name]
        self._spawn(name, [*program, *HERE, f"-port={port}", f"-port.grpc={port + COMPANION}", *arguments])

    def _spawn(self, name: str, arguments: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                arguments,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


@contextlib.contextmanager
def running() -> Iterator[SeaweedFS]:
    """Starts a store, and ends it."""
    # Not below the tests' folders: names of sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="weed-"))
    store = SeaweedFS(folder)
    try:
        yield store.start()
    finally:
        store.stop()
        shutil.rmtree(folder, ignore_errors=True)

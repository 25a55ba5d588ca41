"""A Garage of the tests' own: three nodes that keep everything three times, all on loopback. It answers
every conditional write with 200 and overwrites. Each node is ended by its own number.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import hmac
import os
import secrets
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .ports import free_port
from .waiting import wait_until

START_SECONDS = 60
REGION = "us-east-1"
NODES = ["node0", "node1", "node2"]
# What other stores call their processes, for tests that end one: the node that answers, and another.
CALLED = {"s3": "node0", "volume1": "node1"}


def program() -> str:
    """The path of Garage."""
    path = os.environ.get("WHEELHOUSE_GARAGE")
    assert path and Path(path).exists(), "Garage is missing; ./ci/soak garage makes it"
    return path


@dataclass(frozen=True)
class Key:
    """What somebody signs requests with."""

    id: str = field(default_factory=lambda: "GK" + secrets.token_hex(12))
    secret: str = field(default_factory=lambda: secrets.token_hex(32))


@dataclass
class Garage:
    """A running store."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    owner: Key = field(default_factory=Key)
    reader: Key = field(default_factory=Key)

    def start(self) -> Garage:
        secret = secrets.token_hex(32)
        for name in NODES:
            for part in ["rpc", "s3"]:
                self.ports[f"{name} {part}"] = free_port()
            (self.folder / name).mkdir()
            self._settings(name).write_text(f"""
metadata_dir = "{self.folder}/{name}/meta"
data_dir = "{self.folder}/{name}/data"
db_engine = "sqlite"
replication_factor = 3
consistency_mode = "consistent"
rpc_secret = "{secret}"
rpc_bind_addr = "127.0.0.1:{self.ports[f"{name} rpc"]}"
rpc_public_addr = "127.0.0.1:{self.ports[f"{name} rpc"]}"
[s3_api]
s3_region = "{REGION}"
api_bind_addr = "127.0.0.1:{self.ports[f"{name} s3"]}"
root_domain = ".s3.invalid"
""")
            self._settings(name).chmod(0o600)
            self._spawn(name)
        wait_until(lambda: all(self._listens(name) for name in NODES), seconds=START_SECONDS, what="three nodes")
        addresses = [self._own(name, "node", "id", "-q").strip() for name in NODES]
        for address in addresses[1:]:
            self._own("node0", "node", "connect", address)
        for address in addresses:
            self._own("node0", "layout", "assign", "-z", "here", "-c", "10G", address.partition("@")[0])
        self._own("node0", "layout", "apply", "--version", "1")
        for name, key in [("owner", self.owner), ("reader", self.reader)]:
            wait_until(lambda name=name, key=key: self._imports(name, key), seconds=START_SECONDS, what="a key")
        self.make_bucket("ready")
        wait_until(self._takes_files, seconds=START_SECONDS, what="a file that is taken")
        return self

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()

    def kill(self, name: str) -> None:
        process = self.processes[CALLED.get(name, name)]
        process.kill()
        process.wait()

    def revive(self, name: str) -> None:
        """Starts a node again as it was, and waits until it answers."""
        name = CALLED.get(name, name)
        self._spawn(name)
        wait_until(lambda: self._listens(name), seconds=START_SECONDS, what=name)

    @property
    def endpoint(self) -> str:
        return self.endpoint_of("node0")

    def endpoint_of(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[f'{name} s3']}"

    @property
    def credentials(self) -> dict[str, str]:
        """The variables that a client of S3 reads."""
        return self._credentials_of(self.owner)

    @property
    def credentials_of_reader(self) -> dict[str, str]:
        """Those of somebody who may only read."""
        return self._credentials_of(self.reader)

    @staticmethod
    def _credentials_of(key: Key) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_REGION": REGION}

    # Behind the back of whoever uses it.

    def make_bucket(self, name: str) -> None:
        self._own("node0", "bucket", "create", name)
        self._own("node0", "bucket", "allow", "--read", "--write", "--owner", name, "--key", self.owner.id)
        self._own("node0", "bucket", "allow", "--read", name, "--key", self.reader.id)
        # Each node looks into what it has heard itself.
        running = [node for node in NODES if self.processes[node].poll() is None]
        wait_until(
            lambda: all(self._lists(node, name, key) for node in running for key in (self.owner, self.reader)),
            seconds=START_SECONDS, what=f"{name}, at each node",
        )

    def names(self, bucket: str, below: str = "") -> list[str]:
        """The names of all objects of a bucket that begin with this folder."""
        found: list[str] = []
        query = {"list-type": "2", "prefix": below}
        while True:
            page = xml.etree.ElementTree.fromstring(self._ask("GET", f"/{bucket}", query=query))
            space = page.tag.partition("}")[0] + "}"
            found += [key.text or "" for key in page.iter(f"{space}Key")]
            following = page.findtext(f"{space}NextContinuationToken")
            if not following:
                return sorted(found)
            query["continuation-token"] = following

    def read(self, bucket: str, name: str) -> bytes:
        return self._ask("GET", f"/{bucket}/{name}")

    def alter(self, bucket: str, name: str, content: bytes) -> None:
        self._ask("PUT", f"/{bucket}/{name}", body=content)

    def delete(self, bucket: str, name: str) -> None:
        self._ask("DELETE", f"/{bucket}/{name}")

    def _lists(self, node: str, bucket: str, key: Key) -> bool:
        try:
            self._ask("GET", f"/{bucket}", query={"list-type": "2"}, node=node, key=key)
        except OSError:
            return False
        return True

    def _ask(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: bytes = b"", node: str = "node0",
        key: Key | None = None,
    ) -> bytes:
        host = f"127.0.0.1:{self.ports[f'{node} s3']}"
        path = urllib.parse.quote(path)
        asked = urllib.parse.urlencode(sorted((query or {}).items()), quote_via=urllib.parse.quote)
        headers = signed(key or self.owner, method, host, path, asked, body)
        where = f"http://{host}{path}" + (f"?{asked}" if asked else "")
        request = urllib.request.Request(where, data=body or None, method=method, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            error.close()
            raise

    def _takes_files(self) -> bool:
        try:
            self.alter("ready", "ready", b"ready")
        except OSError:
            return False
        return True

    # The processes.

    def _settings(self, name: str) -> Path:
        return self.folder / name / "garage.toml"

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "RUST_LOG": "garage=info"}

    def _own(self, name: str, *words: str) -> str:
        done = subprocess.run(
            [program(), "-c", self._settings(name), *words], cwd=self.folder, env=self._environment(),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def _imports(self, name: str, key: Key) -> bool:
        """Gives a key, once the nodes have found each other."""
        try:
            self._own("node0", "key", "import", "--yes", "-n", name, key.id, key.secret)
        except AssertionError:
            return False
        return True

    def _listens(self, name: str) -> bool:
        code = self.processes[name].poll()
        assert code is None, f"{name} ended with {code}:\n{(self.folder / f'{name}.log').read_text()[-3000:]}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(self.endpoint_of(name), timeout=5).close()
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            return False
        return True

    def _spawn(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [program(), "-c", self._settings(name), "server"], cwd=self.folder, env=self._environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )


def signed(key: Key, method: str, host: str, path: str, query: str, body: bytes) -> dict[str, str]:
    """The headers of a request in the signature of S3."""
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    names = "host;x-amz-content-sha256;x-amz-date"
    canonical = "\n".join([
        method, path, query, f"host:{host}", f"x-amz-content-sha256:{digest}", f"x-amz-date:{moment}", "", names, digest,
    ])
    scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    made = f"AWS4{key.secret}".encode()
    for part in scope.split("/"):
        made = hmac.digest(made, part.encode(), "sha256")
    signature = hmac.digest(made, text.encode(), "sha256").hex()
    return {
        "x-amz-date": moment,
        "x-amz-content-sha256": digest,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}",
    }


@contextlib.contextmanager
def running() -> Iterator[Garage]:
    """Starts a store, and ends it."""
    folder = Path(tempfile.mkdtemp(prefix="garage-"))
    store = Garage(folder)
    try:
        yield store.start()
    finally:
        store.stop()
        shutil.rmtree(folder, ignore_errors=True)

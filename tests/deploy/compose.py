"""The compose file of three replicas, read, and its services as processes on loopback.

No container engine runs where the tests run. So each service is started by hand from what the files
say: the words of its command, its variables, its settings and its secrets, with the addresses and
the paths of containers replaced. PostgreSQL is the tests' own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import http, pipelines
from support.http import Answer
from support.ports import free_pair, free_port
from support.postgres import PASSWORD, Cluster
from support.programs import binary, clean_environment, venv
from support.waiting import wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"
REPLICAS = DEPLOY / "replicas"
NAMES = ["replica-1", "replica-2", "replica-3"]
START_SECONDS = 60
# A user `ada` with the password `secret`.
HTPASSWD = "ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"
ADA = ("ada", "secret")
WEED_PORTS = ["master", "volume", "filer", "s3"]


def read(file: Path) -> dict:
    """Reads a compose file, with what it takes over from elsewhere in it put in."""
    return pipelines.read(file.read_text())


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Replaces what must be there."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in:\n{text}"
        text = text.replace(old, new)
    return text


class Service:
    """A process that a service is."""

    def __init__(self, name: str, words: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.name, self.words, self.folder, self.environment = name, words, folder, environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / f"{self.name}.log").read_text(errors="replace")

    def start(self) -> Service:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.words, cwd=self.folder, env=clean_environment(self.folder, **self.environment),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        return self

    def run(self) -> None:
        """Runs a job to its end."""
        code = self.start().process.wait(START_SECONDS)
        assert code == 0, f"{self.name} ended with {code}:\n{self.log}"

    def stop(self, sent: signal.Signals = signal.SIGTERM, seconds: float = 45) -> int:
        process = self.process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(sent)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.name} did not end:\n{self.log[-3000:]}") from None

    def is_alive(self) -> bool:
        code = self.process.poll()
        assert code is None, f"{self.name} ended with {code}:\n{self.log[-3000:]}"
        return True


class Stack:
    """All services of the compose file, over a PostgreSQL of the tests."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.folder, self.cluster = folder, cluster
        self.services: dict[str, Service] = {}
        self.file = read(REPLICAS / "compose.yaml")["services"]
        self.ports = {name: free_port() for name in ["balancer", *NAMES]}
        self.ports |= {name: free_pair() for name in WEED_PORTS}
        self.database = cluster.make_database()

    def up(self) -> Stack:
        """Starts everything in the order that the file asks for."""
        self._write_secrets()
        self._start_objects()
        for name in NAMES:
            self._write_settings(name)
        self._program("migrate", NAMES[0]).run()
        for name in NAMES:
            self._program(name, name).start()
        for name in NAMES:
            self.await_ready(name)
        self._start_balancer()
        return self

    def down(self) -> None:
        # What stops by itself takes its time.
        for service in reversed(self.services.values()):
            service.stop(signal.SIGTERM if service.name == "balancer" else signal.SIGKILL)

    def await_ready(self, name: str) -> None:
        """Waits until a replica is ready, as its own health check in the file says."""
        service = self.services[name]
        words = self._paths(self.file[name]["healthcheck"]["test"][1:], name)

        def is_well() -> bool:
            service.is_alive()
            return subprocess.run(words, capture_output=True, timeout=30).returncode == 0

        wait_until(is_well, seconds=START_SECONDS, what=f"{name} is ready")

    def await_in_use(self, name: str) -> None:
        """Waits until the balancer sends something to a replica."""
        before = self.services[name].log.count("/simple/")

        def is_asked() -> bool:
            self.ask("GET", "/simple/")
            return self.services[name].log.count("/simple/") > before

        wait_until(is_asked, seconds=20, what=f"the balancer uses {name}")

    def ask(self, method: str, path: str, **more: object) -> Answer:
        """Asks through the balancer."""
        return http.ask(self.ports["balancer"], method, path, **more)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['balancer']}/"

    # What the files say, with the addresses of this machine.

    def _write_secrets(self) -> None:
        secrets = self.folder / "secrets"
        subprocess.run([REPLICAS / "secrets.sh", secrets], check=True, capture_output=True)
        # The cluster has its owner's password already.
        for name, text in [("postgres-password", f"{PASSWORD}\n"), ("htpasswd", HTPASSWD)]:
            (secrets / name).unlink()
            (secrets / name).write_text(text)

    def _write_settings(self, name: str) -> None:
        text = (REPLICAS / "wheelhouse.toml").read_text()
        socket = str(self.cluster.folder).replace("/", "%2F")
        (self.folder / name).mkdir()
        (self.folder / name / "wheelhouse.toml").write_text(replaced(
            text,
            ('host = "0.0.0.0"', 'host = "127.0.0.1"'),
            ("port = 8080", f"port = {self.ports[name]}"),
            ("@postgres/wheelhouse?", f"@{socket}:{self.cluster.port}/{self.database}?"),
            ("//objects:8333", f"//127.0.0.1:{self.ports['s3']}"),
            ("/run/secrets/", f"{self.folder}/secrets/"),
            ("/data/", f"{self.folder}/{name}/"),
            ("172.30.77.2", "127.0.0.1"),
        ))

    def _paths(self, words: list[str], name: str) -> list[str]:
        pairs = [
            ("/usr/bin/wheelhouse", binary("wheelhouse")),
            ("/etc/wheelhouse/", f"{self.folder}/{name}/"),
            ("/run/secrets/", f"{self.folder}/secrets/"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.ports.get(name)}"),
        ]
        for old, new in pairs:
            words = [word.replace(old, new) for word in words]
        return words

    def _program(self, name: str, settings: str) -> Service:
        service = self.file[name]
        words = self._paths([*service["entrypoint"], *service["command"]], settings)
        variables = dict(zip(service["environment"], self._paths([*service["environment"].values()], settings)))
        return self._service(name, words, variables)

    def _service(self, name: str, words: list[str], environment: dict[str, str] | None = None) -> Service:
        self.services[name] = Service(name, words, self.folder, environment or {})
        return self.services[name]

    def _start_objects(self) -> None:
        service = self.file["objects"]
        words = " ".join(service["command"])
        words = replaced(
            words,
            ("-ip=objects -ip.bind=0.0.0.0", "-ip=127.0.0.1 -ip.bind=127.0.0.1"),
            ("-dir=/data", "-dir=objects"),
            ("-s3.port=8333", f"-s3.port={self.ports['s3']}"),
            ("/run/secrets/", f"{self.folder}/secrets/"),
        ).split()
        assert service["entrypoint"] == ["/usr/bin/weed"]
        weed = str(venv("seaweedfs") / "weed")
        for name in WEED_PORTS:
            port = self.ports[name]
            words += [f"-{name}.port.grpc={port + 10_000}", *([] if name == "s3" else [f"-{name}.port={port}"])]
        (self.folder / "objects").mkdir()
        objects = self._service("objects", [weed, *words]).start()
        test = service["healthcheck"]["test"]
        assert test[:-1] == ["CMD", "wget", "-q", "-O", "/dev/null"]
        path = test[-1].removeprefix("http://127.0.0.1:8333")

        def is_well() -> bool:
            objects.is_alive()
            try:
                return http.ask(self.ports["s3"], "GET", path).status == 200
            except OSError:
                return False

        wait_until(is_well, seconds=START_SECONDS, what="the store of objects")
        bucket = self.file["bucket"]
        # The engine makes one dollar of two.
        script = replaced(
            bucket["command"][0].replace("$$", "$"),
            ("/usr/bin/weed", weed),
            ("objects:9333", f"127.0.0.1:{self.ports['master']}"),
            ("objects:8888", f"127.0.0.1:{self.ports['filer']}"),
        )
        self._service("bucket", [*bucket["entrypoint"], script]).run()

    def _start_balancer(self) -> None:
        servers = [(f"{name}:8080", f"127.0.0.1:{self.ports[name]}") for name in NAMES]
        text = replaced(
            (REPLICAS / "haproxy.cfg").read_text(), *servers, ("bind :8080", f"bind 127.0.0.1:{self.ports['balancer']}")
        )
        (self.folder / "haproxy.cfg").write_text(text)
        program = haproxy()
        words = replaced(" ".join(self.file["balancer"]["command"]), ("/etc/haproxy/", f"{self.folder}/")).split()
        assert words[0] == "haproxy"
        balancer = self._service("balancer", [program, *words[1:]]).start()

        def is_well() -> bool:
            balancer.is_alive()
            try:
                return self.ask("GET", "/balancer").status == 200
            except OSError:
                return False

        wait_until(is_well, seconds=START_SECONDS, what="the balancer")
        wait_until(lambda: self.ask("GET", "/readyz").status == 200, seconds=20, what="a replica behind the balancer")


def haproxy() -> str:
    """The path of HAProxy, which is among the system's own programs."""
    found = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "haproxy is missing; ./ci/test tools installs it"
    return found


@contextmanager
def running(cluster: Cluster) -> Iterator[Stack]:
    """Starts all services, and ends them."""
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    stack = Stack(folder, cluster)
    try:
        yield stack.up()
    finally:
        stack.down()
        shutil.rmtree(folder, ignore_errors=True)

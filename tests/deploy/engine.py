"""A container engine of a page: enough to start the image's root file system as one would.

No engine runs where the tests run. So this does by hand what matters here: the program is the
first process of its own process namespace, sees nothing but the image and the volumes, has the
image's working folder, and listens in a network of its own, where `0.0.0.0` reaches nobody else.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOTFS = HERE.parents[1] / "deploy" / "rootfs.sh"
ENTRY = ["/usr/bin/wheelhouse", "container"]
START_SECONDS = 20
STOP_SECONDS = 20
NAMESPACES = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork"]
NEW_NETWORK = 0x40000000


def why_no_containers() -> str | None:
    """Says why this machine does not let us make containers, if so: that takes root's rights."""
    if os.geteuid() != 0:
        return "only root can make containers"
    tried = subprocess.run(["unshare", *NAMESPACES, "true"], capture_output=True, text=True)
    return f"no containers within this one: {tried.stderr}" if tried.returncode else None


def assemble(program: Path, destination: Path) -> Path:
    """Makes the image's root file system, as the container file does."""
    subprocess.run([ROOTFS, program, destination], check=True)
    return destination


@dataclass
class Container:
    """A container of the image at `root`, to be used in a `with` statement.

    `volumes` are (folder or file outside, path inside, "rw" or "ro").
    """

    root: Path
    arguments: list[str] = field(default_factory=list)
    volumes: list[tuple[Path, str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: int = 0
    group: int = 0
    is_read_only: bool = False
    port: int = 8080
    pid: int | None = field(default=None, init=False)

    def __enter__(self) -> "Container":
        for source, target, _ in self.volumes:
            inside = self.root / target
            if source.is_dir():
                inside.mkdir(parents=True, exist_ok=True)
            else:
                inside.touch()
        plan = {
            "root": str(self.root),
            "volumes": [(str(source), target, mode) for source, target, mode in self.volumes],
            "is_read_only": self.is_read_only,
            "uid": self.user,
            "gid": self.group,
            "entry": ENTRY,
            "arguments": self.arguments,
            "environment": {"PATH": "/usr/bin", "HOME": "/root", **self.environment},
        }
        # Its output goes to a file, which never fills up and blocks the program.
        self.log = self.root.with_name(f"{self.root.name}-{time.monotonic_ns()}.log")
        with self.log.open("wb") as log:
            self.engine = subprocess.Popen(
                ["unshare", *NAMESPACES, "--kill-child", sys.executable, HERE / "enter.py", json.dumps(plan)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.pid = self._first_process()
            self._wait_for_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # A program that changed its user does not die with whoever started it; and with the
        # first process of a namespace all others in it die.
        if self.pid is not None and self.engine.poll() is None:
            self.signal(signal.SIGKILL)
        self.engine.kill()
        self.engine.wait()

    def output(self) -> str:
        """Returns what the program has written."""
        return self.log.read_text()

    def status(self) -> dict[str, list[str]]:
        """Returns what the kernel says of the program: user, groups, capabilities."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}

    def connection(self) -> http.client.HTTPConnection:
        """Connects from within the container's network."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.sock = self._socket()
        return connection

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str):
        """Asks the program, and returns status, headers and body of the answer."""
        connection = self.connection()
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, names)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def execute(self, *words: str) -> subprocess.CompletedProcess:
        """Runs a program within the container, as the engine runs a health check."""
        enter = ["nsenter", "--target", str(self.pid), "--all", "--root", "--wd"]
        environment = {"PATH": os.environ["PATH"], **self.environment}
        return subprocess.run(
            [*enter, *words], env=environment, capture_output=True, text=True, timeout=30
        )

    def signal(self, number: signal.Signals) -> None:
        """Sends the first process a signal."""
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Waits for the program to end and returns its exit code."""
        return self.engine.wait(STOP_SECONDS)

    def _first_process(self) -> int:
        children = Path(f"/proc/{self.engine.pid}/task/{self.engine.pid}/children")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.engine.poll() is None:
            if words := children.read_text().split():
                return int(words[0])
            time.sleep(0.01)
        raise AssertionError(f"the container did not begin:\n{self.output()}")

    def _wait_for_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.engine.poll() is None:
            try:
                if self.request("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"the program did not answer:\n{self.output()}")

    def _socket(self) -> socket.socket:
        """Makes a socket in the container's network. A thread of its own goes there, because a
        socket stays where it was made and a thread cannot simply go back."""
        made: list[socket.socket | OSError] = []

        def make() -> None:
            try:
                with open(f"/proc/{self.pid}/ns/net", "rb") as network:
                    libc = ctypes.CDLL(None, use_errno=True)
                    if libc.setns(network.fileno(), NEW_NETWORK) != 0:
                        raise OSError(ctypes.get_errno(), "cannot enter the network")
                made.append(socket.create_connection(("127.0.0.1", self.port), timeout=10))
            except OSError as error:
                made.append(error)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

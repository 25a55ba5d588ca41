"""Azurite, the stand-in of Azure Blob Storage: one process, on loopback."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import subprocess
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

from . import http
from .ports import free_port
from .waiting import wait_until

ACCOUNT = "wheels"
KEY = base64.b64encode(b"a key of the tests, of any length").decode()
VERSION = "2021-08-06"


class Azurite:
    """A running stand-in."""

    def __init__(self, folder: Path) -> None:
        program = os.environ.get("WHEELHOUSE_AZURITE")
        assert program and Path(program).exists(), "azurite is missing; ./ci/test tools installs it"
        self.folder = folder
        self.port = free_port()
        self.log = (folder / "azurite.log").open("wb")
        self.process = subprocess.Popen(
            [program, "--silent", "--disableTelemetry", "--skipApiVersionCheck",
             "--blobHost", "127.0.0.1", "--blobPort", str(self.port), "--location", str(folder)],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def credentials(self) -> dict[str, str]:
        return {"AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": KEY}

    def answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "azurite.log").read_text()
        with contextlib.suppress(OSError):
            http.ask(self.port, "GET", "/")
            return True
        return False

    def make_container(self, name: str) -> None:
        date = formatdate(usegmt=True)
        said = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{VERSION}\n"
        said += f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        proof = hmac.new(base64.b64decode(KEY), said.encode(), hashlib.sha256).digest()
        headers = {
            "x-ms-date": date,
            "x-ms-version": VERSION,
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(proof).decode()}",
            "Content-Length": "0",
        }
        answer = http.ask(self.port, "PUT", f"/{ACCOUNT}/{name}?restype=container", headers=headers)
        assert answer.status == 201, answer

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(30)
        self.log.close()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Azurite]:
    """Starts a stand-in, and ends it."""
    azurite = Azurite(folder)
    try:
        wait_until(azurite.answers, seconds=60, what="Azurite")
        yield azurite
    finally:
        azurite.stop()

"""A real ACME server on loopback: pebble, with a name server of its own."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from pathlib import Path

import httpx

from .authority import Authority
from .ports import free_port
from .waiting import wait_until


class Pebble:
    """An ACME server that finds every name on this machine, and asks it at one port."""

    def __init__(self, folder: Path, authority: Authority, *, port: int) -> None:
        folder.mkdir()
        self.folder, self.authority = folder, authority
        self.own_port, self.management_port = free_port(), free_port()
        name_port, name_management_port = free_port(), free_port()
        certificate, key = authority.issue(folder)
        config = {
            "listenAddress": f"127.0.0.1:{self.own_port}",
            "managementListenAddress": f"127.0.0.1:{self.management_port}",
            "certificate": str(certificate),
            "privateKey": str(key),
            "httpPort": port,
            "tlsPort": port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
        }
        (folder / "config.json").write_text(json.dumps({"pebble": config}))
        self.log = (folder / "pebble.log").open("ab")
        names = ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{name_port}", "-http01", "", "-https01", "",
                 "-tlsalpn01", "", "-management", f"127.0.0.1:{name_management_port}", "-defaultIPv6", ""]
        words = ["pebble", "-config", str(folder / "config.json"), "-dnsserver", f"127.0.0.1:{name_port}", "-strict"]
        self.processes = [self._run(names), self._run(words, PEBBLE_VA_NOSLEEP="1", PEBBLE_AUTHZREUSE="0")]
        self.web = httpx.Client(verify=authority.trusted(), timeout=10)
        wait_until(self.answers, seconds=20, what="pebble answers")

    def _run(self, words: list[str], **more: str) -> subprocess.Popen[bytes]:
        path = shutil.which(words[0])
        assert path, f"{words[0]} is missing; ./ci/test tools installs it"
        environment = {"PATH": "/usr/bin:/bin", **more}
        return subprocess.Popen([path, *words[1:]], stdout=self.log, stderr=self.log, env=environment)

    @property
    def directory(self) -> str:
        return f"https://localhost:{self.own_port}/dir"

    def answers(self) -> bool:
        assert all(process.poll() is None for process in self.processes), self.said()
        try:
            return self.web.get(self.directory).status_code == 200
        except httpx.TransportError:
            return False

    def trusted(self) -> ssl.SSLContext:
        """What a client needs that trusts what this server signs."""
        root = self.web.get(f"https://localhost:{self.management_port}/roots/0").text
        context = ssl.create_default_context(cadata=root)
        # The authorities of this server say nothing of how their keys may be used.
        context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
        return context

    def said(self) -> str:
        self.log.flush()
        return (self.folder / "pebble.log").read_text(errors="replace")

    def close(self) -> None:
        self.web.close()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
        self.log.close()

"""Stands where the way to other machines would be, so that no client asks one unseen."""

from __future__ import annotations

import socket
import threading


class WayOut:
    """A proxy that lets nobody through and notes who tries."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a client here for all that is not loopback."""
        address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        proxies = {name: address for name in ("http_proxy", "https_proxy", "all_proxy")}
        return {**proxies, "no_proxy": "127.0.0.1,127.1,localhost"}

    def _listen(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                connection.settimeout(5)
                try:
                    line = connection.recv(1000).split(b"\r\n")[0].decode(errors="replace")
                    self.tried.append(line)
                    connection.sendall(b"HTTP/1.1 403 No way out\r\nContent-Length: 0\r\n\r\n")
                except OSError as error:
                    self.tried.append(str(error))


# One for each process that runs tests; it ends with the process.
WAY_OUT = WayOut()

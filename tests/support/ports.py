"""Ports for servers that must be told theirs before they start, or that come back on the same one."""

from __future__ import annotations

import random
import socket
from pathlib import Path

# A server that ends and comes back would find its port taken by somebody's outgoing connection, if
# the system hands it out for those.
LOWEST = 10_240
COMPANION = 10_000
CHOICE = random.SystemRandom()


def below_the_systems_own() -> int:
    """The first port that the system gives to connections by itself."""
    with Path("/proc/sys/net/ipv4/ip_local_port_range").open() as file:
        first = int(file.read().split()[0])
    # A machine that hands out nearly all of them leaves nothing to choose.
    return first if first > LOWEST + 2 * COMPANION else 32_768


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nobody uses and that the system gives to nobody by itself."""
    return _choose(below_the_systems_own(), is_free)


def free_pair() -> int:
    """A port like that whose companion 10000 above is one, too."""
    return _choose(below_the_systems_own() - COMPANION, lambda port: is_free(port) and is_free(port + COMPANION))


def _choose(end: int, suits) -> int:
    for _ in range(200):
        port = CHOICE.randrange(LOWEST, end)
        if suits(port):
            return port
    raise AssertionError("no free port")

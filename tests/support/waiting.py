"""Waits for what must come soon, without a fixed pause."""

from __future__ import annotations

import time
from collections.abc import Callable


# A shorter limit would judge how busy the machine is. Speed is measured by benches.
LEAST_SECONDS = 20


def wait_until(holds: Callable[[], object], *, seconds: float, what: str = "") -> float:
    """Waits until `holds()` is true and returns the seconds it took; fails after `seconds`."""
    seconds = max(seconds, LEAST_SECONDS)
    began = time.monotonic()
    while True:
        if holds():
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} seconds: {what or holds}")
        time.sleep(0.05)


def never(holds: Callable[[], object], *, seconds: float, what: str = "") -> None:
    """Fails if `holds()` is true at any look during `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not holds(), f"came although it must not: {what or holds}"
        time.sleep(0.05)

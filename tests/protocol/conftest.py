"""One site that the tests of the protocol read."""

from __future__ import annotations

import pytest

from support.distributions import any_file, sdist, wheel
from support.programs import Door, Site

FILES = [
    wheel("friendly-bard", "1.0", requires_python=">=3.8,<4", summary="Sings"),
    sdist("friendly-bard", "1.0"),
    wheel("friendly-bard", "1.10+cu126"),
    wheel("friendly-bard", "1.9"),
    any_file("friendly_bard-1.0.tar.gz.asc", b"signature"),
    wheel("Zope.Thing", "2.0"),
]


@pytest.fixture(scope="session")
def files():
    return FILES


@pytest.fixture(scope="module")
def site(serve_all, either_name: Door) -> Site:
    """The index under both of its names: the protocol does not depend on the name."""
    return serve_all(either_name, "--disable-fallback", files=FILES)

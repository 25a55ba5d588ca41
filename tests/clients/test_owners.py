"""What owners say, as installers understand it."""

from __future__ import annotations

import pytest

from clients.conftest import installed
from support.distributions import wheel
from support.owners import own

FILES = [wheel("demo", "1.0"), wheel("demo", "2.0"), wheel("app", "1.0", requires_dist=["demo"])]


@pytest.fixture
def site(serve, wheelhouse):
    return serve(wheelhouse, files=FILES)


def install(client, name: str, site, target, *wanted: str, **more) -> str:
    """Installs into an empty folder and returns what the client said."""
    index = site.url + "simple/"
    made = client(name)
    if name == "uv":
        words = ["uv", "pip", "install", "--no-cache", "--index-url", index, "--target", target, *wanted]
        done = made.run(*words, **more)
    else:
        done = made.pip("install", "--no-cache-dir", "-i", index, "--target", target, *wanted, **more)
    return done.stdout + done.stderr


CLIENTS = pytest.mark.parametrize("name", ["pip-23.0", "pip-newest", "uv"])


@CLIENTS
def test_a_yanked_release_is_passed_over_unless_it_is_asked_for(site, client, target, name):
    own(site, "yank", "demo==2.0", "--reason", "eats files")
    install(client, name, site, target, "app")
    assert installed(target) == {"app-1.0", "demo-1.0"}
    said = install(client, name, site, target.with_name("asked"), "demo==2.0")
    assert installed(target.with_name("asked")) == {"demo-2.0"}
    assert "eats files" in said, "the client says why"
    own(site, "unyank", "demo==2.0")
    install(client, name, site, target.with_name("after"), "app")
    assert installed(target.with_name("after")) == {"app-1.0", "demo-2.0"}


@CLIENTS
def test_nobody_installs_what_is_quarantined_or_deleted(site, client, target, name):
    own(site, "status", "demo", "quarantined")
    install(client, name, site, target, "demo", fails=True)
    own(site, "status", "demo", "deprecated", "--reason", "use another one")
    own(site, "delete", "demo==2.0", "--yes")
    install(client, name, site, target, "demo")
    assert installed(target) == {"demo-1.0"}

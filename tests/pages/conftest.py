"""A site with people, and their browsers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from support.plain_browser import Browser
from support.distributions import sdist, wheel
from support.programs import Site, binary

SECRET = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
USERS = {name: SECRET for name in ["ada", "bob", "eve", "root"]}
RULES = ["--rule", "user:root all", "--rule", "user:ada create", "--rule", "users list+download"]
LOCKED = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", *RULES]
FILES = [wheel("demo", "1.0"), wheel("demo", "2.0"), sdist("demo", "2.0"), wheel("other", "1.0")]


def own(site: Site, *words: str, fails: bool = False) -> str:
    """Runs a command as the administrator of the machine."""
    done = subprocess.run([binary("wheelhouse"), *words, *site.owner_words], cwd=site.folder, env=site.environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert (done.returncode != 0) == fails, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def site(serve, wheelhouse) -> Site:
    site = serve(wheelhouse, *LOCKED, files=FILES, users=USERS)
    own(site, "role", "demo", "owner", "ada")
    return site


@pytest.fixture
def browser(site) -> Callable[..., Browser]:
    """A browser in which somebody is signed in."""
    def signed_in(user: str = "ada") -> Browser:
        browser = Browser(site)
        answer = browser.sign_in(user)
        assert answer.status == 200 and browser.session, answer
        return browser

    return signed_in

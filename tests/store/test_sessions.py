"""Browsers that are signed in are so at every replica, and are signed out at all of them at once."""

from __future__ import annotations

from support.plain_browser import Browser

from .test_replicas import own, town  # noqa: F401: a fixture


def at(site, browser: Browser) -> Browser:
    """The same browser, sent to another replica."""
    other = Browser(site)
    other.cookies = dict(browser.cookies)
    return other


def is_in(browser: Browser) -> bool:
    answer = browser.get("/account")
    assert answer.status == 200, answer
    return browser.path == "/account"


def test_session_counts_at_every_replica_and_ends_at_all(town):  # noqa: F811
    sites = town(3)
    for number in range(5):
        here, there = sites[number % 3], sites[(number + 1) % 3]
        browser = Browser(here)
        browser.sign_in("ada", to="/account")
        for site in sites:
            assert is_in(at(site, browser))
        elsewhere = at(there, browser)
        elsewhere.get("/account/tokens")
        # A form of one replica is sent to another.
        fields = [*elsewhere.form("/account/sign-out").fields]
        again = at(here, browser)
        again.post("/account/sign-out", fields)
        for site in sites:
            assert not is_in(at(site, browser)), number


def test_disabled_account_is_out_everywhere(town):  # noqa: F811
    sites = town(2)
    browser = Browser(sites[0])
    browser.sign_in("bob", to="/account")
    assert is_in(at(sites[1], browser))
    own(sites[1], "account", "disable", "bob")
    assert not is_in(at(sites[0], browser)) and not is_in(at(sites[1], browser))


def test_administrator_sees_the_replicas(town):  # noqa: F811
    sites = town(2)
    browser = Browser(sites[0])
    browser.sign_in("ada", to="/admin/health")
    assert browser.page.status == 200 and "Replicas" in browser.text
    assert browser.text.count("this one") == 1 and browser.text.count("good for") == 2

"""The pages that anybody may read, in a real browser: with a script and without, narrow and wide, light and
dark. Each is judged by axe-core, its console is empty, and it asks no other host."""

from __future__ import annotations

import pytest

from conftest import SiteMaker
from support.browser import NARROW, WIDE, Browser
from support.programs import WHEELHOUSE, Site
from support.waiting import wait_until

from .shelf import SHELF

PAGES = [
    "/",
    "/search",
    "/search?q=brush",
    "/search?q=no+such+thing",
    "/project/paint/",
    "/project/paint/1.0/",
    "/project/quiet/",
]


@pytest.fixture(scope="module")
def shelf(serve_all: SiteMaker) -> Site:
    site = serve_all(WHEELHOUSE, files=SHELF)
    # Found by its summary: everything was read.
    wait_until(lambda: "/project/paint/" in site.get("/search?q=brush").text, seconds=30, what="the search is built")
    return site


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound_for_everybody(browser: Browser, shelf: Site, path: str, script: bool) -> None:
    for width, dark in ((WIDE, False), (NARROW, True)):
        with browser.visit(shelf.url, script=script, width=width, dark=dark) as visit:
            visit.go(path)
            visit.check()


@pytest.mark.parametrize(("path", "status"), [("/project/pant/", 404), ("/no/such/page", 404)])
def test_a_refusal_is_a_page_that_says_what_to_do(browser: Browser, shelf: Site, path: str, status: int) -> None:
    with browser.visit(shelf.url) as visit:
        page = visit.go(path, status)
        visit.check()
        assert page.get_by_text("Request").is_visible()
        if path == "/project/pant/":
            page.get_by_role("link", name="paint", exact=True).click()
            assert page.get_by_role("heading", name="paint 1.1").is_visible()


def test_a_search_finds_by_name_and_by_what_is_said(browser: Browser, shelf: Site) -> None:
    for script in (True, False):
        with browser.visit(shelf.url, script=script) as visit:
            page = visit.go("/")
            page.get_by_label("Search projects").fill("brush")
            page.get_by_role("button", name="Search").click()
            names = page.locator(".cards strong").all_inner_texts()
            assert names == ["brush", "paint"], names
            page.get_by_role("link", name="paint").click()
            assert page.get_by_role("heading", name="paint 1.1").is_visible()


def test_typing_is_helped(browser: Browser, shelf: Site) -> None:
    with browser.visit(shelf.url) as visit:
        page = visit.go("/")
        page.get_by_label("Search projects").press_sequentially("pai")
        page.wait_for_selector("#find-names option", state="attached")
        assert page.locator("#find-names option").evaluate_all("all => all.map(one => one.value)") == ["paint"]
        visit.check()


def test_filters_are_kept_from_page_to_page(browser: Browser, shelf: Site) -> None:
    with browser.visit(shelf.url) as visit:
        page = visit.go("/search?q=paint")
        page.get_by_label("Python").select_option("3.8")
        page.get_by_role("button", name="Filter").click()
        assert "python=3.8" in page.url
        assert page.get_by_label("Python").input_value() == "3.8"
        assert page.locator(".cards strong").all_inner_texts() == ["brush"]


def test_a_version_is_picked_with_and_without_a_script(browser: Browser, shelf: Site) -> None:
    for script in (True, False):
        with browser.visit(shelf.url, script=script) as visit:
            page = visit.go("/project/paint/")
            page.get_by_label("Version").select_option("1.0")
            if not script:
                page.get_by_role("button", name="Show").click()
            page.wait_for_url("**/project/paint/1.0/")
            assert page.get_by_role("heading", name="paint 1.0").is_visible()


def test_a_line_is_copied(browser: Browser, shelf: Site) -> None:
    with browser.visit(shelf.url) as visit:
        page = visit.go("/project/paint/")
        page.get_by_role("button", name="Copy the line that installs it").click()
        page.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == f"pip install --index-url {shelf.url}simple/ paint"


def test_the_keyboard_reaches_everything_and_shows_where_it_is(browser: Browser, shelf: Site) -> None:
    with browser.visit(shelf.url) as visit:
        page = visit.go("/project/paint/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
        assert page.locator(".skip").bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline not in ("none", "")

"""A real browser: Debian's Chromium without a window, driven by Playwright. Each visit fails for a message in
the console, for a request to another host, and for whatever axe-core finds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

# What WCAG 2.2 asks for in levels A and AA, as axe-core calls it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW = 1280, 360


class Visit:
    """One page of a browser of its own, with its own cookies."""

    def __init__(self, browser: Chromium, url: str, options: dict[str, Any]) -> None:
        self.url = url.rstrip("/")
        self.has_script = options["java_script_enabled"]
        self.context = browser.new_context(**options)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.url)
        self.context.set_default_timeout(30_000)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.expected: list[str] = []
        self.strangers: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        self.said.append(f"{message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        target = urlsplit(request.url)
        if target.scheme not in ("data", "blob") and target.netloc != urlsplit(self.url).netloc:
            self.strangers.append(request.url)

    def go(self, path: str, status: int = 200) -> Page:
        """Opens a page of the index."""
        answer = self.page.goto(self.url + path)
        assert answer, path
        assert answer.status == status, f"{path}: {answer.status} {self.page.content()[:2000]}"
        if status >= 400:
            # The browser itself says so, whatever the page shows.
            self.said = [line for line in self.said if f"status of {status}" not in line]
        return self.page

    def check(self) -> None:
        """Fails if the page that is open is not sound for everybody."""
        assert not self.said, f"{self.page.url}: the console says {self.said}"
        assert not self.strangers, f"{self.page.url}: asks strangers: {self.strangers}"
        # axe-core needs timers, which a browser without scripts has not. The markup is the same.
        if self.has_script:
            self.judge()
        # Nothing may need a scroll bar from left to right, but what has one of its own.
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} pixels too wide for {self.page.viewport_size}"

    def judge(self) -> None:
        """Fails for what axe-core finds."""
        self.page.evaluate(Path(os.environ["WHEELHOUSE_AXE"]).read_text())
        found = self.page.evaluate(
            "rules => axe.run({runOnly: {type: 'tag', values: rules}}).then(found => found.violations.map("
            "rule => [rule.id, rule.help, rule.nodes.map(node => node.html + ' ' + node.failureSummary)]))",
            RULES,
        )
        assert not found, f"{self.page.url}: {found}"


class Browser:
    """Opens visits."""

    def __init__(self, chromium: Chromium) -> None:
        self.chromium = chromium

    @contextmanager
    def visit(
        self, url: str, *, script: bool = True, width: int = WIDE, dark: bool = False, **more: Any
    ) -> Iterator[Visit]:
        options = {
            "java_script_enabled": script,
            "viewport": {"width": width, "height": 900},
            "color_scheme": "dark" if dark else "light",
            "reduced_motion": "reduce",
            **more,
        }
        visit = Visit(self.chromium, url, options)
        try:
            yield visit
        finally:
            visit.context.close()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Starts Chromium."""
    program = shutil.which("chromium")
    assert program, "chromium is missing; ./ci/test tools installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--disable-dev-shm-usage"])
        try:
            yield Browser(chromium)
        finally:
            chromium.close()

"""What is inside files and what changed between releases, in a real browser: as `test_reading.py` judges pages."""

from __future__ import annotations

import io
import zipfile

import pytest

from conftest import SiteMaker
from support.browser import NARROW, WIDE, Browser
from support.distributions import Distribution, metadata
from support.programs import WHEELHOUSE, Site

from .shelf import SHELF


def release(version: str, members: dict[str, bytes]) -> Distribution:
    content = io.BytesIO()
    info = f"ladder-{version}.dist-info"
    described = {f"{info}/METADATA": metadata("ladder", version, requires_dist=[f"brush>={version}"])}
    described[f"{info}/RECORD"] = b"ladder/__init__.py,sha256=abc,1\ngone.py,,\n"
    with zipfile.ZipFile(content, "w") as archive:
        for path, data in (members | described).items():
            archive.writestr(path, data)
    return Distribution(f"ladder-{version}-py3-none-any.whl", content.getvalue())


LADDERS = [
    release("1.0", {"ladder/__init__.py": b"STEPS = 7\n", "ladder/old.py": b"pass\n"}),
    release("2.0", {
        "ladder/__init__.py": b"STEPS = 8  # " + b"x" * 300 + b"\n",
        "ladder/_fast.cpython-312-x86_64-linux-gnu.so": b"\x7fELF" + bytes(200),
        "ladder.pth": b"import ladder\n",
        "../odd path": b"odd\n",
        "deep/" * 20 + "<script>alert(1)</script>.py": "ol\xe9 <b>".encode("latin-1"),
    }),
]
INSIDE = "/project/ladder/2.0/file/ladder-2.0-py3-none-any.whl"
PAGES = [
    INSIDE,
    f"{INSIDE}/ladder/__init__.py",
    f"{INSIDE}/ladder/_fast.cpython-312-x86_64-linux-gnu.so",
    f"{INSIDE}/ladder-2.0.dist-info/METADATA",
    f"{INSIDE}/ladder-2.0.dist-info/RECORD",
    f"{INSIDE}?place=3",
    f"{INSIDE}?place=4",
    "/project/paint/1.1/file/paint-1.1.tar.gz",
    "/project/ladder/changes/1.0...2.0",
    "/project/ladder/changes/1.0...1.0",
]


@pytest.fixture(scope="module")
def shelf(serve_all: SiteMaker) -> Site:
    return serve_all(WHEELHOUSE, files=[*SHELF, *LADDERS])


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound_for_everybody(browser: Browser, shelf: Site, path: str, script: bool) -> None:
    for width, dark in ((WIDE, False), (NARROW, True)):
        with browser.visit(shelf.url, script=script, width=width, dark=dark) as visit:
            visit.go(path)
            visit.check()


def test_a_reader_gets_from_a_project_to_a_line_and_to_what_changed(browser: Browser, shelf: Site) -> None:
    for script in (True, False):
        with browser.visit(shelf.url, script=script) as visit:
            page = visit.go("/project/ladder/")
            page.get_by_role("link", name="Look inside").first.click()
            page.get_by_role("link", name="__init__.py").click()
            assert page.locator("#L1").inner_text() == "1"
            assert "STEPS = 8" in page.locator(".numbered").inner_text()
            page.get_by_role("link", name="ladder-2.0-py3-none-any.whl").click()
            page.get_by_role("link", name="ladder 2.0").click()
            page.get_by_role("link", name="What changed in 2.0").click()
            assert page.get_by_role("heading", name="What can run by itself").is_visible()
            assert page.locator("ins", has_text="STEPS = 8").is_visible()
            assert page.locator("del", has_text="STEPS = 7").is_visible()
            visit.check()

"""Takes the pictures in this folder: `./ci/screenshots` runs it. The packages are those that the tests of
pages look at, so the pictures change only when the pages do."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent / "tests")]

from browser.shelf import SHELF  # noqa: E402
from PIL import Image  # noqa: E402
from support.browser import NARROW, WIDE, open_browser  # noqa: E402
from support.programs import WHEELHOUSE, Site  # noqa: E402

# The name of a picture, the page, and how much of it is shown.
PAGES = [("home", "/", 900), ("project", "/project/paint/", 1100), ("search", "/search?q=brush", 700)]
MAX_BYTES = 120_000


def make() -> None:
    for old in HERE.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        # One port, so that the addresses on the pages stay the same.
        site = Site(WHEELHOUSE, Path(folder), files=SHELF).start(8080)
        try:
            for name, path, height in PAGES:
                for width in (WIDE, NARROW):
                    for dark in (False, True):
                        with browser.visit(site.url, width=width, dark=dark) as visit:
                            page = visit.go(path)
                            page.set_viewport_size({"width": width, "height": height})
                            page.wait_for_load_state("networkidle")
                            keep(f"{name}-{width}-{'dark' if dark else 'light'}.png", page.screenshot())
        finally:
            site.close()


def keep(name: str, picture: bytes) -> None:
    """Writes a picture with 64 colours: pages have few."""
    small = Image.open(io.BytesIO(picture)).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(HERE / name, optimize=True)
    size = (HERE / name).stat().st_size
    assert size <= MAX_BYTES, f"{name} has {size} bytes"
    print(f"{size:>8} {name}")


if __name__ == "__main__":
    make()

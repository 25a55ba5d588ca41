"""What people do who signed in, in a real browser: with a script and without. Every page on the way is judged as
those that anybody may read."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from conftest import SiteMaker
from support.browser import NARROW, WIDE, Browser, Visit
from support.distributions import Distribution, wheel
from support.programs import WHEELHOUSE, Site, binary, clean_environment, venv
from support.waiting import wait_until

from .shelf import SHELF

SECRET = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
USERS = {"ada": SECRET, "root": SECRET}
RULES = ["--rule", "user:root all", "--rule", "user:ada create", "--rule", "users list+download"]
LOCKED = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", *RULES]
OWN_PAGES = [
    "/account",
    "/account/tokens",
    "/account/publishers",
    "/account/upload",
    "/project/paint/",
    "/project/paint/manage",
    "/project/paint/manage/change?version=1.0",
]
ADMIN_PAGES = ["/admin", "/admin/users", "/admin/rules", "/admin/journal", "/admin/audit", "/admin/health"]
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


def make(serve: SiteMaker) -> Site:
    site = serve(WHEELHOUSE, *LOCKED, files=SHELF, users=USERS)
    words = [binary("wheelhouse"), "role", "paint", "owner", "ada", *site.owner_words]
    subprocess.run(words, cwd=site.folder, env=site.environment, check=True, capture_output=True, timeout=60)
    return site


@pytest.fixture
def shelf(serve: SiteMaker) -> Site:
    return make(serve)


@pytest.fixture(scope="module")
def still_shelf(serve_all: SiteMaker) -> Site:
    """One that no test changes."""
    return make(serve_all)


def sign_in(visit: Visit, user: str = "ada", to: str = "/account") -> Page:
    page = visit.go(to, 200)
    if "/account/sign-in" in page.url:
        visit.check()
        page.get_by_label("User name").fill(user)
        page.get_by_label("Password").fill("secret")
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{to}")
    return page


@SCRIPT
@pytest.mark.parametrize(("user", "paths"), [("ada", OWN_PAGES), ("root", ADMIN_PAGES)], ids=["own", "admin"])
def test_the_pages_of_those_who_signed_in_are_sound_for_everybody(
    browser: Browser, still_shelf: Site, user: str, paths: list[str], script: bool
) -> None:
    for width, dark in ((WIDE, False), (NARROW, True)):
        with browser.visit(still_shelf.url, script=script, width=width, dark=dark) as visit:
            sign_in(visit, user, paths[0])
            for path in paths:
                visit.go(path)
                visit.check()


@SCRIPT
def test_a_wrong_password_is_told_and_a_sign_out_ends_it(browser: Browser, shelf: Site, script: bool) -> None:
    with browser.visit(shelf.url, script=script) as visit:
        page = visit.go("/account/sign-in")
        page.get_by_label("User name").fill("ada")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        assert page.get_by_role("alert").is_visible()
        visit.said.clear()  # The browser tells of the 401 by itself.
        visit.check()
        sign_in(visit)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_load_state()
        assert page.get_by_role("link", name="Sign in").first.is_visible()
        assert not visit.context.cookies() or "ada" not in visit.go("/").content()


@SCRIPT
def test_a_release_is_found_read_inspected_compared_and_yanked(browser: Browser, shelf: Site, script: bool) -> None:
    with browser.visit(shelf.url, script=script) as visit:
        page = sign_in(visit)

        def found() -> bool:
            visit.go("/search?q=paints")
            return page.locator(".cards strong").all_inner_texts() == ["paint"]

        wait_until(found, seconds=30, what="the search is built")
        page.get_by_role("link", name="paint").click()
        assert page.locator(".readme").get_by_role("link", name="fences").is_visible()
        visit.check()
        page.get_by_role("link", name="Look inside paint-1.1-py3-none-any.whl").click()
        visit.check()
        page.get_by_role("link", name="paint.py").click()
        assert page.get_by_text("COLOURS").is_visible()
        visit.check()
        visit.go("/project/paint/")
        page.get_by_role("link", name="What changed in 1.1").click()
        assert page.get_by_text("COLOURS").first.is_visible()
        visit.check()
        visit.go("/project/paint/manage/change?version=1.0")
        page.get_by_label("Why").fill("deletes <b>walls</b>")
        page.locator("form", has=page.get_by_label("Why")).get_by_role("button").click()
        visit.check()
        page.get_by_role("button", name="Do it").click()
        page.wait_for_load_state()
        visit.go("/project/paint/1.0/")
        assert page.get_by_text("This release is yanked").is_visible()
        assert page.get_by_text("deletes <b>walls</b>").first.is_visible()
        visit.check()
    simple = shelf.get("/simple/paint/", user=("ada", "secret")).text
    assert 'data-yanked="deletes' in simple


def drop(page: Page, files: list[Distribution]) -> None:
    """Drops files on the form, as a hand with a mouse would."""
    held = page.evaluate_handle(
        """files => {
            const held = new DataTransfer();
            for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
                held.items.add(new File([bytes], name));
            }
            return held;
        }""",
        [[file.filename, base64.b64encode(file.content).decode()] for file in files],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("form[data-drop]", event, {"dataTransfer": held})


@SCRIPT
def test_files_are_uploaded_and_each_is_told_of(
    browser: Browser, shelf: Site, tmp_path: Path, script: bool
) -> None:
    files = [wheel("paint", "2.0", summary="New"), Distribution("paint-3.0-py3-none-any.whl", b"no wheel")]
    with browser.visit(shelf.url, script=script) as visit:
        page = sign_in(visit, to="/account/upload")
        if script:
            drop(page, files)
        else:
            paths = [file.put(tmp_path) for file in files]
            page.get_by_label("Wheels and source distributions").set_input_files(paths)
        page.get_by_role("main").get_by_role("button", name="Upload").click()
        page.get_by_role("heading", name="What became of your files").wait_for()
        told = page.locator(".results > li").all_inner_texts()
        assert "uploaded" in told[0] and "refused" in told[1], told
        # The browser tells of the 400 by itself.
        visit.said = [line for line in visit.said if "status of 400" not in line]
        visit.check()
        page.locator(".results").get_by_role("link", name="paint").click()
        assert page.get_by_role("heading", name="paint 2.0").is_visible()
    assert shelf.stored(files[0].filename) == files[0].content


@SCRIPT
def test_a_token_is_made_used_and_revoked(browser: Browser, shelf: Site, tmp_path: Path, script: bool) -> None:
    file = wheel("paint", "2.1", summary="New").put(tmp_path)
    later = wheel("paint", "2.2", summary="New").put(tmp_path)

    def twine(path: Path, token: str) -> subprocess.CompletedProcess[str]:
        words = [venv("twine-7") / "twine", "upload", "--non-interactive", "--disable-progress-bar"]
        given = ["--repository-url", shelf.url, "-u", "__token__", "-p", token, str(path)]
        environment = clean_environment(tmp_path)
        return subprocess.run([*words, *given], env=environment, capture_output=True, text=True, timeout=60)

    with browser.visit(shelf.url, script=script) as visit:
        page = sign_in(visit, to="/account/tokens")
        page.get_by_label("Name", exact=True).fill("CI of paint")
        page.get_by_role("button", name="Make the token").click()
        token = page.locator(".made code").first.inner_text()
        visit.check()
        done = twine(file, token)
        assert done.returncode == 0, done.stdout + done.stderr
        page.get_by_role("button", name="Revoke CI of paint").click()
        page.wait_for_load_state()
        assert page.get_by_text("You have no tokens").is_visible()
    done = twine(later, token)
    assert done.returncode != 0 and "403" in done.stdout + done.stderr or "401" in done.stdout + done.stderr


def test_nothing_that_was_uploaded_runs_in_a_readers_browser(browser: Browser, serve: SiteMaker) -> None:
    evil = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    site = serve(WHEELHOUSE, files=[
        wheel("evil", "1.0", summary=evil, author=evil, keywords=f"{evil},x", license=evil,
              project_url=[f"{evil}, javascript:alert(1)", "Good, https://example.org/"], classifier=[f"A :: {evil}"],
              description_content_type="text/markdown", requires_dist=["x; extra == '<b>'"]),
    ])
    with browser.visit(site.url) as visit:
        for path in ("/", "/search", "/project/evil/", "/project/evil/1.0/file/evil-1.0-py3-none-any.whl"):
            page = visit.go(path)
            visit.check()
            assert "taken" not in page.title()
            assert page.locator("main script, main img, main iframe").count() == 0

"""Links and odd names that come, change and go while the program runs."""

from __future__ import annotations

import os

import pytest

from support.distributions import any_file, wheel
from support.waiting import never, wait_until

DEMO = wheel("demo", "1.0")

NAMES = {
    "plus": "demo-1.0+local.1-py3-none-any.whl",
    "blank": "de mo-1.0.zip",
    "quotes": "a'b\"c-1.0.zip",
    "number sign": "h#sh-1.0.zip",
    "percent": "per%2Fcent-1.0.zip",
    "bad percent": "per%zz-1.0.zip",
    "question mark": "what?-1.0.zip",
    "angle brackets": "<b>&amp;-1.0.zip",
    "semicolon and colon": "a;b:c-1.0.zip",
    "backslash": "back\\slash-1.0.zip",
    "line break": "new\nline-1.0.zip",
    "tab": "t\tab-1.0.zip",
    "umlaut": "päckchen-1.0.zip",
    "umlaut in two": "pa\u0308ckchen-1.0.zip",
    "east": "包裹-1.0.zip",
    "right to left": "חבילה-1.0.zip",
    "override": "a\u202egpj-1.0.zip",
    "emoji": "🐍-1.0.zip",
    "dotless i": "ıİ-1.0.zip",
    "sharp s": "ẞtraße-1.0.zip",
    "no width": "a\u200bb-1.0.zip",
    "private use": "\ue000-1.0.zip",
    "longest": "x" * 247 + "-1.0.zip"[:8],
    "longest in bytes": "ä" * 123 + "-1.0.zip"[:8],
    "many dots": "a..b-1.0.zip",
    "end in a blank": "demo-1.0 .zip",
    "template": "{{x}}-${y}-1.0.zip",
}


@pytest.mark.parametrize("when", ["at the start", "while running"])
def test_odd_name_is_listed_served_and_gone_again(serve, either_name, when):
    files = {name: any_file(name) for name in NAMES.values()}
    site = serve(either_name, "--disable-fallback", start=False)
    if when == "while running":
        site.start()
    for file in files.values():
        file.put(site.packages, rested=when == "at the start")
    if when == "at the start":
        site.start()
    wait_until(lambda: len(site.listed()) == len(files), seconds=15)
    page = site.get("/packages/")
    assert {link.text for link in page.links} == set(files)
    for link in page.links:
        answer = site.get(link.path)
        assert answer.status == 200 and answer.body == files[link.text].content, link
        assert site.head(link.path).status == 200
    # Each is on the page of its project, and JSON shows the same.
    found = set()
    for project in site.get("/simple/").links:
        address = "/simple/" + project.href
        html = site.get(address)
        assert html.status == 200, (project, html)
        json = site.get(address, headers={"Accept": "application/vnd.pypi.simple.v1+json"}).json
        assert {file["filename"] for file in json["files"]} == set(html.names)
        for link in html.links:
            assert link.fragment == f"sha256={files[link.text].sha256}", link
            found.add(link.text)
    assert found == set(files)
    for name in files:
        (site.packages / name).unlink()
    wait_until(lambda: site.listed() == [], seconds=10)
    assert site.get("/simple/").names == []


@pytest.mark.parametrize("when", ["at the start", "while running"])
def test_name_that_is_not_utf_8_is_skipped_with_a_line_in_the_log(serve, either_name, when):
    # It is said when the folder is read, which is seldom where events come.
    scans = ["--scan-interval-seconds", "1"]
    site = serve(either_name, "--disable-fallback", *scans, files=[DEMO], start=False)
    if when == "while running":
        site.start()
    root = os.fsencode(site.packages)
    with open(root + b"/b\xff\xfed-1.0.zip", "wb") as file:
        file.write(b"bytes")
    os.mkdir(root + b"/fold\xe9r")
    with open(root + b"/fold\xe9r/inner-1.0.zip", "wb") as file:
        file.write(b"bytes")
    if when == "at the start":
        site.start()
    other = wheel("other", "1.0")
    other.put(site.packages, rested=False)
    site.await_listed(DEMO.filename, other.filename)
    wait_until(lambda: "UTF-8" in site.log, seconds=10, what="a line in the log")
    lines = [line for line in site.log.splitlines() if "UTF-8" in line]
    assert any("d-1.0.zip" in line for line in lines), lines
    assert site.get("/packages/b%FF%FEd-1.0.zip").status in (400, 404)
    assert site.get("/packages/fo%E9lder/inner-1.0.zip").status in (400, 404)
    # It is taken up once its name can be read.
    os.rename(root + b"/b\xff\xfed-1.0.zip", root + b"/bad-1.0.zip")
    site.await_listed(DEMO.filename, other.filename, "bad-1.0.zip")


def test_folder_that_is_hidden_or_shown_by_its_new_name_is_followed(serve, either_name):
    site = serve(either_name, "--disable-fallback", start=False)
    DEMO.put(site.packages, f".hidden/sub/{DEMO.filename}")
    site.start()
    never(lambda: site.listed() != [], seconds=2, what="a hidden folder is listed")
    (site.packages / ".hidden").rename(site.packages / "shown")
    site.await_listed(f"shown/sub/{DEMO.filename}", seconds=5)
    (site.packages / "shown").rename(site.packages / ".hidden")
    site.await_listed(seconds=5)
    # What is written below a hidden name stays hidden.
    wheel("other", "1.0").put(site.packages, ".hidden/other-1.0-py3-none-any.whl", rested=False)
    wheel("other", "1.0").put(site.packages, ".other-1.0-py3-none-any.whl", rested=False)
    never(lambda: site.listed() != [], seconds=2, what="a hidden file is listed")


def test_link_to_a_file_is_followed_and_to_a_folder_is_not(serve, either_name):
    site = serve(either_name, "--disable-fallback")
    outside = site.folder / "outside"
    target = DEMO.put(outside)
    (site.packages / DEMO.filename).symlink_to(target)
    (site.packages / "folder").symlink_to(outside)
    (site.packages / "loop").symlink_to(site.packages)
    (site.packages / "self-1.0.zip").symlink_to("self-1.0.zip")
    (site.packages / "gone-1.0.zip").symlink_to(outside / "gone-1.0.zip")
    (site.packages / "room-1.0.zip").symlink_to(outside)
    (site.packages / "null-1.0.zip").symlink_to("/dev/null")
    site.await_listed(DEMO.filename)
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    for path in [f"folder/{DEMO.filename}", f"loop/{DEMO.filename}", "self-1.0.zip", "gone-1.0.zip", "room-1.0.zip"]:
        assert site.get("/packages/" + path).status == 404, path
    # A relative link inside the root is a file like any other.
    (site.packages / "demo-1.1-py3-none-any.whl").symlink_to(DEMO.filename)
    site.await_listed(DEMO.filename, "demo-1.1-py3-none-any.whl")
    # The link goes, its target stays.
    (site.packages / DEMO.filename).unlink()
    wait_until(lambda: DEMO.filename not in site.listed(), seconds=5)
    assert target.exists()


def test_link_that_is_led_to_another_file_shows_the_other_hash(serve, either_name):
    site = serve(either_name, "--disable-fallback")
    old, new = DEMO, wheel("demo", "1.0", source="# another")
    old.put(site.folder, "old")
    new.put(site.folder, "new")
    link = site.packages / DEMO.filename
    link.symlink_to(site.folder / "old")
    site.await_listed(DEMO.filename)
    assert site.get("/packages/" + DEMO.filename).body == old.content
    (site.folder / "link").symlink_to(site.folder / "new")
    (site.folder / "link").rename(link)
    wait_until(lambda: site.get("/packages/" + DEMO.filename).body == new.content, seconds=5)
    wait_until(
        lambda: site.get("/simple/demo/").links[0].fragment == f"sha256={new.sha256}", seconds=5
    )


@pytest.mark.parametrize("how", ["written", "renamed"])
def test_target_that_changes_beneath_its_link_is_never_served_under_the_old_hash(
    serve, either_name, how
):
    """No event tells of the target; the next download finds out."""
    site = serve(either_name, "--disable-fallback", "--scan-interval-seconds", "1")
    new = wheel("demo", "1.0", source="# another")
    target = DEMO.put(site.folder, "target")
    (site.packages / DEMO.filename).symlink_to(target)
    site.await_listed(DEMO.filename)
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    if how == "written":
        new.put(site.folder, "target", rested=False)
    else:
        new.put(site.folder, "next", rested=False).rename(target)
    answer = site.get("/packages/" + DEMO.filename)
    if answer.status == 200:
        bytes_of = {file.sha256: file.content for file in (DEMO, new)}
        assert bytes_of[answer.header("ETag").strip('"')] == answer.body
    wait_until(lambda: site.get("/packages/" + DEMO.filename).body == new.content, seconds=8)
    wait_until(
        lambda: site.get("/simple/demo/").links[0].fragment == f"sha256={new.sha256}", seconds=8
    )
    target.unlink()
    site.await_listed(seconds=8)


def test_dangling_link_whose_target_appears_is_listed(serve, either_name):
    site = serve(either_name, "--disable-fallback", "--scan-interval-seconds", "1", start=False)
    (site.packages / DEMO.filename).symlink_to(site.folder / "later")
    site.start()
    assert site.listed() == []
    DEMO.put(site.folder, "later")
    site.await_listed(DEMO.filename, seconds=8)
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content

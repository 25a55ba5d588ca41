"""Several roots: one name in two of them, and roots that go while others stay."""

from __future__ import annotations

import pytest

from support.distributions import wheel
from support.waiting import never, wait_until

OPEN = ["-a", ".", "-P", "."]
FIRST = wheel("demo", "1.0", source="# of the first root")
SECOND = wheel("demo", "1.0", source="# of the second root, which is longer")
OTHER = wheel("other", "1.0")
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


@pytest.fixture
def site(serve, either_name, tmp_path):
    return serve(
        either_name, "--disable-fallback", *OPEN, "--state-dir", tmp_path, roots=["one", "two"], start=False
    )


def shown(site) -> list[str]:
    """The hashes that both pages show, which must agree."""
    html, json = site.get("/simple/demo/"), site.get("/simple/demo/", headers=JSON)
    if html.status == json.status == 404:
        return []
    of_html = [link.fragment.removeprefix("sha256=") for link in html.links]
    of_json = [file["hashes"].get("sha256") for file in json.json["files"]]
    return of_html if of_html == of_json else ["the pages differ"]


def is_served(site, file) -> bool:
    return (
        shown(site) == [file.sha256]
        and site.get("/packages/" + file.filename).body == file.content
        and site.listed().count(file.filename) == 1
    )


def test_first_root_goes_before_the_second_as_files_come_and_go(site):
    SECOND.put(site.roots[1])
    site.start()
    assert is_served(site, SECOND)
    FIRST.put(site.roots[0], rested=False)
    wait_until(lambda: is_served(site, FIRST), seconds=5, what="the first root's")
    (site.roots[0] / FIRST.filename).unlink()
    wait_until(lambda: is_served(site, SECOND), seconds=5, what="the second root's")
    (site.roots[1] / SECOND.filename).unlink()
    wait_until(lambda: shown(site) == [] and site.listed() == [], seconds=5, what="none")
    assert site.get("/packages/" + FIRST.filename).status == 404


def test_first_roots_file_stays_before_the_second_after_a_restart(site):
    FIRST.put(site.roots[0])
    SECOND.put(site.roots[1])
    site.start()
    assert is_served(site, FIRST)
    site.restart()
    wait_until(lambda: is_served(site, FIRST), seconds=5)
    # The second's is found though it came into play while nobody looked.
    site.stop()
    (site.roots[0] / FIRST.filename).unlink()
    site.start()
    wait_until(lambda: is_served(site, SECOND), seconds=5)


def test_file_of_the_second_root_that_changes_beneath_harms_nobody(site):
    FIRST.put(site.roots[0])
    SECOND.put(site.roots[1])
    site.start()
    wheel("demo", "1.0", source="# changed").put(site.roots[1], rested=False)
    never(lambda: not is_served(site, FIRST), seconds=2, what="something else than the first's")
    (site.roots[1] / SECOND.filename).unlink()
    never(lambda: not is_served(site, FIRST), seconds=2, what="something else than the first's")


def test_upload_of_a_name_in_the_second_root_is_refused(site):
    SECOND.put(site.roots[1])
    site.start()
    assert site.upload(FIRST).status == 409
    assert site.upload(SECOND).status == 200
    assert is_served(site, SECOND)
    assert not (site.roots[0] / FIRST.filename).exists()


def test_lost_root_keeps_its_files_listed_and_the_other_goes_on(site):
    FIRST.put(site.roots[0])
    OTHER.put(site.roots[1])
    site.start()
    assert sorted(site.listed()) == sorted([FIRST.filename, OTHER.filename])
    aside = site.folder / "aside"
    site.roots[0].rename(aside)
    wait_until(lambda: site.get("/packages/" + FIRST.filename).status == 503, seconds=10)

    def is_forgotten() -> bool:
        page = site.get("/simple/demo/")
        assert page.status in (200, 503), page
        return page.status == 200 and page.names != [FIRST.filename]

    never(is_forgotten, seconds=3, what="a lost root is taken for a deletion")
    assert site.get("/packages/" + OTHER.filename).body == OTHER.content
    assert site.get("/simple/other/").names == [OTHER.filename]
    aside.rename(site.roots[0])
    wait_until(lambda: site.get("/packages/" + FIRST.filename).body == FIRST.content, seconds=10)
    assert is_served(site, FIRST)


def test_upload_while_the_root_is_lost_is_refused_and_makes_no_folder(site):
    site.start()
    aside = site.folder / "aside"
    site.roots[0].rename(aside)
    answer = site.upload(OTHER)
    assert answer.status in (403, 503), answer
    assert answer.text.strip()
    assert not site.roots[0].exists(), "a lost mount point is filled in its absence"
    aside.rename(site.roots[0])
    wait_until(lambda: site.upload(OTHER).status == 200, seconds=10)
    assert (site.roots[0] / OTHER.filename).read_bytes() == OTHER.content


def test_root_that_returns_with_other_files_is_read_anew(site):
    FIRST.put(site.roots[0])
    wheel("gone", "1.0").put(site.roots[0])
    site.start()
    assert shown(site) == [FIRST.sha256]
    aside = site.folder / "aside"
    site.roots[0].rename(aside)
    wait_until(lambda: site.get("/packages/" + FIRST.filename).status == 503, seconds=10)
    changed = wheel("demo", "1.0", source="# while it was away")
    changed.put(aside, rested=False)
    (aside / wheel("gone", "1.0").filename).unlink()
    OTHER.put(aside)
    aside.rename(site.roots[0])
    site.await_listed(FIRST.filename, OTHER.filename)
    wait_until(lambda: is_served(site, changed), seconds=5)

"""Feeds, protocol §5.3, and the small legacy routes, §5.5."""

from __future__ import annotations

import email.utils
import os
import xml.etree.ElementTree as ElementTree

import pytest

from support.distributions import WRITTEN, any_file, wheel
from support.programs import Door, Site


# Their order is that of the times of files.
pytestmark = pytest.mark.folder


def aged(site: Site, *files, step: int = 60) -> None:
    """Puts files in as if each had been written a minute after the one before it."""
    for number, file in enumerate(files):
        path = file.put(site.packages)
        os.utime(path, (WRITTEN + number * step, WRITTEN + number * step))


@pytest.fixture(scope="module")
def site(serve_all, wheelhouse: Door) -> Site:
    site = serve_all(wheelhouse, start=False)
    # A character that XML cannot hold, one that it must escape, and addresses of both kinds.
    odd = wheel("odd", "1.0", summary="a \x0b & <b> \ufffe end", author_email="nobody at all")
    first = wheel("Demo.Lib", "1.0", summary="First", author_email='"A, da" <ada@one.example>, bob@two.example')
    signature = any_file("Demo.Lib-1.0.tar.gz.asc", b"signature")
    many = [wheel("many", f"0.{number}") for number in range(120)]
    aged(site, *many, first, signature, odd, wheel("Demo.Lib", "1.1", classifier=["Topic :: B", "Topic :: A"]))
    return site.start()


def feed(site: Site, path: str, **more) -> ElementTree.Element:
    answer = site.get(path, **more)
    assert answer.status == 200 and answer.type == "text/xml", answer
    root = ElementTree.fromstring(answer.body)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = root.find("channel")
    for name in ["title", "link", "description"]:
        assert channel.findtext(name), name
    return channel


def titles(channel: ElementTree.Element) -> list[str]:
    return [item.findtext("title") for item in channel.findall("item")]


def test_rss_01_updates_are_the_newest_releases(site):
    channel = feed(site, "/rss/updates.xml")
    shown = titles(channel)
    assert shown[:4] == ["Demo_Lib 1.1", "odd 1.0", "Demo_Lib 1.0", "many 0.119"]
    assert len(shown) == 100
    first = channel.findall("item")[2]
    assert first.findtext("description") == "First"
    assert first.findtext("author") == "ada@one.example, bob@two.example"
    assert first.findtext("link") == f"{site.url}simple/demo-lib/"
    written = email.utils.parsedate_to_datetime(first.findtext("pubDate")).timestamp()
    assert written == WRITTEN + 120 * 60
    odd = channel.findall("item")[1]
    assert odd.find("author") is None, "an address that is none"
    assert "&" in odd.findtext("description") and "<b>" in odd.findtext("description")
    assert "\x0b" not in odd.findtext("description") and "\ufffe" not in odd.findtext("description")
    guids = [item.findtext("guid") for item in channel.findall("item")]
    assert len(set(guids)) == 100


def test_rss_01_packages_are_the_newest_projects(site):
    channel = feed(site, "/rss/packages.xml")
    assert [title.split()[0] for title in titles(channel)] == ["odd", "Demo_Lib", "many"]
    assert all(item.findtext("guid") for item in channel.findall("item"))


def test_rss_01_a_project_has_its_forty_newest_releases(site):
    assert titles(feed(site, "/rss/project/demo-lib/releases.xml")) == ["Demo_Lib 1.1", "Demo_Lib 1.0"]
    assert titles(feed(site, "/rss/project/many/releases.xml"))[::39] == ["many 0.119", "many 0.80"]
    assert len(titles(feed(site, "/rss/project/many/releases.xml"))) == 40
    moved = site.get("/rss/project/Demo.Lib/releases.xml")
    assert (moved.status, moved.header("Location")) == (301, "/rss/project/demo-lib/releases.xml")
    assert site.get("/rss/project/unknown/releases.xml").status == 404


@pytest.mark.parametrize("path", ["/rss/updates.xml", "/rss/packages.xml", "/rss/project/many/releases.xml"])
def test_rss_01_feeds_are_kept_and_compared(site, path):
    answer = site.get(path)
    assert site.get(path, headers={"If-None-Match": answer.header("ETag")}).status == 304
    assert site.head(path).header("Content-Length") == str(len(answer.body))


def test_rss_01_an_upload_is_in_the_feeds_at_once(serve, wheelhouse: Door):
    site = serve(wheelhouse, "-P", ".", "-a", ".")
    assert titles(feed(site, "/rss/updates.xml")) == titles(feed(site, "/rss/packages.xml")) == []
    assert site.upload(wheel("demo", "1.0")).status == 200
    assert titles(feed(site, "/rss/updates.xml")) == ["demo 1.0"]
    assert titles(feed(site, "/index/main/rss/updates.xml")) == ["demo 1.0"]


@pytest.mark.parametrize("path", ["/pypi", "/pypi/", "/index/main/pypi"])
def test_leg_01_classifiers_are_one_a_line(site, path):
    answer = site.get(path + "?:action=list_classifiers")
    assert answer.status == 200 and answer.type == "text/plain"
    assert answer.text == "Topic :: A\nTopic :: B\n"


@pytest.mark.parametrize("action", ["display", "files", "browse", "search", "rss", "packages_rss", "doap", "submit", ""])
def test_leg_02_other_actions_are_gone(site, action):
    assert site.get(f"/pypi?:action={action}&name=demo").status == 410


def test_leg_02_without_an_action_the_address_is_a_projects(site):
    answer = site.get("/pypi")
    assert (answer.status, answer.header("Location")) == (303, "/simple/pypi/")

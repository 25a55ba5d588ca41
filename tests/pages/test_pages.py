"""The pages for people, asked for by a plain client: headers, caching, rights, names, themes."""

from __future__ import annotations

import html
import json
import re

import pytest

from conftest import SiteMaker
from support.distributions import sdist, wheel
from support.programs import PYPI_SERVER, WHEELHOUSE, Site
from support.waiting import wait_until

HASH = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
FILES = [
    wheel("paint", "1.0", summary="Paints walls", requires_dist=["brush"], license_expression="MIT"),
    wheel("paint", "1.1", summary="Paints walls", requires_dist=["brush"], license_expression="MIT"),
    sdist("paint", "1.1"),
    wheel("brush", "2.0", summary="For painters"),
]
PAGES = ["/", "/search", "/search?q=paint", "/project/paint/", "/project/paint/1.0/"]
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture(scope="module")
def site(serve_all: SiteMaker) -> Site:
    site = serve_all(WHEELHOUSE, files=FILES)
    wait_until(lambda: "paint" in names(site, "/search?q=paint"), seconds=30, what="the search is built")
    return site


def names(site: Site, path: str, **more: object) -> list[str]:
    return re.findall(r"<strong>([^<]*)</strong>", site.get(path, **more).text)


@pytest.mark.parametrize("path", [*PAGES, "/project/nothing/"])
def test_a_page_lets_nothing_in_and_nothing_run(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert not re.search(r"<script(?![^>]* src=)|\son\w+=|\sstyle=|<style", answer.text), answer.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_answers_head_as_get(site: Site, path: str) -> None:
    got, head = site.get(path), site.head(path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


@pytest.mark.parametrize("path", ["/", "/project/paint/", "/project/paint/1.0/"])
def test_a_page_that_is_known_is_not_sent_again(site: Site, path: str) -> None:
    tag = site.get(path).headers["etag"]
    assert site.get(path, headers={"If-None-Match": tag}).status == 304


def test_assets_are_kept_for_ever_and_named_by_their_content(site: Site) -> None:
    page = site.get("/").text
    addresses = re.findall(r'(?:href|src)="(/_/assets/[^"]+)"', page)
    assert len(set(addresses)) == 3, addresses
    for address in set(addresses):
        answer = site.get(html.unescape(address))
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["etag"].strip('"') in address
    assert site.get("/_/assets/nothing").status == 404


def test_the_first_page_is_small(site: Site) -> None:
    page = site.get("/")
    assets = {html.unescape(a) for a in re.findall(r'(?:href|src)="(/_/assets/[^"]+)"', page.text)}
    size = len(page.body) + sum(len(site.get(address).body) for address in assets)
    assert size < 100 * 1024, size


def test_other_spellings_are_redirected(site: Site) -> None:
    for path, target in [
        ("/project/Paint/", "/project/paint/"),
        ("/project/paint", "/project/paint/"),
        ("/project/PAINT/1.0/", "/project/paint/1.0/"),
        ("/project/paint/1.0", "/project/paint/1.0/"),
        ("/project/paint/?version=1.0", "/project/paint/1.0/"),
    ]:
        answer = site.get(path)
        assert answer.status in (301, 303), path
        assert answer.headers["location"] == target
    for spelled in ("1.0", "1.0.0", "v1.0"):
        assert site.get(f"/project/paint/{spelled}/").status == 200


def test_what_is_not_here_is_told_with_near_names(site: Site) -> None:
    answer = site.get("/project/piant/")
    assert answer.status == 404
    assert "there is no project `piant` here" in html.unescape(answer.text)
    assert '<a href="/project/paint/">paint</a>' in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert site.get("/project/paint/9.9/").status == 404
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert site.get("/no/such/page", headers=browser).headers["content-type"].startswith("text/html")
    assert site.get("/no/such/page").headers["content-type"].startswith("text/plain")


def test_a_page_says_what_is_needed_here_and_who_needs_it(site: Site) -> None:
    # What a file needs is known when it has been read.
    link = '<a href="/project/{0}/">{0}</a>'
    wait_until(lambda: link.format("brush") in site.get("/project/paint/").text, seconds=30, what="what it needs")
    wait_until(lambda: "Needed here by" in site.get("/project/brush/").text, seconds=30, what="who needs it")
    assert link.format("paint") in site.get("/project/brush/").text


def test_an_upload_and_a_deletion_show_at_once(serve: SiteMaker) -> None:
    site = serve(WHEELHOUSE, "-P", ".", "-a", ".", files=[wheel("paint", "1.0", requires_dist=["brush"])])
    assert "paint" in site.get("/").text
    assert '<a href="/project/brush/">' not in site.get("/project/paint/").text
    assert site.upload(wheel("brush", "2.0", summary="For painters")).status == 200
    assert "brush" in site.get("/").text
    assert site.get("/project/brush/").status == 200
    wait_until(lambda: "brush" in names(site, "/search?q=painters"), seconds=30, what="what was uploaded is found")
    wait_until(lambda: '<a href="/project/brush/">' in site.get("/project/paint/").text, seconds=30, what="the need is met")


def test_the_names_that_are_offered_begin_so(site: Site) -> None:
    answer = site.get("/_/search/names?q=Pa")
    assert json.loads(answer.body) == {"names": ["paint"]}
    assert json.loads(site.get("/_/search/names?q=").body) == {"names": []}


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=" + "a" * 5_000, "q=%F0%9F%8C%80", "q=.*", "page=999999999999", "page=-1", "python=x", "q=%ff", "c=%22"],
)
def test_any_question_is_answered(site: Site, query: str) -> None:
    assert site.get(f"/search?{query}").status == 200


def test_what_somebody_may_not_see_is_on_no_page(serve: SiteMaker) -> None:
    rules = ["--rule", "everybody list+download brush*", "--rule", "user:alice list+download *"]
    locked = ["-P", ".htpasswd", "-a", "update,download,list"]
    site = serve(WHEELHOUSE, *locked, *rules, files=FILES, users={"alice": HASH})
    wait_until(lambda: "brush" in names(site, "/search"), seconds=30, what="the search is built")
    assert names(site, "/search") == ["brush"]
    assert site.get("/project/paint/").status in (401, 404)
    assert "Needed here by" not in site.get("/project/brush/").text
    assert "paint" not in site.get("/").text.lower().replace("painters", "")
    assert "2 projects" not in site.get("/").text
    assert json.loads(site.get("/_/search/names?q=pa").body) == {"names": []}
    assert "paint" not in site.get("/project/piant/").text.replace("piant", "")
    seen = names(site, "/search", user=("alice", "secret"))
    assert sorted(seen) == ["brush", "paint"]
    page = site.get("/project/paint/", user=("alice", "secret"))
    assert page.status == 200
    assert page.headers["cache-control"] == "private, no-store"
    assert "alice" in page.text


def test_pypiservers_name_keeps_its_welcome_page(serve: SiteMaker) -> None:
    assert "Newest releases" not in serve(PYPI_SERVER, files=FILES).get("/").text
    assert "Newest releases" in serve(PYPI_SERVER, "--front-page", "home", files=FILES).get("/").text
    assert serve(PYPI_SERVER, files=FILES).get("/project/paint/").status == 200


def test_a_theme_changes_name_logo_style_and_templates(serve: SiteMaker) -> None:
    site = serve(WHEELHOUSE, "--theme", "look", files=FILES, start=False)
    look = site.folder / "look"
    (look / "templates").mkdir(parents=True)
    (look / "name.txt").write_text("Shelf & Co\n")
    (look / "style.css").write_text(":root { --accent: #0b4f9c; }\n")
    (look / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (look / "templates" / "home.html").write_text(
        '{% extends "layout.html" %}{% block main %}<h1>Ours: {{ page.projects }}</h1>{% endblock %}'
    )
    site.start()
    page = site.get("/").text
    assert "Shelf &amp; Co" in page and "<h1>Ours: 2</h1>" in page
    style = html.unescape(re.search(r'href="(/_/assets/style.css[^"]*)"', page)[1])
    assert site.get(style).text.rstrip().endswith("--accent: #0b4f9c; }")
    assert site.get("/_/assets/logo").headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("house.html", "", "home.html"), ("home.html", "{% if %}", "home.html")],
)
def test_a_theme_that_cannot_work_stops_the_start(
    serve: SiteMaker, name: str, text: str, said: str
) -> None:
    site = serve(WHEELHOUSE, "--theme", "look", files=FILES, start=False)
    (site.folder / "look" / "templates").mkdir(parents=True)
    (site.folder / "look" / "templates" / name).write_text(text)
    done = WHEELHOUSE.run("run", "--theme", "look", "packages", folder=site.folder)
    assert done.returncode != 0
    assert said in done.stderr, done.stderr


def test_pages_work_below_a_prefix(serve: SiteMaker) -> None:
    site = serve(WHEELHOUSE, "--server-base-url", "/pip", files=FILES)
    page = site.get("/pip/project/paint/").text
    for address in re.findall(r'(?:href|src|action)="(/[^"]*)"', page):
        assert address.startswith("/pip/"), address

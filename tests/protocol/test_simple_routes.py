"""Routes, redirects and methods of the simple API, protocol §2.1."""

from __future__ import annotations

import pytest

PAGES = ["/simple/", "/simple/friendly-bard/"]


@pytest.mark.parametrize("path", PAGES)
def test_simple_01_list_and_detail_answer(site, path):
    assert site.get(path).status == 200


@pytest.mark.parametrize("path", ["/simple", "/simple/friendly-bard"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_simple_02_missing_slash_is_a_permanent_redirect(site, path, method):
    answer = site.ask(method, path)
    assert answer.status in (301, 308)
    assert answer.header("Location").endswith(path + "/")


def test_simple_03_odd_spelling_is_301_before_existence(site):
    assert site.get("/simple/No_Such.Thing/").status == 301


def test_simple_04_redirects_stay_on_the_host(site):
    for path in ["/simple", "/simple/Friendly_Bard/", "/friendly-bard/"]:
        target = site.get(path).header("Location")
        assert target.startswith(("/", site.url)) and not target.startswith("//"), target


def test_simple_05_unknown_project_is_404(site):
    assert site.get("/simple/no-such-thing/").status == 404


def test_simple_06_post_of_xml_is_xml_rpc(site):
    import xmlrpc.client

    with xmlrpc.client.ServerProxy(site.url + "simple/") as server:
        hits = server.search({"name": "bard"})
    assert {hit["name"].replace("_", "-") for hit in hits} == {"friendly-bard"}


@pytest.mark.parametrize("start", ["/", "/legacy/"])
@pytest.mark.parametrize("folder", ["+simple", "%2Bsimple", "%2bsimple"])
def test_simple_08_hatch_finds_the_page_below_the_upload_address(site, start, folder):
    answer = site.get(f"{start}{folder}/friendly-bard/", headers={"Accept": "*/*"})
    assert answer.status == 200 and answer.type == "text/html"
    assert answer.names == site.get("/simple/friendly-bard/").names


def test_simple_09_file_links_are_relative_to_the_host(site):
    for link in site.get("/simple/friendly-bard/").links:
        assert link.href.startswith("/packages/")

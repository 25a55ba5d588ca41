"""XML-RPC search, spec/pypiserver.md §2.6."""

from __future__ import annotations

import xmlrpc.client

import pytest

from support.distributions import any_file, wheel
from support.programs import Door, Site
from support.waiting import wait_until

FILES = [
    any_file("demo-1.0.zip"),
    any_file("demo-1.1.zip"),
    wheel("demo_extra", "0.1", summary="What more a demo has"),
    any_file("other-2.0.zip"),
]
XML = {"Content-Type": "text/xml"}


@pytest.fixture(scope="module")
def site(serve_all, door: Door) -> Site:
    return serve_all(door, files=FILES)


@pytest.fixture(scope="module")
def ours(serve_all, pypi_server: Door) -> Site:
    return serve_all(pypi_server, files=FILES)


def call(site: Site, body: str | bytes, path: str = "/RPC2"):
    return site.ask("POST", path, headers=XML, body=body if isinstance(body, bytes) else body.encode())


def search(site: Site, *names: str, path: str = "/RPC2") -> list[tuple[str, str]]:
    with xmlrpc.client.ServerProxy(site.url.rstrip("/") + path) as server:
        hits = server.search({"name": list(names), "summary": list(names)}, "or")
    return sorted((hit["name"], hit["version"]) for hit in hits)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("other", [("other", "2.0")]),
        ("demo", [("demo", "1.0"), ("demo", "1.1"), ("demo_extra", "0.1")]),
        ("oth", [("other", "2.0")]),
        ("nothing", []),
    ],
)
def test_kept_search_finds_parts_of_names(site: Site, name, found):
    hits = search(site, name)
    # One hit for each file, or one for each project: with its highest version in any case.
    highest = {project: version for project, version in sorted(found)}
    assert {(p.replace("-", "_"), v) for p, v in hits} <= {(p, v) for p, v in found}
    assert {p.replace("-", "_"): v for p, v in hits} == highest


def test_kept_hit_has_name_version_summary_and_ordering(site: Site):
    with xmlrpc.client.ServerProxy(site.url + "RPC2") as server:
        hit = server.search({"name": "other"})[0]
    assert (hit["name"], hit["version"]) == ("other", "2.0")
    assert isinstance(hit["summary"], str) and "_pypi_ordering" in hit


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><methodCall><methodName>search</methodName>'
        "<params><param><value><string>&a;</string></value></param></params></methodCall>",
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><methodCall>&a;</methodCall>',
        "<methodCall><methodName>search</methodName>",
        "no xml at all",
    ],
    ids=["entity", "external", "unclosed", "text"],
)
def test_kept_dangerous_or_malformed_xml_is_400(site: Site, body):
    assert call(site, body).status == 400


def test_kept_other_methods_do_not_fail(site: Site):
    body = "<methodCall><methodName>list_things</methodName><params/></methodCall>"
    assert call(site, body).status == 200


@pytest.mark.parametrize("path", ["/RPC2", "/", "/pypi", "/pypi/", "/simple/"])
def test_mended_search_answers_a_valid_response_at_every_address(ours: Site, path):
    answer = call(ours, xmlrpc.client.dumps(({"name": ["other"]}, "or"), "search"), path)
    assert answer.status == 200 and answer.type == "text/xml"
    assert "<methodResponse>" in answer.text and "<methodCall>" not in answer.text
    assert search(ours, "other", path=path) == [("other", "2.0")]


def test_mended_search_does_not_care_about_case_and_separators(ours: Site):
    for name in ["Other", "OTHER", "demo-extra", "Demo.Extra"]:
        assert len(search(ours, name)) == 1, name


def test_mended_search_shows_the_summary(ours: Site):
    def summary() -> str:
        with xmlrpc.client.ServerProxy(ours.url + "RPC2") as server:
            return server.search({"name": "extra"})[0]["summary"]

    wait_until(lambda: summary() == "What more a demo has", seconds=5)


def test_mended_unknown_method_is_a_fault(ours: Site):
    with xmlrpc.client.ServerProxy(ours.url + "RPC2") as server:
        with pytest.raises(xmlrpc.client.Fault):
            server.no_such_method()


@pytest.mark.parametrize(
    "body",
    [
        "<methodCall/>",
        "<other/>",
        "<methodCall><methodName>search</methodName></methodCall>",
        "<methodCall><methodName>search</methodName><params/></methodCall>",
        "<methodCall><methodName/><params/></methodCall>",
        xmlrpc.client.dumps((1, 2.5, [], {}), "search"),
        "",
    ],
)
def test_mended_unexpected_xml_is_never_500(ours: Site, body):
    answer = call(ours, body)
    assert answer.status in (200, 400), answer
    if answer.status == 200:
        assert "<methodResponse>" in answer.text


def test_kept_search_is_locked_with_the_list(serve, door: Door):
    site = serve(door, "-P", ".htpasswd", "-a", "list,update", users={}, files=FILES)
    assert call(site, xmlrpc.client.dumps(({"name": "demo"},), "search")).status == 401

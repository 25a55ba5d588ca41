"""Content negotiation, protocol §2.2."""

from __future__ import annotations

import pytest

JSON = "application/vnd.pypi.simple.v1+json"
V1_HTML = "application/vnd.pypi.simple.v1+html"
HTML = "text/html"
PAGE = "/simple/friendly-bard/"

PIP = f"{JSON}, {V1_HTML}; q=0.1, text/html; q=0.01"
UV = f"{JSON}, {V1_HTML};q=0.2, text/html;q=0.01"
POETRY = f"{JSON}, */*;q=0.1"
OLD_PIP = "text/html"


def type_for(site, accept, path=PAGE) -> str | int:
    answer = site.get(path, headers={} if accept is None else {"Accept": accept})
    return answer.type if answer.status == 200 else answer.status


@pytest.mark.parametrize("type_", [JSON, V1_HTML, HTML])
@pytest.mark.parametrize("path", ["/simple/", PAGE])
def test_simple_10_three_types_are_served(site, type_, path):
    assert type_for(site, type_, path) == type_


@pytest.mark.parametrize(("latest", "concrete"), [("latest+json", JSON), ("latest+html", V1_HTML)])
def test_simple_11_latest_gets_the_concrete_type(site, latest, concrete):
    assert type_for(site, f"application/vnd.pypi.simple.{latest}") == concrete


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        (None, HTML),
        ("*/*", HTML),
        (PIP, JSON),
        (UV, JSON),
        (POETRY, JSON),
        (OLD_PIP, HTML),
        (f"{HTML};q=0.9, {JSON};q=0.8", HTML),
        (f"{HTML};q=0.8, {JSON};q=0.9", JSON),
        (f"{JSON};q=0.001, {HTML};q=0", JSON),
        (f"{JSON};q=0, */*", HTML),
        (f"{JSON};q=0.500, {V1_HTML};q=0.501", V1_HTML),
        (f"text/*;q=0.3, {HTML};q=0, {V1_HTML};q=0.1", V1_HTML),
        (f"application/*, {JSON};q=0", V1_HTML),
    ],
)
def test_simple_12_quality_and_the_most_specific_range_decide(site, accept, type_):
    found = type_for(site, accept)
    if accept.startswith("application/*") if accept else False:
        # Only through a wildcard: either form of HTML will do.
        assert found in (HTML, V1_HTML)
    else:
        assert found == type_


@pytest.mark.parametrize(
    ("accept", "type_"),
    [
        (f"{JSON} ; q = 0.5 , {HTML} ; q=.2", JSON),
        (f"{JSON};q=.2, {HTML};q=.3", HTML),
        (f"{JSON};version=1;q=0.9, {HTML};level=1;q=0.5", JSON),
        (f"image/png, x/y;z, , {JSON}", JSON),
        (f",,{HTML},,", HTML),
        ("*", HTML),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML),
        (f"nonsense, {JSON}", JSON),
        (f"{JSON.upper()}", JSON),
        ("", HTML),
    ],
)
def test_simple_13_lenient_reading(site, accept, type_):
    assert type_for(site, accept) == type_


def test_simple_14_bare_wildcard_gets_html(site):
    for accept in ["*/*", "text/*", "application/*", "*/*;q=0.1"]:
        assert type_for(site, accept) in (HTML, V1_HTML), accept
    assert type_for(site, "*/*") == HTML


def test_simple_14_named_json_wins_a_tie(site):
    assert type_for(site, f"{HTML}, {JSON}") == JSON
    assert type_for(site, f"{JSON}, {HTML}, */*") == JSON


@pytest.mark.parametrize(
    ("accept", "type_"),
    [(f"{HTML}, {V1_HTML}", V1_HTML), (f"{HTML};q=0.9, {V1_HTML};q=0.8", HTML)],
)
def test_simple_15_between_two_forms_of_html(site, accept, type_):
    assert type_for(site, accept) == type_


@pytest.mark.parametrize(
    "accept", ["image/png", f"{JSON};q=0", "*/*;q=0", "application/vnd.pypi.simple.v2+json"]
)
def test_simple_16_nothing_acceptable_is_406_with_the_types(site, accept):
    answer = site.get(PAGE, headers={"Accept": accept})
    assert (answer.status, answer.type) == (406, "text/plain")
    assert all(type_ in answer.text for type_ in [JSON, V1_HTML, HTML])


@pytest.mark.parametrize(
    ("given", "type_"),
    [
        ("application/vnd.pypi.simple.v1%2Bjson", JSON),
        ("application/vnd.pypi.simple.v1+json", JSON),
        ("application/vnd.pypi.simple.latest%2Bjson", JSON),
        ("application/vnd.pypi.simple.v1%2bhtml", V1_HTML),
        ("text/html", HTML),
        ("text%2Fhtml", HTML),
    ],
)
@pytest.mark.parametrize("path", ["/simple/", PAGE])
def test_simple_17_format_in_the_query_overrides_accept(site, path, given, type_):
    answer = site.get(f"{path}?format={given}", headers={"Accept": "image/png"})
    assert (answer.status, answer.type) == (200, type_)


@pytest.mark.parametrize("given", ["application/json", "*/*", "json", "text/html;q=1"])
def test_simple_17_unsupported_format_is_406(site, given):
    assert site.get(f"{PAGE}?format={given}").status == 406


@pytest.mark.parametrize("type_", [HTML, V1_HTML])
def test_simple_20_html_says_utf_8(site, type_):
    answer = site.get(PAGE, headers={"Accept": type_})
    assert answer.header("Content-Type").lower() == f"{type_}; charset=utf-8"

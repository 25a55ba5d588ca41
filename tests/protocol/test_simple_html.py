"""The HTML form, protocol §2.3."""

from __future__ import annotations

import re

from support.distributions import wheel

PAGE = "/simple/friendly-bard/"


def link_of(site, filename):
    return next(link for link in site.get(PAGE).links if link.text == filename)


def test_simple_22_doctype(site):
    for path in ["/simple/", PAGE]:
        assert site.get(path).text.startswith("<!DOCTYPE html>")


def test_simple_23_repository_version_is_1_4(site):
    for path in ["/simple/", PAGE]:
        found = re.findall(r'<meta name="pypi:repository-version" content="([\d.]+)">', site.get(path).text)
        assert found == ["1.4"]


def test_simple_24_project_list_has_relative_links(site):
    links = site.get("/simple/").links
    assert [link.href for link in links] == ["friendly-bard/", "zope-thing/"]


def test_simple_25_text_is_the_last_part_of_the_address(site):
    from urllib.parse import unquote

    for link in site.get(PAGE).links:
        assert unquote(link.path.rsplit("/", 1)[1]) == link.text


def test_simple_26_fragment_is_one_pair(site):
    for link in site.get(PAGE).links:
        assert re.fullmatch(r"sha256=[0-9a-f]{64}", link.fragment), link


def test_simple_27_requires_python_is_escaped_and_only_there_when_known(site, files):
    assert 'data-requires-python="&gt;=3.8,&lt;4"' in site.get(PAGE).text
    assert "data-requires-python" not in link_of(site, files[3].filename).attributes


def test_simple_27_hostile_requires_python_stays_inside_its_attribute(serve, either_name):
    hostile = "\"><script>alert(1)</script>"
    site = serve(either_name, files=[wheel("demo", "1.0", requires_python=hostile)])
    page = site.get("/simple/demo/")
    assert "<script>" not in page.text and len(page.links) == 1


def test_simple_29_core_metadata_is_offered_under_both_names(site, files):
    import hashlib

    attributes = link_of(site, files[0].filename).attributes
    content = site.get(link_of(site, files[0].filename).path + ".metadata").body
    value = f"sha256={hashlib.sha256(content).hexdigest()}"
    assert attributes["data-core-metadata"] == value
    assert attributes["data-dist-info-metadata"] == value


def test_simple_30_no_metadata_file_no_attribute(site, files):
    attributes = link_of(site, files[1].filename).attributes
    assert not {"data-core-metadata", "data-dist-info-metadata"} & set(attributes)


def test_simple_31_gpg_flag_is_on_every_link_or_none(site):
    flags = [link.attributes.get("data-gpg-sig") for link in site.get(PAGE).links if not link.text.endswith(".asc")]
    assert set(flags) <= {"true", "false"} or set(flags) == {None}
    if "true" in flags:
        assert link_of(site, "friendly_bard-1.0.tar.gz").attributes["data-gpg-sig"] == "true"


def test_simple_33_active_projects_carry_no_status(site):
    assert "pypi:project-status" not in site.get(PAGE).text


def test_simple_35_one_anchor_a_line_in_plain_form(site):
    for path in ["/simple/", PAGE]:
        lines = [line for line in site.get(path).text.splitlines() if "<a" in line]
        assert len(lines) == len(site.get(path).links)
        for line in lines:
            assert re.fullmatch(r'\s*<a( [\w-]+="[^"<>]*")+>[^<>]*</a>(<br ?/?>)?\s*', line), line

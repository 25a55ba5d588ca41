"""Behind a proxy, spec/pypiserver.md §2.8. Tests come from loopback, which is trusted."""

from __future__ import annotations

import pytest

from support.distributions import wheel
from support.programs import Door, Site

DEMO = wheel("demo", "1.0")


@pytest.fixture(scope="module")
def site(serve_all, door: Door) -> Site:
    return serve_all(door, files=[DEMO])


@pytest.fixture(scope="module")
def ours(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, files=[DEMO])


def test_kept_forwarded_host_and_scheme_are_in_redirects(site: Site):
    headers = {"X-Forwarded-Host": "packages.example", "X-Forwarded-Proto": "https"}
    found = site.get("/demo", headers=headers).leads_to("https://packages.example/demo")
    assert found == "https://packages.example/simple/demo/"


def test_kept_forwarded_host_with_a_port(site: Site):
    found = site.get("/demo", headers={"X-Forwarded-Host": "packages.example:8443"})
    asked = "http://packages.example:8443/demo"
    assert found.leads_to(asked) == "http://packages.example:8443/simple/demo/"


def test_kept_path_in_the_forwarded_host_is_the_prefix_of_links(site: Site):
    headers = {"X-Forwarded-Host": "front.example/team"}
    assert site.get("/simple/demo/", headers=headers).links[0].path == f"/team/packages/{DEMO.filename}"
    found = site.get("/simple", headers=headers).leads_to("http://front.example/team/simple")
    assert found == "http://front.example/team/simple/"


def test_kept_welcome_page_shows_the_forwarded_address(site: Site):
    headers = {"X-Forwarded-Host": "packages.example", "X-Forwarded-Proto": "https"}
    assert "https://packages.example/" in site.get("/", headers=headers).text


def test_mended_forwarded_prefix_works(ours: Site):
    headers = {"X-Forwarded-Prefix": "/team"}
    page = ours.get("/simple/demo/", headers=headers)
    assert page.links[0].path == f"/team/packages/{DEMO.filename}"
    found = ours.get("/demo", headers={**headers, "X-Forwarded-Host": "front.example"})
    asked = "http://front.example/team/demo"
    assert found.leads_to(asked) == "http://front.example/team/simple/demo/"


@pytest.mark.parametrize(
    "value",
    ["evil.example, front.example", 'a"b.example', "a<b>.example", "a b.example", "a\\b", "x" * 5000, "http://x"],
)
def test_odd_forwarded_hosts_do_no_harm(ours: Site, value):
    for path in ["/demo", "/simple/demo/", "/"]:
        answer = ours.get(path, headers={"X-Forwarded-Host": value})
        assert answer.status < 500, path
        assert "," not in answer.header("Location", ""), "a list is no host"
        assert "<b>" not in answer.text


@pytest.mark.parametrize("value", ["javascript", "ftp", "https, http", "HTTPS", ""])
def test_odd_forwarded_schemes_do_no_harm(ours: Site, value):
    headers = {"X-Forwarded-Proto": value, "X-Forwarded-Host": "front.example"}
    found = ours.get("/demo/json", headers=headers).json["releases"]["1.0"][0]["url"]
    assert found.startswith(("http://front.example/", "https://front.example/")), found


def test_kept_page_for_one_host_is_not_kept_for_another(site: Site):
    for host in ["front.example/one", "front.example/two", "front.example"]:
        path = site.get("/simple/demo/", headers={"X-Forwarded-Host": host}).links[0].path
        prefix = host.removeprefix("front.example")
        assert path == f"{prefix}/packages/{DEMO.filename}"


# An address of this machine that is neither loopback nor private cannot be had in a test; the
# rule by range is tested in the server's crate.


def test_kept_base_url_and_forwarded_host_go_together(serve, door: Door):
    site = serve(door, "--server-base-url", "/inner", files=[DEMO])
    headers = {"X-Forwarded-Host": "front.example"}
    page = site.get("/inner/simple/demo/", headers=headers)
    assert page.links[0].path == f"/inner/packages/{DEMO.filename}"

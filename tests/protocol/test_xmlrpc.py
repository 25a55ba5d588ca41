"""XML-RPC, protocol §5.4; `search` as pip calls it is in pypiserver's tests."""

from __future__ import annotations

import re
import time
import xmlrpc.client

import pytest

from support.distributions import any_file, wheel
from support.programs import Door, Site

FILES = [
    wheel("Demo.Lib", "1.0", summary="Sings", classifier=["Topic :: A", "Topic :: B"], requires_dist=["other>=1"]),
    wheel("Demo.Lib", "1.10"),
    wheel("Demo.Lib", "1.9rc1", classifier=["Topic :: B"]),
    wheel("other", "2.0"),
    any_file("other-2.0.tar.gz.asc", b"signature"),
]


@pytest.fixture(scope="module")
def site(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, "--disable-fallback", files=FILES)


@pytest.fixture(params=["", "simple/", "RPC2", "pypi", "pypi/", "index/main/pypi"])
def address(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def proxy(site):
    with xmlrpc.client.ServerProxy(site.url + "pypi") as proxy:
        yield proxy


def test_xml_01_every_address_answers(site, address):
    with xmlrpc.client.ServerProxy(site.url + address) as proxy:
        assert proxy.list_packages() == ["Demo_Lib", "other"]


def test_xml_02_serials_and_changes_agree(site, proxy):
    last = proxy.changelog_last_serial()
    listed = proxy.list_packages_with_serial()
    assert set(listed) == {"Demo_Lib", "other"}
    assert last == int(site.get("/simple/").header("X-PyPI-Last-Serial")) >= max(listed.values())
    changes = proxy.changelog_since_serial(0)
    assert len(changes) == len(FILES)
    assert {(name, version) for name, version, *_ in changes} == {
        ("Demo_Lib", "1.0"),
        ("Demo_Lib", "1.10"),
        ("Demo_Lib", "1.9rc1"),
        ("other", "2.0"),
    }
    for _, _, moment, action, serial in changes:
        assert abs(moment - time.time()) < 1000 and 0 < serial <= last
        assert re.fullmatch(r"add (py3|source) file \S+", action), action
    assert proxy.changelog_since_serial(last) == []


def test_xml_02_changes_by_time(proxy):
    everything = proxy.changelog_since_serial(0)
    assert proxy.changelog(0, True) == everything
    assert proxy.changelog(0) == [row[:4] for row in everything]
    assert proxy.changelog(int(time.time()) + 1000) == []


def test_xml_02_a_removal_is_a_change(serve, pypi_server: Door):
    site = serve(pypi_server, "-P", ".", "-a", ".", files=FILES[:2])
    with xmlrpc.client.ServerProxy(site.url + "RPC2") as proxy:
        last = proxy.changelog_last_serial()
        removal = {":action": "remove_pkg", "name": "demo.lib", "version": "1.0"}
        assert site.post_urlencoded(removal).status == 200
        changes = proxy.changelog_since_serial(last)
        assert (changes[0][0], changes[0][3]) == ("Demo_Lib", f"remove file {FILES[0].filename}")
        assert proxy.package_releases("demo.lib") == ["1.10"]


def test_xml_03_bad_calls_are_faults(proxy):
    for call, code, says in [
        (lambda: proxy.no_such_method(), -32601, "no_such_method"),
        (lambda: proxy.changelog_since_serial("one"), -32602, "client error; argument 1"),
        (lambda: proxy.changelog_since_serial(-1), -32602, "negative"),
        (lambda: proxy.list_packages(1), -32602, "0 arguments"),
        (lambda: proxy.release_urls("demo"), -32602, "argument 2"),
        (lambda: proxy.release_data(1, 2), -32602, "argument 1"),
        (lambda: proxy.package_releases(), -32602, "argument 1"),
        (lambda: proxy.browse("a", "b"), -32602, "arguments"),
        (lambda: proxy.browse([1]), -32602, "classifiers"),
        (lambda: proxy.system.multicall([]), -32500, "ValueError:"),
        (lambda: proxy.system.methodHelp("nothing"), -32601, "nothing"),
    ]:
        with pytest.raises(xmlrpc.client.Fault) as refused:
            call()
        assert refused.value.faultCode == code and says in refused.value.faultString, refused.value


def test_xml_06_releases_are_listed_newest_first(proxy):
    assert proxy.package_releases("demo.lib") == ["1.10", "1.9rc1", "1.0"]
    assert proxy.package_releases("Demo_Lib", True) == ["1.10", "1.9rc1", "1.0"]
    assert proxy.package_releases("unknown") == []


def test_xml_06_files_of_a_release(site, proxy):
    (shown,) = proxy.release_urls("demo-lib", "1.0.0")
    assert shown["filename"] == FILES[0].filename
    assert shown["url"] == f"{site.url}packages/{FILES[0].filename}"
    assert shown["digests"]["sha256"] == FILES[0].sha256 and shown["md5_digest"] == FILES[0].digest("md5")
    assert (shown["packagetype"], shown["python_version"], shown["yanked"]) == ("bdist_wheel", "py3", False)
    assert proxy.release_urls("demo-lib", "9") == proxy.release_urls("unknown", "1") == []


def test_xml_06_what_a_release_says_of_itself(proxy):
    data = proxy.release_data("demo.lib", "1.0")
    assert (data["name"], data["version"], data["summary"]) == ("Demo.Lib", "1.0", "Sings")
    assert data["classifiers"] == ["Topic :: A", "Topic :: B"] and data["requires_dist"] == ["other>=1"]
    assert proxy.release_data("demo.lib", "9") == {}


def test_xml_06_browsing_finds_releases_with_all_classifiers(proxy):
    assert proxy.browse(["Topic :: B"]) == [["Demo_Lib", "1.9rc1"], ["Demo_Lib", "1.0"]]
    assert proxy.browse(["Topic :: B", "Topic :: A"]) == [["Demo_Lib", "1.0"]]
    assert proxy.browse(["Topic :: C"]) == []


def test_xml_06_nobody_owns_a_project(proxy):
    assert proxy.package_roles("demo.lib") == proxy.user_packages("ada") == []


def test_xml_06_the_methods_are_told(proxy):
    methods = proxy.system.listMethods()
    assert {"search", "changelog_since_serial", "release_data"} <= set(methods)
    for method in methods:
        assert proxy.system.methodHelp(method).endswith(".")

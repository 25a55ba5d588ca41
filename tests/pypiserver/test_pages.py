"""The pages, spec/pypiserver.md §2, §2.1, §2.2: welcome, lists, project pages, redirects."""

from __future__ import annotations

import pytest

from support.distributions import any_file, wheel, zip_sdist
from support.programs import Door, Site
from support.waiting import wait_until

DEMO = wheel("demo", "1.0")
FILES = [
    DEMO,
    wheel("demo", "1.1"),
    wheel("Other.Name", "2.0"),
    zip_sdist("zeta", "0.1"),
    any_file("zeta-0.1.zip.asc", b"a signature"),
]


@pytest.fixture(scope="module")
def site(serve_all, door: Door) -> Site:
    return serve_all(door, "--disable-fallback", files=FILES)


@pytest.fixture(scope="module")
def open_site(serve_all, door: Door) -> Site:
    """The same with the redirect to another index."""
    return serve_all(door, "--fallback-url", "https://index.example/simple", files=FILES)


@pytest.fixture(scope="module")
def ours(serve_all, pypi_server: Door) -> Site:
    return serve_all(pypi_server, "--disable-fallback", files=FILES)


# The surface as a whole.


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/favicon.ico", 404),
        ("/simple", 301),
        ("/simple/", 200),
        ("/simple//", 404),
        ("/simple/demo", 301),
        ("/simple/demo/", 200),
        ("/simple/unknown/", 404),
        ("/packages", 301),
        ("/packages/", 200),
        (f"/packages/{DEMO.filename}", 200),
        ("/packages/unknown-1.0.zip", 404),
        ("/demo/json", 200),
        ("/unknown/json", 404),
        ("/demo/json/", 404),
        ("/demo/1.0/json", 404),
        ("/demo", 303),
        ("/demo/", 303),
        ("/unknown/", 303),
        ("/health", 200),
        ("/a/b/c", 404),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_kept_status_of_every_path(site: Site, method, path, status):
    assert site.ask(method, path).status == status


@pytest.mark.parametrize("path", ["/", "/simple/", "/simple/demo/", "/packages/", "/health"])
def test_kept_head_has_the_length_of_get_and_no_body(site: Site, path):
    got, head = site.get(path), site.head(path)
    assert head.body == b"" and head.header("Content-Length") == str(len(got.body))
    assert head.header("Content-Type") == got.header("Content-Type")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/"),
        ("DELETE", "/"),
        ("POST", "/packages/"),
        ("DELETE", f"/packages/{DEMO.filename}"),
        ("POST", "/simple/"),
        ("POST", "/simple/demo/"),
        ("POST", "/demo/json"),
    ],
)
def test_kept_wrong_method_is_405_with_allow(site: Site, method, path):
    answer = site.ask(method, path, body=b"")
    assert answer.status == 405 and answer.header("Allow"), answer


@pytest.mark.parametrize("path", ["//simple/", "///simple/demo/"])
def test_kept_double_slashes_at_the_start_are_tolerated(site: Site, path):
    assert site.get(path).status == 200


def test_kept_query_strings_are_ignored(site: Site):
    assert site.get("/simple/demo/?any=thing").names == site.get("/simple/demo/").names
    assert site.get(f"/packages/{DEMO.filename}?x=1").body == DEMO.content


def test_kept_health_says_ok(site: Site):
    answer = site.get("/health")
    assert (answer.status, answer.body, answer.type) == (200, b"Ok", "text/html")


def test_kept_error_shows_the_url_escaped(site: Site):
    page = site.get("/a/b/%3Cscript%3E").text
    assert "<script>" not in page


# Redirects.


def location(site: Site, path: str, **more) -> str:
    """Where a redirect leads on this site."""
    here = site.url.rstrip("/")
    return site.get(path, **more).leads_to(here + path).removeprefix(here)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/simple", "/simple/"),
        ("/packages", "/packages/"),
        ("/simple/demo", "/simple/demo/"),
        ("/simple/Other.Name/", "/simple/other-name/"),
        ("/simple/other_name/", "/simple/other-name/"),
        ("/simple/Un-_.Known/", "/simple/un-known/"),
        ("/demo", "/simple/demo/"),
        ("/demo/", "/simple/demo/"),
        ("/pypi", "/simple/pypi/"),
        ("/pypi/", "/simple/pypi/"),
        ("/Other.Name/json", "/other-name/json"),
    ],
)
def test_kept_redirect_leads_to(site: Site, path, target):
    assert location(site, path) == target


@pytest.mark.parametrize(
    ("path", "target"),
    [("/robots.txt", "/simple/robots-txt/"), ("/RPC2", "/simple/rpc2/"), ("/A_b", "/simple/a-b/")],
)
def test_mended_redirect_of_the_bare_name_is_normalised_at_once(ours: Site, path, target):
    assert location(ours, path) == target


@pytest.mark.parametrize("path", ["/simple/Other.Name", "/Other.Name", "/Other.Name/"])
def test_kept_odd_spelling_arrives_at_the_page(site: Site, path):
    for _ in range(2):
        answer = site.get(path)
        if answer.status == 200:
            break
        path = location(site, path)
    assert site.get(path).names == [wheel("Other.Name", "2.0").filename]


@pytest.mark.parametrize("path", ["/simple", "/simple/demo", "/simple/Other.Name/"])
def test_kept_redirect_to_the_one_spelling_is_301(site: Site, path):
    assert site.get(path).status == 301


@pytest.mark.parametrize(("version", "status"), [("1.0", 302), ("1.1", 303)])
def test_kept_redirect_of_the_bare_name_depends_on_the_http_version(site: Site, version, status):
    request = f"GET /demo/ HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert site.raw(request.encode()).split()[1] == str(status).encode()


@pytest.mark.parametrize(("version", "status"), [("1.0", 302), ("1.1", 303)])
def test_kept_redirect_to_the_fallback_depends_on_the_http_version(open_site, version, status):
    request = f"GET /simple/nope/ HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert open_site.raw(request.encode()).split()[1] == str(status).encode()


def test_kept_redirect_stays_on_the_host_that_was_asked(site: Site):
    answer = site.get("/demo", headers={"Host": "packages.example:81"})
    asked = "http://packages.example:81/demo"
    assert answer.leads_to(asked) == "http://packages.example:81/simple/demo/"


# §2.1: the welcome page.


def test_kept_welcome_page_names_the_addresses(site: Site):
    page = site.get("/")
    assert page.type == "text/html"
    hrefs = [link.href for link in page.links]
    assert any(href.endswith("simple/") for href in hrefs), hrefs
    assert any(href.endswith("packages/") for href in hrefs), hrefs
    assert site.url in page.text


def test_kept_welcome_page_counts_files(site: Site):
    assert str(len(FILES)) in site.get("/").text


def test_kept_welcome_template_has_its_variables(serve, door: Door):
    site = serve(door, "--welcome", "welcome.html", files=FILES, start=False)
    names = ["URL", "NUMPKGS", "PACKAGES", "SIMPLE"]
    template = "|".join("{{%s}}" % name for name in names) + "|{{ URL }}|{{VERSION}}|<b>plain</b>\n"
    (site.folder / "welcome.html").write_text(template)
    site.start()
    values = site.get("/").text.strip().split("|")
    assert values[:4] == [site.url, "5", "/packages/", "/simple/"]
    assert values[4] == site.url
    assert values[5][0].isdigit()
    assert values[6] == "<b>plain</b>"


def test_kept_welcome_template_is_read_once(serve, door: Door):
    site = serve(door, "--welcome", "welcome.html", start=False)
    (site.folder / "welcome.html").write_text("first")
    site.start()
    assert site.get("/").text.strip() == "first"
    (site.folder / "welcome.html").write_text("second")
    assert site.get("/").text.strip() == "first"


def test_kept_welcome_template_escapes_values(serve, door: Door):
    site = serve(door, "--welcome", "welcome.html", start=False)
    (site.folder / "welcome.html").write_text("<p>{{URL}}</p>")
    page = site.start().get("/", headers={"Host": "a<b>&.example"})
    assert "<b>" not in page.text and page.status < 500


CODE = {
    "expression": "{{6 * 7}}",
    "line": "% open('made-by-code', 'w')",
    "block": "<%\nopen('made-by-code', 'w')\n%>",
    "call": "{{__import__('os').mkdir('made-by-code')}}",
    "unknown name": "{{NO_SUCH_NAME}}",
}


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
def test_mended_code_in_the_welcome_template_is_never_run(serve, pypi_server: Door, code):
    site = serve(pypi_server, "--welcome", "welcome.html", start=False)
    (site.folder / "welcome.html").write_text(f"<p>{{{{URL}}}}</p>\n{code}\n")
    try:
        site.start()
    except AssertionError as refused:
        # A template that would show something else than before is better refused than shown.
        site.is_expected_to_fail = True
        assert "error: " in str(refused) and "welcome" in str(refused)
    else:
        answer = site.get("/")
        assert answer.status == 200 and "42" not in answer.text
    assert not (site.folder / "made-by-code").exists()


# §2.2: the list of projects.


def test_kept_project_list_is_normalised_sorted_and_relative(site: Site):
    page = site.get("/simple/")
    assert page.names == ["demo", "other-name", "zeta"]
    assert [link.href for link in page.links] == ["demo/", "other-name/", "zeta/"]


def test_kept_project_list_is_html_with_a_title(site: Site):
    page = site.get("/simple/")
    assert page.type == "text/html"
    assert page.text.lstrip().lower().startswith("<!doctype html>")
    assert "<title>Simple Index</title>" in page.text


# §2.2: the files of a project.


def test_kept_project_page_is_html_with_a_title(site: Site):
    page = site.get("/simple/demo/")
    assert page.type == "text/html"
    assert page.text.lstrip().lower().startswith("<!doctype html>")
    assert "<title>Links for demo</title>" in page.text


def test_kept_project_page_links_to_absolute_paths_with_the_hash(site: Site):
    links = site.get("/simple/demo/").links
    assert [(link.text, link.href) for link in links] == [
        (file.filename, f"/packages/{file.filename}#sha256={file.sha256}") for file in FILES[:2]
    ]


def test_kept_project_page_shows_the_path_below_the_root_in_the_link_only(serve, door: Door):
    site = serve(door, start=False)
    DEMO.put(site.packages, f"deep/er/{DEMO.filename}")
    link = site.start().get("/simple/demo/").links[0]
    assert (link.text, link.path) == (DEMO.filename, f"/packages/deep/er/{DEMO.filename}")
    assert site.get(link.path).body == DEMO.content


def test_kept_signature_is_a_link_of_its_own(site: Site):
    assert site.get("/simple/zeta/").names == ["zeta-0.1.zip", "zeta-0.1.zip.asc"]


VERSIONS = "0.9 1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0.post1 1.2 1.10 2.0".split()


def test_kept_files_are_in_the_order_of_their_versions(serve, door: Door):
    files = [any_file(f"demo-{version}.zip") for version in reversed(VERSIONS)]
    site = serve(door, files=files)
    names = [f"demo-{version}.zip" for version in VERSIONS]
    assert site.get("/simple/demo/").names == names


def test_mended_local_version_sorts_after_its_public_one(serve, pypi_server: Door):
    order = ["1.0.dev1", "1.0", "1.0+local", "1.0.post1", "1!0.1"]
    site = serve(pypi_server, files=[any_file(f"demo-{v}.zip") for v in reversed(order)])
    names = [f"demo-{version}.zip" for version in order]
    assert site.get("/simple/demo/").names == names


# §2.2: the list of all files.


def test_kept_flat_list_shows_every_file_with_path_and_hash(serve, door: Door):
    site = serve(door, files=FILES, start=False)
    other = any_file("inner-1.0.zip")
    other.put(site.packages, "sub/inner-1.0.zip")
    site.start()
    # A program that computes hashes once may show the list before it has them all.
    wait_until(lambda: all(link.fragment for link in site.get("/packages/").links), seconds=10)
    links = {link.text: link.href for link in site.get("/packages/").links}
    assert links.keys() == {*(file.filename for file in FILES), "sub/inner-1.0.zip"}
    assert links["sub/inner-1.0.zip"] == f"/packages/sub/inner-1.0.zip#sha256={other.sha256}"


# §2.2: the fallback.


def test_kept_unknown_project_leads_to_the_fallback(open_site: Site):
    answer = open_site.get("/simple/nope/")
    assert answer.header("Location") == "https://index.example/simple/nope/"


def test_kept_fallback_asks_for_the_normalised_name(open_site: Site):
    answer = open_site.get("/simple/No.Pe/")
    assert answer.status == 301
    assert answer.header("Location", "").endswith("/simple/no-pe/")


def test_kept_fallback_is_all_or_nothing_by_project(open_site: Site):
    assert open_site.get("/simple/demo/").names == [file.filename for file in FILES[:2]]


def test_kept_unknown_project_without_fallback_is_404(site: Site):
    assert site.get("/simple/nope/").status == 404


# What is better now.


@pytest.mark.parametrize("accept", ["application/vnd.pypi.simple.v1+json", "text/html"])
def test_mended_accept_header_counts(ours: Site, accept):
    assert ours.get("/simple/demo/", headers={"Accept": accept}).type == accept


def test_mended_requires_python_is_shown(serve, pypi_server: Door):
    site = serve(pypi_server, files=[wheel("demo", "1.0", requires_python=">=3.9,<4")])
    link = site.get("/simple/demo/").links[0]
    assert link.attributes["data-requires-python"] == ">=3.9,<4"


def test_mended_metadata_file_is_offered(ours: Site):
    link = ours.get("/simple/demo/").links[0]
    assert link.attributes["data-core-metadata"].startswith("sha256=")
    assert b"Name: demo" in ours.get(link.path + ".metadata").body


ODD_NAMES = ["sp ace-1.0.zip", "päckchen-1.0.zip", "a&b-1.0.zip", "per%cent-1.0.zip", "q?-1.0.zip"]


@pytest.mark.parametrize("filename", ODD_NAMES)
def test_mended_project_whose_name_needs_quoting_is_reachable(serve, pypi_server, filename):
    file = any_file(filename)
    site = serve(pypi_server, "--disable-fallback", files=[file])
    project = site.get("/simple/").links[0]
    page = site.get("/simple/" + project.href)
    assert page.status == 200, page
    assert page.names == [filename]
    assert site.get(page.links[0].path).body == file.content


def test_mended_file_name_in_two_roots_is_listed_once_with_its_own_hash(serve, pypi_server: Door):
    site = serve(pypi_server, roots=["one", "two"], start=False)
    first, second = (any_file("demo-1.0.zip", text) for text in [b"first", b"second"])
    first.put(site.roots[0])
    second.put(site.roots[1])
    links = site.start().get("/simple/demo/").links
    assert [link.href for link in links] == [f"/packages/demo-1.0.zip#sha256={first.sha256}"]
    assert site.get("/packages/demo-1.0.zip").body == b"first"
    assert site.listed() == ["demo-1.0.zip"]


def test_kept_query_does_not_spoil_a_redirect(site: Site):
    answer = site.get("/simple/demo?format=application/vnd.pypi.simple.v1%2Bjson")
    assert answer.status == 301 and "/simple/demo/" in answer.header("Location")


def test_mended_locked_site_shows_neither_version_nor_count(serve, pypi_server: Door):
    files = [any_file(f"demo-1.{number}.zip") for number in range(137)]
    site = serve(pypi_server, "-P", ".htpasswd", "-a", "update,download,list", users={}, files=files)
    page = site.get("/")
    assert page.status in (200, 401)
    number = pypi_server.run("--version", folder=site.folder).stdout.strip()
    assert number not in page.text
    assert "137" not in page.text.replace(str(site.port), "")

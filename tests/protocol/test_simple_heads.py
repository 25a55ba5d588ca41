"""What stands before a page: HEAD, types, Vary, 304, other sites. Protocol §2.1, §2.2, §2.5."""

from __future__ import annotations

import gzip
import http.client

import pytest

from support.distributions import wheel
from support.http import status_of
from support.programs import Door, Site

JSON = "application/vnd.pypi.simple.v1+json"
V1_HTML = "application/vnd.pypi.simple.v1+html"
TYPES = pytest.mark.parametrize("type_", [JSON, V1_HTML, "text/html"])
LONG = "/simple/long/"
PAGES = pytest.mark.parametrize("path", ["/simple/", "/simple/short/", LONG])
ENCODINGS = pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
FILES = [wheel("short", "1.0"), *(wheel("long", f"1.{number}") for number in range(60))]


@pytest.fixture(scope="module")
def site(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, "--disable-fallback", files=FILES)


@pytest.fixture(scope="module")
def locked(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, "-P", ".htpasswd", "-a", "list,update", files=FILES, users=USERS)


def headers_of(answer) -> dict[str, str]:
    """What is the same whenever the same is asked."""
    other = {"date", "x-request-id"}
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in other}


# HEAD.

ASKED = {
    "list": ("/simple/", {}, 200),
    "page": (LONG, {}, 200),
    "JSON": (LONG, {"Accept": JSON}, 200),
    "v1 HTML": (LONG, {"Accept": V1_HTML}, 200),
    "gzip": (LONG, {"Accept-Encoding": "gzip"}, 200),
    "zstd": (LONG, {"Accept": JSON, "Accept-Encoding": "zstd"}, 200),
    "brotli": (LONG, {"Accept-Encoding": "br"}, 200),
    "format": (f"{LONG}?format={V1_HTML.replace('+', '%2B')}", {}, 200),
    "alias": ("/+simple/long/", {}, 200),
    "other spelling": ("/simple/LONG/", {}, 301),
    "no slash": ("/simple/long", {}, 301),
    "unknown": ("/simple/unknown/", {}, 404),
    "not acceptable": (LONG, {"Accept": "image/png"}, 406),
    "not modified": (LONG, {"If-None-Match": "*"}, 304),
    "origin": (LONG, {"Origin": "https://page.example"}, 200),
}


@pytest.mark.parametrize(("path", "headers", "status"), ASKED.values(), ids=ASKED)
def test_simple_07_head_has_status_and_headers_of_get(site, path, headers, status):
    got, head = site.get(path, headers=headers), site.head(path, headers=headers)
    assert got.status == status
    assert (head.status, head.reason, head.body) == (got.status, got.reason, b"")
    assert headers_of(head) == headers_of(got)


@PAGES
def test_simple_07_head_sends_no_byte_of_the_page(site, path):
    received = site.raw(f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert status_of(received) == 200 and received.endswith(b"\r\n\r\n")


def test_simple_07_head_of_a_locked_page_is_locked(locked):
    assert locked.head(LONG).status == 401
    assert locked.head(LONG, user=("ada", "secret")).status == 200


# Redirects.


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/simple", "/simple/"),
        ("/simple/long", LONG),
        ("/simple/LONG/", LONG),
        ("/simple/Long", LONG),
        ("/+simple/Long/", LONG),
        ("/simple/Friendly._.Bard/", "/simple/friendly-bard/"),
        ("/simple/%4cong/", LONG),
    ],
)
def test_simple_02_and_03_redirects_end_at_the_page(site, method, path, target):
    # A client may need two hops; each must stay on the server.
    url = site.url.rstrip("/")
    for _ in range(2):
        answer = site.ask(method, path)
        if answer.status not in (301, 308):
            break
        location = answer.leads_to(url + path)
        assert location.startswith(url + "/"), location
        path = location.removeprefix(url)
    assert path == target
    assert answer.status == (404 if "friendly" in target else 200)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/",
        "/simple//evil.example/",
        "/%2f%2fevil.example",
        "/simple/%2f%2fevil.example",
        "/\\evil.example",
    ],
)
def test_simple_04_no_path_leads_to_another_host(site, path):
    answer = site.get(path)
    if 300 <= answer.status < 400:
        assert answer.leads_to(site.url).startswith(site.url), answer.header("Location")


def test_simple_03_redirect_comes_after_the_lock(locked):
    assert locked.get("/simple/LONG/").status == 401
    assert locked.get("/simple/LONG/", user=("ada", "secret")).status == 301


@pytest.mark.parametrize("path", ["/simple?format=", "/simple/Long/?format=", "/simple/long?format="])
def test_simple_17_format_survives_a_redirect(site, path):
    path += JSON.replace("+", "%2B")
    answer = site.get(path)
    target = answer.leads_to(site.url.rstrip("/") + path).removeprefix(site.url.rstrip("/"))
    assert site.get(target).type == JSON


@pytest.mark.parametrize("query", ["", "?x=1", "?q=%ff", "?format", "?&&=", "?" + "x" * 3000])
def test_unknown_queries_are_ignored(site, query):
    answer = site.get(LONG + query)
    assert answer.status == (406 if query == "?format" else 200), answer.status


# Types and charsets.

ODD = ["/", "/simple/unknown/", "/packages/unknown-1.0.zip", "/no/such/thing", "/healthz", "/legacy/", "/unknown/json"]


@pytest.mark.parametrize("path", ["/simple/", LONG, "/packages/", "/long/json", "/metrics", *ODD])
def test_simple_18_whatever_has_a_body_has_a_type(site, path):
    answer = site.get(path)
    assert not answer.body or "/" in answer.type, answer


@TYPES
@PAGES
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_simple_19_and_20_types_are_exact_in_every_encoding(site, type_, path, encoding):
    answer = site.get(path, headers={"Accept": type_, "Accept-Encoding": encoding})
    assert answer.header("Content-Type") == (JSON if type_ == JSON else f"{type_}; charset=utf-8")


def vary_of(answer) -> set[str]:
    return {name.strip().lower() for value in answer.headers.get_all("Vary") or [] for name in value.split(",")}


@PAGES
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Accept": JSON}, 200),
        ({"Accept-Encoding": "zstd"}, 200),
        ({"If-None-Match": "*"}, 304),
        ({"Accept": "image/png"}, 406),
    ],
    ids=["plain", "JSON", "zstd", "304", "406"],
)
def test_simple_21_vary_is_on_every_answer_that_was_chosen(site, path, headers, status):
    answer = site.get(path, headers=headers)
    assert answer.status == status
    assert "accept" in vary_of(answer)
    if status != 406:
        assert "accept-encoding" in vary_of(answer)
        assert "authorization" not in vary_of(answer)


@PAGES
def test_simple_21_vary_names_authorization_on_a_locked_page(locked, path):
    for headers in [{}, {"Accept": JSON}, {"If-None-Match": "*"}]:
        assert "authorization" in vary_of(locked.get(path, headers=headers, user=("ada", "secret")))


# Tags.


@TYPES
@PAGES
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_simple_54_matching_tag_is_304_in_every_encoding(site, path, type_, encoding):
    headers = {"Accept": type_, "Accept-Encoding": encoding}
    first = site.get(path, headers=headers)
    tag = first.header("ETag")
    assert tag.startswith('"') and first.status == 200
    for value in [tag, "W/" + tag, f'"other" , {tag}', "*"]:
        again = site.get(path, headers={**headers, "If-None-Match": value})
        assert (again.status, again.body) == (304, b""), value
        for name in ["ETag", "Cache-Control", "Vary", "X-PyPI-Last-Serial"]:
            assert again.header(name) == first.header(name) is not None, name
        assert again.header("Content-Type") is None and again.header("Content-Length") in (None, "0")
    for value in ['"other"', tag.strip('"'), 'W/"other"']:
        assert site.get(path, headers={**headers, "If-None-Match": value}).status == 200, value


def test_simple_54_nothing_follows_a_304(site):
    # Else the next answer of the connection is read wrongly.
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    for headers, status in [({"If-None-Match": "*"}, 304), ({}, 200)] * 3:
        connection.request("GET", LONG, headers=headers)
        response = connection.getresponse()
        assert response.status == status and bool(response.read()) == (status == 200)
    connection.close()


def test_simple_54_every_representation_has_a_tag_of_its_own(site):
    tags: dict[str, tuple] = {}
    for type_ in [JSON, V1_HTML, "text/html"]:
        for encoding in ["identity", "gzip", "br", "zstd"]:
            answer = site.get(LONG, headers={"Accept": type_, "Accept-Encoding": encoding})
            assert answer.header("ETag") not in tags, (type_, encoding, tags)
            tags[answer.header("ETag")] = (type_, encoding)
    for tag, (type_, encoding) in tags.items():
        for other_type, other_encoding in tags.values():
            headers = {"Accept": other_type, "Accept-Encoding": other_encoding, "If-None-Match": tag}
            same = (type_, encoding) == (other_type, other_encoding)
            assert site.get(LONG, headers=headers).status == (304 if same else 200)


@PAGES
@TYPES
def test_simple_53_pages_are_private_and_asked_for_again(site, locked, path, type_):
    for answer in [
        site.get(path, headers={"Accept": type_}),
        locked.get(path, headers={"Accept": type_}, user=("ada", "secret")),
    ]:
        assert answer.header("Cache-Control") == "private, no-cache"


@PAGES
@TYPES
def test_simple_52_pages_carry_what_the_public_index_sends_but_for_its_caching(site, path, type_):
    """A tag on every page, the serial, CORS; in place of its ten minutes SIMPLE-53."""
    answer = site.get(path, headers={"Accept": type_})
    assert answer.header("ETag").strip('"') and not answer.header("ETag").startswith("W/")
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert answer.header("Cache-Control") == "private, no-cache"
    if path.startswith("/simple/"):
        assert int(answer.header("X-PyPI-Last-Serial")) > 0
        assert answer.header("Access-Control-Expose-Headers") == "X-PyPI-Last-Serial"


# Compression.


@TYPES
def test_simple_57_gzip_holds_the_same_page(site, type_):
    plain = site.get(LONG, headers={"Accept": type_})
    packed = site.get(LONG, headers={"Accept": type_, "Accept-Encoding": "gzip"})
    assert packed.header("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.header("Content-Length") == str(len(packed.body))


@TYPES
def test_simple_57_zstd_is_a_frame_of_the_page(site, type_):
    plain = site.get(LONG, headers={"Accept": type_})
    packed = site.get(LONG, headers={"Accept": type_, "Accept-Encoding": "zstd"})
    assert packed.header("Content-Encoding") == "zstd"
    assert packed.body.startswith(b"\x28\xb5\x2f\xfd")
    assert declared_size(packed.body) in (None, len(plain.body))


def declared_size(frame: bytes) -> int | None:
    """The size in the head of a zstd frame, if it says one (RFC 8878, 3.1.1)."""
    descriptor = frame[4]
    is_single = descriptor >> 5 & 1
    size_bytes = [is_single, 2, 4, 8][descriptor >> 6]
    start = 5 + (not is_single) + [0, 1, 2, 4][descriptor & 3]
    size = int.from_bytes(frame[start : start + size_bytes], "little")
    return None if not size_bytes else size + 256 * (size_bytes == 2)


@ENCODINGS
@TYPES
def test_simple_57_page_shrinks_in_every_encoding(site, encoding, type_):
    plain = site.get(LONG, headers={"Accept": type_})
    packed = site.get(LONG, headers={"Accept": type_, "Accept-Encoding": encoding})
    assert packed.header("Content-Encoding") == encoding
    assert len(packed.body) < len(plain.body) / 2


@pytest.mark.parametrize(
    ("accept", "encodings"),
    [
        (None, {None}),
        ("", {None}),
        ("identity", {None}),
        ("deflate", {None}),
        ("gzip;q=0", {None}),
        ("gzip;q=0, *;q=0.5", {None, "br", "zstd"}),
        ("*", {None, "gzip", "br", "zstd"}),
        ("gzip, deflate", {"gzip"}),
        ("gzip, deflate, zstd", {"zstd", "gzip"}),
        ("gzip, deflate, br, zstd", {"br", "zstd"}),
        ("br;q=0.1, gzip;q=0.9", {"gzip"}),
        ("GZIP", {"gzip"}),
        ("x-gzip", {None, "gzip", "x-gzip"}),
        ("gzip ; q=0.5 ,, nonsense", {"gzip"}),
        ("identity;q=1, gzip;q=0.5", {None}),
    ],
)
def test_simple_57_encoding_is_one_that_was_asked_for(site, accept, encodings):
    answer = site.get(LONG, headers={} if accept is None else {"Accept-Encoding": accept})
    assert answer.header("Content-Encoding") in encodings


# Other sites.


@PAGES
@TYPES
def test_simple_58_open_pages_may_be_read_by_scripts_of_other_sites(site, path, type_):
    for headers in [{}, {"Origin": "https://page.example"}]:
        answer = site.get(path, headers={"Accept": type_, **headers})
        assert answer.header("Access-Control-Allow-Origin") == "*"
        assert answer.header("Access-Control-Expose-Headers") == "X-PyPI-Last-Serial"
        assert answer.header("Access-Control-Allow-Credentials") is None


@PAGES
def test_simple_58_browsers_are_told_before_they_ask(site, path):
    headers = {"Origin": "https://page.example", "Access-Control-Request-Method": "GET"}
    answer = site.ask("OPTIONS", path, headers=headers)
    assert answer.status in (200, 204)
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert answer.header("Access-Control-Allow-Methods") == "GET"
    assert answer.header("Access-Control-Max-Age") == "86400"
    allowed = {name.strip() for name in answer.header("Access-Control-Allow-Headers").split(",")}
    assert allowed == {"Content-Type", "If-Match", "If-Modified-Since", "If-None-Match", "If-Unmodified-Since"}


@PAGES
def test_simple_58_locked_pages_are_for_nobodys_scripts(locked, path):
    origin = {"Origin": "https://page.example"}
    for answer in [
        locked.get(path, headers=origin),
        locked.get(path, headers=origin, user=("ada", "secret")),
        locked.ask("OPTIONS", path, headers={**origin, "Access-Control-Request-Method": "GET"}),
    ]:
        assert answer.header("Access-Control-Allow-Origin") is None


# Methods.


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST", "TRACE", "PROPFIND", "FROB"])
@pytest.mark.parametrize("path", ["/simple/", LONG, "/simple", "/simple/long", "/packages/", "/+simple/long/"])
def test_simple_06_other_methods_are_405_and_named(site, method, path):
    answer = site.ask(method, path, body=b"")
    assert answer.status == 405
    assert {"GET", "HEAD"} <= {name.strip() for name in answer.header("Allow").split(",")}


@pytest.mark.parametrize("type_", ["text/xml", "application/xml", "text/xml; charset=utf-8"])
def test_simple_06_post_of_xml_is_a_call(site, type_):
    call = b"<?xml version='1.0'?><methodCall><methodName>system.listMethods</methodName></methodCall>"
    answer = site.ask("POST", "/simple/", headers={"Content-Type": type_}, body=call)
    assert answer.status == 200 and b"<methodResponse>" in answer.body

"""Requests that no client of good will sends: an answer in kind, and the next one is served."""

from __future__ import annotations

import socket
from contextlib import suppress

import pytest

from support.distributions import any_file, wheel
from support.http import status_of

DEMO = wheel("demo", "1.0")
SECRET = b"a file outside of the folder"


@pytest.fixture(scope="module")
def running(serve_all, either_name):
    site = serve_all(either_name, "--disable-fallback", files=[DEMO], start=False)
    DEMO.put(site.packages, f"sub/{DEMO.filename.replace('1.0', '2.0')}")
    (site.folder / "secret-1.0.zip").write_bytes(SECRET)
    any_file("hidden-1.0.zip", SECRET).put(site.packages, ".hidden/hidden-1.0.zip")
    return site.start()


@pytest.fixture
def site(running):
    yield running
    # Whatever came before, the next one gets what it asks for.
    assert running.get("/simple/demo/").names
    assert running.get("/packages/" + DEMO.filename).body == DEMO.content


def exchange(site, data: bytes) -> bytes:
    """Sends bytes and reads to the end; a server may close or reset at any moment."""
    received = b""
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        with suppress(OSError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    return received


CLIMBS = [
    "../secret-1.0.zip",
    "%2e%2e/secret-1.0.zip",
    "%2E%2E%2Fsecret-1.0.zip",
    "..%2fsecret-1.0.zip",
    "..%5csecret-1.0.zip",
    "..\\secret-1.0.zip",
    "%252e%252e%252fsecret-1.0.zip",
    "....//secret-1.0.zip",
    ".%2e/secret-1.0.zip",
    "%c0%ae%c0%ae/secret-1.0.zip",
    "%c0%ae%c0%ae%c0%afsecret-1.0.zip",
    "%u002e%u002e/secret-1.0.zip",
    "sub/../../secret-1.0.zip",
    "sub/%2e%2e/%2e%2e/secret-1.0.zip",
    "./../secret-1.0.zip",
    "..;/secret-1.0.zip",
    "..%00/secret-1.0.zip",
    "..%0d%0a/secret-1.0.zip",
    "../secret-1.0.zip%00.whl",
    "/../secret-1.0.zip",
    "//secret-1.0.zip",
    "../packages/.hidden/hidden-1.0.zip",
    ".hidden/hidden-1.0.zip",
    "%2ehidden/hidden-1.0.zip",
    "sub/../.hidden/hidden-1.0.zip",
    "../../../../../../../../etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    "../secret-1.0.zip.metadata",
    "../secret-1.0.zip?x=.whl",
    "../secret-1.0.zip%23.whl",
]


@pytest.mark.parametrize("start", ["/packages/", "/packages/sub/", "/packages"])
@pytest.mark.parametrize("climb", CLIMBS)
def test_path_never_leads_out_of_the_folder(site, start, climb):
    request = f"GET {start}{climb} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    received = exchange(site, request.encode("latin-1"))
    status = status_of(received)
    assert SECRET not in received and b"root:" not in received
    # Bytes that are no text, or no address at all, may be told so.
    assert status in (400, 404) or status in (301, 302, 303, 307, 308), received[:300]
    if not {"%00", "%c0", "%u"} & {climb[i : i + 3].lower() for i in range(len(climb))} | {
        climb[i : i + 2].lower() for i in range(len(climb))
    } & {"%u"} and start != "/packages":
        assert status == 404, received[:300]


PATHS = ["/", "/simple/", "/simple/demo/", f"/packages/{DEMO.filename}", "/packages/", "/healthz", "/readyz", "/health", "/RPC2", "/legacy/", "/demo/json"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND", "MKCOL", "BREW", "TRACE", "get"])
@pytest.mark.parametrize("path", PATHS)
def test_method_that_is_not_served_is_405_and_names_those_that_are(site, path, method):
    received = exchange(
        site,
        f"{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode(),
    )
    assert status_of(received) == 405, received[:300]
    head = received.split(b"\r\n\r\n")[0].lower()
    allowed = [line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"allow:")]
    assert allowed and (b"get" in allowed[0] or b"post" in allowed[0]), head


@pytest.mark.parametrize("request_", [b"OPTIONS * HTTP/1.1", b"CONNECT a:443 HTTP/1.1", b"GET http://a/simple/demo/ HTTP/1.1", b"OPTIONS /simple/ HTTP/1.1"])
def test_other_forms_of_the_request_line_are_no_error_of_ours(site, request_):
    received = exchange(site, request_ + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert status_of(received) < 500, received[:300]


CONDITIONS = [
    ("Range", value)
    for value in [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-1", "bytes=1-2-3", "bytes=--1", "items=0-5",
        "bytes=99999999999999999999999-", "bytes=0-99999999999999999999999", "bytes=-99999999999999999999999",
        "bytes=0-0," * 1000 + "1-1", "bytes=0-,0-,0-,0-", "bytes= 0 - 5 ", "BYTES=0-5", "bytes=0x1-5", "bytes=+1-5",
        "bytes=\xff-5", "bytes=0-5;x", "bytes=18446744073709551615-18446744073709551616",
    ]
] + [
    (name, value)
    for name in ["If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"]
    for value in [
        "", "*", '"', '""', "W/", 'W/"', '"a', "a,b", '"a", ', "," * 5000, "\xff\xfe", "never", "0", "-1",
        "Thu, 99 Foo 99999 99:99:99 GMT", "Thu, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 30 Feb 2026 00:00:00 GMT", "Sat, 01 Jan 1000000000000 00:00:00 GMT",
    ]
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [f"/packages/{DEMO.filename}", f"/packages/{DEMO.filename}.metadata", "/simple/demo/", "/simple/"])
def test_bad_condition_or_range_is_never_500(site, path, method):
    whole = site.get(path).body
    for name, value in CONDITIONS:
        head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{name}: {value}\r\n"
        for more in ["", "Range: bytes=0-3\r\n"] if name != "Range" else [""]:
            received = exchange(site, (head + more + "\r\n").encode("latin-1"))
            status = status_of(received)
            assert status in (200, 206, 304, 400, 412, 416), (name, value, received[:300])
            body = received.partition(b"\r\n\r\n")[2]
            if status == 200 and method == "GET":
                assert body == whole, (name, value)
            elif status == 206 and method == "GET" and b"multipart/byteranges" not in received:
                assert body and body in whole, (name, value)
            elif status == 304 or method == "HEAD":
                assert body == b"", (name, value)


HEADERS = {
    "Accept": ["", ",", ";;;", "a/b;q=", "*/*;q=9", "text/html;q=nan", "x" * 20_000, "\xff", "a/b," * 5000, "application/vnd.pypi.simple.v1+json;q=1e999"],
    "Accept-Encoding": ["", ",", "gzip;q=", "gzip;q=-1", "*;q=0", "gzip, " * 5000, "\xff"],
    "Authorization": ["", "Basic", "Basic ", "Basic !!!!", "Basic QQ==", "Basic Og==", "Basic " + "QUJD" * 10_000, "Bearer x", "\xff", "Digest x=y", "Basic /////w=="],
    "Host": ["", ":", ":99999", "[", "a:b:c", "a/b", "a b", "\xff", "x" * 5000, "a@b", "%00"],
    "X-Forwarded-Host": ["", ",", "a b", "/", "\xff", '"><script>', "x" * 5000, "a\tb", "//evil.example"],
    "X-Forwarded-Proto": ["", "javascript", "\xff", "https,http", "http://"],
    "X-Forwarded-Prefix": ["", "//evil.example", "/../..", "\xff", "/<script>", "x" * 5000],
    "X-Forwarded-For": ["", "x", "\xff", "1.2.3.4.5", "::::", "1," * 5000],
    "X-Request-Id": ["", "x" * 5000, "\xff", "a b"],
    "User-Agent": ["", "\xff\xfe", "x" * 20_000],
    "Cookie": ["", "\xff", "a=" + "b" * 20_000],
}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("path", ["/", "/simple/", "/simple/demo/", "/Demo/", f"/packages/{DEMO.filename}"])
def test_odd_header_is_never_500_nor_led_elsewhere(site, path, name):
    for value in HEADERS[name]:
        host = "" if name == "Host" else "Host: 127.0.0.1\r\n"
        request = f"GET {path} HTTP/1.1\r\n{host}{name}: {value}\r\nConnection: close\r\n\r\n"
        received = exchange(site, request.encode("latin-1"))
        assert status_of(received) < 500, (value, received[:300])
        assert b"<script>" not in received.lower(), value


@pytest.mark.parametrize("host", ["", "Host: a\r\n"], ids=["no host", "host"])
@pytest.mark.parametrize("path", ["/", "/simple/", "/simple/demo/", "/simple/demo", "/demo", "/simple/Demo/", f"/packages/{DEMO.filename}", "/healthz", "/nothing/at/all"])
def test_http_1_0_is_answered_and_closed(site, path, host):
    received = exchange(site, f"GET {path} HTTP/1.0\r\n{host}\r\n".encode())
    assert status_of(received) < 500 and (status_of(received) != 400), received[:300]
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower(), "HTTP/1.0 knows no chunks"
    if path.startswith("/packages/"):
        assert body == DEMO.content


@pytest.mark.parametrize("size", [10_000, 100_000, 2_000_000])
@pytest.mark.parametrize("start", ["/simple/", "/packages/", "/?x=", "/"])
def test_huge_address_is_refused(site, start, size):
    received = exchange(site, f"GET {start}{'x' * size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    if received:
        assert status_of(received) in (200, 301, 302, 303, 307, 308, 400, 404, 414, 431), received[:300]
        assert start == "/?x=" or status_of(received) != 200
    if size > 1_000_000:
        assert not received or status_of(received) in (400, 414, 431), received[:300]


@pytest.mark.parametrize("head", ["X-Long: " + "x" * 2_000_000 + "\r\n", "X-Many: 1\r\n" * 100_000, "X" * 2_000_000 + ": 1\r\n"], ids=["long", "many", "long name"])
def test_head_that_is_too_large_is_431(site, head):
    received = exchange(site, f"GET /simple/ HTTP/1.1\r\nHost: a\r\n{head}\r\n".encode())
    assert not received or status_of(received) in (400, 431), received[:300]


@pytest.mark.parametrize("path", ["%", "%2", "%zz", "%%", "%2%", "a%", "%ff", "%00", "a%00b", "%e2%82", "%25zz", "%C0%80", "\x80", "<>", "[", "]", "{", "}", "|", "^", "`", '"'])
@pytest.mark.parametrize("start", ["/", "/simple/", "/packages/", "/simple/?format=", "/demo/json?"])
def test_bad_percent_encoding_is_answered_in_kind(site, start, path):
    received = exchange(site, f"GET {start}{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert status_of(received) < 500, received[:300]


GARBAGE = {
    "TLS": bytes.fromhex("16030100f5010000f10303") + bytes(range(200)),
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "HTTP/0.9": b"GET /simple/\r\n",
    "zeros": b"\0" * 100_000,
    "all bytes": bytes(range(256)) * 100,
    "line breaks": b"\r\n" * 100_000,
    "a long word": b"x" * 1_000_000,
    "a proxy's greeting": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank before the name": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "blank behind the name": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost a\r\n\r\n",
    "bare line feeds": b"GET /simple/ HTTP/1.1\nHost: a\nConnection: close\n\n",
    "bare carriage returns": b"GET /simple/ HTTP/1.1\rHost: a\r\r",
    "null in a header": b"GET /simple/ HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "no method": b" / HTTP/1.1\r\nHost: a\r\n\r\n",
    "only a method": b"GET\r\n\r\n",
    "long method": b"X" * 10_000 + b" / HTTP/1.1\r\nHost: a\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_or_dropped(site, data):
    received = exchange(site, data)
    if received.startswith(b"HTTP/1."):
        assert status_of(received) < 500, received[:300]


SMUGGLED = {
    "two lengths": b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd",
    "length with a sign": b"Content-Length: +4\r\n\r\nabcd",
    "list of lengths": b"Content-Length: 4, 5\r\n\r\nabcd",
    "huge length": b"Content-Length: 99999999999999999999999\r\n\r\nabcd",
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": b"Transfer-Encoding: x\r\n\r\nabcd",
    "chunked and more": b"Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n",
    "chunk without size": b"Transfer-Encoding: chunked\r\n\r\n\r\nabcd\r\n0\r\n\r\n",
    "chunk of letters": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabcd\r\n0\r\n\r\n",
    "negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-4\r\nabcd\r\n0\r\n\r\n",
    "chunk too large for a number": b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\nabcd\r\n0\r\n\r\n",
    "chunk longer than its size": b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n",
    "chunk that is cut": b"Transfer-Encoding: chunked\r\n\r\nff\r\nabcd",
    "long extension": b"Transfer-Encoding: chunked\r\n\r\n4;" + b"x" * 100_000 + b"\r\nabcd\r\n0\r\n\r\n",
    "long trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("framing", SMUGGLED.values(), ids=SMUGGLED)
@pytest.mark.parametrize("path", [b"/", b"/RPC2", b"/simple/"])
def test_body_with_odd_framing_is_4xx_or_dropped(site, path, framing):
    received = exchange(site, b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\n" + framing)
    if received:
        assert status_of(received) < 500, received[:300]
        # An answer to what was hidden in the body would be a second one.
        assert received.count(b"HTTP/1.1 200") <= 1

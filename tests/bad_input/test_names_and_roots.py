"""Names and folders that nobody planned for."""

from __future__ import annotations

import os

import pytest

from support.distributions import any_file, wheel

ODD_PATHS = [
    "/simple/%00/",
    "/simple/%ff%fe/",
    "/simple/..%2f..%2fetc/",
    "/simple/%2e%2e/",
    "/simple/" + "x" * 5000 + "/",
    "/simple/päck/".encode().decode("latin-1"),
    "/simple/%E5%8C%85/",
    "/simple/%F0%9F%90%8D/",
    "/simple/-/",
    "/simple/.../",
    "/simple/%20/",
    "/simple/%0a/",
    "/simple/a%0d%0aSet-Cookie:%20x=y/",
    "/simple/<script>/",
    "/simple/demo/extra/",
    "/packages/%",
    "/packages/%zz",
    "/packages/%ff.zip",
    "/packages/" + "a/" * 500 + "x-1.0.zip",
    "/packages//x-1.0.zip",
    "/%2f%2fevil.example/",
    "//evil.example/",
    "/%5c%5cevil.example",
    "/\\evil.example",
    "/demo%0d%0aX-Injected:%20yes",
    "/.wheelhouse/catalog.sqlite",
    "/packages/.wheelhouse/catalog.sqlite",
    "/packages/.wheelhouse-marks.json",
    "/%",
    "/?%",
    "/simple/?format=%ff",
]


@pytest.fixture(scope="module")
def site(serve_all, either_name):
    return serve_all(either_name, "--disable-fallback", files=[wheel("demo", "1.0")])


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", ODD_PATHS, ids=lambda path: ascii(path)[:40])
def test_odd_path_is_answered_in_kind(site, method, path):
    if " " in path:
        path = path.replace(" ", "%20")
    request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    received = site.raw(request.encode("latin-1"))
    status = int(received.split()[1])
    assert 200 <= status < 500, received[:300]
    head = received.split(b"\r\n\r\n")[0].lower()
    assert b"x-injected" not in head.replace(b"%0d%0ax-injected", b"")
    assert b"\nset-cookie" not in head and b"sqlite format" not in received.lower()
    for line in head.split(b"\r\n"):
        if line.startswith(b"location:"):
            target = line.split(b":", 1)[1].strip()
            assert target.startswith((b"/", b"http://127.0.0.1")), line
            assert not target.startswith((b"//", b"/\\")), line


@pytest.mark.parametrize(
    "head",
    [
        b"GET /simple/ HTTP/1.1\r\n\r\n",
        b"GET /simple/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /simple/ HTTP/9.9\r\nHost: a\r\n\r\n",
        b"G\xffT / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b c\r\nConnection: close\r\n\r\n",
        b"GET /demo HTTP/1.1\r\nHost: \"><script>\r\nConnection: close\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Many: 1\r\n" * 2000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 2_000_000 + b"\r\n\r\n",
    ],
    ids=range(14),
)
def test_odd_request_head_never_breaks_the_server(site, head):
    try:
        received = site.raw(head)
    except (ConnectionResetError, BrokenPipeError):
        received = b""
    if received:
        assert int(received.split()[1]) < 500, received[:200]
    assert site.get("/healthz").status == 200


def test_odd_names_of_files_are_listed_and_served(serve, either_name):
    names = ["sp ace-1.0.zip", "päckchen-1.0.zip", "包-1.0.zip", "a'b\"c<d>&e-1.0.zip", "100%-1.0.zip", "q?x-1.0.zip", "h#x-1.0.zip"]
    site = serve(either_name, "--disable-fallback", files=[any_file(name) for name in names])
    page = site.get("/packages/")
    assert sorted(page.names) == sorted(names)
    for link in page.links:
        assert site.get(link.path).body == any_file(link.text).content
    for project in site.get("/simple/").links:
        assert site.get("/simple/" + project.href).status == 200


def test_file_name_that_is_no_text_harms_nobody(serve, either_name):
    site = serve(either_name, files=[wheel("demo", "1.0")], start=False)
    with open(os.fsencode(site.packages) + b"/b\xffd-1.0.zip", "wb") as file:
        file.write(b"bytes")
    site.start()
    assert wheel("demo", "1.0").filename in site.listed()
    assert site.get("/simple/").status == 200
    for project in site.get("/simple/").links:
        assert site.get("/simple/" + project.href).status == 200


def test_two_roots_with_one_file_name(serve, either_name):
    site = serve(either_name, roots=["one", "two"], start=False)
    first, second = any_file("demo-1.0.zip", b"first"), any_file("demo-1.0.zip", b"the second")
    first.put(site.roots[0])
    second.put(site.roots[1])
    site.start()
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    files = site.get("/simple/demo/", headers=accept).json["files"]
    assert [(file["hashes"]["sha256"], file["size"]) for file in files] == [(first.sha256, 5)]
    assert site.get("/packages/demo-1.0.zip").body == b"first"
    (site.roots[0] / "demo-1.0.zip").unlink()
    from support.waiting import wait_until

    wait_until(lambda: site.get("/packages/demo-1.0.zip").body == b"the second", seconds=10)
    files = site.get("/simple/demo/", headers=accept).json["files"]
    assert [file["hashes"]["sha256"] for file in files] == [second.sha256]


def test_one_root_inside_another_lists_each_file_once_by_each_path(serve, pypi_server):
    site = serve(pypi_server, roots=["outer", "outer/inner"], start=False)
    file = any_file("demo-1.0.zip")
    file.put(site.roots[1])
    site.start()
    for link in site.get("/simple/demo/").links:
        assert site.get(link.path).body == file.content


def test_folder_that_cannot_be_read_hides_only_itself(serve, either_name):
    site = serve(either_name, files=[wheel("demo", "1.0")], start=False)
    closed = site.packages / "closed"
    any_file("inner-1.0.zip").put(closed)
    closed.chmod(0)
    try:
        site.start()
        assert wheel("demo", "1.0").filename in site.listed()
    finally:
        closed.chmod(0o755)


def test_folder_named_like_a_package_is_no_file(serve, either_name):
    site = serve(either_name, files=[wheel("demo", "1.0")], start=False)
    (site.packages / "folder-1.0.zip").mkdir()
    os.mkfifo(site.packages / "pipe-1.0.zip")
    site.start()
    assert site.listed() == [wheel("demo", "1.0").filename]
    assert site.get("/packages/folder-1.0.zip").status == 404
    assert site.get("/packages/pipe-1.0.zip").status == 404

"""Downloads, protocol §3, under both names; what pypiserver did already is in its own tests."""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import io
import zipfile

import pytest

from support.distributions import WRITTEN, Distribution, any_file, sdist, wheel, zip_sdist
from support.http import status_of
from support.programs import Door, Site

LARGE = wheel("large", "1.0", padding=3_000_000)
SMALL = wheel("small", "1.0")
SDIST = sdist("small", "1.0")
ZIP = zip_sdist("small", "0.9")
SIGNATURE = any_file(SDIST.filename + ".asc", b"-----BEGIN PGP SIGNATURE-----")
# A file that is sent in parts from the disk, and one that is kept whole in memory.
SIZES = pytest.mark.parametrize("file", [SMALL, LARGE], ids=["small", "large"])
ALL = pytest.mark.parametrize("file", [SMALL, LARGE, SDIST, ZIP, SIGNATURE], ids=lambda file: file.filename)
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def wheel_with(metadata: bytes) -> Distribution:
    """A wheel whose METADATA is exactly these bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("raw-1.0.dist-info/METADATA", metadata)
        archive.writestr("raw-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("raw-1.0.dist-info/RECORD", "")
    return Distribution("raw-1.0-py3-none-any.whl", content.getvalue())


@pytest.fixture(scope="module")
def site(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, "--disable-fallback", files=[LARGE, SMALL, SDIST, ZIP, SIGNATURE])


def path_of(file: Distribution) -> str:
    return "/packages/" + file.filename


# Metadata.

HEAD = b"Metadata-Version: 2.1\nName: raw\nVersion: 1.0\n"


@pytest.mark.parametrize(
    "metadata",
    [
        HEAD,
        HEAD.replace(b"\n", b"\r\n") + b"\r\ntext\r\n",
        HEAD + "Author: Jörg\n".encode("latin-1"),
        HEAD + "Summary: ☃ und mehr\n".encode(),
        b"\xef\xbb\xbf" + HEAD,
        HEAD + b"\n" + b"A long description.\n" * 20_000,
        HEAD + b"\n   \t ends without a line break",
    ],
    ids=["plain", "CRLF", "Latin-1", "UTF-8", "byte order mark", "long", "no final line break"],
)
def test_dl_01_metadata_is_byte_for_byte_that_of_the_wheel(serve, either_name, metadata):
    file = wheel_with(metadata)
    site = serve(either_name, files=[file])
    answer = site.get(path_of(file) + ".metadata")
    assert (answer.status, answer.body) == (200, metadata)
    found = site.get("/simple/raw/", headers=JSON).json["files"][0]
    assert found["core-metadata"] == {"sha256": hashlib.sha256(metadata).hexdigest()}


def test_dl_01_metadata_of_an_uploaded_wheel_is_there_at_once(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".")
    for number in range(5):
        file = wheel("demo", f"1.{number}")
        assert site.upload(file).status == 200
        found = site.get("/simple/demo/", headers=JSON).json["files"][-1]
        answer = site.get(found["url"] + ".metadata")
        assert (answer.status, found["filename"]) == (200, file.filename)
        assert found["core-metadata"] == {"sha256": hashlib.sha256(answer.body).hexdigest()}


def test_dl_01_metadata_follows_its_wheel(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".", "--overwrite")
    path = "/packages/" + wheel("demo", "1.0").filename + ".metadata"
    seen = []
    for summary in ["first", "second"]:
        assert site.upload(wheel("demo", "1.0", summary=summary)).status == 200
        answer = site.get(path)
        assert f"Summary: {summary}".encode() in answer.body
        seen.append(answer.header("ETag"))
    assert seen[0] != seen[1]


def test_dl_02_sdists_and_signatures_have_no_metadata_file(site):
    for file in [SDIST, ZIP, SIGNATURE]:
        assert site.get(path_of(file) + ".metadata").status == 404, file.filename
    assert site.get("/packages/no_such-1.0-py3-none-any.whl.metadata").status == 404
    assert site.get(path_of(SMALL) + ".metadata.metadata").status == 404


def test_dl_03_signature_is_served_where_there_is_one(site):
    assert site.get(path_of(SDIST) + ".asc").body == SIGNATURE.content
    assert site.get(path_of(SMALL) + ".asc").status == 404


# HEAD.


@ALL
def test_dl_04_head_tells_length_ranges_and_tag(site, file):
    head = site.head(path_of(file))
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Length") == str(len(file.content))
    assert head.header("Accept-Ranges") == "bytes"
    assert head.header("ETag") == f'"{file.sha256}"'


@pytest.mark.parametrize("suffix", ["", ".metadata", ".asc"])
def test_dl_04_head_has_the_headers_of_get(site, suffix):
    path = path_of(SMALL) + suffix
    got, head = site.get(path), site.head(path)
    assert (head.status, head.body) == (got.status, b"")
    without = {"date", "x-request-id"}
    headers = [
        {name.lower(): value for name, value in answer.headers.items() if name.lower() not in without}
        for answer in [got, head]
    ]
    assert headers[0] == headers[1]


def test_dl_04_head_sends_no_byte_of_the_file(site):
    request = f"HEAD {path_of(SMALL)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    received = site.raw(request.encode())
    assert status_of(received) == 200 and received.endswith(b"\r\n\r\n")


# Ranges.

SATISFIABLE = {
    "first byte": ("bytes=0-0", slice(0, 1)),
    "single": ("bytes=100-199", slice(100, 200)),
    "open": ("bytes=100-", slice(100, None)),
    "open from the start": ("bytes=0-", slice(0, None)),
    "suffix": ("bytes=-100", slice(-100, None)),
    "last byte": ("bytes=-1", slice(-1, None)),
    "end beyond the file": ("bytes=100-99999999", slice(100, None)),
    "suffix beyond the file": ("bytes=-99999999", slice(0, None)),
    "numbers beyond 64 bits": ("bytes=0-99999999999999999999999", slice(0, None)),
    "unit in capitals": ("Bytes=0-9", slice(0, 10)),
}


@SIZES
@pytest.mark.parametrize(("asked", "part"), SATISFIABLE.values(), ids=SATISFIABLE)
def test_dl_05_range_is_206_with_exactly_these_bytes(site, file, asked, part):
    answer = site.get(path_of(file), headers={"Range": asked})
    size = len(file.content)
    start, end, _ = part.indices(size)
    assert (answer.status, answer.body) == (206, file.content[part])
    assert answer.header("Content-Range") == f"bytes {start}-{end - 1}/{size}"
    assert answer.header("Content-Length") == str(end - start)
    assert answer.header("ETag") == f'"{file.sha256}"'


@SIZES
def test_dl_05_parts_make_up_the_file(site, file):
    # As the lazy wheel of pip reads: over one connection, from the end to the start.
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    size, step, parts = len(file.content), len(file.content) // 7 + 1, []
    for start in reversed(range(0, size, step)):
        asked = f"bytes={start}-{min(start + step, size) - 1}"
        connection.request("GET", path_of(file), headers={"Range": asked})
        response = connection.getresponse()
        assert response.status == 206
        parts.insert(0, response.read())
    connection.close()
    assert b"".join(parts) == file.content


@SIZES
@pytest.mark.parametrize("asked", ["bytes={size}-", "bytes={size}-{more}", "bytes={more}-", "bytes=-0"])
def test_dl_05_unsatisfiable_range_is_416_and_tells_the_size(site, file, asked):
    size = len(file.content)
    asked = asked.format(size=size, more=size + 10)
    answer = site.get(path_of(file), headers={"Range": asked})
    assert (answer.status, answer.header("Content-Range")) == (416, f"bytes */{size}")


@SIZES
@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=a-b", "bytes=", "bytes", "lines=0-9", "bytes=-", "0-9", "bytes=1.0-2", "bytes=--5"]
)
def test_dl_05_range_that_is_none_is_ignored(site, file, asked):
    answer = site.get(path_of(file), headers={"Range": asked})
    assert (answer.status, answer.body) == (200, file.content)


def parts_of(answer) -> list[tuple[str, str, bytes]]:
    """The parts of a multipart answer: type, range and bytes of each."""
    boundary = answer.header("Content-Type").partition("boundary=")[2].encode()
    head, *parts, end = answer.body.split(b"--" + boundary)
    assert (head.strip(), end) == (b"", b"--\r\n"), answer
    found = []
    for part in parts:
        lines, _, data = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in lines.decode().split("\r\n"))
        assert data.endswith(b"\r\n") and set(headers) == {"Content-Type", "Content-Range"}
        found.append((headers["Content-Type"], headers["Content-Range"], data[:-2]))
    return found


@SIZES
@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("0-4,10-14", [(0, 5), (10, 15)]),
        ("-5,0-0", [(-5, None), (0, 1)]),
        ("0-1,2-3,4-4", [(0, 2), (2, 4), (4, 5)]),
        ("0-9,100-199,200-399", [(0, 10), (100, 200), (200, 400)]),
        ("5-9,999999999-", [(5, 10)]),
        (",".join(f"{n * 10}-{n * 10}" for n in range(16)), [(n * 10, n * 10 + 1) for n in range(16)]),
    ],
)
def test_dl_05_several_ranges_come_in_the_parts_of_one_body(site, file, asked, wanted):
    answer = site.get(path_of(file), headers={"Range": f"bytes={asked}"})
    size = len(file.content)
    assert answer.status == 206 and answer.header("Content-Length") == str(len(answer.body))
    if len(wanted) == 1:
        assert answer.body == file.content[slice(*wanted[0])] and answer.type != "multipart/byteranges"
        return
    assert answer.type == "multipart/byteranges" and answer.header("Content-Range") is None
    expected = []
    for place in wanted:
        first, end, _ = slice(*place).indices(size)
        expected.append(("application/octet-stream", f"bytes {first}-{end - 1}/{size}", file.content[first:end]))
    assert parts_of(answer) == expected


@pytest.mark.parametrize("asked", ["0-4,2-8" + ",0-99999" * 9, ",".join(["0-0"] * 17), "0-,0-"])
def test_dl_05_ranges_that_come_to_more_than_the_file_are_the_file(site, asked):
    answer = site.get(path_of(SMALL), headers={"Range": f"bytes={asked}"})
    assert (answer.status, answer.body) == (200, SMALL.content)


@SIZES
def test_dl_05_no_boundary_is_used_twice(site, file):
    asked = {"Range": "bytes=0-0,2-2"}
    first, second = (site.get(path_of(file), headers=asked).header("Content-Type") for _ in range(2))
    assert first != second


def test_dl_05_metadata_has_ranges_too(site):
    path = path_of(SMALL) + ".metadata"
    whole = site.get(path).body
    answer = site.get(path, headers={"Range": "bytes=5-14"})
    assert (answer.status, answer.body) == (206, whole[5:15])


# Bytes as they are.


@ALL
@pytest.mark.parametrize("accept", ["gzip", "zstd", "br", "gzip, deflate, zstd, br", "*", "identity"])
def test_dl_06_files_are_never_encoded(site, file, accept):
    answer = site.get(path_of(file), headers={"Accept-Encoding": accept})
    assert answer.header("Content-Encoding") is None
    assert answer.body == file.content


# Resuming.


@SIZES
def test_dl_07_if_range_resumes_the_same_file_only(site, file):
    size = len(file.content)
    first = site.get(path_of(file))
    conditions = {
        first.header("ETag"): 206,
        first.header("Last-Modified"): 206,
        '"other"': 200,
        "W/" + first.header("ETag"): 200,
        "Mon, 01 Jan 2001 00:00:00 GMT": 200,
        "nonsense": 200,
    }
    for condition, status in conditions.items():
        answer = site.get(path_of(file), headers={"Range": "bytes=50-", "If-Range": condition})
        assert answer.status == status, condition
        assert answer.body == file.content[50 if status == 206 else 0 :], condition
        if status == 206:
            assert answer.header("Content-Range") == f"bytes 50-{size - 1}/{size}"


# Tags and times.


@SIZES
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_dl_08_tag_is_the_strong_hash_and_answers_304(site, file, method):
    tag = f'"{file.sha256}"'
    for value in [tag, "W/" + tag, f'"a", {tag} , "b"', "*"]:
        answer = site.ask(method, path_of(file), headers={"If-None-Match": value})
        assert (answer.status, answer.body, answer.header("ETag")) == (304, b"", tag), value
    for value in ['"other"', tag.strip('"'), tag.upper()]:
        assert site.ask(method, path_of(file), headers={"If-None-Match": value}).status == 200, value


def test_dl_08_tag_of_metadata_is_its_own_hash(site):
    path = path_of(SMALL) + ".metadata"
    answer = site.get(path)
    assert answer.header("ETag") == f'"{hashlib.sha256(answer.body).hexdigest()}"'
    again = site.get(path, headers={"If-None-Match": answer.header("ETag")})
    assert (again.status, again.body) == (304, b"")


def test_dl_08_tag_goes_before_the_time_and_before_the_range(site):
    later = email.utils.formatdate(WRITTEN + 3600, usegmt=True)
    headers = {"If-None-Match": '"other"', "If-Modified-Since": later}
    assert site.get(path_of(SMALL), headers=headers).status == 200
    headers = {"If-None-Match": f'"{SMALL.sha256}"', "Range": "bytes=0-9"}
    assert site.get(path_of(SMALL), headers=headers).status == 304


def test_dl_08_last_modified_is_the_upload_time(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".")
    assert site.upload(SMALL).status == 200
    listed = site.get("/simple/small/", headers=JSON).json["files"][0]["upload-time"]
    shown = email.utils.parsedate_to_datetime(site.get(path_of(SMALL)).header("Last-Modified"))
    assert shown.strftime("%Y-%m-%dT%H:%M:%S") == listed[:19]


@pytest.mark.folder
def test_dl_09_files_of_a_folder_are_never_immutable(site):
    # They can be replaced by hand. Architecture §9: each name has its default.
    for file in [SMALL, LARGE, SDIST]:
        shown = site.get(path_of(file)).header("Cache-Control")
        assert shown == (None if site.door.is_drop_in else "no-cache"), file.filename


# Types.


@pytest.mark.parametrize(
    ("path", "type_", "of_pypiserver"),
    [
        (path_of(SMALL), "application/octet-stream", None),
        (path_of(SDIST), "application/octet-stream", "application/x-tar"),
        (path_of(ZIP), "application/zip", None),
        (path_of(SMALL) + ".metadata", "text/plain; charset=utf-8", None),
        (path_of(SIGNATURE), "text/plain; charset=utf-8", None),
    ],
    ids=["wheel", "sdist", "zip", "metadata", "signature"],
)
def test_dl_10_types(site, path, type_, of_pypiserver):
    wanted = of_pypiserver if of_pypiserver and site.door.is_drop_in else type_
    assert site.get(path).header("Content-Type") == wanted


@ALL
def test_dl_11_nothing_names_the_download_otherwise(site, file):
    named = site.get(path_of(file)).header("Content-Disposition")
    assert named is None or f'filename="{file.filename}"' in named


@pytest.mark.folder
def test_dl_12_last_part_of_the_address_is_the_name_below_folders_too(serve, either_name):
    site = serve(either_name, start=False)
    SMALL.put(site.packages, f"deep/er/{SMALL.filename}")
    site.start()
    found = site.get("/simple/small/", headers=JSON).json["files"][0]
    assert found["url"] == f"/packages/deep/er/{SMALL.filename}"
    assert site.get(found["url"]).body == SMALL.content
    assert site.get(path_of(SMALL)).status == 404


@pytest.mark.parametrize("suffix", ["", ".metadata"])
@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}], ids=["whole", "part"])
def test_dl_16_nothing_is_sniffed(site, suffix, headers):
    answer = site.get(path_of(SMALL) + suffix, headers=headers)
    assert answer.header("X-Content-Type-Options") == "nosniff"


def test_dl_16_nothing_is_sniffed_on_pages_either(site):
    for path in ["/simple/", "/simple/small/", "/packages/", "/packages/no-such-1.0.zip"]:
        assert site.get(path).header("X-Content-Type-Options") == "nosniff", path


@pytest.mark.parametrize("prefix", ["", "/index/main"])
def test_dl_13_files_are_where_their_page_is(site, prefix):
    """A client keeps its password for the host, the port and the prefix that it asked."""
    for file in site.get(f"{prefix}/simple/small/", headers=JSON).json["files"]:
        assert file["url"].startswith(f"{prefix}/packages/"), "a path on the same server"
        answer = site.get(file["url"])
        assert answer.status == 200 and answer.header("Location") is None


@pytest.mark.parametrize("file", [SMALL, LARGE], ids=["small", "large"])
def test_dl_14_who_asks_for_the_head_is_answered_where_the_file_is(site, file):
    """Nobody is sent elsewhere, so nothing elsewhere can refuse the method."""
    for path in [path_of(file), path_of(file) + ".metadata"]:
        head, got = site.head(path), site.get(path)
        assert (head.status, head.header("Location")) == (200, None)
        assert (got.status, got.header("Location")) == (200, None)
        assert head.header("Content-Length") == str(len(got.body))

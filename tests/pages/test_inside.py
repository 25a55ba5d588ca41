"""What is inside a file, on a page and in the API, whatever is in it."""

from __future__ import annotations

import gzip
import io
import json
import re
import stat
import tarfile
import warnings
import zipfile

import pytest

from support.distributions import Distribution, any_file, metadata, sdist, wheel
from support.programs import Site
from support.waiting import wait_until

NAME = "demo-1.0-py3-none-any.whl"
INFO = "demo-1.0.dist-info"
PAGE = f"/project/demo/1.0/file/{NAME}"
HOSTILE = "<script>alert(1)</script>"


def zipped(members: list[tuple[str | zipfile.ZipInfo, bytes]], filename: str = NAME) -> Distribution:
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # about paths that stand twice
        for path, data in members:
            archive.writestr(path, data)
    return Distribution(filename, content.getvalue())


def described(members: list[tuple[str | zipfile.ZipInfo, bytes]]) -> Distribution:
    return zipped([*members, (f"{INFO}/METADATA", metadata("demo", "1.0"))])


def link(path: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(path)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def tarred(members: list[tuple[tarfile.TarInfo, bytes]]) -> Distribution:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return Distribution("demo-1.0.tar.gz", gzip.compress(plain.getvalue(), mtime=0))


def members(site: Site, file: str = NAME, **more) -> dict:
    answer = site.get(f"/api/v1/projects/demo/files/{file}/members", **more)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def marks(site: Site, file: str = NAME) -> dict[str, list[str]]:
    return {member["path"]: member["marks"] for member in members(site, file)["members"]}


def test_a_wheel_is_shown_folder_by_folder_with_its_sizes(serve, wheelhouse):
    site = serve(wheelhouse, files=[wheel("demo", "1.0")])
    page = site.get(PAGE)
    assert page.status == 200 and page.header("Content-Type") == "text/html; charset=utf-8"
    for path in ["demo.py", f"{INFO}/METADATA", f"{INFO}/RECORD", f"{INFO}/WHEEL"]:
        assert f'href="{PAGE}/{path}"' in page.text, path
    assert "default-src" in page.header("Content-Security-Policy")
    assert f'href="/packages/{NAME}"' in page.text
    head = site.head(PAGE)
    assert head.status == 200 and head.header("Content-Length") == str(len(page.body)) and not head.body
    assert [member["path"] for member in members(site)["members"]][0] == "demo.py"


def test_the_page_shows_the_call_that_tells_the_same(serve, wheelhouse):
    site = serve(wheelhouse, files=[wheel("demo", "1.0")])
    [command] = re.findall(r'data-copy="(curl [^"]*)"', site.get(PAGE).text)
    [path] = re.findall(rf"curl {site.url[:-1]}(/api/\S+)$", command)
    assert json.loads(site.get(path).text) == members(site)


def test_the_project_page_leads_there(serve, wheelhouse):
    site = serve(wheelhouse, files=[wheel("demo", "1.0")])
    assert f'href="{PAGE}"' in site.get("/project/demo/").text


def plain(page: str) -> str:
    """A page without its tags: code is coloured."""
    return re.sub(r"<[^>]*>", "", page)


def test_text_has_line_numbers_and_what_describes_a_wheel_has_tables(serve, wheelhouse):
    site = serve(wheelhouse, files=[wheel("demo", "1.0", source="x = 1 < 2\n")])
    page = site.get(f"{PAGE}/demo.py").text
    assert 'id="L2"' in page and "x = 1 &lt; 2" in plain(page)
    page = site.get(f"{PAGE}/{INFO}/METADATA").text
    assert "<th scope=\"col\">Field</th>" in page and "<bdi>Metadata-Version</bdi>" in page
    assert "<bdi>Root-Is-Purelib</bdi>" in site.get(f"{PAGE}/{INFO}/WHEEL").text
    assert "Every file of the wheel is listed" in site.get(f"{PAGE}/{INFO}/RECORD").text


def test_a_record_is_held_against_its_wheel(serve, wheelhouse):
    record = f"demo.py,sha256=abc,3\ngone.py,sha256=x,1\n{INFO}/RECORD,,\n".encode()
    file = described([("demo.py", b"four"), ("new.py", b"x"), (f"{INFO}/RECORD", record)])
    page = serve(wheelhouse, files=[file]).get(f"{PAGE}/{INFO}/RECORD").text
    for words in ["the file has 4 bytes", "there is no such file", "the file is not listed", "4 lines do not fit"]:
        assert words in page, words


def test_what_deserves_a_look_is_marked(serve, wheelhouse):
    script = zipfile.ZipInfo("demo-1.0.data/scripts/run")
    script.create_system, script.external_attr = 3, 0o755 << 16
    file = described([
        ("demo.pth", b"import demo"), ("demo/_c.cpython-312-x86_64-linux-gnu.so", b"\x7fELF"), (script, b"#!python"),
        (f"{INFO}/entry_points.txt", b"[console_scripts]\ndemo = demo:main\n"),
    ])
    site = serve(wheelhouse, files=[file])
    found = marks(site)
    assert found["demo.pth"] == ["runs-at-start"]
    assert found["demo/_c.cpython-312-x86_64-linux-gnu.so"] == ["native-library"]
    assert found["demo-1.0.data/scripts/run"] == ["script", "executable"]
    assert found[f"{INFO}/entry_points.txt"] == ["entry-points"]
    page = site.get(PAGE).text
    assert "What deserves a look" in page and "runs at each start of Python" in page
    assert "<bdi>demo:main</bdi>" in site.get(f"{PAGE}/{INFO}/entry_points.txt").text


def test_an_sdist_is_shown_too(serve, wheelhouse):
    site = serve(wheelhouse, files=[sdist("demo", "1.0")])
    page = site.get("/project/demo/1.0/file/demo-1.0.tar.gz")
    assert page.status == 200 and "runs when it is built" in page.text
    page = site.get("/project/demo/1.0/file/demo-1.0.tar.gz/demo-1.0/setup.py")
    assert "from setuptools import setup" in plain(page.text)


def test_other_spellings_are_redirected(serve, wheelhouse):
    site = serve(wheelhouse, files=[wheel("demo", "1.0")])
    for path, target in [
        (f"/project/DEMO/1.0/file/{NAME}", PAGE),
        (f"{PAGE}/", PAGE),
        ("/project/demo/changes/1.0...2.0/?file=x", "/project/demo/changes/1.0...2.0?file=x"),
        (f"/project/De.mo/1.0/file/{NAME}/demo.py?x=1", f"/project/de-mo/1.0/file/{NAME}/demo.py?x=1"),
    ]:
        answer = site.get(path)
        assert (answer.status, answer.header("Location")) == (301, target)
    assert site.get(f"/project/demo/1.0.0/file/{NAME}").status == 200, "a version in another spelling"


def test_what_is_not_there_is_told_on_a_page(serve, wheelhouse):
    site = serve(wheelhouse, files=[wheel("demo", "1.0")])
    for path in [
        f"/project/none/1.0/file/{NAME}",
        f"/project/demo/2.0/file/{NAME}",
        "/project/demo/1.0/file/other.whl",
        f"{PAGE}/none.py",
        f"{PAGE}?place=99",
        f"{PAGE}/../../x",
        "/project/demo/1.0/file/..%2f..%2fetc%2fpasswd",
    ]:
        answer = site.get(path)
        assert answer.status == 404 and "<h1>" in answer.text, path
    assert site.get(f"{PAGE}?place=x").status == 400
    answer = site.get("/api/v1/projects/demo/files/none.whl/members")
    assert (answer.status, answer.header("Content-Type")) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a\\b", "a//b", "./a", HOSTILE, "\u202egpj.exe",
                                  "a?b#c%41 d", "é/ü", "x" * 2000, "a" + "/b" * 900, "C:\\x", "a/./b", "con\x01trol"])
def test_any_path_is_shown_as_text_and_can_be_opened(serve, wheelhouse, path):
    site = serve(wheelhouse, files=[described([(path, b"the bytes of it")])])
    page = site.get(PAGE)
    assert page.status == 200
    assert "<script>alert" not in page.text and "\u202e" not in page.text and "\x01" not in page.text
    found = members(site)["members"][0]
    assert found["path"] == zipfile.ZipInfo(path).filename
    links = re.findall(r'<td><a href="([^"]*)"', page.text)
    ours = [href.replace("&amp;", "&") for href in links if "METADATA" not in href]
    assert ours and all(href.startswith(PAGE) for href in ours)
    opened = site.get(ours[0])
    assert opened.status == 200 and "the bytes of it" in opened.text


def test_paths_that_stand_twice_are_told_apart(serve, wheelhouse):
    site = serve(wheelhouse, files=[described([("a.py", b"first"), ("a.py", b"second")])])
    assert [member["marks"] for member in members(site)["members"][:2]] == [["same-path-twice"]] * 2
    assert "first" in site.get(f"{PAGE}?place=0").text
    page = site.get(f"{PAGE}/a.py").text
    assert "second" in page and "2 members with this path" in page


def test_links_show_where_they_lead_and_are_not_followed(serve, wheelhouse):
    site = serve(wheelhouse, files=[described([link("passwords", "/etc/passwd")])])
    assert members(site)["members"][0]["target"] == "/etc/passwd"
    page = site.get(f"{PAGE}/passwords").text
    assert "link to <bdi>/etc/passwd</bdi>" in page and "root:" not in page
    info = tarfile.TarInfo("demo-1.0/link")
    info.type, info.linkname = tarfile.SYMTYPE, "../../../etc/passwd"
    site = serve(wheelhouse, files=[tarred([(info, b"")])])
    page = site.get("/project/demo/1.0/file/demo-1.0.tar.gz").text
    assert "link to <bdi>../../../etc/passwd</bdi>" in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("déjà vu".encode(), "déjà vu"),
        ("déjà vu".encode("latin-1"), "déjà vu"),
        ("déjà vu".encode("utf-16"), "déjà vu"),
        (b"\xef\xbb\xbfvu", "vu"),
        (HOSTILE.encode(), "&lt;script&gt;"),
        (b"\x00\x01\x02<b>binary", "00 01 02"),
        (b"", "0 B"),
        (b"x" * 3_000_000, "very long"),
        (b"x\n" * 400_000, "are not shown"),
        (bytes(5_000_000), "It is not text"),
        ("\u202eright to left".encode(), "U+202E"),
        (b"\x1b[31mred", "U+001B"),
    ],
)
def test_any_content_is_shown_as_text_or_a_note(serve, wheelhouse, content, words):
    site = serve(wheelhouse, files=[described([("file.txt", content)])])
    page = site.get(f"{PAGE}/file.txt")
    assert page.status == 200 and words in page.text
    assert "<script>alert" not in page.text and "\x1b" not in page.text
    assert len(page.body) < 4_000_000


def test_a_hundred_thousand_members_are_cut_with_a_note(serve, wheelhouse):
    many = described([(f"demo/{number}.py", b"") for number in range(100_000)])
    site = serve(wheelhouse, files=[many])
    page = site.get(PAGE)
    assert page.status == 200 and "Only the first 5000 of 20000 files are shown" in page.text
    assert "number of members: more than 20000" in page.text
    assert len(page.body) < 4_000_000
    found = members(site)
    assert found["cut"] and len(found["members"]) == 20_000


def encrypted() -> Distribution:
    file = zipped([("secret.py", b"x" * 20), (f"{INFO}/METADATA", metadata("demo", "1.0"))])
    content = bytearray(file.content)
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return Distribution(NAME, bytes(content))


def test_an_encrypted_member_is_a_note(serve, wheelhouse):
    site = serve(wheelhouse, files=[encrypted()])
    assert marks(site)["secret.py"] == ["encrypted"]
    page = site.get(f"{PAGE}/secret.py")
    assert page.status == 200 and "It cannot be read" in page.text and "encryption" in page.text


def test_a_member_with_a_wrong_check_sum_is_a_note(serve, wheelhouse):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("demo.py", b"good bytes")
    file = Distribution(NAME, content.getvalue().replace(b"good", b"evil"))
    page = serve(wheelhouse, files=[file]).get(f"{PAGE}/demo.py")
    assert page.status == 200 and "check sum" in page.text and "evil" not in page.text


@pytest.mark.parametrize(
    "file",
    [
        any_file(NAME, b""),
        any_file(NAME, b"no archive at all"),
        any_file(NAME, wheel("demo", "1.0").content[:-30]),
        any_file("demo-1.0.tar.gz", b"no archive"),
        any_file("demo-1.0.tar.gz", sdist("demo", "1.0").content[:200]),
        any_file("demo-1.0.tar.bz2", b"BZh9 nothing"),
        any_file("demo-1.0.tar.xz", b"\xfd7zXZ\0"),
        any_file("demo-1.0.win32-py2.7.exe", b"MZ"),
    ],
    ids=lambda file: f"{file.filename}-{len(file.content)}",
)
def test_what_cannot_be_read_is_a_page_with_a_note(serve, wheelhouse, file):
    site = serve(wheelhouse, files=[file])
    page = site.get(f"/project/demo/1.0/file/{file.filename}")
    assert page.status == 200 and "could not be read any further" in page.text
    assert members(site, file.filename)["stopped"]


def test_bombs_are_read_no_further_than_the_limits(serve, wheelhouse):
    head = tarfile.TarInfo("demo-1.0/zeros")
    head.size = 700 << 20
    body = gzip.compress(head.tobuf(tarfile.GNU_FORMAT)) + gzip.compress(bytes(1 << 20), 9) * 700
    site = serve(wheelhouse, files=[any_file("demo-1.0.tar.gz", body)])
    page = site.get("/project/demo/1.0/file/demo-1.0.tar.gz")
    assert page.status == 200 and "read any further" in page.text
    site = serve(wheelhouse, files=[described([("zeros.txt", b"0" * (200 << 20))])])
    page = site.get(f"{PAGE}/zeros.txt")
    assert page.status == 200 and len(page.body) < 100_000


def test_only_who_may_see_and_download_looks_inside(serve, wheelhouse):
    users = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
    for closed in ["list", "download"]:
        site = serve(wheelhouse, "-P", ".htpasswd", "-a", f"update,{closed}", files=[wheel("demo", "1.0")], users=users)
        for path in [PAGE, f"{PAGE}/demo.py", f"/api/v1/projects/demo/files/{NAME}/members",
                     "/project/demo/changes/1.0...1.0"]:
            assert site.get(path).status == 401, (closed, path)
            assert site.get(path, user=("ada", "wrong")).status == 401
            assert site.get(path, user=("ada", "secret")).status == 200, (closed, path)


def test_a_file_that_changes_is_read_anew(serve, wheelhouse):
    site = serve(wheelhouse, files=[described([("old.py", b"")])])
    assert "old.py" in site.get(PAGE).text
    described([("new.py", b"")]).put(site.packages, rested=False)
    wait_until(lambda: "new.py" in site.get(PAGE).text, seconds=10)
    assert "old.py" not in site.get(PAGE).text


def test_pages_stand_below_a_base_path(serve, wheelhouse):
    site = serve(wheelhouse, "--server-base-url", "/pkg", files=[wheel("demo", "1.0")])
    page = site.get(f"/pkg{PAGE}")
    assert page.status == 200 and f'href="/pkg{PAGE}/demo.py"' in page.text


def test_who_may_download_and_not_see_looks_inside_of_nothing(serve, wheelhouse):
    hash_of_secret = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
    rules = ["--rule", "user:eve download *", "--rule", "user:ada list+download *"]
    locked = ["-P", ".htpasswd", "-a", "update,download,list", *rules]
    site = serve(wheelhouse, *locked, files=[wheel("demo", "1.0")], users={"eve": hash_of_secret, "ada": hash_of_secret})
    assert site.get(f"/packages/{NAME}", user=("eve", "secret")).status == 200
    for path in (PAGE, f"{PAGE}/demo.py", "/project/demo/changes/1.0...1.0",
                 f"/api/v1/projects/demo/files/{NAME}/members"):
        assert site.get(path, user=("ada", "secret")).status == 200, path
        assert site.get(path, user=("eve", "secret")).status == 404, path

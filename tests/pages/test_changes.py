"""What changed between two releases, on a page and in the API."""

from __future__ import annotations

import html
import json
import re

import pytest

from pages.test_inside import encrypted, zipped
from support.distributions import Distribution, any_file, metadata, sdist, wheel
from support.owners import own
from support.programs import Site

PAGE = "/project/demo/changes/1.0...2.0"


def release(version: str, members: dict[str, bytes], **fields: str | list[str]) -> Distribution:
    name = f"demo-{version}-py3-none-any.whl"
    info = {f"demo-{version}.dist-info/METADATA": metadata("demo", version, **fields)}
    members = {path.replace("*", f"demo-{version}"): data for path, data in members.items()}
    return zipped(list((members | info).items()), name)


def changes(site: Site, query: str = "from=1.0&to=2.0") -> dict:
    answer = site.get(f"/api/v1/projects/demo/changes?{query}")
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


OLD = release("1.0", {
    "demo/a.py": b"one\ntwo\nthree\n",
    "demo/gone.py": b"x\n",
    "demo/same.py": b"y\n",
    "*.dist-info/entry_points.txt": b"[console_scripts]\ndemo = demo:main\n",
}, requires_dist=["requests>=2", "left"], summary="Old")
NEW = release("2.0", {
    "demo/a.py": b"one\n<b>2</b>\nthree\n",
    "demo/new.py": b"z\n",
    "demo/same.py": b"y\n",
    "demo.pth": b"import demo\n",
    "demo/data.bin": b"\x7fELF\x02\x01\x01\x00\x00\x00",
    "*.dist-info/entry_points.txt": b"[console_scripts]\ndemo = demo:main\nhelper = demo:helper\n",
}, requires_dist=["requests>=3", "right"], summary="New")


def test_changes_are_told_the_weightiest_first(serve, wheelhouse):
    site = serve(wheelhouse, files=[OLD, NEW])
    found = changes(site)
    assert [(hook["kind"], hook["name"]) for hook in found["hooks"]] == [
        ("runs-at-start", "demo.pth"), ("native-library", "demo/data.bin"), ("entry-point", "helper"),
    ]
    assert [(row["what"], row["old"], row["new"]) for row in found["dependencies"]] == [
        ("left", "left", None), ("requests", "requests>=2", "requests>=3"), ("right", None, "right"),
    ]
    assert {"what": "Summary", "old": "Old", "new": "New"} in found["metadata"]
    files = {file["path"]: file for file in found["files"]}
    assert {path: file["what"] for path, file in files.items()} == {
        "demo.pth": "added", "demo/data.bin": "added", "demo/a.py": "changed", "demo/gone.py": "removed",
        "demo/new.py": "added", "*.dist-info/METADATA": "changed", "*.dist-info/entry_points.txt": "changed",
    }
    assert found["unchanged"] == 1
    assert files["demo/a.py"]["diff"] == "@@ -1,3 +1,3 @@\n one\n-two\n+<b>2</b>\n three\n"
    assert files["demo/data.bin"]["reason"] == "it is not text"


def test_the_page_shows_the_call_that_tells_the_same(serve, wheelhouse):
    site = serve(wheelhouse, files=[OLD, NEW])
    for page in [PAGE, f"{PAGE}?file=demo-2.0-py3-none-any.whl"]:
        [command] = re.findall(r'data-copy="(curl [^"]*)"', site.get(page).text)
        [path] = re.findall(rf"curl '{site.url[:-1]}(/api/[^ ]+)'$", html.unescape(command))
        assert json.loads(site.get(path).text) == changes(site), command


def test_the_page_shows_what_runs_before_everything_else(serve, wheelhouse):
    site = serve(wheelhouse, files=[OLD, NEW])
    page = site.get(PAGE)
    assert page.status == 200
    places = [page.text.index(f'id="{part}"') for part in ["hooks", "dependencies", "metadata", "files"]]
    assert places == sorted(places)
    assert page.text.index("demo.pth") < page.text.index("requests")
    assert "<code>- <del>two</del></code>" in page.text
    assert "<code>+ <ins>&lt;b&gt;2&lt;/b&gt;</ins></code>" in page.text
    assert site.head(PAGE).header("Content-Length") == str(len(page.body))


def test_the_project_page_leads_to_it(serve, wheelhouse):
    site = serve(wheelhouse, files=[OLD, NEW])
    assert f'href="{PAGE}"' in site.get("/project/demo/").text


def test_files_for_the_same_places_are_compared(serve, wheelhouse):
    files = [wheel("demo", version, tag=tag) for version in ["1.0", "2.0"]
             for tag in ["py3-none-any", "cp312-cp312-manylinux_2_28_x86_64"]]
    site = serve(wheelhouse, files=[*files, sdist("demo", "1.0"), sdist("demo", "2.0")])
    found = changes(site)
    assert (found["old_file"], found["new_file"]) == ("demo-1.0-py3-none-any.whl", "demo-2.0-py3-none-any.whl")
    assert found["others"] == ["demo-2.0-cp312-cp312-manylinux_2_28_x86_64.whl", "demo-2.0.tar.gz"]
    found = changes(site, "from=1.0&to=2.0&file=demo-2.0.tar.gz")
    assert found["old_file"] == "demo-1.0.tar.gz"
    assert {file["path"] for file in found["files"]} == {"PKG-INFO", "setup.py", "demo.py"}
    page = site.get(PAGE).text
    assert f'href="{PAGE}?file=demo-2.0.tar.gz"' in page
    assert "demo-1.0.tar.gz" in site.get(f"{PAGE}?file=demo-2.0.tar.gz").text


def test_what_is_less_alike_is_compared_and_that_is_said(serve, wheelhouse):
    site = serve(wheelhouse, files=[sdist("demo", "1.0"), wheel("demo", "2.0")])
    assert "no files of the same kind" in site.get(PAGE).text


def test_other_spellings_are_redirected_or_understood(serve, wheelhouse):
    site = serve(wheelhouse, files=[OLD, NEW])
    answer = site.get("/project/DEMO/changes/1.0...2.0?file=x")
    assert (answer.status, answer.header("Location")) == (301, f"{PAGE}?file=x")
    assert site.get("/project/demo/changes/1...2.0.0").status == 200


@pytest.mark.parametrize("path", ["/project/demo/changes/1.0...9.0", "/project/demo/changes/1.0", "/project/x/changes/1...2",
                                  "/project/demo/changes/...", f"{PAGE}?file=none", f"/project/demo/changes/{'1' * 400}...2"])
def test_what_is_not_there_is_told_on_a_page(serve_all, wheelhouse, path):
    answer = serve_all(wheelhouse, files=[OLD, NEW]).get(path)
    assert answer.status == 404 and "<h1>" in answer.text


def test_calls_that_are_wrong_are_refused(serve, wheelhouse):
    site = serve(wheelhouse, files=[OLD, NEW])
    for query, status in [("", 400), ("from=1.0", 400), ("from=1.0&to=9", 404), ("from=1.0&to=2.0&x=1", 400)]:
        answer = site.get(f"/api/v1/projects/demo/changes?{query}")
        assert (answer.status, answer.header("Content-Type")) == (status, "application/problem+json")


@pytest.mark.parametrize("damaged", [
    any_file("demo-2.0-py3-none-any.whl", b"nothing"),
    any_file("demo-2.0-py3-none-any.whl", NEW.content[:-40]),
    any_file("demo-2.0-py3-none-any.whl", encrypted().content),
], ids=["no archive", "cut", "encrypted"])
def test_damaged_files_are_compared_as_far_as_they_go(serve, wheelhouse, damaged):
    site = serve(wheelhouse, files=[OLD, damaged])
    page = site.get(PAGE)
    assert page.status == 200 and ("was not read to its end" in page.text or "cannot be read" in page.text)


def test_large_changes_are_cut(serve, wheelhouse):
    many = {f"demo/{number}.txt": b"line\n" * 3_000 for number in range(40)}
    site = serve(wheelhouse, files=[OLD, release("2.0", many | {"demo/large.txt": b"x" * 2_000_000})])
    page = site.get(PAGE)
    assert page.status == 200 and len(page.body) < 4_000_000
    assert "The rest of it is not shown" in page.text and "it is too large" in page.text
    assert len(re.findall(r'class="plus"', page.text)) <= 10_000


def test_a_quarantined_project_shows_nothing(serve, wheelhouse):
    site = serve(wheelhouse, files=[OLD, NEW])
    assert site.get(PAGE).status == 200
    own(site, "status", "demo", "quarantined")
    for path in [PAGE, "/project/demo/1.0/file/demo-1.0-py3-none-any.whl",
                 "/project/demo/1.0/file/demo-1.0-py3-none-any.whl/demo/a.py"]:
        assert site.get(path).status == 404, path

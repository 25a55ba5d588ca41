"""Order, versions and odd names in both forms, protocol §1, SIMPLE-22, 34, 38, 40 and 50."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from support.distributions import Distribution, any_file, sdist, wheel

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
OPEN = ["-a", ".", "-P", ".", "--upload-strictness", "lenient"]

# In the order of PEP 440.
VERSIONS = [
    "0.0.1", "0.9", "1.0.dev1", "1.0.dev2", "1.0a1.dev1", "1.0a1", "1.0a2", "1.0b1", "1.0rc1", "1.0",
    "1.0+cu118", "1.0+cu126", "1.0.post1", "1.0.1", "1.2", "1.9", "1.10", "2.0", "10.0", "2023.1", "1!0.1",
]


def pages(site, project: str) -> tuple[list[str], list[str]]:
    """The file names of a project in HTML and in JSON."""
    found = site.get(f"/simple/{project}/", headers=JSON).json
    return site.get(f"/simple/{project}/").names, [file["filename"] for file in found["files"]]


def test_simple_50_files_are_in_the_order_of_their_versions(serve, either_name):
    files = [wheel("demo", version) for version in VERSIONS]
    site = serve(either_name, files=sorted(files, key=lambda file: file.sha256))
    wanted = [file.filename for file in files]
    assert pages(site, "demo") == (wanted, wanted)
    assert site.get("/simple/demo/", headers=JSON).json["versions"] == VERSIONS


def test_simple_50_files_of_one_version_are_in_the_order_of_their_names(serve, either_name):
    names = [
        "demo-1.0-cp311-cp311-linux_x86_64.whl",
        "demo-1.0-py3-none-any.whl",
        "demo-1.0.tar.gz",
        "demo-1.0.zip",
        "demo-1.1.zip",
    ]
    site = serve(either_name, files=[any_file(name) for name in reversed(names)])
    assert pages(site, "demo") == (names, names)


def test_simple_50_odd_versions_come_last(serve, either_name):
    odd = ["demo-not.a.version.zip", "demo-zzz.tar.gz"]
    site = serve(either_name, files=[any_file(name) for name in odd] + [any_file("demo-99.0.zip")])
    listed = [name for project in site.get("/simple/").names for name in pages(site, project)[0]]
    assert set(listed) == {*odd, "demo-99.0.zip"}
    html, json = pages(site, "demo")
    assert html == json and html[0] == "demo-99.0.zip"


def test_simple_50_links_do_not_depend_on_the_order_of_uploads(serve, either_name):
    files = [wheel("demo", version) for version in ["1.0", "1.1", "1.10"]] + [sdist("demo", "1.1")]
    seen = []
    for order in [files, files[::-1]]:
        site = serve(either_name, *OPEN)
        for file in order:
            assert site.upload(file).status == 200
        seen.append([site.get("/simple/demo/").names, [link.href for link in site.get("/simple/demo/").links]])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("spelling", ["1.0.0", "v1.0", "1.0.0.0"])
def test_ver_01_spellings_of_a_version_are_one_release(serve, either_name, spelling):
    site = serve(either_name, files=[any_file("demo-1.0.zip"), any_file(f"demo-{spelling}.tar.gz")])
    found = site.get("/simple/demo/", headers=JSON).json
    assert len(found["files"]) == 2
    assert len(found["versions"]) == 1


def test_simple_40_each_version_is_there_once_however_many_files_it_has(serve, either_name):
    files = [wheel("demo", "1.0"), sdist("demo", "1.0"), wheel("demo", "1.0", tag="cp311-cp311-any"), wheel("demo", "1.1")]
    site = serve(either_name, files=files)
    assert site.get("/simple/demo/", headers=JSON).json["versions"] == ["1.0", "1.1"]


def test_simple_38_projects_are_in_the_order_of_their_normal_names(serve, either_name):
    names = ["zeta", "Alpha", "be_ta", "Be.Tb", "be-Tc", "a1", "a-1"]
    site = serve(either_name, files=[wheel(name, "1.0") for name in names])
    wanted = sorted(re.sub(r"[-_.]+", "-", name).lower() for name in names)
    assert [link.path for link in site.get("/simple/").links] == [name + "/" for name in wanted]
    listed = [project["name"] for project in site.get("/simple/", headers=JSON).json["projects"]]
    assert [re.sub(r"[-_.]+", "-", name).lower() for name in listed] == wanted


def test_simple_38_empty_index_is_an_empty_list(serve, either_name):
    site = serve(either_name)
    assert site.get("/simple/").status == 200 and site.get("/simple/").links == []
    found = site.get("/simple/", headers=JSON).json
    assert found["projects"] == [] and found["meta"]["api-version"] == "1.4"


UPLOADED = ["demo-1!2.0-py3-none-any.whl", "demo-1.0+a.b-py3-none-any.whl", "Demo_X-1.0-1build-py3-none-any.whl"]


@pytest.mark.parametrize("filename", UPLOADED)
def test_ver_03_and_04_marks_in_file_names_are_quoted_in_links_and_read_in_any_form(serve, either_name, filename):
    site = serve(either_name, *OPEN)
    file = Distribution(filename, wheel("demo", "1.0").content)
    assert site.upload(file).status == 200
    project = site.get("/simple/").links[0].path
    link = site.get(f"/simple/{project}").links[0]
    assert unquote(link.path) == f"/packages/{filename}" and "+" not in link.path
    json = site.get(f"/simple/{project}", headers=JSON).json["files"][0]
    assert (json["filename"], json["url"]) == (filename, link.path)
    everything = "/packages/" + "".join(f"%{byte:02x}" for byte in filename.encode())
    for path in [link.path, f"/packages/{filename}", everything]:
        assert site.get(path).body == file.content, path


@pytest.mark.parametrize(
    "filename",
    ["demo-1.0\n.zip", "demo-1.0.zip\n", "de\x00mo-1.0.zip", "de\x1fmo-1.0.zip", "de\x7fmo-1.0.zip", "de\\mo-1.0.zip"],
    ids=["line break", "final line break", "NUL", "control", "delete", "backslash"],
)
@pytest.mark.folder
def test_name_01_and_file_07_forbidden_characters_are_never_stored(serve, either_name, filename):
    site = serve(either_name, *OPEN)
    answer = site.upload(any_file(filename))
    assert answer.status in (200, 400)
    stored = [path.name for path in site.packages.iterdir() if not path.name.startswith(".")]
    if answer.status == 200:
        # A client of Windows sends a path: its last part counts, as for pypiserver.
        assert "\\" in filename and stored == ["mo-1.0.zip"]
    else:
        assert stored == [] and site.listed() == []


# The document.

VOID = {"meta", "br", "link", "hr", "img", "input"}


class Outline(HTMLParser):
    """Fails on a tag that is not closed in its place; gathers what stands where."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.declarations: list[str] = []
        self.comments: list[str] = []
        self.attributes: list[dict[str, str | None]] = []

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_comment(self, data: str) -> None:
        assert not self.open, "a comment stands after the document"
        self.comments.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice: {attrs}"
        assert all(value is not None for _, value in attrs), f"an attribute without a value: {attrs}"
        self.seen.append("/".join([*self.open, tag]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


HOSTILE = '>=3.8,<4 "&amp;\' </a><script>'


@pytest.mark.parametrize("path", ["/simple/", "/simple/demo/", "/simple/no-files/"])
@pytest.mark.parametrize("accept", ["text/html", "application/vnd.pypi.simple.v1+html"])
@pytest.mark.folder
def test_simple_22_page_is_one_well_formed_document(serve, either_name, path, accept):
    files = [
        wheel("demo", "1.0", requires_python=HOSTILE),
        any_file("a&b<c>-1.0.zip"),
        any_file("quo\"te'-1.0.zip"),
        any_file("no_files-1.0.zip.asc"),
    ]
    site = serve(either_name, "--disable-fallback", files=files)
    answer = site.get(path, headers={"Accept": accept})
    if answer.status == 404:
        assert path == "/simple/no-files/"
        return
    outline = Outline()
    outline.feed(answer.text)
    outline.close()
    assert outline.open == [] and outline.declarations == ["DOCTYPE html"]
    for tag in ["html", "html/head", "html/body", "html/head/title"]:
        assert outline.seen.count(tag) == 1, tag
    assert all(tag.endswith(("/a", "/br", "/h1", "/meta", "/title", "/head", "/body", "html")) for tag in outline.seen)
    assert answer.text.index("charset") < 1024


def test_simple_27_hostile_value_comes_back_whole(serve, either_name):
    site = serve(either_name, files=[wheel("demo", "1.0", requires_python=HOSTILE)])
    links = site.get("/simple/demo/").links
    assert [link.text for link in links] == [wheel("demo", "1.0").filename]
    shown = links[0].attributes.get("data-requires-python")
    told = site.get("/simple/demo/", headers=JSON).json["files"][0].get("requires-python")
    assert shown == told and shown in (None, HOSTILE)


def test_simple_28_and_32_nothing_says_yanked_or_provenance(serve, either_name):
    site = serve(either_name, files=[wheel("demo", "1.0"), sdist("demo", "1.0")])
    page = site.get("/simple/demo/").text
    assert "data-yanked" not in page and "data-provenance" not in page
    for file in site.get("/simple/demo/", headers=JSON).json["files"]:
        assert file.get("yanked", False) is False and "provenance" not in file


def test_simple_34_serial_is_a_comment_after_the_document(serve, either_name):
    site = serve(either_name, files=[wheel("demo", "1.0")])
    for path in ["/simple/", "/simple/demo/"]:
        answer = site.get(path)
        found = re.search(r"</html>\s*<!--SERIAL (\d+)-->\s*\Z", answer.text)
        assert found and found.group(1) == answer.header("X-PyPI-Last-Serial")


def test_simple_70_rejected_keys_are_not_sent(serve, either_name):
    site = serve(either_name, files=[wheel("demo", "1.0")])
    found = site.get("/simple/demo/", headers=JSON).json
    assert "alternate-locations" not in found and "tracks" not in found["meta"]
    assert set(found["meta"]) == {"api-version", "_last-serial"}

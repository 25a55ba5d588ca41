"""Which files are packages, and what their names say, spec/pypiserver.md §2.9."""

from __future__ import annotations

import os

import pytest

from support.distributions import any_file, wheel
from support.programs import Door, Site

RECOGNISED = [
    "demo-1.0.zip",
    "demo-1.0.tar.gz",
    "demo-1.0.tgz",
    "demo-1.0.tar.bz2",
    "demo-1.0.tar.xz",
    "demo-1.0.egg",
    "DEMO-1.1.ZIP",
    "DEMO-1.1.TAR.GZ",
    "demo-1.0-py3-none-any.whl",
    "demo-1.0-7-py3-none-any.whl",
    "demo-1.0-cp39-cp39-manylinux1_x86_64.manylinux2010_x86_64.whl",
    "demo-1.0.zip.asc",
    "demo-1.0-py3-none-any.whl.asc",
    "demo-1.0.win32-py2.7.exe",
    "demo.zip",
]
NOT_RECOGNISED = [
    "demo-1.0.tar",
    "demo-1.0.tar.Z",
    "demo_1.0.deb",
    "demo-1.0.rpm",
    "demo-1.0.exe",
    "demo-1.0-py3-none-any.WHL",
    "demo-1.0.whl",
    "demo-1.0-py3.whl",
    "demo-1.0.win-amd64-py3.10.exe",
    "notes.txt",
    "demo-1.0.asc",
    "demo-1.0.txt.asc",
    ".demo-1.0.zip",
    "demo-1.0.zip.metadata",
    "demo-1.0.zip.sig",
    "demo-1.0.zip~",
    "demo-1.0.zip.part",
]

# File name, name and version: what pypiserver makes of them.
PARSED = [
    ("pytz-2008i.zip", "pytz", "2008i"),
    ("foo-1.0.tar.gz", "foo", "1.0"),
    ("foo-bar-1.0.tar.gz", "foo-bar", "1.0"),
    ("foo_bar-1.0.zip", "foo-bar", "1.0"),
    ("Foo.Bar-1.0.zip", "foo-bar", "1.0"),
    ("pkg.zip", "pkg", ""),
    ("greenlet-0.3.4-py3.1-win-amd64.egg", "greenlet", "0.3.4"),
    ("foo-1.0.post1.zip", "foo", "1.0.post1"),
    ("foo-1.0.dev5.tar.gz", "foo", "1.0.dev5"),
    ("foo-1.0+local.1.zip", "foo", "1.0+local.1"),
    ("foo-1!2.0.zip", "foo", "1!2.0"),
    ("a-b-c-1.2.3.zip", "a-b-c", "1.2.3"),
]


@pytest.mark.parametrize("filename", RECOGNISED)
def test_kept_recognised_names_are_listed_and_served(serve_files, door: Door, filename):
    site = serve_files(door)
    assert filename in site.listed()
    assert site.get("/packages/" + filename).status == 200


@pytest.mark.parametrize("filename", NOT_RECOGNISED)
def test_kept_other_names_are_neither_listed_nor_served(serve_files, door: Door, filename):
    site = serve_files(door)
    assert filename not in site.listed()
    assert site.get("/packages/" + filename).status == 404


@pytest.fixture(scope="module")
def serve_files(serve_all):
    """One server with all the names, for each program."""
    sites: dict[str, Site] = {}

    def get(door: Door) -> Site:
        if door.name not in sites:
            files = [any_file(name) for name in RECOGNISED + NOT_RECOGNISED]
            sites[door.name] = serve_all(door, files=files)
        return sites[door.name]

    return get


@pytest.mark.parametrize(("filename", "name", "version"), PARSED, ids=[row[0] for row in PARSED])
def test_kept_name_and_version_come_from_the_file_name(serve, door: Door, filename, name, version):
    site = serve(door, files=[any_file(filename)])
    assert site.get("/simple/").names == [name]
    assert list(site.get(f"/{name}/json").json["releases"]) == [version]


def test_kept_build_number_does_not_hide_a_wheel(serve, door: Door):
    site = serve(door, files=[wheel("demo", "217", build="55")])
    assert site.get("/simple/demo/").names == ["demo-217-55-py3-none-any.whl"]


def test_kept_odd_names_belong_to_some_project(serve, door: Door):
    names = ["foo-2bar-1.0.tar.gz", "foo-bar.tar.gz"]
    site = serve(door, files=[any_file(name) for name in names])
    pages = [site.get(f"/simple/{project}/").names for project in site.get("/simple/").names]
    assert sorted(sum(pages, [])) == sorted(names)


def test_mended_every_listed_file_is_on_a_project_page_and_can_be_fetched(serve, pypi_server: Door):
    names = [
        *RECOGNISED,
        "foo-2bar-1.0.tar.gz",
        "foo-bar.tar.gz",
        "-.zip",
        "_-1.0.zip",
        "1.0.zip",
        "a--1.0.zip",
        "sp ace-1.0.zip",
        "päckchen-1.0.zip",
        "包-1.0.zip",
        "x" * 200 + "-1.0.zip",
        "a'b\"c<d>&e-1.0.zip",
        "back\\slash-1.0.zip",
        "tab\t-1.0.zip",
        "new\nline-1.0.zip",
        "hash#-1.0.zip",
        "e\u0301-1.0.zip",
    ]
    files = {name: any_file(name) for name in names}
    site = serve(pypi_server, "--disable-fallback", files=list(files.values()))
    flat = {link.path for link in site.get("/packages/").links}
    found = {}
    for project in site.get("/simple/").links:
        page = site.get("/simple/" + project.href)
        assert page.status == 200, project
        json = site.get(
            "/simple/" + project.href, headers={"Accept": "application/vnd.pypi.simple.v1+json"}
        ).json
        # JSON leaves out nothing that HTML shows.
        assert {file["url"] for file in json["files"]} == {link.path for link in page.links}
        for link in page.links:
            found[link.path] = site.get(link.path).body
    assert set(found) == flat
    assert sorted(found.values()) == sorted(file.content for file in files.values())


@pytest.mark.parametrize("folder", [".hidden", "sub/.hidden", ".hidden/sub"])
def test_kept_hidden_folders_are_skipped(serve, door: Door, folder):
    site = serve(door, start=False)
    file = any_file("demo-1.0.zip")
    file.put(site.packages, f"{folder}/demo-1.0.zip")
    site.start()
    assert site.listed() == []
    assert site.get(f"/packages/{folder}/demo-1.0.zip").status == 404


def test_kept_file_symlinks_are_followed_folder_symlinks_are_not(serve, door: Door):
    site = serve(door, start=False)
    outside = site.folder / "outside"
    file = any_file("linked-1.0.zip")
    file.put(outside)
    any_file("inner-1.0.zip").put(outside)
    os.symlink(outside / "linked-1.0.zip", site.packages / "linked-1.0.zip")
    os.symlink(outside, site.packages / "folder")
    os.symlink(outside / "gone-1.0.zip", site.packages / "gone-1.0.zip")
    site.start()
    assert site.listed() == ["linked-1.0.zip"]
    assert site.get("/packages/linked-1.0.zip").body == file.content
    assert site.get("/packages/folder/inner-1.0.zip").status == 404
    assert site.get("/packages/gone-1.0.zip").status == 404


def test_kept_folders_below_the_root_are_searched(serve, door: Door):
    site = serve(door, start=False)
    paths = ["a/demo-1.0.zip", "a/b/c/demo-1.1.zip", "demo-1.2.zip", "sp ace/demo-1.3.zip"]
    for path in paths:
        any_file(path.rsplit("/")[-1]).put(site.packages, path)
    site.start()
    assert sorted(site.listed()) == sorted(paths)
    for path in paths:
        assert site.get("/packages/" + path.replace(" ", "%20")).status == 200


def test_kept_spellings_of_one_project_share_a_page(serve, door: Door):
    names = ["Foo_Bar-1.0.zip", "foo-bar-1.1.zip", "FOO.BAR-1.2.zip"]
    site = serve(door, files=[any_file(name) for name in names])
    assert site.get("/simple/").names == ["foo-bar"]
    assert site.get("/simple/foo-bar/").names == names


def test_kept_folder_of_a_file_does_not_name_its_project(serve, door: Door):
    site = serve(door, start=False)
    any_file("demo-1.0.zip").put(site.packages, "other/demo-1.0.zip")
    assert site.start().get("/simple/").names == ["demo"]

"""The JSON form, protocol §2.4."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from support.distributions import WRITTEN, any_file, wheel

ACCEPT = {"Accept": "application/vnd.pypi.simple.v1+json"}


@pytest.fixture(scope="module")
def listed(site):
    return site.get("/simple/", headers=ACCEPT).json


@pytest.fixture(scope="module")
def detail(site):
    return site.get("/simple/friendly-bard/", headers=ACCEPT).json


def test_simple_37_api_version_is_1_4(listed, detail):
    assert listed["meta"]["api-version"] == detail["meta"]["api-version"] == "1.4"


def test_simple_38_list_names_projects_in_order(listed):
    names = [project["name"].lower().replace(".", "-").replace("_", "-") for project in listed["projects"]]
    assert names == ["friendly-bard", "zope-thing"]


def test_simple_39_serials_are_integers(listed, detail):
    assert type(listed["meta"]["_last-serial"]) is int
    assert type(detail["meta"]["_last-serial"]) is int
    assert all(type(project["_last-serial"]) is int for project in listed["projects"])


def test_simple_40_detail_has_its_keys(detail):
    assert {"meta", "name", "versions", "files"} <= set(detail)
    assert detail["name"] == "friendly-bard"
    assert sorted(detail["versions"]) == sorted(set(detail["versions"]))
    assert set(detail["versions"]) == {"1.0", "1.9", "1.10+cu126"}


def test_simple_41_every_file_has_name_address_hash_size_and_time(detail, files):
    by_name = {file.filename: file for file in files}
    for found in detail["files"]:
        file = by_name[found["filename"]]
        assert found["url"].rsplit("/", 1)[1].replace("%2B", "+") == file.filename
        assert found["hashes"] == {"sha256": file.sha256}
        assert found["size"] == len(file.content)
        assert found["upload-time"]
        assert found.get("yanked", False) is False


def test_simple_41_requires_python_is_plain_text_and_absent_when_unknown(detail):
    found = {file["filename"]: file for file in detail["files"]}
    assert found["friendly_bard-1.0-py3-none-any.whl"]["requires-python"] == ">=3.8,<4"
    assert "requires-python" not in found["friendly_bard-1.9-py3-none-any.whl"]


def test_simple_41_signatures_are_a_flag_or_listed_as_pypiserver_does(site, detail):
    if site.door.is_drop_in:
        names = [found["filename"] for found in detail["files"]]
        assert "friendly_bard-1.0.tar.gz.asc" in names
        return
    for found in detail["files"]:
        signed = found["filename"] == "friendly_bard-1.0.tar.gz"
        assert found.get("gpg-sig", False) is signed, found["filename"]


def test_simple_43_core_metadata_has_the_hash_and_no_old_name(site, detail):
    for found in detail["files"]:
        assert "dist-info-metadata" not in found and "data-dist-info-metadata" not in found
        if found["filename"].endswith(".whl"):
            content = site.get(found["url"] + ".metadata").body
            assert found["core-metadata"] == {"sha256": hashlib.sha256(content).hexdigest()}
        else:
            assert found.get("core-metadata", False) is False


@pytest.mark.folder
def test_simple_44_upload_time_has_six_digits_or_none_and_is_the_files(detail):
    for found in detail["files"]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", found["upload-time"])
        assert found["upload-time"].startswith("2020-09-13T12:26:40")
    assert WRITTEN == 1_600_000_000


def test_simple_45_promised_metadata_can_be_fetched(site, detail):
    for found in detail["files"]:
        status = site.get(found["url"] + ".metadata").status
        assert status == (200 if found.get("core-metadata") else 404), found["filename"]


def test_simple_50_files_are_in_order_and_bytes_are_stable(site, detail):
    names = [found["filename"] for found in detail["files"]]
    assert without_signatures(names) == [
        "friendly_bard-1.0-py3-none-any.whl",
        "friendly_bard-1.0.tar.gz",
        "friendly_bard-1.9-py3-none-any.whl",
        "friendly_bard-1.10+cu126-py3-none-any.whl",
    ]
    first, second = (site.get("/simple/friendly-bard/", headers=ACCEPT) for _ in range(2))
    assert first.body == second.body


def test_simple_51_json_is_compact_utf_8(site):
    for path in ["/simple/", "/simple/friendly-bard/"]:
        answer = site.get(path, headers=ACCEPT)
        compact = json.dumps(answer.json, separators=(",", ":"), ensure_ascii=False)
        assert answer.body.removesuffix(b"\n").decode("utf-8") == compact


def test_html_and_json_name_the_same_files(site, detail):
    links = site.get("/simple/friendly-bard/").links
    assert [link.text for link in links] == [found["filename"] for found in detail["files"]]
    assert [link.path for link in links] == [found["url"] for found in detail["files"]]


def without_signatures(names: list[str]) -> list[str]:
    """Under the name of pypiserver signatures are listed like files, as they were there."""
    return [name for name in names if not name.endswith(".asc")]


@pytest.mark.parametrize("filename", ["demo.zip", "demo-not.a.version.zip", "demo-bar.tar.gz"])
def test_odd_versions_are_listed_in_json_too(serve, either_name, filename):
    site = serve(either_name, files=[any_file(filename), wheel("demo", "1.0")])
    listed = []
    for project in site.get("/simple/").names:
        page = site.get(f"/simple/{project}/", headers=ACCEPT).json
        assert site.get(f"/simple/{project}/").names == [file["filename"] for file in page["files"]]
        listed += [file["filename"] for file in page["files"]]
    assert sorted(listed) == sorted([wheel("demo", "1.0").filename, filename])


def test_simple_36_the_top_is_an_object_whose_private_keys_begin_with_a_line(listed, detail):
    for document in (listed, detail):
        assert isinstance(document, dict)
    assert set(listed) == {"meta", "projects"}
    assert all(set(entry) <= {"name", "_last-serial"} for entry in listed["projects"])
    assert set(detail) <= {"meta", "name", "files", "versions", "alternate-locations", "project-status"}
    assert set(detail["meta"]) <= {"api-version", "_last-serial", "tracks"}


def test_simple_42_no_digest_that_clients_read_differently(detail, files):
    for file in detail["files"]:
        assert set(file["hashes"]) == {"sha256"}, file["filename"]

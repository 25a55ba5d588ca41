"""The Integrity API, protocol §5.2, and provenance beside a file."""

from __future__ import annotations

import json

import pytest

from support.distributions import any_file, wheel
from support.programs import Door, Site

TYPE = "application/vnd.pypi.integrity.v1+json"
WITH = wheel("demo", "1.0")
WITHOUT = wheel("demo", "2.0")
DAMAGED = wheel("demo", "3.0")
PROVENANCE = json.dumps({"version": 1, "attestation_bundles": [{"publisher": {"kind": "demo"}, "attestations": []}]})


def address(version: str, filename: str, project: str = "demo") -> str:
    return f"/integrity/{project}/{version}/{filename}/provenance"


# What stands beside a file does in a folder.
pytestmark = pytest.mark.folder


@pytest.fixture(scope="module")
def site(serve_all, either_name: Door) -> Site:
    beside = [
        any_file(WITH.filename + ".provenance", PROVENANCE.encode()),
        any_file(DAMAGED.filename + ".provenance", b'{"version": 2}'),
    ]
    return serve_all(either_name, "--disable-fallback", files=[WITH, WITHOUT, DAMAGED, *beside])


def test_int_01_what_stands_beside_a_file_is_its_provenance(site):
    answer = site.get(address("1.0", WITH.filename))
    assert answer.status == 200 and answer.type == TYPE, answer
    assert answer.json == json.loads(PROVENANCE)
    assert "max-age=600" in answer.header("Cache-Control")


def test_int_01_a_file_without_one_is_404_with_a_message(site):
    for version, file in [("2.0", WITHOUT), ("3.0", DAMAGED)]:
        answer = site.get(address(version, file.filename))
        assert answer.status == 404 and answer.json["message"], answer


@pytest.mark.parametrize(
    ("accept", "status", "type"),
    [
        (None, 200, TYPE),
        ("*/*", 200, TYPE),
        ("application/json", 200, "application/json"),
        (f"application/json;q=0.5, {TYPE}", 200, TYPE),
        ("text/html", 406, TYPE),
        ("*/*;q=0", 406, TYPE),
    ],
)
def test_int_01_accept_decides_the_type(site, accept, status, type):
    answer = site.get(address("1.0", WITH.filename), headers={"Accept": accept} if accept else {})
    assert (answer.status, answer.type) == (status, type)
    assert answer.header("Vary") == "Accept"


@pytest.mark.parametrize(
    ("version", "filename", "project", "status"),
    [
        ("1", WITH.filename, "Demo", 200),
        ("v1.0.0", WITH.filename, "demo", 200),
        ("2.0", WITH.filename, "demo", 404),
        ("1.0", WITH.filename, "other", 404),
        ("1.0", "..%2f..%2fetc%2fpasswd", "demo", 404),
        ("1.0", WITH.filename + ".provenance", "demo", 404),
    ],
)
def test_int_02_project_and_version_compare_in_normal_form(site, version, filename, project, status):
    assert site.get(address(version, filename, project)).status == status


def test_dl_03_provenance_is_served_beside_its_file(site):
    answer = site.get(f"/packages/{WITH.filename}.provenance")
    assert answer.status == 200 and answer.type == TYPE and answer.json == json.loads(PROVENANCE)
    for filename in [WITHOUT.filename, DAMAGED.filename, "unknown-1.0.zip", WITH.filename + ".provenance"]:
        assert site.get(f"/packages/{filename}.provenance").status == 404, filename

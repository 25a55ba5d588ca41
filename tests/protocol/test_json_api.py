"""The JSON API, protocol §5.1, under both names."""

from __future__ import annotations

import re

import pytest

from support.distributions import WRITTEN, any_file, sdist, wheel
from support.programs import Door, Site

WHEEL = wheel(
    "Demo.Lib",
    "1.0",
    summary="Sings",
    author="Ada",
    author_email="Ada <ada@one.example>",
    classifier=["Topic :: Utilities", "Private :: Do Not Upload"],
    keywords="a,b",
    license="MIT",
    requires_python=">=3.8,<4",
    requires_dist=["other>=1", "more; extra == 'all'"],
    provides_extra=["all"],
    project_url=["Homepage, https://demo.example/", "Docs, https://docs.example/"],
    description_content_type="text/markdown",
)
SDIST = sdist("Demo.Lib", "1.0", summary="Not the wheel's")
LATER = wheel("Demo.Lib", "2.0rc1", requires_python=">=3.12")
FILES = [WHEEL, SDIST, LATER, any_file(SDIST.filename + ".asc", b"signature"), wheel("json", "1.0")]
PROJECT = "/pypi/demo-lib/json"
RELEASE = "/pypi/demo-lib/1.0/json"
INFO = (
    "name version summary description description_content_type keywords license license_expression license_files"
    " classifiers author author_email maintainer maintainer_email requires_python platform downloads package_url"
    " project_url project_urls release_url requires_dist provides_extra docs_url bugtrack_url home_page download_url"
    " yanked yanked_reason dynamic"
)
FILE = (
    "filename packagetype python_version has_sig comment_text md5_digest digests core-metadata size downloads"
    " upload_time upload_time_iso_8601 url requires_python yanked yanked_reason"
)


@pytest.fixture(scope="module")
def site(serve_all, either_name: Door) -> Site:
    return serve_all(either_name, "--disable-fallback", files=FILES)


def file(document: dict, filename: str) -> dict:
    return next(file for file in document["urls"] if file["filename"] == filename)


@pytest.mark.parametrize("path", [PROJECT, PROJECT + "/", RELEASE, RELEASE + "/", "/demo-lib/json"])
def test_json_01_documents_are_json_with_a_serial_a_tag_and_cors(site, path):
    answer = site.get(path)
    assert answer.status == 200 and answer.type == "application/json", answer
    assert answer.header("X-PyPI-Last-Serial") == str(answer.json["last_serial"])
    assert re.fullmatch(r'"[0-9a-z-]+"', answer.header("ETag"))
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert "no-cache" in answer.header("Cache-Control")
    again = site.get(path, headers={"If-None-Match": answer.header("ETag")})
    assert (again.status, again.body) == (304, b"")
    head = site.head(path)
    assert head.status == 200 and head.header("Content-Length") == str(len(answer.body))


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_json_01_documents_are_compressed(site, coding):
    answer = site.get(PROJECT, headers={"Accept-Encoding": coding})
    assert answer.header("Content-Encoding") == coding
    assert "Accept-Encoding" in answer.header("Vary")
    assert len(answer.body) < len(site.get(PROJECT).body)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/pypi/Demo_Lib/json", PROJECT),
        ("/pypi/Demo.Lib/1.0/json", RELEASE),
        ("/pypi/Demo.Lib/1.0/json/?a=b", RELEASE + "?a=b"),
        ("/Demo.Lib/json", "/demo-lib/json"),
        ("/index/main/pypi/Demo.Lib/json", "/index/main" + PROJECT),
    ],
)
def test_json_01_another_spelling_is_redirected(site, path, target):
    answer = site.get(path)
    assert (answer.status, answer.header("Location")) == (301, target)


@pytest.mark.parametrize(
    "path",
    [
        "/pypi/unknown/json",
        "/pypi/demo-lib/9.9/json",
        "/pypi/demo-lib/%00/json",
        "/pypi/unknown/1.0/json",
        "/pypi/demo-lib/" + "9" * 5000 + "/json",
        "/unknown/json",
        "/pypi/demo-lib/1.0",
    ],
)
def test_json_01_what_is_unknown_is_404(site, path):
    assert site.get(path).status == 404


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "v1", "1", "01.0"])
def test_json_02_a_version_is_found_in_any_spelling(site, version):
    document = site.get(f"/pypi/demo-lib/{version}/json").json
    assert document["info"]["version"] == "1.0"


def test_json_03_the_latest_release_is_no_pre_release(site):
    assert site.get(PROJECT).json["info"]["version"] == "1.0"
    assert site.get("/pypi/demo-lib/2.0rc1/json").json["info"]["version"] == "2.0rc1"


def test_json_04_a_project_has_releases_and_a_release_has_not(site):
    keys = {"info", "urls", "vulnerabilities", "last_serial", "ownership"}
    project, release = site.get(PROJECT).json, site.get(RELEASE).json
    assert set(project) == keys | {"releases"}
    assert set(release) == keys
    assert list(project["releases"]) == ["1.0", "2.0rc1"]
    assert project["releases"]["1.0"] == project["urls"] == release["urls"]
    assert [file["filename"] for file in project["releases"]["2.0rc1"]] == [LATER.filename]


def test_json_05_info_has_every_field(site):
    info = site.get(PROJECT).json["info"]
    assert set(info) == set(INFO.split())
    assert info["name"] == "Demo.Lib"
    assert info["summary"] == "Sings", "the wheel speaks for its release"
    assert info["author_email"] == "Ada <ada@one.example>"
    assert info["classifiers"] == ["Topic :: Utilities", "Private :: Do Not Upload"]
    assert info["keywords"] == "a,b"
    assert info["requires_dist"] == ["other>=1", "more; extra == 'all'"]
    assert info["provides_extra"] == ["all"]
    assert set(info["requires_python"].split(",")) == {">=3.8", "<4"}
    assert info["project_urls"] == {"Homepage": "https://demo.example/", "Docs": "https://docs.example/"}
    assert info["downloads"] == {"last_day": -1, "last_week": -1, "last_month": -1}
    assert info["description"].strip() == "Made for a test."
    assert (info["yanked"], info["yanked_reason"]) == (False, None)
    for unknown in ["docs_url", "bugtrack_url", "license_expression", "license_files", "dynamic"]:
        assert info[unknown] is None, unknown


@pytest.mark.folder
def test_json_06_files_have_every_field(site):
    document = site.get(PROJECT).json
    for shown in document["urls"]:
        assert set(shown) == set(FILE.split())
    shown = file(document, WHEEL.filename)
    for algorithm, name in [("md5", "md5"), ("sha256", "sha256"), ("blake2b", "blake2b_256")]:
        if algorithm != "blake2b":
            assert shown["digests"][name] == WHEEL.digest(algorithm)
    assert set(shown["digests"]) == {"md5", "sha256", "blake2b_256"}
    assert shown["md5_digest"] == shown["digests"]["md5"]
    assert shown["size"] == len(WHEEL.content)
    assert (shown["packagetype"], shown["python_version"]) == ("bdist_wheel", "py3")
    assert shown["upload_time"] == "2020-09-13T12:26:40" and WRITTEN == 1_600_000_000
    assert shown["upload_time_iso_8601"] == "2020-09-13T12:26:40.000000Z"
    assert len(shown["core-metadata"]["sha256"]) == 64
    source = file(document, SDIST.filename)
    assert (source["packagetype"], source["python_version"], source["core-metadata"]) == ("sdist", "source", False)
    assert (source["has_sig"], shown["has_sig"]) == (True, False)


def test_json_06_urls_are_absolute_and_lead_to_the_file(site):
    host = f"http://127.0.0.1:{site.port}"
    url = file(site.get(PROJECT).json, WHEEL.filename)["url"]
    assert url == f"{host}/packages/{WHEEL.filename}"
    assert site.get(url.removeprefix(host)).body == WHEEL.content
    inside = file(site.get("/index/main" + PROJECT).json, WHEEL.filename)["url"]
    assert inside == f"{host}/index/main/packages/{WHEEL.filename}"
    behind = {"Host": "pkgs.example", "X-Forwarded-Proto": "https"}
    url = file(site.get(PROJECT, headers=behind).json, WHEEL.filename)["url"]
    assert url == f"https://pkgs.example/packages/{WHEEL.filename}"


def test_json_07_nobody_is_said_to_own_a_project(site):
    assert site.get(PROJECT).json["ownership"] == {"roles": [], "organization": None}


def test_json_08_vulnerabilities_are_an_empty_list(site):
    assert site.get(PROJECT).json["vulnerabilities"] == []
    assert site.get(RELEASE).json["vulnerabilities"] == []


@pytest.mark.parametrize(
    "path",
    [
        PROJECT,
        "/demo-lib/json",
        "/index/main/pypi/demo-lib/json",
        "/index/main/pypi/demo-lib/1.0/json",
        "/index/main/demo-lib/json",
    ],
)
def test_json_09_the_paths_that_tools_derive_have_the_document(site, path):
    document = site.get(path).json
    files = document["releases"]["1.0"] if "releases" in document else document["urls"]
    assert {file["filename"]: file for file in files}[WHEEL.filename]["digests"]["sha256"] == WHEEL.sha256


def test_json_09_the_address_that_pypiserver_has_keeps_its_order(site):
    """The table of what is kept comes first: there the highest version stands for the project."""
    document = site.get("/demo-lib/json").json
    assert list(document["releases"]) == ["2.0rc1", "1.0"]
    assert document["info"]["version"] == "2.0rc1" and set(document["info"]) == set(INFO.split())


def test_json_09_a_project_named_json_is_found(site):
    assert site.get("/pypi/json/json").json["info"]["name"] == "json"
    assert site.get("/json/json").json["info"]["name"] == "json"


def test_json_10_errors_are_plain_404s(site):
    answer = site.get("/pypi/unknown/json")
    assert answer.status == 404 and answer.type == "text/plain", answer
    assert "unknown" in answer.text


def test_json_01_a_change_is_seen_at_once(serve, wheelhouse: Door):
    site = serve(wheelhouse, "-P", ".", "-a", ".", files=[WHEEL])
    before = site.get(PROJECT)
    new = wheel("demo.lib", "3.0")
    assert site.upload(new).status == 200
    after = site.get(PROJECT)
    assert list(after.json["releases"]) == ["1.0", "3.0"] and after.json["info"]["version"] == "3.0"
    assert after.json["last_serial"] > before.json["last_serial"]
    assert after.header("ETag") != before.header("ETag")


def test_json_01_a_locked_index_asks_for_a_password(serve, pypi_server: Door):
    users = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
    options = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback"]
    site = serve(pypi_server, *options, files=[WHEEL], users=users)
    paths = [PROJECT, RELEASE, "/demo-lib/json", "/rss/updates.xml", "/rss/packages.xml"]
    paths += ["/rss/project/demo-lib/releases.xml", "/pypi?:action=list_classifiers", "/pypi/unknown/json"]
    paths += [f"/integrity/demo-lib/1.0/{WHEEL.filename}/provenance"]
    for path in paths:
        assert site.get(path).status == 401, path
        answer = site.get(path, user=("ada", "secret"))
        assert answer.status in (200, 404), (path, answer)
        assert not answer.header("Access-Control-Allow-Origin"), path

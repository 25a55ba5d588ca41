"""Names, versions and file names, protocol §1."""

from __future__ import annotations

import json

import pytest

from support.distributions import any_file, wheel


@pytest.mark.parametrize("spelling", ["Friendly-Bard", "friendly.bard", "FrIeNdLy-._.-bArD", "friendly__bard"])
def test_name_02_every_spelling_leads_to_the_normal_form(site, spelling):
    answer = site.get(f"/simple/{spelling}/")
    assert answer.status == 301
    assert answer.header("Location").endswith("/simple/friendly-bard/")


def test_name_03_spellings_are_one_project(serve, either_name):
    names = ["De_Mo-1.0.zip", "de.mo-1.1.zip", "de-mo-1.2.zip"]
    site = serve(either_name, files=[any_file(name) for name in names])
    assert site.get("/simple/").names == ["de-mo"]
    assert site.get("/simple/de-mo/").names == names


def test_name_04_name_is_shown_as_the_latest_upload_spelled_it(serve, wheelhouse):
    site = serve(wheelhouse, "-a", ".", "-P", ".", "--upload-strictness", "lenient")
    for spelling, version in [("De_Mo", "1.0"), ("de.mo", "1.1")]:
        assert site.upload(wheel(spelling, version)).status == 200
        assert json.loads(site.get("/pypi/de-mo/json").body)["info"]["name"] == spelling
        assert site.get("/simple/").names == ["de-mo"], "the normal form never changes"


@pytest.mark.parametrize("word", ["namespaces", "namespace", "simple", "packages", "pypi", "legacy", "integrity"])
def test_name_06_words_of_paths_are_names_of_projects_too(serve, either_name, word):
    site = serve(either_name, files=[wheel(word, "1.0")])
    assert site.get(f"/simple/{word}/").names == [wheel(word, "1.0").filename]
    assert json.loads(site.get(f"/pypi/{word}/json").body)["info"]["name"] == word


def test_ver_03_local_versions_are_accepted(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".")
    assert site.upload(wheel("demo", "1.0+cu126")).status == 200


def test_ver_04_plus_is_served_quoted_and_plain_and_offered_quoted(site, files):
    link = next(link for link in site.get("/simple/friendly-bard/").links if "cu126" in link.text)
    assert "%2B" in link.path and "+" not in link.path
    for path in [link.path, link.path.replace("%2B", "+"), link.path.replace("%2B", "%2b")]:
        assert site.get(path).body == files[2].content, path


def test_file_05_old_spellings_are_served_under_their_own_names(serve, either_name):
    names = ["Foo.Bar-1.0-py3-none-any.whl", "foo-bar-1.0.tar.gz", "foo-bar-1.00.zip"]
    site = serve(either_name, files=[any_file(name) for name in names])
    assert sorted(site.get("/simple/foo-bar/").names) == sorted(names)
    for name in names:
        assert site.get("/packages/" + name).body == any_file(name).content


@pytest.mark.folder
def test_file_09_name_of_a_deleted_file_is_free_again_in_a_folder(serve, either_name):
    site = serve(either_name, "-a", ".", "-P", ".")
    assert site.upload(wheel("demo", "1.0")).status == 200
    (site.packages / wheel("demo", "1.0").filename).unlink()
    site.await_listed()
    changed = wheel("demo", "1.0", source="# changed")
    assert site.upload(changed).status == 200
    assert site.get("/packages/" + changed.filename).body == changed.content

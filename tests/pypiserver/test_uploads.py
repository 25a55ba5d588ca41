"""Uploads and the other actions of POST, spec/pypiserver.md §2.4."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from support.distributions import Distribution, any_file, sdist, wheel, zip_sdist
from support.programs import Door, Site
from support.uploads import BOUNDARY, form

OPEN = ["-a", ".", "-P", "."]
DEMO = wheel("demo", "1.0")
CHANGED = Distribution(DEMO.filename, wheel("demo", "1.0", source="# changed").content)
OLD_ACTIONS = ["submit", "verify"]


@pytest.fixture
def site(serve, door: Door) -> Site:
    return serve(door, *OPEN)


@pytest.fixture
def ours(serve, pypi_server: Door) -> Site:
    return serve(pypi_server, *OPEN)


def stored(site: Site) -> dict[str, bytes]:
    """What a person sees in the packages folder: names and bytes."""
    return {
        str(path.relative_to(site.packages)): path.read_bytes()
        for path in site.packages.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(site.packages).parts)
    }


# `file_upload`.


@pytest.mark.parametrize(
    "file",
    [
        DEMO,
        sdist("demo", "1.0"),
        zip_sdist("demo", "1.0"),
        any_file("demo-1.0-py2.7.egg"),
        any_file("Some.Name-1.0+local.tar.bz2"),
        any_file("demo-1!2.0.tgz"),
    ],
    ids=lambda file: file.filename,
)
def test_kept_upload_is_200_with_an_empty_body_and_listed_at_once(site: Site, file):
    answer = site.upload(file)
    assert (answer.status, answer.body) == (200, b"")
    assert site.listed() == [file.filename]
    assert stored(site) == {file.filename: file.content}
    assert site.get(site.get("/packages/").links[0].path).body == file.content


def test_kept_upload_goes_to_the_first_root(serve, door: Door):
    site = serve(door, *OPEN, roots=["one", "two"])
    assert site.upload(DEMO).status == 200
    assert (site.roots[0] / DEMO.filename).exists()
    assert not list(site.roots[1].iterdir())


def test_kept_fields_come_in_any_order_and_unknown_ones_are_ignored(site: Site):
    parts = [("content", (DEMO.filename, DEMO.content)), ("x-unknown", "1"), (":action", "file_upload")]
    assert site.post(parts).status == 200
    assert site.listed() == [DEMO.filename]


def test_kept_upload_needs_no_other_field(site: Site):
    parts = [(":action", "file_upload"), ("content", (DEMO.filename, DEMO.content))]
    assert site.post(parts).status == 200


def test_kept_upload_of_several_files_one_after_the_other(site: Site):
    files = [wheel("demo", f"1.{number}") for number in range(5)]
    assert [site.upload(file).status for file in files] == [200] * 5
    assert site.get("/simple/demo/").names == [file.filename for file in files]


def test_kept_body_of_setuptools_is_read(site: Site):
    # The old `upload` command puts a line break before the first boundary.
    parts = [(":action", "file_upload"), ("content", (DEMO.filename, DEMO.content))]
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = site.ask("POST", "/", headers=headers, body=b"\r\n" + form(parts))
    assert answer.status == 200
    assert stored(site) == {DEMO.filename: DEMO.content}


def test_kept_signature_is_stored_and_listed(site: Site):
    signed = zip_sdist("demo", "1.0")
    answer = site.upload(signed, signature=(signed.filename + ".asc", b"signature"))
    assert answer.status == 200
    assert site.get(f"/packages/{signed.filename}.asc").body == b"signature"
    assert site.get("/simple/demo/").names == [signed.filename, signed.filename + ".asc"]


@pytest.mark.parametrize("name", ["other-1.0.zip.asc", "demo-1.0.zip", "demo-1.0.zip.sig"])
def test_kept_unrelated_signature_is_400(site: Site, name):
    answer = site.upload(zip_sdist("demo", "1.0"), signature=(name, b"signature"))
    assert answer.status == 400 and "Unrelated signature" in answer.text


@pytest.mark.parametrize("name", ["other-1.0.zip.asc", "demo-1.0.zip"])
def test_mended_unrelated_signature_stores_nothing_and_shows_no_innards(ours: Site, name):
    answer = ours.upload(zip_sdist("demo", "1.0"), signature=(name, b"signature"))
    assert "object at 0x" not in answer.text
    assert stored(ours) == {} and ours.listed() == []


BAD_NAMES = [
    "demo.txt",
    "demo-1.0.exe",
    "demo_1.0.deb",
    "demo-1.0.tar.Z",
    "sp ace-1.0.zip",
    "demo-1.0.whl",
    "päckchen-1.0.zip",
    "a$b-1.0.zip",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_kept_bad_file_name_is_400(site: Site, name):
    answer = site.upload(any_file(name))
    assert answer.status == 400 and "Bad filename" in answer.text
    assert stored(site) == {} and site.listed() == []


@pytest.mark.parametrize(
    "name", ["../demo-1.0.zip", "sub/demo-1.0.zip", "/abs/demo-1.0.zip", "..\\demo-1.0.zip"]
)
def test_kept_path_in_a_file_name_never_leaves_the_folder(site: Site, name):
    answer = site.upload(any_file(name))
    # The control drops the folder, or refuses, by which slash it is.
    assert answer.status in (200, 400), answer
    assert not (site.folder / "demo-1.0.zip").exists()
    assert set(stored(site)) <= {"demo-1.0.zip"}


@pytest.mark.parametrize("name", [".demo-1.0.zip", ".hidden-1.0-py3-none-any.whl"])
def test_mended_hidden_file_name_is_refused(ours: Site, name):
    assert ours.upload(any_file(name)).status == 400
    assert not (ours.packages / name).exists()


def test_kept_missing_content_is_400(site: Site):
    assert site.post([(":action", "file_upload")]).status == 400


def test_kept_content_as_text_is_400(site: Site):
    assert site.post([(":action", "file_upload"), ("content", "text")]).status == 400
    assert site.post_urlencoded({":action": "file_upload", "content": "text"}).status == 400


def test_kept_missing_action_is_400(site: Site):
    answer = site.post([("content", (DEMO.filename, DEMO.content))])
    assert answer.status == 400 and "Missing ':action' field" in html(answer.text)


def test_kept_unknown_action_is_400(site: Site):
    answer = site.post([(":action", "frobnicate")])
    assert answer.status == 400 and "Unsupported ':action' field: frobnicate" in html(answer.text)


def html(text: str) -> str:
    """The control's errors are HTML."""
    return text.replace("&#039;", "'").replace("&#x27;", "'").replace("&quot;", '"')


# Duplicates.


def test_kept_changed_duplicate_is_409(site: Site):
    assert site.upload(DEMO).status == 200
    answer = site.upload(CHANGED)
    assert answer.status == 409 and DEMO.filename in answer.text
    assert stored(site) == {DEMO.filename: DEMO.content}


@pytest.mark.parametrize("agent", ["twine/3.4.1 pkginfo/1.7", "twine/7.0.0"])
def test_kept_changed_duplicate_is_400_for_twine(site: Site, agent):
    assert site.upload(DEMO, agent=agent).status == 200
    assert site.upload(CHANGED, agent=agent).status == 400
    assert stored(site) == {DEMO.filename: DEMO.content}


def test_kept_duplicate_is_found_in_any_root_and_folder(serve, door: Door):
    site = serve(door, *OPEN, roots=["one", "two"], start=False)
    DEMO.put(site.roots[1], f"deep/{DEMO.filename}")
    site.start()
    assert site.upload(CHANGED).status == 409
    assert not list(path for path in site.roots[0].iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("option", ["-o", "--overwrite"])
def test_kept_overwrite_replaces(serve, door: Door, option):
    site = serve(door, *OPEN, option)
    assert site.upload(DEMO).status == 200
    assert site.upload(CHANGED).status == 200
    assert stored(site) == {DEMO.filename: CHANGED.content}
    assert site.get("/packages/" + DEMO.filename).body == CHANGED.content
    assert site.get("/simple/demo/").links[0].fragment == f"sha256={CHANGED.sha256}"


def test_mended_same_bytes_again_are_200_and_change_nothing(ours: Site):
    assert ours.upload(DEMO).status == 200
    before = (ours.packages / DEMO.filename).stat().st_mtime_ns
    for agent in [None, "twine/7.0.0"]:
        answer = ours.upload(DEMO, agent=agent)
        assert (answer.status, answer.body) == (200, b""), agent
    assert (ours.packages / DEMO.filename).stat().st_mtime_ns == before


@pytest.mark.parametrize("agent", [None, "twine/7.0.0"])
def test_mended_duplicate_says_file_already_exists_in_phrase_and_body(ours: Site, agent):
    ours.upload(DEMO)
    answer = ours.upload(CHANGED, agent=agent)
    assert answer.reason.startswith("File already exists"), answer
    assert "File already exists" in answer.text
    assert answer.type == "text/plain"


def test_mended_refused_signature_leaves_no_package_behind(ours: Site):
    # The control writes the package first and then finds the signature there.
    any_file("demo-1.0.zip.asc", b"old").put(ours.packages)
    ours.await_listed("demo-1.0.zip.asc")
    answer = ours.upload(zip_sdist("demo", "1.0"), signature=("demo-1.0.zip.asc", b"new"))
    assert answer.status == 409
    assert stored(ours) == {"demo-1.0.zip.asc": b"old"}


# Digests and content.


@pytest.mark.parametrize(
    ("field", "algorithm"),
    [("sha256_digest", "sha256"), ("md5_digest", "md5"), ("blake2_256_digest", "blake2b")],
)
def test_mended_digests_are_checked_when_given(ours: Site, field, algorithm):
    import hashlib

    hasher = hashlib.blake2b(digest_size=32) if algorithm == "blake2b" else hashlib.new(algorithm)
    hasher.update(DEMO.content)
    good = hasher.hexdigest()
    wrong = ("0" if good[0] != "0" else "1") + good[1:]
    answer = ours.upload(DEMO, fields={field: wrong})
    assert answer.status == 400 and "digest" in answer.reason, answer
    assert stored(ours) == {} and ours.listed() == []
    assert ours.upload(DEMO, fields={field: good.upper()}).status == 200


def test_kept_what_is_inside_is_not_judged(site: Site):
    for name in ["empty-1.0.zip", "empty-1.0-py3-none-any.whl"]:
        assert site.upload(any_file(name, b"")).status == 200
    assert site.upload(any_file("junk-1.0.tar.gz", b"no archive")).status == 200
    assert sorted(site.listed()) == sorted([*stored(site)])
    assert site.get("/packages/junk-1.0.tar.gz").body == b"no archive"


def test_mended_file_that_cannot_be_read_is_named_in_the_log(ours: Site):
    from support.waiting import wait_until

    ours.upload(any_file("junk-1.0-py3-none-any.whl", b"no archive"))
    wait_until(lambda: "junk-1.0-py3-none-any.whl" in ours.stdout, seconds=10, what="a log line")


def test_kept_name_in_the_form_does_not_matter(site: Site):
    assert site.upload(DEMO, fields={"name": "another", "version": "9"}).status == 200
    assert site.listed() == [DEMO.filename]


def test_kept_large_upload_and_download_keep_every_byte(site: Site):
    large = wheel("large", "1.0", padding=20_000_000)
    assert site.upload(large, fields={"sha256_digest": large.sha256}).status == 200
    assert site.get("/packages/" + large.filename).body == large.content


# Other actions.


@pytest.mark.parametrize("action", OLD_ACTIONS)
def test_kept_submit_and_verify_are_200_and_do_nothing(site: Site, action):
    answer = site.post([(":action", action), ("name", "demo"), ("version", "1.0")])
    assert (answer.status, answer.body) == (200, b"")
    answer = site.post_urlencoded({":action": action, "name": "demo"})
    assert answer.status == 200
    assert site.listed() == []


def zip_of(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "text")
    return content.getvalue()


def test_kept_doc_upload_is_checked_and_thrown_away(site: Site):
    def send(*content):
        return site.post([(":action", "doc_upload"), ("name", "demo"), *content])

    assert send(("content", ("docs.zip", zip_of("index.html")))).status == 200
    assert send().status == 400
    assert send(("content", ("docs.zip", zip_of("other.html")))).status == 400
    assert stored(site) == {} and site.listed() == []


def test_the_other_door_says_that_old_actions_are_gone(serve, wheelhouse: Door):
    site = serve(wheelhouse, *OPEN)
    for action in [*OLD_ACTIONS, "doc_upload", "submit_pkg_info"]:
        answer = site.post([(":action", action), ("name", "demo"), ("version", "1.0")])
        assert answer.status == 410, action
        assert "was ever registered" not in answer.text


# `remove_pkg`.


def remove(site: Site, name: str, version: str, **more):
    return site.post([(":action", "remove_pkg"), ("name", name), ("version", version)], **more)


def test_kept_remove_deletes_every_file_of_the_version_in_all_roots(serve, door: Door):
    site = serve(door, *OPEN, roots=["one", "two"], start=False)
    any_file("demo-1.0.zip").put(site.roots[0])
    any_file("demo-1.0.zip.asc").put(site.roots[0])
    any_file("demo-1.0.tar.gz").put(site.roots[1], "deep/demo-1.0.tar.gz")
    any_file("demo-1.1.zip").put(site.roots[0])
    site.start()
    assert remove(site, "demo", "1.0").status == 200
    assert site.listed() == ["demo-1.1.zip"]
    left = [path.name for root in site.roots for path in root.rglob("demo*")]
    assert left == ["demo-1.1.zip"]


def test_kept_remove_takes_an_urlencoded_form(serve, door: Door):
    site = serve(door, *OPEN, files=[any_file("demo-1.0.zip")])
    fields = {":action": "remove_pkg", "name": "demo", "version": "1.0"}
    assert site.post_urlencoded(fields).status == 200
    assert site.listed() == []


@pytest.mark.parametrize(("name", "version"), [("", "1.0"), ("demo", ""), ("", "")])
def test_kept_remove_needs_name_and_version(site: Site, name, version):
    assert remove(site, name, version).status == 400


@pytest.mark.parametrize(("name", "version"), [("other", "1.0"), ("demo", "2.0")])
def test_kept_remove_of_nothing_is_404(serve, door: Door, name, version):
    site = serve(door, *OPEN, files=[any_file("demo-1.0.zip")])
    assert remove(site, name, version).status == 404
    assert site.listed() == ["demo-1.0.zip"]


@pytest.mark.parametrize("spelling", ["rm-me", "RM_me", "Rm.Me"])
def test_mended_remove_finds_any_spelling(serve, pypi_server: Door, spelling):
    site = serve(pypi_server, *OPEN, files=[any_file("Rm_Me-1.0.zip")])
    assert remove(site, spelling, "1.0").status == 200
    assert site.listed() == [] and stored(site) == {}


def test_kept_removed_name_is_free_again(site: Site):
    site.upload(DEMO)
    assert remove(site, "demo", "1.0").status == 200
    assert site.upload(CHANGED).status == 200
    assert site.get("/packages/" + DEMO.filename).body == CHANGED.content


# Where it is posted.


@pytest.mark.parametrize("path", ["/simple/", "/simple/demo/", "/packages/"])
def test_kept_upload_to_a_page_is_405(site: Site, path):
    assert site.upload(DEMO, path=path).status == 405
    assert site.listed() == []


def test_mended_upload_to_the_pages_names_the_right_address(ours: Site):
    answer = ours.upload(DEMO, path="/simple/")
    assert answer.status == 405
    # Followed by no more than the end of a sentence: the address of the pages begins like it.
    assert re.search(rf"{re.escape(ours.url)}(legacy/)?([^\w/]|$)", answer.text), answer
    assert "upload" in answer.text.lower()


@pytest.mark.parametrize("path", ["/legacy/", "/legacy"])
def test_mended_upload_to_legacy_works(ours: Site, path):
    assert ours.upload(DEMO, path=path).status == 200
    assert ours.listed() == [DEMO.filename]


def test_kept_urlencoded_form_is_limited(site: Site):
    answer = site.post_urlencoded({":action": "submit", "description": "x" * 200_000})
    assert answer.status == 413


def test_kept_chunked_upload_works(site: Site):
    parts = [(":action", "file_upload"), ("content", (DEMO.filename, DEMO.content))]
    body = form(parts)
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 100]), body[at : at + 100])
        for at in range(0, len(body), 100)
    )
    answer = site.ask(
        "POST",
        "/",
        headers={
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Transfer-Encoding": "chunked",
        },
        body=chunks + b"0\r\n\r\n",
    )
    assert answer.status == 200, answer
    assert stored(site) == {DEMO.filename: DEMO.content}


def test_mended_upload_survives_a_restart_with_its_time(ours: Site):
    ours.upload(DEMO)
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    before = ours.get("/simple/demo/", headers=accept).json
    ours.restart()
    assert ours.get("/simple/demo/", headers=accept).json["files"] == before["files"]


def test_upload_too_large_is_refused_and_leaves_nothing(serve, pypi_server: Door):
    site = serve(pypi_server, *OPEN, "--max-upload-mib", "1")
    answer = site.upload(wheel("large", "1.0", padding=2_000_000))
    assert answer.status in (400, 413) and "large" in answer.reason.lower() + answer.text.lower()
    assert stored(site) == {} and site.listed() == []


def test_refusal_is_json_for_clients_that_ask_for_it(ours: Site):
    ours.upload(DEMO)
    accept = {"Accept": "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"}
    answer = ours.upload(CHANGED, headers=accept)
    assert answer.header("Content-Type") == "application/json"
    assert answer.json["code"].startswith("409 File already exists"), answer
    assert answer.json["message"]

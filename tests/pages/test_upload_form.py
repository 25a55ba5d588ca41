"""Upload with a browser: several files, each with the reasons for which it was refused."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from support import uploads
from support.plain_browser import Browser
from support.distributions import sdist, wheel

from .conftest import FILES, LOCKED, USERS, own

ROOT = ("root", "secret")


def results(browser) -> list[tuple[str, bool]]:
    import re

    found = re.findall(r"<li><strong><bdi>(.*?)</bdi></strong> <span class=\"mark( danger)?\">", browser.page.text)
    return [(name, not refused) for name, refused in found]


def versions(site, project: str = "demo") -> list[str]:
    answer = site.get(f"/pypi/{project}/json", user=ROOT)
    return sorted(answer.json["releases"]) if answer.status == 200 else []


def test_good_bad_and_duplicate_files_are_told_apart(site, browser):
    ada = browser("ada")
    ada.get("/account/upload")
    good, source, changed = wheel("demo", "3.0"), sdist("demo", "3.0"), wheel("demo", "1.0", source="# other")
    answer = ada.upload([
        (good.filename, good.content), (source.filename, source.content), (FILES[0].filename, FILES[0].content),
        (changed.filename, changed.content), ("demo-4.0-py3-none-any.whl", b"no zip"), ("readme.txt", b"text"),
        ("demo-5.0-py3-none-any.whl", b""),
    ])
    assert answer.status == 400, answer
    assert results(ada) == [
        (good.filename, True), (source.filename, True), (FILES[0].filename, True), (changed.filename, False),
        ("demo-4.0-py3-none-any.whl", False), ("readme.txt", False), ("demo-5.0-py3-none-any.whl", False),
    ]
    assert "Bad filename" in ada.text and versions(site) == ["1.0", "2.0", "3.0"]
    assert "user:ada" in own(site, "log", "--kind", "uploaded")
    assert site.get(f"/packages/{good.filename}", user=ROOT).body == good.content


def test_reasons_are_those_that_twine_gets(site, browser):
    ada = browser("ada")
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("demo-9.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: another\nVersion: 9.0\n")
        archive.writestr("demo-9.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("demo-9.0.dist-info/RECORD", "")
    name = "demo-9.0-py3-none-any.whl"
    fields = {":action": "file_upload", "name": "demo", "version": "9.0", "filetype": "bdist_wheel", "pyversion": "py3",
              "protocol_version": "1", "metadata_version": "2.1", "sha256_digest": __import__("hashlib").sha256(content.getvalue()).hexdigest()}
    by_program = site.post([*fields.items(), ("content", (name, content.getvalue()))], user=("ada", "secret"))
    assert by_program.status == 400, by_program
    ada.get("/account/upload")
    ada.upload([(name, content.getvalue())])
    assert results(ada) == [(name, False)]
    told = " ".join(by_program.text.split())
    assert told in ada.text, (told, ada.text)


def test_new_project_belongs_to_whoever_uploads_it(site, browser):
    ada = browser("ada")
    ada.get("/account/upload")
    ada.upload([(wheel("fresh", "1.0").filename, wheel("fresh", "1.0").content)])
    assert ada.page.status == 200 and "ada" in own(site, "role", "fresh")


def test_rights_are_those_of_programs(site, browser):
    bob, ada = browser("bob"), browser("ada")
    assert bob.get("/account/upload").status == 403 and "Upload" not in bob.text.split("Sign out")[0]
    bob.get("/account")
    token = dict(bob.form("/account/sign-out").fields)["form_token"]
    headers = {"Content-Type": f"multipart/form-data; boundary={uploads.BOUNDARY}"}
    file = wheel("demo", "3.0")
    body = uploads.form([("form_token", token), ("content", (file.filename, file.content))])
    assert bob.ask("POST", "/account/upload", headers=headers, body=body).status == 403
    ada.get("/account/upload")
    other = wheel("other", "3.0")
    ada.upload([(other.filename, other.content), (file.filename, file.content)])
    assert results(ada) == [(other.filename, False), (file.filename, True)] and "may not upload to" in ada.text
    assert versions(site, "other") == ["1.0"]


def test_nothing_is_taken_before_the_token(site, browser):
    ada = browser("ada")
    ada.get("/account/upload")
    token = dict(ada.form("/account/upload").fields)["form_token"]
    file = wheel("demo", "3.0")
    content = ("content", (file.filename, file.content))
    headers = {"Content-Type": f"multipart/form-data; boundary={uploads.BOUNDARY}"}
    for parts in [[content], [content, ("form_token", token)], [("form_token", "x"), content], [("other", token), content],
                  [("form_token", ("a", token.encode())), content], []]:
        answer = ada.ask("POST", "/account/upload", headers=headers, body=uploads.form(parts))
        assert answer.status == 403, (parts, answer)
    right = uploads.form([("form_token", token), content])
    answer = ada.ask("POST", "/account/upload", headers=headers | {"Origin": "https://evil.example"}, body=right)
    assert answer.status == 403
    stranger = Browser(site)
    assert stranger.ask("POST", "/account/upload", headers=headers, body=right).status == 403
    assert versions(site) == ["1.0", "2.0"]
    assert ada.ask("POST", "/account/upload", headers=headers, body=right).status == 200


@pytest.mark.parametrize("body", [b"", b"x", b"--" + uploads.BOUNDARY.encode(), b"--" + uploads.BOUNDARY.encode() + b"\r\n\r\n"])
def test_broken_forms_are_refused(browser, body):
    ada = browser("ada")
    headers = {"Content-Type": f"multipart/form-data; boundary={uploads.BOUNDARY}"}
    assert ada.ask("POST", "/account/upload", headers=headers, body=body).status in (400, 403)
    assert ada.ask("POST", "/account/upload", headers={"Content-Type": "text/plain"}, body=body).status == 415


def test_form_that_breaks_off_tells_what_was_taken(site, browser):
    ada = browser("ada")
    ada.get("/account/upload")
    token = dict(ada.form("/account/upload").fields)["form_token"]
    file, late = wheel("demo", "3.0"), wheel("demo", "4.0")
    body = uploads.form([("form_token", token), ("content", (file.filename, file.content)), ("content", (late.filename, late.content))])
    headers = {"Content-Type": f"multipart/form-data; boundary={uploads.BOUNDARY}"}
    answer = ada.ask("POST", "/account/upload", headers=headers, body=body[: -len(late.content) // 2])
    assert answer.status == 400 and results(ada) == [(file.filename, True), (late.filename, False)], answer
    assert versions(site) == ["1.0", "2.0", "3.0"]


def test_too_large_file_stops_no_other(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--max-upload-mib", "1", files=FILES, users=USERS)
    root = Browser(site)
    root.sign_in("root", to="/account/upload")
    large, small = ("demo-8.0.tar.gz", b"x" * (3 << 19)), wheel("demo", "3.0")
    root.upload([large, (small.filename, small.content)])
    assert results(root) == [(large[0], False), (small.filename, True)] and "File too large" in root.text


def test_no_file_and_too_many_are_told(browser):
    root = browser("root")
    root.get("/account/upload")
    answer = root.upload([("", b"")])
    assert answer.status == 400 and "no file was chosen" in root.text
    files = [wheel("many", f"1.{number}") for number in range(102)]
    root.upload([(file.filename, file.content) for file in files])
    assert root.page.status == 400 and len(results(root)) == 100 and "a form may have 100 files" in root.text


def test_uploads_count_together_with_those_of_programs(serve, wheelhouse):
    site = serve(wheelhouse, *LOCKED, "--max-uploads-per-hour", "2", files=FILES, users=USERS)
    root = Browser(site)
    root.sign_in("root", to="/account/upload")
    files = [wheel("demo", f"3.{number}") for number in range(3)]
    root.upload([(file.filename, file.content) for file in files])
    assert [taken for _, taken in results(root)] == [True, True, False] and "too many uploads" in root.text
    assert site.upload(wheel("demo", "4.0"), user=ROOT).status == 429


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.whl", "../../etc/passwd", "a\u202egpj.whl", "x" * 5000,
                                  "demo-1.0-py3-none-any.whl/", "C:\\demo-6.0-py3-none-any.whl"])
def test_hostile_names_are_text_and_refused(site, browser, name):
    ada = browser("ada")
    ada.get("/account/upload")
    answer = ada.upload([(name, b"x")])
    assert answer.status in (400, 200) and [taken for _, taken in results(ada)] in ([False], []), answer
    assert "<script>alert" not in answer.text and "\u202e" not in answer.text and "x" * 300 not in answer.text
    assert versions(site) == ["1.0", "2.0"]

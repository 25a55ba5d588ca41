"""What is looked at in an upload, protocol §4.2, §4.3 and §4.5, under `wheelhouse run`."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import pytest

from support.distributions import Distribution, any_file, metadata, sdist, wheel, zip_sdist
from support.programs import Site
from support.uploads import said_of
from support.waiting import wait_until

OPEN = ["-a", ".", "-P", "."]
DEMO = wheel("demo", "1.0")
INFO = "demo-1.0.dist-info"


@pytest.fixture(scope="module")
def standard(serve_all, wheelhouse) -> Site:
    return serve_all(wheelhouse, *OPEN, "--disable-fallback")


@pytest.fixture(scope="module")
def strict(serve_all, wheelhouse) -> Site:
    return serve_all(wheelhouse, *OPEN, "--disable-fallback", "--upload-strictness", "strict")


@pytest.fixture(scope="module")
def lenient(serve_all, pypi_server) -> Site:
    return serve_all(pypi_server, *OPEN, "--disable-fallback")


def refused(site: Site, file: Distribution, *words: str, **more) -> None:
    """The upload is 400 with these words, and nothing of it is left, in sight or out of it."""
    answer = site.upload(file, **more)
    assert answer.status == 400, answer
    for word in words:
        assert word in answer.text and word in answer.reason, (word, answer)
    assert "already exist" not in answer.text.lower()
    assert site.stored(file.filename) is None
    incoming = site.state / "incoming"
    wait_until(lambda: not any(incoming.iterdir()), seconds=10, what="nothing is left of the upload")


def warned(site: Site, file: Distribution, *words: str, **more) -> None:
    """The upload is taken, and what is odd about it is said in the answer and in the log."""
    answer = site.upload(file, **more)
    assert answer.status == 200, answer
    said = " ".join(value for name, value in answer.headers.items() if name.lower() == "x-upload-warning")
    for word in words:
        assert word in said, (word, answer)
        assert word in answer.text, (word, answer)
        assert word in site.log, word


def taken(site: Site, file: Distribution, **more) -> None:
    """The upload is taken, and there is nothing to say about it."""
    answer = site.upload(file, **more)
    assert (answer.status, answer.text) == (200, ""), answer


def remade(file: Distribution, members: dict[str, bytes | None], filename: str | None = None) -> Distribution:
    """The same wheel with these members in place of its own; `None` leaves one out."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file.content)) as old, zipfile.ZipFile(content, "w") as new:
        kept = {name: old.read(name) for name in old.namelist()}
        for name, data in {**kept, **members}.items():
            if data is not None:
                new.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return Distribution(filename or file.filename, content.getvalue())


VERSIONS = iter(range(10_000))


def saying(text: str, version: str = "2.1") -> Distribution:
    """A wheel of a version of its own whose metadata has these lines."""
    number = f"3.{next(VERSIONS)}"
    file = wheel("demo", number)
    data = f"Metadata-Version: {version}\nName: demo\nVersion: {number}\n{text}\n".encode()
    info = f"demo-{number}.dist-info"
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        lines = archive.read(f"{info}/RECORD").decode().splitlines(keepends=True)
    record = "".join(
        f"{info}/METADATA,,{len(data)}\n" if line.startswith(f"{info}/METADATA") else line for line in lines
    )
    return remade(file, {f"{info}/METADATA": data, f"{info}/RECORD": record.encode()})


def tarball(members: list[tuple[tarfile.TarInfo, bytes]], filename: str = "demo-1.0.tar.gz") -> Distribution:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return Distribution(filename, gzip.compress(plain.getvalue(), mtime=0))


def entry(name: str, data: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = link
    return member, data


PKG_INFO = entry("demo-1.0/PKG-INFO", metadata("demo", "1.0"))


# The form.


def test_up_01_protocol_version_is_1_or_absent(standard):
    refused(standard, DEMO, "protocol version", fields={"protocol_version": "2"})
    taken(standard, wheel("up-one", "1.0"), fields={"protocol_version": ""})


def test_up_02_old_actions_are_gone_and_unknown_ones_are_400(standard):
    for action in ["submit", "submit_pkg_info", "doc_upload", "verify"]:
        answer = standard.post([(":action", action), ("name", "demo"), ("version", "1.0")])
        assert answer.status == 410 and "was ever registered" not in answer.text, action
    assert standard.post([(":action", "frobnicate")]).status == 400
    assert standard.post([("name", "demo")]).status == 400


def test_up_06_files_in_other_fields_and_repeated_fields_are_400(standard):
    parts = [*said_of(DEMO).items(), ("content", (DEMO.filename, DEMO.content))]
    assert standard.post([*parts, ("summary", ("a.txt", b"x"))]).status == 400
    for name in ["summary", "description", "requires_python"]:
        answer = standard.post([*parts, (name, "a"), (name, "b")])
        assert answer.status == 400 and f"`{name}` more than once" in answer.text
    refused(standard, DEMO, "no `name`", fields={"name": "UNKNOWN"})
    refused(standard, DEMO, "no `version`", fields={"version": " "})
    refused(standard, DEMO, "`name`", fields={"name": "de\0mo"})
    assert "demo" not in standard.listed()


def test_up_10_aliases_of_lists_are_read_as_lists(standard):
    file = wheel("aliases", "1.0")
    parts = [*said_of(file).items()]
    for name in [
        "license_file", "license_files", "platform", "platforms", "supported_platform", "supported_platforms",
        "classifiers", "classifier", "project_urls", "project_url", "provides_extra", "provides_extras",
        "import_name", "import_names", "import_namespace", "import_namespaces", "requires_dist", "dynamic",
    ]:
        parts += [(name, "a"), (name, "b")]
    answer = standard.post([*parts, ("content", (file.filename, file.content))])
    assert (answer.status, answer.text) == (200, ""), answer


def test_up_11_one_digest_is_needed(standard):
    refused(standard, DEMO, "no digest", fields={"sha256_digest": ""})
    for field, value in [("md5_digest", "md5"), ("sha256_digest", "sha256")]:
        file = wheel(f"digest-{value}", "1.0")
        taken(standard, file, fields={"sha256_digest": "", field: file.digest(value)})


def test_up_12_file_is_the_truth_and_the_form_only_names_it(standard):
    for fields, word in [
        ({"name": "other"}, "called after `demo`"),
        ({"version": "1.1"}, "called after version `1.0`"),
        ({"filetype": "sdist"}, "file type"),
        ({"filetype": "bdist_egg"}, "Use a known file type"),
    ]:
        refused(standard, DEMO, word, fields=fields)
    refused(standard, sdist("demo", "1.0"), "`pyversion`", fields={"pyversion": "py3"})
    # Each of these is what some client really sends.
    file = wheel("form-truth", "1.0", requires_python=">=3.9", summary="From the file")
    fields = {"name": "Form.Truth", "version": "1.0.0", "metadata_version": "2.3", "summary": "From the form"}
    taken(standard, file, fields=fields)
    info = standard.get("/pypi/form-truth/json").json["info"]
    assert (info["summary"], info["requires_python"]) == ("From the file", ">=3.9")
    file = sdist("form-truth", "1.0")
    answer = standard.upload(file, fields={"pyversion": ""})
    assert answer.status == 200, answer


def test_up_13_requires_python_is_each_files_own(standard):
    taken(standard, wheel("own-python", "1.0", requires_python=">=3.8"))
    taken(standard, wheel("own-python", "1.0", tag="cp312-abi3-linux_x86_64", requires_python=">=3.12"))
    found = standard.get("/simple/own-python/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}).json
    assert [file["requires-python"] for file in found["files"]] == [">=3.12", ">=3.8"]


# What is answered.


def test_up_20_first_fault_is_the_one_that_is_told(standard, serve, wheelhouse):
    # Form before file, file before metadata.
    broken = any_file("demo-1.0-py3-none-any.whl", b"no zip")
    refused(standard, broken, "`name` is `other`", fields={"name": "other"})
    answer = standard.upload(broken, fields={"sha256_digest": "0" * 64})
    assert "digest" in answer.reason and "zip" not in answer.reason
    site = serve(wheelhouse, *OPEN, files=[DEMO])
    assert site.upload(Distribution(DEMO.filename, b"no zip")).status == 409


def test_up_21_warnings_are_lines_of_the_body(standard):
    answer = standard.upload(wheel("warned", "1.0", author_email="nobody", home_page="nowhere"))
    lines = answer.text.splitlines()
    assert answer.status == 200 and len(lines) == 2, answer
    assert all(line.startswith("warning: ") for line in lines)
    assert answer.type == "text/plain"


def test_up_25_second_sdist_is_refused(standard):
    taken(standard, sdist("two-sdists", "1.0"))
    other = sdist("two-sdists", "1.0", filename="two_sdists-1.0.0.tar.gz")
    answer = standard.upload(other)
    assert answer.status == 400 and "Only one sdist" in answer.text, answer


def test_up_25_too_large_names_the_limit(serve, wheelhouse):
    site = serve(wheelhouse, *OPEN, "--max-upload-mib", "3", "--max-project-mib", "2")
    answer = site.upload(wheel("demo", "1.0", padding=3_500_000))
    assert answer.status == 400 and "File too large" in answer.reason and str(3 << 20) in answer.reason
    taken(site, wheel("demo", "1.1", padding=1_500_000))
    answer = site.upload(wheel("demo", "1.2", padding=1_500_000))
    assert answer.status == 400 and "Project size too large" in answer.reason and str(2 << 20) in answer.reason
    taken(site, wheel("other", "1.0", padding=1_500_000))


def test_up_25_closed_projects_are_403(serve, wheelhouse):
    from support.owners import own

    site = serve(wheelhouse, *OPEN, files=[DEMO])
    for status in ["archived", "quarantined"]:
        own(site, "status", "demo", status)
        answer = site.upload(wheel("demo", "1.1"))
        assert answer.status == 403 and status in answer.reason, answer


def test_up_27_names_that_conflict_are_never_409(standard):
    # poetry, pdm and older twine take 409 for "skip it".
    answer = standard.upload(DEMO, fields={"name": "other"})
    assert answer.status == 400


def test_up_28_same_bytes_again_are_200_in_place_of_skip_existing(standard):
    file = wheel("again", "1.0+local")
    assert standard.upload(file).status == 200
    taken(standard, file)


def test_up_29_conflict_is_for_changed_duplicates_alone(standard):
    file = wheel("changed", "1.0")
    taken(standard, file)
    answer = standard.upload(wheel("changed", "1.0", source="# other"))
    assert answer.status == 409 and answer.reason.startswith("File already exists")


def test_up_30_what_a_retry_cannot_help_is_never_5xx(standard):
    hostile = [b"", b"PK\5\6" + b"\0" * 18, b"\x1f\x8b" + b"\0" * 30, DEMO.content[:-1], b"\xff" * 1000]
    for content in hostile:
        for name in ["demo-9.0-py3-none-any.whl", "demo-9.0.tar.gz"]:
            answer = standard.upload(any_file(name, content))
            assert answer.status == 400, (name, content[:10], answer)


# Archives.


def test_meta_01_wheel_has_its_files_and_nothing_ambiguous(standard):
    for file in ["WHEEL", "METADATA", "RECORD"]:
        refused(standard, remade(DEMO, {f"{INFO}/{file}": None}), f"{INFO}/{file}")
    refused(standard, any_file(DEMO.filename, b"no zip at all"), "zip archive")
    refused(standard, remade(DEMO, {f"{INFO}/entry_points.txt": b"[console_scripts]\n../x = a:b\n"}), "`../x`")
    refused(standard, Distribution(DEMO.filename, b"#!/bin/sh\n" + DEMO.content), "before the archive")
    refused(standard, Distribution(DEMO.filename, DEMO.content + b"tail"), "follows the archive")
    refused(standard, remade(DEMO, {"../evil.py": b"x"}), "`..` in its path")
    refused(standard, remade(DEMO, {"a\x01b": b"x"}), "control character")
    renamed = DEMO.content.replace(b"demo.py", b"evil.py", 1)
    refused(standard, Distribution(DEMO.filename, renamed), "another name")
    link = io.BytesIO()
    with zipfile.ZipFile(link, "w") as archive:
        member = zipfile.ZipInfo("demo.py", (2020, 1, 1, 0, 0, 0))
        member.create_system, member.external_attr = 3, 0o120777 << 16
        archive.writestr(member, "/etc/passwd")
    refused(standard, Distribution(DEMO.filename, link.getvalue()), "symbolic link")
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = io.BytesIO(DEMO.content)
        with zipfile.ZipFile(twice, "a") as archive:
            archive.writestr("demo.py", "import evil")
    refused(standard, Distribution(DEMO.filename, twice.getvalue()), "two members")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("zeros", b"\0" * (80 << 20))
    refused(standard, Distribution(DEMO.filename, bomb.getvalue()), "50 times")
    bzip = io.BytesIO()
    with zipfile.ZipFile(bzip, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("demo.py", b"x" * 1000)
    refused(standard, Distribution(DEMO.filename, bzip.getvalue()), "method 12")


def test_meta_02_record_that_lists_something_else_is_said_or_refused(standard, serve, wheelhouse):
    file = wheel("record", "1.0")
    odd = remade(file, {"record-1.0.dist-info/RECORD": b"ghost.py,,1\n"})
    warned(standard, odd, "RECORD` does not list")
    site = serve(wheelhouse, *OPEN, "--refuse-uploads-with", "record-mismatch")
    refused(site, odd, "RECORD` does not list")


def test_meta_03_sdist_is_one_folder_that_nothing_leaves(standard):
    for members, words in [
        ([PKG_INFO, entry("other/x")], "one folder"),
        ([entry("demo-1.0/setup.py")], "no `demo-1.0/PKG-INFO`"),
        ([PKG_INFO, entry("/etc/x")], "absolute path"),
        ([PKG_INFO, entry("demo-1.0/../../x")], "`..`"),
        ([PKG_INFO, entry("demo-1.0/dev", kind=tarfile.CHRTYPE)], "device"),
        ([PKG_INFO, entry("demo-1.0/l", kind=tarfile.SYMTYPE, link="../../x")], "outside the sdist"),
        ([PKG_INFO, entry("demo-1.0/l", kind=tarfile.LNKTYPE, link="/etc/passwd")], "outside the sdist"),
        ([PKG_INFO, entry("demo-1.0/s", kind=tarfile.GNUTYPE_SPARSE)], "sparse"),
        ([PKG_INFO, PKG_INFO], "two members"),
    ]:
        refused(standard, tarball(members), words)
    refused(standard, any_file("demo-1.0.tar.gz", b"no archive"), "damaged archive")
    taken(standard, tarball([entry("demo-1.0", kind=tarfile.DIRTYPE), PKG_INFO,
                             entry("demo-1.0/l", kind=tarfile.SYMTYPE, link="PKG-INFO")]))


def test_meta_04_licence_files_must_be_there(standard):
    refused(standard, saying("License-File: LICENSE", "2.4"), "`License-File` names `LICENSE`")
    data = b"Metadata-Version: 2.4\nName: lic\nVersion: 1.0\nLicense-File: LICENSE\n"
    taken(standard, tarball([entry("lic-1.0/PKG-INFO", data), entry("lic-1.0/LICENSE", b"free")], "lic-1.0.tar.gz"))


# Metadata.


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"])
def test_meta_05_every_version_of_the_standard_is_taken(standard, version):
    taken(standard, saying("", version))


@pytest.mark.parametrize("version", ["1.3", "2.0", "2.7", "3.0", "two"])
def test_meta_05_other_versions_are_refused(standard, version):
    refused(standard, saying("", version), "Metadata-Version", f"`{version}`")


def test_meta_06_required_fields_and_fields_of_later_versions(standard):
    for data, word in [
        (b"Name: demo\nVersion: 1.0\n", "Metadata-Version"),
        (b"Metadata-Version: 2.1\nVersion: 1.0\n", "`Name` is missing"),
        (b"Metadata-Version: 2.1\nName: demo\n", "`Version` is missing"),
        (b"Metadata-Version: 2.1\nName: other\nVersion: 1.0\n", "`Name` is `other`"),
        (b"Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n", "`Version` is `2.0`"),
    ]:
        refused(standard, remade(DEMO, {f"{INFO}/METADATA": data}), word)
    refused(standard, saying("Dynamic: Summary", "2.1"), "`Dynamic` is a field of metadata version 2.2")
    refused(standard, saying("Summary: a\nSummary: b"), "`Summary` is given more than once")
    taken(standard, saying("License-File: LICENSE", "2.2"))


BROKEN = {
    "meta_07": [("Summary: a\n b", "2.1", "`Summary` must be one line")],
    "meta_08": [
        ("Description-Content-Type: text/html", "2.1", "text/markdown"),
        ("Description-Content-Type: text/plain; charset=latin-1", "2.1", "UTF-8"),
        ("Description-Content-Type: text/markdown; variant=Mine", "2.1", "GFM or CommonMark"),
    ],
    "meta_12": [
        ("Requires-Python: snake", "2.1", "`Requires-Python` is `snake`"),
        ("Requires-Dist: a b", "2.1", "`Requires-Dist` is `a b`"),
        ("Provides-Extra: not ok", "2.1", "`Provides-Extra` is `not ok`"),
        ("Provides-Extra: Not_Normal", "2.3", "`not-normal`"),
    ],
    "meta_15": [
        ("License-Expression: free for all", "2.4", "SPDX"),
        ("License-Expression: MIT\nLicense: MIT", "2.4", "both given"),
        ("License-File: ../x", "2.4", "`..`"),
        ("License-File: a\\x", "2.4", "`/`"),
        ("License-File: /x", "2.4", "relative"),
        ("License-File: *", "2.4", "pattern"),
    ],
    "meta_16": [
        ("Dynamic: Name", "2.2", "`Dynamic` is `Name`"),
        ("Dynamic: Colour", "2.2", "not a field"),
    ],
    "meta_17": [
        ("Import-Name: a-b", "2.5", "`a-b` is not a Python identifier"),
        ("Import-Name: for.x", "2.5", "`for`"),
        ("Import-Namespace: a; public", "2.5", "`private`"),
    ],
}


def refuses(standard: Site, statement: str) -> None:
    for text, version, words in BROKEN[statement]:
        refused(standard, saying(text, version), words)


def test_meta_07_summary_is_one_line_and_short_for_the_public_index(standard, strict):
    refuses(standard, "meta_07")
    warned(standard, saying(f"Summary: {'x' * 600}"), "600 characters")
    refused(strict, saying(f"Summary: {'x' * 600}"), "600 characters")


def test_meta_08_description_has_a_type_of_the_standard(standard):
    refuses(standard, "meta_08")
    taken(standard, saying("Description-Content-Type: text/markdown; charset=UTF-8; variant=CommonMark"))


def test_meta_09_description_that_does_not_render_is_taken(strict):
    taken(strict, saying("Description-Content-Type: text/x-rst\n\n.. no-such-directive::\n\n`unclosed"))


def test_meta_10_odd_mail_address_is_said(strict):
    warned(strict, saying("Author-email: nobody"), "`nobody`, which is not an e-mail address")
    taken(strict, saying('Author-email: "A, B" <a@b.example>, c@d.example'))


def test_meta_11_unknown_classifiers_are_said_and_private_ones_are_known(standard, strict):
    warned(standard, saying("Classifier: Topic :: Nonsense"), "Topic :: Nonsense")
    refused(strict, saying("Classifier: Topic :: Nonsense"), "Topic :: Nonsense")
    taken(strict, saying("Classifier: Private :: Do Not Upload\nClassifier: Programming Language :: Python :: 3"))


def test_meta_12_specifiers_requirements_and_extras_are_valid(standard):
    refuses(standard, "meta_12")
    taken(standard, saying("Requires-Dist: a (>=1) ; extra == 'b'\nProvides-Extra: b\nRequires-Python: >=3.8,"))


def test_meta_13_direct_references_are_a_matter_of_policy(standard, strict, serve, wheelhouse):
    text = "Requires-Dist: a @ https://files.example/a-1.0.tar.gz"
    warned(standard, saying(text), "address in place of a version")
    refused(strict, saying(text), "address in place of a version")
    site = serve(wheelhouse, *OPEN, "--refuse-uploads-with", "direct-reference,local-version")
    refused(site, saying(text), "address in place of a version")
    refused(site, wheel("demo", "1.0+local"), "local part")


def test_meta_14_addresses_have_labels_and_schemes(standard, strict):
    refused(standard, saying(f"Project-URL: {'x' * 33}, https://a.example"), "1 to 32 characters")
    refused(standard, saying("Project-URL: https://a.example"), "a label, a comma")
    for text in ["Project-URL: Home, nowhere", "Home-page: ftp://a.example", "Download-URL: UNKNOWNS"]:
        warned(standard, saying(text), "not an http or https address")
        refused(strict, saying(text), "not an http or https address")


def test_meta_15_licence_expressions_are_of_the_standard_and_kept_canonical(standard):
    refuses(standard, "meta_15")
    file = saying("License-Expression: mit or apache-2.0", "2.4")
    taken(standard, file)
    version = file.filename.split("-")[1]
    info = standard.get(f"/pypi/demo/{version}/json").json["info"]
    assert info["license_expression"] == "MIT OR Apache-2.0"


def test_meta_16_what_is_dynamic_is_a_field(standard):
    refuses(standard, "meta_16")
    taken(standard, saying("Dynamic: Requires-Dist", "2.2"))


def test_meta_17_import_names_are_identifiers(standard):
    refuses(standard, "meta_17")
    taken(standard, saying("Import-Name: a.b ; private\nImport-Namespace: a", "2.5"))
    refused(standard, saying("Import-Name: a\nImport-Namespace: a", "2.5"), "both an")


def test_meta_18_field_of_2_6_may_be_given_and_dynamic(standard):
    taken(standard, saying("Dynamic: Requires-Dist\nRequires-Dist: a", "2.6"))


def test_meta_19_wheel_that_says_something_else_than_its_sdist_is_said(standard):
    data = b"Metadata-Version: 2.2\nName: differs\nVersion: 1.0\nRequires-Dist: a\n"
    taken(standard, tarball([entry("differs-1.0/PKG-INFO", data)], "differs-1.0.tar.gz"))
    warned(standard, wheel("differs", "1.0", requires_dist=["b"]), "`Requires-Dist` is not the same")


def test_meta_20_and_21_and_22_what_else_is_in_dist_info_does_not_matter(strict):
    file = wheel("extras", "1.0")
    extra = {
        "extras-1.0.dist-info/sboms/x.json": b"{}",
        "extras-1.0.dist-info/RECORD.jws": b"x",
        "extras-1.0.dist-info/RECORD.p7s": b"x",
        "extras-1.0.dist-info/METADATA.json": b"no json",
    }
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        record = archive.read("extras-1.0.dist-info/RECORD")
    for name in list(extra)[:1] + list(extra)[3:]:
        record = f"{name},,{len(extra[name])}\n".encode() + record
    taken(strict, remade(file, {**extra, "extras-1.0.dist-info/RECORD": record}))


# Attestations.


def test_att_07_attestations_that_cannot_be_verified_are_refused_or_dropped(standard, lenient, serve, wheelhouse):
    fields = {"attestations": '[{"version": 1}]'}
    refused(standard, DEMO, "Invalid attestations supplied during upload", "--no-attestations", fields=fields)
    site = serve(wheelhouse, *OPEN, "--attestations", "ignore")
    for one in [site, lenient]:
        assert one.upload(wheel("attested", "1.0"), fields=fields).status == 200
        assert one.get("/integrity/attested/1.0/attested-1.0-py3-none-any.whl/provenance").status == 404, "never stored"


# How strict.


def test_file_names_are_spelled_as_the_standard_has_them(standard):
    for name, words in [
        ("Demo.Pkg-1.0-py3-none-any.whl", "demo_pkg-1.0-py3-none-any.whl"),
        ("demo-pkg-1.0.tar.gz", "demo_pkg-1.0.tar.gz"),
    ]:
        file = wheel("demo-pkg", "1.0", filename=name) if name.endswith("whl") else sdist("demo-pkg", "1.0", filename=name)
        fields = {"name": "demo-pkg", "version": "1.0"}
        refused(standard, file, words, fields=fields)
    refused(standard, zip_sdist("demo", "1.0"), ".tar.gz", fields={"name": "demo", "version": "1.0"})
    refused(standard, any_file("demo-1.0-py3.egg"), "Bad filename", fields={"name": "demo", "version": "1.0"})


def test_strict_refuses_what_the_public_index_does(strict):
    refused(strict, wheel("demo", "1.0+local"), "local part")
    refused(strict, wheel("demo", "1.0", tag="cp311-cp311-linux_x86_64"), "platform tag")
    refused(strict, DEMO, "no `filetype`", fields={"filetype": ""})
    refused(strict, DEMO, "no `metadata_version`", fields={"metadata_version": ""})


def test_lenient_takes_what_pypiserver_took_and_warns(lenient):
    for file, fields, words in [
        (any_file("demo-1.0.zip"), {}, "no end of a zip archive"),
        (any_file("demo-1.0-py2.7.egg"), {}, "Bad filename"),
        (remade(DEMO, {f"{INFO}/RECORD": None}), {"name": "other"}, "called after `demo`"),
    ]:
        answer = lenient.upload(file, fields=fields)
        said = " ".join(value for name, value in answer.headers.items() if name.lower() == "x-upload-warning")
        assert (answer.status, answer.body) == (200, b""), "as pypiserver answers"
        assert words in said and words in lenient.log, (words, said)


def test_name_05_names_of_new_projects_are_refused_by_policy(serve, wheelhouse, strict, standard):
    policies = "confusable-name,standard-library-name"
    site = serve(wheelhouse, *OPEN, "--refuse-uploads-with", policies, "--deny-names", "internal-*, admin",
                 files=[wheel("flask-login", "1.0"), wheel("json", "1.0"), wheel("admin", "1.0")])
    refused(site, wheel("flask1ogin", "1.0"), "easily taken for `flask-login`")
    refused(site, wheel("asyncio", "1.0"), "standard library")
    refused(site, wheel("internal-tools", "1.0"), "--deny-names")
    for there in ["flask-login", "json", "admin"]:
        taken(site, wheel(there, "2.0"))
    refused(strict, wheel("asyncio", "1.0"), "standard library")
    taken(standard, wheel("asyncio", "1.0"))
    lenient = serve(wheelhouse, *OPEN, "--upload-strictness", "lenient", "--deny-names", "admin")
    assert lenient.upload(wheel("admin", "1.0")).status == 400

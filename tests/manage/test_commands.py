"""`yank`, `unyank`, `status`, `delete`, `undelete` and `log`, on a folder that is served and on one
that is not."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path

import pytest

from support.programs import binary
from support.waiting import wait_until

from .conftest import FILES, page, yanked

ONE, TWO, SOURCE, OTHER = (file.filename for file in FILES)


def test_a_release_is_yanked_and_unyanked(site, at_work):
    said = at_work("yank", "demo==2", "--reason", "eats files").stdout
    assert said.startswith("demo==2.0: yanked (eats files)\nserial ")
    assert yanked(site) == {TWO: "eats files", SOURCE: "eats files"}
    assert "no longer yanked" in at_work("unyank", "demo==2.0").stdout
    assert yanked(site) == {}


def test_a_file_is_yanked_and_a_whole_project(site, at_work):
    at_work("yank", f"demo/{ONE}")
    assert yanked(site) == {ONE: True}
    at_work("yank", "Demo", "--reason", "all")
    assert set(yanked(site)) == {ONE, TWO, SOURCE}
    at_work("unyank", "demo")
    assert yanked(site) == {}


def test_what_is_so_already_is_left_alone(site, at_work):
    first = at_work("yank", "demo==1.0", "--json").stdout
    again = json.loads(at_work("yank", "demo==1.0", "--json").stdout)
    assert json.loads(first)["serial"] and again["serial"] is None and again["changes"] == []
    assert "nothing to change" in at_work("yank", "demo==1.0").stdout


@pytest.mark.parametrize("status", ["archived", "deprecated", "quarantined"])
def test_a_project_is_given_a_status(site, at_work, status):
    assert f"demo: {status} (because)" in at_work("status", "demo", status, "--reason", "because").stdout
    shown = page(site)
    assert shown["project-status"] == {"status": status, "reason": "because"}
    assert (shown["files"] == []) == (status == "quarantined")
    assert at_work("status", "demo").stdout.startswith(f"demo: {status} (because)")
    at_work("status", "demo", "active")
    assert len(page(site)["files"]) == 3


def test_a_deleted_release_goes_and_comes_back(site, at_work):
    said = at_work("delete", "demo==2.0", "--yes").stdout
    assert f"demo/{TWO}: deleted" in said and f"demo/{SOURCE}: deleted" in said
    assert [file["filename"] for file in page(site)["files"]] == [ONE]
    assert site.get(f"/packages/{TWO}").status == 404
    at_work("undelete", "demo==2.0")
    assert len(page(site)["files"]) == 3
    assert site.get(f"/packages/{TWO}").body == FILES[1].content


@pytest.mark.folder
def test_the_same_bytes_stay_away_and_others_do_not(site, at_work):
    at_work("delete", f"demo/{TWO}", "--yes")
    FILES[1].put(site.packages)
    page(site, "other")
    wait_until(lambda: TWO in at_work("status").stdout, seconds=10)
    assert TWO not in [file["filename"] for file in page(site)["files"]]
    assert site.get(f"/packages/{TWO}").status == 404
    assert TWO in site.log, "the log names it"
    # Other bytes are a new file.
    (site.packages / TWO).write_bytes(FILES[0].content)
    wait_until(lambda: TWO in [file["filename"] for file in page(site)["files"]], seconds=10)
    assert TWO not in at_work("status").stdout


@pytest.mark.folder
def test_a_file_that_was_kept_away_is_let_in(site, at_work):
    at_work("delete", f"demo/{TWO}", "--yes")
    FILES[1].put(site.packages)
    page(site, "other")
    wait_until(lambda: TWO in at_work("status").stdout, seconds=10)
    at_work("undelete", f"demo/{TWO}")
    assert TWO in [file["filename"] for file in page(site)["files"]]


@pytest.mark.folder
def test_what_was_withdrawn_survives_the_loss_of_the_catalog(site, at_work):
    at_work("yank", "demo==1.0", "--reason", "bad")
    at_work("delete", f"demo/{TWO}", "--yes")
    at_work("status", "other", "archived")
    before = page(site)["meta"]["_last-serial"]
    site.stop()
    shutil.rmtree(site.packages / ".wheelhouse")
    # Without its mark of serials too, a new catalog begins at the present second.
    wait_until(lambda: time.time() > before + 1, seconds=10)
    FILES[1].put(site.packages)
    site.start()
    assert yanked(site) == {ONE: "bad"}
    assert TWO not in [file["filename"] for file in page(site)["files"]]
    assert page(site, "other")["project-status"]["status"] == "archived"
    assert page(site)["meta"]["_last-serial"] > before


def test_a_trial_changes_nothing(site, at_work):
    before = at_work("status", "demo").stdout
    for words in [
        ["yank", "demo"],
        ["status", "demo", "quarantined"],
        ["delete", "demo"],
    ]:
        said = at_work(*words, "--dry-run").stdout
        assert "would be" in said and "serial" not in said, said
    assert at_work("status", "demo").stdout == before
    assert ONE in [file["filename"] for file in page(site)["files"]]


def test_nothing_is_deleted_unasked(site, at_work):
    refused = at_work("delete", "demo", fails=True)
    assert refused.returncode == 1 and "--yes" in refused.stderr
    assert ONE in [file["filename"] for file in page(site)["files"]]


@pytest.mark.folder
def test_the_journal_is_shown(site, at_work):
    at_work("yank", "demo==1.0", "--reason", "bad")
    at_work("delete", f"demo/{SOURCE}", "--yes")
    lines = at_work("log").stdout.splitlines()
    kinds = [line.split()[2] for line in lines]
    assert kinds[:4] == ["found"] * 4 and kinds[4] == "yanked" and "removed" in kinds[5:]
    assert "by system" in lines[0] and lines[4].endswith("demo==1.0 (bad) by administrator")
    assert all(re.match(r"\d+ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in lines)
    assert len(at_work("log", "--limit", "2").stdout.splitlines()) == 2
    assert at_work("log", "--limit", "1").stdout.splitlines() == lines[-1:]
    only = at_work("log", "--project", "Other").stdout.splitlines()
    assert only == [line for line in lines if "other" in line]
    assert at_work("log", "--kind", "yanked").stdout.splitlines() == [lines[4]]
    since = lines[4].split()[0]
    assert at_work("log", "--since", since).stdout.splitlines() == lines[5:]
    assert at_work("log", "--since", "1h").stdout.splitlines() == lines
    assert at_work("log", "--since", "2020-01-01").stdout.splitlines() == lines
    assert at_work("log", "--since", "2020-01-01", "--limit", "2").stdout.splitlines() == lines[-2:]
    assert at_work("log", "--since", "2100-01-01T00:00").stdout == ""
    moment = lines[5].split()[1]
    shown = at_work("log", "--since", moment).stdout.splitlines()
    assert lines[-1] in shown and shown == lines[-len(shown):]
    assert "7d" in at_work("log", "--since", "yesterday", fails=True).stderr
    events = [json.loads(line) for line in at_work("log", "--json").stdout.splitlines()]
    assert [event["kind"] for event in events] == kinds
    assert "uploaded" in at_work("log", "--kind", "nonsense", fails=True).stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["yank", "dmo"], "there is no project `dmo` here"),
        (["yank", "demo==9"], "9"),
        (["yank", "demo/unknown.zip"], "unknown.zip"),
        (["undelete", "demo"], "nothing of"),
        (["status", "nothing"], "there is no project `nothing`"),
        (["yank", "demo==1.0", "--reason", "two\nlines"], "one line"),
        (["yank", "demo==1.0", "--reason", "x" * 501], "500"),
    ],
)
def test_what_cannot_be_done_is_said(site, at_work, words, says):
    refused = at_work(*words, fails=True)
    assert refused.returncode == 1 and says in refused.stderr, refused.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["yank"], "PROJECT==VERSION"),
        (["yank", "demo>=1"], "no project, release or file"),
        (["yank", "demo", "other"], "one word too many"),
        (["status", "demo", "archive"], "did you mean `archived`?"),
        (["status", "demo==1.0", "archived"], "whole project"),
        (["status", "demo", "--reason", "because"], "status PROJECT STATUS --reason TEXT"),
        (["yank", "demo", "--server", "http://127.0.0.1:9/"], "cannot stand together"),
        (["yank", "demo", "--nonsense"], "--nonsense"),
        (["log", "--limit", "0"], "limit"),
        (["log", "--all", "--follow"], "--follow"),
        (["log", "--all", "--access"], "--access"),
        (["log", "demo"], "one word too many"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(owner, tmp_path, words, says):
    refused = owner.run(*words, "--dir", tmp_path, fails=True)
    assert refused.returncode == 2 and says in refused.stderr, refused.stderr


@pytest.mark.folder
def test_the_socket_is_for_its_owner_alone(serve, wheelhouse):
    site = serve(wheelhouse, files=FILES)
    mode = os.stat(site.packages / ".wheelhouse" / "socket").st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    site.stop()
    site.start()
    assert stat.S_ISSOCK(os.stat(site.packages / ".wheelhouse" / "socket").st_mode)


def test_a_folder_with_a_long_path_is_reached(serve, wheelhouse, owner):
    site = serve(wheelhouse, roots=["d" * 100 + "/" + "e" * 100], files=FILES)
    said = owner.run("yank", "demo==1.0", "--dir", site.packages).stdout
    assert "yanked" in said and yanked(site) == {ONE: True}


def test_a_drop_in_is_managed_too(serve, pypi_server, owner):
    site = serve(pypi_server, "-P", ".htpasswd", "-a", "update", users={}, files=FILES)
    owner.run("yank", "demo==1.0", *site.owner_words, environment=site.place)
    assert yanked(site) == {ONE: True}


@pytest.mark.folder
def test_the_folder_that_run_would_serve_is_the_default(serve, wheelhouse, owner):
    site = serve(wheelhouse, files=FILES)
    settings = owner.home / "wheelhouse.toml"
    settings.write_text(f'roots = ["{site.packages}"]\n')
    owner.run("yank", "demo==1.0")
    assert yanked(site) == {ONE: True}
    settings.unlink()
    refused = owner.run("yank", "demo==1.0", fails=True)
    assert "packages" in refused.stderr and "--dir" in refused.stderr


def test_a_folder_that_cannot_be_written_is_told(serve, wheelhouse, owner, tmp_path):
    folder = tmp_path / "fixed"
    folder.mkdir()
    FILES[0].put(folder)
    os.chmod(tmp_path, 0o755)
    state = tmp_path / "state"
    said = owner.run("yank", "demo==1.0", "--dir", folder, "--state-dir", state)
    assert "yanked" in said.stdout
    assert owner.run("status", "demo", "--dir", folder, "--state-dir", state).stdout.count("yanked") == 2


@pytest.mark.folder
def test_a_name_that_somebody_spoke_for_is_not_looked_for_elsewhere(serve, pypi_server, owner):
    elsewhere = "https://index.example/simple/"
    site = serve(pypi_server, "-P", ".", "-a", ".", "--fallback-url", elsewhere, files=FILES)
    owner.run("status", "demo", "quarantined", "--dir", site.packages)
    for file in FILES[:3]:
        (site.packages / file.filename).unlink()
    wait_until(lambda: "demo" not in site.get("/packages/").text, seconds=10)
    wait_until(lambda: site.get("/simple/demo/").status == 404, seconds=10)
    assert site.get("/simple/unknown/").header("Location").startswith(elsewhere)
    owner.run("status", "demo", "active", "--dir", site.packages)
    assert site.get("/simple/demo/").header("Location").startswith(elsewhere)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("is_served", [True, False])
@pytest.mark.folder
def test_root_leaves_nothing_that_the_owner_cannot_write(serve, wheelhouse, owner, is_served):
    site = serve(wheelhouse, files=FILES, start=False)
    with tempfile.TemporaryDirectory() as base:
        # The owner must be able to get there.
        os.chmod(base, 0o755)
        folder = Path(base) / "packages"
        shutil.copytree(site.packages, folder)
        for path in [folder, *folder.iterdir()]:
            os.chown(path, 9898, 9898)
        if is_served:
            site.run_as = 9898
            site.root_arguments = [str(folder)]
            # The owner may not go where the program was built.
            site.program = [shutil.copy(binary("wheelhouse"), base)]
            site.start()
        owner.run("yank", "demo==1.0", "--dir", folder)
        owner.run("delete", "demo==2.0", "--yes", "--dir", folder)
        owners = {path.stat().st_uid for path in folder.rglob("*")}
        assert owners == {9898}
        assert (folder / ".wheelhouse" / "bin").exists()
        if is_served:
            site.stop()

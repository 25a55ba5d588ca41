"""`wheelhouse release` with projects of other kinds: versions from tags, several in a repository, and so on."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from datetime import UTC, datetime, timedelta

import pytest

from clients.conftest import Client
from support.maintainer import PYPROJECT
from support.waiting import wait_until

from .test_release import ADA, listed, names, simple

SCM = """\
[build-system]
requires = ["setuptools", "setuptools-scm"]
build-backend = "setuptools.build_meta"

[project]
name = "helpers"
dynamic = ["version"]
readme = "README.md"
license = "LicenseRef-Proprietary"
requires-python = ">=3.9"

[tool.setuptools]
packages = ["helpers"]

[tool.setuptools_scm]
"""
HATCH = PYPROJECT.replace('["setuptools"]', '["hatchling"]').replace("setuptools.build_meta", "hatchling.build")
LOCK = 'version = 1\n\n[[package]]\nname = "helpers"\nversion = "1.2"\nsource = { editable = "." }\n'
TOWNCRIER = '\n[tool.towncrier]\ndirectory = "changes.d"\nfilename = "CHANGES.md"\npackage = "helpers"\n'


def test_version_is_made_from_the_tag(company, maintainer):
    maintainer.simple()
    maintainer.put("pyproject.toml", SCM)
    maintainer.commit()
    index = ["--yes", "--index-url", simple(company)]
    untagged = maintainer.release(*index, code=3)
    assert "is the version of a commit that is no release" in untagged.stdout and "pyproject.toml: " in untagged.stdout
    maintainer.git("tag", "1.2")
    before = maintainer.state()
    maintainer.release(*index)
    assert listed(company) == names("1.2") and maintainer.state() == before, "the tag was there"
    maintainer.change("CHANGELOG.md", "## 1.2", "## Unreleased\n\n- More.\n\n## 1.2")
    maintainer.commit()
    done = maintainer.release(*index, "--bump", "minor")
    assert "ok    bump          to 1.3, in CHANGELOG.md:5" in done.stdout, done.stdout
    assert listed(company) == sorted([*names("1.2"), *names("1.3")])
    assert maintainer.git("tag").split() == ["1.2", "1.3"]
    # A pipeline has the tag checked out, and no branch.
    maintainer.git("checkout", "-q", "1.3")
    assert "1.3 is on this commit" in maintainer.release(*index).stdout


def test_release_of_a_checked_out_tag(company, maintainer):
    maintainer.simple()
    maintainer.git("tag", "v1.2")
    maintainer.git("checkout", "-q", "v1.2")
    done = maintainer.release("--yes", "--index-url", simple(company))
    assert "ok    branch        at v1.2" in done.stdout and listed(company) == names("1.2")


def test_one_project_of_several_in_a_repository(company, maintainer):
    maintainer.simple()
    maintainer.git("tag", "v7.0")
    maintainer.git("tag", "tools-helpers-1.1")
    folder = maintainer.project / "packages" / "tools"
    folder.mkdir(parents=True)
    for name in ["pyproject.toml", "CHANGELOG.md", "README.md", "helpers"]:
        maintainer.git("mv", name, folder)
    maintainer.change("packages/tools/pyproject.toml", '"helpers"', '"tools-helpers"')
    maintainer.commit()
    maintainer.put("elsewhere.txt", "not of this project, and not committed\n")
    done = maintainer.release("--yes", "--index-url", simple(company), "packages/tools")
    assert "tools-helpers 1.2 is released and tagged tools-helpers-1.2" in done.stdout, done.stdout
    assert listed(company) == ["tools_helpers-1.2-py3-none-any.whl", "tools_helpers-1.2.tar.gz"]


def test_towncrier_writes_the_changelog(company, maintainer):
    maintainer.simple()
    maintainer.git("rm", "-q", "CHANGELOG.md")
    maintainer.put("CHANGES.md", "# Changes\n\n<!-- towncrier release notes start -->\n")
    maintainer.put("pyproject.toml", PYPROJECT + TOWNCRIER + '\n[tool.setuptools]\npackages = ["helpers"]\n')
    maintainer.put("changes.d/12.feature.md", "The greeting is kinder.\n")
    maintainer.commit()
    index = ["--yes", "--index-url", simple(company)]
    missing = maintainer.release(*index, code=3)
    assert "CHANGES.md" in missing.stdout and "--bump" in missing.stdout, missing.stdout
    maintainer.release(*index, "--bump", "minor")
    assert "The greeting is kinder." in (maintainer.project / "CHANGES.md").read_text()
    assert not (maintainer.project / "changes.d" / "12.feature.md").exists()
    assert listed(company) == names("1.3") and maintainer.git("status", "--porcelain") == ""


def test_files_of_a_submodule_are_built_in(company, maintainer, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "shared.py").write_text("SHARED = 1\n")
    for words in [["init", "-q", "-b", "main"], ["add", "-A"],
                  ["-c", "user.name=Ada", "-c", "user.email=ada@company.example", "commit", "-qm", "First"]]:
        maintainer.project.mkdir(exist_ok=True)
        maintainer.git(*words, folder=other)
    maintainer.simple()
    maintainer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other, "helpers/shared")
    maintainer.put("pyproject.toml", HATCH)
    maintainer.commit()
    maintainer.release("--yes", "--index-url", simple(company))
    sdist = tarfile.open(fileobj=io.BytesIO(company.get("/packages/" + names("1.2")[1], user=ADA).body))
    assert "helpers-1.2/helpers/shared/shared.py" in sdist.getnames()


def test_branch_that_lags_behind_or_is_not_merged(company, maintainer, tmp_path):
    maintainer.simple()
    index = ["--yes", "--index-url", simple(company)]
    origin = tmp_path / "origin.git"
    maintainer.git("clone", "-q", "--bare", ".", origin)
    maintainer.git("remote", "add", "origin", origin)
    maintainer.git("fetch", "-q", "origin")
    maintainer.git("remote", "set-head", "origin", "main")
    maintainer.git("switch", "-q", "-c", "topic")
    other = maintainer.release(*index, code=3)
    assert "FAIL  branch        on topic, and origin has its changes merged into main" in other.stdout
    maintainer.git("switch", "-q", "main")
    maintainer.git("branch", "-q", "--set-upstream-to", "origin/main")
    maintainer.put("more.md", "More.\n")
    maintainer.commit()
    maintainer.git("push", "-q", "origin", "main")
    maintainer.git("reset", "-q", "--hard", "HEAD~1")
    behind = maintainer.release(*index, code=3)
    assert "main is behind origin by 1" in behind.stdout and "git pull" in behind.stdout
    maintainer.git("merge", "-q", "--ff-only", "origin/main")
    done = maintainer.release(*index)
    assert "git push origin main v1.2" in done.stdout, done.stdout


@pytest.mark.folder
def test_bumped_release_that_was_begun_on_another_day_goes_on(company, maintainer, tmp_path):
    """Its changelog has that day, and so has the wheel that is there already."""
    maintainer.copy("helpers-modern")
    maintainer.change("helpers/CHANGELOG", "1.2 (2016", "1.3 (unreleased)\n\n- More.\n\n1.2 (2016")
    maintainer.put("uv.lock", LOCK)
    maintainer.commit()
    begun = datetime.now(UTC) - timedelta(days=3)
    # What the command did three days ago, before it was interrupted.
    earlier = tmp_path / "earlier"
    maintainer.git("clone", "-q", maintainer.project, earlier)
    for file, old, new in [("helpers/CHANGELOG", "1.3 (unreleased)", f"1.3 ({begun:%Y-%m-%d})"),
                           ("pyproject.toml", 'version = "1.2"', 'version = "1.3"')]:
        text = (earlier / file).read_text()
        assert old in text
        (earlier / file).write_text(text.replace(old, new))
    Client("uv", tmp_path).run("uv", "build", "--wheel", folder=earlier, environment=maintainer.environment(TMPDIR=str(tmp_path)))
    [wheel] = earlier.glob("dist/*.whl")
    shutil.copy(wheel, company.packages)
    os.utime(company.packages / wheel.name, (begun.timestamp(), begun.timestamp()))
    wait_until(lambda: listed(company) == [wheel.name], seconds=20, what="the wheel is listed")

    done = maintainer.release("--yes", "--index-url", simple(company), "--bump", "minor", TZ="UTC")
    assert "1 of 2 files of 1.3 are at" in done.stdout and "helpers-1.3.tar.gz: uploaded" in done.stdout, done.stdout
    assert (maintainer.project / "helpers/CHANGELOG").read_text().startswith(f"1.3 ({begun:%Y-%m-%d})")
    assert 'version = "1.3"' in (maintainer.project / "uv.lock").read_text()


@pytest.mark.parametrize("place", ["written", "computed"])
def test_bump_without_changes_to_tell_of_is_refused(company, maintainer, place):
    maintainer.simple()
    if place == "computed":
        maintainer.put("pyproject.toml", SCM)
        maintainer.commit()
    before = maintainer.state()
    done = maintainer.release("--yes", "--index-url", simple(company), "--bump", "patch", code=3)
    assert "FAIL  bump          CHANGELOG.md:3: there is no entry of 1.2.1" in done.stdout, done.stdout
    assert listed(company) == [] and maintainer.state() == before

"""`wheelhouse release`: from a commit to an installable release, on real indexes with real build tools."""

from __future__ import annotations

import io
import json
import signal
import socket
import sqlite3
import subprocess
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from clients.conftest import Client, installed
from clients.test_trusted_publishing import FIELDS, GITHUB, House
from support.authority import Authority
from support.distributions import wheel
from support.issuer import Issuer
from support.maintainer import PYPROJECT
from support.programs import CONTROL, Site, binary, clean_environment, venv
from support.proxy import Proxy
from support.terminal import at_terminal
from support.waiting import wait_until

from .conftest import USERS

ADA = ("ada", "secret")


def simple(site: Site) -> str:
    return site.url + "simple/"


def listed(site: Site) -> list[str]:
    return sorted(site.listed(user=ADA))


def names(version: str) -> list[str]:
    return [f"helpers-{version}-py3-none-any.whl", f"helpers-{version}.tar.gz"]


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The mark of each check that was told."""
    lines = (line.split() for line in done.stdout.splitlines() if line.startswith(("ok ", "FAIL", "- ")))
    return {words[1]: words[0] for words in lines}


def members(content: bytes) -> dict[str, bytes]:
    """The files in a wheel or sdist, without times and order."""
    if content.startswith(b"PK"):
        archive = zipfile.ZipFile(io.BytesIO(content))
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def test_helpers_goes_through_three_releases(company, maintainer, tmp_path):
    """The legacy package, its modern twin in one interrupted release, and one more."""
    index = ["--index-url", simple(company)]
    maintainer.copy("helpers")
    maintainer.commit("As it always was")
    refused = maintainer.release("--yes", *index, code=3)
    assert "setup.py:12: it does not say under which licence" in refused.stdout and listed(company) == []
    first = maintainer.release("--yes", *index, "--skip", "licence,readme")
    assert listed(company) == names("1.2") and maintainer.git("tag") == "v1.2"
    assert "helpers 1.2 is released and tagged v1.2" in first.stdout

    maintainer.copy("helpers-modern")
    maintainer.change("helpers/CHANGELOG", "1.2 (2016", "1.3 (unreleased)\n\n- Made by one command.\n\n1.2 (2016")
    maintainer.commit("One command")
    before = maintainer.state()
    proxy = Proxy(company.port, 4, only=b'filename="helpers-1.3.tar.gz"')
    by_proxy = ["--index-url", proxy.url + "simple/", "-j", "1", "--bump", "minor"]
    broken = maintainer.release("--yes", *by_proxy, code=4)
    assert "run the command again" in broken.stderr
    assert listed(company) == sorted([*names("1.2"), names("1.3")[0]])
    assert maintainer.state() == before, "nothing here is changed by a release that failed"
    again = maintainer.release("--yes", *by_proxy)
    proxy.close()
    assert "1 of 2 files of 1.3 are at" in again.stdout and "helpers-1.3.tar.gz: uploaded" in again.stdout
    assert company.log.count("a file was uploaded") == 4, "what was there was not sent again"
    assert maintainer.git("log", "--format=%s").splitlines() == ["Release 1.3", "One command", "As it always was"]
    assert maintainer.git("status", "--porcelain") == ""
    assert maintainer.git("rev-parse", "v1.3^{commit}") == maintainer.git("rev-parse", "main")
    changed = maintainer.git("diff", "--stat", "HEAD~1", "--", ".").splitlines()
    assert [line.split()[0] for line in changed[:-1]] == ["helpers/CHANGELOG", "pyproject.toml"]

    maintainer.change("helpers/CHANGELOG", "1.3 (", "1.3.1 (unreleased)\n\n- Still the same.\n\n1.3 (")
    maintainer.commit("More")
    maintainer.release("--yes", *index, "--bump", "patch")
    assert listed(company) == sorted([*names("1.2"), *names("1.3"), *names("1.3.1")])
    assert maintainer.git("tag").split() == ["v1.2", "v1.3", "v1.3.1"]

    # What others make of it.
    files = tmp_path / "files"
    files.mkdir()
    for name in listed(company):
        (files / name).write_bytes(company.get("/packages/" + name, user=ADA).body)
    checked = Client("twine-7", tmp_path).run("twine", "check", "--strict", *files.glob("*1.3*"))
    assert checked.stdout.count("PASSED") == 4, checked.stdout
    with_ada = simple(company).replace("http://", "http://ada:secret@")
    for version in ["1.2", "1.3", "1.3.1"]:
        for tool, words in {
            "pip-newest": ["python", "-m", "pip", "install", "--index-url", with_ada],
            "uv": ["uv", "pip", "install", "--no-config", "--python", venv("control") / "python", "--default-index", with_ada],
        }.items():
            target = tmp_path / f"{tool}-{version}"
            Client(tool, tmp_path).run(*words, "--target", target, f"helpers=={version}")
            assert installed(target) == {f"helpers-{version}"}
            text = (target / "helpers" / "CHANGELOG").read_text()
            assert text.startswith(f"{version} (")


@pytest.mark.folder
def test_manual_workflow_gives_the_same_files(company, maintainer, tmp_path):
    """`python -m build` and `twine upload` by hand; the command then finds nothing left to send."""
    maintainer.copy("helpers")
    maintainer.commit()
    work = tmp_path / "by-hand"
    maintainer.git("clone", "-q", maintainer.project, work)
    environment = {"PIP_INDEX_URL": simple(maintainer.mirror), "TWINE_USERNAME": "ada", "TWINE_PASSWORD": "secret"}
    Client("pip-tools", tmp_path).run("python", "-m", "build", folder=work, environment=environment)
    uploads = ["twine", "upload", "--disable-progress-bar", "--repository-url", company.url]
    Client("twine-7", tmp_path).run(*uploads, *work.glob("dist/*"), environment=environment)
    by_hand = {name: members(company.get("/packages/" + name, user=ADA).body) for name in listed(company)}
    done = maintainer.release("--yes", "--skip", "licence,readme", "--index-url", simple(company))
    assert "all of 1.2 is at" in done.stdout and company.log.count("a file was uploaded") == 2
    assert maintainer.git("tag") == "v1.2", "a release that lacked the tag alone has it now"

    other = Client("pip-tools", tmp_path)
    assert other.run("python", "-c", "import build").returncode == 0
    maintainer.tools = "build"
    site_of_command = company.folder / "packages"
    for name in names("1.2"):
        (site_of_command / name).unlink()
    done = maintainer.release("--yes", "--skip", "licence,readme", "--index-url", simple(company))
    assert "by build" in done.stdout
    assert {name: members(company.get("/packages/" + name, user=ADA).body) for name in listed(company)} == by_hand


BROKEN_SETUP = "from setuptools import setup\n\nsetup(name='helpers', version='1.2', packages=missing)\n"
TROUBLE = {
    "changed file": (
        lambda m: m.put("helpers/__init__.py", "changed = 1\n"), "tree", "helpers/__init__.py: not as committed", "git stash",
    ),
    "new file": (lambda m: m.put("new.py", ""), "tree", "new.py: not as committed", ".gitignore"),
    "no entry": (
        lambda m: (m.change("pyproject.toml", '"1.2"', '"1.3"'), m.commit()),
        "changelog", "CHANGELOG.md:3: there is no entry of 1.3; the first is that of 1.2", "write `## 1.3 - 20",
    ),
    "half-written entry": (
        lambda m: (m.change("CHANGELOG.md", "\n- The greeting ends with a full stop.\n", ""), m.commit()),
        "changelog", "CHANGELOG.md:3: the entry of 1.2 says nothing", "what has changed",
    ),
    "no date": (
        lambda m: (m.change("CHANGELOG.md", " - 2016-05-01", ""), m.commit()),
        "changelog", "CHANGELOG.md:3: the entry of 1.2 has no date", "write `## 1.2 - 20",
    ),
    "no changelog": (
        lambda m: (m.git("rm", "-q", "CHANGELOG.md"), m.commit()),
        "changelog", "the project has no changelog", "CHANGELOG.md",
    ),
    "no python": (
        lambda m: (m.change("pyproject.toml", 'requires-python = ">=3.9"\n', ""), m.commit()),
        "python", "pyproject.toml:5: it does not say for which Python", "requires-python",
    ),
    "no licence": (
        lambda m: (m.change("pyproject.toml", 'license = "LicenseRef-Proprietary"\n', ""), m.commit()),
        "licence", "pyproject.toml:5: it does not say under which licence", 'license = "MIT"',
    ),
    "no readme": (
        lambda m: (m.change("pyproject.toml", 'readme = "README.md"\n', ""), m.commit()),
        "readme", "pyproject.toml:5: it has no readme", 'readme = "README.md"',
    ),
    "absent requirement": (
        lambda m: (m.change("pyproject.toml", "[]", '[\n  "company-absent>=2",\n]'), m.commit()),
        "dependencies", "pyproject.toml:12: what it needs cannot be had together", "company-absent",
    ),
    "import": (
        lambda m: (m.put("helpers/__init__.py", "\nimport nothing_like_this\n"), m.commit()),
        "import", "helpers/__init__.py:2: it cannot be imported: ModuleNotFoundError", "mend it",
    ),
    "setup script": (
        lambda m: (m.git("rm", "-q", "pyproject.toml"), m.put("setup.py", BROKEN_SETUP), m.commit()),
        "build", "setup.py:3: the build fails: NameError: name 'missing' is not defined", "mend it",
    ),
    "no TOML": (
        lambda m: (m.change("pyproject.toml", 'name = "helpers"', "name = helpers"), m.commit()),
        "build", "pyproject.toml:6", "TOML",
    ),
    "no version": (
        lambda m: (m.change("pyproject.toml", '"1.2"', '"next"'), m.commit()),
        "build", "pyproject.toml", "version",
    ),
    "tag elsewhere": (
        lambda m: (m.git("tag", "v1.2"), m.put("more.md", ""), m.commit()),
        "tag", "v1.2 is on another commit", "raise the version",
    ),
    "other tag": (
        lambda m: (m.git("tag", "v1.1"), m.git("checkout", "-q", "v1.1")),
        "tag", "none on this commit is of 1.2", "git tag v1.2",
    ),
    "no branch": (lambda m: m.git("checkout", "-q", "--detach"), "branch", "HEAD is on no branch", "git switch"),
    "nobody": (lambda m: m.git("config", "user.useConfigOnly", "true") or m.git("config", "--unset", "user.email"),
               "tag", "git does not know who makes the tag", "git config user.name"),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_check_that_fails_says_where_and_what_to_do(company, maintainer, case):
    maintainer.simple()
    trouble, check, place, fix = TROUBLE[case]
    trouble(maintainer)
    before = maintainer.state()
    done = maintainer.release("--yes", "--index-url", simple(company), code=3)
    assert checks(done)[check] == "FAIL" and f"nothing was published: {check}" in done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert place in line, done.stdout
    assert fix in done.stdout, done.stdout
    assert listed(company) == [] and maintainer.state() == before


def test_what_is_on_the_index_is_not_released_again(company, maintainer):
    index = ["--yes", "--index-url", simple(company)]
    maintainer.simple()
    company.upload(wheel("helpers", "1.10"), user=ADA)
    lower = maintainer.release(*index, code=3)
    assert checks(lower)["newest"] == "FAIL" and "1.2 is below 1.10" in lower.stdout
    company.upload(wheel("helpers", "1.2", source="# others'"), user=ADA)
    used = maintainer.release(*index, "--skip", "newest", code=3)
    assert checks(used)["index"] == "FAIL" and "1.2 is used already" in used.stdout and "raise the version" in used.stdout
    maintainer.change("pyproject.toml", '"1.2"', '"1.3"')
    maintainer.change("CHANGELOG.md", "## 1.2", "## 1.3 - 2026-01-01\n\n- More.\n\n## 1.2")
    maintainer.commit()
    assert listed(company) == ["helpers-1.10-py3-none-any.whl", "helpers-1.2-py3-none-any.whl"]
    line = maintainer.release(*index, "--skip", "newest")
    assert "skipped; 1.3 is below 1.10" in line.stdout and "helpers-1.3.tar.gz" in listed(company)


def test_dry_run_changes_nothing_anywhere(company, maintainer):
    maintainer.simple()
    before = maintainer.state()
    done = maintainer.release("--dry-run", "--json", "--index-url", simple(company))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["check"]: line["passed"] for line in told} == {
        **dict.fromkeys(["tree", "branch", "build", "files", "version", "changelog", "tag", "python", "licence", "readme",
                         "index", "newest", "dependencies", "install", "import"], True),
        "upload": None,
    }
    assert listed(company) == [] and maintainer.state() == before
    failing = maintainer.release("--dry-run", "--json", "--bump", "2.0", "--index-url", simple(company), code=3)
    [trouble] = [line for line in map(json.loads, failing.stdout.splitlines()) if line["passed"] is False]
    assert (trouble["check"], trouble["file"], trouble["line"]) == ("bump", "CHANGELOG.md", 3)
    assert "2.0" in trouble["said"] and trouble["fix"]


def test_mistakes_in_the_command_line_are_told_first(company, maintainer):
    index = ["--index-url", simple(company)]
    maintainer.simple()
    (maintainer.project / "empty").mkdir()
    elsewhere = maintainer.home / "elsewhere"
    elsewhere.mkdir()
    for words, said in [
        (index, "--yes, or --dry-run"),
        (["--yes", *index, "no-such-folder"], "is no folder"),
        (["--yes", *index, elsewhere], "is in no git repository"),
        (["--yes", *index, "empty"], "is no Python project"),
        (["--yes", *index, "--bump", "mayor"], "none of major, minor and patch"),
        (["--yes", *index, "--skip", "tree"], "`tree` is none of branch"),
        (["--yes", *index, "--skip", "version"], "only a dry run can skip it"),
        (["--yes", "--index-url", company.url + "nothing-here/simple/"], "takes no uploads where ours do"),
        (["--yes", "--repository-url", company.url + "api/v1/"], "takes no uploads (status 40"),
    ]:
        done = maintainer.release(*words, code=2)
        assert said in done.stderr, (words, done.stderr)
    maintainer.tools = ""
    assert "install uv, or `pip install build`" in maintainer.release("--yes", *index, code=2).stderr


def test_who_may_not_upload_is_told_before_anything_is_built(company, maintainer):
    maintainer.simple()
    index = ["--yes", "--index-url", simple(company)]
    wrong = maintainer.release(*index, code=5, TWINE_PASSWORD="wrong")
    assert "does not let ada in" in wrong.stderr and wrong.stdout == ""
    nobody = maintainer.release(*index, code=5, TWINE_PASSWORD="", TWINE_USERNAME="")
    assert "asks who uploads" in nobody.stderr and "TWINE_USERNAME" in nobody.stderr
    unreachable = maintainer.release("--yes", "--index-url", "http://127.0.0.1:1/simple/", code=4)
    assert "127.0.0.1:1" in unreachable.stderr


def test_connection_lost_at_99_percent_half_publishes_nothing(company, maintainer):
    maintainer.simple()
    (maintainer.project / "helpers" / "data.bin").write_bytes(bytes(range(256)) * 4096 * 4)
    maintainer.put("MANIFEST.in", "include helpers/data.bin\n")
    maintainer.change("pyproject.toml", "dependencies", 'dynamic = []\ndependencies')
    maintainer.put("pyproject.toml", (maintainer.project / "pyproject.toml").read_text()
                   + '\n[tool.setuptools]\npackages = ["helpers"]\n[tool.setuptools.package-data]\nhelpers = ["data.bin"]\n')
    maintainer.commit()
    proxy = Proxy(company.port, 4, only=b".whl", whole=0.99)
    words = ["--yes", "-j", "1", "--index-url", proxy.url + "simple/"]
    before = maintainer.state()
    lost = maintainer.release(*words, code=4)
    assert "not uploaded" in lost.stdout and "helpers-1.2.tar.gz: not begun" in lost.stdout
    assert listed(company) == [] and maintainer.state() == before
    maintainer.release(*words)
    proxy.close()
    assert listed(company) == names("1.2")


def ended(number: int) -> bool:
    """Whether a process is gone, or waits for somebody who looks at how it ended."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_interrupted_build_leaves_nothing_behind(company, maintainer, tmp_path, sent):
    maintainer.simple()
    under_way = tmp_path / "under-way"
    script = f"import os, pathlib, time\nfrom setuptools import setup\npathlib.Path({str(under_way)!r}).write_text(str(os.getpid()))\n"
    script += "time.sleep(300)\nsetup()\n"
    maintainer.put("setup.py", script)
    maintainer.commit()
    before = maintainer.state()
    said = maintainer.interrupted("--yes", "--index-url", simple(company), once=under_way, sent=sent)
    assert "interrupted" in said
    wait_until(lambda: ended(int(under_way.read_text())), seconds=10, what="the build is ended, with what it started")
    assert list(maintainer.tmp.iterdir()) == [] and maintainer.state() == before and listed(company) == []


def test_answer_at_the_terminal_decides(company, maintainer):
    maintainer.simple()
    before = maintainer.state()
    words = ["release", "--index-url", simple(company), maintainer.project]
    question = f"Release helpers 1.2 to {company.url}legacy/ as ada? [y/N] ".encode()

    def answered(typed: bytes) -> tuple[int, str]:
        environment = maintainer.environment(TERM="xterm")
        return at_terminal(maintainer.home, *words, asked=question, typed=typed, environment=environment)

    code, shown = answered(b"n\n")
    assert code == 1 and "nothing was published" in shown, shown
    assert listed(company) == [] and maintainer.state() == before
    code, shown = answered(b"y\n")
    assert code == 0 and "helpers 1.2 is released" in shown, shown
    assert "\x1b[32mok" in shown and "building …" in shown and listed(company) == names("1.2")


def test_index_is_the_one_that_settings_name(company, serve, wheelhouse, maintainer):
    maintainer.simple()
    dry = ["--dry-run"]
    upload, pages = company.url + "legacy/", simple(company)

    def goes_there(*words: str, code: int = 0, **environment: str) -> str:
        done = maintainer.release(*dry, *words, code=code, **environment)
        assert code or f"ok    upload        to {upload}, as ada" in done.stdout, done.stdout
        return done.stderr

    goes_there("--repository-url", upload)
    goes_there(TWINE_REPOSITORY_URL=upload)
    goes_there(PIP_EXTRA_INDEX_URL=pages)
    goes_there(UV_INDEX="company=" + pages.replace("http://", "http://ada:secret@"))
    other = serve(wheelhouse, "-P", ".htpasswd", "--disable-fallback", users={})
    several = goes_there(PIP_EXTRA_INDEX_URL=f"{pages} {simple(other).replace('http://', 'http://x:hidden@')}", code=2)
    assert "several indexes are known" in several and simple(other).rstrip("/") in several and "hidden" not in several
    nothing = goes_there(code=2, PIP_INDEX_URL="", UV_DEFAULT_INDEX="")
    assert "no index was named; give --index-url URL" in nothing
    (maintainer.home / ".pypirc").write_text(f"[company]\nrepository: {upload}\nusername: ada\npassword: secret\n")
    goes_there(TWINE_USERNAME="", TWINE_PASSWORD="")
    goes_there("-r", "company", TWINE_USERNAME="", TWINE_PASSWORD="")
    (maintainer.home / ".pypirc").unlink()
    table = f'\n[[tool.uv.index]]\nname = "company"\nurl = "{pages}"\npublish-url = "{upload}"\n'
    maintainer.put("pyproject.toml", PYPROJECT + table)
    maintainer.commit()
    goes_there()


def test_what_a_release_needs_comes_from_the_index_that_it_goes_to(company, maintainer):
    """Also where reading asks for a password: as the only index, besides others, and as the machine's own."""
    for file in [wheel("company-base", "3.1"), wheel("company-more", "1.0", requires_dist=["company-base>=3"])]:
        company.upload(file, user=ADA)
    maintainer.simple()
    maintainer.change("pyproject.toml", "[]", '["company-more"]\noptional-dependencies.more = ["company-base>=3.1"]')
    maintainer.commit()
    with_ada = simple(company).replace("http://", "http://ada:secret@")
    own_settings = {"PIP_EXTRA_INDEX_URL": with_ada, "UV_INDEX": with_ada}
    for tools, words, environment in [
        ("build", ["--repository-url", company.url], {}),
        ("build", ["--index-url", simple(company)], {}),
        ("uv", ["--index-url", simple(company)], {}),
        ("uv", ["--repository-url", company.url], own_settings),
        ("uv", ["--repository-url", company.url], {}),
    ]:
        maintainer.tools = tools
        done = maintainer.release("--dry-run", *words, **environment)
        assert f"by {tools}" in done.stdout and "1 requirements can be met, with 1 extras" in done.stdout, done.stdout
    done = maintainer.release("--yes", "--repository-url", company.url)
    assert f"pip install --extra-index-url {simple(company)} helpers==1.2" in done.stdout
    missing = maintainer.release("--dry-run", "--index-url", simple(company), "--extra-index-url", "http://127.0.0.1:1/", code=3)
    assert checks(missing)["dependencies"] == "FAIL"


def test_pypiserver_gets_releases_too(serve, maintainer):
    site = serve(CONTROL, "-P", ".htpasswd", "-a", "update", users=USERS)
    maintainer.simple()
    maintainer.release("--yes", "--index-url", simple(site))
    assert sorted(site.listed()) == names("1.2")
    assert "all of 1.2" in maintainer.release("--yes", "--index-url", simple(site)).stdout


def test_index_that_sends_elsewhere_is_not_taken_for_what_it_has(serve, wheelhouse, company, maintainer):
    """An index with a fallback: what is there is not the project of this name."""
    company.upload(wheel("helpers", "9.9"), user=ADA)
    site = serve(wheelhouse, "-P", ".htpasswd", "--fallback-url", simple(company).replace("127.0.0.1", "localhost"), users=USERS)
    maintainer.simple()
    assert site.get("/simple/helpers/").status in (302, 303, 307)
    done = maintainer.release("--yes", "--index-url", simple(site))
    assert "1.2 is the first version there" in done.stdout


@pytest.mark.folder
def test_expired_token_publishes_nothing(company, maintainer):
    maintainer.simple()
    command = [binary("wheelhouse"), "token"]
    where = ["--dir", company.packages]
    token = subprocess.run([*command, "make", "ci", "--owner", "ada", "--days", "1", *where], capture_output=True, text=True,
                           check=True, timeout=60, env=clean_environment(maintainer.home)).stdout.strip()
    index = ["--index-url", simple(company)]
    as_token = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token}
    maintainer.release("--dry-run", *index, **as_token)
    company.stop()
    with sqlite3.connect(company.packages / ".wheelhouse" / "catalog.sqlite") as catalog:
        where = "kind = 'token' AND json_extract(body, '$.expires_at') > 0"
        ended = catalog.execute(f"UPDATE access SET body = json_set(body, '$.expires_at', 1) WHERE {where}")
        assert ended.rowcount == 1
    company.start()
    done = maintainer.release("--yes", "--index-url", simple(company), code=5, **as_token)
    assert "does not let __token__ in" in done.stderr and "token good still" in done.stderr and token not in done.stderr
    assert listed(company) == []


def test_index_that_answers_nonsense_gets_nothing(maintainer):
    maintainer.simple()
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                asked = client.recv(65536)
                status = b"400 Bad Request" if asked.startswith(b"POST") else b"200 OK"
                client.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 7\r\nConnection: close\r\n\r\nhello\r\n")

    threading.Thread(target=answer, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/simple/"
    before = maintainer.state()
    done = maintainer.release("--yes", "--index-url", url, code=4)
    listener.close()
    assert "not a page of a package index" in done.stderr and maintainer.state() == before


@pytest.mark.folder
def test_job_releases_with_its_identity_and_gives_its_token_back(serve, wheelhouse, maintainer, tmp_path):
    maintainer.simple()
    authority = Authority(tmp_path / "authority")
    issuer = Issuer(authority, tmp_path / "issuer")
    issuer.claims = dict(GITHUB)
    trust = {"SSL_CERT_FILE": str(authority.file), "PIP_CERT": str(authority.file)}
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--trusted-issuer", issuer.url,
        "-P", ".htpasswd", "--rule", "user:ada all", "--rule", "everybody list+download", "--disable-fallback",
        users=USERS, start=False, environment=trust,
    )
    authority.issue(site.folder)
    house = House(site.start(), authority, issuer)
    house.trust(*FIELDS, projects="helpers")
    github = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}/token?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner"}
    job = {"TWINE_USERNAME": "", "TWINE_PASSWORD": "", **trust, **github}
    index = ["--index-url", f"https://127.0.0.1:{site.port}/simple/"]
    maintainer.release("--dry-run", *index, **job)
    done = maintainer.release("--yes", *index, **job)
    assert "as the job that this is" in done.stdout
    assert sorted(house.web.get("/simple/helpers/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}).json()["versions"]) == ["1.2"]
    with sqlite3.connect(site.packages / ".wheelhouse" / "catalog.sqlite") as catalog:
        kinds = [kind for (kind,) in catalog.execute("SELECT kind FROM audit WHERE kind LIKE 'token-%' ORDER BY id")]
    assert kinds == ["token-made", "token-revoked"]
    house.web.close()
    issuer.close()

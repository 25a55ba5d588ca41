"""`wheelhouse ci`: pipeline files that their systems take, and whose scripts check and release for real."""

from __future__ import annotations

import hashlib
import http.server
import json
import shlex
import subprocess
import threading
from pathlib import Path

import pytest

from clients.test_trusted_publishing import GITHUB, House
from support import pipelines
from support.authority import Authority
from support.issuer import Issuer
from support.maintainer import Maintainer
from support.pipelines import FILES, Step, steps_of
from support.programs import Site, binary, clean_environment

from .conftest import USERS

ADA = ("ada", "secret")
SYSTEMS = list(FILES)
INDEX = ["--index-url", "https://pkgs.company.example/simple/"]
REMOTE = "git@github.company.example:acme/demo.git"


@pytest.fixture
def maintainer(make_maintainer) -> Maintainer:
    """One with a project that has a test, and a repository elsewhere."""
    maintainer = make_maintainer().simple()
    maintainer.put("tests/test_greeting.py", "from helpers import greeting\n\n\ndef test_it():\n    assert greeting('Ada') == 'Hello, Ada.'\n")
    maintainer.commit("Test")
    maintainer.git("remote", "add", "origin", REMOTE)
    return maintainer


def ci(maintainer: Maintainer, *words: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [binary("wheelhouse"), "ci", *map(str, words)], cwd=maintainer.project, stdin=subprocess.DEVNULL,
        env=maintainer.environment(**environment), capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


WAYS = {
    "plain": [],
    "token": ["--trusted-publishing", "never"],
    "image": ["--image", "registry.company.example/python:3.14", "--wheelhouse", "pip:wheelhouse-program==1.0"],
    "download": ["--wheelhouse", "https://files.company.example/wheelhouse?a=$x&b='c'", "--wheelhouse-sha256", "0" * 64,
                 "--extra-index-url", "https://more.company.example/simple/,https://b.company.example/'\"/"],
    "upload": ["--repository-url", "https://pkgs.company.example/legacy/", "--python", "3.13,3.9",
               "--pin", f"actions/checkout@{'0123456789' * 4},actions/setup-python@{'a' * 40}"],
    "odd names": ["--branch", "it's\"so\"#1&größe"],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_files_are_what_their_systems_take(maintainer, system, way):
    where = [] if way == "upload" else INDEX
    ci(maintainer, system, *where, *WAYS[way])
    file = maintainer.project / FILES[system]
    pipelines.check(system, file, is_pinned=way == "upload")
    text = file.read_text()
    if way == "odd names" and system not in ("gitlab", "jenkins"):
        assert json.dumps(WAYS[way][1]) in json.dumps(pipelines.read(text))
    assert maintainer.git("status", "--porcelain", "-uall") == f"?? {FILES[system]}"


def test_broken_files_are_seen(maintainer, tmp_path):
    """The checks of these tests do find something."""
    for system, old, new in [
        ("github", "runs-on:", "runs_on:"), ("gitlab", "script:", "scripts: 1\n  script:"), ("azure", "stages:", "stagez:"),
        ("bitbucket", "max-time: 30", "max-time: long"), ("woodpecker", "steps:", "stepz:"), ("jenkins", "stages {", "stages {{"),
        ("github", "set -eu", "echo ${{ github.event.pull_request.title }}"), ("github", '"$TOOLS"', "$TOOLS $x"),
    ]:
        file = tmp_path / FILES[system]
        file.parent.mkdir(parents=True, exist_ok=True)
        text = ci(maintainer, system, "--print", *INDEX).stdout
        assert old in text, system
        file.write_text(text.replace(old, new))
        with pytest.raises(AssertionError):
            pipelines.check(system, file)


def test_file_of_somebody_else_is_left_alone(maintainer):
    file = maintainer.project / FILES["github"]
    written = ci(maintainer, *INDEX)
    assert "written (GitHub Actions, as the remote origin is at github.company.example)" in written.stdout
    assert "is as it should be" in ci(maintainer, *INDEX).stdout
    assert "written anew" in ci(maintainer, "--branch", "trunk", *INDEX).stdout and "trunk" in file.read_text()
    file.write_text(file.read_text() + "# mine\n")
    changed = ci(maintainer, *INDEX, code=3)
    assert "was changed since it was written" in changed.stderr and "--force" in changed.stderr
    assert file.read_text().endswith("# mine\n")
    for system in SYSTEMS:
        place = maintainer.project / FILES[system]
        place.parent.mkdir(exist_ok=True)
        place.write_text("theirs: 1\n")
        if system == "gitlab":
            continue
        assert "is not ours; nothing was written" in ci(maintainer, system, *INDEX, code=3).stderr
        assert place.read_text() == "theirs: 1\n"
        ci(maintainer, system, "--force", *INDEX)
        assert "wheelhouse ci" in place.read_text()
    beside = ci(maintainer, "gitlab", *INDEX)
    assert "include:\n  - local: /.gitlab/release.yml" in beside.stdout
    assert (maintainer.project / FILES["gitlab"]).read_text() == "theirs: 1\n"
    pipelines.check("gitlab", maintainer.project / ".gitlab" / "release.yml")


def test_mistakes_say_what_to_do(maintainer):
    for words, said in [
        (["github"], "no index was named"),
        (["gitbucket", ".", *INDEX], "`gitbucket` is none of github"),
        (["github", "nowhere", *INDEX], "is no folder"),
        (["azure", "--trusted-publishing", "always", *INDEX], "have no identity that an index could tell apart"),
        (["jenkins", "--environment", "x", *INDEX], "has no environments"),
        (["github", "--branch", "${{ secrets.X }}", *INDEX], "CI systems or shells act on"),
        (["github", "--wheelhouse", "ftp://x/y", *INDEX], "write found, pip:NAME==VERSION or a whole address"),
        (["github", "--wheelhouse-sha256", "0" * 64, *INDEX], "needs --wheelhouse URL"),
        (["github", "--pin", "other/action@v1", *INDEX], "actions/checkout"),
        (["github", "--python", "4.0", *INDEX], "no version such as 3.12"),
    ]:
        done = ci(maintainer, *words, code=2, PIP_INDEX_URL="", UV_DEFAULT_INDEX="")
        assert said in done.stderr, (words, done.stderr)
    maintainer.git("remote", "remove", "origin")
    assert "name github, gitlab" in ci(maintainer, *INDEX, code=2).stderr
    maintainer.change("pyproject.toml", ">=3.9", "<3")
    assert "fits `<3`; say --python" in ci(maintainer, "github", *INDEX, code=2).stderr
    assert not (maintainer.project / ".github").exists()


def test_secrets_in_addresses_stay_here(maintainer):
    done = ci(maintainer, "github", "--print", "--index-url", "https://ada:secret@pkgs.company.example/simple/")
    assert "ada" not in done.stdout and "ada:" not in done.stderr
    assert "https://pkgs.company.example/simple/" in done.stdout and "are not written into the file" in done.stderr
    (maintainer.home / ".pypirc").write_text(
        "[company]\nrepository: https://pkgs.company.example/\nusername: ada\npassword: secret\n"
    )
    done = ci(maintainer, "github", "--print", "-r", "company")
    assert '--repository-url "$UPLOAD_URL"' in done.stdout and "ada" not in done.stdout + done.stderr


def test_project_in_a_folder_has_a_file_and_tags_of_its_own(maintainer):
    maintainer.put("libs/other one/pyproject.toml", '[project]\nname = "other"\nversion = "1.0"\nrequires-python = "==3.12.*"\n')
    maintainer.commit()
    ci(maintainer, "github", "libs/other one", *INDEX)
    file = maintainer.project / ".github/workflows/release-libs-other-one.yml"
    read = pipelines.read(file.read_text())
    assert read["env"]["PROJECT_FOLDER"] == "./libs/other one" and "other-v[0-9]*" in file.read_text()
    assert set(read["jobs"]) == {"check", "release"}, "it has no tests"
    ci(maintainer, "bitbucket", *INDEX)
    assert "of a project in another folder" in ci(maintainer, "bitbucket", "libs/other one", *INDEX, code=3).stderr


class Runner:
    """A CI system's machine: a clone of the repository, a folder for temporary things, and variables."""

    def __init__(self, maintainer: Maintainer, system: str, folder: Path, **variables: str) -> None:
        self.maintainer, self.system = maintainer, system
        self.work, self.temporary, self.home = folder / "work", folder / "temporary", folder / "home"
        for path in [self.temporary, self.home]:
            path.mkdir(parents=True)
        programs = folder / "programs"
        programs.mkdir()
        (programs / "wheelhouse").symlink_to(binary("wheelhouse"))
        maintainer.git("clone", "-q", maintainer.project, self.work)
        environment = maintainer.environment(TWINE_USERNAME="", TWINE_PASSWORD="")
        self.variables = environment | {
            "HOME": str(self.home), "PATH": f"{programs}:{environment['PATH']}", "CI": "true",
            "RUNNER_TEMP": str(self.temporary), "CI_PROJECT_DIR": str(self.work), "WORKSPACE_TMP": str(self.temporary),
            "AGENT_TEMPDIRECTORY": str(self.temporary), **variables,
        }
        self.secrets: dict[str, str] = {}

    def at_tag(self, tag: str) -> None:
        self.maintainer.git("checkout", "-q", tag, folder=self.work)
        name = {"bitbucket": "BITBUCKET_TAG", "jenkins": "TAG_NAME"}.get(self.system, "CI_COMMIT_TAG")
        self.variables[name] = tag
        if self.system in ("jenkins", "woodpecker"):
            # They fetch the commit alone.
            self.maintainer.git("tag", "-d", tag, folder=self.work)

    def run(self, step: Step, code: int = 0, **variables: str) -> str:
        values = {name: self.secrets.get(value, value) for name, value in step.variables.items()}
        values = {name: "" if value.startswith("${{ vars.") else value for name, value in values.items()}
        script = step.script.replace("/tmp/wheelhouse", str(self.temporary / "wheelhouse"))
        done = subprocess.run(
            ["sh", "-e", "-c", script], cwd=self.work, env=self.variables | values | variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=500,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{done.returncode}\n{said}"
        for secret in self.secrets.values():
            assert secret not in said
        return said


def step(maintainer: Maintainer, system: str, job: str) -> Step:
    text = (maintainer.project / FILES[system]).read_text()
    return next(step for step in steps_of(system, text) if step.job.split(" ")[0] == job)


def commands(said: str, *names: str) -> list[list[str]]:
    """The commands that are left to people, as they were told, without where the server is."""
    text = said.replace("\\\n", " ")
    found = [shlex.split(line) for line in text.splitlines() if line.strip().startswith("wheelhouse ")]
    found = [words[1:words.index("--server")] for words in found]
    assert [words[:len(names)] for words in found] == [list(names)]
    return found


# A script makes several Python environments, which takes long on a busy machine.
slow = pytest.mark.timeout(600)


@slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_pipeline_releases_with_a_token(company, maintainer, tmp_path, system):
    index = ["--index-url", company.url + "simple/"]
    said = ci(maintainer, system, "--trusted-publishing", "never", *index).stdout
    [words] = commands(said, "token", "make")
    token = subprocess.run([binary("wheelhouse"), *words, "--owner", "ada", *company.owner_words], text=True,
                           capture_output=True, check=True, timeout=60, env=company.environment).stdout.strip()
    maintainer.commit("Pipeline")
    maintainer.git("tag", "v1.2")
    runner = Runner(maintainer, system, tmp_path / "runner")
    runner.at_tag("v1.2")
    runner.secrets = dict.fromkeys(
        ["${{ secrets.WHEELHOUSE_TOKEN }}", "secret wheelhouse-token", "$(WHEELHOUSE_TOKEN)", "secret wheelhouse_token"], token
    )
    if system in ("gitlab", "bitbucket"):
        runner.variables["WHEELHOUSE_TOKEN"] = token
    said = runner.run(step(maintainer, system, "release"))
    assert "helpers 1.2 is released and tagged v1.2" in said
    assert sorted(company.listed(user=ADA)) == ["helpers-1.2-py3-none-any.whl", "helpers-1.2.tar.gz"]


@pytest.fixture
def house(serve, wheelhouse, tmp_path):
    authority = Authority(tmp_path / "authority")
    issuer = Issuer(authority, tmp_path / "issuer")
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--trusted-issuer", issuer.url,
        "-P", ".htpasswd", "--rule", "user:ada all", "--rule", "everybody list+download", "--disable-fallback",
        users=USERS, start=False, environment={"SSL_CERT_FILE": str(authority.file)},
    )
    authority.issue(site.folder)
    house = House(site.start(), authority, issuer)
    yield house
    house.web.close()
    issuer.close()


@slow
@pytest.mark.parametrize("system", ["github", "gitlab", "jenkins"])
def test_pipeline_releases_with_the_identity_of_its_job(house, maintainer, tmp_path, system):
    """Without any secret; whom to trust is what the command said."""
    index = ["--index-url", f"https://127.0.0.1:{house.site.port}/simple/"]
    always = ["--trusted-publishing", "always"] if system == "jenkins" else []
    said = ci(maintainer, system, *always, *index).stdout
    [words] = commands(said, "publisher", "add")
    words = [word if not word.startswith("issuer=") else f"issuer={house.issuer.url}" for word in words]
    words = [{"owner_id=NUMBER": "owner_id=4711", "sub=SUB": "sub=helpers"}.get(word, word) for word in words]
    house.own(*words)
    maintainer.commit("Pipeline")
    maintainer.git("tag", "v1.2")
    trust = {"SSL_CERT_FILE": str(house.authority.file), "PIP_CERT": str(house.authority.file)}
    runner = Runner(maintainer, system, tmp_path / "runner", **trust)
    runner.at_tag("v1.2")
    host = house.issuer.url.removeprefix("https://")
    gitlab = {"project_path": "acme/demo", "sub": "project_path:acme/demo:ref_type:tag:ref:v1.2", "ref_path": "refs/tags/v1.2",
              "ci_config_ref_uri": f"{host}/acme/demo//.gitlab-ci.yml@refs/tags/v1.2", "sha": "1" * 40}
    house.issuer.claims = {"github": dict(GITHUB), "gitlab": gitlab, "jenkins": {"sub": "helpers"}}[system]
    release = step(maintainer, system, "release")
    identity = house.issuer.token(aud="wheelhouse")
    runner.secrets = {"identity for wheelhouse": identity, "secret wheelhouse-identity": identity}
    of_github = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{house.issuer.url}/token?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner"}
    if system == "github":
        assert release.has_identity and not step(maintainer, system, "check").has_identity
    if system == "gitlab":
        runner.variables["GITLAB_CI"] = "true"
    said = runner.run(release, **(of_github if release.has_identity and system == "github" else {}))
    assert "as the job that this is" in said and "helpers 1.2 is released and tagged v1.2" in said
    answer = house.web.get("/simple/helpers/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    assert answer.json()["versions"] == ["1.2"]


@slow
def test_changes_are_checked_without_secrets(company, maintainer, tmp_path):
    """Also after the version is out, in a fork, on an index that shows nothing to strangers, and without uv."""
    ci(maintainer, "github", "--index-url", company.url + "simple/")
    maintainer.commit("Pipeline")
    maintainer.release("--yes", "--index-url", company.url + "simple/")
    maintainer.change("helpers/__init__.py", "Hello", "Good day")
    maintainer.commit("A change")
    maintainer.tools = ""
    runner = Runner(maintainer, "github", tmp_path / "runner")
    check = runner.run(step(maintainer, "github", "check"))
    assert "nothing is sent in a dry run" in check
    failing = runner.run(step(maintainer, "github", "test"), code=1)
    assert "Good day" in failing and "1 failed" in failing
    maintainer.change("tests/test_greeting.py", "Hello", "Good day")
    maintainer.change("pyproject.toml", "dependencies = []", 'dependencies = ["company-absent"]')
    maintainer.commit("Another")
    runner = Runner(maintainer, "github", tmp_path / "second")
    assert "FAIL  dependencies" in runner.run(step(maintainer, "github", "check"), code=3)


@slow
def test_release_of_a_tag_that_does_not_fit_fails(company, maintainer, tmp_path):
    ci(maintainer, "gitlab", "--trusted-publishing", "never", "--index-url", company.url + "simple/")
    maintainer.commit("Pipeline")
    maintainer.git("tag", "v1.3")
    runner = Runner(maintainer, "gitlab", tmp_path / "runner")
    runner.at_tag("v1.3")
    runner.variables |= {"WHEELHOUSE_TOKEN": "", "UV_PUBLISH_USERNAME": "ada", "UV_PUBLISH_PASSWORD": "secret"}
    assert "none on this commit is of 1.2" in runner.run(step(maintainer, "gitlab", "release"), code=3)
    assert company.listed(user=ADA) == []


@slow
def test_program_is_downloaded_and_compared(company, maintainer, tmp_path):
    served = tmp_path / "served"
    served.mkdir()
    (served / "program").write_text(f'#!/bin/sh\necho "downloaded $1"\nexec {binary("wheelhouse")} "$@"\n')
    digest = hashlib.sha256((served / "program").read_bytes()).hexdigest()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: object) -> None:
            super().__init__(*words, directory=str(served))

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/program"
    index = ["--index-url", company.url + "simple/"]
    runner = Runner(maintainer, "github", tmp_path / "runner")
    runner.variables["PATH"] = maintainer.environment()["PATH"]
    ci(maintainer, "github", *index)
    check = step(maintainer, "github", "check")
    assert "wheelhouse is not here" in runner.run(check, code=1)
    check.variables |= {"WHEELHOUSE_PROGRAM_URL": url, "WHEELHOUSE_PROGRAM_SHA256": "0" * 64}
    assert "FAILED" in runner.run(check, code=1)
    ci(maintainer, "github", "--wheelhouse", url, "--wheelhouse-sha256", digest, *index)
    assert "downloaded release" in runner.run(step(maintainer, "github", "check"))
    server.shutdown()
    server.server_close()

"""`wheelhouse setup-client`: after it the real clients install and upload without another word; what it
wrote is taken back to the byte, and what users changed stays."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from clients.conftest import installed
from clients.uploading import FLIT, prepare
from support.authority import Authority
from support.distributions import wheel
from support.programs import Site, binary, clean_environment, venv

PASSWORD = "lovelace-1815"
USERS = {"ada": "{SHA}" + base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()}
ADA = ("ada", PASSWORD)
LOCKED = ["-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback"]
# A backend of the real program `keyring` that keeps passwords in a file of the test's own.
BACKEND = """
import json, os, pathlib
from keyring.backend import KeyringBackend
FILE = pathlib.Path(os.environ["HOME"]) / "ring.json"
os.umask(0o077)
def load():
    return json.loads(FILE.read_text()) if FILE.exists() else {}
class Ring(KeyringBackend):
    priority = 9
    def get_password(self, service, username):
        return load().get(f"{service}|{username}")
    def set_password(self, service, username, password):
        FILE.write_text(json.dumps(load() | {f"{service}|{username}": password}))
    def delete_password(self, service, username):
        kept = load()
        kept.pop(f"{service}|{username}")
        FILE.write_text(json.dumps(kept))
"""


class Home:
    """Somebody's home, with one client and without `keyring` on the path."""

    def __init__(self, folder: Path, client: str | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.client = client
        self.variables: dict[str, str] = {}
        if client:
            self.use(client)

    def use(self, client: str, *names: str) -> Home:
        """Puts programs of a private environment on the path, `keyring` only if it is asked for."""
        for program in venv(client).iterdir():
            is_wanted = program.name in names if names else program.name != "keyring"
            if is_wanted and not (self.programs / program.name).exists():
                # Python finds its environment behind links of the folder, and not of the program.
                script = f'#!/bin/sh\nexec "{program}" "$@"\n'
                (self.programs / program.name).write_text(script)
                (self.programs / program.name).chmod(0o755)
        return self

    def environment(self, **more: str) -> dict[str, str]:
        base = clean_environment(self.folder, PATH=f"{self.programs}:/usr/bin:/bin")
        del base["PIP_CONFIG_FILE"], base["UV_NO_CONFIG"]
        base |= {
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "NO_COLOR": "1", "COLUMNS": "200",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1",
            "UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0", "UV_PYTHON_DOWNLOADS": "never", "PDM_CHECK_UPDATE": "0",
            "POETRY_VIRTUALENVS_IN_PROJECT": "true", "WHEELHOUSE_PASSWORD": PASSWORD,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return {name: value for name, value in (base | self.variables | more).items() if value}

    def setup(self, *words: object, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [binary("wheelhouse"), "setup-client", *map(str, words)], cwd=self.folder, env=self.environment(**more),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110,
        )
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert PASSWORD not in done.stdout + done.stderr
        self.nobody_else_reads()
        return done

    def nobody_else_reads(self) -> None:
        for path in self.files():
            if PASSWORD.encode() in path.read_bytes():
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    def files(self) -> list[Path]:
        inside = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return [path for path in inside if self.programs not in path.parents]

    def state(self) -> dict[str, tuple[bytes, int]]:
        """All files with their bytes and modes."""
        return {
            str(path.relative_to(self.folder)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
            for path in self.files()
        }

    def run(self, *words: object, folder: Path | None = None, fails: bool = False, **more: str):
        """Runs a client, as its user does: no password is in a variable."""
        environment = self.environment(WHEELHOUSE_PASSWORD="", **more)
        program = shutil.which(str(words[0]), path=environment["PATH"])
        done = subprocess.run(
            [program, *map(str, words[1:])], cwd=folder or self.folder, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=110,
        )
        assert (done.returncode != 0) == fails, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def put(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path


@pytest.fixture
def home(tmp_path):
    made = []

    def make(client: str | None = None) -> Home:
        made.append(Home(tmp_path / f"home-{len(made)}", client))
        return made[-1]

    return make


@pytest.fixture
def site(serve, wheelhouse) -> Site:
    return serve(wheelhouse, *LOCKED, users=USERS, files=[wheel("demo", "1.0")])


def to(site: Site) -> list[str]:
    return ["--index-url", site.url, "--user", "ada"]


def with_keyring(home: Home) -> Home:
    """Gives a home the real program, and a backend that both it and the clients load."""
    home.use("twine-7", "keyring")
    home.put("modules/ring.py", BACKEND)
    home.variables |= {"PYTHON_KEYRING_BACKEND": "ring.Ring", "PYTHONPATH": str(home.folder / "modules")}
    return home


def back_again(home: Home, before: dict) -> None:
    home.setup("--undo")
    assert home.state() == before


# Installing.


def pip_installs(home: Home) -> None:
    home.run("pip", "install", "--target", home.folder / "target", "demo")


def uv_installs(home: Home) -> None:
    home.run("uv", "pip", "install", "--python", venv("uv") / "python", "--target", home.folder / "target", "demo")


@pytest.mark.parametrize("keeps", ["netrc", "keyring"])
@pytest.mark.parametrize(("client", "name", "install"), [
    ("pip", "pip-newest", pip_installs), ("pip", "pip-23.0", pip_installs), ("uv", "uv", uv_installs),
])
def test_install_after_setting_up(home, site, client, name, install, keeps):
    user = home(name)
    if keeps == "keyring":
        with_keyring(user)
    before = user.state()
    user.setup(*to(site), client)
    assert (user.folder / ".netrc").exists() == (keeps == "netrc")
    written = user.state()
    assert user.setup(*to(site), client).stdout.count("is as it should be") == (2 if keeps == "netrc" else 1)
    assert user.state() == written, "twice is the same as once"
    if (name, keeps) != ("pip-23.0", "keyring"):
        # That version does not know the program yet, and nothing else of this test needs it.
        install(user)
        assert installed(user.folder / "target") == {"demo-1.0"}
        shutil.rmtree(user.folder / "target")
        assert "works" in user.setup("--check", "--project", "demo").stdout
    for left in (".cache", ".local/share"):
        shutil.rmtree(user.folder / left, ignore_errors=True)
    user.setup("--undo")
    after = user.state()
    if keeps == "keyring":
        assert json.loads(after.pop("ring.json")[0]) == {}
    assert after == before


PROJECT = '[project]\nname = "work"\nversion = "0.1"\nrequires-python = ">=3.11"\n'


def test_poetry_installs_and_uploads(home, site):
    user = home("poetry")
    text = "# ours\n" + PROJECT + 'description = ""\nauthors = [{ name = "Ada" }]\n'
    project = user.put("work/pyproject.toml", text).parent
    prepare_dist(project)
    before = user.state()
    assert "poetry publish -r company" in user.setup(*to(site), "poetry", "--project-folder", project).stdout
    written = user.state()
    user.setup(*to(site), "poetry", "--project-folder", project)
    assert user.state() == written
    assert "works" in user.setup("--check", "--project", "demo", "--project-folder", project).stdout
    user.run("poetry", "add", "--lock", "demo", folder=project)
    assert "demo" in (project / "poetry.lock").read_text()
    user.run("poetry", "publish", "--repository", "company", folder=project)
    assert "work-0.1-py3-none-any.whl" in site.listed(user=ADA)
    # poetry wrote a dependency: that stays, and ours goes.
    user.setup("--undo")
    left = (project / "pyproject.toml").read_text()
    assert "demo" in left and "# ours" in left and "source" not in left
    assert not (user.folder / ".config/pypoetry").exists()
    assert set(before) - {"work/pyproject.toml"} <= set(user.state())


def prepare_dist(folder: Path) -> None:
    own = (folder / "pyproject.toml").read_text() if (folder / "pyproject.toml").exists() else None
    prepare(folder)
    if own is not None:
        (folder / "pyproject.toml").write_text(own)


def test_pdm_installs_and_uploads(home, site):
    user = home("pdm")
    project = user.put("work/pyproject.toml", PROJECT + "\n[tool.pdm]\ndistribution = false\n").parent
    prepare_dist(project)
    user.setup(*to(site), "pdm")
    assert "works" in user.setup("--check").stdout
    user.run("pdm", "add", "--no-sync", "demo", folder=project)
    assert "demo" in (project / "pdm.lock").read_text()
    user.run("pdm", "publish", "--no-build", "-r", "company", folder=project)
    assert "work-0.1-py3-none-any.whl" in site.listed(user=ADA)
    user.setup("--undo")
    assert not (user.folder / ".config/pdm/config.toml").exists() and not (user.folder / ".netrc").exists()


# Uploading.


def twine(home: Home, project: Path) -> None:
    home.run("twine", "upload", "--non-interactive", "-r", "company", *(project / "dist").iterdir())


def flit(home: Home, project: Path) -> None:
    (project / "pyproject.toml").write_text(FLIT)
    home.run("flit", "publish", "--repository", "company", folder=project)


def hatch(home: Home, project: Path) -> None:
    home.run("hatch", "publish", "--no-prompt", "dist", folder=project)


def uv(home: Home, project: Path) -> None:
    home.run("uv", "publish", *(project / "dist").iterdir())


@pytest.mark.parametrize(("client", "name", "upload"), [
    ("twine", "twine-7", twine), ("twine", "twine-4", twine), ("flit", "flit", flit), ("hatch", "hatch", hatch),
    ("uv", "uv", uv),
])
@pytest.mark.parametrize("keeps", ["files", "keyring"])
def test_upload_after_setting_up(home, site, tmp_path, client, name, upload, keeps):
    user = home(name)
    if keeps == "keyring":
        with_keyring(user)
    project = tmp_path / "work"
    project.mkdir()
    prepare(project)
    before = user.state()
    user.setup(*to(site), client)
    if client != "uv":
        assert "works" in user.setup("--check", "--project", "demo").stdout
    if (client, keeps) != ("flit", "keyring"):
        # flit's environment has no module keyring here: the command says so.
        upload(user, project)
        assert "work-0.1-py3-none-any.whl" in site.listed(user=ADA)
    else:
        assert "only if the module `keyring`" in user.setup(*to(site), client).stdout
    for left in (".cache", ".local/share"):
        shutil.rmtree(user.folder / left, ignore_errors=True)
    user.setup("--undo")
    after = user.state()
    if keeps == "keyring":
        assert json.loads(after.pop("ring.json")[0]) == {}
    assert after == before


# What is there already.

FILES = {
    ".config/pip/pip.conf": (
        "# ours since 2016\n[global]\ntimeout = 60\nindex-url = https://old.example/simple/\n"
        "extra-index-url =\n    https://a.example/simple/\n\n[install]\nno-compile = yes\n; the end", 0o644),
    ".config/uv/uv.toml": (
        "# settings\noffline = false # why\nindex-url = 'https://old.example/'\n\n[[index]]\nname = \"torch\"\n"
        "url = \"https://torch.example/\"\nexplicit = true\n\n[pip]\nsystem = true\n", 0o644),
    ".config/pdm/config.toml": ("[pypi]\nurl = 'https://old.example/' # mirror\n[python]\nuse_venv = true\n", 0o600),
    ".config/hatch/config.toml": ("mode = \"local\"\n\n[publish.index]\nrepo = \"main\"\n", 0o600),
    ".config/pypoetry/config.toml": ("[virtualenvs]\nin-project = true\n", 0o644),
    ".config/pypoetry/auth.toml": ("[http-basic.other]\nusername = \"x\"\npassword = \"y\"\n", 0o600),
    ".pypirc": ("[pypi]\r\nusername = __token__\r\npassword = pypi-abc\r\n", 0o600),
    ".netrc": ("machine other.example login x password y\nmacdef init\nls\n", 0o600),
}
CLIENTS = ["pip", "uv", "poetry", "pdm", "hatch", "twine", "flit", "netrc"]


@pytest.mark.parametrize("extra", [[], ["--extra"]])
def test_existing_settings_are_kept_and_come_back(home, extra):
    user = home()
    for name, (text, mode) in FILES.items():
        user.put(name, text, mode)
    before = user.state()
    words = ["--index-url", "http://packages.example:8080/simple", "--user", "ada", "--insecure-http", *extra]
    user.setup(*words, *CLIENTS)
    written = user.state()
    user.setup(*words, *CLIENTS)
    assert user.state() == written
    texts = {name: content.decode() for name, (content, _) in written.items()}
    for kept in ["# ours since 2016", "timeout = 60", "no-compile = yes\n; the end",
                 "trusted-host = packages.example:8080"]:
        assert kept in texts[".config/pip/pip.conf"], kept
    assert ("https://a.example" in texts[".config/pip/pip.conf"]) == bool(extra)
    for kept in ["# settings", "offline = false # why", "torch", "system = true"]:
        assert kept in texts[".config/uv/uv.toml"], kept
    assert "pypi-abc" in texts[".pypirc"] and "    pypi\r\n    company\r\n" in texts[".pypirc"]
    assert {name: mode for name, (_, mode) in written.items() if name in FILES} == {
        name: mode for name, (_, mode) in FILES.items()}
    # One after the other, and the shared file last.
    assert "stays for these" in user.setup("--undo", "twine").stdout
    user.setup("--undo", "flit", "pip")
    assert user.state()[".pypirc"] == before[".pypirc"]
    back_again(user, before)


def test_what_a_user_changed_since_stays(home):
    user = home()
    user.setup("--index-url", "https://packages.example/", "pip", "uv", "pdm")
    pip = user.folder / ".config/pip/pip.conf"
    pip.write_text(pip.read_text() + "timeout = 60\n")
    uv_file = user.folder / ".config/uv/uv.toml"
    uv_file.write_text(uv_file.read_text().replace("/simple/", "/mine/"))
    done = user.setup("--undo")
    assert "index was changed since, and stays" in done.stdout
    assert pip.read_text() == "[global]\ntimeout = 60\n"
    assert "/mine/" in uv_file.read_text()
    assert not (user.folder / ".config/pdm").exists()
    assert "nothing to take back" in user.setup("--undo").stdout


def test_links_are_followed(home):
    user = home()
    user.put("dotfiles/pip.conf", "[global]\n")
    (user.folder / ".config/pip").mkdir(parents=True)
    (user.folder / ".config/pip/pip.conf").symlink_to("../../dotfiles/pip.conf")
    user.setup("--index-url", "https://packages.example/", "pip")
    assert (user.folder / ".config/pip/pip.conf").is_symlink()
    assert "packages.example" in (user.folder / "dotfiles/pip.conf").read_text()
    user.setup("--undo")
    assert (user.folder / "dotfiles/pip.conf").read_text() == "[global]\n"


@pytest.mark.parametrize(("client", "name", "text", "line"), [
    ("pip", ".config/pip/pip.conf", "[global]\nnonsense hunter2\n", 2),
    ("uv", ".config/uv/uv.toml", "a = 1\nb = hunter2\n", 2),
    ("twine", ".pypirc", "username = hunter2\n", 1),
    ("netrc", ".netrc", "\n\nmachine a login b pasword hunter2\n", 3),
])
def test_files_that_cannot_be_read_are_left_alone(home, client, name, text, line):
    user = home()
    user.put(name, text, 0o600)
    before = user.state()
    done = user.setup("--index-url", "https://packages.example/", "--user", "ada", client, "pdm", code=3)
    assert f"line {line}: " in done.stdout and "hunter2" not in done.stdout + done.stderr
    assert user.state()[name] == before[name]
    assert (user.folder / ".config/pdm/config.toml").exists(), "others are set up"
    back_again(user, before)


@pytest.mark.parametrize(("client", "name"), [("twine", ".pypirc"), ("pip", ".netrc")])
def test_no_secret_goes_into_a_file_that_others_read(home, client, name):
    user = home()
    path = user.put(name, "", 0o644)
    done = user.setup("--index-url", "https://packages.example/", "--user", "ada", client, code=3)
    assert f"chmod 600 {path}" in done.stdout and path.read_text() == ""
    assert f"{client}: is not set up as a whole" in done.stdout
    path.chmod(0o600)
    user.setup("--index-url", "https://packages.example/", "--user", "ada", client)
    assert PASSWORD in path.read_text()


def test_somebody_elses_names_are_not_taken(home):
    user = home()
    user.put(".pypirc", "[company]\nrepository = https://other.example/\n", 0o600)
    done = user.setup("--index-url", "https://packages.example/", "twine", code=3)
    assert "choose another --name" in done.stdout
    user.setup("--index-url", "https://packages.example/", "twine", "--name", "ours")


def test_print_shows_all_but_passwords_and_changes_nothing(home):
    user = home()
    before = user.state()
    words = ["--print", "--index-url", "https://packages.example/", "--user", "ada"]
    shown = user.setup(*words, "pip", "twine", "poetry").stdout
    assert "index-url = https://packages.example/simple/" in shown and "password = …" in shown
    lines = [json.loads(line) for line in user.setup(*words, "--json", "uv").stdout.splitlines()]
    assert lines[0]["file"].endswith("uv.toml") and "[[index]]" in lines[0]["text"]
    assert user.state() == before


def test_variables_that_win_are_named(home):
    user = home()
    user.variables["PIP_INDEX_URL"] = "https://u:hunter2@old.example/"
    user.variables["PIP_CONFIG_FILE"] = str(user.put("own.conf", ""))
    said = user.setup("--index-url", "https://packages.example/", "pip").stdout
    assert "PIP_INDEX_URL is set here" in said and "PIP_CONFIG_FILE is set here" in said and "hunter2" not in said
    assert "packages.example" in (user.folder / "own.conf").read_text()
    user.variables["PIP_CONFIG_FILE"] = os.devnull
    assert "/dev/null" in user.setup("--index-url", "https://packages.example/", "pip", code=3).stdout


def test_what_cannot_be_asked_for(home):
    user = home()
    for words, says in [
        (["pip"], "--index-url"),
        (["conan", "--index-url", "https://p.example/"], "none of pip"),
        (["--print", "--undo"], "cannot stand together"),
        (["--check"], "nothing was set up"),
        (["--index-url", "https://p.example/"], "none of the clients"),
        (["pip", "--index-url", "https://p.example/", "--name", "pypi"], "something else"),
        (["pip", "--index-url", "http://p.example/", "--user", "ada"], "--insecure-http"),
        (["netrc", "--index-url", "https://p.example/"], "--user"),
        (["pip", "--index-url", "https://p.example/", "--project-folder", "none"], "no folder"),
    ]:
        done = user.setup(*words, code=2, PATH=str(user.programs))
        assert says in done.stderr, (words, done.stderr)
    assert user.state() == {}


# Checking what fails.


def reasons(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    lines = map(json.loads, done.stdout.splitlines())
    return {line["clients"][0]: line["reason"] for line in lines if line["outcome"] == "fails"}


@pytest.mark.parametrize(("client", "name"), [("pip", "pip-newest"), ("uv", "uv"), ("poetry", "poetry"), ("pdm", "pdm")])
def test_check_explains_what_is_missing(home, site, client, name):
    user = home(name)
    user.setup(*to(site), client)
    missing = user.setup("--check", "--json", "--project", "nothing-of-this-name", code=3)
    assert reasons(missing) == {"index": "project-missing"}
    # The client's own settings are broken: the index is well.
    for path in user.files():
        if PASSWORD.encode() in path.read_bytes():
            path.write_text(path.read_text().replace(PASSWORD, "wrong"))
    wrong = user.setup("--check", "--json", "--project", "demo", code=5)
    assert reasons(wrong) == {client: "unauthorized"}, wrong.stderr


@pytest.fixture
def web_server(tmp_path):
    """A server that is no index."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("address", "reason", "code"), [
    ("http://no-such-host.invalid/simple/", "name-not-resolved", 4),
    ("http://127.0.0.1:9/simple/", "not-reached", 4),
    ("http://SOMETHING/simple/", "not-an-index", 3),
])
def test_check_explains_what_is_wrong_with_the_address(home, web_server, address, reason, code):
    user = home("pip-newest")
    address = address.replace("SOMETHING", web_server)
    words = ["--check", "--json", "--index-url", address, "--project", "demo", "pip", "--insecure-http"]
    assert reasons(user.setup(*words, code=code)) == {"index": reason}


def test_check_needs_a_password_where_the_index_does(home, site):
    user = home("pip-newest")
    user.setup("--index-url", site.url, "pip")
    done = user.setup("--check", "--json", "--project", "demo", code=5, WHEELHOUSE_PASSWORD="")
    assert reasons(done) == {"index": "unauthorized"}


def test_check_explains_certificates_that_are_not_trusted(home, serve, wheelhouse, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate, key = authority.issue(tmp_path)
    site = serve(wheelhouse, "-P", ".", "-a", ".", "--tls-certificate", certificate, "--tls-key", key,
                 files=[wheel("demo", "1.0")], start=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Site, "_answers", answers_with_tls)
        site.start()
    user = home("uv")
    words = ["--check", "--json", "--index-url", f"https://127.0.0.1:{site.port}/", "--project", "demo", "uv"]
    assert reasons(user.setup(*words, code=4)) == {"index": "tls-not-trusted"}


def answers_with_tls(self: Site) -> bool:
    found = re.search(r"https://127\.0\.0\.1:(\d+)", self.stderr)
    if found:
        self.port = int(found.group(1))
    return bool(found)


def test_check_says_what_uploaders_are_told(home, site):
    user = home("twine-7")
    user.setup(*to(site), "twine")
    path = user.folder / ".pypirc"
    path.write_text(path.read_text().replace(PASSWORD, "wrong"))
    netrc = user.put(".netrc", f"machine 127.0.0.1 login ada password {PASSWORD}\n", 0o600)
    done = user.setup("--check", "--json", "--project", "demo", code=5, WHEELHOUSE_PASSWORD="")
    assert reasons(done) == {"twine": "unauthorized"}
    assert netrc.exists()

"""`wheelhouse publish`: checked first, sent once, looked for in the end; also to other people's indexes."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from clients.test_trusted_publishing import FIELDS, GITHUB, House
from support.authority import Authority
from support.distributions import Distribution, any_file, sdist, wheel
from support.issuer import Issuer
from support.programs import CONTROL, Site, binary, clean_environment
from support.proxy import Proxy

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
PASSWORD = {"TWINE_USERNAME": "ada", "TWINE_PASSWORD": "secret"}
FILES = [wheel("demo", "1.0"), sdist("demo", "1.0"), wheel("other", "2.0")]
NAMES = sorted(file.filename for file in FILES)


class Maintainer:
    """Somebody with files on a machine of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.dist = home / "dist"
        self.dist.mkdir(parents=True)

    def put(self, *files: Distribution) -> list[Path]:
        for file in files:
            file.put(self.dist)
        return [self.dist / file.filename for file in files]

    def publish(self, *words: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [binary("wheelhouse"), "publish", *map(str, words)],
            cwd=self.home, env=clean_environment(self.home, **environment), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120,
        )
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "secret" not in done.stdout + done.stderr
        return done


@pytest.fixture
def maintainer(tmp_path):
    return Maintainer(tmp_path / "home")


@pytest.fixture
def site(serve, wheelhouse) -> Site:
    return serve(wheelhouse, "-v", "-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", users=USERS)


def listed(site: Site) -> list[str]:
    return sorted(site.listed(user=("ada", "secret")))


@pytest.mark.parametrize("path", ["legacy/", "legacy", ""])
def test_files_are_uploaded_and_not_sent_twice(site, maintainer, path):
    paths = maintainer.put(*FILES)
    done = maintainer.publish("--repository-url", site.url + path, *paths, **PASSWORD)
    assert listed(site) == NAMES
    assert done.stdout.splitlines() == [f"{file.filename}: uploaded" for file in FILES]
    for file in FILES:
        assert site.get("/packages/" + file.filename, user=("ada", "secret")).body == file.content
    assert site.log.count("a file was uploaded") == 3
    again = maintainer.publish("--repository-url", site.url + path, *paths, **PASSWORD)
    assert again.stdout.count("is there already") == 3 and site.log.count("a file was uploaded") == 3
    assert "secret" not in site.log


def test_form_says_what_the_file_says(serve, wheelhouse, maintainer):
    site = serve(wheelhouse, "-P", ".", "-a", ".", "--upload-strictness", "strict")
    made = wheel("demo", "1.0", requires_dist=["a>=1", "b"], classifier=["Programming Language :: Python :: 3"])
    maintainer.publish("--repository-url", site.url, *maintainer.put(made, sdist("demo", "1.0")))
    assert "about an upload" not in site.log, site.log


@pytest.mark.parametrize("door", ["control", "stand-in"])
def test_pypiserver_takes_them_too(serve, pypi_server, maintainer, door):
    site = serve(CONTROL if door == "control" else pypi_server, "-P", ".htpasswd", "-a", "update", users=USERS)
    paths = maintainer.put(*FILES)
    maintainer.publish("--repository-url", site.url, *paths, **PASSWORD)
    assert sorted(site.listed()) == NAMES
    again = maintainer.publish("--repository-url", site.url, *paths, **PASSWORD)
    assert again.stdout.count("is there already") == 3
    changed = maintainer.put(wheel("demo", "1.0", source="# changed"))
    refused = maintainer.publish("--repository-url", site.url, *changed, code=5, **PASSWORD)
    assert "other files called demo-1.0" in refused.stderr and "raise the version" in refused.stderr


def test_nothing_is_sent_unless_every_file_is_good(site, maintainer):
    good, broken = maintainer.put(FILES[0], Distribution(FILES[2].filename, FILES[2].content[:-40]))
    done = maintainer.publish("--repository-url", site.url, good, broken, "none.whl", code=3, **PASSWORD)
    assert "nothing was sent" in done.stderr and "other-2.0" in done.stderr and "none.whl" in done.stderr
    assert "demo-1.0" not in done.stderr
    assert listed(site) == []


def test_nothing_is_sent_if_one_name_is_taken(site, maintainer):
    site.upload(wheel("other", "2.0", source="# somebody's"), user=("ada", "secret"))
    done = maintainer.publish("--repository-url", site.url, *maintainer.put(*FILES), code=5, **PASSWORD)
    assert "other-2.0" in done.stderr and "raise the version" in done.stderr
    assert listed(site) == [FILES[2].filename]


def test_dry_run_sends_nothing(site, maintainer):
    site.upload(FILES[0], user=("ada", "secret"))
    paths = maintainer.put(*FILES)
    done = maintainer.publish("--dry-run", "--json", "--repository-url", site.url, *paths, **PASSWORD)
    told = {line["file"]: line["outcome"] for line in map(json.loads, done.stdout.splitlines())}
    assert told == {NAMES[0]: "is there already", NAMES[1]: "would be sent", NAMES[2]: "would be sent"}
    assert listed(site) == [FILES[0].filename]


def test_signatures_and_the_same_file_again_are_passed_over(site, maintainer):
    [path] = maintainer.put(FILES[0])
    [signature] = maintainer.put(any_file(FILES[0].filename + ".asc"))
    done = maintainer.publish("--repository-url", site.url, path, signature, path, **PASSWORD)
    assert done.stdout == f"{FILES[0].filename}: uploaded\n" and "passed over" in done.stderr


def pypirc(maintainer: Maintainer, text: str) -> None:
    (maintainer.home / ".pypirc").write_text(text)


def test_pypirc_tells_where_and_as_whom(site, maintainer):
    pypirc(maintainer, f"[distutils]\nindex-servers =\n    company\n\n[company]\nrepository: {site.url}\n"
                       "username: ada\npassword: secret\n\n[empty]\nusername: ada\n")
    paths = maintainer.put(*FILES)
    maintainer.publish("-r", "company", paths[0])
    maintainer.publish(paths[1])
    maintainer.publish(paths[2], TWINE_REPOSITORY="company")
    assert listed(site) == NAMES
    told = maintainer.publish("-r", "companies", paths[0], code=2).stderr
    assert "no section `[companies]`; it has company, empty" in told
    assert "names no `repository`" in maintainer.publish("-r", "empty", paths[0], code=2).stderr


@pytest.mark.parametrize("way", ["address", "netrc", "uv", "token", "keyring"])
def test_credentials_come_from_where_they_are_kept(site, maintainer, way):
    [path] = maintainer.put(FILES[0])
    words, environment = ["--repository-url", site.url], {}
    if way == "address":
        words[1] = site.url.replace("http://", "http://ada:secret@")
    elif way == "netrc":
        (maintainer.home / ".netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    elif way == "uv":
        environment = {"UV_PUBLISH_USERNAME": "ada", "UV_PUBLISH_PASSWORD": "secret"}
    elif way == "token":
        made = subprocess.run([binary("wheelhouse"), "token", "make", "x", "--owner", "ada", *site.owner_words],
                              capture_output=True, text=True, check=True, timeout=60,
                              env=site.environment).stdout.strip()
        environment = {"UV_PUBLISH_TOKEN": made}
    elif way == "keyring":
        programs = maintainer.home / "bin"
        programs.mkdir()
        (programs / "keyring").write_text('#!/bin/sh\n[ "$1 $3" = "get ada" ] && echo secret\n')
        (programs / "keyring").chmod(0o755)
        words += ["--user", "ada"]
        environment = {"PATH": f"{programs}:/usr/bin:/bin"}
    maintainer.publish(*words, path, **environment)
    assert listed(site) == [FILES[0].filename]


def test_mistakes_say_what_to_do(site, maintainer):
    [path] = maintainer.put(FILES[0])
    to_site = ["--repository-url", site.url]
    for words, code, said, environment in [
        ([path], 2, "--repository-url URL", {}),
        ([], 2, "FILE ...", {}),
        ([*to_site, "-r", "x", path], 2, "cannot stand together", {}),
        (["--repository-url", "https://", path], 2, "address", {}),
        ([*to_site, path], 5, "TWINE_USERNAME", {}),
        ([*to_site, path], 5, "TWINE_USERNAME", {"TWINE_USERNAME": "ada", "TWINE_PASSWORD": "wrong"}),
        ([*to_site, "--user", "ada", path], 2, "TWINE_PASSWORD", {}),
        (["--repository-url", "http://index.example/", path], 2, "--insecure-http", PASSWORD),
        (["--repository-url", "http://127.0.0.1:1/", path], 4, "127.0.0.1:1", PASSWORD),
        ([*to_site, "--trusted-publishing", "always", path], 2, "id-token: write", {}),
        ([*to_site, "--index-url", site.url + "nothing-here/", path], 0, "", PASSWORD),
    ]:
        done = maintainer.publish(*words, code=code, **environment)
        assert said in done.stderr, (words, done.stderr)
    help = maintainer.publish("--help").stdout
    assert "--repository-url URL" in help and "Exit codes" in help


@pytest.mark.parametrize("at_answer", [True, False], ids=["answer lost", "request lost"])
def test_connection_that_breaks_is_no_failure(site, maintainer, at_answer):
    proxy = Proxy(site.port, 1, at_answer=at_answer)
    done = maintainer.publish("--repository-url", proxy.url, "-j", "1", *maintainer.put(*FILES), **PASSWORD)
    proxy.close()
    assert done.stdout.count("uploaded") == 3 and listed(site) == NAMES
    assert ("sent again" in done.stderr) == (not at_answer), "what arrived is not sent again"
    assert site.log.count("a file was uploaded") == 3


def test_upload_that_fails_half_way_is_finished_by_running_it_again(site, maintainer):
    proxy = Proxy(site.port, 0, at_answer=False)
    paths = maintainer.put(*FILES)
    maintainer.publish("--repository-url", proxy.url, paths[0], **PASSWORD)
    proxy.breaks = 4
    broken = maintainer.publish("--repository-url", proxy.url, "-j", "1", *paths, code=4, **PASSWORD)
    assert "run the command again" in broken.stderr
    assert f"{FILES[1].filename}: not uploaded" in broken.stdout and f"{FILES[2].filename}: not begun" in broken.stdout
    assert listed(site) == [FILES[0].filename], "nothing half-published"
    done = maintainer.publish("--repository-url", proxy.url, *paths, **PASSWORD)
    assert done.stdout.count("is there already") == 1 and listed(site) == NAMES
    proxy.close()


def test_index_that_answers_nonsense_is_told(maintainer, tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        for _ in range(12):
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nhello\r\n")

    threading.Thread(target=answer, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    done = maintainer.publish("--repository-url", url, "--index-url", url + "simple/", *maintainer.put(FILES[0]),
                              code=4, **PASSWORD)
    listener.close()
    assert "not a page of a package index" in done.stderr


def test_job_publishes_with_its_identity(serve, wheelhouse, maintainer, tmp_path):
    authority = Authority(tmp_path / "authority")
    issuer = Issuer(authority, tmp_path / "issuer")
    issuer.claims = dict(GITHUB)
    trust = {"SSL_CERT_FILE": str(authority.file)}
    site = serve(
        wheelhouse, "--tls-certificate", "server.pem", "--tls-key", "server.key", "--trusted-issuer", issuer.url,
        "-P", ".htpasswd", "-a", "update,download,list", "--rule", "user:ada all", "--disable-fallback",
        users=USERS, start=False, environment=trust,
    )
    authority.issue(site.folder)
    house = House(site.start(), authority, issuer)
    house.trust(*FIELDS)
    [path] = maintainer.put(FILES[0])
    github = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.url}/token?x=1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner"}
    url = f"https://127.0.0.1:{site.port}/legacy/"
    maintainer.publish("--repository-url", url, path, **trust, **github)
    [path] = maintainer.put(wheel("demo", "1.1"))
    gitlab = {"GITLAB_CI": "true", "WHEELHOUSE_ID_TOKEN": issuer.token()}
    maintainer.publish("--trusted-publishing", "always", "--repository-url", url, path, **trust, **gitlab)
    refused = maintainer.publish("--trusted-publishing", "always", "--repository-url", url, path, code=5, **trust, **gitlab)
    assert "status 422" in refused.stderr and "publisher" in refused.stderr
    assert gitlab["WHEELHOUSE_ID_TOKEN"] not in refused.stderr
    house.web.close()
    issuer.close()

"""`wheelhouse doctor`: what indexes of all kinds can do, and what each gap means."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
from functools import partial

import pytest

from clients.test_indexes_in_front import devpi  # noqa: F401 - a fixture
from support.distributions import wheel
from support.programs import CONTROL, binary, clean_environment

USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
FILES = [wheel("friendly_bard", "1.0"), wheel("friendly_bard", "1.1")]


def examine(folder, *words: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([binary("wheelhouse"), "doctor", *words], cwd=folder, capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, env=clean_environment(folder, **environment))
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def verdicts(folder, *words: str, **environment: str) -> dict[str, str]:
    told = json.loads(examine(folder, "--json", *words, **environment).stdout)
    for answer in told["answers"]:
        assert (answer["verdict"] == "no") == bool(answer["meaning"]), answer
    return {answer["ability"]: answer["verdict"] for answer in told["answers"]}


OURS = {
    "https": "yes", "reading": "yes", "JSON pages": "yes", "HTML pages": "yes", "unknown names": "yes", "spellings": "yes",
    "digests": "yes", "upload times": "yes", "sizes": "yes", "metadata files": "yes", "yanking": "unknown",
    "unchanged pages": "yes", "ranges": "yes", "file caching": "yes", "uploads": "yes",
}


@pytest.mark.parametrize("path", ["", "simple/", "simple"])
def test_ours_lacks_nothing(serve, wheelhouse, tmp_path, path):
    site = serve(wheelhouse, "-P", ".htpasswd", "--disable-fallback", users=USERS, files=FILES)
    assert verdicts(tmp_path, site.url + path) == OURS
    table = examine(tmp_path, site.url + path).stdout
    assert "looking at `friendly-bard`" in table and "Nothing of this is missing." in table
    subprocess.run([binary("wheelhouse"), "yank", "friendly-bard==1.0", *site.owner_words], check=True, timeout=60,
                   capture_output=True, env=site.environment)
    assert verdicts(tmp_path, site.url, "--project", "Friendly_Bard")["yanking"] == "yes"


def test_pypiserver_lacks_what_it_lacks(serve, tmp_path):
    site = serve(CONTROL, "-P", ".htpasswd", "-a", "update", "--disable-fallback", users=USERS, files=FILES)
    found = verdicts(tmp_path, site.url, "--upload-url", site.url)
    assert {ability for ability, verdict in found.items() if verdict == "no"} == {
        "JSON pages", "upload times", "sizes", "metadata files", "unchanged pages", "file caching",
    }, found
    table = examine(tmp_path, site.url).stdout
    assert "What is missing" in table and "uv --exclude-newer" in table


def test_devpi_is_published_to_and_examined(devpi, tmp_path):  # noqa: F811
    address = devpi.server.url + devpi.stage("dev")
    paths = []
    for file in FILES:
        file.put(tmp_path / "dist")
        paths.append(tmp_path / "dist" / file.filename)
    where = ["--repository-url", address, "--index-url", address + "+simple/"]
    account = {"TWINE_USERNAME": "root", "TWINE_PASSWORD": "top secret"}

    def publish(*words: object) -> str:
        done = subprocess.run([binary("wheelhouse"), "publish", *where, *words], capture_output=True, text=True, timeout=60,
                              env=clean_environment(tmp_path, **account), stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert publish(*paths).count("uploaded") == 2
    assert publish(*paths).count("is there already") == 2
    found = verdicts(tmp_path, address + "+simple/", "--upload-url", address)
    assert found["digests"] == "yes" and found["uploads"] == "yes" and found["reading"] == "yes", found


def test_locked_index_asks_for_credentials(serve, wheelhouse, tmp_path):
    site = serve(wheelhouse, "-P", ".htpasswd", "-a", "update,download,list", "--disable-fallback", users=USERS, files=FILES)
    assert verdicts(tmp_path, site.url) == {"https": "yes", "reading": "no", "uploads": "yes"}
    assert "--user" in examine(tmp_path, site.url).stdout
    signed = {"TWINE_USERNAME": "ada", "TWINE_PASSWORD": "secret"}
    assert verdicts(tmp_path, site.url, **signed)["digests"] == "yes"
    in_address = site.url.replace("http://", "http://ada:secret@")
    shown = examine(tmp_path, in_address)
    assert "digests" in shown.stdout and "secret" not in shown.stdout + shown.stderr


def test_folder_behind_a_web_server_is_examined(tmp_path):
    """An index may be nothing but files: no uploads, no tags, no ranges."""
    root = tmp_path / "simple"
    FILES[0].put(root / "friendly-bard")
    for folder, link in [(root, "friendly-bard/"), (root / "friendly-bard", FILES[0].filename)]:
        (folder / "index.html").write_text(f'<!DOCTYPE html><html><body><a href="{link}">{link.rstrip("/")}</a></body></html>')
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            found = verdicts(tmp_path, f"http://127.0.0.1:{server.server_port}/")
        finally:
            server.shutdown()
    assert {ability for ability, verdict in found.items() if verdict != "no"} == {
        "https", "reading", "HTML pages", "unknown names", "yanking",
    }, found


def test_credentials_are_not_sent_to_where_files_are(tmp_path):
    """The files of an index may be another host's, which is told no password."""
    seen: list[tuple[str, bool]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, "Authorization" in self.headers))
            files = [{"filename": "bard-1.0.tar.gz", "url": f"{elsewhere}bard-1.0.tar.gz", "hashes": {}}]
            body = json.dumps({"meta": {"api-version": "1.1"}, "projects": [{"name": "bard"}], "name": "bard", "files": files})
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.end_headers()
            self.wfile.write(body.encode())

        def do_POST(self) -> None:
            self.send_error(405)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        elsewhere = f"http://localhost:{server.server_port}/files/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            verdicts(tmp_path, f"http://ada:secret@127.0.0.1:{server.server_port}/simple/")
        finally:
            server.shutdown()
    assert {(path.startswith("/files/"), told) for path, told in seen} == {(True, False), (False, True)}, seen


def test_empty_index_is_told(serve, wheelhouse, tmp_path):
    site = serve(wheelhouse, "--disable-fallback")
    found = verdicts(tmp_path, site.url)
    assert found["JSON pages"] == "yes" and "digests" not in found


def test_what_is_no_index_is_told(serve, wheelhouse, tmp_path):
    site = serve(wheelhouse, "--disable-fallback", files=FILES)
    for words, code, said in [
        ([], 2, "doctor URL"),
        ([site.url, "x"], 2, "one word too many"),
        (["nothing"], 2, "address"),
        (["http://127.0.0.1:1/"], 4, "127.0.0.1:1"),
        ([site.url + "nothing/at/all/"], 4, "404"),
        ([site.url, "--project", "-"], 2, "no name of a project"),
        ([site.url, "--project", "nobody"], 4, "404"),
    ]:
        assert said in examine(tmp_path, *words, code=code).stderr, words


def test_server_that_talks_nonsense_cannot_write_to_the_terminal(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    page = b'{"meta": {"api-version": "1.0"}, "projects": [{"name": "x"}], "name": "x", "files": 7}'

    def answer() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(65536)
                client.sendall(b"HTTP/1.1 200 OK\r\nServer: evil\t\x1b[2J\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(page) + page)

    threading.Thread(target=answer, daemon=True).start()
    done = examine(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}/", code=4)
    listener.close()
    assert "\x1b" not in done.stdout + done.stderr

"""Roots that vanish, cannot be written, or were used before; state that is lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from support.distributions import wheel
from support.programs import Door
from support.uploads import BOUNDARY, form
from support.waiting import never, wait_until

OPEN = ["-a", ".", "-P", "."]
FILES = [wheel("demo", "1.0"), wheel("demo", "1.1"), wheel("other", "2.0")]
NAMES = [file.filename for file in FILES]
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def test_root_that_vanishes_is_503_and_comes_back(serve, either_name: Door, tmp_path):
    site = serve(either_name, "--disable-fallback", "--state-dir", tmp_path, files=FILES)
    hot, cold = ("/packages/" + name for name in NAMES[:2])
    assert site.get(hot).status == 200
    aside = site.folder / "aside"
    site.packages.rename(aside)
    wait_until(lambda: site.get(cold).status == 503, seconds=10)
    # What is in memory may still be served: its bytes are known to be the file's.
    answer = site.get(hot)
    assert answer.status == 503 or answer.body == FILES[0].content
    wait_until(lambda: site.get("/readyz").status == 503, seconds=5)
    never(lambda: site.get("/simple/demo/").status == 404, seconds=3, what="a mass deletion")
    assert site.get("/healthz").status == 200
    aside.rename(site.packages)
    wait_until(lambda: site.get(cold).body == FILES[1].content, seconds=10)
    wait_until(lambda: site.get("/readyz").status == 200, seconds=5)
    site.await_listed(*NAMES)


def test_empty_mount_point_under_a_lost_root_is_no_mass_deletion_of_other_roots(
    serve, either_name: Door, tmp_path
):
    options = ["--disable-fallback", "--state-dir", tmp_path]
    site = serve(either_name, *options, roots=["one", "two"], start=False)
    FILES[0].put(site.roots[0])
    FILES[2].put(site.roots[1])
    site.start()
    site.roots[1].rename(site.folder / "aside")
    wait_until(lambda: site.get("/packages/" + NAMES[2]).status == 503, seconds=10)
    assert site.get("/packages/" + NAMES[0]).body == FILES[0].content
    assert site.get("/simple/demo/").status == 200


# A user without any right to the files of another.
NOBODY = 65534


@pytest.fixture
def public_folder():
    """A folder that another user can enter, unlike the ones that pytest makes."""
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def refuse_writing(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)


@pytest.mark.parametrize("state", ["given", "found"])
def test_read_only_root_works(serve, either_name: Door, public_folder: Path, state):
    """As an ordinary user, for whom the folder cannot be written: root may write anywhere."""
    site = serve(either_name, "--disable-fallback", *OPEN, start=False)
    site.folder = public_folder
    packages = public_folder / "packages"
    for file in FILES:
        file.put(packages)
    refuse_writing(packages)
    own = public_folder / "own"
    own.mkdir()
    site.environment["HOME"] = str(own)
    if state == "given":
        site.options += ["--state-dir", str(own / "state")]
    if os.getuid() == 0:
        site.run_as = NOBODY
        os.chown(own, NOBODY, NOBODY)
        site.program = [shutil.copy(site.program[0], public_folder / either_name.name)]
    try:
        site.start()
        assert sorted(site.listed()) == sorted(NAMES)
        assert site.get("/simple/demo/").links[0].fragment == f"sha256={FILES[0].sha256}"
        assert site.get("/packages/" + NAMES[0]).body == FILES[0].content
        answer = site.upload(wheel("new", "1.0"))
        assert answer.status == 403 and answer.body, answer
        assert sorted(os.listdir(packages)) == sorted(NAMES)
    finally:
        site.stop()
        packages.chmod(0o755)


def test_lost_state_folder_loses_no_package_and_changes_no_page(serve, either_name: Door):
    site = serve(either_name, "--disable-fallback", *OPEN, files=FILES)
    assert site.upload(wheel("new", "1.0", requires_python=">=3.8")).status == 200
    pages = ["/simple/demo/", "/simple/other/", "/simple/new/"]

    def settled() -> list[dict]:
        found = []
        for page in pages:
            answer = site.get(page, headers=JSON)
            # A file that came less than two seconds ago is not found yet by a start without state.
            found.append(answer.json if answer.status == 200 else {"meta": {}, "files": []})
        for page in found:
            page["meta"].pop("_last-serial", None)
        return found

    wait_until(lambda: all("core-metadata" in f for page in settled() for f in page["files"]), seconds=10)
    before = settled()
    assert [len(page["files"]) for page in before] == [2, 1, 1]
    site.stop()
    shutil.rmtree(site.packages / ".wheelhouse")
    site.start()
    wait_until(lambda: settled() == before, seconds=10, what="the same pages")
    for page in before:
        for file in page["files"]:
            assert site.get(file["url"]).status == 200


def test_state_folder_is_no_part_of_the_index_and_pypiserver_ignores_it(serve, pypi_server: Door):
    from support.programs import CONTROL

    site = serve(pypi_server, "--disable-fallback", *OPEN, files=FILES)
    assert site.upload(wheel("new", "1.0")).status == 200
    assert (site.packages / ".wheelhouse").is_dir()
    listed = sorted(site.listed())
    site.stop()
    back = serve(CONTROL, "--disable-fallback", start=False)
    back.root_arguments = [str(site.packages)]
    back.start()
    assert sorted(back.listed()) == listed
    for name in listed:
        assert back.get("/packages/" + name).status == 200


def test_restart_keeps_everything(serve, either_name: Door):
    site = serve(either_name, "--disable-fallback", *OPEN, files=FILES)
    new = wheel("new", "1.0")
    assert site.upload(new).status == 200
    before = [site.get(f"/simple/{name}/", headers=JSON).json["files"] for name in ["demo", "new"]]
    site.restart()
    after = [site.get(f"/simple/{name}/", headers=JSON).json["files"] for name in ["demo", "new"]]
    assert after == before
    assert sorted(site.listed()) == sorted([*NAMES, new.filename])


def test_killed_server_starts_again_with_every_answered_upload(serve, either_name: Door):
    site = serve(either_name, "--disable-fallback", *OPEN)
    for number in range(5):
        assert site.upload(wheel("demo", f"1.{number}")).status == 200
    site.restart(signal.SIGKILL)
    site.await_listed(*(wheel("demo", f"1.{number}").filename for number in range(5)))
    for number in range(5):
        file = wheel("demo", f"1.{number}")
        assert site.get("/packages/" + file.filename).body == file.content


@pytest.mark.parametrize("share", [0.2, 0.9, 1.0])
def test_kill_in_mid_upload_leaves_nothing_listed(serve, either_name: Door, share):
    site = serve(either_name, "--disable-fallback", *OPEN)
    large = wheel("large", "1.0", padding=2_000_000)
    body = form([(":action", "file_upload"), ("content", (large.filename, large.content))])
    head = (
        f"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.sendall(head.encode() + body[: int(len(body) * share) - 5])
        time.sleep(0.3)
        site.stop(signal.SIGKILL)
    site.start()
    assert site.listed() == []
    seen = [path for path in site.packages.rglob("*.whl")]
    assert seen == []
    # What the crash left in our own folder is swept.
    incoming = site.packages / ".wheelhouse" / "incoming"
    wait_until(lambda: not incoming.exists() or not list(incoming.iterdir()), seconds=10)
    assert site.upload(large).status == 200
    assert site.get("/packages/" + large.filename).body == large.content


def test_repeated_kills_during_uploads_never_list_a_file_that_cannot_be_served(serve, pypi_server):
    """Uploads go on while the server is killed three times: afterwards each listed file is whole,
    and each answered upload is listed."""
    site = serve(pypi_server, "--disable-fallback", *OPEN)
    program = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from support.distributions import wheel; from support.uploads import upload\n"
        "for number in range(int(sys.argv[3]), int(sys.argv[3]) + 400):\n"
        "    file = wheel('demo', f'1.{number}', padding=20000)\n"
        "    try: answer = upload(int(sys.argv[1]), file)\n"
        "    except Exception: break\n"
        "    print(number, answer.status, flush=True)\n"
    )
    answered = set()
    tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for kill in range(3):
        loader = subprocess.Popen(
            [sys.executable, "-c", program, str(site.port), tests, str(kill * 400)],
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(0.7)
        site.stop(signal.SIGKILL)
        said, _ = loader.communicate(timeout=30)
        for line in said.splitlines():
            number, status = line.split()
            assert status == "200", line
            answered.add(wheel("demo", f"1.{number}").filename)
        site.start()
    wait_until(lambda: answered <= set(site.listed()), seconds=10)
    assert answered, "the uploads were too slow to test anything"
    for link in site.get("/simple/demo/").links:
        import hashlib

        answer = site.get(link.path)
        assert answer.status == 200, answer
        assert link.fragment == "sha256=" + hashlib.sha256(answer.body).hexdigest()

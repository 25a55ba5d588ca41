"""What a start finds: catalogs that are kept, lost, damaged, or in use by somebody else."""

from __future__ import annotations

import re
import shutil
import signal
import uuid
from pathlib import Path

import pytest

from support.distributions import sdist, wheel
from support.waiting import wait_until

OPEN = ["-a", ".", "-P", "."]
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
FILES = [
    wheel("demo", "1.0", requires_python=">=3.8"),
    sdist("demo", "1.0"),
    wheel("demo", "1.1"),
    wheel("other", "2.0"),
]


def pages(site) -> dict[str, bytes]:
    """The bytes of the pages, without the serial."""
    found = {}
    for path in ["/simple/", "/simple/demo/", "/simple/other/", "/simple/new/"]:
        for kind, headers in [("html", {}), ("json", JSON)]:
            body = site.get(path, headers=headers).body
            body = re.sub(rb'"_last-serial": ?\d+', b'"_last-serial":0', body)
            found[f"{path} {kind}"] = re.sub(rb"<!--SERIAL \d+-->", b"<!--SERIAL 0-->", body)
    found["/packages/"] = site.get("/packages/").body
    return found


def knows_all(site) -> bool:
    """Whether nothing is left to be read in the background."""
    for name in ["demo", "other", "new"]:
        for file in site.get(f"/simple/{name}/", headers=JSON).json["files"]:
            if "sha256" not in file["hashes"]:
                return False
            if file["filename"].endswith(".whl") and not file.get("core-metadata"):
                return False
    return site.get("/packages/").text.count("#sha256=") == len(FILES) + 1


@pytest.fixture
def settled(serve, either_name):
    site = serve(either_name, "--disable-fallback", *OPEN, files=FILES)
    assert site.upload(wheel("new", "1.0", requires_python=">=3.9")).status == 200
    wait_until(lambda: knows_all(site), seconds=10)
    return site


def test_pages_are_the_same_bytes_without_the_state_of_before(settled):
    before = pages(settled)
    settled.stop()
    shutil.rmtree(settled.packages / ".wheelhouse")
    settled.start()
    wait_until(lambda: pages(settled) == before, seconds=10, what="the same bytes")


def test_pages_are_the_same_bytes_at_once_after_a_restart(settled):
    before = pages(settled)
    settled.restart()
    assert pages(settled) == before


def read_bytes(site) -> int:
    """How much the program has read since it began, from files and sockets."""
    text = Path(f"/proc/{site.process.pid}/io").read_text()
    return int(re.search(r"rchar: (\d+)", text).group(1))


def test_restart_reads_no_file_again(serve, either_name):
    files = [wheel("demo", f"1.{number}", padding=5_000_000) for number in range(4)]
    site = serve(either_name, "--disable-fallback", files=files)
    wait_until(
        lambda: len(site.get("/simple/demo/", headers=JSON).json["files"]) == 4
        and all(f["hashes"] for f in site.get("/simple/demo/", headers=JSON).json["files"]),
        seconds=20,
    )
    assert read_bytes(site) > 20_000_000, "the measure does not see what is read"
    site.restart()
    page = site.get("/simple/demo/", headers=JSON).json
    assert {f["hashes"]["sha256"] for f in page["files"]} == {file.sha256 for file in files}
    assert read_bytes(site) < 5_000_000


def damaged(path: Path, how: str) -> None:
    content = path.read_bytes()
    match how:
        case "no database":
            path.write_bytes(b"this is no database" * 1000)
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "empty":
            path.write_bytes(b"")
        case "holes":
            # Every page but the first is noise.
            path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
        case "head":
            path.write_bytes(b"\0" * 100 + content[100:])
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@pytest.mark.parametrize("how", ["no database", "cut", "empty", "holes", "head"])
def test_damaged_catalog_is_moved_aside_and_made_anew(settled, how):
    before = pages(settled)
    settled.stop()
    catalogs = [p for p in (settled.packages / ".wheelhouse").glob("*.sqlite*") if p.stat().st_size > 4096]
    assert len(catalogs) == 1, catalogs
    damaged(catalogs[0], how)
    settled.start()
    wait_until(lambda: pages(settled) == before, seconds=10, what="the same bytes")
    if how != "empty":  # An empty file is a database without a table: nothing to keep.
        aside = [p.name for p in (settled.packages / ".wheelhouse").iterdir() if "damaged" in p.name]
        assert aside, "the damaged file is kept"
        assert "damaged" in settled.log, "and the log tells of it"
    # It takes uploads, and keeps them.
    last = wheel("other", "3.0")
    assert settled.upload(last).status == 200
    settled.restart()
    assert last.filename in settled.listed()


@pytest.mark.parametrize("what", ["-wal", "-shm"])
def test_damaged_log_of_the_catalog_loses_no_package(settled, what):
    before = pages(settled)
    settled.stop(signal.SIGKILL)
    folder = settled.packages / ".wheelhouse"
    path = next(p for p in folder.glob("*.sqlite"))
    path.with_name(path.name + what).write_bytes(b"\xa5" * 40_000)
    settled.start()
    wait_until(lambda: pages(settled) == before, seconds=10, what="the same bytes")


def test_catalog_folder_whose_files_are_folders_is_a_sentence(serve, either_name, tmp_path):
    (tmp_path / "state").mkdir()
    site = serve(either_name, *OPEN, "--state-dir", tmp_path / "state")
    site.stop()
    catalog = next((tmp_path / "state").glob("*.sqlite"))
    for path in (tmp_path / "state").glob("*.sqlite*"):
        path.unlink()
    catalog.mkdir()
    try:
        site.start()
    except AssertionError as ended:
        site.is_expected_to_fail = True
        assert "panicked" not in str(ended)
        assert site.stderr.splitlines()[-1] and "error: " in site.stderr, site.stderr
        assert catalog.name in site.stderr or "state" in site.stderr


@pytest.mark.parametrize("is_named", [True, False], ids=["named", "found"])
def test_second_server_on_one_state_folder_is_refused_with_the_way_out(
    serve, either_name, tmp_path, is_named
):
    options = [*OPEN, "--disable-fallback", *(["--state-dir", tmp_path] if is_named else [])]
    first = serve(either_name, *options)
    second = serve(either_name, *options, start=False)
    second.is_expected_to_fail = True
    second.root_arguments = [str(first.packages)]
    with pytest.raises(AssertionError, match="ended with"):
        second.start()
    said = [line for line in second.stderr.splitlines() if line.startswith("error: ")]
    assert len(said) == 1, second.stderr
    assert "--state-dir" in said[0] and "in use" in said[0], said
    assert second.process.returncode == 1
    # The first has taken no harm, and its folder is free once it has gone, however it went.
    assert first.upload(FILES[0]).status == 200
    assert first.get("/packages/" + FILES[0].filename).body == FILES[0].content
    first.stop(signal.SIGKILL)
    second.start()
    second.is_expected_to_fail = False
    assert second.listed() == [FILES[0].filename]


def test_two_servers_with_state_of_their_own_share_a_root(serve, either_name, tmp_path):
    first = serve(either_name, *OPEN, "--disable-fallback", "--state-dir", tmp_path / "first")
    second = serve(
        either_name, *OPEN, "--disable-fallback", "--state-dir", tmp_path / "second", start=False
    )
    second.root_arguments = [str(first.packages)]
    second.start()
    assert first.upload(FILES[0]).status == 200
    second.await_listed(FILES[0].filename)
    assert second.get("/packages/" + FILES[0].filename).body == FILES[0].content
    assert second.upload(FILES[2]).status == 200
    first.await_listed(FILES[0].filename, FILES[2].filename)


def test_names_that_a_crash_left_are_swept_and_packages_are_not(settled):
    settled.stop(signal.SIGKILL)
    incoming = settled.packages / ".wheelhouse" / "incoming"
    incoming.mkdir(exist_ok=True)
    for number in range(3):
        (incoming / f"upload-{uuid.uuid4()}").write_bytes(b"half of a file")
    stray = settled.packages / ".someone-elses.tmp"
    stray.write_bytes(b"not ours")
    settled.start()
    wait_until(lambda: not list(incoming.iterdir()), seconds=10, what="swept")
    assert stray.read_bytes() == b"not ours"
    assert len(settled.listed()) == len(FILES) + 1

"""Disks that are full, locked, or taken away."""

from __future__ import annotations

import pytest

from support.distributions import any_file, wheel
from support.waiting import never, wait_until

from .namespaces import inside, run_inside, start_after

OPEN = ["-a", ".", "-P", "."]
DEMO = wheel("demo", "1.0")
SMALL_DISK = 'mount -t tmpfs -o size=2m none "$0"'


@pytest.fixture(params=["state on the full disk", "state elsewhere"])
def small_disk(request, serve, either_name, tmp_path):
    """A server whose folder holds two megabytes."""
    elsewhere = ["--state-dir", tmp_path] if request.param == "state elsewhere" else []
    site = serve(either_name, "--disable-fallback", *OPEN, *elsewhere, start=False)
    return start_after(site, SMALL_DISK)


def left_on(site) -> list[str]:
    """The files on the server's disk, without the catalog's."""
    root = inside(site, site.packages)
    return sorted(
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and (path.parent.name != ".wheelhouse")
    )


def test_upload_to_a_full_disk_is_507_and_leaves_nothing(small_disk):
    site = small_disk
    assert site.upload(DEMO).status == 200
    large = wheel("large", "1.0", padding=3_000_000)
    for _ in range(3):
        answer = site.upload(large)
        assert answer.status == 507, answer
        assert answer.reason and answer.text.strip(), "and says why"
        wait_until(lambda: left_on(site) == [DEMO.filename], seconds=2, what="nothing left")
    assert site.listed() == [DEMO.filename]
    assert site.get("/simple/large/").status == 404
    # The server goes on.
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    other = wheel("other", "1.0")
    assert site.upload(other).status == 200
    assert site.get("/packages/" + other.filename).body == other.content


def test_disk_that_others_filled_is_507_until_there_is_room(small_disk):
    site = small_disk
    assert site.upload(DEMO).status == 200
    hog = inside(site, site.packages / ".hog")
    with hog.open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    answer = site.upload(wheel("other", "1.0", padding=20_000))
    assert answer.status == 507, answer
    # What is there can be read, though nothing can be written.
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    assert site.get("/simple/demo/").links[0].fragment == f"sha256={DEMO.sha256}"
    assert site.listed() == [DEMO.filename]
    hog.unlink()
    other = wheel("other", "1.0", padding=20_000)
    wait_until(lambda: site.upload(other).status == 200, seconds=10)
    assert sorted(site.listed()) == sorted([DEMO.filename, other.filename])
    assert site.get("/packages/" + other.filename).body == other.content


def test_owner_who_cannot_be_recorded_is_507_and_owns_nothing(serve, wheelhouse):
    """There is room for the file, and none for what the catalog has to say about it."""
    locked = ["-P", ".htpasswd", "-a", "update", "--rule", "user:ada all"]
    site = serve(wheelhouse, "--disable-fallback", *locked, users={"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}, start=False)
    start_after(site, SMALL_DISK)
    ada = ("ada", "secret")
    assert site.upload(DEMO, user=ada).status == 200
    hog = inside(site, site.packages / ".hog")
    with hog.open("wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(b"x" * 4096)
    with hog.open("r+b") as file:
        file.truncate(hog.stat().st_size - 16_384)
    for number in range(5):
        answer = site.upload(wheel(f"other{number}", "1.0"), user=ada)
        assert answer.status == 507 and "no space left" in answer.text, answer
        roles = site.get(f"/api/v1/access/roles?project=other{number}", user=ada)
        assert roles.json["roles"] == []
    assert site.listed() == [DEMO.filename] == left_on(site)[-1:]
    hog.unlink()
    other = wheel("other1", "1.0")
    wait_until(lambda: site.upload(other, user=ada).status == 200, seconds=10)
    roles = site.get("/api/v1/access/roles?project=other1", user=ada).json["roles"]
    assert [(role["user"], role["role"]) for role in roles] == [("ada", "owner")]


@pytest.mark.parametrize("state", ["given", "found"])
def test_disk_mounted_read_only_is_listed_and_uploads_are_403(serve, either_name, tmp_path, state):
    given = ["--state-dir", tmp_path] if state == "given" else []
    site = serve(either_name, "--disable-fallback", *OPEN, *given, files=[DEMO], start=False)
    start_after(site, 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"')
    assert site.listed() == [DEMO.filename]
    assert site.get("/simple/demo/").links[0].fragment == f"sha256={DEMO.sha256}"
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    answer = site.upload(wheel("new", "1.0"))
    assert answer.status == 403, answer
    assert "read-only" in answer.text.lower() or "written" in answer.text.lower(), answer
    assert [path.name for path in site.packages.iterdir()] == [DEMO.filename]
    # What is written beside the mount is followed.
    other = wheel("other", "1.0")
    other.put(site.packages, rested=False)
    site.await_listed(DEMO.filename, other.filename)


def test_disk_that_becomes_read_only_is_403_until_it_can_be_written(serve, either_name, tmp_path):
    """As ext4 does after an error."""
    site = serve(either_name, *OPEN, "--state-dir", tmp_path, start=False)
    start_after(site, SMALL_DISK)
    assert site.upload(DEMO).status == 200
    run_inside(site, "mount", "-o", "remount,ro", site.packages)
    answer = site.upload(wheel("other", "1.0"))
    assert answer.status == 403 and answer.text.strip(), answer
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    run_inside(site, "mount", "-o", "remount,rw", site.packages)
    assert site.upload(wheel("other", "1.0")).status == 200


def test_disk_that_is_mounted_while_the_server_runs_is_read(serve, either_name, tmp_path):
    """The volume came late: the folder was its empty mount point."""
    site = serve(either_name, "--disable-fallback", "--state-dir", tmp_path, start=False)
    volume = site.folder / "volume"
    files = [any_file(f"demo-1.{number}.zip") for number in range(5)]
    for file in files:
        file.put(volume)
    start_after(site, ":")
    assert site.listed() == []
    run_inside(site, "mount", "--bind", volume, site.packages)
    # No event tells of a mount; only the scan can.
    site.await_listed(*(file.filename for file in files), seconds=75)


def test_restart_on_a_full_disk_serves_what_is_there(serve, either_name):
    """Nothing can be written, the catalog neither; what is there can be read all the same."""
    site = serve(either_name, "--disable-fallback", *OPEN)
    assert site.upload(DEMO).status == 200
    site.stop()
    small = site.folder / "small"
    small.mkdir()
    script = (
        f'mount -t tmpfs -o size=2m none "{small}"; cp -a "$0/." "{small}"; '
        f'cat /dev/zero > "{small}/.hog" 2>/dev/null || true; mount --bind "{small}" "$0"'
    )
    start_after(site, script)
    site.await_listed(DEMO.filename)
    wait_until(lambda: site.get("/simple/demo/").links[0].fragment == f"sha256={DEMO.sha256}", seconds=10)
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    assert site.upload(wheel("new", "1.0", padding=20_000)).status in (403, 507)
    never(lambda: site.listed() != [DEMO.filename], seconds=1)
    assert "is full" in site.log, "the log says why nothing is recorded"

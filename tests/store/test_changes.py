"""The index follows its folders: files that come, change, move and go while it runs."""

from __future__ import annotations

import os
import shutil
import threading
import time

import pytest

from support.distributions import any_file, sdist, wheel
from support.programs import Door, Site
from support.waiting import never, wait_until

SECONDS = 2.0
# On a machine that is busy with other tests, half a second more.
SLACK = 1.5
DEMO = wheel("demo", "1.0")


@pytest.fixture
def site(serve, either_name: Door) -> Site:
    return serve(either_name, "--disable-fallback")


def seen_within(site: Site, seconds: float, *paths: str) -> None:
    wanted = sorted(paths)
    wait_until(lambda: sorted(site.listed()) == wanted, seconds=seconds, what=str(wanted))


def test_file_copied_in_is_listed_within_two_seconds(site):
    DEMO.put(site.packages, rested=False)
    seen_within(site, SECONDS + SLACK, DEMO.filename)
    link = site.get("/simple/demo/").links[0]
    assert link.fragment == f"sha256={DEMO.sha256}"
    assert site.get(link.path).body == DEMO.content


def test_many_files_copied_in_are_all_listed(site):
    files = [wheel(f"demo{number % 7}", f"1.{number}") for number in range(150)]
    for file in files:
        file.put(site.packages, rested=False)
    seen_within(site, 10, *(file.filename for file in files))
    for file in files[::10]:
        assert site.get("/packages/" + file.filename).body == file.content


def test_file_renamed_into_place_is_listed_within_two_seconds(site):
    path = DEMO.put(site.folder, rested=False)
    path.rename(site.packages / DEMO.filename)
    seen_within(site, SECONDS + SLACK, DEMO.filename)


def test_temporary_name_renamed_inside_the_folder_is_listed(site):
    path = DEMO.put(site.packages, ".upload.tmp", rested=False)
    time.sleep(0.3)
    path.rename(site.packages / DEMO.filename)
    seen_within(site, SECONDS + SLACK, DEMO.filename)


def test_hard_link_is_listed(site):
    path = DEMO.put(site.folder)
    os.link(path, site.packages / DEMO.filename)
    seen_within(site, 6, DEMO.filename)


def test_deleted_file_is_gone_within_two_seconds(serve, either_name):
    site = serve(either_name, "--disable-fallback", files=[DEMO, wheel("other", "1.0")])
    (site.packages / DEMO.filename).unlink()
    seen_within(site, SECONDS + SLACK, wheel("other", "1.0").filename)
    assert site.get("/packages/" + DEMO.filename).status == 404
    assert site.get("/simple/demo/").status == 404
    assert site.get("/simple/").names == ["other"]


def test_file_moved_out_is_gone_and_moved_back_is_there(serve, either_name):
    site = serve(either_name, "--disable-fallback", files=[DEMO])
    (site.packages / DEMO.filename).rename(site.folder / "kept-aside")
    seen_within(site, SECONDS + SLACK)
    (site.folder / "kept-aside").rename(site.packages / DEMO.filename)
    seen_within(site, SECONDS + SLACK, DEMO.filename)
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content


@pytest.mark.parametrize("how", ["written over", "renamed over"])
def test_replaced_file_is_served_with_its_own_hash(serve, either_name, how):
    site = serve(either_name, "--disable-fallback", files=[DEMO])
    assert site.get("/simple/demo/").links[0].fragment == f"sha256={DEMO.sha256}"
    assert site.get("/packages/" + DEMO.filename).body == DEMO.content
    changed = wheel("demo", "1.0", source="# a change of the file", requires_python=">=3.9")
    if how == "written over":
        changed.put(site.packages, rested=False)
    else:
        changed.put(site.folder, rested=False).rename(site.packages / DEMO.filename)
    wait_until(
        lambda: site.get("/simple/demo/").links[0].fragment == f"sha256={changed.sha256}",
        seconds=SECONDS + SLACK,
    )
    assert site.get("/packages/" + DEMO.filename).body == changed.content
    assert site.get("/simple/demo/").links[0].attributes["data-requires-python"] == ">=3.9"


def test_replaced_file_of_the_same_size_and_time_is_noticed(serve, either_name):
    first, second = any_file("demo-1.0.zip", b"a" * 100), any_file("demo-1.0.zip", b"b" * 100)
    site = serve(either_name, "--disable-fallback", files=[first])
    assert site.get("/packages/demo-1.0.zip").body == first.content
    # `cp -p` and `rsync -t` keep the time.
    second.put(site.folder).rename(site.packages / "demo-1.0.zip")
    wait_until(lambda: site.get("/packages/demo-1.0.zip").body == second.content, seconds=5)
    wait_until(
        lambda: site.get("/simple/demo/").links[0].fragment == f"sha256={second.sha256}", seconds=5
    )


def test_old_hash_is_never_shown_with_new_bytes(serve, either_name):
    """Whatever page and file a client gets during changes, a hash that it saw is of bytes that
    were there, and the bytes under a tag are the bytes of that tag."""
    versions = [wheel("demo", "1.0", source=f"# {number}") for number in range(40)]
    by_hash = {file.sha256: file.content for file in versions}
    site = serve(either_name, "--disable-fallback", files=versions[:1])
    done = threading.Event()

    def change() -> None:
        for file in versions[1:]:
            file.put(site.folder, "next", rested=False).rename(site.packages / DEMO.filename)
            time.sleep(0.05)
        done.set()

    changer = threading.Thread(target=change)
    changer.start()
    try:
        while not done.is_set():
            answer = site.get("/packages/" + DEMO.filename)
            if answer.status == 200:
                tag = (answer.header("ETag") or "").strip('"')
                assert by_hash[tag] == answer.body
            else:
                assert answer.status in (404, 503)
    finally:
        changer.join()


def test_new_folder_is_followed(site):
    DEMO.put(site.packages, f"new/deep/{DEMO.filename}", rested=False)
    seen_within(site, SECONDS + SLACK, f"new/deep/{DEMO.filename}")
    other = wheel("other", "1.0")
    other.put(site.packages, f"new/deep/{other.filename}", rested=False)
    seen_within(site, SECONDS + SLACK, f"new/deep/{DEMO.filename}", f"new/deep/{other.filename}")


def test_folder_moved_in_renamed_and_moved_out_is_followed(site):
    outside = site.folder / "outside"
    files = [wheel("demo", f"1.{number}") for number in range(5)]
    for file in files:
        file.put(outside / "sub", rested=False)
    outside.rename(site.packages / "one")
    seen_within(site, 5, *(f"one/sub/{file.filename}" for file in files))
    (site.packages / "one").rename(site.packages / "two")
    seen_within(site, 5, *(f"two/sub/{file.filename}" for file in files))
    for file in files:
        assert site.get(f"/packages/one/sub/{file.filename}").status == 404
        assert site.get(f"/packages/two/sub/{file.filename}").body == file.content
    # What is written below the new name is seen too.
    changed = wheel("demo", "1.0", source="# changed")
    changed.put(site.packages, f"two/sub/{changed.filename}", rested=False)
    wait_until(
        lambda: site.get(f"/packages/two/sub/{changed.filename}").body == changed.content, seconds=5
    )
    (site.packages / "two").rename(outside)
    seen_within(site, 5)


def test_folder_deleted_is_followed(site):
    for number in range(5):
        file = wheel("demo", f"1.{number}")
        file.put(site.packages, f"sub/{file.filename}", rested=False)
    wait_until(lambda: len(site.listed()) == 5, seconds=5)
    shutil.rmtree(site.packages / "sub")
    seen_within(site, 5)


def test_arrivals_in_new_folders_never_hang_the_server(site):
    """The case in which pypiserver's cache locks itself up, 12 times of 12."""
    stop = threading.Event()

    def arrive() -> None:
        for number in range(60):
            file = wheel("demo", f"1.{number}")
            file.put(site.packages, f"folder{number}/{file.filename}", rested=False)
            if stop.wait(0.02):
                return

    arriving = threading.Thread(target=arrive)
    arriving.start()
    try:
        for _ in range(100):
            assert site.get("/simple/demo/").status in (200, 404)
    finally:
        arriving.join()
        stop.set()
    wait_until(lambda: len(site.get("/simple/demo/").names) == 60, seconds=10)


def test_events_off_the_scan_alone_follows(serve, either_name):
    site = serve(
        either_name, "--disable-fallback", "--watch", "poll", "--scan-interval-seconds", "1"
    )
    DEMO.put(site.packages, rested=False)
    seen_within(site, 8, DEMO.filename)
    (site.packages / DEMO.filename).rename(site.packages / "demo-1.1-py3-none-any.whl")
    seen_within(site, 8, "demo-1.1-py3-none-any.whl")
    (site.packages / "demo-1.1-py3-none-any.whl").unlink()
    seen_within(site, 8)


WATCHES = {
    "with events": ["--watch", "auto"],
    "by scans": ["--watch", "poll", "--scan-interval-seconds", "1"],
}


@pytest.mark.parametrize("options", WATCHES.values(), ids=WATCHES)
@pytest.mark.parametrize("make", [wheel, sdist], ids=["wheel", "sdist"])
def test_slow_copy_that_stalls_for_ten_seconds_is_not_listed_before_its_end(
    serve, either_name, options, make
):
    if make is sdist and either_name.is_drop_in:
        # One name is enough for the second kind of archive: it waits ten seconds.
        either_name = either_name.__class__("wheelhouse", is_drop_in=False)
    site = serve(either_name, "--disable-fallback", *options)
    large = make("large", "1.0", padding=300_000)
    with (site.packages / large.filename).open("wb") as copy:
        copy.write(large.content[:150_000])
        copy.flush()
        os.fsync(copy.fileno())
        never(lambda: site.listed(), seconds=10, what="half a file is listed")
        assert site.get("/simple/large/").status == 404
        assert site.get("/packages/" + large.filename).status in (404, 503)
        copy.write(large.content[150_000:])
    seen_within(site, 6 + SLACK, large.filename)
    assert site.get("/simple/large/").links[0].fragment == f"sha256={large.sha256}"
    assert site.get("/packages/" + large.filename).body == large.content


@pytest.mark.parametrize("options", WATCHES.values(), ids=WATCHES)
def test_copy_that_stalls_across_a_start_is_not_listed_before_its_end(serve, either_name, options):
    site = serve(either_name, "--disable-fallback", *options, start=False)
    large = wheel("large", "1.0", padding=300_000)
    with (site.packages / large.filename).open("wb") as copy:
        copy.write(large.content[:150_000])
        copy.flush()
        site.start()
        never(lambda: site.listed(), seconds=5, what="half a file is listed")
        copy.write(large.content[150_000:])
    seen_within(site, 8, large.filename)
    assert site.get("/packages/" + large.filename).body == large.content


def test_file_that_arrived_just_before_the_start_is_listed_soon(serve, either_name):
    site = serve(either_name, "--disable-fallback", start=False)
    DEMO.put(site.packages, rested=False)
    site.start()
    seen_within(site, 6, DEMO.filename)


def test_file_changed_while_the_server_was_down_is_read_anew(serve, either_name):
    site = serve(either_name, "--disable-fallback", files=[DEMO, wheel("gone", "1.0")])
    assert len(site.listed()) == 2
    site.get("/simple/demo/")
    site.stop()
    changed = wheel("demo", "1.0", source="# changed")
    changed.put(site.packages)
    (site.packages / wheel("gone", "1.0").filename).unlink()
    wheel("fresh", "1.0").put(site.packages)
    site.start()
    seen_within(site, 5, changed.filename, wheel("fresh", "1.0").filename)
    wait_until(
        lambda: site.get("/simple/demo/").links[0].fragment == f"sha256={changed.sha256}", seconds=5
    )
    assert site.get("/packages/" + changed.filename).body == changed.content

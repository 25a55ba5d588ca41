"""`wheelhouse check`: each kind of damage is made by hand, found and named, and mended where that can be
proven; and the same as a slow job of the server."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
import time

import pytest

from support.distributions import Distribution, sdist, wheel
from support.postgres import Cluster
from support.upkeep import PLACES, Kept, age, keeper, put_sealed
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
DEMO = wheel("demo", "1.0", requires_python=">=3.8", summary="A demo")
LATER = wheel("demo", "1.1")
SOURCE = sdist("demo", "1.0")
FILES = [DEMO, LATER, SOURCE]


def filled(keep, place: str, *options: str) -> Kept:
    """An index of some files, all of which were read, with a server."""
    kept = keep(place, *options)
    for file in FILES:
        assert kept.site.upload(file).status == 200
    wait_until(lambda: kept.site.get("/api/v1/status").json["unread"] == 0, seconds=10)
    return kept


@pytest.fixture(params=PLACES)
def anywhere(request, keep) -> Kept:
    return filled(keep, request.param)


@pytest.fixture
def folder(keep) -> Kept:
    kept = filled(keep, "folder")
    kept.site.stop()
    return kept


@pytest.fixture
def objects(keep) -> Kept:
    kept = filled(keep, "objects")
    kept.site.stop()
    return kept


# Where nothing is wrong.


def test_nothing_is_found_beside_a_server_and_without_one(anywhere):
    anywhere.own("yank", "demo==1.1")
    for more in ([], ["--rehash"]):
        answer = anywhere.asked("check", *more)
        assert (answer["files"], answer["left"], answer["findings"]) == (3, 0, []), answer
        assert (answer["bytes"] > 0) == bool(more)
    anywhere.site.stop()
    anywhere.clean("--rehash")
    anywhere.clean("--rehash", "--repair")
    anywhere.site.start()
    assert anywhere.site.get(f"/packages/{DEMO.filename}").body == DEMO.content


def test_it_is_told_in_sentences_and_with_progress(folder):
    done = folder.run("check")
    assert done.returncode == 0 and done.stdout == "checked 3 files: everything is as it is recorded\n"
    assert "looking for files: 0 of 3\n" in done.stderr, done.stderr
    (folder.site.packages / DEMO.filename).unlink()
    done = folder.run("check")
    assert done.returncode == 1, done
    assert done.stdout == (
        f"WRONG file-gone {DEMO.filename}: there is no such file any more; --repair mends it\n"
        "checked 3 files: found wrong: 1\n"
    )


def test_where_there_is_no_catalog_it_says_so(keep):
    kept = keep("objects", start=False)
    done = kept.run("check")
    assert done.returncode == 4 and "there is no catalog" in done.stderr, done


def test_repairs_in_a_catalog_that_a_server_has_are_refused(keep):
    kept = filled(keep, "objects")
    done = kept.run("check", "--repair")
    assert done.returncode == 4 and "stop the server" in done.stderr, done
    kept.clean()


# Folders.


def test_files_that_went_came_and_changed_are_found_and_recorded(folder):
    packages = folder.site.packages
    (packages / DEMO.filename).unlink()
    SOURCE.put(packages, LATER.filename)
    new = wheel("new", "1.0").put(packages)
    expected = [
        f"file-changed {LATER.filename}",
        f"file-gone {DEMO.filename}",
        f"file-not-listed {new.name}",
    ]
    assert folder.found() == [f"{one} mendable" for one in expected]
    assert folder.found("--repair", code=0)[:3] == [f"{one} mended" for one in expected]
    assert folder.found(code=0) == ["not-read  notice"]
    folder.site.start()
    folder.site.await_listed(LATER.filename, SOURCE.filename, new.name)


def test_bytes_that_the_disk_has_altered_are_found_by_reading_them(folder):
    path = folder.site.packages / DEMO.filename
    status = path.stat()
    altered = bytearray(DEMO.content)
    altered[100] ^= 1
    with path.open("r+b") as file:
        file.write(altered)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    folder.clean()
    assert folder.found("--rehash", "--repair") == [f"content-altered {DEMO.filename} left"]
    path.write_bytes(DEMO.content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    folder.clean("--rehash")


def test_a_file_that_lies_in_the_bin_by_mistake_is_put_back(folder):
    path = folder.site.packages / DEMO.filename
    bin_folder = folder.site.packages / ".wheelhouse" / "bin"
    bin_folder.mkdir(exist_ok=True)
    path.rename(bin_folder / f"{int(time.time())}-{DEMO.sha256[:16]}-{DEMO.filename}")
    assert folder.found("--repair", code=0) == [f"file-gone {DEMO.filename} mended"]
    assert path.read_bytes() == DEMO.content
    folder.clean("--rehash")


def test_a_deleted_file_is_not_put_back(folder):
    folder.own("delete", f"demo/{DEMO.filename}", "--yes")
    folder.clean("--rehash", "--repair")
    assert not (folder.site.packages / DEMO.filename).exists()


def test_marks_that_are_not_beside_the_files_are_written_again(folder):
    folder.own("yank", "demo==1.1")
    marks = folder.site.packages / ".wheelhouse-marks.json"
    before = marks.read_bytes()
    marks.unlink()
    assert folder.found() == ["marks-differ  mendable"]
    assert folder.found("--repair", code=0) == ["marks-differ  mended"]
    assert marks.read_bytes() == before
    folder.clean()
    marks.write_text("{")
    assert folder.found("--repair") == ["marks-differ  left"]


# The catalog.


SET = {
    "count-wrong": "UPDATE indexes SET file_count = 17, unread_count = 2",
    "metadata-readable": f"UPDATE files SET metadata_state = 'unreadable', unreadable_reason = 'odd', offered_sha256 = NULL,"
    f" requires_python = NULL, summary = NULL WHERE path = '{DEMO.filename}'",
    "metadata-differs": f"UPDATE files SET summary = 'Something else' WHERE path = '{DEMO.filename}'",
}


def test_counts_that_are_wrong_are_counted_again(anywhere):
    if not anywhere.cluster:
        anywhere.site.stop()
    anywhere.sql(f"{SET['count-wrong']}; UPDATE projects SET file_count = 9")
    expected = ["count-wrong  {0}", "count-wrong  {0}", "count-wrong demo {0}"]
    assert anywhere.found() == [one.format("mendable") for one in expected] + ["not-read  notice"]
    assert anywhere.found("--repair", code=0) == [one.format("mended") for one in expected]
    anywhere.clean()


def test_metadata_that_was_not_read_or_is_another_files_is_read_again(anywhere):
    page = lambda: anywhere.site.get("/simple/demo/", headers=JSON).json["files"]  # noqa: E731
    before = page()
    anywhere.site.stop()
    anywhere.sql(SET["metadata-readable"])
    assert anywhere.found() == [f"metadata-readable {DEMO.filename} mendable"]
    assert anywhere.found("--repair", code=0) == [f"metadata-readable {DEMO.filename} mended"]
    anywhere.clean("--rehash")
    anywhere.sql(SET["metadata-differs"])
    anywhere.clean()
    assert anywhere.found("--rehash", "--repair", code=0) == [f"metadata-differs {DEMO.filename} mended"]
    anywhere.clean("--rehash")
    anywhere.site.start()
    assert page() == before


def test_a_provenance_that_is_flagged_and_not_there_is_found(anywhere):
    anywhere.site.stop()
    true = "true" if anywhere.cluster else "1"
    anywhere.sql(f"UPDATE files SET has_provenance = {true} WHERE path = '{DEMO.filename}'")
    assert anywhere.found() == [f"provenance-differs {DEMO.filename} mendable"]
    assert anywhere.found("--repair", code=0) == [f"provenance-differs {DEMO.filename} mended"]
    anywhere.clean("--rehash")


def test_two_faults_of_one_file_are_both_mended(folder):
    folder.sql(f"{SET['metadata-differs']}; UPDATE files SET has_provenance = 1 WHERE path = '{DEMO.filename}'")
    expected = [f"metadata-differs {DEMO.filename}", f"provenance-differs {DEMO.filename}"]
    assert folder.found("--rehash") == [f"{one} mendable" for one in expected]
    assert folder.found("--rehash", "--repair", code=0) == [f"{one} mended" for one in expected]
    folder.clean("--rehash")


def test_a_provenance_that_is_there_and_not_flagged_is_found(folder):
    statement = {"subject": [{"name": DEMO.filename, "digest": {"sha256": DEMO.sha256}}]}
    envelope = {"statement": base64.b64encode(json.dumps(statement).encode()).decode()}
    provenance = {"version": 1, "attestation_bundles": [{"attestations": [{"envelope": envelope}]}]}
    (folder.site.packages / f"{DEMO.filename}.provenance").write_text(json.dumps(provenance))
    assert folder.found("--repair", code=0) == [f"provenance-differs {DEMO.filename} mended"]
    folder.clean("--rehash")


def test_a_mark_of_serials_that_was_reached_is_set_ahead(folder):
    (folder.state / "serial").write_text("1\n")
    assert folder.found() == ["serial-mark-behind  mendable"]
    # Whoever opens the catalog for writing sets it.
    folder.clean("--repair")
    folder.clean()


def test_what_the_database_says_of_itself_is_told(folder):
    folder.sql(
        "PRAGMA writable_schema = ON;"
        " UPDATE sqlite_schema SET sql = replace(sql, 'sha256 IS NULL', 'sha256 IS NOT NULL') WHERE name = 'files_unread';"
        " PRAGMA writable_schema = RESET"
    )
    answer = folder.asked("check", code=1)
    kinds = {one["kind"] for one in answer["findings"]}
    assert "catalog-damaged" in kinds and "files_unread" in json.dumps(answer), answer
    assert not (folder.state / "catalog.sqlite.suspect").exists(), "a check changes nothing"


# Objects.


def test_content_that_is_gone_or_has_another_size_is_named(objects):
    objects.content(DEMO.sha256).unlink()
    objects.content(LATER.sha256).write_bytes(b"short")
    expected = [f"content-damaged {DEMO.filename} left", f"content-damaged {LATER.filename} left"]
    assert objects.found("--repair") == expected
    objects.site.start()
    for file in [DEMO, LATER]:
        assert objects.site.upload(file).status == 200
    objects.clean("--rehash")


def test_altered_content_is_found_by_reading_it(objects):
    altered = bytearray(DEMO.content)
    altered[100] ^= 1
    objects.content(DEMO.sha256).write_bytes(altered)
    objects.clean()
    assert objects.found("--rehash", "--repair") == [f"content-altered {DEMO.filename} left"]
    objects.content(DEMO.sha256).write_bytes(DEMO.content)
    objects.clean("--rehash")


def test_content_that_was_taken_aside_comes_back(objects):
    aside = objects.objects / "retired" / DEMO.sha256[:2] / DEMO.sha256[2:]
    aside.parent.mkdir(parents=True)
    objects.content(DEMO.sha256).rename(aside)
    objects.clean("--rehash")
    assert objects.content(DEMO.sha256).read_bytes() == DEMO.content


def test_a_lost_record_is_written_again(objects):
    [record] = objects.records(DEMO.sha256)
    before = record.read_bytes()
    record.unlink()
    assert objects.found() == [f"record-missing {DEMO.filename} mendable"]
    assert objects.found("--repair", code=0) == [f"record-missing {DEMO.filename} mended"]
    [again] = objects.records(DEMO.sha256)
    assert again.read_bytes() == before
    objects.clean("--rehash")


def test_a_lost_record_is_not_written_for_altered_content(objects):
    [record] = objects.records(DEMO.sha256)
    record.unlink()
    objects.content(DEMO.sha256).write_bytes(b"x" * len(DEMO.content))
    assert objects.found("--rehash", "--repair") == [
        f"content-altered {DEMO.filename} left",
        f"record-missing {DEMO.filename} left",
    ]
    assert objects.records(DEMO.sha256) == []


def test_an_altered_record_is_written_anew(objects):
    [record] = objects.records(DEMO.sha256)
    before = record.read_bytes()
    record.write_bytes(before.replace(b"demo-1.0", b"demo-9.9"))
    objects.clean()
    assert objects.found("--rehash", "--repair", code=0) == [f"record-unreadable {DEMO.filename} mended"]
    [again] = objects.records(DEMO.sha256)
    assert again.read_bytes() == before and again != record
    objects.clean("--rehash")


def test_a_record_that_nobody_lists_is_named_and_left(objects):
    extra = put_sealed(objects.objects, "extra-1.0.zip", b"extra", 1_700_000_000_000_000)
    odd = put_sealed(objects.objects, "odd-1.0.zip", b"odd", 1_700_000_000_000_000)
    odd.write_bytes(b"{}")
    objects.clean("--rehash")  # young: an upload may be under way
    age([extra, odd])
    assert objects.found("--repair") == [
        "record-not-listed extra-1.0.zip left",
        f"record-unreadable {odd.relative_to(objects.objects)} left",
    ]
    assert extra.exists() and odd.exists()


def test_content_that_nothing_needs_is_a_notice_when_it_is_old(objects):
    content = b"nothing needs it"
    sha256 = hashlib.sha256(content).hexdigest()
    place = objects.content(sha256)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(content)
    objects.clean()
    age([place])
    assert objects.found("--repair", code=0) == [f"content-not-needed {sha256} notice"]
    assert place.exists()


def test_marks_in_the_bucket_are_written_again(objects):
    objects.own("yank", "demo==1.1")
    marks = objects.objects / "marks" / "main.json"
    before = marks.read_bytes()
    marks.unlink()
    assert objects.found("--repair", code=0) == ["marks-differ  mended"]
    assert marks.read_bytes() == before


def test_the_bucket_of_another_index_is_refused(objects):
    (objects.state / "token-key").unlink()
    done = objects.run("check")
    assert done.returncode == 4 and "belongs to another index" in done.stderr, done


def test_a_database_that_is_away_is_no_finding(serve, wheelhouse):
    cluster = Cluster()
    try:
        kept = keeper(serve, wheelhouse, lambda: cluster)("postgres")
        assert kept.site.upload(DEMO).status == 200
        kept.site.stop()
        cluster.stop()
        done = kept.run("check")
        assert done.returncode == 4 and done.stdout == "", done
    finally:
        cluster.close()


# Beside uploads.


def test_uploads_in_flight_are_nothing_wrong(anywhere):
    site, is_over, refused = anywhere.site, threading.Event(), []

    def upload(worker: int) -> None:
        number = 0
        while not is_over.is_set():
            file = wheel(f"busy{worker}", f"1.{number}", padding=300_000)
            answer = site.upload(file)
            if answer.status != 200:
                refused.append(answer)
            number += 1
            # So that others have their turn on a machine with few cores.
            is_over.wait(0.05)

    workers = [threading.Thread(target=upload, args=(worker,)) for worker in range(20)]
    for worker in workers:
        worker.start()
    try:
        wait_until(lambda: site.get("/api/v1/status").json["files"] > 3, seconds=60)
        for more in ([], ["--rehash"]):
            answer = anywhere.asked("check", *more)
            assert {one["outcome"] for one in answer["findings"]} <= {"notice"}, answer
            assert answer["files"] > 3
    finally:
        is_over.set()
        for worker in workers:
            worker.join()
    assert refused == []


# The same, slowly, in the server.


def late(kept: Kept) -> None:
    """Makes a round of the server's own reading so late that everything is due at once."""
    ten_days = 10 * 24 * 3_600 * 1_000_000
    began = int(time.time() * 1_000_000) - ten_days
    (kept.state / "scrub.json").write_text(json.dumps({"format": 1, "began": began, "after": None, "files": 0}))


def damage(kept: Kept, file: Distribution) -> None:
    path = kept.content(file.sha256) if "--files" in kept.words else kept.site.packages / file.filename
    status = path.stat()
    altered = bytearray(file.content)
    altered[100] ^= 1
    with path.open("r+b") as opened:
        opened.write(altered)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("place", PLACES)
def test_damage_is_found_in_the_background_and_told_once(keep, place):
    kept = filled(keep, place, "--scrub-days", "5")
    site = kept.site
    site.stop()
    damage(kept, DEMO)
    late(kept)
    site.start()
    # Of several servers, the one before has its turn for half a minute.
    wait_until(lambda: site.get("/api/v1/status").json["damaged"] == [DEMO.filename], seconds=90)
    wait_until(lambda: "wheelhouse_scrubbed_files_total 3\n" in site.get("/metrics").text, seconds=20)
    assert site.log.count("a file is damaged") == 1, site.log
    metrics = site.get("/metrics").text
    assert "wheelhouse_damaged_files 1\n" in metrics, metrics


def test_how_far_the_background_reading_is_outlives_a_restart(keep):
    kept = filled(keep, "objects", "--scrub-days", "5")
    kept.site.stop()
    names = sorted(file.filename for file in FILES)
    late(kept)
    noted = json.loads((kept.state / "scrub.json").read_text())
    (kept.state / "scrub.json").write_text(json.dumps({**noted, "after": names[1], "files": 2}))
    damage(kept, next(file for file in FILES if file.filename == names[0]))
    kept.site.start()
    wait_until(lambda: "wheelhouse_scrubbed_files_total 1\n" in kept.site.get("/metrics").text, seconds=20)
    assert kept.site.get("/api/v1/status").json["damaged"] == [], "that one was read before"


def test_nothing_is_read_again_if_nobody_wishes(keep):
    kept = filled(keep, "folder", "--scrub-days", "0")
    kept.site.stop()
    late(kept)
    before = (kept.state / "scrub.json").read_text()
    kept.site.start()
    time.sleep(1)
    assert (kept.state / "scrub.json").read_text() == before
    assert "wheelhouse_scrubbed_files_total 0\n" in kept.site.get("/metrics").text

"""`wheelhouse recover`: a lost catalog is made again from sealed records alone, or from a folder alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.distributions import sdist, wheel
from support.programs import binary
from support.upkeep import PLACES, Kept, put_sealed, sealed
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
FILES = [
    wheel("demo", "1.0", requires_python=">=3.8"),
    wheel("demo", "1.1"),
    sdist("demo", "1.1"),
    wheel("demo", "2.0"),
    wheel("odd_name", "1.0"),
    wheel("gone", "1.0"),
]
AT = 1_700_000_000_000_000


def all_read(site) -> bool:
    return site.get("/api/v1/status").json["unread"] == 0


def used(keep, place: str) -> Kept:
    """An index in which something was yanked, deleted and given a status."""
    kept = keep(place)
    for file in FILES:
        assert kept.site.upload(file).status == 200
    kept.own("yank", "demo==1.1", "--reason", "broken")
    kept.own("delete", "demo==2.0", "--yes")
    kept.own("delete", "gone", "--yes")
    kept.own("status", "odd-name", "deprecated", "--reason", "old")
    wait_until(lambda: all_read(kept.site), seconds=10)
    return kept


def state(site) -> dict[str, object]:
    """Everything that clients and people are told of the files, without serials."""
    found: dict[str, object] = {"/packages/": site.get("/packages/").body}
    for path in ["/simple/", "/simple/demo/", "/simple/odd-name/", "/simple/gone/"]:
        answer = site.get(path, headers=JSON)
        body = re.sub(rb'"_last-serial": ?\d+', b"", answer.body)
        found[path] = (answer.status, body if answer.status == 200 else b"")
    for file in FILES:
        answer = site.get(f"/packages/{file.filename}")
        found[file.filename] = (answer.status, hashlib.sha256(answer.body).hexdigest() if answer.status == 200 else "")
        metadata = site.get(f"/packages/{file.filename}.metadata")
        found[f"{file.filename}.metadata"] = (metadata.status, metadata.body if metadata.status == 200 else b"")
    return found


def lose_catalog(kept: Kept) -> None:
    """Takes the catalog away, and leaves the key of tokens."""
    if kept.cluster:
        # The key is in the same database, and is kept.
        key = kept.cluster.sql(kept.database, "SELECT name || ' ' || encode(value, 'hex') FROM shared_keys").split()
        kept.cluster.sql("postgres", f"DROP DATABASE {kept.database} WITH (FORCE)")
        kept.cluster.sql("postgres", f"CREATE DATABASE {kept.database} TEMPLATE template0")
        done = subprocess.run(
            [binary("wheelhouse"), "migrate", "--state-dir", "state"],
            cwd=kept.site.folder, env=kept.site.environment, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, done
        kept.cluster.sql(kept.database, f"INSERT INTO shared_keys (name, value) VALUES ('{key[0]}', decode('{key[1]}', 'hex'))")
        return
    for path in kept.state.glob("catalog.sqlite*"):
        path.unlink()


@pytest.mark.parametrize("more", [[], ["--rehash"]], ids=["in the background", "at once"])
@pytest.mark.parametrize("place", PLACES)
def test_a_lost_catalog_is_made_again_and_says_the_same(keep, place, more):
    kept = used(keep, place)
    before, serial = state(kept.site), kept.site.get("/api/v1/status").json["serial"]
    kept.site.stop()
    lose_catalog(kept)
    answer = kept.asked("recover", *more)
    assert (answer["files"], answer["left"]) == (4, 0), answer
    assert answer["findings"] == []
    kept.clean("--rehash") if more or place == "folder" else None
    kept.site.start()
    wait_until(lambda: all_read(kept.site), seconds=10)
    assert state(kept.site) == before
    assert kept.site.get("/api/v1/status").json["serial"] >= serial
    # What was deleted is known to be so.
    kept.own("undelete", "demo==2.0")
    assert kept.site.get(f"/packages/{FILES[3].filename}").body == FILES[3].content
    assert kept.site.upload(wheel("new", "1.0")).status == 200
    wait_until(lambda: all_read(kept.site), seconds=10)
    kept.clean("--rehash")


@pytest.mark.parametrize("place", PLACES)
def test_a_catalog_that_is_there_is_left_alone(keep, place):
    kept = used(keep, place)
    before = state(kept.site)
    done = kept.run("recover")
    if place != "postgres":
        assert "in use by another server" in done.stderr, done
    kept.site.stop()
    done = kept.run("recover")
    assert done.returncode != 0 and "not empty" in done.stderr, done
    kept.site.start()
    assert state(kept.site) == before


def test_a_server_says_what_to_do_when_its_catalog_is_lost(keep):
    kept = used(keep, "objects")
    kept.site.stop()
    lose_catalog(kept)
    with pytest.raises(AssertionError, match="wheelhouse recover"):
        kept.site.start()
    kept.site.is_expected_to_fail = True


def test_files_of_a_lost_key_are_taken_over_when_somebody_says_so(keep):
    kept = used(keep, "objects")
    before = state(kept.site)
    kept.site.stop()
    theirs = json.loads((kept.objects / "owner.json").read_text())["id"]
    shutil.rmtree(kept.state)
    done = kept.run("recover")
    assert done.returncode == 4 and theirs in done.stderr and "--take-over" in done.stderr, done
    ids = set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", done.stderr))
    assert len(ids) == 2, "both are named"
    assert json.loads((kept.objects / "owner.json").read_text())["id"] == theirs
    assert kept.asked("recover", "--take-over", "--rehash")["files"] == 4
    assert {json.loads((kept.objects / "owner.json").read_text())["id"]} == ids - {theirs}
    kept.site.start()
    assert state(kept.site) == before


def test_a_place_without_files_is_no_index(keep):
    kept = keep("objects", start=False)
    done = kept.run("recover")
    assert done.returncode == 4 and "there are no files of any index" in done.stderr, done


# What cannot be proven.


def emptied(keep) -> Kept:
    """An index over objects that has an owner and no catalog."""
    kept = keep("objects")
    kept.site.stop()
    lose_catalog(kept)
    return kept


def test_what_is_no_good_is_named_and_passed_over(keep):
    kept = emptied(keep)
    good = put_sealed(kept.objects, "good-1.0.zip", b"good", AT)
    damaged = put_sealed(kept.objects, "damaged-1.0.zip", b"damaged", AT)
    damaged.write_bytes(damaged.read_bytes()[:-20])
    altered = put_sealed(kept.objects, "altered-1.0.zip", b"altered", AT)
    altered.write_bytes(altered.read_bytes().replace(b"altered-1.0", b"altered-2.0"))
    foreign = put_sealed(kept.objects, "foreign-1.0.zip", b"foreign", AT, index="other")
    newer = put_sealed(kept.objects, "newer-1.0.zip", b"newer", AT, form=2)
    moved = put_sealed(kept.objects, "moved-1.0.zip", b"moved", AT)
    moved.write_bytes(sealed("good-1.0.zip", b"good", AT))
    gone = put_sealed(kept.objects, "gone-1.0.zip", b"gone", AT)
    kept.content(hashlib.sha256(b"gone").hexdigest()).unlink()
    short = put_sealed(kept.objects, "short-1.0.zip", b"short", AT)
    kept.content(hashlib.sha256(b"short").hexdigest()).write_bytes(b"sho")
    assert good.exists() and gone.exists() and short.exists()
    answer = kept.asked("recover", code=1)
    assert answer["files"] == 1 and answer["left"] == 7
    said = {one["about"]: one["sentence"] for one in answer["findings"]}
    name = lambda record: str(record.relative_to(kept.objects))  # noqa: E731
    for about, words in [
        (name(damaged), "not the JSON"),
        (name(altered), "seal is broken"),
        (name(foreign), "another index, `other`"),
        (name(newer), "format 2"),
        (name(moved), "does not belong"),
        ("gone-1.0.zip", "gone from the store"),
        ("short-1.0.zip", "3 bytes and not 5"),
    ]:
        assert words in said.pop(about), (about, answer)
    assert said == {}
    kept.site.start()
    assert kept.site.listed() == ["good-1.0.zip"]


def test_altered_content_is_listed_and_named_when_it_is_read(keep):
    kept = emptied(keep)
    put_sealed(kept.objects, "good-1.0.zip", b"good", AT)
    put_sealed(kept.objects, "bad-1.0.zip", b"bad", AT)
    kept.content(hashlib.sha256(b"bad").hexdigest()).write_bytes(b"bed")
    answer = kept.asked("recover", "--rehash", code=1)
    altered = [one["about"] for one in answer["findings"] if one["kind"] == "content-altered"]
    assert answer["files"] == 2 and altered == ["bad-1.0.zip"], answer


def test_of_two_uploads_the_later_counts(keep):
    kept = emptied(keep)
    for content, at in [(b"first", AT), (b"last", AT + 2), (b"middle", AT + 1)]:
        put_sealed(kept.objects, "demo-1.0.zip", content, at)
    answer = kept.asked("recover", code=1)
    assert [one["kind"] for one in answer["findings"]] == ["record-older"] * 2, answer
    kept.site.start()
    assert kept.site.get("/packages/demo-1.0.zip").body == b"last"


def test_marks_that_cannot_be_read_are_a_refusal(keep):
    kept = used(keep, "objects")
    kept.site.stop()
    lose_catalog(kept)
    (kept.objects / "marks" / "main.json").write_text("{")
    done = kept.run("recover")
    assert done.returncode == 4 and "mend it" in done.stderr, done


# Broken off.


def many(kept: Kept, count: int) -> None:
    for number in range(count):
        put_sealed(kept.objects, f"demo-{number}.0.zip", f"content {number}".encode(), AT + number, number)


@pytest.mark.parametrize("place", ["objects", "postgres"])
def test_a_recovery_that_was_killed_goes_on_and_loses_nothing(keep, place):
    kept = keep(place)
    kept.site.stop()
    lose_catalog(kept)
    count = 3_000
    many(kept, count)
    process = subprocess.Popen(
        kept.line("recover"), cwd=kept.site.folder, env=kept.site.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    # Somewhere in the middle, as far as the catalog tells.
    wait_until(lambda: 0 < listed(kept) < count or process.poll() is not None, seconds=30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < listed(kept) < count, "it ended too early or too late to tell"
    with pytest.raises(AssertionError, match="recover"):
        kept.site.start()
    kept.site.is_expected_to_fail = True
    assert kept.asked("recover")["files"] == count
    assert listed(kept) == count
    events = int(ask(kept, "SELECT count(*) FROM events"))
    assert events == count, "one of each file"
    kept.site.start()
    assert len(kept.site.listed()) == count


def ask(kept: Kept, question: str) -> str:
    if kept.cluster:
        return kept.cluster.sql(kept.database, question)
    import sqlite3

    try:
        database = sqlite3.connect(f"file:{kept.state / 'catalog.sqlite'}?mode=ro", uri=True)
        try:
            return str(database.execute(question).fetchone()[0])
        finally:
            database.close()
    except sqlite3.OperationalError:
        return "0"


def listed(kept: Kept) -> int:
    return int(ask(kept, "SELECT count(*) FROM files") or 0)


def test_a_recovery_from_a_folder_that_was_killed_is_done_again(keep):
    kept = keep("folder")
    for number in range(300):
        wheel("demo", f"{number}.0", padding=20_000).put(kept.site.packages)
    kept.site.stop()
    shutil.rmtree(kept.state)
    process = subprocess.Popen(
        kept.line("recover"), cwd=kept.site.folder, env=kept.site.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: listed(kept) > 0, seconds=30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert kept.asked("recover")["files"] == 300
    kept.clean("--rehash")
    done = kept.run("recover")
    assert done.returncode != 0 and "not empty" in done.stderr, done


def test_what_cannot_be_read_in_a_folder_is_named(keep):
    kept = keep("folder")
    kept.site.stop()
    shutil.rmtree(kept.state)
    wheel("demo", "1.0").put(kept.site.packages)
    odd = kept.site.packages / "odd-1.0-py3-none-any.whl"
    odd.write_bytes(b"no zip at all")
    os.utime(odd, (time.time() - 100_000,) * 2)
    answer = kept.asked("recover", code=1)
    assert answer["files"] == 2
    assert [(one["kind"], one["about"]) for one in answer["findings"]] == [("file-unreadable", odd.name)]

"""`wheelhouse move-to`: an index goes from a folder to PostgreSQL and a store of objects and back, while
people upload, yank and read. Nobody who reads is refused, and nothing is lost or there twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.distributions import wheel
from support.moving import Load, at_work, expect_all, move, move_through_kills, settings
from support.owners import own
from support.programs import WHEELHOUSE, Site, binary
from support.town import USERS, Client
from support.waiting import wait_until

RULES = ["everybody list+download", "user:ada all"]
GIVEN = ["-P", ".htpasswd", "--disable-fallback", "--max-uploads-per-hour", "0"]
COMMON = {
    "passwords": ".htpasswd", "rule": RULES, "disable_fallback": True, "max_uploads_per_hour": 0,
}


@pytest.fixture
def site(serve, store):
    """A server of a folder, which may reach the store of objects."""
    rules = [word for rule in RULES for word in ("--rule", rule)]
    return serve(WHEELHOUSE, *GIVEN, *rules, users=USERS, environment=store.credentials)


@pytest.fixture
def place(site, store, bucket, cluster):
    """Settings of a place in PostgreSQL and the store."""
    return settings(
        site.folder / "there.toml", catalog=cluster.address(cluster.make_database()), files=f"s3://{bucket}/team",
        s3_endpoint=store.endpoint, state_dir="there", **COMMON,
    )


def test_an_index_moves_while_people_use_it_and_back(site, place):
    load = Load()
    with at_work(site, load, "before"):
        wait_until(lambda: len(load.acknowledged) > 60, seconds=60)
    before = len(load.acknowledged)
    with at_work(site, load, "out"):
        moved = move(site, place, site.packages)
        assert moved.returncode == 0, moved.stderr
        arrived = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > arrived + 20, seconds=60)
    assert not load.broken, load.broken[:5]
    assert arrived > before, "nobody worked meanwhile"
    expect_all(site, load)
    assert "for the next start" or moved.stderr
    print(f"out: {moved.stderr}; refused for {load.pause:.2f} s; {load.reads} reads")

    # The old place takes nothing any more, and says where the index is.
    late = wheel("late", "1.0")
    site.packages.joinpath(late.filename).write_bytes(late.content)
    assert site.get("/simple/late/").status == 404

    back = settings(site.folder / "back.toml", roots=["back"], **COMMON)
    (site.folder / "back").mkdir()
    load.refused.clear()
    with at_work(site, load, "home"):
        returned = move(site, back, "--config", place)
        assert returned.returncode == 0, returned.stderr
        arrived = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > arrived + 20, seconds=60)
    assert not load.broken, load.broken[:5]
    expect_all(site, load)
    for name, file in load.acknowledged.items():
        assert (site.folder / "back" / name).read_bytes() == file.content
    print(f"back: {returned.stderr}; refused for {load.pause:.2f} s; {load.reads} reads")

    # A start with the settings of the last place finds the same; one with the old ones is refused.
    site.stop()
    old = WHEELHOUSE.run("run", "-p", "0", str(site.packages), *GIVEN[:2], folder=site.folder)
    assert old.returncode == 1 and "has moved to s3://" in old.stderr, old.stderr
    site.options, site.root_arguments = ["--config", str(back)], []
    site.start()
    expect_all(site, load)


@pytest.fixture
def plain(serve) -> Site:
    """A server of a folder, that moves to objects in another one."""
    rules = [word for rule in RULES for word in ("--rule", rule)]
    return serve(WHEELHOUSE, *GIVEN, *rules, users=USERS)


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


def near(site: Site, name: str = "there", **more: object) -> Path:
    """Settings of a place beside the folder."""
    (site.folder / f"{name}-objects").mkdir(exist_ok=True)
    given = {"files": f"file:{name}-objects", "state_dir": name, **COMMON, **more}
    return settings(site.folder / f"{name}.toml", **given)


def publish(site: Site, client: Client, *files) -> None:
    for file in files:
        assert client.upload(site, file).status == 200, file.filename


def test_a_move_takes_all_that_is_known_along(plain, client):
    files = [wheel("demo", f"1.{number}") for number in range(4)]
    publish(plain, client, *files, wheel("gone", "1.0"))
    token = json.loads(own(plain, "token", "make", "ci", "--owner", "ada", "--rights", "upload", "--json"))["token"]
    own(plain, "yank", "demo==1.0", "--reason", "broken")
    own(plain, "delete", "demo==1.1", "--yes")
    own(plain, "delete", "gone", "--yes")
    own(plain, "status", "demo", "deprecated", "--reason", "use other")
    own(plain, "group", "add", "data", "bob")
    for _ in range(3):
        assert client.file(plain, files[2].filename).status == 200
    told = lambda *words: json.loads(own(plain, *words, "--json"))
    wait_until(lambda: told("stats", "demo")["downloads"]["total"] == 3, seconds=60)
    before = [own(plain, "log", "--all", "--json"), own(plain, "log", "--access", "--json"), own(plain, "group", "--json")]
    counts = told("stats", "demo")

    there = near(plain)
    moved = move(plain, there, plain.packages)
    assert moved.returncode == 0, moved.stderr
    here = lambda *words: subprocess.run(
        [binary("wheelhouse"), *words, "--config", there], cwd=plain.folder, env=plain.environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True,
    ).stdout
    assert [here("log", "--all", "--json"), here("log", "--access", "--json"), here("group", "--json")] == before
    assert json.loads(here("stats", "demo", "--json")) == counts
    page = json.loads(client.page(plain, "demo").body)
    assert page["project-status"] == {"status": "deprecated", "reason": "use other"}
    assert {item["filename"]: item["yanked"] for item in page["files"]} == {
        files[0].filename: "broken", files[2].filename: False, files[3].filename: False,
    }
    later = wheel("demo", "2.0")
    assert plain.upload(later, user=("__token__", token)).status == 200
    # What was deleted stays away, and comes back when somebody says so.
    assert client.upload(plain, files[1]).status in {400, 409}
    here("undelete", "demo==1.1")
    here("undelete", "gone")
    assert client.file(plain, files[1].filename).body == files[1].content
    assert client.page(plain, "gone").status == 200


def test_a_move_that_is_killed_goes_on_where_it_was(plain):
    load, there = Load(), near(plain)
    with at_work(plain, load, "early"):
        wait_until(lambda: len(load.acknowledged) > 150, seconds=120)
    begun = plain.folder / "there" / "catalog.sqlite"
    with at_work(plain, load, "during"):
        ends = move_through_kills(plain, [there, plain.packages], begun, random.Random(8), kills=12)
        arrived = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > arrived + 10, seconds=60)
    assert min(ends) < 0, "it was never killed"
    assert not load.broken, load.broken[:5]
    expect_all(plain, load)
    plain.stop()
    plain.options, plain.root_arguments = ["--config", str(there)], []
    plain.start()
    expect_all(plain, load)


def refused(site: Site, *words: str | Path) -> str:
    """Fails unless a move is refused and the index goes on."""
    done = move(site, *words)
    assert done.returncode == 1, done.stderr
    name = hashlib.sha256(done.stderr.encode()).hexdigest()[:8]
    with closing(Client()) as client:
        publish(site, client, wheel("goes-on", f"1.{int(name, 16)}"))
    return done.stderr


def test_a_place_that_is_not_empty_is_refused(plain, client, cluster, serve):
    publish(plain, client, wheel("demo", "1.0"))
    folder = plain.folder / "other"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    said = refused(plain, settings(plain.folder / "folder.toml", roots=["other"], **COMMON), plain.packages)
    assert "is not empty" in said and "notes.txt" in said

    # The place of another index: it has another key, another catalog, other objects.
    other = near(plain, "other-index")
    first = subprocess.Popen(
        [binary("wheelhouse"), "run", "-p", "0", "--config", other], cwd=plain.folder, env=plain.environment,
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    try:
        said = ""
        while "page" not in said:
            said += first.stderr.readline().decode()
        assert "in use by a server" in refused(plain, other, plain.packages)
    finally:
        first.terminate()
        first.communicate()
    assert "another index" in refused(plain, other, plain.packages)

    # The place where it is.
    here = settings(plain.folder / "here.toml", roots=["packages"], **COMMON)
    assert "in use by a server" in refused(plain, here, plain.packages)

    # A database that another index has moved to.
    database = cluster.address(cluster.make_database())
    one = near(plain, "one", catalog=database)
    moved = subprocess.Popen(
        [binary("wheelhouse"), "move-to", one, plain.packages], cwd=plain.folder, env=plain.environment,
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    assert moved.wait(120) == 0
    # A connection that was open still leads to the old server once, which says so and closes it.
    wait_until(lambda: client.upload(plain, wheel("after", "1.0")).status == 200, seconds=20)
    second = serve(WHEELHOUSE, *GIVEN, "--rule", RULES[0], "--rule", RULES[1], users=USERS)
    assert "another index" in refused(second, near(second, catalog=database), second.packages)


def test_a_server_that_does_not_start_lets_the_old_one_go_on(plain, client):
    publish(plain, client, wheel("demo", "1.0"))
    # That is found out when everything else is open.
    (plain.folder / "root.json").write_text("{}")
    there = near(plain, attestations=str(plain.folder / "root.json"))
    said = refused(plain, there, plain.packages)
    assert "did not start" in said and "goes on where it is" in said, said
    assert client.page(plain, "demo").status == 200


def test_a_file_that_is_damaged_is_named_and_nothing_moves(plain, client):
    files = [wheel("demo", f"1.{number}") for number in range(3)]
    publish(plain, client, *files)
    # While nobody looks: as bits turn.
    plain.stop()
    path = plain.packages / files[1].filename
    was = path.stat()
    with path.open("r+b") as file:
        file.seek(40)
        file.write(b"XXXX")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    plain.start()
    said = refused(plain, near(plain), plain.packages)
    assert files[1].filename in said and "SHA-256" in said, said


def test_a_disk_that_fills_is_told_and_the_move_goes_on_when_there_is_room(plain, client):
    files = [wheel("demo", f"1.{number}", source="#" + random.Random(number).randbytes(120_000).hex()) for number in range(30)]
    publish(plain, client, *files)
    small = plain.folder / "there-objects"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], check=True)
    try:
        there = near(plain)
        said = refused(plain, there, plain.packages)
        assert "space" in said, said
        subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
        moved = move(plain, there, plain.packages)
        assert moved.returncode == 0, moved.stderr
        for file in files:
            assert client.file(plain, file.filename).body == file.content
    finally:
        plain.stop()
        subprocess.run(["umount", small], check=True)


def test_a_move_that_stopped_while_the_index_was_held_can_be_given_up(plain, client):
    publish(plain, client, wheel("demo", "1.0"))
    there = near(plain)
    begun = move(plain, there, plain.packages, "--give-up")
    assert begun.returncode == 0 and "was not held" in begun.stderr, begun.stderr
    place = f"{plain.packages} (catalog: {plain.state}/catalog.sqlite)"
    target = f"file:{plain.folder}/there-objects (catalog: {plain.folder}/there/catalog.sqlite)"
    name = hashlib.sha256(f"{place}\0{target}".encode()).hexdigest()[:16]
    plain.stop()
    with closing(sqlite3.connect(plain.state / "catalog.sqlite")) as catalog, catalog:
        held = ("held", f"move {name}", "there", 1, 0, 0)
        catalog.execute("INSERT INTO copying VALUES (1, ?, ?, ?, ?, ?, ?)", held)
    plain.start()
    heard = client.upload(plain, wheel("demo", "2.0"))
    assert heard.status == 503 and heard.header("Retry-After"), heard
    assert b"about to move to there" in heard.body
    assert client.page(plain, "demo").status == 200
    # Another move does not take it over.
    other = move(plain, near(plain, "elsewhere"), plain.packages)
    assert other.returncode == 1 and "about to move to there" in other.stderr, other.stderr
    given_up = move(plain, there, plain.packages, "--give-up")
    assert given_up.returncode == 0 and "can be changed again" in given_up.stderr, given_up.stderr
    publish(plain, client, wheel("demo", "2.0"))


def test_an_index_that_nobody_serves_moves_too(plain, client):
    files = [wheel("demo", f"1.{number}") for number in range(5)]
    publish(plain, client, *files[:3])
    plain.stop()
    # Nobody has listed these yet.
    for file in files[3:]:
        plain.packages.joinpath(file.filename).write_bytes(file.content)
    there = near(plain)
    moved = move(plain, there, plain.packages)
    assert moved.returncode == 0 and "start the server with" in moved.stderr, moved.stderr
    again = move(plain, there, plain.packages)
    assert again.returncode == 1 and "has moved to file:" in again.stderr, again.stderr
    plain.options, plain.root_arguments = ["--config", str(there)], []
    plain.start()
    for file in files:
        assert client.file(plain, file.filename).body == file.content

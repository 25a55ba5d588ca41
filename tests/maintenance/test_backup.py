"""Backups of a whole index with the real program: made while clients upload, kept small, and restored byte for byte."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.distributions import Distribution, wheel
from support.postgres import Cluster
from support.programs import WHEELHOUSE, Site, binary
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
PASSWORD = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
USERS = {"ada": PASSWORD, "bob": PASSWORD}
ADA, BOB = ("ada", "secret"), ("bob", "secret")
RULES = ["--rule", "everybody list+download", "--rule", "user:ada all"]
OPTIONS = ["--disable-fallback", "-P", ".htpasswd", *RULES]
BACKENDS = ["file and folder", "postgresql and objects"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


@dataclass
class Home:
    """An index on some backends, empty at first, and the commands over it."""

    site: Site
    words: list[str]
    wipe: Callable[[], None]

    def run(self, *words: str | Path, program: list[str] = [], **more) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, binary("wheelhouse"), *map(str, words), *self.words],
            cwd=self.site.folder, env=self.site.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300, **more,
        )

    def begin(self, *words: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [binary("wheelhouse"), *map(str, words), *self.words],
            cwd=self.site.folder, env=self.site.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )

    def own(self, *words: str) -> str:
        where = ["--state-dir", "state"] if self.site.roots == [] else ["--dir", "packages", "--state-dir", "state"]
        done = subprocess.run(
            [binary("wheelhouse"), *words, *where], cwd=self.site.folder, env=self.site.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def back_up(self, place: Path, *words: str | Path) -> str:
        done = self.run("backup", "--to", place, *words)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def restore(self, place: Path, *words: str | Path, **more) -> str:
        done = self.run("restore", "--from", place, *words, **more)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def refused(self, *words: str | Path, code: int = 1, **more) -> str:
        done = self.run(*words, **more)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "panicked" not in done.stderr
        return done.stderr


@pytest.fixture
def home_of(serve, cluster) -> Callable[[str], Home]:
    """Makes homes: `home_of(kind)`. The server is not started."""

    def make(kind: str) -> Home:
        environment, roots = {"WHEELHOUSE_STATE_DIR": "state"}, ["packages"]
        if "objects" in kind:
            roots = []
        site = serve(WHEELHOUSE, *OPTIONS, start=False, roots=roots, users=USERS, environment=environment)
        if "objects" in kind:
            (site.folder / "objects").mkdir()
            site.environment["WHEELHOUSE_FILES"] = f"file:{site.folder}/objects"

        def database() -> None:
            if "postgresql" in kind:
                site.environment["WHEELHOUSE_CATALOG"] = cluster.address(cluster.make_database())

        def wipe() -> None:
            for name in ("packages", "objects", "state"):
                if (site.folder / name).exists():
                    shutil.rmtree(site.folder / name)
                    if name != "state":
                        (site.folder / name).mkdir()
            database()

        database()
        return Home(site, [str(root) for root in roots], wipe)

    return make


@pytest.fixture(params=BACKENDS)
def home(request, home_of) -> Home:
    return home_of(request.param)


@pytest.fixture
def folder(home_of) -> Home:
    return home_of("file and folder")


@pytest.fixture
def place(tmp_path) -> Path:
    return tmp_path / "backups"


def page(site: Site, name: str) -> dict:
    answer = site.get(f"/simple/{name}/", headers=JSON)
    assert answer.status == 200, answer
    return answer.json


def told_of(page: dict) -> list[dict]:
    keys = ("filename", "hashes", "size", "yanked", "upload-time", "requires-python", "core-metadata")
    return [{key: file.get(key) for key in keys} for file in page["files"]]


def serials(site: Site) -> dict[str, int]:
    answer = site.get("/simple/", headers=JSON)
    return {entry["name"]: entry["_last-serial"] for entry in answer.json["projects"]}


def last_serial(site: Site) -> int:
    return site.get("/simple/", headers=JSON).json["meta"]["_last-serial"]


def snapshots(place: Path) -> list[str]:
    return sorted(path.stem for path in (place / "snapshots").glob("*.json"))


def contents(place: Path) -> dict[str, float]:
    found = (place / "files").rglob("*")
    return {str(path.relative_to(place)): path.stat().st_mtime_ns for path in found if path.is_file()}


@dataclass
class Clients:
    """Upload without a pause, several at a time, and note what was answered."""

    site: Site
    answered: list[Distribution] = field(default_factory=list)

    def __enter__(self) -> Clients:
        self.ended = threading.Event()
        self.pool = ThreadPoolExecutor(3)
        for number in range(3):
            self.pool.submit(self.upload, number)
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.pool.shutdown()

    def upload(self, client: int) -> None:
        number = 0
        while not self.ended.is_set():
            file = wheel(f"many-{client}", f"1.{number}", padding=3_000)
            if self.site.upload(file, user=ADA).status == 200:
                self.answered.append(file)
            number += 1
            time.sleep(0.02)


def fill(site: Site, count: int = 12, name: str = "demo") -> list[Distribution]:
    files = [wheel(name, f"1.{number}", summary=f"The {number}th") for number in range(count)]
    for file in files:
        assert site.upload(file, user=ADA).status == 200
    return files


def expect_files(site: Site, files: list[Distribution]) -> None:
    for file in files:
        assert site.get(f"/packages/{file.filename}").body == file.content, file.filename


def is_read(site: Site, *names: str) -> bool:
    files = [file for name in names for file in page(site, name)["files"]]
    return all("sha256" in file["hashes"] for file in files)


def test_an_index_that_was_lost_is_restored_as_it_was_at_the_serial_of_its_backup(home, place):
    site = home.site.start()
    files = fill(site)
    home.own("yank", "demo==1.1", "--reason", "broken")
    home.own("delete", "demo==1.2", "--yes")
    home.own("role", "demo", "maintainer", "bob")
    home.own("status", "demo", "deprecated")
    token = home.own("token", "make", "kept", "--owner", "ada").strip()
    for _ in range(7):
        site.get(f"/packages/{files[0].filename}", headers={"User-Agent": "uv/1"})

    def ever() -> int:
        return site.get("/api/v1/projects/demo/downloads").json["downloads"]["ever"]

    wait_until(lambda: ever() == 7, seconds=20, what="seven downloads")
    with Clients(site) as clients:
        wait_until(lambda: len(clients.answered) >= 30, seconds=60, what="thirty uploads")
        before, serial, log = list(clients.answered), last_serial(site), home.own("log", "--project", "demo")
        said = home.back_up(place)
        wait_until(lambda: len(clients.answered) >= len(before) + 10, seconds=60, what="ten uploads more")
    of_demo, after = page(site, "demo"), serials(site)
    lost_head = last_serial(site)
    name = said.split(":")[0]
    assert int(name.split("-")[0]) >= serial, said
    listed = home.run("backup", "--list", "--to", place)
    assert listed.returncode == 0 and name in listed.stdout, listed
    verified = home.run("backup", "--verify", "--to", place)
    assert verified.returncode == 0 and " 0 of their contents are damaged" in verified.stdout, verified
    site.stop()
    home.wipe()

    told = home.restore(place)
    assert name in told
    site.start()
    for file in before:
        assert site.get(f"/packages/{file.filename}").body == file.content, file.filename
    now = page(site, "demo")
    assert told_of(now) == told_of(of_demo), "names, digests, yanks and times are those of before"
    assert now["project-status"]["status"] == "deprecated"
    kept = serials(site)
    # Nobody who has seen the lost index ever sees a smaller number.
    assert last_serial(site) > lost_head
    assert all(kept[project] <= after[project] for project in kept)
    new = wheel("demo", "9.0")
    assert site.upload(new, user=("__token__", token)).status == 200, "tokens are good"
    assert serials(site)["demo"] > max(after.values())
    assert site.upload(wheel("demo", "9.1"), user=BOB).status == 200, "rights are kept"
    assert site.upload(wheel("other", "9.1"), user=BOB).status == 403
    wait_until(lambda: ever() >= 7, seconds=20, what="seven downloads")
    told = home.own("log", "--project", "demo")
    assert all(word in told for word in ["uploaded", "yanked", "removed"]), told
    assert len(told.splitlines()) >= len(log.splitlines())
    home.own("undelete", "demo==1.2")
    assert site.get(f"/packages/{files[2].filename}").body == files[2].content, "what was deleted comes back"


def test_from_any_backends_to_any_others(home_of, place, tmp_path):
    first, other = home_of("file and folder"), home_of("postgresql and objects")
    first.site.start()
    files = fill(first.site)
    first.own("delete", "demo==1.2", "--yes")
    first.own("yank", "demo==1.1")
    token = first.own("token", "make", "kept", "--owner", "ada").strip()
    first.back_up(place)
    of_first = page(first.site, "demo")
    first.site.stop()
    other.restore(place)
    other.site.start()
    expect_files(other.site, [file for file in files if "-1.2-" not in file.filename])
    assert [file["hashes"] for file in page(other.site, "demo")["files"]] == [file["hashes"] for file in of_first["files"]]
    assert other.site.upload(wheel("demo", "2.0"), user=("__token__", token)).status == 200
    other.own("undelete", "demo==1.2")
    back = tmp_path / "back"
    other.back_up(back)
    head = last_serial(other.site)
    other.site.stop()
    first.wipe()
    first.restore(back)
    first.site.start()
    expect_files(first.site, [*files, wheel("demo", "2.0")])
    assert last_serial(first.site) >= head
    assert first.site.upload(wheel("demo", "3.0"), user=("__token__", token)).status == 200


def test_replicas_over_a_restored_catalog_serve_what_it_holds_and_hear_of_each_other(home_of, place, serve):
    home = home_of("postgresql and objects")
    files = fill(home.site.start())
    home.back_up(place)
    # What the lost index did after its backup is known to clients, and to nobody else.
    home.site.upload(wheel("demo", "8.0"), user=ADA)
    seen = last_serial(home.site)
    home.site.stop()
    home.wipe()
    home.restore(place)
    home.site.start()
    where = {name: home.site.environment[name] for name in ("WHEELHOUSE_CATALOG", "WHEELHOUSE_FILES")}
    other = serve(WHEELHOUSE, *OPTIONS, roots=[], users=USERS, environment={"WHEELHOUSE_STATE_DIR": "state", **where})
    for site in (home.site, other):
        assert {file["filename"] for file in page(site, "demo")["files"]} == {file.filename for file in files}
        expect_files(site, files)
        assert last_serial(site) > seen
    for number, (one, another) in enumerate([(home.site, other), (other, home.site)]):
        file = wheel("demo", f"9.{number}")
        assert one.upload(file, user=ADA).status == 200
        assert file.filename in [found["filename"] for found in page(another, "demo")["files"]]


def test_a_second_backup_writes_only_new_contents(home, place):
    site = home.site.start()
    fill(site)
    wait_until(lambda: is_read(site, "demo"), seconds=20, what="all read")
    home.back_up(place)
    before = contents(place)
    assert len(before) == 12
    new = wheel("demo", "2.0")
    site.upload(new, user=ADA)
    said = home.back_up(place)
    now = contents(place)
    assert {path: now[path] for path in before} == before, "nothing was written again"
    assert set(now) - set(before) == {f"files/sha256/{new.sha256[:2]}/{new.sha256[2:]}"}
    assert ", of which 1 contents with" in said, said
    assert len(snapshots(place)) == 2
    # The older one is still what it was.
    site.stop()
    home.wipe()
    home.restore(place, "--snapshot", snapshots(place)[0])
    site.start()
    assert len(page(site, "demo")["files"]) == 12


def test_old_snapshots_go_and_what_the_others_need_stays(folder, place):
    site = folder.site.start()
    fill(site, 3)
    gone = wheel("gone", "1.0")
    site.upload(gone, user=ADA)
    folder.back_up(place)
    (site.packages / gone.filename).unlink()
    wait_until(lambda: site.get("/simple/gone/").status == 404, seconds=20, what="gone")
    folder.back_up(place)
    said = folder.back_up(place, "--keep", "2")
    assert "1 older snapshots and 1 contents" in said, said
    assert len(snapshots(place)) == 2 and len(contents(place)) == 3
    assert folder.run("backup", "--verify", "--to", place).returncode == 0


def test_backup_that_is_encrypted_is_opened_by_its_key_alone_and_by_the_program_age(folder, place, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    public = next(line.split()[-1] for line in key.read_text().splitlines() if "public key" in line)
    other = tmp_path / "other"
    subprocess.run(["age-keygen", "-o", other], check=True, capture_output=True)
    recipients = tmp_path / "recipients"
    recipients.write_text(f"# for the safe\n{public}\n")
    site = folder.site.start()
    files = fill(site, 3)
    token = folder.own("token", "make", "kept", "--owner", "ada").strip()
    folder.back_up(place, "--encrypt-for", f"@{recipients}")
    folder.back_up(place)
    for path in place.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret in content for secret in [b"Metadata-Version", b"demo-1.1", b"tokens"]), path
    # A way out without us.
    name = snapshots(place)[-1]
    opened = subprocess.run(
        ["age", "-d", "-i", key, place / "snapshots" / f"{name}.rows.zst.age"], capture_output=True, check=True
    ).stdout
    rows = subprocess.run(["zstd", "-dc"], input=opened, capture_output=True, check=True).stdout
    kinds = {next(iter(json.loads(line))) for line in rows.splitlines()}
    assert {"backup", "key", "content", "project", "file", "event", "access"} <= kinds, kinds
    file = files[0]
    sealed = place / "files/sha256" / file.sha256[:2] / file.sha256[2:]
    assert subprocess.run(["age", "-d", "-i", key, sealed], capture_output=True, check=True).stdout == file.content

    site.stop()
    folder.wipe()
    assert "are encrypted: name the file of a key" in folder.refused("restore", "--from", place)
    assert "none of the keys in the file opens it" in folder.refused("restore", "--from", place, "--identity", other)
    assert "none of the keys" in folder.refused("backup", "--verify", "--to", place, "--identity", other)
    assert "and a place keeps to its keys" in refusal_of_other_keys(folder, place, other)
    assert folder.run("backup", "--verify", "--to", place, "--identity", key).returncode == 0
    folder.restore(place, "--identity", key)
    site.start()
    expect_files(site, files)
    assert site.upload(wheel("demo", "2.0"), user=("__token__", token)).status == 200


def refusal_of_other_keys(home: Home, place: Path, key: Path) -> str:
    """What a backup says with other keys, of the same index: which needs its state."""
    copy = home.site.folder / "copy"
    shutil.copytree(place, copy)
    public = next(line.split()[-1] for line in key.read_text().splitlines() if "public key" in line)
    about = json.loads((copy / "backup.json").read_text())
    home.site.start()
    home.site.upload(wheel("demo", "1.0"), user=ADA)
    home.site.stop()
    # The empty index that was just begun has another key.
    said = home.refused("backup", "--to", copy)
    assert f"those of another index ({about['index']}" in said, said
    mine = home.site.folder / "mine"
    home.back_up(mine)
    said = home.refused("backup", "--to", mine, "--encrypt-for", public)
    home.wipe()
    return said


@pytest.fixture
def backed_up(folder, place) -> tuple[Home, list[Distribution]]:
    """An index that is gone, and its backup."""
    site = folder.site.start()
    files = fill(site)
    folder.own("delete", "demo==1.2", "--yes")
    wait_until(lambda: is_read(site, "demo"), seconds=20, what="all read")
    folder.back_up(place)
    site.stop()
    folder.wipe()
    return folder, [file for file in files if "-1.2-" not in file.filename]


def test_backup_that_was_cut_short_or_altered_is_refused_whatever_is_wrong(backed_up, place):
    home, files = backed_up
    (name,) = snapshots(place)
    manifest = place / "snapshots" / f"{name}.json"
    one = place / "files/sha256" / files[0].sha256[:2] / files[0].sha256[2:]
    parts = [manifest, place / "snapshots" / f"{name}.rows.zst", place / "snapshots" / f"{name}.contents.zst", one]
    for part in parts:
        whole = part.read_bytes()
        middle = len(whole) // 2
        for damage in (whole[:middle], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], None):
            if damage is None:
                part.unlink()
            else:
                part.write_bytes(damage)
            said = home.refused("restore", "--from", place)
            expected = {None: ["no backup", "is not there", "not in the backup"]}.get(damage, ["damaged", "not in the backup"])
            assert any(words in said for words in expected), (part, said)
            part.write_bytes(whole)
            if part == one and damage is not None and len(damage) == len(whole):
                # This one shows only when it is read: what was restored until then is no index yet.
                assert "is being filled" in start_refused(home)
                verified = home.run("restore", "--from", place)
                assert verified.returncode == 0 and "going on where it stopped" in verified.stdout, verified
                home.wipe()
    listed = home.run("backup", "--list", "--to", place).stdout
    assert name in listed
    manifest.rename(manifest.with_suffix(".away"))
    assert "no snapshot is there" in home.run("backup", "--list", "--to", place).stdout
    manifest.with_suffix(".away").rename(manifest)
    home.restore(place)
    home.site.start()
    expect_files(home.site, files)


def start_refused(home: Home) -> str:
    done = home.run("run", "-i", "127.0.0.1", "-p", "0", *OPTIONS)
    assert done.returncode == 1, (done.returncode, done.stderr)
    return done.stderr


def test_verify_finds_a_content_that_was_altered(backed_up, place):
    home, files = backed_up
    one = place / "files/sha256" / files[0].sha256[:2] / files[0].sha256[2:]
    one.write_bytes(one.read_bytes()[:-1] + b"x")
    done = home.run("backup", "--verify", "--to", place)
    assert done.returncode == 1 and str(one) in done.stdout and " 1 of their contents" in done.stdout, done


def test_backup_of_a_newer_program_or_of_another_index_is_refused(backed_up, place):
    home, _ = backed_up
    said = home.refused("restore", "--from", place, "--expect-index", "00000000-0000-0000-0000-000000000000")
    assert "and not of 00000000" in said
    about = place / "backup.json"
    index = json.loads(about.read_text())["index"]
    whole = about.read_text()
    about.write_text(whole.replace('"format": 1', '"format": 2'))
    for words in (["restore", "--from"], ["backup", "--list", "--to"]):
        assert "is of format 2, and this program knows 1: use the newer program" in home.refused(*words, place)
    about.write_text(whole)
    home.restore(place, "--expect-index", index)


def test_only_an_empty_index_is_restored_into(backed_up, place, home_of):
    home, files = backed_up
    wheel("other", "1.0").put(home.site.packages)
    said = home.refused("restore", "--from", place)
    assert "a restore needs an empty index" in said and "other-1.0" in said and "nothing was changed" in said
    # A server starts over it as before.
    home.site.start()
    home.site.await_listed("other-1.0-py3-none-any.whl")
    said = home.refused("restore", "--from", place)
    assert "in use" in said, said
    home.site.stop()
    home.wipe()
    home.restore(place)
    said = home.refused("restore", "--from", place)
    assert "a restore needs an empty index" in said, said
    home.site.start()
    expect_files(home.site, files)


def test_only_a_folder_of_backups_is_written_to(backed_up, place, tmp_path):
    home, _ = backed_up
    home.restore(place)
    other = tmp_path / "photos"
    other.mkdir()
    (other / "summer.jpg").write_bytes(b"x")
    assert "is no place of backups, and it is not empty" in home.refused("backup", "--to", other)
    assert [path.name for path in other.iterdir()] == ["summer.jpg"]
    assert "holds no backup" in home.refused("restore", "--from", other)
    for words in (["backup"], ["restore"]):
        assert "is not used like this" in home.refused(*words, code=2)


def slowed(bytes_of_each: int = 400_000) -> Callable[[Site], list[Distribution]]:
    """Files that are large enough for a kill between them."""

    def upload(site: Site) -> list[Distribution]:
        files = [wheel("large", f"1.{number}", padding=bytes_of_each) for number in range(60)]
        for file in files:
            assert site.upload(file, user=ADA).status == 200
        return files

    return upload


def test_backup_and_restore_that_are_killed_anywhere_go_on_when_they_are_started_again(home, place):
    site = home.site.start()
    files = slowed()(site)
    for share in (0.0, 0.3, 0.8):
        process = home.begin("backup", "--to", place)
        wait_until(
            lambda: process.poll() is not None or ((place / "files").exists() and len(contents(place)) >= share * len(files)),
            seconds=60, what="a part of it",
        )
        process.kill()
        process.communicate()
        for name in snapshots(place):
            # It was quicker than we were: then it is whole.
            assert home.run("backup", "--verify", "--to", place, "--snapshot", name).returncode == 0
    home.back_up(place)
    assert list((place / "tmp").iterdir()) == []
    site.stop()
    home.wipe()

    where = site.folder / ("packages" if site.roots else "objects")

    def there() -> int:
        return sum(1 for path in where.rglob("*") if path.is_file() and path.stat().st_size > 300_000)

    killed = 0
    for share in (0.1, 0.5, 0.9):
        process = home.begin("restore", "--from", place)
        wait_until(lambda: process.poll() is not None or there() >= share * len(files), seconds=60, what="a part of it")
        process.kill()
        said = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, said
        killed += 1
    assert killed, "none was slow enough"
    if process.returncode != 0:
        assert "is being filled" in start_refused(home)
        assert "going on where it stopped" in home.restore(place)
    site.start()
    expect_files(site, files)
    assert len(page(site, "large")["files"]) == len(files)
    home.own("status")


UNSHARE = ["unshare", "--mount"]
SMALL = 'mount -t tmpfs -o size={size} none "$0"; {before}"$@"; code=$?; {after}exit $code'


def test_disk_that_fills_up_is_told_and_what_was_copied_is_kept(backed_up, place, tmp_path):
    home, files = backed_up
    home.restore(place)
    home.site.start()
    large = slowed()(home.site)
    small = tmp_path / "small"
    small.mkdir()
    script = SMALL.format(size="8m", before="", after='find "$0"/files -type f | wc -l; ')
    done = home.run("backup", "--to", small / "b", program=[*UNSHARE, "sh", "-c", script.replace('"$0"/files', '"$0"/b/files'), str(small)])
    assert done.returncode == 1 and "there is no space left in" in done.stderr, done
    assert "make room and start again" in done.stderr
    assert int(done.stdout.split()[-1]) > 5, "what was copied is kept"
    more = tmp_path / "more"
    home.back_up(more)
    home.site.stop()
    home.wipe()

    # A restore onto a disk that is too small, which then gets larger.
    packages = home.site.folder / "packages"
    again = f'mount -o remount,size=64m "$0"; "$@"; code=$?; cp -a "$0"/. {tmp_path}/saved; '
    (tmp_path / "saved").mkdir()
    script = SMALL.format(size="8m", before="", after=f'test $code = 1 || exit 9; {again}')
    done = home.run("restore", "--from", more, program=[*UNSHARE, "sh", "-c", script, str(packages)])
    assert done.returncode == 0, done
    assert "make room and start the same command again: it goes on" in done.stderr or "full" in done.stderr, done.stderr
    assert "going on where it stopped" in done.stdout, done.stdout
    saved = {path.name: path.read_bytes() for path in (tmp_path / "saved").glob("*.whl")}
    assert saved == {file.filename: file.content for file in [*files, *large]}


def test_two_backups_at_one_time_do_not_mix(folder, place):
    slowed()(folder.site.start())
    first, second = (folder.begin("backup", "--to", place) for _ in range(2))
    codes = sorted((process.communicate(timeout=120), process.returncode)[1] for process in (first, second))
    assert codes in ([0, 1], [0, 0])
    assert len(snapshots(place)) == codes.count(0)
    assert folder.run("backup", "--verify", "--to", place).returncode == 0


def test_backup_without_a_server_has_what_was_just_copied_in(folder, place):
    file = wheel("demo", "1.0")
    file.put(folder.site.packages)
    folder.back_up(place)
    folder.wipe()
    folder.restore(place)
    assert (folder.site.packages / file.filename).read_bytes() == file.content

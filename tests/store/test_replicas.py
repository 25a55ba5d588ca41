"""Several servers over one PostgreSQL and one store of objects: any of them answers as all do."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.distributions import Distribution, wheel
from support.http import Answer
from support.programs import WHEELHOUSE, Site, binary
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "bob": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
ADA, BOB = ("ada", "secret"), ("bob", "secret")
RULES = ["--rule", "everybody list+download", "--rule", "users create", "--rule", "user:ada all"]

Town = Callable[[int], list[Site]]


@pytest.fixture
def town(serve, cluster, store, bucket) -> Town:
    """Starts replicas over one database and one bucket, each with a state folder of its own."""
    database = cluster.make_database()

    def make(count: int) -> list[Site]:
        environment = {"WHEELHOUSE_CATALOG": cluster.address(database), **store.credentials}
        where = ["--files", f"s3://{bucket}/team", "--s3-endpoint", store.endpoint, "--state-dir", "state"]
        options = [*where, "--disable-fallback", "-P", ".htpasswd", *RULES]
        return [serve(WHEELHOUSE, *options, roots=[], users=USERS, environment=environment) for _ in range(count)]

    return make


def own(site: Site, *words: str) -> str:
    """Runs a command of an owner against a running replica, over the socket in its state folder."""
    done = subprocess.run(
        [binary("wheelhouse"), *words, *site.options[:2], "--state-dir", "state"], cwd=site.folder, env=site.environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout


def page(site: Site, project: str = "demo") -> Answer:
    return site.get(f"/simple/{project}/", headers=JSON)


def versions(site: Site, project: str = "demo") -> list[str]:
    answer = page(site, project)
    return answer.json["versions"] if answer.status == 200 else []


def release(number: int, **more: str) -> Distribution:
    return wheel("demo", f"1.{number}", **more)


def test_a_change_is_seen_at_every_replica_once_it_is_answered(town):
    sites = town(3)
    for number in range(30):
        assert sites[number % 3].upload(release(number), user=ADA).status == 200
        for site in sites:
            assert f"1.{number}" in versions(site), number
            assert site.get(f"/packages/{release(number).filename}").body == release(number).content
    own(sites[0], "yank", "demo==1.7", "--reason", "broken")
    for site in sites:
        files = {file["filename"]: file.get("yanked", False) for file in page(site).json["files"]}
        assert files[release(7).filename] == "broken"
    own(sites[1], "delete", "demo==1.8", "--yes")
    for site in sites:
        assert "1.8" not in versions(site)
        assert site.get(f"/packages/{release(8).filename}").status in (404, 410)


def test_rights_are_the_same_at_every_replica_once_they_are_changed(town):
    sites = town(2)
    assert sites[0].upload(release(1), user=ADA).status == 200
    for number in range(2, 7):
        here, there = sites[number % 2], sites[(number + 1) % 2]
        assert there.upload(release(number), user=BOB).status == 403
        own(here, "role", "demo", "maintainer", "bob")
        assert there.upload(release(number), user=BOB).status == 200
        token = own(here, "token", "make", f"t{number}", "--owner", "bob").strip()
        assert there.upload(release(100 + number), user=("__token__", token)).status == 200
        own(here, "token", "revoke", own(here, "token").splitlines()[-1].split()[0])
        assert there.upload(release(200 + number), user=("__token__", token)).status == 401
        own(here, "role", "demo", "none", "bob")
    assert versions(sites[0]) == versions(sites[1])


def test_of_many_who_publish_one_name_at_all_replicas_one_wins(town):
    sites = town(3)
    with ThreadPoolExecutor(6) as pool:
        for number in range(25):
            files = [release(number, source=f"# {place}") for place in range(6)]

            def publish(place: int, files: list[Distribution] = files) -> int:
                return sites[place % 3].upload(files[place], user=ADA).status

            answers = list(pool.map(publish, range(6)))
            assert sorted(answers) == [200] + 5 * [409], answers
            winner = files[answers.index(200)]
            for site in sites:
                [listed] = [file for file in page(site).json["files"] if file["filename"] == winner.filename]
                assert listed["hashes"]["sha256"] == winner.sha256
                assert site.get(f"/packages/{winner.filename}").body == winner.content


def test_of_two_who_create_a_project_at_two_replicas_one_owns_it(town):
    sites = town(2)
    people = [("carol", "secret"), BOB]
    for site in sites:
        site.write_users({**USERS, "carol": USERS["ada"]})
        site.restart()
    with ThreadPoolExecutor(2) as pool:
        for number in range(12):

            def create(place: int, number: int = number) -> int:
                file = wheel(f"new-{number}", f"1.{place}")
                return sites[place].upload(file, user=people[place]).status

            answers = list(pool.map(create, range(2)))
            assert sorted(answers) == [200, 403], (number, answers)


def test_leases_outlive_a_crash_of_the_database(town, cluster):
    """Else a change soon after it would wait for nobody, while others believe what they keep."""
    sites = town(3)
    database = sites[0].environment["WHEELHOUSE_CATALOG"].rpartition("/")[2]
    count = "SELECT count(*) FROM replicas"
    wait_until(lambda: cluster.sql(database, count) == "3", seconds=20, what="three leases")
    # Nobody renews a lease meanwhile.
    for site in sites:
        site.process.send_signal(signal.SIGSTOP)
    try:
        cluster.stop("immediate")
        cluster.start()
        assert cluster.sql(database, count) == "3"
    finally:
        for site in sites:
            site.process.send_signal(signal.SIGCONT)


def test_replica_that_was_stopped_for_a_while_shows_nothing_old(town):
    """It holds a lease when it is stopped, and wakes with pages that are old."""
    here, there = town(2)
    assert here.upload(release(0), user=ADA).status == 200
    for number in range(1, 4):
        assert versions(there)[-1] == f"1.{number - 1}", "it has the page in memory"
        there.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert here.upload(release(number), user=ADA).status == 200
            took = time.monotonic() - began
        finally:
            there.process.send_signal(signal.SIGCONT)
        assert versions(there)[-1] == f"1.{number}"
        assert took < 10, "one replica does not hold up the others for long"


def test_replica_that_dies_holds_up_nobody(town):
    here, there = town(2)
    there.stop(signal.SIGKILL)
    assert here.upload(release(0), user=ADA).status == 200
    there.start()
    assert versions(there) == ["1.0"]


def test_what_is_in_memory_is_answered_while_the_database_is_away(town, cluster):
    sites = town(2)
    known, other = release(1), wheel("other", "1.0")
    for file in [known, other]:
        assert sites[0].upload(file, user=ADA).status == 200
    for site in sites:
        assert versions(site) == ["1.1"]
        assert site.get(f"/packages/{known.filename}").status == 200
    cluster.stop()
    for site in sites:
        wait_until(lambda site=site: page(site).header("X-Wheelhouse-Stale-Seconds"), seconds=10, what="it notices")
        answer = page(site)
        assert answer.status == 200 and answer.json["versions"] == ["1.1"]
        assert answer.header("Warning").startswith("110 ")
        file = site.get(f"/packages/{known.filename}")
        assert file.status == 200 and file.body == known.content
        for refused in [page(site, "other"), site.upload(release(2), user=ADA)]:
            assert refused.status == 503 and refused.header("Retry-After"), refused
        assert site.get("/healthz").status == 200 and site.get("/readyz").status == 503
        assert site.get("/simple/never-there/", headers=JSON).status == 503, "nobody knows that it is not there"
    cluster.start()
    for site in sites:
        wait_until(lambda site=site: page(site, "other").status == 200, seconds=10, what="what is not in memory")
        wait_until(lambda site=site: page(site).header("Warning") is None, seconds=10, what="it is known to be true")
    assert sites[0].upload(release(2), user=ADA).status == 200
    assert versions(sites[1]) == ["1.1", "1.2"]

"""Three servers over Garage, each through a node of its own. It answers every conditional write with 200
and overwrites: who gets a name is for the catalog alone to say.
"""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import garage
from support.distributions import wheel
from support.playing import play
from support.stored import unlike_their_names
from support.town import ADA, RULES, USERS, Client, replicas
from support.programs import WHEELHOUSE
from support.waiting import wait_until

ROUNDS, CONTENDERS = 100, 12


@pytest.fixture(scope="module")
def store():
    with garage.running() as store:
        yield store


@pytest.fixture
def town(serve, cluster, store, bucket):
    sites = replicas(serve, 3, cluster, store, bucket)
    for number, site in enumerate(sites):
        site.stop()
        place = site.options.index("--s3-endpoint") + 1
        site.options[place] = store.endpoint_of(f"node{number}")
        site.start()
    return sites


def test_it_ignores_conditions_and_that_is_told(town):
    site = town[0]
    site.stop()
    site.options.append("-v")
    site.start()
    assert "ignores conditions on writes; that does no harm, the catalog decides who gets a name" in site.log


def test_of_many_who_publish_one_name_one_wins_and_nothing_is_written_over(town, store, bucket):
    client = Client()
    with ThreadPoolExecutor(CONTENDERS) as pool:
        for number in range(ROUNDS):
            files = [wheel("demo", f"1.{number}", source=f"# {place}") for place in range(CONTENDERS)]
            answers = list(pool.map(lambda place: client.upload(town[place % 3], files[place]).status, range(CONTENDERS)))
            assert None not in answers and sorted(answers) == [200] + (CONTENDERS - 1) * [409], (number, answers)
            winner = files[answers.index(200)]
            for site in town:
                listed = {f["filename"]: f["hashes"]["sha256"] for f in json.loads(client.page(site, "demo").body)["files"]}
                assert len(listed) == number + 1 and listed[winner.filename] == winner.sha256
                assert client.file(site, winner.filename).body == winner.content
    client.close()
    assert len(store.names(bucket, "team/records")) == ROUNDS
    assert unlike_their_names(store, bucket) == []


def test_of_two_indexes_that_claim_one_place_one_is_refused(serve, store, bucket):
    """Both see that it is nobody's, and both are told that what they wrote is there."""
    for number in range(3):
        words = ["--files", f"s3://{bucket}/claim-{number}", "--state-dir", "state", "--disable-fallback", "-P", ".htpasswd", *RULES]
        sites = [
            serve(WHEELHOUSE, *words, "--s3-endpoint", store.endpoint_of(f"node{place}"), roots=[], users=USERS,
                  environment=store.credentials, start=False)
            for place in range(2)
        ]

        def begins(site) -> bool:
            site.is_expected_to_fail = True
            try:
                site.start()
            except AssertionError as refused:
                assert "belongs to another index" in str(refused), refused
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(begins, sites)) == [False, True]


def test_reads_and_writes_go_on_without_a_node(town, store):
    files = [wheel("gone", f"1.{number}", padding=400_000) for number in range(6)]
    for file in files:
        assert town[0].upload(file, user=ADA).status == 200
    for site in town:
        site.restart()
    store.kill("node1")
    try:
        for site in [town[0], town[2]]:
            for file in files:
                assert site.get(f"/packages/{file.filename}").body == file.content
        wait_until(lambda: town[0].upload(wheel("gone", "2.0"), user=ADA).status == 200, seconds=60, what="an upload")
        # The server whose own node it was.
        answer = town[1].upload(wheel("gone", "2.1"), user=ADA)
        assert answer.status == 503 and answer.header("Retry-After"), answer
    finally:
        store.revive("node1")
    wait_until(lambda: town[1].upload(wheel("gone", "2.1"), user=ADA).status == 200, seconds=60, what="an upload")


def test_each_of_many_names_has_one_history(town, store, bucket, request, capsys):
    count, seed = request.config.getoption("histories"), request.config.getoption("seed")
    totals = play(town, count, seed=seed)
    with capsys.disabled():
        print(f"\n{totals}", flush=True)
    assert unlike_their_names(store, bucket) == []


def test_what_was_answered_survives_the_kill_of_a_server_and_a_node(town, store, bucket):
    kept = []
    client = Client()

    def upload(number: int) -> None:
        file = wheel("kept", f"1.{number}", padding=20_000)
        if client.upload(town[number % 3], file).status == 200:
            kept.append(file)

    with ThreadPoolExecutor(6) as pool:
        for number in range(300):
            pool.submit(upload, number)
        wait_until(lambda: len(kept) >= 30, seconds=60, what="thirty answers")
        town[0].stop(signal.SIGKILL)
        store.kill("node2")
    store.revive("node2")
    town[0].start()
    for site in town:
        listed = {f["filename"]: f["hashes"]["sha256"] for f in json.loads(client.page(site, "kept").body)["files"]}
        for file in kept:
            assert listed[file.filename] == file.sha256
            assert client.file(site, file.filename).body == file.content
    client.close()
    assert unlike_their_names(store, bucket) == []

"""The upload protocol, protocol §4.1 to §4.4, where pypiserver's tests do not say it already."""

from __future__ import annotations

import threading

import pytest

from support.distributions import Distribution, wheel
from support.programs import Door, Site
from support.uploads import BOUNDARY, form

# How a form comes is the same at any strictness: what is in the file does not matter here.
OPEN = ["-a", ".", "-P", ".", "--upload-strictness", "lenient"]
DEMO = wheel("demo", "1.0")


@pytest.fixture
def site(serve, either_name: Door) -> Site:
    return serve(either_name, *OPEN)


def test_up_03_upload_is_never_redirected(site):
    for number, path in enumerate(["/", "/legacy/", "/legacy"]):
        assert site.upload(wheel("demo", f"1.{number}"), path=path).status == 200


def test_up_04_wrong_digest_after_the_file_is_found(site):
    parts = [
        (":action", "file_upload"),
        ("content", (DEMO.filename, DEMO.content)),
        ("sha256_digest", "0" * 64),
    ]
    assert site.post(parts).status == 400
    assert site.listed() == [] and site.stored(DEMO.filename) is None


def test_up_04_quoted_boundary_and_repeated_fields(site):
    parts = [
        (":action", "file_upload"),
        ("classifiers", "Private :: One"),
        ("classifiers", "Private :: Two"),
        ("summary", "Schöner Zusatz"),
        ("content", (DEMO.filename, DEMO.content)),
    ]
    headers = {"Content-Type": f'multipart/form-data; boundary="{BOUNDARY}"'}
    assert site.post(parts, headers=headers).status == 200


def test_up_07_unknown_fields_are_ignored(site):
    assert site.upload(DEMO, fields={"x-new-field": "1", "another": "2"}).status == 200


def test_up_09_refusal_reaches_a_client_that_is_still_writing(serve, either_name):
    users = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
    site = serve(either_name, "-P", ".htpasswd", users=users)
    large = wheel("large", "1.0", padding=8_000_000)
    # http.client writes all before it reads: a server that just closes breaks it.
    answer = site.upload(large)
    assert answer.status == 401


def test_up_26_only_a_duplicate_says_already_exists(site):
    for file in [Distribution("demo.txt", b"x"), Distribution("demo-1.0.whl", b"x")]:
        answer = site.upload(file)
        assert "already exist" not in (answer.reason + answer.text).lower()


def test_up_31_race_for_one_name_has_one_winner(site):
    files = [Distribution(DEMO.filename, wheel("demo", "1.0", source=f"# {n}").content) for n in range(8)]
    answers = [None] * len(files)

    def send(number: int) -> None:
        answers[number] = site.upload(files[number])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(files))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [200] + [409] * 7
    winner = next(file for file, answer in zip(files, answers) if answer.status == 200)
    assert site.get("/packages/" + DEMO.filename).body == winner.content
    assert site.get("/simple/demo/").links[0].fragment == f"sha256={winner.sha256}"


def test_up_31_race_of_the_same_bytes_is_all_200(site):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(site.upload(DEMO))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 6
    assert site.listed() == [DEMO.filename]

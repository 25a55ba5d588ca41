"""Upload forms that are no forms."""

from __future__ import annotations

import pytest

from support.distributions import any_file, wheel
from support.uploads import BOUNDARY, form

# How a form comes is the same at any strictness: what is in the file does not matter here.
OPEN = ["-a", ".", "-P", ".", "--upload-strictness", "lenient"]
DEMO = wheel("demo", "1.0")
GOOD = form([(":action", "file_upload"), ("content", (DEMO.filename, DEMO.content))])
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def site(serve, either_name):
    return serve(either_name, *OPEN)


def nothing_is_left(site) -> None:
    assert site.listed() == []
    left = [path for path in site.packages.rglob("*") if path.is_file()]
    assert [path for path in left if ".wheelhouse" not in path.parts] == []
    incoming = site.packages / ".wheelhouse" / "incoming"
    assert not incoming.exists() or list(incoming.iterdir()) == []


BODIES = {
    "no boundary": ("multipart/form-data", GOOD),
    "empty boundary": ("multipart/form-data; boundary=", GOOD),
    "another boundary": ("multipart/form-data; boundary=other", GOOD),
    "empty body": (MULTIPART, b""),
    "only the end": (MULTIPART, f"--{BOUNDARY}--\r\n".encode()),
    "cut in the file": (MULTIPART, GOOD[: len(GOOD) // 2]),
    "cut before the end": (MULTIPART, GOOD[:-6]),
    "no type": (None, GOOD),
    "JSON": ("application/json", b"{}"),
    "plain text": ("text/plain", GOOD),
    "broken type": ("multipart/form-data; boundary", GOOD),
    "very long boundary": (f"multipart/form-data; boundary={'b' * 10_000}", GOOD),
    "part without a name": (
        MULTIPART,
        f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
    ),
    "part without a head": (MULTIPART, f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode()),
    "bytes that are no text": (MULTIPART, form([(":action", b"\xff\xfe")])),
    "action as a file": (MULTIPART, form([(":action", ("file_upload", b"file_upload"))])),
    "two actions": (
        MULTIPART,
        form([(":action", "submit"), (":action", "file_upload"), ("content", (DEMO.filename, b"x"))]),
    ),
    "file twice": (
        MULTIPART,
        form(
            [
                (":action", "file_upload"),
                ("content", (DEMO.filename, b"x")),
                ("content", ("demo-1.1.zip", b"y")),
            ]
        ),
    ),
    "no file name": (MULTIPART, form([(":action", "file_upload"), ("content", ("", b"x"))])),
    "very long file name": (
        MULTIPART,
        form([(":action", "file_upload"), ("content", ("x" * 5000 + "-1.0.zip", b"x"))]),
    ),
    "null in the file name": (
        MULTIPART,
        form([(":action", "file_upload"), ("content", ("de\0mo-1.0.zip", b"x"))]),
    ),
    "a field of megabytes": (
        MULTIPART,
        form([(":action", "file_upload"), ("description", "x" * 30_000_000), ("content", ("demo.txt", b"x"))]),
    ),
    "a hundred thousand fields": (
        MULTIPART,
        form([(":action", "file_upload"), *[("f", "")] * 100_000, ("content", ("demo.txt", b"x"))]),
    ),
}


@pytest.mark.parametrize(("type_", "body"), BODIES.values(), ids=BODIES)
def test_bad_form_is_400_and_leaves_nothing(site, type_, body):
    headers = {"Content-Type": type_} if type_ else {}
    answer = site.ask("POST", "/", headers=headers, body=body)
    assert 400 <= answer.status < 500, answer
    assert answer.body, "and says why"
    nothing_is_left(site)


def test_client_that_leaves_in_the_middle_leaves_nothing(site):
    import socket

    from support.waiting import wait_until

    head = (
        f"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {MULTIPART}\r\nContent-Length: 10000000\r\n\r\n"
    )
    incoming = site.packages / ".wheelhouse" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", site.port)) as connection:
            connection.sendall(head.encode() + GOOD[:-20])
            wait_until(lambda: list(incoming.iterdir()), seconds=10, what="the upload begins")
        wait_until(lambda: not list(incoming.iterdir()), seconds=10, what="nothing is left of it")
    nothing_is_left(site)
    assert site.upload(DEMO).status == 200


def test_name_taken_by_a_folder_is_refused(site):
    (site.packages / "demo-1.0.zip").mkdir()
    answer = site.upload(any_file("demo-1.0.zip"))
    assert 400 <= answer.status < 500, answer
    assert site.listed() == []

"""Credentials that no file and no variable holds: those of the machine's or the container's role."""

from __future__ import annotations

import http.server
import itertools
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from support.distributions import wheel
from support.programs import WHEELHOUSE
from support.seaweedfs import ACCESS_KEY, SECRET_KEY
from support.waiting import wait_until

OPEN = ["-a", ".", "-P", ".", "--disable-fallback", "--state-dir", "state"]
DEMO = wheel("demo", "1.0")
SESSION = "token-of-the-metadata"


class Metadata(http.server.ThreadingHTTPServer):
    """What a machine or a container asks who it is: the second version of the service, and that of containers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []
        self.is_known = True
        self.lives_seconds = 3600

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def credentials(self) -> bytes:
        until = datetime.now(UTC) + timedelta(seconds=self.lives_seconds)
        said = {
            "AccessKeyId": ACCESS_KEY if self.is_known else "nobody", "SecretAccessKey": SECRET_KEY, "Token": "",
            "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z",
            "Expiration": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        }
        return json.dumps(said).encode()


class Answers(http.server.BaseHTTPRequestHandler):
    server: Metadata

    def do_PUT(self) -> None:
        self.server.asked.append(f"PUT {self.path}")
        is_right = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self.say(200 if is_right else 400, SESSION.encode())

    def do_GET(self) -> None:
        self.server.asked.append(f"GET {self.path}")
        roles = "/latest/meta-data/iam/security-credentials/"
        if self.path == "/container" and self.headers["Authorization"] == "of-the-container":
            self.say(200, self.server.credentials())
        elif not self.path.startswith(roles) or self.headers["X-aws-ec2-metadata-token"] != SESSION:
            self.say(401, b"")
        else:
            self.say(200, b"packages" if self.path == roles else self.server.credentials())

    def say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    with Metadata() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def start(serve, store, bucket):
    def start(environment: dict[str, str], **more):
        where = ["--files", f"s3://{bucket}/team", "--s3-endpoint", store.endpoint]
        return serve(WHEELHOUSE, *where, *OPEN, roots=[], environment=environment, **more)

    return start


def test_role_of_the_machine_gives_credentials(start, metadata):
    site = start({"AWS_METADATA_ENDPOINT": metadata.address})
    assert site.upload(DEMO).status == 200
    assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content
    assert "PUT /latest/api/token" in metadata.asked
    assert SECRET_KEY not in site.log


def test_credentials_of_a_role_are_asked_for_again_before_they_end(start, metadata):
    # What ends within five minutes is not used for long.
    metadata.lives_seconds = 2
    site = start({"AWS_METADATA_ENDPOINT": metadata.address})
    asked, numbers = len(metadata.asked), itertools.count(1)

    def is_asked_again() -> bool:
        assert site.upload(wheel("demo", f"1.{next(numbers)}")).status == 200
        return len(metadata.asked) > asked

    wait_until(is_asked_again, seconds=20, what="a second question")


def test_role_of_a_container_gives_credentials(start, metadata, tmp_path):
    token = tmp_path / "token"
    token.write_text("of-the-container")
    site = start({
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{metadata.address}/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
    })
    assert site.upload(DEMO).status == 200
    assert "GET /container" in metadata.asked


def test_role_that_the_store_does_not_know_is_told(start, metadata):
    metadata.is_known = False
    site = start({"AWS_METADATA_ENDPOINT": metadata.address}, start=False)
    with pytest.raises(AssertionError, match="does not take the credentials"):
        site.start()
    site.is_expected_to_fail = True


def test_machine_without_a_role_is_told(start, metadata):
    metadata.shutdown()
    metadata.server_close()
    site = start({"AWS_METADATA_ENDPOINT": metadata.address}, start=False)
    with pytest.raises(AssertionError, match="cannot be used"):
        site.start()
    site.is_expected_to_fail = True

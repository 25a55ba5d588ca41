"""The API does what its description says: schemathesis asks for whatever the description allows and
forbids."""

from __future__ import annotations

import subprocess

import pytest

from support.programs import clean_environment, venv

from .conftest import FILES

# The same requests on every run.
SEED = "20261123"


@pytest.fixture
def site(serve, wheelhouse):
    """Everybody may do everything with packages, and ada may say who may."""
    users = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
    rules = ["--rule", "everybody list+download+update *", "--rule", "user:ada all"]
    return serve(wheelhouse, "-P", ".htpasswd", *rules, files=FILES, users=users)


def test_the_description_is_complete(site):
    document = site.get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1")
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    wanted = {"yank", "unyank", "delete", "undelete", "status", "project", "events", "index"}
    wanted |= {"downloads", "all-downloads"}
    wanted |= {"can", "rules", "add-rule", "remove-rule", "members", "add-member", "remove-member", "trail"}
    wanted |= {"roles", "give-role", "take-role", "accounts", "make-robot", "set-disabled", "sign-out"}
    wanted |= {"tokens", "make-token", "revoke-token", "publishers", "add-publisher", "remove-publisher"}
    wanted |= {"inside", "changes"}
    assert set(operations) == wanted
    for name, operation in operations.items():
        assert operation["summary"] and operation["security"] == [{}, {"password": []}], name
        for status, answer in operation["responses"].items():
            (media_type,) = answer["content"]
            assert media_type == ("application/json" if status == "200" else "application/problem+json"), name
    assert document["components"]["securitySchemes"]["password"] == {"type": "http", "scheme": "basic"}


def test_schemathesis_finds_nothing(site, tmp_path):
    words = ["run", site.url + "api/openapi.json", "--checks", "all", "--seed", SEED, "--no-color"]
    words += ["--auth", "ada:secret", "--max-examples", "60", "--continue-on-failure", "--generation-database", "none"]
    done = subprocess.run(
        [venv("schemathesis") / "schemathesis", *words],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout[-15000:] + done.stderr
    assert "Tested: 33" in done.stdout, done.stdout[-3000:]

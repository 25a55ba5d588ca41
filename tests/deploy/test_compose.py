"""What the compose files say: their form, and that the parts of the one of three replicas fit each other."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from deploy.compose import DEPLOY, NAMES, REPLICAS, haproxy, read
from support.pipelines import tool
from support.programs import WHEELHOUSE, venv

FILES = [DEPLOY / "compose.yaml", REPLICAS / "compose.yaml"]
JOBS = {"migrate", "bucket"}


@pytest.fixture(scope="module")
def file() -> dict:
    return read(REPLICAS / "compose.yaml")


@pytest.fixture(scope="module")
def services(file) -> dict:
    return file["services"]


@pytest.fixture(scope="module")
def settings() -> dict:
    return tomllib.loads((REPLICAS / "wheelhouse.toml").read_text())


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> str:
    done = WHEELHOUSE.run("config", "reference", folder=tmp_path_factory.mktemp("reference"))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_form_is_that_of_compose_files(path, tmp_path):
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", path)
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(path.read_text().replace("stop_grace_period", "stop_grace_perod"))
    assert "stop_grace_perod" in tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", wrong, code=1)


def test_every_setting_and_variable_is_one_that_the_program_knows(services, settings, reference):
    keys = set(re.findall(r"^### `([a-z0-9-]+)`$", reference, re.M))
    assert len(keys) > 50 and set(settings) <= keys
    for name in [*NAMES, "migrate"]:
        # The file of credentials is the only variable that AWS's own libraries name.
        assert set(services[name]["environment"]) == {"AWS_SHARED_CREDENTIALS_FILE"}
        assert services[name]["entrypoint"] == ["/usr/bin/wheelhouse"]
    assert "AWS_SHARED_CREDENTIALS_FILE" in (DEPLOY.parent / "docs/operations/object-stores.md").read_text()


def test_no_secret_is_in_a_variable_or_in_a_file_of_the_repository(file, services):
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            is_secret = re.search("PASSWORD|SECRET|KEY|TOKEN|CREDENTIAL", variable)
            assert not is_secret or (variable.endswith("_FILE") and value.startswith("/run/secrets/")), (name, variable)
        named = set(service.get("secrets", []))
        assert named <= set(file["secrets"])
        words = json.dumps([service.get("environment"), service.get("command")])
        assert set(re.findall(r"/run/secrets/([\w.-]+)", words)) <= named, name
    for name, secret in file["secrets"].items():
        assert secret == {"file": f"secrets/{name}"}
        path = REPLICAS / "secrets" / name
        done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=DEPLOY)
        assert done.returncode == 0, f"{path} would be committed"
    assert "deploy/replicas/secrets" in (DEPLOY.parent / ".dockerignore").read_text().splitlines(), "it would be in the build"
    used = set(re.findall(r'"/run/secrets/([\w.-]+)"', (REPLICAS / "wheelhouse.toml").read_text()))
    assert used <= set(services[NAMES[0]]["secrets"])


def test_every_service_is_confined_limited_and_looked_after(services):
    for name, service in services.items():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory", "pids"}, name
        assert service["restart"] == ("no" if name in JOBS else "unless-stopped"), name
        assert ("healthcheck" in service) == (name not in JOBS), name
        assert set(service.get("cap_add", [])) <= {"DAC_OVERRIDE"}, name
        image, _, tag = service["image"].partition(":")
        assert "." not in image.split("/")[0] and tag not in ("", "latest") or image == "wheelhouse", name


def test_services_wait_for_what_they_need(services):
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            condition = wanted["condition"]
            assert condition == "service_completed_successfully" if name in JOBS else "healthcheck" in services[name]
    for name in NAMES:
        assert set(services[name]["depends_on"]) == JOBS
    assert set(services["balancer"]["depends_on"]) == set(NAMES)


def test_replicas_are_equal_but_for_their_name(services):
    first, *others = [
        {key: value for key, value in services[name].items() if key not in ("build", "volumes")} for name in NAMES
    ]
    assert all(other == first for other in others)
    assert [services[name]["volumes"] for name in NAMES] == [[f"{name}:/data"] for name in NAMES]
    assert [name for name, service in services.items() if service["image"] == "wheelhouse"] == [*NAMES, "migrate"]


def test_containers_have_longer_to_end_than_the_program_takes(services, settings):
    for name in [*NAMES, "balancer"]:
        assert int(services[name]["stop_grace_period"].removesuffix("s")) >= settings["drain-seconds"] + 5


def test_balancer_alone_is_reached_from_outside_and_it_is_the_proxy_that_is_trusted(file, services, settings):
    assert [name for name, service in services.items() if "ports" in service] == ["balancer"]
    assert all(port.startswith("127.0.0.1:") for port in services["balancer"]["ports"])
    address = services["balancer"]["networks"]["front"]["ipv4_address"]
    [network] = file["networks"]["front"]["ipam"]["config"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(network["subnet"])
    assert settings["trusted-proxy"] == [address]
    assert file["networks"]["back"] == {"internal": True}
    for name in ["postgres", "objects", *JOBS]:
        assert services[name]["networks"] == ["back"], name


def test_addresses_in_the_settings_are_those_of_services(services, settings):
    assert f"@postgres/{services['postgres']['environment']['POSTGRES_DB']}" in settings["catalog"]
    assert f"//{services['postgres']['environment']['POSTGRES_USER']}@" in settings["catalog"]
    assert "-s3.port=8333" in services["objects"]["command"] and settings["s3-endpoint"] == "http://objects:8333"
    bucket = settings["files"].split("/")[2]
    assert f"-name {bucket}\"" in services["bucket"]["command"][0]
    assert f'"Write:{bucket}"' in (REPLICAS / "secrets.sh").read_text()


def test_balancer_knows_every_replica_and_refuses_nothing_of_its_file(settings, tmp_path):
    text = (REPLICAS / "haproxy.cfg").read_text()
    backends = re.split(r"^backend ", text, flags=re.M)[1:]
    assert len(backends) == 3
    for backend in backends:
        found = re.findall(r"^    server (\S+) (\S+)", backend, re.M)
        assert found == [(name, f"{name}:{settings['port']}") for name in NAMES]
    for name, known in [("good", text), ("bad", text.replace("timeout check", "timeout nothing"))]:
        (tmp_path / name).write_text(known)
        done = subprocess.run([haproxy(), "-c", "-f", tmp_path / name], capture_output=True, text=True, timeout=30)
        assert (done.returncode == 0) == (name == "good"), done.stdout + done.stderr


def test_secrets_are_made_once_and_only_their_owner_reaches_them(file, tmp_path):
    folder = tmp_path / "secrets"

    def make() -> dict[str, bytes]:
        subprocess.run([REPLICAS / "secrets.sh", folder], check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    first = make()
    assert set(first) == set(file["secrets"])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    assert make() == first
    assert re.fullmatch(rb"[0-9a-f]{64}", first["postgres-password"])
    [identity] = json.loads(first["s3-identities.json"])["identities"]
    [keys] = identity["credentials"]
    assert f"= {keys['accessKey']}\n" in first["s3-credentials"].decode()
    assert f"= {keys['secretKey']}\n" in first["s3-credentials"].decode()
    shutil.rmtree(folder)
    second = make()
    assert not {name for name in first if name != "htpasswd"} & {name for name in second if second[name] == first[name]}


def test_scripts_are_sound(services):
    shellcheck = venv("lint") / "shellcheck"
    script = services["bucket"]["command"][0].replace("$$", "$")
    assert "$1" in script
    done = subprocess.run([shellcheck, "--shell", "sh", "-"], input=script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout

"""The container's entry: what whoever changes only the name of pypiserver's image gets."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from support.distributions import any_file, noise, wheel
from support.http import basic
from support.programs import binary
from support.uploads import BOUNDARY, form
from support.waiting import wait_until

from deploy.engine import Container, assemble, why_no_containers

IMAGE_ID = 9898
HELPERS = wheel("helpers", "1.0")
FRESH = wheel("fresh", "1.0")
# Far more than the buffers between two programs hold.
LARGE = any_file("large-1.0.zip", noise(32 * 1024 * 1024, "large"))
# As `htpasswd -s` writes it.
PASSWORD_LINE = f"alice:{{SHA}}{base64.b64encode(hashlib.sha1(b'wonderland').digest()).decode()}\n"
ALICE = basic("alice", "wonderland")


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if reason := why_no_containers():
        pytest.fail(reason)
    return assemble(Path(binary("wheelhouse")), tmp_path_factory.mktemp("image") / "root")


@pytest.fixture
def root(image: Path, tmp_path: Path) -> Path:
    """A fresh copy of the image's file system: each container has one of its own."""
    # pytest's folders are root's alone; the image's user must be able to go through them.
    for folder in [tmp_path, *tmp_path.parents][:3]:
        folder.chmod(0o755)
    root = tmp_path / "root"
    shutil.copytree(image, root, symlinks=True)
    for folder in (root / "data", root / "data/packages"):
        os.chown(folder, IMAGE_ID, IMAGE_ID)
    return root


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of packages outside, which pypiserver's image has owned."""
    packages = tmp_path / "packages"
    packages.mkdir()
    HELPERS.put(packages)
    for path in (packages, *packages.iterdir()):
        os.chown(path, IMAGE_ID, IMAGE_ID)
    return packages


@pytest.fixture
def htpasswd(tmp_path: Path) -> Path:
    path = tmp_path / ".htpasswd"
    path.write_text(PASSWORD_LINE)
    path.chmod(0o644)
    return path


def upload(container: Container, authorization: str = ALICE) -> tuple[int, str]:
    """Uploads a wheel and returns status and text of the answer."""
    status, _, text = container.request(
        "POST",
        "/",
        form([(":action", "file_upload"), ("content", (FRESH.filename, FRESH.content))]),
        Content_Type=f"multipart/form-data; boundary={BOUNDARY}",
        Authorization=authorization,
    )
    return status, text.decode()


def assert_serves_helpers(container: Container) -> None:
    status, _, page = container.request("GET", "/simple/helpers/")
    assert status == 200, container.output()
    assert f"/packages/{HELPERS.filename}#sha256={HELPERS.sha256}" in page.decode()
    status, _, content = container.request("GET", f"/packages/{HELPERS.filename}")
    assert (status, content) == (200, HELPERS.content)


# What the documentation of pypiserver's image says to write after `docker run`.
DOCUMENTED = ["-v", "-P", ".htpasswd", "packages"]


def test_documented_command_line_of_pypiservers_image_works(root, packages, htpasswd):
    volumes = [(packages, "data/packages", "rw"), (htpasswd, "data/.htpasswd", "rw")]
    with Container(root, DOCUMENTED, volumes) as container:
        assert_serves_helpers(container)
        assert upload(container, authorization="")[0] == 401
        assert upload(container) == (200, "")
        assert b"fresh" in container.request("GET", "/simple/")[2]
        stored = packages / FRESH.filename
        assert stored.read_bytes() == FRESH.content
        assert (stored.stat().st_uid, stored.stat().st_gid) == (IMAGE_ID, IMAGE_ID)


def test_volume_that_the_images_user_cannot_write_is_given_to_it(root, packages, htpasswd):
    for path in (packages, *packages.iterdir()):
        os.chown(path, 0, 0)
    volumes = [(packages, "data/packages", "rw"), (htpasswd, "data/.htpasswd", "rw")]
    with Container(root, DOCUMENTED, volumes) as container:
        assert_serves_helpers(container)
        assert upload(container) == (200, "")
    assert {path.stat().st_uid for path in packages.iterdir()} == {IMAGE_ID}


def test_program_started_as_root_becomes_the_images_user(root):
    with Container(root) as container:
        status = container.status()
        assert status["Uid"] == [str(IMAGE_ID)] * 4
        assert status["Gid"] == [str(IMAGE_ID)] * 4
        assert status["Groups"] == []
        for capabilities in ("CapEff", "CapPrm", "CapAmb"):
            assert int(status[capabilities][0], 16) == 0, capabilities


def test_any_other_user_works_and_stays_who_it_is(root, packages, htpasswd):
    for path in (packages, *packages.iterdir()):
        os.chown(path, 12345, 0)
    volumes = [(packages, "data/packages", "rw"), (htpasswd, "data/.htpasswd", "ro")]
    with Container(root, DOCUMENTED, volumes, user=12345) as container:
        assert container.status()["Uid"] == ["12345"] * 4
        assert_serves_helpers(container)
        assert upload(container) == (200, "")


@pytest.mark.parametrize(
    ("environment", "port"),
    [
        ({}, 8080),
        ({"PORT": "8081"}, 8081),
        ({"PORT": "8081", "PYPISERVER_PORT": "8082"}, 8082),
    ],
    ids=["default", "PORT", "PYPISERVER_PORT"],
)
def test_without_arguments_it_serves_data_packages_on_the_port_of_a_variable(
    root, packages, environment, port
):
    volumes = [(packages, "data/packages", "rw")]
    with Container(root, [], volumes, environment, port=port) as container:
        assert_serves_helpers(container)


def test_arguments_replace_the_port_variable_too(root):
    environment = {"PYPISERVER_PORT": "8082"}
    with Container(root, ["run", "-p", "8083"], environment=environment, port=8083) as container:
        assert container.request("GET", "/simple/")[0] == 200


def test_read_only_packages_on_a_read_only_root_are_listed_and_take_no_uploads(
    root, packages, htpasswd
):
    volumes = [(packages, "data/packages", "ro"), (htpasswd, "data/.htpasswd", "ro")]
    with Container(root, DOCUMENTED, volumes, is_read_only=True) as container:
        assert_serves_helpers(container)
        status, reason = upload(container)
        assert status == 403
        assert "uploads are not possible" in reason
        assert "fresh" not in container.request("GET", "/simple/")[2].decode()
        assert container.execute("/usr/bin/wheelhouse", "health").returncode == 0
    assert [path.name for path in packages.iterdir()] == [HELPERS.filename]


def test_writable_packages_on_a_read_only_root_take_uploads(root, packages, htpasswd):
    volumes = [(packages, "data/packages", "rw"), (htpasswd, "data/.htpasswd", "ro")]
    with Container(root, DOCUMENTED, volumes, is_read_only=True) as container:
        assert upload(container) == (200, "")


def test_health_check_finds_the_port_in_the_arguments_of_the_container(root):
    with Container(root, ["-p", "9000", "packages"], port=9000) as container:
        well = container.execute("/usr/bin/wheelhouse", "health")
        assert (well.returncode, well.stdout) == (0, "ok\n"), well.stderr


def test_health_check_fails_where_nobody_answers(root):
    with Container(root) as container:
        sick = container.execute("/usr/bin/wheelhouse", "health", "--port", "9")
        assert sick.returncode == 1
        assert "cannot connect to 127.0.0.1:9" in sick.stderr


def test_pypi_server_is_there_under_its_own_name(root):
    with Container(root) as container:
        asked = container.execute("/usr/bin/pypi-server", "--version")
        assert asked.returncode == 0
        assert asked.stdout.count(".") == 2


def test_file_copied_into_the_volume_outside_is_listed_inside(root, packages):
    with Container(root, ["packages"], [(packages, "data/packages", "rw")]) as container:
        FRESH.put(packages, rested=False)
        is_listed = lambda: b"fresh" in container.request("GET", "/simple/")[2]  # noqa: E731
        wait_until(is_listed, seconds=10, what="the copied file is listed")


def test_sigterm_lets_a_download_end_takes_no_new_ones_and_exits_with_0(root, packages):
    LARGE.put(packages)
    volumes = [(packages, "data/packages", "ro")]
    with Container(root, ["run", "packages"], volumes) as container:
        connection = container.connection()
        try:
            connection.request("GET", f"/packages/{LARGE.filename}")
            response = connection.getresponse()
            assert response.status == 200
            content = response.read(1024)
            container.signal(signal.SIGTERM)
            wait_until(lambda: is_refused(container), seconds=10, what="no new connections")
            assert container.engine.poll() is None, "the program did not wait for the download"
            # A slow client, which takes its time after the signal.
            for _ in range(10):
                content += response.read(1024 * 1024)
                time.sleep(0.05)
            assert container.engine.poll() is None, "the program did not wait for the download"
            content += response.read()
        finally:
            connection.close()
        assert hashlib.sha256(content).hexdigest() == LARGE.sha256
        assert container.wait() == 0, container.output()


def test_sigterm_ends_an_idle_program_at_once_with_0(root):
    with Container(root) as container:
        container.signal(signal.SIGTERM)
        assert container.wait() == 0, container.output()


def is_refused(container: Container) -> bool:
    try:
        container.request("GET", "/healthz")
    except ConnectionError:
        return True
    return False

"""What keeps the program from starting, under both names: a sentence and an exit code."""

from __future__ import annotations

import os
import socket

import pytest

from support.programs import clean_environment


def ended(door, folder, *words, **environment):
    done = door.run("run", "-i", "127.0.0.1", "-p", "0", *words, folder=folder, environment=environment)
    assert done.returncode in (1, 2), done
    assert done.stderr.startswith("error: "), done.stderr
    assert "panicked" not in done.stderr and "RUST_BACKTRACE" not in done.stderr
    return done


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "packages").mkdir()
    return tmp_path


def test_unknown_option_names_the_nearest(either_name, folder):
    done = ended(either_name, folder, "--pasword", "x", "packages")
    assert done.returncode == 2 and "--passwords" in done.stderr


def test_port_in_use_is_exit_1(either_name, folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = ended(either_name, folder, "-p", port, "packages")
    assert done.returncode == 1 and port in done.stderr


def test_unreadable_password_file(either_name, folder):
    (folder / "passwords").mkdir()
    done = ended(either_name, folder, "-P", "passwords", "packages")
    assert "passwords" in done.stderr
    assert done.returncode == (1 if either_name.is_drop_in else 2)


def test_missing_password_file(either_name, folder):
    done = ended(either_name, folder, "-P", "none", "packages")
    assert "none" in done.stderr
    assert done.returncode == (1 if either_name.is_drop_in else 2)


def test_missing_folder_is_refused_or_made(pypi_server, wheelhouse, serve, folder):
    done = ended(pypi_server, folder, "no-such-folder")
    assert done.returncode == 2 and "no-such-folder" in done.stderr
    site = serve(wheelhouse, roots=[], start=False)
    site.root_arguments = ["made"]
    assert site.start().get("/simple/").status == 200
    assert (site.folder / "made").is_dir()


def test_root_that_is_a_file(either_name, folder):
    (folder / "file").write_text("x")
    done = ended(either_name, folder, "file")
    assert "file" in done.stderr


def test_unknown_key_in_the_file_names_the_nearest(either_name, folder):
    (folder / "mine.toml").write_text('pasword = "x"\n')
    done = ended(either_name, folder, "--config", "mine.toml", "packages")
    assert done.returncode == 2
    assert "pasword" in done.stderr and "passwords" in done.stderr and "mine.toml" in done.stderr


@pytest.mark.parametrize("text", ["port = ", "port = 'eighty'", "port = 99999", "[section]\n", "\0"])
def test_bad_file_is_refused_with_its_name(either_name, folder, text):
    (folder / "mine.toml").write_text(text)
    done = ended(either_name, folder, "--config", "mine.toml", "packages")
    assert done.returncode == 2 and "mine.toml" in done.stderr


def test_bad_variable_is_refused_with_its_name(either_name, folder):
    done = ended(either_name, folder, "packages", WHEELHOUSE_SCAN_INTERVAL_SECONDS="soon")
    assert done.returncode == 2 and "WHEELHOUSE_SCAN_INTERVAL_SECONDS" in done.stderr


def test_option_goes_before_variable_before_file(serve, either_name):
    site = serve(either_name, "--config", "mine.toml", start=False)
    (site.folder / "mine.toml").write_text('health-endpoint = "/from-file"\n')
    assert site.start().get("/from-file").body == b"Ok"

    variable = {"WHEELHOUSE_HEALTH_ENDPOINT": "/from-variable"}
    site = serve(either_name, "--config", "mine.toml", start=False, environment=variable)
    (site.folder / "mine.toml").write_text('health-endpoint = "/from-file"\n')
    assert site.start().get("/from-variable").body == b"Ok"

    options = ["--config", "mine.toml", "--health-endpoint", "/from-option"]
    site = serve(either_name, *options, start=False, environment=variable)
    (site.folder / "mine.toml").write_text('health-endpoint = "/from-file"\n')
    assert site.start().get("/from-option").body == b"Ok"


def test_file_of_the_working_folder_is_read_by_one_name_only(serve, pypi_server, wheelhouse):
    for door in [pypi_server, wheelhouse]:
        site = serve(door, start=False)
        (site.folder / "wheelhouse.toml").write_text('health-endpoint = "/from-file"\n')
        status = site.start().get("/from-file").status
        assert (status == 200) == (door is wheelhouse), door


def test_second_server_on_one_state_is_refused_or_harmless(serve, pypi_server):
    first = serve(pypi_server, "-a", ".", "-P", ".")
    second = serve(pypi_server, "-a", ".", "-P", ".", start=False)
    second.root_arguments = [str(first.packages)]
    try:
        second.start()
    except AssertionError as refused:
        second.is_expected_to_fail = True
        assert "panicked" not in str(refused)
    from support.distributions import wheel

    assert first.upload(wheel("demo", "1.0")).status == 200


def test_output_into_a_closed_pipe_is_no_backtrace(either_name, folder):
    import subprocess

    shown = subprocess.run(
        f"{either_name.command[0]} run --help | head -1",
        shell=True,
        cwd=folder,
        env=clean_environment(folder),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert "panicked" not in shown.stderr


def test_program_under_the_new_name_takes_the_old_command(serve, wheelhouse):
    site = serve(wheelhouse, form=["pypi-server"], start=False)
    (site.folder / "packages").mkdir(exist_ok=True)
    assert site.start().get("/health").body == b"Ok"
    assert os.path.exists(site.packages)


def test_config_show_hides_secrets_and_check_says_good(wheelhouse, folder):
    done = wheelhouse.run("config", "show", folder=folder, environment={"WHEELHOUSE_FALLBACK_URL": "https://me:hush-hush@index.example/simple/"})
    assert done.returncode == 0 and "index.example" in done.stdout and "hush-hush" not in done.stdout, done
    done = wheelhouse.run("config", "check", folder=folder)
    assert done.returncode == 0, done


def test_health_asks_the_running_server(serve, wheelhouse):
    site = serve(wheelhouse)
    done = wheelhouse.run("health", "-p", site.port, folder=site.folder)
    assert done.returncode == 0, done
    site.stop()
    done = wheelhouse.run("health", "-p", site.port, folder=site.folder)
    assert done.returncode != 0 and done.stderr, done

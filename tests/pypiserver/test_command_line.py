"""The command line of pypiserver, spec/pypiserver.md §1: options, exit codes, the old form."""

from __future__ import annotations

import re
import signal
import socket
import time

import pytest

from support.distributions import any_file, wheel
from support.ports import free_port
from support.programs import Door, Site
from support.waiting import wait_until

DEMO = wheel("demo", "1.0")
NUMBER = re.compile(r"^\d+\.\d+\.\d+\S*\n$")


# §1, §1.1: what every command takes.


@pytest.mark.parametrize("words", [["--version"], ["run", "--version"], ["update", "--version"]])
def test_kept_version_prints_only_the_number(door: Door, tmp_path, words):
    done = door.run(*words, folder=tmp_path)
    assert (done.returncode, bool(NUMBER.match(done.stdout))) == (0, True), done


@pytest.mark.parametrize(
    "words", [["-h"], ["--help"], ["run", "-h"], ["run", "--help"], ["update", "-h"]], ids=" ".join
)
def test_kept_help_goes_to_stdout_with_exit_0(door: Door, tmp_path, words):
    done = door.run(*words, folder=tmp_path)
    assert done.returncode == 0, done
    assert "usage" in done.stdout.lower()


HELP = {
    "run": """--verbose --log-file --log-stream --log-frmt --hash-algo --backend --version --port
        --interface --host --authenticate --passwords --disable-fallback --fallback-url
        --health-endpoint --server --overwrite --welcome --cache-control --log-req-frmt
        --log-res-frmt --log-err-frmt --server-base-url""",
    "update": """--verbose --log-file --execute --download-directory --allow-unstable
        --ignorelist-file --blacklist-file""",
}


@pytest.mark.parametrize("command", HELP)
def test_kept_help_names_every_option(door: Door, tmp_path, command):
    shown = door.run(command, "--help", folder=tmp_path).stdout
    assert [option for option in HELP[command].split() if option not in shown] == []


@pytest.mark.parametrize("command", HELP)
def test_mended_help_has_no_unexpanded_placeholder(pypi_server: Door, tmp_path, command):
    shown = pypi_server.run(command, "--help", folder=tmp_path).stdout
    assert shown and not re.search(r"\{[A-Za-z_.]+\}|%\((prog|default)\)", shown), shown


SHORT_FORMS = [
    ["run", "--disable-fall", "packages"],
    ["run", "--hash-algo=md5", "packages"],
    ["run", "--hash-algo", "md5", "packages"],
    ["run", "-vvv", "packages"],
    ["run", "-vo", "packages"],
    ["run", "packages", "--overwrite"],
    ["run", "packages", "-a", ".", "-P."],
    ["run", "-a.", "packages", "-P", "."],
]


@pytest.mark.parametrize("words", SHORT_FORMS, ids=" ".join)
def test_kept_options_can_be_shortened_joined_and_mixed(serve, door: Door, words):
    site = serve(door, *words[1:], form=["run"], roots=[], start=False)
    (site.folder / "packages").mkdir()
    assert site.start().get("/health").status == 200


@pytest.mark.parametrize("form", ["-p{}", "--port={}", "--por={}"])
def test_kept_port_can_be_joined_to_its_option(serve, door: Door, form):
    site = serve(door, start=False)
    port = free_port()
    site.port_words = [form.format(port)]
    assert site.start(port).get("/health").status == 200


BAD = {
    "unknown option": ["run", "--no-such-option", "packages"],
    "unknown short option": ["run", "-q", "packages"],
    "port is no number": ["run", "-p", "eighty", "packages"],
    "value is missing": ["run", "packages", "-p"],
    "folder is missing": ["run", "no-such-folder"],
    "second folder is missing": ["run", "packages", "no-such-folder"],
    "folder is a file in place of a folder": ["run", "no-such-folder/file"],
    "unknown command": ["frobnicate"],
    "unknown locks": ["run", "-a", "upload", "-P", ".htpasswd", "packages"],
    "empty locks": ["run", "-a", "", "-P", ".htpasswd", "packages"],
    "dot among locks": ["run", "-a", "update,.", "-P", ".htpasswd", "packages"],
    "unknown hash": ["run", "--hash-algo", "sha257", "packages"],
    "hash in capitals": ["run", "--hash-algo", "SHA256", "packages"],
    "hash as yes": ["run", "--hash-algo", "yes", "packages"],
    "hash as true": ["run", "--hash-algo", "true", "packages"],
    "hash as 1": ["run", "--hash-algo", "1", "packages"],
    "unknown backend": ["run", "--backend", "s3", "packages"],
    "unknown server": ["run", "--server", "nginx", "packages"],
    "unknown stream": ["run", "--log-stream", "syslog", "packages"],
    "age is no number": ["run", "--cache-control", "hour", "packages"],
    "health path with a dot": ["run", "--health-endpoint", "/he.alth", "packages"],
    "health path is the root": ["run", "--health-endpoint", "/", "packages"],
    "health path without a slash": ["run", "--health-endpoint", "health", "packages"],
    "ignore list is missing": ["update", "--ignorelist-file", "none.txt", "packages"],
    "old name of the ignore list": ["update", "--blacklist-file", "none.txt", "packages"],
    "-Ux in one word": ["packages", "-Ux"],
}


@pytest.mark.parametrize("words", BAD.values(), ids=BAD)
def test_kept_bad_command_line_is_exit_2_with_a_reason_on_stderr(door: Door, tmp_path, words):
    (tmp_path / "packages").mkdir()
    (tmp_path / ".htpasswd").write_text("")
    done = door.run(*words, folder=tmp_path)
    assert done.returncode == 2, done
    assert done.stderr.strip() and not done.stdout, done


FAILS = {
    "locks off, passwords not": ["run", "-a", ".", "packages"],
    "locks off, passwords given": ["run", "-a", ".", "-P", ".htpasswd", "packages"],
    "passwords off, locks not": ["run", "-P", ".", "packages"],
    "passwords off, locks given": ["run", "-P", ".", "-a", "update", "packages"],
    "password file is missing": ["run", "-P", "no-such-file", "packages"],
    "welcome file is missing": ["run", "--welcome", "no-such.html", "packages"],
    "health path is the list": ["run", "--health-endpoint", "/simple/", "packages"],
    "address is none": ["run", "-i", "999.1.1.1", "packages"],
}


@pytest.mark.parametrize("words", FAILS.values(), ids=FAILS)
def test_kept_start_that_fails_is_exit_1(door: Door, tmp_path, words):
    (tmp_path / "packages").mkdir()
    (tmp_path / ".htpasswd").write_text("ada:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=\n")
    extra = [] if "-i" in words else ["-i", "127.0.0.1"]
    done = door.run(*words, *extra, "-p", "0", folder=tmp_path)
    assert done.returncode == 1, done
    assert done.stderr.strip(), done


def test_kept_port_in_use_is_exit_1(door: Door, tmp_path):
    (tmp_path / "packages").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = door.run("run", "-i", "127.0.0.1", "-p", port, "packages", folder=tmp_path)
    assert done.returncode == 1, done
    assert done.stderr.strip(), done


@pytest.mark.parametrize("words", FAILS.values(), ids=FAILS)
def test_mended_start_that_fails_says_why_in_a_sentence(pypi_server: Door, tmp_path, words):
    (tmp_path / "packages").mkdir()
    (tmp_path / ".htpasswd").write_text("ada:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=\n")
    extra = [] if "-i" in words else ["-i", "127.0.0.1"]
    said = pypi_server.run(*words, *extra, "-p", "0", folder=tmp_path).stderr
    assert said.startswith("error: "), said
    assert "panicked" not in said and "Traceback" not in said and len(said) < 600, said


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["run", "-P", "no-such-file", "packages"], "no-such-file"),
        (["run", "--welcome", "no-such.html", "packages"], "no-such.html"),
        (["run", "no-such-folder"], "no-such-folder"),
        (["run", "--hash-algo", "sha257", "packages"], "sha257"),
        (["run", "--disable-fallbak", "packages"], "--disable-fallback"),
        (["run", "-p", "70000", "packages"], "70000"),
    ],
)
def test_message_names_what_is_wrong(pypi_server: Door, tmp_path, words, named):
    (tmp_path / "packages").mkdir()
    said = pypi_server.run(*words, "-i", "127.0.0.1", folder=tmp_path).stderr
    assert named in said, said


SHARED = ["--hash-algo", "md5", "-v", "--log-file", "server.log"]


def test_kept_shared_options_after_the_command_count(serve, door: Door):
    shared_options_count(serve(door, form=["run", *SHARED], files=[DEMO]))


def test_mended_shared_options_before_the_command_count(serve, pypi_server: Door):
    shared_options_count(serve(pypi_server, form=[*SHARED, "run"], files=[DEMO]))


def shared_options_count(site: Site) -> None:
    assert site.get("/simple/demo/").links[0].fragment == f"md5={DEMO.digest('md5')}"
    assert "/simple/demo/" in (site.folder / "server.log").read_text()


HASHES = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s"]


@pytest.mark.parametrize("name", HASHES)
def test_kept_hash_algo_chooses_the_hash_of_links(serve, door: Door, name):
    site = serve(door, "--hash-algo", name, files=[DEMO])
    for page in ["/simple/demo/", "/packages/"]:
        assert site.get(page).links[0].fragment == f"{name}={DEMO.digest(name)}", page


@pytest.mark.parametrize("word", ["0", "no", "off", "false", "n", "f", "OFF", "No", "False"])
def test_kept_hash_algo_can_be_turned_off(serve, door: Door, word):
    site = serve(door, "--hash-algo", word, files=[DEMO])
    for page in ["/simple/demo/", "/packages/"]:
        assert site.get(page).links[0].href == "/packages/" + DEMO.filename


@pytest.mark.parametrize("name", ["shake_128", "shake_256"])
def test_mended_hash_without_a_length_is_refused_at_the_start(pypi_server: Door, tmp_path, name):
    (tmp_path / "packages").mkdir()
    done = pypi_server.run("run", "--hash-algo", name, "packages", folder=tmp_path)
    assert done.returncode == 2, done


@pytest.mark.parametrize("backend", ["auto", "simple-dir"])
def test_kept_backend_is_accepted(serve, door: Door, backend):
    assert serve(door, "--backend", backend, files=[DEMO]).listed() == [DEMO.filename]


def test_mended_cached_backend_needs_nothing_installed(serve, pypi_server: Door):
    site = serve(pypi_server, "--backend", "cached-dir", files=[DEMO])
    assert site.listed() == [DEMO.filename]


@pytest.mark.parametrize("server", ["auto", "wsgiref", "WSGIref"])
def test_kept_server_is_accepted_in_any_case(serve, door: Door, server):
    assert serve(door, "--server", server, files=[DEMO]).listed() == [DEMO.filename]


@pytest.mark.parametrize("server", ["cherrypy", "gevent", "gunicorn", "paste", "twisted", "waitress"])
def test_mended_server_needs_nothing_installed(serve, pypi_server: Door, server):
    site = serve(pypi_server, "-v", "--server", server, files=[DEMO])
    assert site.listed() == [DEMO.filename]
    assert "--server" in site.log, "a note says that it does nothing"


# §1.1: the log.


def test_kept_log_file_is_made_at_the_start_though_nothing_is_logged(serve, door: Door):
    site = serve(door, "--log-file", "server.log")
    assert (site.folder / "server.log").exists()


def test_kept_log_file_is_appended_to(serve, door: Door):
    site = serve(door, "-v", "--log-file", "server.log", start=False)
    (site.folder / "server.log").write_text("from before\n")
    site.start().get("/simple/")
    log = site.folder / "server.log"
    wait_until(lambda: "/simple/" in log.read_text(), seconds=5)
    assert log.read_text().startswith("from before\n")


@pytest.mark.parametrize("count", [0, 1])
def test_kept_verbose_logs_requests(serve, door: Door, count):
    site = serve(door, *["-v"] * count)
    site.get("/simple/not-here-at-all/")
    site.stop()
    assert ("not-here-at-all" in site.stdout) == bool(count)


@pytest.mark.parametrize("stream", ["stdout", "stderr", "none", "STDERR", "None"])
def test_kept_log_stream_chooses_where_the_log_goes(serve, door: Door, stream):
    # The web server of the control prints lines of its own on stderr; a word of the log's own
    # form cannot be among them.
    site = serve(door, "-v", "--log-stream", stream, "--log-req-frmt", "asked for something")
    site.get("/simple/")
    site.stop()
    found = {
        name for name, text in {"stdout": site.stdout, "stderr": site.stderr}.items()
        if "asked for something" in text
    }
    assert found == ({stream.lower()} - {"none"})


def test_kept_log_format_of_python_shapes_the_file(serve, door: Door):
    form = "%(levelname)s~%(name)s~%(message)s"
    site = serve(door, "-v", "--log-file", "server.log", "--log-frmt", form)
    site.get("/simple/")
    site.stop()
    lines = (site.folder / "server.log").read_text().splitlines()
    assert any(re.match(r"INFO~[\w.:-]+~.*/simple/", line) for line in lines), lines


def test_mended_log_format_shapes_the_stream_too(serve, pypi_server: Door):
    site = serve(pypi_server, "-v", "--log-frmt", "%(levelname)s~%(message)s")
    site.get("/simple/")
    site.stop()
    assert re.search(r"^INFO~.*/simple/", site.stdout, re.MULTILINE), site.stdout


@pytest.mark.parametrize(
    ("option", "form", "pattern"),
    [
        ("--log-req-frmt", "ask %(REQUEST_METHOD)s %(PATH_INFO)s", r"ask GET /simple/"),
        ("--log-res-frmt", "answer %(status)s", r"answer 200"),
    ],
)
def test_kept_log_lines_of_requests_have_forms(serve, door: Door, option, form, pattern):
    site = serve(door, "-v", "--disable-fallback", option, form)
    site.get("/simple/")
    site.get("/simple/nothing/")
    site.stop()
    assert re.search(pattern, site.stdout), site.stdout


def test_mended_log_line_of_errors_is_written(serve, pypi_server: Door):
    # The control hangs its function on no error at all, so that the option does nothing.
    site = serve(pypi_server, "-v", "--log-err-frmt", "fault %(status)s")
    site.get("/simple/nothing/")
    site.stop()
    assert re.search(r"fault 404", site.stdout), site.stdout


@pytest.mark.parametrize("option", ["--log-req-frmt", "--log-res-frmt"])
def test_kept_percent_s_shows_all_there_is(serve, door: Door, option):
    site = serve(door, "-v", "--disable-fallback", option, "everything: %s")
    assert site.get("/simple/nothing/").status == 404
    site.stop()
    assert re.search(r"everything: .{20}", site.stdout), site.stdout


def test_mended_log_holds_no_password(serve, pypi_server: Door):
    site = serve(pypi_server, "-vvv", "--log-req-frmt", "everything: %s")
    site.get("/simple/", user=("ada", "very-secret-word"))
    site.stop()
    assert "very-secret-word" not in site.log and "YWRhOnZlcnktc2VjcmV0LXdvcmQ" not in site.log


# §1.2: `run`.


def test_kept_banner_goes_to_stderr_and_names_the_address(serve, door: Door):
    site = serve(door)
    site.stop()
    assert "127.0.0.1" in site.stderr
    assert "127.0.0.1" not in site.stdout


def test_mended_banner_names_the_port_that_the_system_chose(serve, pypi_server: Door):
    site = serve(pypi_server)
    assert site.port and f"http://127.0.0.1:{site.port}/" in site.stderr


@pytest.mark.parametrize("option", ["-i", "-H", "--interface", "--host"])
def test_kept_address_has_four_spellings(serve, door: Door, option):
    # 127.0.0.2 is an address of this machine too; the last spelling counts.
    site = serve(door, option, "127.0.0.1")
    assert site.get("/health").status == 200


def test_kept_roots_are_read_in_the_order_given(serve, door: Door):
    site = serve(door, roots=["one", "two"], start=False)
    any_file("first-1.0.zip").put(site.roots[0])
    any_file("second-1.0.zip").put(site.roots[1])
    site.start()
    assert site.get("/simple/").names == ["first", "second"]
    assert site.get("/packages/second-1.0.zip").status == 200


def test_kept_home_is_expanded_and_the_default_folder_is_in_it(serve, door: Door):
    default = serve(door, roots=[], start=False)
    DEMO.put(default.folder / "packages")
    assert default.start().listed() == [DEMO.filename]

    named = serve(door, roots=[], start=False)
    DEMO.put(named.folder / "mine")
    named.root_arguments = ["~/mine"]
    assert named.start().listed() == [DEMO.filename]


def test_mended_default_folder_that_is_missing_takes_uploads_or_is_refused(pypi_server, serve):
    site = serve(pypi_server, "-a", ".", "-P", ".", roots=[], start=False)
    assert not (site.folder / "packages").exists()
    try:
        site.start()
    except AssertionError as refused:
        assert "packages" in str(refused)
        site.is_expected_to_fail = True
    else:
        assert site.upload(DEMO).status == 200
        site.await_listed(DEMO.filename)


def test_kept_uploads_are_locked_and_nobody_has_a_key_by_default(serve, door: Door):
    site = serve(door, files=[DEMO])
    assert site.get("/simple/").status == 200
    assert site.get("/packages/" + DEMO.filename).status == 200
    assert site.upload(wheel("other", "1.0")).status == 401
    assert site.upload(wheel("other", "1.0"), user=("ada", "any")).status in (401, 403)


def test_kept_cache_control_is_sent_with_files_only(serve, door: Door):
    site = serve(door, "--cache-control", "3600", files=[DEMO])
    file = site.get("/packages/" + DEMO.filename)
    assert file.header("Cache-Control") == "public, max-age=3600"
    for page in ["/", "/simple/", "/simple/demo/", "/packages/"]:
        assert "3600" not in (site.get(page).header("Cache-Control") or ""), page


@pytest.mark.parametrize("options", [[], ["--cache-control", "0"]], ids=["absent", "0"])
def test_kept_files_have_no_cache_control_unless_asked_for(serve, door: Door, options):
    site = serve(door, *options, files=[DEMO])
    assert site.get("/packages/" + DEMO.filename).header("Cache-Control") is None


def test_kept_health_endpoint_moves(serve, door: Door):
    site = serve(door, "--health-endpoint", "/Status_1/is-well")
    answer = site.get("/Status_1/is-well")
    assert (answer.status, answer.body) == (200, b"Ok")
    # The old path is a project's name now.
    assert site.get("/health").status in (302, 303)


@pytest.mark.parametrize("prefix", ["/team", "team", "/team/", "/a/b"])
def test_kept_server_base_url_moves_everything(serve, door: Door, prefix):
    site = serve(
        door, "--server-base-url", prefix, "-a", ".", "-P", ".", "--disable-fallback", files=[DEMO]
    )
    base = "/" + prefix.strip("/")
    assert site.get(f"{base}/").status == 200
    assert site.get(f"{base}/simple/").names == ["demo"]
    link = site.get(f"{base}/simple/demo/").links[0]
    assert link.path == f"{base}/packages/{DEMO.filename}"
    assert site.get(link.path).body == DEMO.content
    assert site.upload(wheel("other", "1.0"), path=f"{base}/").status == 200
    assert site.get(f"{base}/health").body == b"Ok"
    for outside in ["/simple/", "/packages/", "/simple/demo/"]:
        assert site.get(outside).status == 404, outside


@pytest.mark.parametrize("prefix", ["/team", "team", "/team/"])
def test_mended_prefix_without_its_slash_leads_to_the_prefix(serve, pypi_server: Door, prefix):
    # The control answers the page or 404, by whether the option ends in a slash.
    answer = serve(pypi_server, "--server-base-url", prefix).get("/team")
    assert answer.status == 200 or answer.header("Location", "").endswith("/team/"), answer


def test_kept_server_base_url_of_one_slash_is_none(serve, door: Door):
    site = serve(door, "--server-base-url", "/", files=[DEMO])
    assert site.get("/simple/").names == ["demo"]


def test_kept_fallback_url_gets_the_unknown_project(serve, door: Door):
    for given in ["https://index.example/simple", "https://index.example/simple///"]:
        site = serve(door, "--fallback-url", given, files=[DEMO])
        answer = site.get("/simple/not-here/")
        assert answer.status in (302, 303)
        assert answer.header("Location") == "https://index.example/simple/not-here/"
        assert site.get("/simple/demo/").status == 200


def test_kept_disable_fallback_answers_404(serve, door: Door):
    options = ["--fallback-url", "https://index.example/simple", "--disable-fallback"]
    site = serve(door, *options, files=[DEMO])
    assert site.get("/simple/not-here/").status == 404


def test_mended_fallback_is_off_and_says_so_where_no_address_is_known(serve, pypi_server: Door):
    site = serve(pypi_server, files=[DEMO])
    assert site.get("/simple/not-here/").status == 404
    assert "--fallback-url" in site.stderr


def test_mended_fallback_takes_its_address_from_the_environment(serve, pypi_server: Door):
    environment = {"WHEELHOUSE_PUBLIC_INDEX": "https://index.example/simple/"}
    site = serve(pypi_server, environment=environment)
    answer = site.get("/simple/not-here/")
    assert answer.header("Location") == "https://index.example/simple/not-here/"


def test_mended_fallback_takes_its_address_from_the_settings_of_pip(serve, pypi_server: Door):
    environment = {"PIP_INDEX_URL": "https://index.example/simple/"}
    site = serve(pypi_server, environment=environment)
    answer = site.get("/simple/not-here/")
    assert answer.header("Location") == "https://index.example/simple/not-here/"


@pytest.mark.parametrize(
    "address",
    ["https://me:secret@index.example/simple/", "http://index.example/simple/"],
    ids=["with a password", "not https"],
)
def test_mended_fallback_takes_no_doubtful_address_from_pip(serve, pypi_server: Door, address):
    site = serve(pypi_server, environment={"PIP_INDEX_URL": address})
    assert site.get("/simple/not-here/").status == 404
    assert "fallback" in site.stderr and "secret" not in site.stderr


def test_fallback_of_the_other_door_needs_the_option(serve, wheelhouse: Door):
    environment = {"WHEELHOUSE_PUBLIC_INDEX": "https://index.example/simple/"}
    site = serve(wheelhouse, environment=environment)
    assert site.get("/simple/not-here/").status == 404


# §1.3: `update`.


def test_kept_update_of_an_empty_folder_finds_nothing_to_do(door: Door, tmp_path):
    (tmp_path / "packages").mkdir()
    more = [] if door.is_control else ["--index-url", "http://127.0.0.1:9/simple/"]
    done = door.run("update", *more, "packages", folder=tmp_path)
    assert done.returncode == 0, done
    assert "checking 0 packages for newer version" in done.stdout


@pytest.fixture
def upstream(serve, pypi_server):
    """An index with newer versions, final and not, of some projects."""
    versions = ["1.0", "1.1", "2.0rc1"]
    files = [wheel(name, version) for name in ["demo", "skipped"] for version in versions]
    return serve(pypi_server, files=[*files, wheel("fresh", "1.0")])


@pytest.fixture
def stock(tmp_path):
    folder = tmp_path / "packages"
    for name in ["demo", "skipped", "fresh", "elsewhere"]:
        wheel(name, "1.0").put(folder / name)
    return folder


def test_kept_update_prints_the_pip_commands(pypi_server, upstream, stock, tmp_path):
    address = upstream.url + "simple/"
    done = pypi_server.run("update", "--index-url", address, "packages", folder=tmp_path)
    assert done.returncode == 0, done
    assert "checking 4 packages for newer version" in done.stdout
    commands = [line for line in done.stdout.splitlines() if line.startswith("pip ")]
    folder = stock / "demo"
    assert f"pip -q download --no-deps -i {upstream.url}simple" in commands[0], done.stdout
    assert commands[0].endswith(f"-d {folder} demo==1.1")
    assert [command.split()[-1] for command in commands] == ["demo==1.1", "skipped==1.1"]
    assert "elsewhere" in done.stdout + done.stderr
    assert list(folder.iterdir()) == [folder / wheel("demo", "1.0").filename]


def test_mended_allow_unstable_means_what_its_help_says(pypi_server, upstream, stock, tmp_path):
    address = upstream.url + "simple/"
    done = pypi_server.run("update", "-u", "--index-url", address, "packages", folder=tmp_path)
    assert "demo==2.0rc1" in done.stdout and "demo==1.1" not in done.stdout, done.stdout


@pytest.mark.parametrize("option", ["--ignorelist-file", "--blacklist-file"])
def test_kept_update_leaves_ignored_projects_alone(pypi_server, upstream, stock, tmp_path, option):
    (tmp_path / "ignored").write_text("# private\n\nskipped\n")
    words = ["update", option, "ignored", "--index-url", upstream.url + "simple/", "packages"]
    done = pypi_server.run(*words, folder=tmp_path)
    assert "demo==1.1" in done.stdout and "skipped==" not in done.stdout, done.stdout


def test_mended_ignore_list_takes_any_spelling(pypi_server, upstream, stock, tmp_path):
    (tmp_path / "ignored").write_text("Skipped\nDEMO\n")
    words = ["update", "--ignorelist-file", "ignored", "--index-url", upstream.url + "simple/"]
    done = pypi_server.run(*words, "packages", folder=tmp_path)
    assert "==" not in done.stdout, done.stdout
    assert "elsewhere" in done.stdout + done.stderr, "the others were looked up"


def test_kept_update_executes_the_commands(pypi_server, upstream, stock, tmp_path):
    from support.programs import venv

    (tmp_path / "new").mkdir()
    words = ["update", "-x", "-d", "new", "--index-url", upstream.url + "simple/", "packages"]
    path = {"PATH": f"{venv('pip-newest')}:/usr/bin:/bin"}
    done = pypi_server.run(*words, folder=tmp_path, environment=path, seconds=60)
    assert done.returncode == 0, done
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == [wheel("demo", "1.1").filename, wheel("skipped", "1.1").filename], done
    assert (stock / "demo" / wheel("demo", "1.0").filename).exists()


def test_kept_failed_lookups_leave_exit_0(pypi_server, stock, tmp_path):
    words = ["update", "--index-url", "http://127.0.0.1:9/simple/", "packages"]
    done = pypi_server.run(*words, folder=tmp_path)
    assert done.returncode == 0, done
    assert "demo" in done.stdout + done.stderr


# §1.4: the old form.

OLD_FORMS = {
    "nothing but options": [],
    "options before the folder": ["-v", "packages"],
    "options after the folder": ["packages", "-v"],
    "passwords": ["-P", ".htpasswd", "packages"],
    "the prefix first": ["--server-base-url", "/x", "packages"],
}


@pytest.mark.parametrize("words", OLD_FORMS.values(), ids=OLD_FORMS)
def test_kept_old_form_runs_with_a_warning_on_stderr(serve, door: Door, words):
    site = serve(door, *words, form=[], roots=[], users={}, start=False)
    (site.folder / "packages").mkdir()
    site.start()
    prefix = "/x" if "/x" in words else ""
    assert site.get(f"{prefix}/health").status == 200
    assert re.search("deprecat|old form", site.stderr, re.IGNORECASE), site.stderr


def test_kept_new_form_has_no_warning(serve, door: Door):
    site = serve(door)
    assert not re.search("deprecat|old form", site.stderr, re.IGNORECASE), site.stderr


@pytest.mark.parametrize(
    "words", [["-U", "packages"], ["packages", "-U", "-u"], ["packages", "-U", "more", "-x", "-u"]],
    ids=" ".join,
)
def test_kept_old_update_form_is_update(door: Door, tmp_path, words):
    (tmp_path / "packages").mkdir()
    (tmp_path / "more").mkdir()
    more = {} if door.is_control else {"WHEELHOUSE_INDEX_URL": "http://127.0.0.1:9/simple/"}
    done = door.run(*words, folder=tmp_path, environment=more)
    assert done.returncode == 0, done
    assert "checking 0 packages for newer version" in done.stdout


def test_mended_old_form_that_fails_names_its_own_fault(pypi_server: Door, tmp_path):
    (tmp_path / "packages").mkdir()
    said = pypi_server.run("packages", "--prot", "8080", folder=tmp_path).stderr
    assert "--prot" in said and "invalid choice" not in said, said


# §1.5: how it ends.


def test_kept_interrupt_is_exit_0(serve, door: Door):
    site = serve(door)
    # While it still closes a connection the control's web server swallows the interrupt.
    time.sleep(0.5)
    assert site.stop(signal.SIGINT) == 0


def test_mended_terminate_is_a_clean_end(serve, pypi_server: Door):
    assert serve(pypi_server).stop(signal.SIGTERM) == 0

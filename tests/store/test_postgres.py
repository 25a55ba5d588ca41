"""The catalog in PostgreSQL, and the choice of where the catalog is kept."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.authority import Authority
from support.distributions import wheel
from support.postgres import PASSWORD, Cluster
from support.owners import own
from support.programs import WHEELHOUSE, Site, clean_environment, venv
from support.waiting import wait_until

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
DEMO = wheel("demo", "1.0")
OTHER = wheel("demo", "1.0", source="# other")
NEXT = wheel("demo", "2.0")
OPEN = ("-a", ".", "-P", ".")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


@pytest.fixture
def database(cluster: Cluster) -> str:
    return cluster.make_database()


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """One that a test may stop."""
    cluster = Cluster()
    yield cluster
    cluster.close()


def run(folder: Path, *words: str, **environment: str):
    """Runs the program to its end."""
    return WHEELHOUSE.run(*words, folder=folder, environment=environment)


def refused(folder: Path, address: str, **environment: str) -> str:
    """What a server says that does not start."""
    (folder / "packages").mkdir(exist_ok=True)
    words = ["run", "-i", "127.0.0.1", "-p", "0", "packages"]
    done = run(folder, *words, WHEELHOUSE_CATALOG=address, **environment)
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert PASSWORD not in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) <= 3, done.stderr
    return done.stderr


def install(site: Site, target: Path, project: str) -> None:
    words = ["-m", "pip", "install", "-q", "--no-deps", "--target", target, "--index-url", site.url + "simple/"]
    subprocess.run(
        [venv("pip-newest") / "python", *words, project], env=clean_environment(site.folder), check=True, timeout=60
    )


def files(site: Site, project: str = "demo") -> dict[str, bool | str]:
    """The files that a project's page lists, and whether each is yanked."""
    answer = site.get(f"/simple/{project}/", headers=JSON)
    if answer.status == 404:
        return {}
    assert answer.status == 200, answer
    return {file["filename"]: file.get("yanked", False) for file in answer.json["files"]}


def test_a_server_over_postgresql_does_what_one_over_a_file_does(serve, cluster, database, tmp_path):
    address = cluster.address(database)
    site = serve(WHEELHOUSE, *OPEN, environment={"WHEELHOUSE_CATALOG": address})
    assert f"the catalog is in the database `{database}` at {cluster.folder}" in site.stderr
    assert site.upload(DEMO).status == 200
    assert site.upload(DEMO).status == 200, "the same again"
    assert site.upload(OTHER).status in (400, 409)
    NEXT.put(site.packages)
    site.await_listed(DEMO.filename, NEXT.filename)
    install(site, tmp_path, "demo")
    assert (tmp_path / "demo-2.0.dist-info").is_dir()
    own(site, "yank", "demo==1.0", "--reason", "broken")
    assert files(site)[DEMO.filename], "yanked"
    count = cluster.sql(database, "SELECT count(*) FROM events")
    site.restart()
    assert files(site).keys() == {DEMO.filename, NEXT.filename}
    assert files(site)[DEMO.filename], "still yanked"
    assert cluster.sql(database, "SELECT count(*) FROM events") == count, "nothing was found anew"
    assert PASSWORD not in site.log


def test_whoever_cannot_use_the_database_is_told_what_to_do(cluster, database, tmp_path):
    said = refused(tmp_path, cluster.address(database, password="an-other-1"))
    assert "does not let the user `wheelhouse` in" in said and "PGPASSWORD" in said
    assert "an-other-1" not in said
    said = refused(tmp_path, cluster.address("nowhere"))
    assert "there is no such database" in said and "createdb --encoding=UTF8" in said
    said = refused(tmp_path, cluster.address(database).replace(str(cluster.port), "1"))
    assert "cannot be reached" in said and "is PostgreSQL running there" in said
    latin = cluster.make_database("ENCODING 'LATIN1' LOCALE 'C'")
    said = refused(tmp_path, cluster.address(latin))
    assert "the encoding LATIN1" in said


def test_the_password_may_come_from_the_usual_variable(serve, cluster, database):
    environment = {
        "WHEELHOUSE_CATALOG": "postgres://",
        "PGHOST": str(cluster.folder),
        "PGPORT": str(cluster.port),
        "PGUSER": "wheelhouse",
        "PGPASSWORD": PASSWORD,
        "PGDATABASE": database,
    }
    site = serve(WHEELHOUSE, *OPEN, environment=environment, files=[DEMO])
    assert files(site).keys() == {DEMO.filename}


def test_a_password_in_an_address_is_shown_nowhere(cluster, database, tmp_path):
    address = cluster.address(database)
    (tmp_path / "packages").mkdir()
    shown = run(tmp_path, "config", "show", "--catalog", address, "packages")
    assert "[redacted]@" in shown.stdout and PASSWORD not in shown.stdout + shown.stderr
    checked = run(tmp_path, "config", "check", "--catalog", address, "packages")
    assert "other users of this machine can read the password" in checked.stdout
    assert PASSWORD not in checked.stdout + checked.stderr
    for wrong in (f"{address}?password={PASSWORD}", f"{address}?sslmode=prefer", f"{address}?x={PASSWORD}"):
        checked = run(tmp_path, "config", "check", "--catalog", wrong, "packages")
        assert checked.returncode == 2, checked.stdout
        assert PASSWORD not in checked.stdout + checked.stderr, checked.stderr


def test_migrate_says_what_it_would_do_and_does_it(cluster, database, tmp_path):
    (tmp_path / "packages").mkdir()
    words = ["migrate", "--catalog", cluster.address(database, password=None), "packages"]

    def migrate(*more: str):
        return run(tmp_path, *words, *more, PGPASSWORD=PASSWORD)

    checked = migrate("--check")
    assert checked.returncode == 1 and "would do this:\n     1 begin" in checked.stdout, checked
    assert cluster.sql(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
    done = migrate()
    assert done.returncode == 0 and "Nothing is to be done." in done.stdout, done
    assert migrate("--check").returncode == 0

    cluster.sql(database, "INSERT INTO schema_versions (version, compatible, name) VALUES (98, 1, 'added')")
    checked = migrate("--check")
    assert checked.returncode == 0 and "this one fits them still" in checked.stdout, checked
    cluster.sql(database, "INSERT INTO schema_versions (version, compatible, name) VALUES (99, 99, 'took')")
    checked = migrate("--check")
    assert checked.returncode == 1 and "This program does not fit" in checked.stdout, checked
    said = refused(tmp_path, cluster.address(database))
    assert "schema version 99" in said and "use the newer program" in said
    failed = migrate()
    assert failed.returncode == 1 and "use the newer program" in failed.stderr, failed


def test_a_server_goes_on_without_the_database_and_recovers_when_it_is_back(serve, own_cluster):
    database = own_cluster.make_database()
    environment = {"WHEELHOUSE_CATALOG": own_cluster.address(database)}
    site = serve(WHEELHOUSE, *OPEN, environment=environment, files=[DEMO])
    site.await_listed(DEMO.filename)
    page = site.get("/simple/demo/", headers=JSON)
    assert site.get(f"/packages/{DEMO.filename}").status == 200
    for mode in ("fast", "immediate"):
        own_cluster.stop(mode)
        kept = site.get("/simple/demo/", headers=JSON)
        assert (kept.status, kept.body) == (200, page.body), "a page in memory"
        assert site.get(f"/packages/{DEMO.filename}").body == DEMO.content, "a file in memory"
        missed = site.get("/simple/other/")
        assert missed.status == 503 and int(missed.headers["Retry-After"]) > 0, missed
        upload = site.upload(NEXT)
        assert upload.status == 503 and int(upload.headers["Retry-After"]) > 0, upload
        assert not (site.packages / NEXT.filename).exists()
        assert site.get("/healthz").status == 200
        own_cluster.start()
        # The two seconds that are promised are measured by ./ci/soak, on a machine without other work.
        wait_until(lambda: site.get("/simple/other/").status == 404, seconds=20, what="an answer")
    assert site.upload(NEXT).status == 200
    assert files(site).keys() == {DEMO.filename, NEXT.filename}


def test_a_connection_that_is_killed_while_a_file_is_recorded_leaves_no_half(serve, cluster, database):
    environment = {"WHEELHOUSE_CATALOG": cluster.address(database)}
    site = serve(WHEELHOUSE, *OPEN, environment=environment)
    cluster.sql(
        database,
        """CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$;
           CREATE TRIGGER trap BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION die()""",
    )
    upload = site.upload(DEMO)
    assert upload.status == 503, upload
    assert not (site.packages / DEMO.filename).exists()
    counts = "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM events), (SELECT count(*) FROM commits)"
    assert cluster.sql(database, counts) == "0|0|0"
    cluster.sql(database, "DROP TRIGGER trap ON events")
    assert site.upload(DEMO).status == 200
    assert files(site).keys() == {DEMO.filename}


def test_what_goes_over_the_network_is_encrypted_and_the_certificate_is_checked(serve, tmp_path):
    authority = Authority(tmp_path / "authority")
    cluster = Cluster(authority)
    try:
        database = cluster.make_database()
        trusted = cluster.network_address(database, f"sslmode=verify-full&sslrootcert={authority.file}")
        site = serve(WHEELHOUSE, *OPEN, environment={"WHEELHOUSE_CATALOG": trusted}, files=[DEMO])
        assert files(site).keys() == {DEMO.filename}
        encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'wheelhouse'"
        assert cluster.sql(database, encrypted) == "t"
        stranger = Authority(tmp_path / "stranger")
        said = refused(
            tmp_path, cluster.network_address(database, f"sslmode=require&sslrootcert={stranger.file}")
        )
        assert "certificate" in said, said
    finally:
        cluster.close()


def test_two_servers_do_not_share_a_file(serve, tmp_path):
    site = serve(WHEELHOUSE, *OPEN, "--catalog", f"sqlite:{tmp_path}/catalog.sqlite", files=[DEMO])
    assert files(site).keys() == {DEMO.filename}
    said = refused(tmp_path, f"sqlite:{tmp_path}/catalog.sqlite")
    assert f"(process {site.process.pid}) uses the catalog in" in said
    site.stop()


def test_a_damaged_file_that_was_named_is_refused_with_what_to_do(tmp_path):
    catalog = tmp_path / "catalog.sqlite"
    catalog.write_bytes(b"no database\n" * 1000)
    said = refused(tmp_path, f"sqlite:{catalog}")
    assert "the catalog is damaged" in said and "put a copy that is whole in its place" in said
    assert catalog.read_bytes() == b"no database\n" * 1000

"""What is counted as a download, and what is told of it. Not of the protocol: our own."""

from __future__ import annotations

import pytest

from support.distributions import any_file, sdist, wheel
from support.programs import PYPI_SERVER, WHEELHOUSE, Site
from support.waiting import wait_until

DEMO = wheel("demo", "1.0")
LARGE = wheel("demo", "2.0", padding=3_000_000)
SDIST = sdist("demo", "1.0")
SIGNATURE = any_file(SDIST.filename + ".asc", b"-----BEGIN PGP SIGNATURE-----")
OTHER = wheel("other", "1.0")
FILES = [DEMO, LARGE, SDIST, SIGNATURE, OTHER]
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
PIP = 'pip/26.3 {"ci":null,"cpu":"x86_64","python":"3.11.7","system":{"name":"Linux","release":"6.1"}}'


def path(file) -> str:
    return f"/packages/{file.filename}"


def told(site: Site, project: str = "demo", **more) -> dict:
    answer = site.get(f"/api/v1/projects/{project}/downloads", **more)
    assert answer.status == 200, answer
    return answer.json["downloads"]


def named(counts: list[dict]) -> dict[str, int]:
    return {one["name"]: one["count"] for one in counts}


def counted(site: Site, ever: int, project: str = "demo", **more) -> dict:
    """Waits until so many downloads are counted, and returns what is told of them."""
    wait_until(lambda: told(site, project, **more)["ever"] >= ever, seconds=20, what=f"{ever} downloads")
    figures = told(site, project, **more)
    assert figures["ever"] == figures["total"] == ever
    return figures


@pytest.fixture(params=[WHEELHOUSE, PYPI_SERVER], ids=str)
def site(request, serve) -> Site:
    return serve(request.param, "--disable-fallback", "-a", ".", "-P", ".", files=FILES)


@pytest.fixture(scope="module")
def plain(serve_all) -> Site:
    """One that is only asked."""
    return serve_all(WHEELHOUSE, "--disable-fallback", files=FILES)


@pytest.mark.parametrize("file", [DEMO, LARGE], ids=["kept in memory", "sent from the disk"])
def test_a_file_is_counted_once_and_what_is_none_is_not(site, file):
    etag = site.get(path(file), headers={"User-Agent": PIP}).header("ETag")
    # The first answer came from the routes, the next ones come from memory.
    for _ in range(2):
        site.head(path(file))
        assert site.get(path(file), headers={"If-None-Match": etag}).status == 304
        assert site.get(path(file) + ".metadata").status == 200
        assert site.get(path(SIGNATURE)).status == 200
        assert site.get(path(wheel("demo", "9.9"))).status == 404
        for later in ("bytes=-100", "bytes=10-", "bytes=0-0", "bytes=99999999-"):
            assert site.get(path(file), headers={"Range": later}).status in (206, 416)
        site.get("/simple/demo/")
        site.get("/pypi/demo/json")
    assert site.get(path(file), headers={"User-Agent": "curl/8.0"}).status == 200
    # A reader in pieces is counted with the first.
    for piece in ("bytes=0-99", "bytes=100-199", "bytes=200-299"):
        assert site.get(path(file), headers={"Range": piece, "User-Agent": "curl/8.0"}).status == 206
    figures = counted(site, 3)
    assert named(figures["by_file"]) == {file.filename: 3}
    assert named(figures["by_client"]) == {"script": 2, "pip": 1}
    assert named(figures["by_python"]) == {"unknown": 2, "3.11": 1}
    assert named(figures["by_platform"]) == {"unknown": 2, "linux": 1}
    assert len(figures["by_day"]) == 30 and figures["by_day"][-1] == {"day": figures["to"], "count": 3}
    assert figures["by_month"] == [{"month": figures["to"][:7], "count": 3}]


def test_the_index_is_told_of_with_the_projects_that_were_downloaded_most(serve):
    site = serve(WHEELHOUSE, "--disable-fallback", files=FILES)
    for file in (DEMO, DEMO, SDIST, OTHER):
        site.get(path(file))
    counted(site, 3)
    answer = site.get("/api/v1/downloads?days=7&limit=1").json
    assert answer["projects"] == [{"name": "demo", "count": 3}]
    assert answer["downloads"]["total"] == 4 and len(answer["downloads"]["by_day"]) == 7
    assert "by_file" not in answer["downloads"]
    assert named(told(site)["by_version"]) == {"1.0": 3}
    metrics = site.get("/metrics").text
    assert "wheelhouse_counted_downloads_total 4" in metrics and "wheelhouse_uncounted_downloads_total 0" in metrics
    assert "demo" not in metrics


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/projects/nothing/downloads", 404),
        ("/api/v1/projects/demo/downloads?days=0", 400),
        ("/api/v1/projects/demo/downloads?days=3651", 400),
        ("/api/v1/projects/demo/downloads?days=x", 400),
        ("/api/v1/projects/demo/downloads?dyas=3", 400),
        ("/api/v1/downloads?limit=0", 400),
        ("/api/v1/downloads?limit=101", 400),
        ("/api/v1/projects/Demo/downloads?days=3650", 200),
        ("/index/main/api/v1/downloads", 200),
    ],
)
def test_calls_are_answered_or_refused(plain, path, status):
    answer = plain.get(path)
    assert answer.status == status, answer
    assert answer.type == ("application/json" if status == 200 else "application/problem+json")


def test_counts_outlive_the_program_and_no_person_is_kept(serve):
    options = ["--disable-fallback", "-P", ".htpasswd", "-a", "list,download,update"]
    site = serve(WHEELHOUSE, *options, files=FILES, users=USERS)
    ada = ("ada", "secret")
    assert site.get("/api/v1/projects/demo/downloads").status == 401
    assert site.get("/api/v1/downloads").status == 401
    assert site.get(path(DEMO)).status == 401
    for agent in (PIP, "very-odd-agent-of-ada/1"):
        assert site.get(path(DEMO), user=ada, headers={"User-Agent": agent}).status == 200
    # What was noted a moment ago is written when the program is asked to stop.
    site.restart()
    assert told(site, user=ada)["ever"] == 2
    assert site.get(path(DEMO), user=ada).status == 200
    counted(site, 3, user=ada)
    site.restart()
    assert told(site, user=ada)["ever"] == 3
    site.stop()
    if not site.place:
        kept = b"".join(file.read_bytes() for file in site.state.glob("catalog.sqlite*"))
        assert b"counted_files" in kept
        assert b"odd-agent" not in kept and b"26.3" not in kept


def test_whoever_sees_a_part_is_told_of_that_part(serve):
    rules = ["--rule", "everybody download", "--rule", "everybody list demo", "--rule", "user:ada all"]
    options = ["--disable-fallback", "-P", ".htpasswd", "-a", "list,update", *rules]
    site = serve(WHEELHOUSE, *options, files=FILES, users=USERS)
    for file in (DEMO, OTHER, OTHER):
        assert site.get(path(file)).status == 200
    counted(site, 1)
    assert site.get("/api/v1/projects/other/downloads").status in (401, 404)
    assert site.get("/api/v1/downloads").json == {"projects": [{"name": "demo", "count": 1}]}
    all_of_it = site.get("/api/v1/downloads", user=("ada", "secret")).json
    assert all_of_it["downloads"]["ever"] == 3
    assert named(all_of_it["projects"]) == {"other": 2, "demo": 1}


def test_nothing_is_counted_when_that_is_off(serve):
    site = serve(WHEELHOUSE, "--disable-fallback", "--count-downloads", "false", files=FILES)
    assert site.get(path(DEMO)).status == 200
    site.restart()
    figures = told(site)
    assert (figures["ever"], figures["by_client"], figures["by_month"]) == (0, [], [])


def test_a_flood_of_odd_agents_fills_nothing(serve):
    site = serve(WHEELHOUSE, "--disable-fallback", files=FILES)
    sent = 0
    for number in range(300):
        for agent in (
            f"odd-{number}/1",
            f'pip/{number} {{"python":"3.{number}","system":{{"name":"system-{number}"}}}}',
            f"poetry/1 CPython/{number}.{number} Odd{number}/1",
            "uv/1 " + '{"a":' * number,
            "x" * (number * 10),
        ):
            assert site.get(path(DEMO), headers={"User-Agent": agent}).status == 200
            sent += 1
    figures = counted(site, sent)
    assert set(named(figures["by_client"])) == {"other", "pip", "poetry", "uv"}
    assert set(named(figures["by_platform"])) == {"unknown", "other"}
    # 2.6 and 2.7 cannot be among these; 3.0 to 3.30 are, and poetry's 3.3.
    assert set(named(figures["by_python"])) == {"unknown", *(f"3.{number}" for number in range(31))}

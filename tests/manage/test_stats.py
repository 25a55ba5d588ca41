"""`stats`, on a folder that is served, on one that is not, and over the network."""

from __future__ import annotations

import json

from support.waiting import wait_until

from .conftest import FILES

PIP = 'pip/26.3 {"python":"3.12.1","system":{"name":"Windows"}}'


def downloaded(site) -> None:
    """Downloads three times, and leaves the folder as it was: served or not."""
    was_running = site.process is not None
    if not was_running:
        site.start()
    for file in (FILES[0], FILES[0], FILES[3]):
        assert site.get(f"/packages/{file.filename}", headers={"User-Agent": PIP}).status == 200
    if was_running:
        site.restart()
    else:
        site.stop()


def test_counts_of_the_index_and_of_a_project_are_shown(site, at_work):
    downloaded(site)
    lines = at_work("stats").stdout.splitlines()
    assert lines[0].startswith("the index: 3 downloads from 20") and lines[0].endswith(", 3 ever")
    for line in ["by day", "by project", "  2  demo", "  1  other", "by python", "  3  3.12", "  3  windows", "  3  pip"]:
        assert line in lines
    assert lines[lines.index("by project") - 2].endswith("  3  " + "#" * 30)
    lines = at_work("stats", "Demo", "--days", "60").stdout.splitlines()
    assert lines[0].startswith("demo: 2 downloads from 20")
    for line in ["by week from", "by version", "  2  1.0", "by file", f"  2  {FILES[0].filename}"]:
        assert line in lines
    told = json.loads(at_work("stats", "demo", "--json").stdout)
    assert told["project"] == "demo" and told["downloads"]["total"] == 2
    assert len(told["downloads"]["by_day"]) == 30


def test_counts_come_over_the_network(serve, wheelhouse, owner):
    site = serve(wheelhouse, files=FILES)
    downloaded(site)
    said = owner.run("stats", "demo", "--server", site.url).stdout
    assert said.startswith("demo: 2 downloads from")
    wait_until(lambda: "3 ever" in owner.run("stats", "--server", site.url).stdout, seconds=20)


def test_what_is_no_project_is_refused(site, at_work):
    assert "there is no project `nothing` here" in at_work("stats", "nothing", fails=True).stderr
    at_work("stats", "demo==1.0", fails=True)
    at_work("stats", "demo", "--days", "0", fails=True)
    at_work("stats", "demo", "other", fails=True)
    assert at_work("stats", "demo").stdout.splitlines() == [at_work("stats", "demo").stdout.strip()]

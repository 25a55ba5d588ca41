"""The model behind docs/operations/internet-scale.md: its laws, and that the page shows what it says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benches"))

import internet_scale as model  # noqa: E402

SMALL = model.Plan(projects=20_000, files=400_000, requests_per_second=20_000, publishes_per_second=5, sites=8)
SIZE = {"head": 60, "samples": 200, "seconds": 600.0}
PURGED = model.Keeping("purged on event", purges=True)


def test_every_law_holds_in_a_small_run():
    model.quick()


def test_the_same_seed_says_the_same():
    first, second = (model.pages(SMALL, PURGED, **SIZE) for _ in range(2))
    assert first == second


def test_sites_that_are_purged_before_the_shield_take_old_pages_from_it():
    keeping = replace(PURGED, shield_first=False)
    ledger = model.pages(SMALL, keeping, **SIZE)
    assert ledger.stale_after_purge > 0
    with pytest.raises(AssertionError, match="old answers after the purge"):
        ledger.check(keeping)


def test_a_ledger_that_loses_something_is_noticed():
    ledger = model.pages(SMALL, PURGED, **SIZE)
    ledger.check(PURGED)
    for name, message in [("hits", "were answered"), ("shield_hits", "asks the shield"), ("origin_asked", "asks the servers")]:
        with pytest.raises(AssertionError, match=message):
            replace(ledger, **{name: getattr(ledger, name) * 0.9 - 1}).check(PURGED)
    lifetime = model.Keeping("lifetime", lifetime=60)
    with pytest.raises(AssertionError, match="was old for"):
        replace(ledger, delays=[(61.0, 1.0)]).check(lifetime)


def test_more_room_asks_less_further_on_and_longer_lifetimes_too():
    asked = [model.files(replace(SMALL, site_bytes=size)) for size in (1e9, 4e9, 1.6e10, 6.4e10)]
    assert all(more.site_misses < less.site_misses for less, more in zip(asked, asked[1:]))
    assert all(found.origin <= found.site_misses + SMALL.publishes_per_second <= found.requests for found in asked)
    pages = [model.pages(SMALL, model.Keeping("lifetime", lifetime=seconds), **SIZE).origin_asked for seconds in (30, 120, 480)]
    assert pages == sorted(pages, reverse=True)


@pytest.mark.parametrize(("things", "room"), [(500, 50), (2_000, 200), (2_000, 1_000)])
def test_the_model_of_room_is_what_request_by_request_comes_out(things, room):
    world = model.small_world(things, room, 40_000)
    world.check()
    assert world.misses / world.requests == pytest.approx(model.worked_out(things, room), abs=0.01)
    with pytest.raises(AssertionError):
        replace(world, hits=world.hits - 1).check()


def test_samples_stand_for_all_projects():
    import random

    for projects, head, samples in [(1_000_000, 100, 1_000), (5_000, 100, 500), (80, 100, 10)]:
        ranks = model.sampled(projects, head, samples, random.Random(1))
        assert sum(weight for _, weight in ranks) == pytest.approx(projects, rel=0.01)
        assert all(low < high for (low, _), (high, _) in zip(ranks, ranks[1:])) and ranks[-1][0] <= projects + 0.5


def test_the_page_shows_what_the_command_says():
    page = ROOT / "docs/operations/internet-scale.md"
    text = page.read_text()
    assert model.written(text, model.report(model.Plan(), model.Costs())) == text, (
        "benches/internet_scale.py --write docs/operations/internet-scale.md"
    )


def test_costs_are_those_that_were_measured():
    """A figure that changes in docs/performance.md changes the plan."""
    text = (ROOT / "docs/performance.md").read_text()
    costs = model.Costs()
    for figure, cost in [
        ("| project page (20 files) | 108,891 | 9.1 |", costs.hot_page_seconds * 1e6 == pytest.approx(9.1)),
        ("| small file (633 bytes) | 110,021 | 8.9 |", costs.small_file_seconds * 1e6 == pytest.approx(8.9)),
        ("0.57 / 4.6 ms", costs.cold_page_seconds * 1e3 == pytest.approx(0.57)),
        ("| 231 /s | 147 /s |", costs.publishes_per_second == 147),
        ("26,724.1", costs.file_seconds_per_mib * 1e6 == pytest.approx(267.241, rel=0.02)),
        ("| 1,800.0 |", costs.upload_seconds * 1e6 == pytest.approx(1800)),
        ("| 24.2 GB (24,231 MiB the file) | 24 GB |", costs.row_bytes == pytest.approx(1200)),
    ]:
        assert figure in text and cost, figure

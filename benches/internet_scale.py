#!/usr/bin/env python3
"""Works out what an index of the internet's size asks of its servers, from costs that were measured.

    benches/internet_scale.py                                    # prints the tables
    benches/internet_scale.py --write docs/operations/internet-scale.md
    benches/internet_scale.py --quick                            # a small run that checks its own laws

A content delivery network (sites at the edge, one shield before the servers) stands before the index.
Two models are run, both with one seed, so that they say the same each time:

- pages change when somebody publishes. Each project's copies at each site are followed, event by event:
  a request where no copy is, a change, a purge that arrives, a lifetime that ends. What happens between
  two events is only counted. Of a million projects the head is followed whole and the rest by samples.
- files never change, and there are more bytes than a site keeps. How long a file stays where the one
  that was not wanted for longest goes first follows from how much room there is.

`Ledger.check` holds what must be true of any run; tests/maintenance runs it, and sees it fail.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import sys
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path

SEED = 8
NEVER = math.inf
BEGIN, END = "<!-- begin: benches/internet_scale.py -->", "<!-- end -->"


@dataclass(frozen=True)
class Costs:
    """What was measured, in docs/performance.md, unless it says otherwise."""

    hot_page_seconds: float = 9.1e-6
    """Processor time of a page that is in memory: "Each kind of reading"."""
    cold_page_seconds: float = 0.57e-3
    """All of a page that has to be read: "A very large catalog", PostgreSQL. Time and not processor time,
    so more than it costs; what the database does for it is in it."""
    small_file_seconds: float = 8.9e-6
    """A file that is in memory: "Each kind of reading"."""
    file_seconds_per_mib: float = 0.27e-3
    """Bytes of large files: 26.7 ms for 100 MiB, the worse of two tables."""
    upload_seconds: float = 1.8e-3
    """An upload of 10 KiB: "3,000 files"."""
    publishes_per_second: float = 147.0
    """One file published after the other in PostgreSQL with 20,000,000 files."""
    row_bytes: float = 24e9 / 20e6
    """The whole catalog by its files."""
    search_seconds: float = 20e-3
    """The goal of a search, not what it takes."""


@dataclass(frozen=True)
class Plan:
    """What is assumed. Nobody measured it here."""

    projects: int = 1_000_000
    files: int = 20_000_000
    requests_per_second: float = 1e6
    zipf: float = 1.0
    """How popular a project of rank r is: 1 / r to this power."""
    publishes_per_second: float = 20.0
    """At the busiest hour."""
    publish_zipf: float = 0.2
    """The same for how often it changes: popular projects do a little more often."""
    page_share: float = 0.5
    metadata_share: float = 0.2
    file_share: float = 0.2989
    search_share: float = 0.0001
    """Nothing of these is kept anywhere. The rest are pages for people."""
    page_bytes: float = 6e3
    """A page of JSON, compressed."""
    file_bytes: float = 1e6
    wanted_files: int = 4
    """Of a project's files most requests are for so many."""
    sites: int = 60
    site_bytes: float = 4e12
    shield_bytes: float = 8e12
    purge_seconds: float = 0.15
    """Half of the purges have arrived after so long."""
    log_bytes: float = 300.0
    """One line of the edge's log."""


@dataclass(frozen=True)
class Keeping:
    """How sites and shield keep pages."""

    name: str
    lifetime: float = NEVER
    """Seconds after which a copy is asked for anew. The age of a copy counts, wherever it was kept."""
    purges: bool = False
    shield_first: bool = True
    """Whether sites are purged after the shield has answered that it is."""


@dataclass
class Ledger:
    """What happened, each project by its weight."""

    requests_expected: float = 0.0
    hits: float = 0.0
    misses: float = 0.0
    shield_hits: float = 0.0
    shield_misses: float = 0.0
    origin_asked: float = 0.0
    stale: float = 0.0
    """Answers that were out of date."""
    stale_after_purge: float = 0.0
    """Those of them that a site gave after the purge had arrived there."""
    publishes: float = 0.0
    delays: list[tuple[float, float]] = field(default_factory=list)
    """How long a site went on with an old page after a change, with weights."""
    seconds: float = 0.0

    @property
    def requests(self) -> float:
        return self.hits + self.misses

    def check(self, keeping: Keeping) -> None:
        """Fails if something is wrong with the run."""
        assert self.requests > 0
        off = abs(self.requests - self.requests_expected) / self.requests_expected
        assert off < 0.02, f"{self.requests:.0f} requests were answered, {self.requests_expected:.0f} came"
        assert close(self.misses, self.shield_hits + self.shield_misses), "a miss of a site asks the shield"
        assert close(self.shield_misses, self.origin_asked), "a miss of the shield asks the servers"
        assert self.stale_after_purge <= self.stale <= self.hits + self.misses
        if keeping.purges:
            assert self.stale_after_purge == 0, f"{self.stale_after_purge:.0f} old answers after the purge"
        if keeping.lifetime < NEVER:
            worst = max((delay for delay, _ in self.delays), default=0.0)
            assert worst <= keeping.lifetime + 1e-6, f"a page was old for {worst} s"


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6)


def wait(rng: random.Random, rate: float) -> float:
    """How long until the next of events that come at random."""
    return -math.log(1.0 - rng.random()) / rate if rate > 0 else NEVER


def count(rng: random.Random, mean: float) -> int:
    """How many of such events there are where there are so many on average."""
    if mean <= 0:
        return 0
    if mean > 50:
        spread = math.sqrt(-2 * math.log(1.0 - rng.random())) * math.cos(2 * math.pi * rng.random())
        return max(0, round(mean + math.sqrt(mean) * spread))
    limit, product, number = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        number += 1
    return number


def harmonic(number: int, power: float) -> float:
    """The sum of 1 / r to a power for r from 1: exact for the first, then an integral."""
    exact = min(number, 10_000)
    total = sum(rank**-power for rank in range(1, exact + 1))
    if number > exact:
        low, high = exact + 0.5, number + 0.5
        total += math.log(high / low) if power == 1 else (high ** (1 - power) - low ** (1 - power)) / (1 - power)
    return total


def sampled(projects: int, head: int, samples: int, rng: random.Random) -> list[tuple[float, float]]:
    """Ranks with weights: all of the head, and of each of many stretches of the rest one."""
    head = min(head, projects)
    ranks = [(float(rank), 1.0) for rank in range(1, head + 1)]
    low = head + 0.5
    last = projects + 0.5
    samples = min(samples, projects - head)
    for left in range(samples, 0, -1):
        high = low * (last / low) ** (1 / left)
        high = min(max(high, low + 1), last)
        ranks.append((low + (high - low) * rng.random(), high - low))
        low = high
        if low >= last:
            break
    return ranks


def at_least_one(rng: random.Random, mean: float) -> int:
    """How many events there are, if there are any."""
    part, number = rng.random() * -math.expm1(-mean), 1
    term = mean * math.exp(-mean)
    while part > term and number < 1_000:
        part -= term
        number += 1
        term *= mean / number
    return number


def follow(rng: random.Random, ledger: Ledger, weight: float, rate: float, publish_rate: float, changed: int, plan: Plan, keeping: Keeping, seconds: float) -> None:
    """Follows one project's page, which changes so often, at the shield and at every site."""
    changes = sorted(rng.random() * seconds for _ in range(changed))
    ledger.publishes += weight * len(changes)
    total = sum(1 / (site + 3) for site in range(plan.sites))
    rates = [rate / (site + 3) / total for site in range(plan.sites)]

    def delay() -> float:
        spread = math.sqrt(-2 * math.log(1.0 - rng.random())) * math.cos(2 * math.pi * rng.random())
        return plan.purge_seconds * math.exp(0.6 * spread)

    # When each change's purge arrives. One that overtakes an earlier one has done its work, too.
    at_shield, at_sites = [], []
    for change in changes if keeping.purges else []:
        shield_arrives = change + delay()
        at_shield.append(shield_arrives)
        begins = shield_arrives if keeping.shield_first else change
        at_sites.append([begins + delay() for _ in rates])
    arrivals = [sorted(one[site] for one in at_sites) for site in range(plan.sites)]
    at_shield.sort()

    def after(sorted_moments: list[float], moment: float) -> float:
        place = bisect_right(sorted_moments, moment)
        return sorted_moments[place] if place < len(sorted_moments) else NEVER

    # What the run begins with is what is there after a long time of the same.
    since_change = min(wait(rng, publish_rate), 30 * 86_400)
    if keeping.lifetime < NEVER:
        share = rate * keeping.lifetime / (1 + rate * keeping.lifetime)
        shield_begun = -keeping.lifetime * rng.random() if rng.random() < share else -NEVER
    else:
        shield_begun = 0.0 if rng.random() < 1 - math.exp(-rate * since_change) else -NEVER
    shield_version, shield_until = 0, -NEVER
    if shield_begun > -NEVER:
        shield_until = min(shield_begun + keeping.lifetime, after(at_shield, 0.0))
    events: list[tuple[float, int]] = []

    def kept(site: int, begun: float, fetched: float, version: int) -> None:
        """A site has a copy from now on: counts what it answers with it, and finds out when it asks again."""
        until = min(fetched + keeping.lifetime, after(arrivals[site], begun), seconds)
        if until > begun:
            ledger.hits += weight * count(rng, rates[site] * (until - begun))
        if version < len(changes):
            changed = changes[version]
            if changed < until:
                old = count(rng, rates[site] * (until - max(begun, changed)))
                ledger.stale += weight * old
                # Purged for this change, and nevertheless old: it came from a shield that was not yet.
                if keeping.purges and begun > at_sites[version][site]:
                    ledger.stale_after_purge += weight * old
                if until < seconds:
                    for missed in changes[version : bisect_right(changes, until)]:
                        ledger.delays.append((until - missed, weight))
        again = until + wait(rng, rates[site])
        if again < seconds:
            heapq.heappush(events, (again, site))

    for site, site_rate in enumerate(rates):
        if shield_begun > -NEVER and keeping.lifetime < NEVER:
            has = rng.random() < 1 - math.exp(-site_rate * -shield_begun)
        else:
            has = shield_begun > -NEVER and rng.random() < 1 - math.exp(-site_rate * since_change)
        if has:
            kept(site, 0.0, shield_begun, 0)
        else:
            first = wait(rng, site_rate)
            if first < seconds:
                heapq.heappush(events, (first, site))

    while events:
        moment, site = heapq.heappop(events)
        ledger.misses += weight
        if moment < shield_until:
            ledger.shield_hits += weight
        else:
            ledger.shield_misses += weight
            ledger.origin_asked += weight
            shield_version, shield_begun = bisect_right(changes, moment), moment
            shield_until = min(moment + keeping.lifetime, after(at_shield, moment))
        kept(site, moment, shield_begun, shield_version)
    ledger.requests_expected += weight * rate * seconds


def pages(plan: Plan, keeping: Keeping, *, head: int = 100, samples: int = 1_000, seconds: float = 1_200.0) -> Ledger:
    """Follows the pages of an index for so long."""
    rng = random.Random(f"{SEED} {keeping.name}")
    ledger = Ledger(seconds=seconds)
    wanted = plan.requests_per_second * plan.page_share / harmonic(plan.projects, plan.zipf)
    published = plan.publishes_per_second / harmonic(plan.projects, plan.publish_zipf)
    for rank, weight in sampled(plan.projects, head, samples, rng):
        rate, changing = wanted * rank**-plan.zipf, published * rank**-plan.publish_zipf
        # Most projects do not change in so short a time: those that do are followed apart from the others.
        some = -math.expm1(-changing * seconds)
        follow(rng, ledger, weight * some, rate, changing, at_least_one(rng, changing * seconds), plan, keeping, seconds)
        follow(rng, ledger, weight * (1 - some), rate, changing, 0, plan, keeping, seconds)
    return ledger


def stays(rates: list[tuple[float, float]], room: float) -> float:
    """For how long a thing is kept after it was last wanted, where so many things have room: the time within
    which so many different ones are wanted."""
    if sum(weight for _, weight in rates) <= room:
        return NEVER
    low, high = 0.0, 1.0

    def wanted(span: float) -> float:
        return sum(weight * (1 - math.exp(-rate * span)) for rate, weight in rates)

    while wanted(high) < room:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if wanted(middle) < room else (low, middle)
    return high


def missed(rates: list[tuple[float, float]], room: float) -> list[tuple[float, float]]:
    """How often each thing is asked for further on."""
    span = stays(rates, room)
    return [(rate * math.exp(-rate * span) if span < NEVER else 0.0, weight) for rate, weight in rates]


@dataclass(frozen=True)
class Files:
    """Where files come from, in requests a second."""

    requests: float
    site_misses: float
    origin: float


def files(plan: Plan) -> Files:
    """What is asked for at sites, at the shield, and of the servers."""
    rng = random.Random(f"{SEED} files")
    rate = plan.requests_per_second * plan.file_share / harmonic(plan.projects, plan.zipf)
    ranks = sampled(plan.projects, 100, 500, rng)
    # The newest files of a project have nearly all requests; the older ones share one in ten.
    older = max(plan.files // plan.projects - plan.wanted_files, 1)
    total = sum(1 / (site + 3) for site in range(plan.sites))
    at_shield: dict[int, float] = {}
    things: list[tuple[float, float]] = []
    for rank, weight in ranks:
        things.append((0.9 * rate * rank**-plan.zipf / plan.wanted_files, weight * plan.wanted_files))
        things.append((0.1 * rate * rank**-plan.zipf / older, weight * older))
    misses = 0.0
    for site in range(plan.sites):
        share = 1 / (site + 3) / total
        for place, (further, weight) in enumerate(missed([(one * share, weight) for one, weight in things], plan.site_bytes / plan.file_bytes)):
            misses += further * weight
            at_shield[place] = at_shield.get(place, 0.0) + further
    shield = [(at_shield[place], weight) for place, (_, weight) in enumerate(things)]
    origin = sum(further * weight for further, weight in missed(shield, plan.shield_bytes / plan.file_bytes))
    # Nobody has a new file before it was asked for once.
    origin += plan.publishes_per_second
    return Files(sum(one * weight for one, weight in things), misses, origin)


def counted_rows(plan: Plan, seconds: float, kinds: int = 12) -> float:
    """How many different counts (file, and kind of client) there are of so many seconds."""
    rate = plan.requests_per_second * plan.file_share / harmonic(plan.projects, plan.zipf)
    rows = 0.0
    for rank, weight in sampled(plan.projects, 300, 3_000, random.Random(SEED)):
        for share, number in [(0.9, plan.wanted_files), (0.1, plan.files // plan.projects - plan.wanted_files)]:
            each = share * rate * rank**-plan.zipf / number
            # Half of all are of one kind, and so on.
            rows += weight * number * sum(1 - math.exp(-each * seconds * 0.5 ** (kind + 1)) for kind in range(kinds))
    return rows


# A small world, request by request, to hold the models against.


@dataclass
class SmallWorld:
    """Counts of requests that were each followed."""

    requests: int = 0
    hits: int = 0
    misses: int = 0

    def check(self) -> None:
        assert self.hits + self.misses == self.requests, "every request is a hit or a miss"


def small_world(things: int, room: int, requests: int, zipf: float = 0.9) -> SmallWorld:
    """One site that keeps so many of some things, each as large as the others, for so many requests."""
    rng = random.Random(f"{SEED} small {things} {room}")
    sums, total = [], 0.0
    for rank in range(1, things + 1):
        total += rank**-zipf
        sums.append(total)
    kept: OrderedDict[int, None] = OrderedDict()
    world = SmallWorld()
    for number in range(2 * requests):
        thing = bisect_right(sums, rng.random() * total)
        hit = thing in kept
        kept[thing] = None
        kept.move_to_end(thing)
        if len(kept) > room:
            kept.popitem(last=False)
        # The first half fills the site.
        if number >= requests:
            world.requests += 1
            world.hits += hit
            world.misses += not hit
    return world


def worked_out(things: int, room: int, zipf: float = 0.9) -> float:
    """The share of misses that the model of files says the small world has."""
    total = sum(rank**-zipf for rank in range(1, things + 1))
    rates = [(rank**-zipf / total, 1.0) for rank in range(1, things + 1)]
    return sum(rate * weight for rate, weight in missed(rates, room))


# The tables.

WAYS = [
    Keeping("lifetime of 60 s", lifetime=60),
    Keeping("lifetime of 600 s", lifetime=600),
    Keeping("purged on event", purges=True),
    Keeping("purged on event, and a lifetime of 86,400 s", purges=True, lifetime=86_400),
]


def delay_at(delays: list[tuple[float, float]], part: float) -> float:
    """The delay that this part of all changes, at all sites that had a copy, does not exceed."""
    ordered = sorted(delays)
    total = sum(weight for _, weight in ordered)
    passed = 0.0
    for delay, weight in ordered:
        passed += weight
        if passed >= part * total:
            return delay
    return 0.0


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def pages_table(plan: Plan, costs: Costs) -> tuple[str, dict[str, Ledger]]:
    rate = plan.requests_per_second * plan.page_share
    rows = [["no copies at the edge", "0", f"{rate:,.0f}", f"{rate * costs.hot_page_seconds:.1f} (in memory)", "0", "0"]]
    ledgers = {}
    for keeping in WAYS:
        ledger = pages(plan, keeping)
        ledger.check(keeping)
        ledgers[keeping.name] = ledger
        asked = ledger.origin_asked / ledger.seconds
        half, most = delay_at(ledger.delays, 0.5), delay_at(ledger.delays, 0.99)
        rows.append([
            keeping.name,
            f"{100 * ledger.hits / ledger.requests:.2f}",
            f"{asked:,.0f}",
            f"{asked * costs.cold_page_seconds:.2f}",
            f"{half:.1f} / {most:.1f} s",
            f"{1e6 * ledger.stale / ledger.requests:,.1f}",
        ])
    head = ["pages", "hits at the edge, %", "asked of the servers /s", "cores", "old for, half / 99 %", "old answers of a million"]
    return table(head, rows), ledgers


def room_table(plan: Plan, costs: Costs) -> str:
    rows = []
    for site, shield in [(1, 8), (4, 8), (16, 8), (4, 16), (4, 24)]:
        found = files(replace(plan, site_bytes=site * 1e12, shield_bytes=shield * 1e12))
        mib = found.origin * plan.file_bytes / 2**20
        rows.append([
            f"{site} TB, {shield} TB",
            f"{100 * (1 - found.site_misses / found.requests):.1f}",
            f"{found.site_misses:,.0f}",
            f"{found.origin:,.0f}",
            f"{8 * found.origin * plan.file_bytes / 1e9:.1f} Gbit/s",
            f"{mib * costs.file_seconds_per_mib + found.origin * costs.small_file_seconds:.2f}",
        ])
    head = ["room for files: each site, shield", "hits at the edge, %", "asked of the shield /s", "asked of the servers /s", "bytes from there", "cores"]
    return table(head, rows)


def popularity_table(plan: Plan) -> str:
    rows = []
    for zipf in [0.8, 1.0, 1.2]:
        other = replace(plan, zipf=zipf)
        keeping = Keeping("purged on event", purges=True)
        ledger = pages(other, keeping)
        ledger.check(keeping)
        found = files(other)
        rows.append([
            f"{zipf}",
            f"{100 * ledger.hits / ledger.requests:.2f}",
            f"{ledger.origin_asked / ledger.seconds:,.0f}",
            f"{100 * (1 - found.site_misses / found.requests):.1f}",
            f"{found.origin:,.0f}",
        ])
    return table(["popularity 1 / rank to the power", "pages: hits, %", "pages asked of the servers /s", "files: hits, %", "files asked of the servers /s"], rows)


def load_table(plan: Plan, costs: Costs, purged: Ledger) -> str:
    found = files(plan)
    page_rate = purged.origin_asked / purged.seconds
    people = plan.requests_per_second * (1 - plan.page_share - plan.metadata_share - plan.file_share - plan.search_share)
    search = plan.requests_per_second * plan.search_share
    mib = found.origin * plan.file_bytes / 2**20
    rows = [
        ["pages for installers", f"{page_rate:,.0f}", page_rate * costs.cold_page_seconds],
        ["metadata of new files: that of all has room at the edge", f"{plan.publishes_per_second:,.0f}", plan.publishes_per_second * costs.cold_page_seconds],
        ["files", f"{found.origin:,.0f}", mib * costs.file_seconds_per_mib],
        ["pages for people, none of them kept", f"{people:,.0f}", people * costs.cold_page_seconds],
        ["searches, at the goal of 20 ms", f"{search:,.0f}", search * costs.search_seconds],
        ["uploads", f"{plan.publishes_per_second:,.0f}", plan.publishes_per_second * costs.upload_seconds],
    ]
    total = sum(row[2] for row in rows)
    written = [[what, rate, f"{cores:.2f}"] for what, rate, cores in rows]
    written.append(["together", "", f"{total:.2f}"])
    return table(["asked of the servers", "/s", "cores"], written)


def database_table(plan: Plan, costs: Costs, purged: Ledger) -> str:
    people = plan.requests_per_second * (1 - plan.page_share - plan.metadata_share - plan.file_share - plan.search_share)
    reads = purged.origin_asked / purged.seconds + files(plan).origin + plan.publishes_per_second + people
    five = counted_rows(plan, 300)
    day = counted_rows(plan, 86_400)
    log = plan.requests_per_second * plan.file_share * plan.log_bytes
    rows = [
        ["catalog", f"{plan.files * costs.row_bytes / 1e9:.0f} GB"],
        ["reads", f"{reads:,.0f} /s at most"],
        ["publishing, of what one database was seen to do one after the other", f"{100 * plan.publishes_per_second / costs.publishes_per_second:.0f} %"],
        ["events of a year at the busiest hour's rate", f"{plan.publishes_per_second * 86_400 * 365 / 1e6:,.0f} million"],
        ["lines of the edge's log about files", f"{plan.requests_per_second * plan.file_share:,.0f} /s, {log / 1e6:,.0f} MB/s"],
        ["different counts in them, in 5 minutes", f"{five / 1e6:.1f} million, {five / 300:,.0f} rows/s"],
        ["different counts in them, in a day", f"{day / 1e6:.0f} million, {day / 86_400:,.0f} rows/s"],
    ]
    return table(["database and log", ""], rows)


def order_table(plan: Plan) -> str:
    rows = []
    for name, shield_first in [("shield, then sites", True), ("all at once", False)]:
        ledger = pages(plan, Keeping(f"order {shield_first}", purges=True, shield_first=shield_first))
        rows.append([name, f"{ledger.publishes:,.0f}", f"{ledger.stale_after_purge:,.0f}", f"{1e6 * ledger.stale / ledger.requests:,.1f}"])
    return table(["purged", "projects' changes in 20 minutes", "old answers after the purge", "old answers of a million"], rows)


def report(plan: Plan, costs: Costs) -> str:
    pages_text, ledgers = pages_table(plan, costs)
    purged = ledgers["purged on event"]
    parts = [
        pages_text,
        order_table(plan),
        room_table(plan, costs),
        popularity_table(plan),
        load_table(plan, costs, purged),
        database_table(plan, costs, purged),
    ]
    return "\n\n".join(parts)


def quick() -> None:
    """A small run that holds every law, in seconds."""
    plan = Plan(projects=20_000, files=400_000, requests_per_second=20_000, publishes_per_second=5, sites=8)
    for keeping in WAYS:
        pages(plan, keeping, head=60, samples=200, seconds=600).check(keeping)
    world = small_world(2_000, 200, 40_000)
    world.check()
    difference = abs(world.misses / world.requests - worked_out(2_000, 200))
    assert difference < 0.01, f"the model of files is {difference:.3f} off"
    room = [files(replace(plan, site_bytes=size)).origin for size in (1e9, 1e10, 1e11)]
    assert room == sorted(room, reverse=True), f"more room, fewer requests: {room}"


def written(text: str, tables: str) -> str:
    """Puts the tables into a document, between two comments."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="check a small run, and print nothing else")
    parser.add_argument("--write", type=Path, help="put the tables into this document")
    arguments = parser.parse_args()
    if arguments.quick:
        quick()
        print("every law holds")
        return
    tables = report(Plan(), Costs())
    if arguments.write:
        arguments.write.write_text(written(arguments.write.read_text(), tables))
    else:
        sys.stdout.write(tables + "\n")


if __name__ == "__main__":
    main()

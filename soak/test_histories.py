"""Thousands of histories of one name at three servers, on the store that `WHEELHOUSE_TEST_STORE` names."""

from __future__ import annotations

from support.playing import play
from support.stored import unlike_their_names
from support.town import replicas

ROUND = 250


def test_each_of_many_names_has_one_history(serve, cluster, store, bucket, request, capsys):
    count, seed = request.config.getoption("histories"), request.config.getoption("seed")
    sites = replicas(serve, 3, cluster, store, bucket)
    played = 0
    while played < count:
        totals = play(sites, min(ROUND, count - played), seed=seed, prefix=f"h{played}")
        played += totals.histories
        with capsys.disabled():
            print(f"\n{played:,} of {count:,}: {totals}", flush=True)
    assert unlike_their_names(store, bucket) == []

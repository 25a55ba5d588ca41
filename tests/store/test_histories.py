"""Histories of one name at three servers: whoever asks, wherever, sees one name that one thing happens
to after the other. Long in `./ci/soak histories`.
"""

from __future__ import annotations

from support.playing import play
from support.town import replicas


def test_one_name_at_three_servers_has_one_history(serve, cluster, store, bucket):
    totals = play(replicas(serve, 3, cluster, store, bucket), 60)
    print(totals)
    assert totals.histories == 60
    # Something was decided: that everything was refused would be easy to explain.
    assert totals.statuses["upload 200"] >= 60 and totals.statuses["upload 409"] > 0 and totals.statuses["delete 200"] > 0

"""Ten minutes in which a replica, parts of the store and the database are killed in turn, while three
servers are in use.
"""

from __future__ import annotations

from support.siege import Siege
from support.stored import unlike_their_names
from support.town import replicas


def test_nothing_that_was_answered_is_lost_in_ten_minutes(serve, cluster, store, bucket, request, capsys):
    seconds, every = request.config.getoption("seconds"), request.config.getoption("every")
    sites = replicas(serve, 3, cluster, store, bucket)
    siege = Siege(sites, cluster, store, ["volume0", "volume1", "volume2"], "s3")
    try:
        report = siege.run(seconds, every=every)
    finally:
        with capsys.disabled():
            print(f"\n{siege.report}", flush=True)
    assert not report.faults, report
    assert min(report.kills[what] for what in ["replica", "volume", "gateway", "database"]) > 0, report
    assert max(report.recoveries["the database"]) < 2, report
    assert unlike_their_names(store, bucket) == []

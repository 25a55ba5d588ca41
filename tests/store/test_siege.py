"""Three servers in use while one of them, the database and parts of the store are killed in turn. Long in
`./ci/soak siege`.
"""

from __future__ import annotations

from support.siege import Siege
from support.town import replicas


def test_nothing_that_was_answered_is_lost_while_parts_are_killed(serve, cluster, store, bucket):
    sites = replicas(serve, 3, cluster, store, bucket)
    report = Siege(sites, cluster, store, ["volume0", "volume1", "volume2"], "s3").run(24, every=6)
    print(report)
    assert not report.faults, report
    assert report.kills == {"replica": 1, "volume": 1, "gateway": 1, "database": 1}, report
    # That they are back within two seconds is measured by the long form, on a quiet machine.
    assert report.recoveries["the database"], report
    assert len(report.kept) > 20 and report.took["page"] and report.took["file"], report

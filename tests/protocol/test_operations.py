"""Health, readiness and counters."""

from __future__ import annotations

import re

from support.distributions import wheel

LABEL = r'\w+="[^"\\]*"'
METRIC = re.compile(rf"[a-zA-Z_:][\w:]*(\{{({LABEL}(,{LABEL})*)?\}})? ([0-9.eE+-]+|NaN|[+-]Inf)")


def test_healthz_and_readyz_answer(site):
    assert site.get("/healthz").status == 200
    assert site.get("/readyz").status == 200


def test_metrics_are_prometheus_text_without_project_names(site):
    site.get("/simple/friendly-bard/")
    site.get("/simple/some-made-up-name/")
    answer = site.get("/metrics")
    assert answer.status == 200 and answer.type == "text/plain"
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert METRIC.fullmatch(line), line
    assert "friendly" not in answer.text and "made-up" not in answer.text


def test_metrics_are_not_for_proxied_requests(site):
    # A proxy on this machine makes everybody come from loopback.
    assert site.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status in (403, 404)


def test_request_id_is_in_the_log(serve, either_name):
    site = serve(either_name, "-v", files=[wheel("demo", "1.0")])
    identifier = site.get("/simple/demo/").header("X-Request-Id")
    site.stop()
    assert identifier and identifier in site.stdout


def test_connections_are_kept_open(site):
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", site.port, timeout=10)
    for path in ["/simple/", "/simple/friendly-bard/", "/healthz"] * 3:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == 200 and not response.will_close
    connection.close()

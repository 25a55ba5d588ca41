"""XML that means harm."""

from __future__ import annotations

import time

import pytest

LAUGHS = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi")
) + "]><methodCall><methodName>search</methodName><params><param><value><string>&i;</string></value></param></params></methodCall>"

BOMBS = {
    "a billion laughs": LAUGHS,
    "quadratic": '<!DOCTYPE x [<!ENTITY a "' + "a" * 50_000 + '">]><methodCall>' + "&a;" * 5_000 + "</methodCall>",
    "external file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><methodCall><methodName>&a;</methodName></methodCall>',
    "parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]><methodCall/>',
    "a hundred thousand levels": "<methodCall>" + "<value><array><data>" * 100_000,
    "deep and closed": "<methodCall><methodName>search</methodName><params><param>"
    + "<value><array><data>" * 20_000
    + "</data></array></value>" * 20_000
    + "</param></params></methodCall>",
    "many attributes": "<methodCall " + " ".join(f'a{n}="1"' for n in range(100_000)) + "/>",
    "long name": "<" + "m" * 5_000_000 + "/>",
    "not utf-8": b'<?xml version="1.0" encoding="utf-16"?>\xff\xfe<\x00',
    "broken utf-8": b"<methodCall><methodName>\xff\xfe</methodName></methodCall>",
    "null": b"<methodCall>\0</methodCall>",
    "huge": b"<methodCall>" + b"x" * 20_000_000,
}


@pytest.fixture(scope="module")
def site(serve_all, either_name):
    return serve_all(either_name)


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("path", ["/RPC2", "/simple/"])
def test_xml_bomb_is_refused_at_once(site, path, body):
    body = body if isinstance(body, bytes) else body.encode()
    began = time.monotonic()
    answer = site.ask("POST", path, headers={"Content-Type": "text/xml"}, body=body)
    assert 400 <= answer.status < 500 or b"<fault>" in answer.body, answer
    assert b"root:" not in answer.body
    assert time.monotonic() - began < 5
    assert site.get("/healthz").status == 200

"""Words under which a content delivery network forgets an answer."""

from __future__ import annotations

import pytest

from support.distributions import sdist, wheel

FILES = [wheel("demo", "1.0"), sdist("demo", "1.0"), wheel("other", "2.0")]
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}
PAGE = "main main/project/demo"
FILE = "main main/files/demo main/file/"


@pytest.fixture(scope="module")
def site(serve_all, wheelhouse):
    return serve_all(wheelhouse, "--surrogate-keys", "true", files=FILES)


@pytest.mark.parametrize(("path", "words"), [
    ("/simple/demo/", PAGE),
    ("/index/main/simple/demo/", PAGE),
    ("/pypi/demo/json", PAGE),
    ("/pypi/demo/1.0/json", PAGE),
    ("/simple/", "main main/list"),
    ("/rss/updates.xml", "main main/list"),
])
def test_pages_name_what_makes_them_old(site, path, words):
    for headers in [{}, JSON, {"Accept-Encoding": "gzip"}]:
        for _ in range(2):
            answer = site.get(path, headers=headers)
            assert answer.status == 200 and answer.header("Surrogate-Key") == words
    known = site.get(path, headers={"If-None-Match": site.get(path).header("ETag")})
    assert known.status == 304 and known.header("Surrogate-Key") == words


def test_files_have_words_apart_from_pages(site):
    for file in FILES[:2]:
        for _ in range(2):
            answer = site.get(f"/packages/{file.filename}")
            assert answer.status == 200 and answer.header("Surrogate-Key") == FILE + file.filename
    part = site.get(f"/packages/{FILES[0].filename}", headers={"Range": "bytes=0-9"})
    assert part.status == 206 and part.header("Surrogate-Key") == FILE + FILES[0].filename
    beside = site.get(f"/packages/{FILES[0].filename}.metadata")
    assert beside.status == 200 and beside.header("Surrogate-Key") == FILE + FILES[0].filename


@pytest.mark.parametrize("path", ["/", "/project/demo/", "/search?q=demo", "/api/v1/status", "/simple/nothing/", "/healthz"])
def test_what_nobody_else_keeps_has_none(site, path):
    assert site.get(path).header("Surrogate-Key") is None


def test_what_not_everybody_may_have_has_none(serve, wheelhouse):
    users = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
    site = serve(wheelhouse, "--surrogate-keys", "true", "-P", ".htpasswd", "-a", "update,download,list", files=FILES, users=users)
    for path in ["/simple/demo/", f"/packages/{FILES[0].filename}"]:
        answer = site.get(path, user=("ada", "secret"))
        assert answer.status == 200 and answer.header("Surrogate-Key") is None


def test_nothing_says_so_unless_it_is_asked_for(serve, wheelhouse):
    site = serve(wheelhouse, files=FILES)
    for path in ["/simple/demo/", f"/packages/{FILES[0].filename}"]:
        assert site.get(path).header("Surrogate-Key") is None

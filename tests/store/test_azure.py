"""Files that are blobs of Azure's kind, in its stand-in: what is not the same for every store."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from support import azurite, http
from support.distributions import wheel

OPTIONS = ["--state-dir", "state", "--disable-fallback", "-a", ".", "-P", "."]
# The second one goes up in blocks.
FILES = [wheel("demo", "1.0"), wheel("large", "1.0", padding=20_000_000)]


@pytest.fixture(scope="module")
def azure(tmp_path_factory):
    with azurite.running(tmp_path_factory.mktemp("azurite")) as running:
        running.make_container("wheels")
        yield running


@pytest.fixture
def site_of(serve, wheelhouse, azure):
    def make(where: str, *options: str, **more):
        words = ["--files", where, "--s3-endpoint", azure.endpoint, *OPTIONS, *options]
        environment = {**azure.credentials, **more.pop("environment", {})}
        return serve(wheelhouse, *words, roots=[], environment=environment, **more)

    return make


def test_what_was_uploaded_is_given_out(site_of):
    site = site_of("az://wheels/streamed")
    for file in FILES:
        assert site.upload(file).status == 200
    site.restart()
    for file in FILES:
        answer = site.get(f"/packages/{file.filename}")
        assert answer.status == 200 and answer.body == file.content
        part = site.get(f"/packages/{file.filename}", headers={"Range": "bytes=5-99"})
        assert part.status == 206 and part.body == file.content[5:100]


def test_downloads_are_sent_to_the_store_with_a_signed_address(site_of):
    site = site_of("az://wheels/redirected", "--file-redirects", "always")
    for file in FILES:
        assert site.upload(file).status == 200
        for method, expected in [("GET", file.content), ("HEAD", b"")]:
            answer = site.ask(method, f"/packages/{file.filename}")
            assert answer.status == 302, answer
            url = urlsplit(answer.header("Location"))
            there = http.ask(url.port, method, f"{url.path}?{url.query}")
            assert there.status == 200 and there.body == expected
            assert there.header("Content-Length") == str(len(file.content))


@pytest.mark.parametrize(
    ("where", "environment", "said"),
    [
        ("az://nothing/team", {}, "there is no bucket at `az://nothing/team`"),
        (
            "az://wheels/refused",
            {"AZURE_STORAGE_ACCOUNT_KEY": "d3Jvbmc="},
            "does not take the credentials",
        ),
    ],
)
def test_what_keeps_a_server_from_starting_is_told(site_of, where, environment, said):
    site = site_of(where, environment=environment, start=False)
    site.is_expected_to_fail = True
    with pytest.raises(AssertionError, match="ended with 1"):
        site.start()
    assert said in site.log

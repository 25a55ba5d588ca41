"""Programs that read an index without installing from it: bandersnatch, pypi-simple, pip-tools."""

from __future__ import annotations

import datetime
import json
import re

import pytest

from support.distributions import WRITTEN, any_file, sdist, wheel
from support.owners import own

FILES = [
    wheel("Demo.Lib", "1.0", requires_python=">=3.8", summary="Sings"),
    sdist("Demo.Lib", "1.0"),
    wheel("Demo.Lib", "1.1"),
    wheel("app", "2.0", requires_dist=["Demo.Lib>=1.0"]),
    wheel("left-alone", "1.0"),
    any_file("app-2.0.tar.gz.asc", b"signature"),
]


@pytest.fixture
def site(serve, wheelhouse):
    return serve(wheelhouse, "-P", ".", "-a", ".", files=FILES)


# bandersnatch.

# It would send even what is for this machine to a proxy.
DIRECT = {"http_proxy": "", "https_proxy": "", "all_proxy": ""}


@pytest.mark.parametrize("method", ["simple", "xmlrpc"])
def test_bandersnatch_mirrors_an_index(site, client, tmp_path, method):
    mirror = tmp_path / "mirror"
    settings = tmp_path / "bandersnatch.conf"
    settings.write_text(
        f"""
[mirror]
directory = {mirror}
master = {site.url.rstrip("/")}
allow-non-https = true
api-method = {method}
json = true
hash-index = false
workers = 2
stop-on-error = true
[plugins]
enabled = allowlist_project
[allowlist]
packages =
    app
    demo-lib
"""
    )
    bandersnatch = client("bandersnatch")
    bandersnatch.run("bandersnatch", "-c", settings, "mirror", environment=DIRECT)
    kept = {path.name: path.read_bytes() for path in (mirror / "web" / "packages").rglob("*") if path.is_file()}
    assert kept == {file.filename: file.content for file in FILES[:4]}
    document = json.loads((mirror / "web" / "json" / "demo-lib").read_text())
    assert set(document["releases"]) == {"1.0", "1.1"}
    assert FILES[2].filename in (mirror / "web" / "simple" / "demo-lib" / "index.html").read_text()
    # What comes later arrives with the next run, and nothing else is asked for again.
    later = wheel("app", "2.1")
    assert site.upload(later).status == 200
    bandersnatch.run("bandersnatch", "-c", settings, "mirror", environment=DIRECT)
    assert any(path.name == later.filename for path in (mirror / "web" / "packages").rglob("*"))


# pypi-simple.

READ = """
import json, sys
from pypi_simple import PyPISimple

def shown(package):
    return {
        name: str(value) if not isinstance(value, (bool, int, dict, type(None))) else value
        for name, value in vars(package).items()
    }

with PyPISimple(sys.argv[1]) as client:
    index = client.get_index_page(accept=sys.argv[2])
    page = client.get_project_page("Demo.Lib", accept=sys.argv[2])
    wheel = next(p for p in page.packages if p.filename.endswith("1.0-py3-none-any.whl"))
    print(json.dumps({
        "projects": list(index.projects),
        "index_serial": index.last_serial,
        "version": page.repository_version,
        "serial": page.last_serial,
        "versions": page.versions,
        "status": str(page.status), "reason": page.status_reason,
        "packages": {p.filename: shown(p) for p in page.packages},
        "metadata": client.get_package_metadata(wheel),
    }))
"""


@pytest.fixture
def read(client, site):
    def run(accept: str) -> dict:
        words = ["python", "-c", READ, site.url + "simple/", accept]
        return json.loads(client("pypi-simple").run(*words).stdout)

    return run


JSON_ONLY = "application/vnd.pypi.simple.v1+json"
HTML_ONLY = "text/html"


@pytest.mark.parametrize("accept", [JSON_ONLY, HTML_ONLY])
def test_pypi_simple_reads_every_field(site, read, accept):
    own(site, "yank", "demo.lib==1.1", "--reason", "eats files")
    own(site, "status", "demo.lib", "deprecated", "--reason", "use app")
    found = read(accept)
    is_json = accept == JSON_ONLY
    names = ["Demo_Lib", "app", "left_alone"] if is_json else ["app", "demo-lib", "left-alone"]
    assert sorted(found["projects"]) == names
    assert found["version"] == "1.4"
    serial = int(site.get("/simple/demo-lib/").header("X-PyPI-Last-Serial"))
    assert int(found["serial"]) == serial
    assert (found["status"].lower().endswith("deprecated"), found["reason"]) == (True, "use app")
    assert set(found["packages"]) == {file.filename for file in FILES[:3]}
    shown = found["packages"][FILES[0].filename]
    assert shown["digests"] == {"sha256": FILES[0].sha256} and shown["has_metadata"] is True
    assert shown["requires_python"] == ">=3.8" and not shown["is_yanked"]
    later = found["packages"][FILES[2].filename]
    assert (later["is_yanked"], later["yanked_reason"]) == (True, "eats files")
    assert "Name: Demo.Lib" in found["metadata"]
    if is_json:
        assert found["versions"] == ["1.0", "1.1"]
        assert shown["size"] == len(FILES[0].content)
        moment = datetime.datetime.fromisoformat(shown["upload_time"])
        # Uploads have the time at which they came; only a folder tells of older ones.
        assert moment.timestamp() == WRITTEN if site.roots else moment.timestamp() > WRITTEN


# pip-tools.


def test_pip_tools_writes_hashes(site, client, tmp_path):
    wanted = tmp_path / "requirements.in"
    wanted.write_text("app\n")
    tool = client("pip-tools")
    words = ["--generate-hashes", "--no-header", "--quiet", "--output-file", tmp_path / "out.txt"]
    words += ["--index-url", site.url + "simple/", "--no-emit-index-url", wanted]
    tool.run("pip-compile", *words)
    written = (tmp_path / "out.txt").read_text()
    assert re.findall(r"^(\S+)==(\S+)", written, re.MULTILINE) == [("app", "2.0"), ("demo-lib", "1.1")]
    assert set(re.findall(r"sha256:(\w+)", written)) == {FILES[2].sha256, FILES[3].sha256}

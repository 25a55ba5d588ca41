"""The watch over the way out sees who takes it: without that, it would prove nothing."""

from __future__ import annotations

from .way_out import WAY_OUT


def test_client_that_asks_another_machine_is_seen(client, target):
    index = "://index.example/simple/"
    client("pip-newest").pip("install", "-i", "https" + index, "--target", target, "demo", fails=True)
    uv = client("uv")
    words = ["--python", uv.bin / "python", "--target", target, "demo"]
    uv.run("uv", "pip", "install", "--default-index", "http" + index, *words, fails=True)

    tried, WAY_OUT.tried = WAY_OUT.tried, []
    assert any("CONNECT index.example:443" in line for line in tried), tried
    assert any("http://index.example/simple/demo/" in line for line in tried), tried

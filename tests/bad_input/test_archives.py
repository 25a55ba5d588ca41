"""Wheels and sdists that are damaged or meant to hurt, copied in and uploaded."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from support.distributions import Distribution, sdist, wheel
from support.programs import Door, Site
from support.waiting import wait_until

GIB = 1024**3
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def zeros(size: int) -> bytes:
    """A deflated stream of so many zeros, without making them."""
    block = 1 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -15)
    return one * (size // block) + end.compress(b"") + end.flush()


def wheel_with_metadata(packed: bytes, size: int) -> Distribution:
    """A wheel whose METADATA claims and unpacks to so many bytes."""
    entries = io.BytesIO()
    name = b"bomb-1.0.dist-info/METADATA"
    large = struct.pack("<HHQQ", 1, 16, size, len(packed)) if size >= 2**32 else b""
    shown = 0xFFFFFFFF if large else size
    packed_shown = 0xFFFFFFFF if large else len(packed)
    common = struct.pack("<HHHHHIIIHH", 45, 0, 8, 0, 33, 0, packed_shown, shown, len(name), len(large))
    entries.write(b"PK\x03\x04" + common + name + large + packed)
    start = entries.tell()
    central = b"PK\x01\x02" + struct.pack("<H", 45) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name + large
    entries.write(central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), start, 0))
    return Distribution("bomb-1.0-py3-none-any.whl", entries.getvalue())


def tar_bomb() -> Distribution:
    """An sdist that unpacks to ten gibibytes before its PKG-INFO."""
    info = tarfile.TarInfo("bomb-1.0/zeros")
    info.size = 10 * GIB
    head = info.tobuf(tarfile.GNU_FORMAT)
    body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body += packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH) + zeros(10 * GIB)
    return Distribution("bomb-1.0.tar.gz", body + bytes(8))


def with_many_members() -> Distribution:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(70_000):
            archive.writestr(f"a/{number}", b"")
    return Distribution("bomb-1.0-py3-none-any.whl", content.getvalue())


GOOD = wheel("good", "1.0")
CUT = wheel("bomb", "1.0")
DAMAGED = {
    "empty": Distribution("bomb-1.0-py3-none-any.whl", b""),
    "no archive": Distribution("bomb-1.0-py3-none-any.whl", b"no archive at all" * 100),
    "cut": Distribution(CUT.filename, CUT.content[: len(CUT.content) // 2]),
    "no metadata": Distribution("bomb-1.0-py3-none-any.whl", zlib.decompress(zlib.compress(b"PK\x05\x06" + bytes(18)))),
    "damaged sdist": Distribution("bomb-1.0.tar.gz", sdist("bomb", "1.0").content[:100]),
}
BOMBS = {
    "METADATA of 10 GiB": lambda: wheel_with_metadata(zeros(10 * GIB), 10 * GIB),
    "METADATA that lies about 10 GiB": lambda: wheel_with_metadata(zeros(10 * GIB), 1000),
    "sdist of 10 GiB": tar_bomb,
    "70,000 members": with_many_members,
}


def memory_mib(site: Site) -> int:
    text = Path(f"/proc/{site.process.pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) // 1024


def cpu_seconds(site: Site) -> float:
    fields = Path(f"/proc/{site.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_listed_without_metadata_and_named_in_the_log(serve, wheelhouse: Door, kind):
    file = DAMAGED[kind]
    site = serve(wheelhouse, files=[file, GOOD])
    wait_until(lambda: site.get("/api/v1/status").json["unread"] == 0, seconds=10)
    (shown,) = site.get("/simple/bomb/", headers=JSON).json["files"]
    assert shown["hashes"] == {"sha256": file.sha256} and not shown.get("core-metadata")
    assert site.get(f"/packages/{file.filename}").body == file.content
    assert site.get(f"/packages/{file.filename}.metadata").status == 404
    assert file.filename in site.log and "metadata" in site.log
    assert site.get("/simple/good/", headers=JSON).json["files"][0]["core-metadata"]


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_stops_at_the_limits(serve, wheelhouse: Door, kind):
    file = BOMBS[kind]()
    site = serve(wheelhouse, "-P", ".", "-a", ".", files=[GOOD])
    site.get("/simple/good/")
    before = memory_mib(site), cpu_seconds(site)
    file.put(site.packages)
    site.await_listed(GOOD.filename, file.filename)
    wait_until(lambda: site.get("/api/v1/status").json["unread"] == 0, seconds=60)
    uploaded = site.upload(Distribution(file.filename.replace("bomb-1.0", "bomb-2.0"), file.content))
    assert uploaded.status in (200, 400), uploaded
    # Unpacking ten gibibytes would cost as many, or half a minute.
    assert memory_mib(site) - before[0] < 200, "memory in MiB"
    assert cpu_seconds(site) - before[1] < 8, "seconds of work"
    assert site.get(f"/packages/{file.filename}").status == 200

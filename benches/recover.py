#!/usr/bin/env python3
"""Times `wheelhouse recover` and `wheelhouse check` over many sealed records: a table for docs/performance.md.

    benches/recover.py PROGRAM FOLDER [COUNT]

FOLDER gets a bucket of COUNT (100,000) wheels of a kilobyte or so, made once, and a state folder for each run. Nothing
listens and nothing is asked over a network. The most memory that a run took is what the system says of it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

AT = 1_700_000_000_000_000
# Files of one project.
RELEASES = 10


def main() -> None:
    program, folder = sys.argv[1], Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    bucket = folder / f"bucket-{count}"
    state = folder / "state"
    words = ["--files", f"file:{bucket}", "--state-dir", str(state)]
    if not (bucket / "made").exists():
        make(bucket, count)
    print(f"| {count:,} files | s | files/s | peak memory, MB |\n| --- | --- | --- | --- |")
    for name, command in [
        ("`recover`", ["recover", "--take-over"]),
        ("`recover --rehash`", ["recover", "--take-over", "--rehash"]),
        ("`check`", ["check"]),
        ("`check --rehash`", ["check", "--rehash"]),
    ]:
        if command[0] == "recover":
            shutil.rmtree(state, ignore_errors=True)
            (bucket / "owner.json").write_text(json.dumps({"format": 1, "id": "0" * 8 + "-0000-0000-0000-" + "0" * 12}))
        seconds, peak = timed([program, *command, *words], count)
        print(f"| {name} | {seconds:.1f} | {count / seconds:,.0f} | {peak / 1024:.0f} |", flush=True)


def timed(command: list[str], count: int) -> tuple[float, float]:
    """Runs a command and returns its seconds, and the most memory it took, in kilobytes."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([*command, "--json"], stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        out.seek(0)
        said = out.read()
    assert os.waitstatus_to_exitcode(status) == 0, said[:2_000]
    assert json.loads(said)["files"] == count, said[:2_000]
    return seconds, usage.ru_maxrss


def make(bucket: Path, count: int) -> None:
    for number in range(count):
        name, version = f"project-{number // RELEASES}", f"{number % RELEASES}.0"
        stem = f"{name.replace('-', '_')}-{version}"
        put(bucket, f"{stem}-py3-none-any.whl", wheel(name, version, stem), AT + number)
    (bucket / "made").write_text("")


def wheel(name: str, version: str, stem: str) -> bytes:
    content = io.BytesIO()
    info = f"{stem}.dist-info"
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in [
            (f"{name}.py", f"VERSION = {version!r}\n"),
            (f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: One of many\n"),
            (f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            (f"{info}/RECORD", ""),
        ]:
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return content.getvalue()


def put(bucket: Path, path: str, content: bytes, at: int) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    record = json.dumps(
        {
            "format": 1,
            "index": "main",
            "path": path,
            "size_bytes": len(content),
            "sha256": sha256,
            "blake2b_256": hashlib.blake2b(content, digest_size=32).hexdigest(),
            "md5": hashlib.md5(content).hexdigest(),
            "uploaded_at": at,
        },
        separators=(",", ":"),
    )
    seal = hashlib.sha256(record.encode()).hexdigest()
    place = bucket / "sha256" / sha256[:2] / sha256[2:]
    beside = bucket / "records" / sha256[:2] / sha256[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    beside.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    name = f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.{0:032x}.json"
    (beside / name).write_text(f'{{"record":{record},"seal":"{seal}"}}')


if __name__ == "__main__":
    os.umask(0o077)
    main()

#!/usr/bin/env python3
"""Measures uploads beside pypiserver and devpi, one large upload beside what the system takes for the
same bytes, and the memory that many large uploads need; prints Markdown tables.

    benches/uploading.py --program target/release/wheelhouse --venvs FOLDER [--quick]

With small wheels the server has one core, the load the other one; with large ones nobody is held to a
core. Figures are the medians of rounds in which the servers
take turns. Needs eight gigabytes of disk in $TMPDIR.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from reading import DEVPI_INDEX, devpi
from side_by_side import LOAD_CORE, SERVER_CORE, Server, free_port

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support import distributions  # noqa: E402

BOTH_CORES = f"{SERVER_CORE},{LOAD_CORE}"
CLIENTS = 16
SMALL_BYTES = 10 * 1024
LARGE_MIB = 500
MANY, MANY_MIB = 32, 200
HEADERS = {"Content-Type": "multipart/form-data; boundary=b"}


def form(file: distributions.Distribution) -> bytes:
    name, version = file.filename.split("-")[:2]
    fields = {":action": "file_upload", "protocol_version": "1", "name": name, "version": version,
              "filetype": "bdist_wheel", "pyversion": "py3", "metadata_version": "2.1", "sha256_digest": file.sha256}
    parts = [f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
             for key, value in fields.items()]
    head = f'--b\r\nContent-Disposition: form-data; name="content"; filename="{file.filename}"\r\n'
    return b"".join([*parts, head.encode(), b"Content-Type: application/octet-stream\r\n\r\n", file.content,
                     b"\r\n--b--\r\n"])


def client(port: int, path: str, headers: dict[str, str], bodies: list[bytes], end: float, done: list[int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    count = 0
    for body in bodies:
        if time.monotonic() > end:
            break
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (http.client.HTTPException, ConnectionError):
            # A server that closes after each answer.
            connection.close()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"upload: {answer.status} {said[:300]!r}")
        count += 1
    done.append(count)


def clients(port: int, path: str, headers: dict, bodies: list[list[bytes]], seconds: float, queue) -> None:
    """Half of the clients: one process of Python cannot keep them all busy."""
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    end, done = time.monotonic() + seconds, []
    threads = [threading.Thread(target=client, args=(port, path, headers, mine, end, done)) for mine in bodies]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put((len(done), sum(done), time.monotonic() - began))


def small_uploads(server: Server, path: str, headers: dict, first: int, seconds: float, most: int) -> float:
    """Uploads per second by all clients. Each client has projects of its own, a hundred files in each."""
    bodies = [
        [form(distributions.wheel(f"p{number:02}x{first}x{count // 100}", f"1.{count % 100}", padding=SMALL_BYTES - 900))
         for count in range(most)]
        for number in range(CLIENTS)
    ]
    queue: multiprocessing.Queue = multiprocessing.Queue()
    half = CLIENTS // 2
    processes = [
        multiprocessing.Process(target=clients, args=(server.port, path, headers, part, seconds, queue))
        for part in (bodies[:half], bodies[half:])
    ]
    for process in processes:
        process.start()
    rate = 0.0
    for _ in processes:
        finished, count, took = queue.get()
        if finished != half:
            raise RuntimeError(f"{server.name}: {half - finished} clients failed")
        rate += count / took
    for process in processes:
        process.join()
    return rate


def large_wheel(folder: Path, mebibytes: int) -> tuple[Path, str]:
    made = distributions.wheel("large", "1.0", padding=mebibytes << 20)
    path = folder / made.filename
    path.write_bytes(made.content)
    return path, made.sha256


def curl(server: Server, file: Path, sha256: str, name: str = "") -> list[str]:
    said = {":action": "file_upload", "protocol_version": "1", "name": "large", "version": "1.0", "filetype": "bdist_wheel",
            "pyversion": "py3", "metadata_version": "2.1", "sha256_digest": sha256}
    fields = [word for key, value in said.items() for word in ("-F", f"{key}={value}")]
    content = f"content=@{file};type=application/octet-stream" + (f";filename={name}" if name else "")
    return ["curl", "--silent", "--show-error", "--fail", "-H", "Expect:", *fields,
            "-F", content, f"http://127.0.0.1:{server.port}/"]


def one_large(program: str, scratch: Path, rounds: int) -> list[str]:
    """The time of one large upload, as a ratio to hashing, copying and syncing the same file."""
    file, sha256 = large_wheel(scratch, LARGE_MIB)
    pairs = []
    for number in range(rounds):
        packages = scratch / f"large{number}"
        packages.mkdir()
        server = ours(program, packages)
        server.cores = BOTH_CORES
        server.start("/simple/", b"")
        try:
            subprocess.run(["cat", file], stdout=subprocess.DEVNULL, check=True)
            os.sync()
            began = time.monotonic()
            subprocess.run(curl(server, file, sha256), check=True, stdout=subprocess.DEVNULL)
            upload = time.monotonic() - began
        finally:
            server.stop()
        copy = scratch / "copy.whl"
        os.sync()
        began = time.monotonic()
        subprocess.run(["sh", "-c", f"sha256sum {file} && cp {file} {copy} && sync {copy}"],
                       check=True, stdout=subprocess.DEVNULL)
        pairs.append((upload, time.monotonic() - began))
        copy.unlink()
        shutil.rmtree(packages)
    upload, system = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    file.unlink()
    return [
        "| one wheel of 500 MiB | s | MiB/s |",
        "| --- | --- | --- |",
        f"| upload with curl, synced | {upload:.2f} | {LARGE_MIB / upload:.0f} |",
        f"| `sha256sum`, `cp` and `sync` | {system:.2f} | {LARGE_MIB / system:.0f} |",
        "",
        f"The upload takes {ratio:.2f} of the time (median of the rounds' ratios).",
        "",
    ]


def peak_mib(server: Server) -> float:
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def many_large(program: str, scratch: Path, count: int) -> tuple[float, float]:
    """The memory before, and at most while many clients upload at once."""
    file, sha256 = large_wheel(scratch, MANY_MIB)
    packages = scratch / f"many{count}"
    packages.mkdir()
    server = ours(program, packages, "--upload-strictness", "lenient")
    server.cores = BOTH_CORES
    server.start("/simple/", b"")
    try:
        before = server.resident_mib()
        running = [
            subprocess.Popen(curl(server, file, sha256, f"large{n}-1.0-py3-none-any.whl"), stdout=subprocess.DEVNULL)
            for n in range(count)
        ]
        for process in running:
            if process.wait(600):
                raise RuntimeError("an upload failed")
        return before, peak_mib(server)
    finally:
        server.stop()
        shutil.rmtree(packages)
        file.unlink()


def ours(program: str, packages: Path, *more: str) -> Server:
    port = free_port()
    words = [program, "run", "-i", "127.0.0.1", "-p", str(port), "-a", ".", "-P", ".", *more, str(packages)]
    return Server("Wheelhouse", words, port)


def table_of_small(program: str, venvs: Path, scratch: Path, rounds: int, seconds: float) -> list[str]:
    running: list[Server] = []
    try:
        (scratch / "ours").mkdir()
        (scratch / "theirs").mkdir()
        (scratch / "middle").mkdir()
        for number in range(20):
            one = distributions.wheel("middle", f"1.{number}")
            (scratch / "middle" / one.filename).write_bytes(one.content)
        mine = ours(program, scratch / "ours")
        port = free_port()
        python = str(venvs / "control/bin/python")
        theirs = Server("pypiserver", [python, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port), "-a", ".",
                                       "-P", ".", "--disable-fallback", str(scratch / "theirs")], port)
        for server in (mine, theirs):
            running.append(server)
            server.start("/simple/", b"")
        mirror = devpi(scratch, venvs / "devpi-server/bin", scratch / "middle", running)
        rates: dict[str, list[float]] = {}
        for number in range(rounds):
            for server, path, most in [(mine, "/", 1500), (theirs, "/", 200), (mirror, DEVPI_INDEX + "/", 200)]:
                headers = HEADERS | (mirror.headers if server is mirror else {})
                rate = small_uploads(server, path, headers, number, seconds, most)
                rates.setdefault(server.name, []).append(rate)
        lines = ["| server | uploads/s | times slower than Wheelhouse |", "| --- | --- | --- |"]
        best = statistics.median(rates["Wheelhouse"])
        for name, got in rates.items():
            rate = statistics.median(got)
            lines.append(f"| {name} | {rate:,.1f} | {best / rate:,.1f} |")
        return [*lines, ""]
    finally:
        for server in running:
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--venvs", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="uploading-"))
    try:
        rounds, seconds = (1, 3.0) if arguments.quick else (3, 10.0)
        print("### 10 KiB wheels by 16 clients\n", flush=True)
        lines = table_of_small(arguments.program, arguments.venvs, scratch, rounds, seconds)
        print("\n".join(lines), flush=True)
        print("### One large upload\n", flush=True)
        print("\n".join(one_large(arguments.program, scratch, 1 if arguments.quick else 5)), flush=True)
        print("### Memory\n", flush=True)
        print("| clients that upload 200 MiB each | MiB before | MiB at most |\n| --- | --- | --- |", flush=True)
        for count in (4,) if arguments.quick else (1, 8, MANY):
            before, peak = many_large(arguments.program, scratch, count)
            print(f"| {count} | {before:.0f} | {peak:.0f} |", flush=True)
        print()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

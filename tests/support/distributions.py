"""Builds wheels and sdists. The same arguments give the same bytes, on every run."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

# Long before any test: a file that was last written then has rested.
WRITTEN = 1_600_000_000


@dataclass(frozen=True)
class Distribution:
    """A file for a packages folder: its name and its bytes."""

    filename: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def digest(self, algorithm: str) -> str:
        return hashlib.new(algorithm, self.content).hexdigest()

    def put(self, folder: Path, path: str | None = None, *, rested: bool = True) -> Path:
        """Writes the file below `folder`, as if it had been there for long if `rested`."""
        target = folder / (path or self.filename)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.content)
        if rested:
            os.utime(target, (WRITTEN, WRITTEN))
        return target


def metadata(name: str, version: str, *, readme: str = "Made for a test.\n", **fields: str | list[str]) -> bytes:
    """The text of METADATA or PKG-INFO; `requires_python="…"` becomes `Requires-Python: …`."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    for field, values in fields.items():
        title = "-".join(part.capitalize() for part in field.split("_"))
        title = {"Requires-Dist": "Requires-Dist", "Project-Url": "Project-URL"}.get(title, title)
        for value in [values] if isinstance(values, str) else values:
            lines.append(f"{title}: {value}")
    return ("\n".join(lines) + f"\n\n{readme}").encode()


def wheel(
    name: str = "demo",
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    build: str | None = None,
    module: str | None = None,
    source: str = "",
    filename: str | None = None,
    padding: int = 0,
    **fields: str | list[str],
) -> Distribution:
    """A wheel with one module. `padding` adds a member of that many bytes that do not compress."""
    stem = name.replace("-", "_").replace(".", "_")
    info = f"{stem}-{version}.dist-info"
    module = module or stem.lower()
    members = {
        f"{module}.py": f'VERSION = "{version}"\n{source}'.encode(),
        f"{info}/METADATA": metadata(name, version, **fields),
        f"{info}/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
        ).encode(),
    }
    if padding:
        members[f"{module}_data.bin"] = noise(padding, f"{name}-{version}")
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for path, data in members.items()
    )
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    parts = [stem, version, *([build] if build else []), tag]
    return Distribution(filename or "-".join(parts) + ".whl", content.getvalue())


SETUP = """from setuptools import setup

setup(name={name!r}, version={version!r}, py_modules=[{module!r}])
"""


def sdist(
    name: str = "demo",
    version: str = "1.0",
    *,
    filename: str | None = None,
    padding: int = 0,
    **fields: str | list[str],
) -> Distribution:
    """An sdist (.tar.gz) that pip can build with setuptools."""
    stem = name.replace("-", "_").replace(".", "_")
    top = f"{stem}-{version}"
    module = stem.lower()
    members = {
        f"{top}/PKG-INFO": metadata(name, version, **fields),
        f"{top}/setup.py": SETUP.format(name=name, version=version, module=module).encode(),
        f"{top}/{module}.py": f'VERSION = "{version}"\n'.encode(),
    }
    if padding:
        members[f"{top}/{module}_data.bin"] = noise(padding, f"{name}-{version}")
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            member.mtime = WRITTEN
            archive.addfile(member, io.BytesIO(data))
    return Distribution(filename or f"{top}.tar.gz", gzip.compress(plain.getvalue(), mtime=0))


def any_file(filename: str, content: bytes | None = None) -> Distribution:
    """A file whose name alone matters: its bytes tell it apart from others."""
    return Distribution(filename, f"the bytes of {filename}".encode() if content is None else content)


def zip_sdist(name: str, version: str, *, filename: str | None = None) -> Distribution:
    """An old-style sdist in a zip."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        top = f"{name}-{version}"
        info = zipfile.ZipInfo(f"{top}/PKG-INFO", (2020, 1, 1, 0, 0, 0))
        archive.writestr(info, metadata(name, version))
    return Distribution(filename or f"{name}-{version}.zip", content.getvalue())


def noise(size: int, seed: str) -> bytes:
    """Bytes that no compressor shrinks, the same for the same seed."""
    return hashlib.shake_128(seed.encode()).digest(size)

"""Upload forms, as the various clients write them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from .distributions import Distribution
from .http import Answer, ask

BOUNDARY = "----------a-boundary-of-the-tests"

# A part of a form: a text, or a file with its name.
Part = str | bytes | tuple[str, bytes]


def form(parts: Iterable[tuple[str, Part]], boundary: str = BOUNDARY) -> bytes:
    """Writes a multipart body."""
    lines: list[bytes] = []
    for name, part in parts:
        lines.append(f"--{boundary}".encode())
        if isinstance(part, tuple):
            filename, content = part
            lines.append(
                f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'.encode()
            )
            lines.append(b"Content-Type: application/octet-stream")
        else:
            lines.append(f'Content-Disposition: form-data; name="{name}"'.encode())
            content = part.encode() if isinstance(part, str) else part
        lines += [b"", content]
    return b"\r\n".join([*lines, f"--{boundary}--".encode(), b""])


def post_form(
    port: int,
    parts: Iterable[tuple[str, Part]],
    *,
    path: str = "/",
    headers: dict[str, str] | None = None,
    user: tuple[str, str] | None = None,
) -> Answer:
    sent = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})}
    return ask(port, "POST", path, headers=sent, body=form(parts), user=user)


def post_urlencoded(
    port: int,
    fields: dict[str, str],
    *,
    path: str = "/",
    user: tuple[str, str] | None = None,
) -> Answer:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(port, "POST", path, headers=headers, body=urlencode(fields).encode(), user=user)


def said_of(file: Distribution) -> dict[str, str]:
    """The fields of the form that every client sends for a file."""
    fields = {":action": "file_upload", "protocol_version": "1", "metadata_version": "2.1"}
    stem = file.filename.removesuffix(".whl").removesuffix(".tar.gz")
    if file.filename.endswith(".whl"):
        parts = stem.split("-")
        name, version, tag = parts[0], parts[1] if len(parts) > 1 else "", parts[-3] if len(parts) > 4 else "py3"
        fields |= {"name": name, "version": version, "filetype": "bdist_wheel", "pyversion": tag}
    elif file.filename.endswith(".tar.gz") and "-" in stem:
        name, _, version = stem.rpartition("-")
        fields |= {"name": name, "version": version, "filetype": "sdist", "pyversion": "source"}
    return {**fields, "sha256_digest": file.sha256}


def upload(
    port: int,
    file: Distribution,
    *,
    fields: dict[str, str] | None = None,
    signature: tuple[str, bytes] | None = None,
    path: str = "/",
    agent: str | None = None,
    user: tuple[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Uploads one file with the fields that every client sends, and the given ones."""
    parts: list[tuple[str, Part]] = [*{**said_of(file), **(fields or {})}.items()]
    parts.append(("content", (file.filename, file.content)))
    if signature:
        parts.append(("gpg_signature", signature))
    sent = dict(headers or {})
    if agent:
        sent["User-Agent"] = agent
    return post_form(port, parts, path=path, headers=sent, user=user)

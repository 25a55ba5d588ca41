"""What a bucket holds, compared with the names that it is under."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Protocol


class Readable(Protocol):
    """A store whose objects can be read by name."""

    def names(self, bucket: str, below: str = "") -> list[str]: ...

    def read(self, bucket: str, name: str) -> bytes: ...


def unlike_their_names(store: Readable, bucket: str, prefix: str = "team") -> list[str]:
    """The contents that do not have the digest that they are named by, and the records whose seal is not
    theirs or that are about another content."""
    wrong = []
    for name in store.names(bucket, f"{prefix}/sha256"):
        digest = "".join(name.split("/")[-2:])
        if hashlib.sha256(store.read(bucket, name)).hexdigest() != digest:
            wrong.append(name)
    for name in store.names(bucket, f"{prefix}/records"):
        sealed = re.fullmatch(r'\{"record":(\{.*\}),"seal":"([0-9a-f]{64})"\}', store.read(bucket, name).decode())
        is_sealed = sealed and hashlib.sha256(sealed[1].encode()).hexdigest() == sealed[2]
        first, rest, _ = name.removeprefix(f"{prefix}/records/").split("/", 2)
        if not is_sealed or json.loads(sealed[1])["sha256"] != first + rest:
            wrong.append(name)
    return wrong

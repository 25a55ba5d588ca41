"""Several equal servers over one PostgreSQL and one store of objects, with people who talk to them."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Protocol

from . import uploads
from .distributions import Distribution
from .http import basic
from .postgres import Cluster
from .programs import WHEELHOUSE, Site

JSON = "application/vnd.pypi.simple.v1+json"
USERS = {"ada": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
ADA = ("ada", "secret")
RULES = ["--rule", "everybody list+download", "--rule", "user:ada all"]


class Objects(Protocol):
    """A store of S3's kind that runs."""

    @property
    def endpoint(self) -> str: ...

    @property
    def credentials(self) -> dict[str, str]: ...

    def make_bucket(self, name: str) -> None: ...


def replicas(
    serve: Callable[..., Site], count: int, cluster: Cluster, store: Objects, bucket: str, database: str = "",
    program: list[str] | None = None,
) -> list[Site]:
    """Starts servers over a database (a new one, if none is named) and a bucket, each with a state folder
    of its own; another program than ours, if one is named.
    """
    address = cluster.address(database or cluster.make_database())
    environment = {"WHEELHOUSE_CATALOG": address, **store.credentials}
    where = ["--files", f"s3://{bucket}/team", "--s3-endpoint", store.endpoint, "--state-dir", "state"]
    given = [*where, "--disable-fallback", "-P", ".htpasswd", *RULES, "--max-uploads-per-hour", "0"]
    sites = []
    for _ in range(count):
        site = serve(WHEELHOUSE, *given, roots=[], users=USERS, environment=environment, start=False)
        site.program = program or site.program
        sites.append(site.start())
    return sites


@dataclass(frozen=True)
class Heard:
    """What came back: without a status if the connection broke before all was there."""

    status: int | None
    body: bytes = b""
    headers: Any = None

    def header(self, name: str) -> str | None:
        return self.headers.get(name) if self.headers is not None else None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class Client:
    """Asks over connections that stay open, one for each thread and server."""

    def __init__(self, seconds: float = 120) -> None:
        self.seconds = seconds
        self.open: dict[tuple[int, int], HTTPConnection] = {}

    def close(self) -> None:
        for connection in self.open.values():
            connection.close()
        self.open.clear()

    def ask(self, site: Site, method: str, path: str, body: bytes | None = None, **headers: str) -> Heard:
        port = site.port
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        key = (threading.get_ident(), port)
        kept = self.open.pop(key, None)
        connection = kept or HTTPConnection("127.0.0.1", port, timeout=self.seconds)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            heard = Heard(answer.status, answer.read(), answer.headers)
        except (OSError, HTTPException) as broken:
            connection.close()
            # It was closed while nobody used it, as clients know: they ask once more.
            if kept and method == "GET" and isinstance(broken, ConnectionError):
                return self.ask(site, method, path, **headers)
            return Heard(None)
        if answer.will_close:
            connection.close()
        else:
            self.open[key] = connection
        return heard

    def page(self, site: Site, project: str) -> Heard:
        return self.ask(site, "GET", f"/simple/{project}/", Accept=JSON)

    def file(self, site: Site, file_name: str) -> Heard:
        return self.ask(site, "GET", f"/packages/{file_name}")

    def upload(self, site: Site, file: Distribution) -> Heard:
        parts: list[tuple[str, uploads.Part]] = [*uploads.said_of(file).items()]
        parts.append(("content", (file.filename, file.content)))
        return self.ask(
            site, "POST", "/", uploads.form(parts), Authorization=basic(*ADA),
            Content_Type=f"multipart/form-data; boundary={uploads.BOUNDARY}",
        )

    def change(self, site: Site, project: str, verb: str, **wish: str) -> Heard:
        return self.ask(
            site, "POST", f"/api/v1/projects/{project}/{verb}", json.dumps(wish).encode(),
            Authorization=basic(*ADA), Content_Type="application/json",
        )

    def events(self, site: Site, project: str) -> list[dict]:
        heard = self.ask(site, "GET", f"/api/v1/events?limit=1000&project={project}")
        assert heard.status == 200, heard
        return json.loads(heard.body)["events"]

"""A real LDAP directory on loopback: OpenLDAP's slapd, from a plain configuration."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

from .authority import Authority
from .ports import free_port
from .waiting import wait_until

BASE = "dc=tests,dc=example"
READER = f"cn=reader,{BASE}"
READER_PASSWORD = "of the reader"

CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {authority}
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
maxsize 10485760
suffix "{base}"
directory {folder}/data
rootdn "cn=admin,{base}"
rootpw admin
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""

ENTRIES = """\
dn: {base}
objectClass: dcObject
objectClass: organization
dc: tests
o: tests

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {reader_password}

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups
"""


def entry(dn: str, **attributes: str | list[str]) -> str:
    lines = [f"dn: {dn}"]
    for name, values in attributes.items():
        lines += [f"{name}: {value}" for value in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n"


def person(name: str, password: str, *, mail: str = "x@tests.example") -> str:
    dn = f"uid={name},ou=people,{BASE}"
    return entry(dn, objectClass="inetOrgPerson", uid=name, cn=name, sn=name, mail=mail, userPassword=password)


def group(name: str, *members: str) -> str:
    """A group of people, by their names, or of groups, by theirs after an `@`."""
    dns = [f"cn={m[1:]},ou=groups,{BASE}" if m[0] == "@" else f"uid={m},ou=people,{BASE}" for m in members]
    return entry(f"cn={name},ou=groups,{BASE}", objectClass="groupOfNames", cn=name, member=dns)


class Directory:
    """slapd with its entries, over ldap, StartTLS and ldaps."""

    def __init__(self, folder: Path, authority: Authority, entries: list[str]) -> None:
        self.folder = folder
        self.port, self.secure_port = free_port(), free_port()
        (folder / "data").mkdir(parents=True)
        authority.issue(folder)
        config = CONFIG.format(folder=folder, authority=authority.file, base=BASE, reader=READER)
        (folder / "slapd.conf").write_text(config)
        first = ENTRIES.format(base=BASE, reader=READER, reader_password=READER_PASSWORD)
        (folder / "entries.ldif").write_text("\n".join([first, *entries]))
        words = ["-f", folder / "slapd.conf", "-l", folder / "entries.ldif"]
        subprocess.run([program("slapadd"), *words], check=True, capture_output=True, timeout=30)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        addresses = f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.secure_port}/"
        with (self.folder / "slapd.log").open("ab") as log:
            words = [program("slapd"), "-f", str(self.folder / "slapd.conf"), "-h", addresses, "-d", "0"]
            self.process = subprocess.Popen(words, stdout=log, stderr=log)
        wait_until(self.answers, seconds=15, what="slapd answers")

    def answers(self) -> bool:
        assert self.process and self.process.poll() is None, (self.folder / "slapd.log").read_text()
        words = ["ldapwhoami", "-x", "-H", f"ldap://127.0.0.1:{self.port}/"]
        return subprocess.run(words, capture_output=True, timeout=10).returncode == 0

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)

    def change(self, ldif: str) -> None:
        words = ["ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.port}/", "-D", f"cn=admin,{BASE}", "-w", "admin"]
        subprocess.run(words, input=ldif.encode(), check=True, capture_output=True, timeout=10)

    def url(self, *, scheme: str = "ldap", query: str = "?uid") -> str:
        port = self.secure_port if scheme == "ldaps" else self.port
        host = "localhost" if scheme == "ldaps" else "127.0.0.1"
        return f"{scheme}://{host}:{port}/ou=people,{BASE}{query}"


def program(name: str) -> str:
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert path, f"{name} is missing; ./ci/test tools installs slapd and ldap-utils"
    return path

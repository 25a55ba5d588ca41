"""A Sigstore of the tests' own: a certificate authority, its transparency logs, and attestations.

Everything is signed as the real one signs it, with keys that nobody else has.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import struct
import time
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .distributions import Distribution

SLSA = "https://slsa.dev/provenance/v1"
PUBLISH = "https://docs.index.example/attestations/publish/v1"
FULCIO = "1.3.6.1.4.1.57264.1."
# What certificates say of CI jobs, by the last number of its object identifier.
CLAIMS = {"issuer": 8, "source_repository": 12, "digest": 13, "ref": 14, "definition": 18}
SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
MINUTE = datetime.timedelta(minutes=1)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def canonical(value: object) -> bytes:
    """Texts of ASCII alone: then this is RFC 8785."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def der_text(text: str, tag: int = 0x0C) -> bytes:
    return der(tag, text.encode())


def der(tag: int, data: bytes) -> bytes:
    length = len(data)
    if length < 0x80:
        return bytes([tag, length]) + data
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + data


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass
class Sigstore:
    """An installation with one authority, one certificate log and one transparency log."""

    issuer: str
    repository: str = "https://forge.example/acme/demo"
    workflow: str = "/.github/workflows/release.yml"
    authority: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    certificate_log: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def __post_init__(self) -> None:
        now = datetime.datetime.now(datetime.UTC)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fulcio of the tests")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.root = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(self.authority.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 60 * MINUTE)
            .not_valid_after(now + 60 * 24 * MINUTE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def trust_root(self, *, without: tuple[str, ...] = ()) -> str:
        """What has to be trusted for all this to be believed, in Sigstore's form."""
        since = {"start": "2020-01-01T00:00:00Z"}

        def log(key: ec.EllipticCurvePrivateKey) -> dict:
            public = {"rawBytes": b64(spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since}
            return {
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": public,
                "logId": {"keyId": b64(hashlib.sha256(spki(key)).digest())},
            }

        certificate = b64(self.root.public_bytes(serialization.Encoding.DER))
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.log)],
            "certificateAuthorities": [{
                "subject": {"organization": "tests", "commonName": "tests"},
                "uri": "https://authority.example",
                "certChain": {"certificates": [{"rawBytes": certificate}]},
                "validFor": since,
            }],
            "ctlogs": [log(self.certificate_log)],
            "timestampAuthorities": [],
        }
        return json.dumps({name: [] if name in without else value for name, value in root.items()})

    def certificate(self, key: ec.EllipticCurvePrivateKey, *, is_logged: bool = True, **claims: str) -> x509.Certificate:
        """The certificate of a job, good for ten minutes."""
        now = datetime.datetime.now(datetime.UTC)
        said = {
            "issuer": self.issuer,
            "source_repository": self.repository,
            "digest": "1" * 40,
            "ref": "refs/tags/v1",
            "definition": f"{self.repository}{self.workflow}@refs/tags/v1",
        } | claims
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 5 * MINUTE)
            .not_valid_after(now + 5 * MINUTE)
            .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(said["definition"])]), critical=True
            )
        )
        for name, number in CLAIMS.items():
            identifier = x509.ObjectIdentifier(f"{FULCIO}{number}")
            builder = builder.add_extension(
                x509.UnrecognizedExtension(identifier, der_text(said[name])), critical=False
            )
        if not is_logged:
            return builder.sign(self.authority, hashes.SHA256())
        before = builder.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        scts = x509.UnrecognizedExtension(SCTS, der(0x04, self.timestamps(before)))
        return builder.add_extension(scts, critical=False).sign(self.authority, hashes.SHA256())

    def timestamps(self, before: bytes) -> bytes:
        """The list of signed certificate timestamps of RFC 6962: one."""
        at = struct.pack(">Q", int(time.time() * 1000))
        issuer = hashlib.sha256(spki(self.authority)).digest()
        entry = b"\x00\x01" + issuer + len(before).to_bytes(3, "big") + before
        signature = sign(self.certificate_log, b"\x00\x00" + at + entry + b"\x00\x00")
        log = hashlib.sha256(spki(self.certificate_log)).digest()
        signed = b"\x04\x03" + struct.pack(">H", len(signature)) + signature
        timestamp = b"\x00" + log + at + b"\x00\x00" + signed
        one = struct.pack(">H", len(timestamp)) + timestamp
        return struct.pack(">H", len(one)) + one

    def statement(self, file: Distribution, predicate_type: str = SLSA, **changed: object) -> bytes:
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": file.filename, "digest": {"sha256": file.sha256}}],
            "predicateType": predicate_type,
            "predicate": None if predicate_type == PUBLISH else {"buildDefinition": {}},
        }
        return json.dumps(statement | changed).encode()

    def attest(
        self,
        file: Distribution,
        predicate_type: str = SLSA,
        *,
        statement: bytes | None = None,
        is_logged: bool = True,
        **claims: str,
    ) -> dict:
        """An attestation of a file by a job of the repository."""
        statement = statement or self.statement(file, predicate_type)
        key = new_key()
        certificate = self.certificate(key, is_logged=is_logged, **claims)
        kind = b"application/vnd.in-toto+json"
        signature = sign(key, b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(statement), statement))
        return {
            "version": 1,
            "verification_material": {
                "certificate": b64(certificate.public_bytes(serialization.Encoding.DER)),
                "transparency_entries": [self.entry(statement, signature, certificate)],
            },
            "envelope": {"statement": b64(statement), "signature": b64(signature)},
        }

    def entry(self, statement: bytes, signature: bytes, certificate: x509.Certificate) -> dict:
        """The entry of the transparency log: the second leaf of a tree that has two."""
        body = canonical({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(statement).hexdigest()},
                "signatures": [{
                    "signature": b64(signature),
                    "verifier": b64(certificate.public_bytes(serialization.Encoding.PEM)),
                }],
            },
        })
        leaf = hashlib.sha256(b"\x00" + body).digest()
        first = hashlib.sha256(b"\x00first").digest()
        root = hashlib.sha256(b"\x01" + first + leaf).digest()
        log = hashlib.sha256(spki(self.log)).digest()
        note = f"log.example\n2\n{b64(root)}\n"
        signed = b64(log[:4] + sign(self.log, note.encode()))
        at = int(time.time())
        promised = canonical({"body": b64(body), "integratedTime": at, "logID": log.hex(), "logIndex": 1})
        return {
            "logIndex": "1",
            "logId": {"keyId": b64(log)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(at),
            "inclusionPromise": {"signedEntryTimestamp": b64(sign(self.log, promised))},
            "inclusionProof": {
                "logIndex": "1",
                "rootHash": b64(root),
                "treeSize": "2",
                "hashes": [b64(first)],
                "checkpoint": {"envelope": f"{note}\n\u2014 log.example {signed}\n"},
            },
            "canonicalizedBody": b64(body),
        }

"""An issuer of identity tokens, as a CI system is one: real keys, real signatures, HTTPS."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
import uuid
from urllib.parse import parse_qsl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .authority import Authority


def encoded(data: bytes | dict) -> str:
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Serves its configuration and keys, and hands out tokens as GitHub's runners get them."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        certificate, key = authority.issue(folder)
        self.keys = {"first": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.asked: list[str] = []
        self.claims: dict = {}
        self.is_down = False
        self.codes: dict[str, dict] = {}
        self.client = ("wheelhouse-client", "the client's secret")
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                body = issuer.answer(self.path)
                self.send_response(200 if body else 404)
                data = json.dumps(body).encode()
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self) -> None:
                issuer.asked.append(self.path)
                sent = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()))
                body = issuer.exchange(self.path, sent, self.headers.get("Authorization", ""))
                data = json.dumps(body or {"error": "invalid_grant"}).encode()
                self.send_response(200 if body else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.server_address[1]}"

    def answer(self, path: str) -> dict | None:
        path, _, query = path.partition("?")
        if path == "/.well-known/openid-configuration" and not self.is_down:
            return {
                "issuer": self.url, "jwks_uri": self.url + "/keys", "token_endpoint": self.url + "/exchange",
                "authorization_endpoint": self.url + "/authorize",
            }
        if path == "/keys" and not self.is_down:
            return {"keys": [self.public(name) for name in self.keys]}
        if path == "/token":
            audience = dict(part.split("=", 1) for part in query.split("&") if "=" in part).get("audience", "")
            return {"value": self.token(aud=audience)}
        return None

    def authorize(self, address: str, **claims: object) -> dict[str, str]:
        """What a person's browser brings back who signs in at an address of this issuer."""
        asked = dict(parse_qsl(address.partition("?")[2]))
        code = str(uuid.uuid4())
        self.codes[code] = asked | {"claims": claims}
        return {"code": code, "state": asked["state"]}

    def exchange(self, path: str, sent: dict[str, str], authorization: str) -> dict | None:
        asked = self.codes.pop(sent.get("code", ""), None)
        challenge = encoded(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        client = base64.b64encode(f"{self.client[0]}:{self.client[1]}".encode()).decode()
        if (
            path != "/exchange" or not asked or asked["code_challenge"] != challenge
            or asked["code_challenge_method"] != "S256" or asked["redirect_uri"] != sent.get("redirect_uri")
            or authorization != f"Basic {client}" or sent.get("grant_type") != "authorization_code"
        ):
            return None
        said = {"aud": self.client[0], "nonce": asked["nonce"]} | asked["claims"]
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.token(**said)}

    def public(self, name: str) -> dict:
        numbers = self.keys[name].public_key().public_numbers()
        n, e = (encoded(v.to_bytes((v.bit_length() + 7) // 8, "big")) for v in (numbers.n, numbers.e))
        return {"kty": "RSA", "kid": name, "alg": "RS256", "use": "sig", "n": n, "e": e}

    def token(self, *, kid: str = "first", alg: str = "RS256", signed_by: str | None = None, **claims: object) -> str:
        now = int(time.time())
        said = {"iss": self.url, "iat": now, "exp": now + 300, "nbf": now, "jti": str(uuid.uuid4()), "aud": "wheelhouse"}
        said |= self.claims | claims
        said = {name: value for name, value in said.items() if value is not None}
        signed = f"{encoded({'alg': alg, 'kid': kid, 'typ': 'JWT'})}.{encoded(said)}"
        key = self.keys[signed_by or kid]
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{encoded(signature)}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

"""An issuer of access tokens whose key the ``openssl`` program makes, and signs with."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ISSUER = "https://id.example.com"


def part(value: object) -> str:
    """A part of a token."""
    return encoded(json.dumps(value).encode())


def encoded(content: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass(frozen=True)
class Issuer:
    """An issuer, with its private key in a file."""

    key: Path

    @classmethod
    def create(cls, folder: Path, bits: int = 2048) -> Issuer:
        """Make a key in a folder."""
        file = folder / "issuer.pem"
        _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", str(file))
        return cls(file)

    def key_set(self, **more: str) -> dict[str, Any]:
        """Its keys, as it publishes them."""
        line = _openssl("rsa", "-in", str(self.key), "-modulus", "-noout").decode().strip()
        modulus = bytes.fromhex(line.removeprefix("Modulus="))
        return {"keys": [{"kty": "RSA", "kid": "one", "n": encoded(modulus), "e": "AQAB", **more}]}

    def token(self, claims: dict[str, Any] | None = None, **header: str) -> str:
        """A token with claims besides its issuer and an hour to live; None takes a claim away."""
        given = {"iss": ISSUER, "exp": time.time() + 3600, **(claims or {})}
        content = f"{part({'alg': 'RS256', 'kid': 'one', **header})}."
        content += part({name: value for name, value in given.items() if value is not None})
        return f"{content}.{encoded(_openssl('dgst', '-sha256', '-sign', str(self.key), given=content.encode()))}"


def _openssl(*arguments: str, given: bytes | None = None) -> bytes:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True, timeout=60)  # noqa: S603, S607 - openssl
    return done.stdout

"""Access tokens (JWT): whether a load balancer lets a request pass.

Source: "Verify JWTs using an Application Load Balancer" in the Application Load Balancer guide: RS256 alone, ``iss``
and ``exp`` are required, ``nbf`` and ``iat`` count if they are there; at most 10 keys and 150 KB of them. AWS does not
document how much clocks may differ, and whether one of a further claim's values is enough; here they may not differ,
and one is enough.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BYTES = 150 * 1024
"""Size of a key set."""
_MOST_KEYS = 10
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
"""Prefix of a SHA-256 digest in an RSA signature: RFC 8017, section 9.2, note 1."""


class TokenError(Exception):
    """The request has no valid token: AWS answers 401. The message is AWS's reason in access logs."""


class KeysError(Exception):
    """The keys of the issuer cannot be used; AWS sends no request to a target then."""


@dataclass(frozen=True)
class Validation:
    """A JWT validation action.

    Attributes:
        issuer: The token's ``iss``.
        jwks_endpoint: Address of the issuer's keys.
        claims: Further claims, each with its name, format and values.
    """

    issuer: str
    jwks_endpoint: str
    claims: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Validation:
        """Read ``JwtValidationConfig`` in the words of the API."""
        return cls(
            str(config["Issuer"]),
            str(config["JwksEndpoint"]),
            tuple(
                (str(each["Name"]), str(each["Format"]), tuple(map(str, each["Values"])))
                for each in config.get("AdditionalClaims") or ()
            ),
        )

    def check(self, claims: Mapping[str, Any], now: float) -> None:
        """Refuse claims that are missing, or have other values.

        Args:
            claims: Those of a token whose signature is right.
            now: Seconds since 1970.
        """
        for name in ("iss", "exp"):
            if name not in claims:
                raise TokenError("JWTClaimNotPresent")
        if claims["iss"] != self.issuer:
            raise TokenError("JWTClaimValueInvalid")
        times = {name: _number(claims[name]) for name in ("exp", "nbf", "iat") if name in claims}
        if times["exp"] <= now or times.get("nbf", now) > now or times.get("iat", now) > now:
            raise TokenError("JWTClaimValueInvalid")
        for name, form, values in self.claims:
            if name not in claims:
                raise TokenError("JWTClaimNotPresent")
            if not set(values) & set(_values(claims[name], form)):
                raise TokenError("JWTClaimValueInvalid")


def bearer(headers: Mapping[str, str]) -> str:
    """Return the token of a request."""
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), None)
    if given is None:
        raise TokenError("JWTHeaderNotPresent")
    scheme, _, token = given.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenError("JWTRequestFormatInvalid")
    return token.strip()


def claims_of(token: str, keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the claims of a token that one of the keys has signed."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims and signature
        raise TokenError("JWTRequestFormatInvalid")
    header, claims = (_object(each) for each in parts[:2])
    signature, signed = _bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode()
    if header.get("alg") != "RS256":
        raise TokenError("JWTSignatureValidationError")
    possible = [key for key in keys if "kid" not in header or key.get("kid") == header["kid"]]
    if not any(_signed(signed, signature, key) for key in possible):
        raise TokenError("JWTSignatureValidationError")
    return claims


def keys_of(body: bytes) -> list[Mapping[str, Any]]:
    """Return the keys of a key set that can sign tokens."""
    if len(body) > MOST_BYTES:
        raise KeysError(f"the key set has more than {MOST_BYTES} bytes")
    try:
        keys = json.loads(body)["keys"]
        rsa = [key for key in keys if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise KeysError("the endpoint has answered no key set") from error
    if len(keys) > _MOST_KEYS:
        raise KeysError(f"the key set has {len(keys)} keys, and a load balancer reads {_MOST_KEYS}")
    return rsa


def _signed(content: bytes, signature: bytes, key: Mapping[str, Any]) -> bool:
    """Return whether a key has signed a content: RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017, 8.2.2."""
    try:
        modulus, exponent = (int.from_bytes(_bytes(str(key[each])), "big") for each in ("n", "e"))
    except (KeyError, TokenError):
        return False
    length = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != length or number >= modulus:
        return False
    digest = _SHA256 + hashlib.sha256(content).digest()
    expected = b"\0\1" + b"\xff" * (length - len(digest) - 3) + b"\0" + digest
    return hmac.compare_digest(pow(number, exponent, modulus).to_bytes(length, "big"), expected)


def _values(value: object, form: str) -> list[str]:
    if form == "string-array" and isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    if form == "string-array" or not isinstance(value, str):
        raise TokenError("JWTClaimFormatInvalid")
    return value.split(" ") if form == "space-separated-values" else [value]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TokenError("JWTClaimFormatInvalid")
    return value


def _object(part: str) -> Mapping[str, Any]:
    try:
        value = json.loads(_bytes(part))
    except (ValueError, RecursionError) as error:
        raise TokenError("JWTRequestFormatInvalid") from error
    if not isinstance(value, dict):
        raise TokenError("JWTRequestFormatInvalid")
    return value


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenError("JWTRequestFormatInvalid") from error

"""The cookies of a load balancer: which group or target a client stays with.

Their values are sealed, as on AWS: a client cannot read or make one. A cookie that is broken, or expired, is none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from contextlib import suppress
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP_COOKIE = "AWSALBTG"
"""Cookie of a rule whose groups are sticky."""
TARGET_COOKIE = "AWSALB"
"""Cookie of a target group whose targets are sticky."""
APPLICATION_COOKIE = "AWSALBAPP-0"
"""Cookie of a target group that follows a cookie of the application."""

_SIGNATURE_BYTES = 16


class Seal:
    """Seals values, with a key of this process."""

    def __init__(self) -> None:
        """Make a key."""
        self._key = secrets.token_bytes(32)

    def sealed(self, kind: str, value: str, expires: float) -> str:
        """Return a cookie's value: what it names, and until when, in seconds since 1970."""
        content = f"{expires:.0f} {value}".encode()
        mask = self._mask(kind, len(content))
        hidden = bytes(one ^ other for one, other in zip(content, mask, strict=True))
        return base64.b64encode(self._signature(kind, content) + hidden).decode()

    def opened(self, kind: str, value: str, now: float) -> str | None:
        """Return what a cookie names; None if it was not sealed here, or has expired."""
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return None
        signature, hidden = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        content = bytes(one ^ other for one, other in zip(hidden, self._mask(kind, len(hidden)), strict=True))
        if not hmac.compare_digest(signature, self._signature(kind, content)):
            return None
        expires, _, named = content.decode().partition(" ")
        return named if now < int(expires) else None

    def _signature(self, kind: str, content: bytes) -> bytes:
        return hmac.digest(self._key, kind.encode() + b"\0" + content, "sha256")[:_SIGNATURE_BYTES]

    def _mask(self, kind: str, length: int) -> bytes:
        return hashlib.shake_256(self._key + kind.encode()).digest(length)


def requested(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the cookies of a request."""
    jar: SimpleCookie = SimpleCookie()
    for part in headers.get("cookie", "").split(";"):  # one by one: a broken one must not hide the others
        with suppress(CookieError):
            jar.load(part.strip())
    return {name: morsel.value for name, morsel in jar.items()}


def set_cookies(name: str, value: str, expires: float) -> list[str]:
    """Return ``Set-Cookie`` headers: the cookie, and the one for requests from other sites.

    Source: "Sticky sessions" in the Elastic Load Balancing user guide.
    """
    until = formatdate(expires, usegmt=True)
    plain = f"{name}={value}; Expires={until}; Path=/"
    other = f"{name}CORS={value}; Expires={until}; Path=/; SameSite=None; Secure"
    return [plain] if name == APPLICATION_COOKIE else [plain, other]

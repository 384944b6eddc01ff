"""HTTP as registries need it: connections that end with the deadline, and answers that fit into memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .errors import CopyError, TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .deadline import Deadline

CONNECT_SECONDS, READ_SECONDS = 10, 20
"""Without an answer, or without a further byte. urllib3 applies the first one to sending, too."""

COMMIT_SECONDS = 120
"""For the answer to a blob: registries first read all of it again, or have their storage copy it."""

LARGEST_ANSWER = 4 * 2**20
"""Bytes: the largest manifest that registries accept."""


def new_pool(deadline: Deadline) -> urllib3.PoolManager:
    """Return connections for every registry of one copy. They use no proxy: ECR is addressed by its own name."""

    class Http(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.cut_at_end(self.sock)

    class Https(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            deadline.cut_at_end(self.sock)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    pool = urllib3.PoolManager(maxsize=8, retries=False, timeout=timeout)
    pool.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
    return pool


@dataclass(frozen=True)
class Answer:
    """A registry's answer to a small request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def read(cls, response: urllib3.BaseHTTPResponse, name: str) -> Answer:
        """Read all of a response, and return its connection to the pool.

        Raises:
            TransientError: The connection broke.
            CopyError: The answer is longer than any that registries give.
        """
        body = bytearray()
        try:
            while len(body) <= LARGEST_ANSWER and (part := response.read(LARGEST_ANSWER + 1 - len(body))):
                body += part
        except urllib3.exceptions.HTTPError as error:
            response.close()
            raise TransientError(f"{name}: {kind_of(error)}") from error
        if len(body) > LARGEST_ANSWER:
            response.close()
            raise CopyError(f"{name}: an answer has more than {LARGEST_ANSWER} bytes")
        response.release_conn()
        return cls(response.status, response.headers, bytes(body))

    @property
    def error(self) -> tuple[str, str]:
        """Code and message of the protocol's error document."""
        try:
            first = json.loads(self.body)["errors"][0]
            return str(first.get("code", "")), str(first.get("message", ""))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            return "", self.body[:200].decode(errors="replace").strip()

    @property
    def wait(self) -> float | None:
        """Seconds that the registry asks to wait; None if it does not ask."""
        header = self.headers.get("Retry-After")
        return float(header) if header and header.isdecimal() else None

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status), *self.error) if part)[:500]


def kind_of(error: Exception) -> str:
    """Return the kind of a failure. Its text may hold a signed address, which is a credential."""
    inner = getattr(error, "reason", None)
    return f"the connection failed ({type(inner if isinstance(inner, Exception) else error).__name__})"

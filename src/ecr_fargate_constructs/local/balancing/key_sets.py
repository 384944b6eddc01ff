"""The keys of the issuers of access tokens, fetched over HTTPS and kept for a minute."""

from __future__ import annotations

import ssl
import time
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.balancing.tokens import MOST_BYTES, KeysError, keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SECONDS_KEPT = 60  # AWS does not say
_SECONDS_TO_ANSWER = 5


class KeySets:
    """Key sets by their address."""

    def __init__(self, fetch: Callable[[str], bytes], time_of_machine: Callable[[], float] = time.monotonic) -> None:
        """Start without any.

        Args:
            fetch: Returns what an address answers.
            time_of_machine: Returns seconds that only grow.
        """
        self._fetch, self._time = fetch, time_of_machine
        self._kept: dict[str, tuple[float, list[Mapping[str, Any]]]] = {}

    def at(self, address: str) -> list[Mapping[str, Any]]:
        """Return the keys at an address.

        Raises:
            KeysError: The address does not answer, or answers something else.
        """
        until, keys = self._kept.get(address, (0.0, []))
        if self._time() < until:
            return keys
        try:
            body = self._fetch(address)
        except (OSError, HTTPException, ValueError) as error:
            raise KeysError(f"{address}: {error}") from error
        keys = keys_of(body)
        self._kept[address] = self._time() + _SECONDS_KEPT, keys
        return keys


def fetcher(authority: Path | None) -> Callable[[str], bytes]:
    """Return a function that fetches an HTTPS address, which may also have a certificate of ``authority``."""

    def fetch(address: str) -> bytes:
        if not address.startswith("https://"):
            raise KeysError(f"{address} is not HTTPS")
        context = ssl.create_default_context()
        if authority is not None:
            context.load_verify_locations(authority)
        with urllib.request.urlopen(address, timeout=_SECONDS_TO_ANSWER, context=context) as answer:  # noqa: S310 - HTTPS alone
            body: bytes = answer.read(MOST_BYTES + 1)
        return body

    return fetch

#!/usr/bin/env python3
"""A client of fifty requests a second: which version answers, and how many requests fail.

``python3 client.py URL`` prints a line for each second, and the sum at its end, with Ctrl-C.
"""

from __future__ import annotations

import contextlib
import http.client
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing_extensions import Self

RATE = 50
"""Requests a second."""

_THREADS = 5


class Answer(NamedTuple):
    """An answer: times of request and answer, by the monotonic clock; its status, 0 if there was none; its version."""

    at: float
    until: float
    status: int
    version: str


class Client:
    """Asks in the background while its ``with`` block runs."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.netloc, parts.port or 80
        self.answers: list[Answer] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(_THREADS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        """Ask at a steady rate, even if answers are slow."""
        due = time.monotonic() + number / RATE
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self.answers.append(self._once())
            due = max(due + _THREADS / RATE, time.monotonic() - 1)  # a slow answer is followed by no rush of requests

    def _once(self) -> Answer:
        at = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/", headers={"Host": self._host})
            answer = connection.getresponse()
            body = answer.read().decode().strip()
            return Answer(at, time.monotonic(), answer.status, body)
        return Answer(at, time.monotonic(), 0, "")


def summary(answers: list[Answer]) -> str:
    """Say how many requests each version answered, and how many failed."""
    versions = Counter(each.version for each in answers if each.status in {200, 500})
    failed = Counter(each.status for each in answers if each.status != http.HTTPStatus.OK)
    parts = [f"version {version}: {count / len(answers):.0%}" for version, count in sorted(versions.items())]
    parts += [
        f"{count} without an answer" if status == 0 else f"{count} times {status}" for status, count in failed.items()
    ]
    return f"{len(answers)} requests; {', '.join(parts)}"


def main() -> None:
    with Client(sys.argv[1]) as client, contextlib.suppress(KeyboardInterrupt):
        seen = 0
        while True:
            time.sleep(1)
            second, seen = client.answers[seen:], len(client.answers)
            if second:
                print(time.strftime("%H:%M:%S"), summary(second), flush=True)
    print("in all:", summary(client.answers))


if __name__ == "__main__":
    main()

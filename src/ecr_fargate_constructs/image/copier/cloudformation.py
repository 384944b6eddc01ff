"""The answer that CloudFormation waits for: one, whoever gives it first."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_REASON = 1500
"""Characters; CloudFormation takes 4,096 bytes for the whole answer."""


class CloudFormation:
    """The one that sent an event."""

    def __init__(self, event: Mapping[str, Any], where: str) -> None:
        """Answer ``event``.

        Args:
            event: What CloudFormation sent.
            where: Where the log is, for the reason of a failure.
        """
        self._event, self._where = event, where
        self._lock = threading.Lock()
        self._answered = False

    def succeed(self, physical_id: str, data: Mapping[str, str]) -> None:
        """Say that it is done."""
        self._answer({"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": dict(data)})

    def fail(self, reason: str) -> None:
        """Say why it is not."""
        known = self._event.get("PhysicalResourceId") or f"failed-{self._event['RequestId']}"
        print(f"FAILED: {reason}")
        text = f"{reason[:_LONGEST_REASON]} (log: {self._where})"
        self._answer({"Status": "FAILED", "PhysicalResourceId": known, "Reason": text})

    def _answer(self, answer: dict[str, Any]) -> None:
        with self._lock:  # who comes second waits until the answer has left: then the function may end
            if self._answered:
                return
            self._answered = True
            self._put(answer)

    def _put(self, answer: dict[str, Any]) -> None:
        same = {name: self._event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        body = json.dumps({**answer, **same}).encode()
        retries = urllib3.Retry(
            total=3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503), allowed_methods=None
        )
        try:
            # The address is signed without a content type.
            response = urllib3.PoolManager().request(
                "PUT",
                self._event["ResponseURL"],
                body=body,
                headers={"Content-Type": ""},
                retries=retries,
                timeout=urllib3.Timeout(connect=3, read=5),
            )
            print(f"{answer['Status']} was answered with {response.status}")
        except urllib3.exceptions.HTTPError as error:
            # Nothing is raised: Lambda would run the function again. CloudFormation waits until ServiceTimeout.
            print(f"CloudFormation was not reached: {type(error).__name__}")

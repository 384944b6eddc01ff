"""The answer that CloudFormation waits for. Only the handler's own thread sends it, so there is never a second one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import urllib3

from .errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_WAIT = 0.5
_LONGEST_REASON = 1500
"""Characters."""

_LONGEST_ANSWER = 4096
"""Bytes that CloudFormation takes (user guide, "Custom resource response objects")."""


class CloudFormation:
    """The sender of an event."""

    def __init__(self, event: Mapping[str, Any], log: str) -> None:
        """Answer ``event``.

        Args:
            event: The event that CloudFormation sent.
            log: Log group and stream, named in the reason of a failure.
        """
        self._event, self._log = event, log

    def succeed(self, physical_id: str, data: Mapping[str, str]) -> None:
        """Report success."""
        self._put({"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": dict(data)})

    def fail(self, reason: str) -> None:
        """Report a failure and its reason."""
        reason = printable(reason[:_LONGEST_REASON])
        print(f"FAILED: {reason}")
        answer = self._failure(reason)
        while reason and len(self._body(answer)) > _LONGEST_ANSWER:  # in JSON a character may take twelve bytes
            reason = reason[: len(reason) * 9 // 10]
            answer = self._failure(reason)
        self._put(answer)

    def _failure(self, reason: str) -> dict[str, str]:
        physical_id = self._event.get("PhysicalResourceId") or f"failed-{self._event['RequestId']}"
        return {"Status": "FAILED", "PhysicalResourceId": physical_id, "Reason": f"{reason} (log: {self._log})"}

    def _body(self, answer: Mapping[str, Any]) -> bytes:
        same = {name: self._event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        return json.dumps({**answer, **same}).encode()

    def _put(self, answer: Mapping[str, Any]) -> None:
        # "Retry-After" is ignored: it may be longer than the function has left.
        retries = urllib3.Retry(
            total=3,
            backoff_factor=_FIRST_WAIT,
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=None,
            respect_retry_after_header=False,
        )
        try:
            # The address is signed without a content type.
            response = urllib3.PoolManager().request(
                "PUT",
                self._event["ResponseURL"],
                body=self._body(answer),
                headers={"Content-Type": ""},
                retries=retries,
                timeout=urllib3.Timeout(connect=3, read=5),
            )
            print(f"CloudFormation answered {response.status} to {answer['Status']}")
        except Exception as error:  # noqa: BLE001 - Lambda would run the function again
            # CloudFormation waits until ServiceTimeout.
            print(f"CloudFormation could not be reached: {type(error).__name__}")

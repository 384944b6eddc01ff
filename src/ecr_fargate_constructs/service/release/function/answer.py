"""The answer that CloudFormation waits for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_REASON = 2000
"""Characters."""

_LONGEST_ANSWER = 4096
"""Bytes that CloudFormation takes (user guide, "Custom resource response objects")."""


class CloudFormation:
    """The sender of an event."""

    def __init__(self, event: Mapping[str, Any], physical_id: str) -> None:
        self._event, self._physical_id = event, physical_id

    def succeed(self, data: Mapping[str, str]) -> None:
        """Report success."""
        self._put({"Status": "SUCCESS", "Data": dict(data)})

    def fail(self, reason: str) -> None:
        """Report a failure, with as much of the end of the reason as CloudFormation takes."""
        reason = shortened(printable(reason), LONGEST_REASON)
        print(f"FAILED: {reason}")
        while reason and len(self._body({"Status": "FAILED", "Reason": reason})) > _LONGEST_ANSWER:
            reason = shortened(reason, len(reason) * 9 // 10)  # in JSON a character may take twelve bytes
        self._put({"Status": "FAILED", "Reason": reason})

    def _body(self, answer: Mapping[str, Any]) -> bytes:
        same = {name: self._event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
        return json.dumps({**answer, **same, "PhysicalResourceId": self._physical_id}).encode()

    def _put(self, answer: Mapping[str, Any]) -> None:
        retries = urllib3.Retry(
            total=5,
            backoff_factor=0.5,
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


def printable(text: str) -> str:
    """Replace characters that CloudFormation may refuse: an application may log anything."""
    return "".join(character if character.isprintable() else "?" for character in text)


def shortened(reason: str, length: int) -> str:
    """Return a reason of at most ``length`` characters.

    The beginning says what failed, and the end has the last lines.
    """
    if len(reason) <= length:
        return reason
    begin = length // 3
    return f"{reason[:begin]} … {reason[len(reason) - (length - begin - 3) :]}" if length > 3 else ""  # noqa: PLR2004 - the gap

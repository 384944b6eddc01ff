"""The entry point: one event of CloudFormation, one answer, no exception.

A function runs for 15 minutes at most, and a command may take longer: before its time is over, the function calls
itself with its notes. CloudFormation's hour makes that at most five calls in a row; Lambda ends a loop at about 16
("Use Lambda recursive loop detection to prevent infinite loops" in the AWS Lambda developer guide).
"""

from __future__ import annotations

import time
from typing import Any

from .answer import CloudFormation
from .aws import Aws, continue_later
from .release import FailedError, OutOfTimeError, Release
from .request import Request

_MARGIN = 60
"""Seconds by which the function's work ends before its own limit: reading the log and answering take some."""

_NOTES = "EcrFargateNotes"


class _Clock:
    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - Lambda's
    """Do what CloudFormation asks for."""
    clock = _Clock()
    limit = context.get_remaining_time_in_millis() / 1000
    until = clock.now() + limit - min(_MARGIN, limit / 2)
    notes = event.setdefault(_NOTES, {})
    answer = CloudFormation(event, event["ResourceProperties"].get("History", event["LogicalResourceId"]))
    try:
        request = Request.of(event)
        attributes = Release(request, Aws(request.cluster), clock, until=until, notes=notes).finish()
    except OutOfTimeError:
        try:
            continue_later(context.invoked_function_arn, event)
        except Exception as error:  # noqa: BLE001 - as below
            answer.fail(f"the release command is still running, but nothing waits for it: {error}")
    except FailedError as error:
        answer.fail(str(error))
    except Exception as error:  # noqa: BLE001 - CloudFormation waits for an answer in any case
        answer.fail(f"{type(error).__name__}: {error}")
    else:
        answer.succeed(attributes)

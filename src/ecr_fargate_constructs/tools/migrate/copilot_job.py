"""The runs of a job in a Copilot manifest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.bounds import Bound, bounded

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.fields import Fields
    from ecr_fargate_constructs.tools.migrate.model import Service

_MOST_RETRIES, _LONGEST_RUN = 20, 30 * 86_400  # of JobRuns


def with_runs(fields: Fields, service: Service) -> Service:
    """Return the job with its further attempts and its timeout."""
    if service.schedule is None:
        without = ("the job has no schedule, and nothing starts it", "start the task with a program of your own")
        fields.leave_out(dict.fromkeys(("retries", "timeout"), without))
        return service
    if "timeout" in fields:
        fields.check(
            "timeout",
            "Copilot limits a run with all its attempts; JobRuns(timeout=…) limits each attempt",
            "divide it by the number of attempts if the whole run has to end in time",
        )
    return replace(
        service,
        retries=fields.number("retries", maximum=_MOST_RETRIES),
        timeout=bounded(fields, "timeout", Bound(60, _LONGEST_RUN)),
    )

"""Count the executions of state machines."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.metrics.store import Metric, Sample
from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.metrics.traffic import Measured

_NAMES = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


class Executions:
    """Counts each execution once, in the minute in which it is seen to have ended.

    Source: "Monitoring Step Functions metrics using Amazon CloudWatch" in the AWS Step Functions developer guide.
    """

    def __init__(self) -> None:
        """Start without any.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        self._executions = find(import_module("ministack.services.stepfunctions"), "_executions")
        self._counted: set[str] = set()

    def measure(self, minute: float) -> Iterator[Measured]:
        """Yield how many executions of the current account and region ended; AWS reports no zero.

        Args:
            minute: Start of the minute that has ended.
        """
        ended: Counter[tuple[str, str]] = Counter()
        for arn, execution in list(self._executions.items()):
            name = _NAMES.get(execution["status"])
            if name is not None and arn not in self._counted:
                self._counted.add(arn)
                ended[execution["stateMachineArn"], name] += 1
        for (machine, name), count in ended.items():
            yield Metric.of("AWS/States", name, {"StateMachineArn": machine}), Sample.of(minute, [(1, count)], "Count")

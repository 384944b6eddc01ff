"""The log group keeps its events forever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class LogGroupNeverExpires(Rule):
    """The log group keeps its events forever."""

    id = "log-group-never-expires"
    severity = Severity.WARNING
    title = "The log group keeps its events forever"
    why = "Every log event is stored, and paid for, forever."
    fix = "Set retention=logs.RetentionDays.ONE_MONTH, or as long as you need them."
    source = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"
    tags = ("logs", "cost")

    def _check(self, app: App) -> Iterator[Finding]:
        for group in app.of("AWS::Logs::LogGroup"):
            if group.get("RetentionInDays") is None:
                yield self.found(group, "RetentionInDays is not set")

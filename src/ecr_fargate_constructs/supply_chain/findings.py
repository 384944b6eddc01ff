"""An alarm on vulnerabilities that a scan finds in the images of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events

from ecr_fargate_constructs._cdk.alarm_actions import bound
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._regulated.findings import acknowledge_counting_rule
from ecr_fargate_constructs._rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ecr as ecr
    from constructs import Construct

    from ecr_fargate_constructs._cdk.alarm_actions import Action


class ScanAlarm(LibraryConstruct):
    """An alarm, and an EventBridge rule, for vulnerabilities in the images of a repository.

    The rule matches the end of a scan of a pushed image, basic or enhanced, with such a vulnerability; and with
    enhanced scanning a vulnerability that is found later. The alarm counts the matches, five minutes at a time, and
    goes off at the first one. It returns to OK five minutes later, although the vulnerability is still there.

    Default: critical vulnerabilities only.

    Source: "EventBridge events sent for enhanced scanning in Amazon ECR" in the Amazon ECR user guide.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository: ecr.IRepository,
        severity: Severity = Severity.CRITICAL,
        actions: Sequence[Action] = (),
        targets: Sequence[events.IRuleTarget] = (),
    ) -> None:
        """Create the rule and the alarm.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            repository: The repository: ``.repository`` of a ``PrivateRepository``.
            severity: The lowest severity that counts; default, CRITICAL.
            actions: Actions of the alarm: topics, or any alarm action; default, none.
            targets: Targets that receive each event with its details; default, none.
        """
        super().__init__(scope, construct_id)
        severities = severity.and_above
        self._rule = events.Rule(
            self,
            "Rule",
            description=f"Findings of severity {' or '.join(severities)} in images of a repository",
            event_pattern=events.EventPattern(
                source=["aws.ecr", "aws.inspector2"],
                detail_type=["ECR Image Scan", "Inspector2 Scan", "Inspector2 Finding"],
                detail={"$or": [*_scans(repository, severities), _finding(repository, severities)]},
            ),
            targets=list(targets),
        )
        acknowledge_counting_rule(self._rule)
        self._alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            metric=cloudwatch.Metric(
                namespace="AWS/Events",
                metric_name="MatchedEvents",
                dimensions_map={"RuleName": self._rule.rule_name},
                statistic="Sum",
                period=cdk.Duration.minutes(5),
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"An image has a vulnerability of severity {' or '.join(severities)}.",
        )
        if actions:
            self._alarm.add_alarm_action(*bound(actions))

    @property
    def alarm(self) -> cloudwatch.Alarm:
        """The alarm."""
        return self._alarm

    @property
    def rule(self) -> events.Rule:
        """The rule, to add more targets."""
        return self._rule


def _scans(repository: ecr.IRepository, severities: Sequence[str]) -> list[dict[str, object]]:
    """Return patterns for a scan's end, one per severity: basic scanning sends the name, Amazon Inspector the ARN."""
    return [
        {
            "repository-name": [repository.repository_name, repository.repository_arn],
            "finding-severity-counts": {severity: [{"numeric": [">", 0]}]},
        }
        for severity in severities
    ]


def _finding(repository: ecr.IRepository, severities: Sequence[str]) -> dict[str, object]:
    """Return the pattern for a single finding, which Amazon Inspector sends whenever there is a new one."""
    return {
        "severity": list(severities),
        "status": ["ACTIVE"],
        "resources": {"details": {"awsEcrContainerImage": {"repositoryName": [repository.repository_name]}}},
    }

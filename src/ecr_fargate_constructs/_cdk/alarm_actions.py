"""The actions of an alarm: topics, or alarm actions of CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

Action: TypeAlias = "sns.ITopic | sns.TopicBase | cloudwatch.IAlarmAction"
"""A topic, or anything that an alarm can set off."""


_MOST = 5
"""Actions of an alarm: "PutMetricAlarm" in the Amazon CloudWatch API reference."""


def bound(actions: Iterable[Action]) -> list[cloudwatch.IAlarmAction]:
    """Actions as CDK takes them."""
    actions = list(actions)
    if len(actions) > _MOST:
        raise ConfigurationError(
            f"actions has {len(actions)} entries for one alarm; use at most {_MOST}, for example one topic with "
            "several subscriptions"
        )
    # Interfaces of CDK cannot be asked for by class.
    return [
        cast("cloudwatch.IAlarmAction", each) if hasattr(each, "bind") else _publishing(cast("sns.ITopic", each))
        for each in actions
    ]


def _publishing(topic: sns.ITopic) -> cloudwatch_actions.SnsAction:
    """An action that arrives: a topic with a policy has to let alarms in by it.

    Without one, SNS lets the account in. One that only refuses, as ``enforce_ssl=True`` makes, keeps alarms out.
    """
    when_made(lambda: _let_alarms_in(topic))
    return cloudwatch_actions.SnsAction(topic)


def _let_alarms_in(topic: sns.ITopic) -> None:
    """Allow alarms of the topic's account to publish; CDK writes equal statements of a policy once."""
    if topic.node.try_find_child("Policy") is None:
        return
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Alarms",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(topic).account}},
        )
    )

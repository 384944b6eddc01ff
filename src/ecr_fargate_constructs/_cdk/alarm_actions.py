"""The actions of an alarm: topics, or CDK's alarm actions."""

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
"""A topic, or one of CDK's alarm actions."""


_MAX_ACTIONS = 5
"""Per alarm. Source: "PutMetricAlarm" in the Amazon CloudWatch API reference."""


def bound(actions: Iterable[Action]) -> list[cloudwatch.IAlarmAction]:
    """Return the actions as CDK accepts them."""
    actions = list(actions)
    if len(actions) > _MAX_ACTIONS:
        raise ConfigurationError(
            f"actions has {len(actions)} entries for one alarm; use at most {_MAX_ACTIONS}, for example one topic with "
            "several subscriptions"
        )
    # CDK's interfaces have no Python class, so isinstance() cannot be used.
    return [
        cast("cloudwatch.IAlarmAction", each) if hasattr(each, "bind") else _publishing(cast("sns.ITopic", each))
        for each in actions
    ]


def _publishing(topic: sns.ITopic) -> cloudwatch_actions.SnsAction:
    """Return an action that publishes to a topic, and allow alarms to publish if the topic has a policy.

    Without a policy, SNS allows the whole account to publish. A policy without an Allow statement, such as that of
    ``enforce_ssl=True``, would shut alarms out.
    """
    when_made(lambda: _allow_alarms(topic))
    return cloudwatch_actions.SnsAction(topic)


def _allow_alarms(topic: sns.ITopic) -> None:
    """Allow alarms of the topic's account to publish; CDK merges equal statements of a policy."""
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

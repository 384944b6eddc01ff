"""What an alarm sets off: a topic, or an action of CDK's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_sns as sns

if TYPE_CHECKING:
    from collections.abc import Iterable

Action: TypeAlias = "sns.ITopic | sns.TopicBase | cloudwatch.IAlarmAction"
"""A topic, or anything that an alarm can set off."""


def bound(actions: Iterable[Action]) -> list[cloudwatch.IAlarmAction]:
    """Actions as CDK takes them."""
    # Interfaces of CDK cannot be asked for by class.
    return [
        cast("cloudwatch.IAlarmAction", each)
        if hasattr(each, "bind")
        else cloudwatch_actions.SnsAction(cast("sns.ITopic", each))
        for each in actions
    ]

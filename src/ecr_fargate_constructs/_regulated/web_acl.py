"""A web ACL (WAF) with AWS's managed rules, and its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_kms import IKeyRef

_GROUPS = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
"""In the order of evaluation: 1,125 of the 1,500 capacity units that a web ACL has at no extra charge."""

_COUNTED = {"AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",)}
"""Rules that count and do not block: this one would block every request of more than 8 KiB, such as uploads."""

_SECRET_HEADERS = ("authorization", "cookie")


def make_web_acl(stack: cdk.Stack, construct_id: str, *, encryption_key: IKeyRef | None) -> wafv2.CfnWebACL:
    """Make the web ACL, and its log in CloudWatch, kept for a year, without the headers that carry secrets."""
    acl = wafv2.CfnWebACL(
        stack,
        construct_id,
        scope="REGIONAL",
        description="What reaches the load balancers of this stack",
        default_action=wafv2.CfnWebACL.DefaultActionProperty(allow=wafv2.CfnWebACL.AllowActionProperty()),
        visibility_config=_visibility("WebAcl"),
        rules=[_rule(priority, group) for priority, group in enumerate(_GROUPS)],
    )
    log_group = logs.LogGroup(
        acl,
        "Log",
        # WAF requires the prefix; the rest is unique to the stack, so that a deleted stack can be made again.
        log_group_name=cdk.Fn.join("-", ["aws-waf-logs", cdk.Fn.select(2, cdk.Fn.split("/", stack.stack_id))]),
        encryption_key=encryption_key,
        retention=logs.RetentionDays.ONE_YEAR,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    wafv2.CfnLoggingConfiguration(
        acl,
        "Logging",
        resource_arn=acl.attr_arn,
        log_destination_configs=[
            stack.format_arn(  # without the ":*" of the log group's own ARN, which WAF refuses
                service="logs",
                resource="log-group",
                resource_name=log_group.log_group_name,
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
        ],
        redacted_fields=[
            wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": name}) for name in _SECRET_HEADERS
        ],
    )
    return acl


def _rule(priority: int, group: str) -> wafv2.CfnWebACL.RuleProperty:
    counted = [
        wafv2.CfnWebACL.RuleActionOverrideProperty(
            name=name,
            action_to_use=wafv2.CfnWebACL.RuleActionProperty(count=wafv2.CfnWebACL.CountActionProperty()),
        )
        for name in _COUNTED.get(group, ())
    ]
    return wafv2.CfnWebACL.RuleProperty(
        name=group,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=group, rule_action_overrides=counted or None
            )
        ),
        visibility_config=_visibility(group),
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )

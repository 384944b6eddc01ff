"""Applies a ``Wake``: a function behind a second rule, an alarm on requests, and a schedule (ADR 15).

The function refers to the service, and the service to its own rule, which Elastic Load Balancing requires first. So
that this is no circle, the service's rule does not name the function: the function's rule is a second one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_elasticloadbalancingv2_targets as elbv2_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from constructs import Construct

from ecr_fargate_constructs._cdk.acknowledge import (
    IAM5_EVERY_RESOURCE,
    acknowledge,
    acknowledge_policy,
    iam5_resource,
)
from ecr_fargate_constructs._cdk.durations import number_of_seconds
from ecr_fargate_constructs._cdk.site import stack_of
from ecr_fargate_constructs._cdk.target_metrics import target_metric
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import (
    acknowledge_grants,
    acknowledge_idle_alarm,
    acknowledge_wake_function,
    expect_grants,
)
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.service.capacity.wake import LONGEST_HOLD

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs

    from ecr_fargate_constructs.service.capacity.wake import Wake
    from ecr_fargate_constructs.service.wake.priorities import Priorities

ID = "Wake"
"""Id in the service."""

GRACE_SECONDS = 300
"""Seconds for which a new task runs in any case, once it has had its time to start: until then the alarm knows the
request that waited for it."""

_MEMORY_MIB = 256
_MARGIN = 15  # seconds of the function beyond the time for which it holds a request
_CODE = Path(__file__).parent
_ONLY_FUNCTION = ["*", "!function", "!function/*.py"]


class Waking(Construct):
    """The function, its target group, and what calls it."""

    def __init__(
        self,
        scope: Construct,
        service: ecs.BaseService,
        wake: Wake,
        *,
        group: elbv2.ApplicationTargetGroup,
        balancer: str,
        rule: elbv2.ApplicationListenerRule,
        priorities: Priorities,
        paused: bool,
    ) -> None:
        """Create all but the function's rule.

        Args:
            scope: Parent.
            service: The service.
            wake: Times.
            group: Target group of the service.
            balancer: Full name of its load balancer.
            rule: The rule that forwards to ``group``.
            priorities: Priorities of the rules.
            paused: Whether the service stays stopped.
        """
        super().__init__(scope, ID)
        alarm = self._alarm(wake, group, balancer)
        hold = number_of_seconds(wake.hold)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Starts a service at a request, and stops it while it is idle",
        )
        log_group = logs.LogGroup(
            self,
            "LogGroup",
            retention=parts.log_retention(self, None),
            encryption_key=parts.encryption_key(self),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        log_group.grant_write(role)
        self._function = lambda_.Function(
            self,
            "Function",
            description="Starts a service at a request, and stops it while it is idle",
            code=lambda_.Code.from_asset(str(_CODE), exclude=_ONLY_FUNCTION),
            handler="function.handler.handler",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.X86_64,
            memory_size=_MEMORY_MIB,
            timeout=cdk.Duration.seconds((LONGEST_HOLD if is_token(hold) else hold) + _MARGIN),
            role=role,
            log_group=log_group,
            environment={
                "CLUSTER": service.cluster.cluster_arn,
                "SERVICE": service.service_arn,
                "TARGET_GROUP": group.target_group_arn,
                "RULE": rule.listener_rule_arn,
                "FIRST_PRIORITY": _text(priorities.awake),
                "LAST_PRIORITY": _text(priorities.asleep),
                "ALARM": alarm.alarm_name,
                "HOLD_SECONDS": _text(hold),
                "PAUSED": "true" if paused else "false",
            },
        )
        acknowledge_wake_function(self._function)
        acknowledge_grants(role)
        policy = self._allow(role, service, rule, alarm)
        self.target_group = elbv2.ApplicationTargetGroup(
            self,
            "TargetGroup",
            target_type=elbv2.TargetType.LAMBDA,
            targets=[elbv2_targets.LambdaTarget(self._function)],
            multi_value_headers_enabled=True,
        )
        self._limit_invocations()
        self._schedule().node.add_dependency(policy)

    def _alarm(self, wake: Wake, group: elbv2.ApplicationTargetGroup, balancer: str) -> cloudwatch.Alarm:
        minutes = wake.idle_minutes
        alarm = cloudwatch.Alarm(
            self,
            "Idle",
            metric=target_metric(group, balancer, "RequestCount", "Sum"),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=minutes,
            datapoints_to_alarm=minutes,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,  # without requests there is no data
            alarm_description=f"No request for {minutes} minutes: not a fault, the service sleeps until the next one.",
        )
        acknowledge_idle_alarm(alarm)
        return alarm

    def _allow(
        self,
        role: iam.Role,
        service: ecs.BaseService,
        rule: elbv2.ApplicationListenerRule,
        alarm: cloudwatch.Alarm,
    ) -> iam.Policy:
        """Allow the function what it needs, for this service and this rule."""
        stack = stack_of(self)
        in_cluster = {"ArnEquals": {"ecs:cluster": service.cluster.cluster_arn}}
        tasks = stack.format_arn(service="ecs", resource="task", resource_name=f"{service.cluster.cluster_name}/*")
        policy = iam.Policy(
            self,
            "Policy",
            statements=[
                iam.PolicyStatement(
                    actions=["ecs:DescribeServices", "ecs:UpdateService"],
                    resources=[service.service_arn],
                    conditions=in_cluster,
                ),
                iam.PolicyStatement(actions=["ecs:ListTasks"], resources=["*"], conditions=in_cluster),
                iam.PolicyStatement(actions=["ecs:DescribeTasks"], resources=[tasks], conditions=in_cluster),
                iam.PolicyStatement(
                    actions=["elasticloadbalancing:SetRulePriorities"], resources=[rule.listener_rule_arn]
                ),
                iam.PolicyStatement(
                    actions=["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth"],
                    resources=["*"],
                ),
                iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=[alarm.alarm_arn]),
            ],
            roles=[role],
        )
        acknowledge(
            policy,
            {
                IAM5_EVERY_RESOURCE: "Elastic Load Balancing does not narrow the two Describe actions, and "
                "ecs:ListTasks is limited to the cluster; what changes anything names the service and its rule.",
                iam5_resource(self, tasks): "The ids of the service's tasks are not known before they start.",
            },
        )
        expect_grants(policy)
        return policy

    def _limit_invocations(self) -> None:
        """Let load balancers of this account alone call the function, not those of others that know its ARN.

        Not this target group alone: it names the function, and the permission would be a circle.
        """
        for child in self._function.node.find_all():
            if isinstance(child, lambda_.CfnPermission):
                child.add_property_override("SourceAccount", stack_of(self).account)

    def _schedule(self) -> scheduler.Schedule:
        role = iam.Role(
            self,
            "ScheduleRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack_of(self).account}}
            ),
            description="Looks every minute whether a service is idle",
        )
        schedule = scheduler.Schedule(
            self,
            "Schedule",
            description="Looks every minute whether the service is idle",
            schedule=scheduler.ScheduleExpression.rate(cdk.Duration.minutes(1)),
            target=scheduler_targets.LambdaInvoke(
                self._function,
                input=scheduler.ScheduleTargetInput.from_object({"graceSeconds": GRACE_SECONDS}),
                retry_attempts=0,  # a minute later it looks again
                role=role,
            ),
        )
        versions = f"{stack_of(self).resolve(self._function.function_arn)['Fn::GetAtt'][0]}"
        acknowledge_policy(
            role,
            {
                f"AwsSolutions::AwsSolutions-IAM5[Resource::<{versions}.Arn>:*]": "CDK grants the versions of this "
                "one function, too."
            },
        )
        expect_grants(role)
        return schedule


def _text(number: float) -> str:
    return cdk.Token.as_string(number) if is_token(number) else f"{number:g}"

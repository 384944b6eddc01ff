"""Applies a ``QueueScaling``: policies by the messages that wait for each running task, and permission to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions

from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._cdk.container_insights import has_container_insights
from ecr_fargate_constructs._cdk.durations import number_of_seconds, of_minutes
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated.findings import acknowledge_grants

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs

    from ecr_fargate_constructs.service.capacity.queue_scaling import QueueScaling

_NAMESPACE, _RUNNING = "ECS/ContainerInsights", "RunningTaskCount"


def add_backlog(service: ecs.BaseService, tasks: ecs.ScalableTaskCount, scaling: QueueScaling) -> None:
    """Scale a service by the backlog of its queue, and allow its tasks to read the queue."""
    target = cast("appscaling.ScalableTarget", tasks.node.find_child("Target"))
    queue, role = scaling.source, service.task_definition.task_role
    _follow(service, target, scaling)
    if scaling.min_capacity == 0:
        _wake(service, target, scaling)
    when_made(lambda: queue.grant_consume_messages(role))
    when_made(lambda: acknowledge_grants(role))
    if not has_container_insights(service.cluster):
        warn(
            service,
            "queueScalingWithoutInsights",
            "the autoscaler divides the messages by the number of running tasks, which Container Insights measures, "
            "but the cluster does not have them enabled, or is imported: without them the service never scales; "
            "enable them with Cluster(container_insights_v2=ecs.ContainerInsights.ENABLED)",
        )


def _follow(service: ecs.BaseService, target: appscaling.ScalableTarget, scaling: QueueScaling) -> None:
    """Keep the messages per running task near the target; CDK's policy takes no metric math (aws-cdk#20659)."""
    policy = appscaling.CfnScalingPolicy
    running = {"ClusterName": service.cluster.cluster_name, "ServiceName": service.service_name}
    appscaling.CfnScalingPolicy(
        target,
        "Backlog",
        policy_name=f"{cdk.Names.unique_resource_name(target, max_length=240)}Backlog",
        policy_type="TargetTrackingScaling",
        scaling_target_id=target.scalable_target_id,
        target_tracking_scaling_policy_configuration=policy.TargetTrackingScalingPolicyConfigurationProperty(
            target_value=scaling.messages_per_task,
            scale_in_cooldown=number_of_seconds(scaling.scale_in_cooldown),
            scale_out_cooldown=number_of_seconds(scaling.scale_out_cooldown),
            customized_metric_specification=policy.CustomizedMetricSpecificationProperty(
                metrics=[
                    _query(
                        "visible",
                        "AWS/SQS",
                        "ApproximateNumberOfMessagesVisible",
                        {"QueueName": scaling.source.queue_name},
                    ),
                    _query("running", _NAMESPACE, _RUNNING, running),
                    policy.TargetTrackingMetricDataQueryProperty(
                        id="backlog",
                        expression="visible / running",
                        label="Messages per running task",
                        return_data=True,
                    ),
                ]
            ),
        ),
    )


def _query(
    query_id: str, namespace: str, name: str, dimensions: dict[str, str]
) -> appscaling.CfnScalingPolicy.TargetTrackingMetricDataQueryProperty:
    policy = appscaling.CfnScalingPolicy
    return policy.TargetTrackingMetricDataQueryProperty(
        id=query_id,
        metric_stat=policy.TargetTrackingMetricStatProperty(
            metric=policy.TargetTrackingMetricProperty(
                namespace=namespace,
                metric_name=name,
                dimensions=[
                    policy.TargetTrackingMetricDimensionProperty(name=key, value=value)
                    for key, value in dimensions.items()
                ],
            ),
            stat="Average",
        ),
        return_data=False,
    )


def _wake(service: ecs.BaseService, target: appscaling.ScalableTarget, scaling: QueueScaling) -> None:
    """Start a task when messages wait and none runs: a quotient by zero is no data, and the policy would never act."""
    running = cloudwatch.Metric(
        namespace=_NAMESPACE,
        metric_name=_RUNNING,
        dimensions_map={"ClusterName": service.cluster.cluster_name, "ServiceName": service.service_name},
        statistic="Average",
        period=of_minutes(1),
    )
    visible = scaling.source.metric_approximate_number_of_messages_visible(statistic="Average", period=of_minutes(1))
    alarm = cloudwatch.Alarm(
        target,
        "Waiting",
        metric=cloudwatch.MathExpression(
            expression="IF(visible > 0 AND FILL(running, 0) < 1, 1, 0)",
            using_metrics={"visible": visible, "running": running},
            label="Messages wait and no task runs",
            period=of_minutes(1),
        ),
        threshold=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description="Messages wait and no task runs; the autoscaler starts one.",
    )
    step = appscaling.StepScalingAction(
        target, "Wake", scaling_target=target, adjustment_type=appscaling.AdjustmentType.CHANGE_IN_CAPACITY
    )
    step.add_adjustment(adjustment=1, lower_bound=0)
    alarm.add_alarm_action(cloudwatch_actions.ApplicationScalingAction(step))

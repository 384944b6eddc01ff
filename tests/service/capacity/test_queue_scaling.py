"""Scaling by the backlog of a queue."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    LoadBalancedFargateService,
    PublicHttp,
    QueueScaling,
    ScheduledCapacity,
    Spot,
    WorkerContainer,
    WorkerService,
    WorkQueue,
)
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

IMAGE = "public.ecr.aws/docker/library/python:3.13-slim"
TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM = "AWS::CloudWatch::Alarm"


def _worker(stack: cdk.Stack, scaling: QueueScaling, **options: Any) -> WorkerService:  # noqa: ANN401 - passed on
    return WorkerService(stack, "Worker", container=WorkerContainer(IMAGE), scaling=scaling, **options)


def _policies(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    found = of_type(template_of(stack), POLICY).values()
    return {each["Properties"]["PolicyType"]: each["Properties"] for each in found}


def test_messages_per_running_task_are_kept_near_the_target(stack: cdk.Stack) -> None:
    queue = WorkQueue(stack, "Jobs")
    worker = _worker(stack, QueueScaling(queue, messages_per_task=50))
    configuration = _policies(stack)["TargetTrackingScaling"]["TargetTrackingScalingPolicyConfiguration"]
    assert configuration["TargetValue"] == 50
    assert (configuration["ScaleOutCooldown"], configuration["ScaleInCooldown"]) == (60, 300)
    visible, running, backlog = configuration["CustomizedMetricSpecification"]["Metrics"]
    assert backlog["Expression"] == "visible / running"
    assert [each["ReturnData"] for each in (visible, running, backlog)] == [False, False, True]
    assert (visible["Id"], running["Id"]) == ("visible", "running")
    assert visible["MetricStat"]["Metric"] == {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": stack.resolve(queue.queue.queue_name)}],
    }
    assert running["MetricStat"]["Metric"] == {
        "Namespace": "ECS/ContainerInsights",
        "MetricName": "RunningTaskCount",
        "Dimensions": [
            {"Name": "ClusterName", "Value": stack.resolve(worker.cluster.cluster_name)},
            {"Name": "ServiceName", "Value": stack.resolve(worker.service.service_name)},
        ],
    }


def test_by_default_there_are_1_to_10_tasks_and_no_alarm_that_wakes(stack: cdk.Stack) -> None:
    _worker(stack, QueueScaling(sqs.Queue(stack, "Jobs"), 50))
    template = template_of(stack)
    limits = only(template, TARGET)["Properties"]
    assert (limits["MinCapacity"], limits["MaxCapacity"]) == (1, 10)
    assert set(_policies(stack)) == {"TargetTrackingScaling"}
    assert not of_type(template, ALARM)
    assert "DesiredCount" not in only(template, "AWS::ECS::Service")["Properties"]


def test_from_zero_a_waiting_message_starts_a_task(stack: cdk.Stack) -> None:
    _worker(stack, QueueScaling(sqs.Queue(stack, "Jobs"), 50, min_capacity=0))
    step = _policies(stack)["StepScaling"]["StepScalingPolicyConfiguration"]
    assert step["AdjustmentType"] == "ChangeInCapacity"
    assert step["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
    alarm = only(template_of(stack), ALARM)["Properties"]
    expression = next(each for each in alarm["Metrics"] if "Expression" in each)
    assert expression["Expression"] == "IF(visible > 0 AND FILL(running, 0) < 1, 1, 0)"
    assert {each["Id"] for each in alarm["Metrics"]} >= {"visible", "running"}
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    (wake,) = (name for name, each in of_type(template_of(stack), POLICY).items() if "Wake" in name and each)
    assert alarm["AlarmActions"] == [{"Ref": wake}]
    assert only(template_of(stack), TARGET)["Properties"]["MinCapacity"] == 0


def test_the_tasks_may_read_the_queue_and_decrypt_its_messages(stack: cdk.Stack) -> None:
    queue = sqs.Queue(stack, "Jobs", encryption_master_key=kms.Key(stack, "Key"))
    worker = _worker(stack, QueueScaling(queue, 50))
    policies = of_type(template_of(stack), "AWS::IAM::Policy").values()
    role = stack.resolve(worker.task_definition.task_role.role_name)
    statements = [
        each
        for policy in policies
        if policy["Properties"]["Roles"] == [role]
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    allowed = {action: each["Resource"] for each in statements for action in _many(each["Action"])}
    assert allowed["sqs:ReceiveMessage"] == allowed["sqs:DeleteMessage"] == stack.resolve(queue.queue_arn)
    assert allowed["sqs:ChangeMessageVisibility"] == stack.resolve(queue.queue_arn)
    assert allowed["kms:Decrypt"] == {"Fn::GetAtt": ["Key961B73FD", "Arn"]}
    assert "sqs:SendMessage" not in allowed


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_other_signals_and_schedules_come_with_it(stack: cdk.Stack) -> None:
    night = ScheduledCapacity(name="night", at=appscaling.Schedule.cron(hour="22", minute="0"), min_capacity=0)
    queue = sqs.Queue(stack, "Jobs")
    _worker(
        stack, QueueScaling(queue, 50, max_capacity=4, cpu_percent=70, schedule=[night], capacity=Spot(), paused=False)
    )
    template = template_of(stack)
    assert len(of_type(template, POLICY)) == 2
    assert only(template, TARGET)["Properties"]["ScheduledActions"][0]["ScheduledActionName"] == "night"
    strategy = only(template, "AWS::ECS::Service")["Properties"]["CapacityProviderStrategy"]
    assert strategy[0]["CapacityProvider"] == "FARGATE_SPOT"


def test_a_service_behind_a_load_balancer_can_scale_by_a_queue(stack: cdk.Stack) -> None:
    scaling = QueueScaling(sqs.Queue(stack, "Jobs"), 50)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80),
        ingress=PublicHttp(),
        scaling=scaling,
    )
    assert set(_policies(stack)) == {"TargetTrackingScaling"}


def test_a_cluster_without_container_insights_gets_a_warning(stack: cdk.Stack) -> None:
    for number, (insights, warned) in enumerate(
        [(ecs.ContainerInsights.DISABLED, True), (ecs.ContainerInsights.ENABLED, False)]
    ):
        cluster = ecs.Cluster(stack, f"Cluster{number}", container_insights_v2=insights)
        worker = WorkerService(
            stack,
            f"Worker{number}",
            container=WorkerContainer(IMAGE),
            cluster=cluster,
            scaling=QueueScaling(sqs.Queue(stack, f"Jobs{number}"), 50),
        )
        found = cdk.assertions.Annotations.from_stack(stack).find_warning(
            "*", cdk.assertions.Match.string_like_regexp("Container Insights measures")
        )
        assert any(each.id.startswith(f"/{worker.node.path}/") for each in found) is warned


def test_the_source_is_the_queue_itself(stack: cdk.Stack) -> None:
    queue, own = WorkQueue(stack, "Jobs"), sqs.Queue(stack, "Own")
    assert QueueScaling(queue, 1).source is queue.queue
    assert QueueScaling(own, 1).source is own


def test_figures_of_the_deployment_pass(stack: cdk.Stack) -> None:
    number = cdk.CfnParameter(stack, "Later", type="Number").value_as_number
    queue = sqs.Queue.from_queue_arn(stack, "Jobs", cdk.CfnParameter(stack, "Arn").value_as_string)
    _worker(stack, QueueScaling(queue, number, min_capacity=number, max_capacity=number))
    policy = _policies(stack)["TargetTrackingScaling"]["TargetTrackingScalingPolicyConfiguration"]
    assert policy["TargetValue"] == {"Ref": "Later"}
    limits = only(template_of(stack), TARGET)["Properties"]
    assert limits["MinCapacity"] == limits["MaxCapacity"] == {"Ref": "Later"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"messages_per_task": 0}, r"QueueScaling\.messages_per_task=0 is not a number of waiting messages"),
        ({"messages_per_task": 2.5}, r"QueueScaling\.messages_per_task=2\.5"),
        ({"min_capacity": -1}, r"QueueScaling\.min_capacity=-1 is not a number of tasks"),
        ({"max_capacity": 0, "min_capacity": 0}, r"QueueScaling\.max_capacity=0 is not a number of tasks"),
        ({"min_capacity": 4, "max_capacity": 2}, r"QueueScaling\.min_capacity=4 is above max_capacity=2"),
        (
            {"min_capacity": 2, "max_capacity": 2},
            r"leaves no room to scale; raise max_capacity, or use desired_count=2",
        ),
        ({"queue": "jobs"}, r"QueueScaling\.queue='jobs' is a str"),
    ],
)
def test_bad_input_is_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    given = {"queue": sqs.Queue(stack, "Jobs"), "messages_per_task": 50, **options}
    with pytest.raises(ConfigurationError, match=message):
        QueueScaling(**given)

"""A queue with its dead letters and its alarms."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import ConfigurationError, Posture, WorkQueue
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

QUEUE, ALARM = "AWS::SQS::Queue", "AWS::CloudWatch::Alarm"


def _made(stack: cdk.Stack, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401 - passed on
    WorkQueue(stack, "Jobs", **options)
    queues = of_type(template_of(stack), QUEUE)
    (queue,) = (each for name, each in queues.items() if "DeadLetters" not in name)
    (dead,) = (each for name, each in queues.items() if "DeadLetters" in name)
    return queue, dead


def test_the_defaults(stack: cdk.Stack) -> None:
    queue, dead = _made(stack)
    properties = queue["Properties"]
    assert properties["VisibilityTimeout"] == 300
    assert properties["MessageRetentionPeriod"] == 4 * 86_400
    assert properties["ReceiveMessageWaitTimeSeconds"] == 20
    assert properties["RedrivePolicy"]["maxReceiveCount"] == 5
    assert dead["Properties"]["MessageRetentionPeriod"] == 14 * 86_400
    for each in (queue, dead):
        assert each["Properties"]["SqsManagedSseEnabled"] is True
        assert each["DeletionPolicy"] == each["UpdateReplacePolicy"] == "Retain"
        assert "FifoQueue" not in each["Properties"]


def test_both_queues_refuse_plain_text(stack: cdk.Stack) -> None:
    WorkQueue(stack, "Jobs")
    policies = of_type(template_of(stack), "AWS::SQS::QueuePolicy").values()
    statements = [each for policy in policies for each in policy["Properties"]["PolicyDocument"]["Statement"]]
    assert [(each["Effect"], each["Condition"]) for each in statements] == [
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    ] * 2


def test_the_options(stack: cdk.Stack) -> None:
    queue, dead = _made(
        stack,
        visibility_timeout=cdk.Duration.hours(1),
        max_receive_count=2,
        retention=cdk.Duration.days(14),
        fifo=True,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    assert queue["Properties"]["VisibilityTimeout"] == 3600
    assert queue["Properties"]["RedrivePolicy"]["maxReceiveCount"] == 2
    assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 86_400
    assert all(each["Properties"]["FifoQueue"] for each in (queue, dead))
    assert all(each["DeletionPolicy"] == "Delete" for each in (queue, dead))


def test_the_alarms(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "OnCall")
    queue = WorkQueue(stack, "Jobs", longest_wait=cdk.Duration.minutes(3), actions=[topic])
    alarms = {each["Properties"]["MetricName"]: each["Properties"] for each in _alarms(stack)}
    age = alarms["ApproximateAgeOfOldestMessage"]
    dead = alarms["ApproximateNumberOfMessagesVisible"]
    assert (age["Threshold"], dead["Threshold"]) == (180, 1)
    assert age["Dimensions"][0]["Value"] == stack.resolve(queue.queue.queue_name)
    assert dead["Dimensions"][0]["Value"] == stack.resolve(queue.dead_letter_queue.queue_name)
    for each in (age, dead):
        assert each["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert each["TreatMissingData"] == "notBreaching"
        assert each["AlarmActions"] == [stack.resolve(topic.topic_arn)]


def _alarms(stack: cdk.Stack) -> list[dict[str, Any]]:
    return list(of_type(template_of(stack), ALARM).values())


def test_without_actions_the_alarms_have_none(stack: cdk.Stack) -> None:
    queue = WorkQueue(stack, "Jobs")
    assert [each["Properties"].get("AlarmActions") for each in _alarms(stack)] == [None, None]
    assert queue.age_alarm.alarm_name != queue.dead_letter_alarm.alarm_name


def test_a_regulated_queue_has_the_key_of_the_stack(stack: cdk.Stack) -> None:
    Posture.REGULATED.apply_to(stack)
    queue, dead = _made(stack)
    for each in (queue, dead):
        assert "KmsMasterKeyId" in each["Properties"]
        assert "SqsManagedSseEnabled" not in each["Properties"]
    assert only(template_of(stack), "AWS::KMS::Key")


def _statements(stack: cdk.Stack) -> list[tuple[object, object]]:
    policies = of_type(template_of(stack), "AWS::IAM::Policy").values()
    found = [each for policy in policies for each in policy["Properties"]["PolicyDocument"]["Statement"]]
    return [(each["Action"], each["Resource"]) for each in found]


def test_who_may_send(stack: cdk.Stack) -> None:
    queue, role = (
        WorkQueue(stack, "Jobs"),
        iam.Role(stack, "Web", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")),
    )
    queue.grant_send_messages(role)
    actions = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
    assert _statements(stack) == [(actions, stack.resolve(queue.queue.queue_arn))]


def test_who_may_send_to_a_regulated_queue_has_two_actions_of_the_key(stack: cdk.Stack) -> None:
    Posture.REGULATED.apply_to(stack)
    role = iam.Role(stack, "Web", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    WorkQueue(stack, "Jobs").grant_send_messages(role)
    [key] = of_type(template_of(stack), "AWS::KMS::Key")
    assert (["kms:Decrypt", "kms:GenerateDataKey"], {"Fn::GetAtt": [key, "Arn"]}) in _statements(stack)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"visibility_timeout": cdk.Duration.hours(13)}, r"visibility_timeout is 46800 seconds; .* 0 to 43200"),
        ({"retention": cdk.Duration.days(15)}, r"retention is 1296000 seconds; .* 60 to 1209600"),
        ({"retention": cdk.Duration.seconds(0)}, r"retention is 0 seconds"),
        ({"longest_wait": cdk.Duration.seconds(30)}, r"longest_wait is 30 seconds; .* 60 to 1209600"),
        ({"max_receive_count": 0}, r"max_receive_count=0 is not a number of attempts"),
        ({"max_receive_count": 1.5}, r"max_receive_count=1.5 is not"),
        ({"actions": ["arn:aws:sns:eu-west-1:111122223333:x"]}, r"actions\[0\]"),
        ({"fifo": "yes"}, r"fifo='yes' is a str; use True or False"),
    ],
)
def test_bad_input_is_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        WorkQueue(stack, "Jobs", **options)
    assert "[Stack/Jobs]" in str(refused.value)
    assert not stack.node.children

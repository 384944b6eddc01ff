"""Jobs: the schedule, the state machine that runs the task, its rights and its alarms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    ConfigurationError,
    EbsVolume,
    Ec2WorkerContainer,
    EfsVolume,
    JobAlarms,
    JobContainer,
    JobRuns,
    Mixed,
    Mount,
    Overlap,
    PrivateRepository,
    ScheduledJob,
    Spot,
    WorkerContainer,
    WorkerService,
)
from tests.support.inputs import make_app
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

IMAGE = "public.ecr.aws/docker/library/python:3.14-slim"
ALARM, MACHINE, SCHEDULE = "AWS::CloudWatch::Alarm", "AWS::StepFunctions::StateMachine", "AWS::Scheduler::Schedule"
NIGHTLY = scheduler.ScheduleExpression.cron(hour="3", minute="0", time_zone=cdk.TimeZone.EUROPE_BERLIN)


def _job(stack: cdk.Stack, **options: Any) -> ScheduledJob:  # noqa: ANN401 - passed on
    return ScheduledJob(stack, "Job", **{"container": JobContainer(IMAGE), "schedule": NIGHTLY, **options})


def _text(value: object) -> str:
    """A string with its references in braces."""
    if isinstance(value, dict) and "Fn::Join" in value:
        return "".join(map(_text, value["Fn::Join"][1]))
    return value if isinstance(value, str) else f"<{next(iter(value.values()))}>"  # type: ignore[attr-defined]


def _states(stack: cdk.Stack) -> dict[str, Any]:
    states: dict[str, Any] = json.loads(_text(only(template_of(stack), MACHINE)["Properties"]["DefinitionString"]))
    return states


def _alarms(stack: cdk.Stack) -> dict[str, dict[str, Any]]:
    found = of_type(template_of(stack), ALARM).values()
    return {each["Properties"]["MetricName"]: each["Properties"] for each in found}


def test_the_task_runs_in_the_private_subnets_with_its_own_group(stack: cdk.Stack) -> None:
    _job(stack)
    definition = _states(stack)
    run = definition["States"]["Run the task"]
    network = run["Parameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert run["Resource"] == "arn:<AWS::Partition>:states:::ecs:runTask.sync"
    assert run["TimeoutSeconds"] == 3600
    assert run["Retry"][0]["MaxAttempts"] == 0
    assert run["Parameters"]["LaunchType"] == "FARGATE"
    assert run["Parameters"]["TaskDefinition"].startswith("<JobTaskDef")
    assert (len(network["Subnets"]), network["AssignPublicIp"]) == (2, "DISABLED")
    assert "Private" in network["Subnets"][0]
    assert len(network["SecurityGroups"]) == 1


@pytest.mark.parametrize(
    ("overlap", "start", "skipped"),
    [
        (Overlap.SKIP, "Look for a running task", {"Type": "Succeed"}),
        (Overlap.FAIL, "Look for a running task", "JobStillRuns"),
        (Overlap.ALLOW, "Run the task", None),
    ],
)
def test_an_overlap_is_skipped_fails_or_is_allowed(
    stack: cdk.Stack, overlap: Overlap, start: str, skipped: object
) -> None:
    _job(stack, runs=JobRuns(overlap=overlap))
    definition = _states(stack)
    state = definition["States"].get("Skipped")
    assert definition["StartAt"] == start
    assert (state["Error"] if isinstance(skipped, str) else state) == skipped


def test_every_state_that_is_named_exists_and_is_reached(stack: cdk.Stack) -> None:
    _job(stack)
    definition = _states(stack)
    text = json.dumps(definition)
    for name in definition["States"]:
        assert f'": "{name}"' in text, name
    states = definition["States"]
    for each in states.values():
        following = [each.get("Next"), each.get("Default"), *(c["Next"] for c in each.get("Choices", ()))]
        assert {name for name in following if name} <= set(states)
        assert any(following) or each.get("End") or each["Type"] in {"Succeed", "Fail"}


def test_only_the_run_s_own_task_is_stopped(stack: cdk.Stack) -> None:
    _job(stack)
    states = _states(stack)["States"]
    assert states["Run the task"]["Parameters"]["Group.$"] == "$$.Execution.Name"
    inner = states["Stop its task"]["ItemProcessor"]["States"]
    [choice] = inner["Is it of this run?"]["Choices"]
    assert (choice["Variable"], choice["StringEqualsPath"], choice["Next"]) == ("$.Group", "$.Run", "Stop")
    assert states["Run the task"]["Catch"][0]["Next"] == "Look for its task"
    assert states["Timed out"]["Error"] == "JobTimedOut"


def test_a_failed_attempt_is_repeated_and_a_timeout_is_not(stack: cdk.Stack) -> None:
    _job(stack, runs=JobRuns(retries=3, retry_interval=cdk.Duration.seconds(20), timeout=cdk.Duration.minutes(5)))
    run = _states(stack)["States"]["Run the task"]
    assert run["Retry"] == [
        {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 20, "MaxAttempts": 3, "BackoffRate": 2}
    ]
    assert run["TimeoutSeconds"] == 300


def test_spot(stack: cdk.Stack) -> None:
    _job(stack, capacity=Spot())
    template = template_of(stack)
    parameters = _states(stack)["States"]["Run the task"]["Parameters"]
    assert parameters["CapacityProviderStrategy"] == [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
    assert "LaunchType" not in parameters
    [association] = of_type(template, "AWS::ECS::ClusterCapacityProviderAssociations")
    assert association in only(template, MACHINE)["DependsOn"]


def test_the_schedule_starts_the_machine_and_keeps_what_it_cannot_start(stack: cdk.Stack) -> None:
    _job(stack, runs=JobRuns(max_event_age=cdk.Duration.minutes(10)), enabled=False)
    properties = only(template_of(stack), SCHEDULE)["Properties"]
    assert (properties["ScheduleExpression"], properties["ScheduleExpressionTimezone"]) == (
        "cron(0 3 * * ? *)",
        "Europe/Berlin",
    )
    assert properties["State"] == "DISABLED"
    assert properties["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 600
    assert "DeadLetters" in str(properties["Target"]["DeadLetterConfig"])
    queue = only(template_of(stack), "AWS::SQS::Queue")["Properties"]
    assert queue["SqsManagedSseEnabled"] is True
    assert "aws:SecureTransport" in str(only(template_of(stack), "AWS::SQS::QueuePolicy"))


def test_the_machine_may_run_and_stop_tasks_of_this_job_and_cluster_only(stack: cdk.Stack) -> None:
    _job(stack)
    policies = of_type(template_of(stack), "AWS::IAM::Policy")
    [policy] = [each for name, each in policies.items() if "StateMachineRole" in name]
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    by_action = {str(each["Action"]): each for each in statements}
    assert _text(by_action["ecs:RunTask"]["Resource"]).endswith(":task-definition/StackJobTaskDef83814D8B:*")
    for action in ("ecs:RunTask", "ecs:ListTasks", "['ecs:DescribeTasks', 'ecs:StopTask']"):
        assert "EcsDefaultCluster" in str(by_action[action]["Condition"]["ArnEquals"]["ecs:cluster"])
    passed = by_action["iam:PassRole"]
    assert len(passed["Resource"]) == 2
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert [action for action, each in by_action.items() if each["Resource"] == "*"] == ["ecs:ListTasks"]


def test_alarms_tell_of_failed_missing_and_lost_runs(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    _job(stack, alarms=JobAlarms(actions=[topic]))
    alarms = _alarms(stack)
    assert set(alarms) == {"ExecutionsFailed", "ExecutionsSucceeded", "ApproximateNumberOfMessagesVisible"}
    assert all(len(each["AlarmActions"]) == 1 for each in alarms.values())
    missed = alarms["ExecutionsSucceeded"]
    assert (missed["TreatMissingData"], missed["ComparisonOperator"]) == ("breaching", "LessThanThreshold")
    # a day, an hour for the change of the clocks, an hour for the run, and five minutes
    assert (missed["Period"], missed["EvaluationPeriods"], missed["DatapointsToAlarm"]) == (3600, 27, 27)
    assert alarms["ExecutionsFailed"]["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize(
    ("schedule", "runs", "alarms", "window"),
    [
        (scheduler.ScheduleExpression.rate(cdk.Duration.minutes(15)), JobRuns(), None, (300, 16)),
        (scheduler.ScheduleExpression.rate(cdk.Duration.hours(6)), JobRuns(), None, (3600, 8)),
        (
            scheduler.ScheduleExpression.rate(cdk.Duration.hours(1)),
            JobRuns(retries=2, timeout=cdk.Duration.minutes(10)),
            None,
            (300, 20),  # 60 + 3 * 10 + 1 + 2 minutes, and five
        ),
        (NIGHTLY, JobRuns(), JobAlarms(succeeds_within=cdk.Duration.minutes(30)), (300, 6)),
    ],
)
def test_the_window_in_which_a_run_has_to_succeed(
    stack: cdk.Stack,
    schedule: scheduler.ScheduleExpression,
    runs: JobRuns,
    alarms: JobAlarms | None,
    window: tuple[int, int],
) -> None:
    _job(stack, schedule=schedule, runs=runs, alarms=alarms)
    missed = _alarms(stack)["ExecutionsSucceeded"]
    assert (missed["Period"], missed["EvaluationPeriods"]) == window


def test_no_alarm_can_tell_that_a_monthly_job_was_missed(stack: cdk.Stack) -> None:
    job = _job(stack, schedule=scheduler.ScheduleExpression.cron(day="1", hour="0", minute="0"))
    assert job.missed_alarm is None
    warnings = [str(each.data) for each in job.node.metadata if each.type == "aws:cdk:warning"]
    assert len(warnings) == 1
    assert "jobTooRareForAlarm" in warnings[0]


def test_a_disabled_job_misses_nothing(stack: cdk.Stack) -> None:
    assert _job(stack, enabled=False).missed_alarm is None


def test_one_image_and_one_copy_for_a_worker_and_a_job(stack: cdk.Stack, tmp_path: Path) -> None:
    image = PrivateRepository(stack, "Repo").build_and_push_image(make_app(tmp_path / "app"))
    WorkerService(stack, "Worker", container=WorkerContainer(image))
    _job(stack, container=JobContainer(image, command=["python", "report.py"]))
    template = template_of(stack)
    assert len(of_type(template, "Custom::EcrFargateImage")) + len(of_type(template, "Custom::ImageCopy")) <= 1
    images = {
        str(container["Image"])
        for each in of_type(template, "AWS::ECS::TaskDefinition").values()
        for container in each["Properties"]["ContainerDefinitions"]
    }
    assert len(images) == 1
    assert len(of_type(template, "AWS::ECS::Cluster")) == 1


def test_a_file_system_is_open_to_the_job(stack: cdk.Stack) -> None:
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    files = efs.FileSystem(stack, "Files", vpc=vpc)
    job = _job(stack, vpc=vpc, container=JobContainer(IMAGE, mounts=[Mount("/data", EfsVolume("data", files))]))
    template = template_of(stack)
    rules = of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    assert [each["Properties"]["FromPort"] for each in rules] == [2049]
    assert any("MountTarget" in name for name in only(template, MACHINE)["DependsOn"])
    assert job.connections is job.connections


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"schedule": scheduler.ScheduleExpression.expression("0 3 * * *")}, "use ScheduleExpression.cron"),
        ({"schedule": scheduler.ScheduleExpression.expression("cron(0 25 * * ? *)")}, "'25' as its hour"),
        ({"schedule": scheduler.ScheduleExpression.expression("cron(0 3 * * * *)")}, "'[?]' in place of '[*]' in one"),
        ({"schedule": scheduler.ScheduleExpression.expression("cron(0 3 * * MON *)")}, "'MON' as its day of the week"),
        ({"schedule": scheduler.ScheduleExpression.expression("cron(0 3 1 * ? *)")}, None),
        (
            {"schedule": scheduler.ScheduleExpression.cron(hour="3", time_zone=cdk.TimeZone.of("Europe/Berlim"))},
            "'Europe/Berlim' is not a time zone",
        ),
        ({"capacity": Mixed()}, "capacity"),
        ({"container": WorkerContainer(IMAGE)}, "JobContainer"),
        ({"container": Ec2WorkerContainer(IMAGE, gpu_count=1)}, "JobContainer"),
        (
            {"container": JobContainer(IMAGE, mounts=[Mount("/data", EbsVolume("data", size_gib=10))])},
            "the job mounts the EbsVolume 'data'",
        ),
        ({"vpc": None, "subnets": ec2.SubnetSelection(subnet_group_name="Nowhere")}, "subnets selects 'Nowhere'"),
        ({"alarms": JobAlarms(actions=[])}, None),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_is_made(
    stack: cdk.Stack, options: dict[str, Any], said: str | None
) -> None:
    if said is None:
        _job(stack, **options)
        return
    with pytest.raises(ConfigurationError, match=said):
        _job(stack, **options)
    assert stack.node.try_find_child("Job") is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: JobRuns(timeout=cdk.Duration.seconds(30)), "JobRuns.timeout is 30 seconds; AWS takes"),
        (lambda: JobRuns(retries=21), "JobRuns.retries=21 is not a number of further attempts; use 0 to 20"),
        (lambda: JobRuns(retry_interval=cdk.Duration.seconds(0)), "JobRuns.retry_interval is 0 seconds"),
        (lambda: JobRuns(max_event_age=cdk.Duration.days(2)), "JobRuns.max_event_age is 172800 seconds"),
        (lambda: JobAlarms(succeeds_within=cdk.Duration.days(8)), "JobAlarms.succeeds_within is 691200 seconds"),
    ],
)
def test_figures_out_of_range_are_refused(make: Any, said: str) -> None:  # noqa: ANN401 - a constructor
    with pytest.raises(ConfigurationError, match=said):
        make()

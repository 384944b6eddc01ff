"""A release command on the embedded AWS: once per version, before it, one at a time, and nothing happens if it fails.

The tests go on: each deploys the next version to the service of the one before it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.client import Client
from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.image.copier.fake_cloudformation import FakeCloudFormation

if TYPE_CHECKING:
    from collections.abc import Iterator

APP = """
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from ecr_fargate_constructs import (
    AppContainer, LoadBalancedFargateService, PrivateRepository, PublicHttp, ReleaseCommand, TargetHealthCheck,
)

app = cdk.App()
stack = cdk.Stack(app, "Web")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
web = LoadBalancedFargateService(
    stack,
    "Web",
    container=AppContainer(image, 8080, environment={"SECONDS": "SLOW"}),
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
    release_command=ReleaseCommand(["python", "migrate.py"], timeout=cdk.Duration.minutes(5)),
)
cloudwatch.Alarm(
    stack,
    "Busy",
    metric=web.service.metric_cpu_utilization(),
    threshold=THRESHOLD,
    evaluation_periods=1,
)
web.node.find_child("Release").node.find_child("Function").node.default_child.timeout = LIMIT
app.synth()
"""
MIGRATE = """
import os, sys, time

import server

print(f"begins {server.GREETING} {time.time()}", flush=True)
time.sleep(float(os.environ["SECONDS"]))
if "broken" in server.GREETING:
    print("no such column: shop.colour", flush=True)
    sys.exit(1)
print(f"ends {server.GREETING} {time.time()}", flush=True)
"""
SLEEP = """
import time
print("in", {0}, time.time(), flush=True)
time.sleep(6)
print("out", {0}, time.time(), flush=True)
"""
FIRST = "Hello from a private ECR repository!"
RELEASE_GROUP, TASK_GROUP = "WebReleaseLogGroup", "WebLogGroup"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The sample with a command, not yet deployed."""
    folder = copy_sample(tmp_path_factory.mktemp("release") / "sample")
    (folder / "app" / "migrate.py").write_text(MIGRATE, encoding="utf-8")
    dockerfile = folder / "app" / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    dockerfile.write_text(text.replace("COPY server.py .", "COPY server.py migrate.py ./"), encoding="utf-8")
    made = LocalApp(folder, free_port())
    yield made
    made.end()


def _write(app: LocalApp, *, slow: float = 0, threshold: int = 80, limit: int = 900) -> None:
    text = APP.replace("SLOW", str(slow)).replace("THRESHOLD", str(threshold)).replace("LIMIT", str(limit))
    (app.directory / "app.py").write_text(text, encoding="utf-8")


def _up(app: LocalApp) -> None:
    done = app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr


def _lines(app: LocalApp, group: str) -> list[str]:
    """All lines of a log group, stream after stream."""
    [name] = [
        each["logGroupName"]
        for each in app.ask("logs", "describe_log_groups")["logGroups"]
        if group in each["logGroupName"]
    ]
    streams = app.ask("logs", "describe_log_streams", logGroupName=name)["logStreams"]
    return [
        event["message"]
        for stream in streams
        for event in app.ask(
            "logs", "get_log_events", logGroupName=name, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
    ]


def _commands(app: LocalApp) -> list[str]:
    """The versions whose command began, in order."""
    lines = [line.split() for line in _lines(app, TASK_GROUP) if line.startswith("begins ")]
    return [" ".join(words[1:-1]) for words in sorted(lines, key=lambda words: float(words[-1]))]


def _running(app: LocalApp) -> list[str]:
    described = app.service()
    cluster = described["clusterArn"]
    listed: list[str] = app.ask("ecs", "list_tasks", cluster=cluster, serviceName=described["serviceName"])["taskArns"]
    return listed


def _until(app: LocalApp, count: int, without: str = "") -> None:
    for _ in range(300):
        found = _running(app)
        if app.service()["runningCount"] == count == len(found) and without not in found:
            return
        time.sleep(0.2)
    raise AssertionError(app.service())


def test_three_releases_run_it_three_times_whatever_else_happens(app: LocalApp) -> None:
    _write(app)
    _up(app)
    app.edit(FIRST, "the second version")
    _up(app)
    [killed, _] = _running(app)
    cluster = app.service()["clusterArn"]
    app.ask("ecs", "stop_task", cluster=cluster, task=killed)
    _until(app, 2, without=killed)
    app.ask("ecs", "update_service", cluster=cluster, service=app.service()["serviceArn"], desiredCount=3)
    _until(app, 3)
    _write(app, threshold=90)
    _up(app)
    assert _commands(app) == [FIRST, "the second version"]
    app.edit("the second version", "the third version")
    _up(app)
    assert app.get()[1].strip() == "the third version"
    assert _commands(app) == [FIRST, "the second version", "the third version"]


def test_before_any_task_of_the_version(app: LocalApp) -> None:
    """The last version's command ended before its service was updated."""
    events = app.ask("cloudformation", "describe_stack_events", StackName="Web")["StackEvents"]
    latest: dict[tuple[str, str], Any] = {}
    for each in events:  # the newest first
        latest.setdefault((each["ResourceType"], each["ResourceStatus"]), each["Timestamp"])
    ended = latest["Custom::EcrFargateReleaseCommand", "UPDATE_COMPLETE"]
    assert ended <= latest["AWS::ECS::Service", "UPDATE_IN_PROGRESS"]


def test_exit_code_1_changes_nothing_and_says_why(app: LocalApp) -> None:
    before = app.service()
    template = app.ask("cloudformation", "get_template", StackName="Web")["TemplateBody"]
    app.edit("the third version", "the broken version")
    with Client(app, app.host) as client:
        done = app.run("up")
    assert done.returncode != 0
    assert "no such column: shop.colour" in done.stdout + done.stderr
    assert {body.strip() for body in client.bodies} == {"the third version"}
    assert client.lost == 0
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert app.ask("cloudformation", "get_template", StackName="Web")["TemplateBody"] == template
    after = app.service()
    assert [after[name] for name in ("taskDefinition", "deployments")] == [
        before[name] for name in ("taskDefinition", "deployments")
    ]
    assert _commands(app)[3:] == ["the broken version"]


def test_explain_names_the_line(app: LocalApp) -> None:
    status, causes = app.causes()
    assert (status, causes[0]) == (3, "release command failed")
    done = subprocess.run(  # noqa: S603 - our own command
        [
            str(Path(sys.executable).parent / "ecr-fargate"),
            "explain",
            "--stack=Web",
            f"--endpoint-url=http://localhost:{app.port}",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=app.directory,
        env={**os.environ, "COLUMNS": "300"},
    )
    assert "no such column: shop.colour" in " ".join(done.stdout.split())


def test_a_command_that_is_longer_than_its_function_may_run(app: LocalApp) -> None:
    """Two calls of the function wait for it: the first one has half of 20 seconds."""
    app.edit("the broken version", "the fourth version")
    _write(app, slow=18, threshold=90, limit=20)
    before = sum("START RequestId" in line for line in _lines(app, RELEASE_GROUP))
    _up(app)
    assert app.get()[1].strip() == "the fourth version"
    assert _commands(app)[4:] == ["the fourth version"]
    assert sum("START RequestId" in line for line in _lines(app, RELEASE_GROUP)) - before >= 2


def test_a_release_during_a_release_waits(app: LocalApp) -> None:
    """Two events at once, as after an update that was given up: the second command begins when the first has ended."""
    template = app.ask("cloudformation", "describe_stack_resources", StackName="Web")["StackResources"]
    physical = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in template}
    run = next(name for name in physical if name.startswith("WebReleaseRun"))
    function = next(value for name, value in physical.items() if name.startswith("WebReleaseFunction"))
    stack_id = app.ask("cloudformation", "describe_stacks", StackName="Web")["Stacks"][0]["StackId"]
    described = app.service()
    network = described["networkConfiguration"]["awsvpcConfiguration"]
    with FakeCloudFormation().serving() as cloudformation:

        def release(number: int) -> None:
            event = {
                "RequestType": "Update",
                "RequestId": f"00000000-0000-0000-0000-00000000000{number}",
                "StackId": stack_id,
                "LogicalResourceId": run,
                "ResponseURL": cloudformation.url,
                "ResourceProperties": {
                    "Cluster": described["clusterArn"],
                    "TaskDefinition": described["taskDefinition"],
                    "Container": "web",
                    "Command": ["python", "-c", SLEEP.format(number)],
                    "TimeoutSeconds": "120",
                    "AgainForRollback": "false",
                    "History": physical[run],
                    "Launch": {
                        "launchType": "FARGATE",
                        "networkConfiguration": {"awsvpcConfiguration": network},
                    },
                },
            }
            app.ask("lambda", "invoke", FunctionName=function, InvocationType="Event", Payload=json.dumps(event))

        release(0)
        time.sleep(2)
        release(1)
        for _ in range(300):
            if len(cloudformation.answers) == 2:
                break
            time.sleep(0.2)
        assert [each["Status"] for each in cloudformation.answers] == ["SUCCESS", "SUCCESS"]
    times = sorted(
        (float(words[2]), words[0])
        for line in _lines(app, TASK_GROUP)
        if (words := line.split()) and words[0] in {"in", "out"}
    )
    assert [way for _, way in times] == ["in", "out", "in", "out"]


def test_the_function_was_refused_nothing_and_has_nothing_to_spare(app: LocalApp) -> None:
    done = json.loads(app.run("grants", "--format", "json").stdout)
    assert [each for each in done["refusals"] if "Release" in each["role"]] == []
    granted = {each["action"] for each in done["grants"] if "WebReleaseRole" in each["role"]}
    unused = {each["action"] for each in done["grants"] if "WebReleaseRole" in each["role"] and not each["times"]}
    assert {"ecs:RunTask", "iam:PassRole", "lambda:InvokeFunction", "logs:GetLogEvents"} <= granted
    # A command that takes too long is stopped, and the versions are forgotten with the service.
    assert unused == {"ecs:StopTask", "ssm:DeleteParameter"}

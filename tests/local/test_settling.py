"""The wait for what was deployed, against an embedded AWS that answers what a test tells it to."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from ecr_fargate_constructs.local import waiting
from ecr_fargate_constructs.local.containers import Container
from ecr_fargate_constructs.local.failures import AppDetails
from ecr_fargate_constructs.local.instance import Instance, Memory
from ecr_fargate_constructs.local.listening import Sockets
from ecr_fargate_constructs.local.processes import Process
from ecr_fargate_constructs.local.readiness import Before
from ecr_fargate_constructs.local.services import Balancer, Service, Task
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.services import Cloud

SERVICE_ARN = "arn:aws:ecs:us-east-1:000000004600:service/Cluster/Web-Service"
GROUP = {
    "TargetGroupArn": "group",
    "HealthCheckPath": "/healthz",
    "HealthCheckIntervalSeconds": 10,
    "UnhealthyThresholdCount": 3,
    "Matcher": {"HttpCode": "200-299"},
}
HEALTHY = {"State": "healthy"}
NOT_FOUND = {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": "codes: [404]"}
DEAF = {"State": "unhealthy", "Reason": "Target.FailedHealthChecks", "Description": "Health checks failed"}


class _Client:
    """A client for any AWS service."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**options: Any) -> Any:  # noqa: ANN401 - passed on as they are
            self.asked.append((operation, options))
            return self._answers[operation](**options)

        return call


@dataclass
class _Aws:
    """An embedded AWS: one service and its targets, as they are at each look; the last look repeats."""

    looks: list[tuple[Service, list[dict[str, str]]]]
    answers: list[int] = field(default_factory=lambda: [200])
    now: float = 0.0
    asked_for_lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.elb = _Client(
            describe_target_groups=lambda TargetGroupArns: {"TargetGroups": [GROUP]},  # noqa: N803, ARG005
            describe_target_health=self._health,
        )
        self.ecs = _Client(
            update_service=lambda **_: {},
            describe_services=lambda **_: {"services": [{"loadBalancers": [{"targetGroupArn": "group"}]}]},
            describe_tasks=lambda tasks, **_: {"tasks": [{"taskArn": arn} for arn in tasks]},
            list_service_deployments=lambda **_: {"serviceDeployments": []},
        )

    def client(self, name: str) -> _Client:
        return {"elbv2": self.elb, "ecs": self.ecs}[name]

    def services(self, _stacks: object) -> list[Service]:
        if len(self.looks) > 1 and self.now > 0:
            self.looks.pop(0)
        return [self.looks[0][0]]

    def balancers(self, _stacks: object) -> list[Balancer]:
        return [cast("Balancer", SimpleNamespace(stack="Web", get=self._ask))]

    def last_lines(self, _stacks: object, *, tasks: list[str]) -> list[str]:
        self.asked_for_lines = tasks
        return ["listening"]

    def _ask(self) -> tuple[int, str]:
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return status, "hello"

    def _health(self, TargetGroupArn: str) -> dict[str, Any]:  # noqa: N803, ARG002 - boto3's
        described = [
            {"Target": {"Id": f"10.0.0.{number}", "Port": 8080}, "TargetHealth": health}
            for number, health in enumerate(self.looks[0][1], start=1)
        ]
        return {"TargetHealthDescriptions": described}

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def _service(*, tasks: int = 2, definition: str = "new", state: str = "COMPLETED", **more: Any) -> Service:  # noqa: ANN401
    running = tuple(
        Task(f"arn/t{n}", definition, "RUNNING", "", "", "", crashed=False, address=f"10.0.0.{n}")
        for n in range(1, tasks + 1)
    )
    deployment = {"taskDefinition": "new", "rolloutState": state, "runningCount": tasks, "id": "d"}
    options: dict[str, Any] = {"groups": ("group",), "grace": 0, "logical_id": "Service", **more}
    return Service("Web", "Cluster", SERVICE_ARN, "new", 2, (deployment,), running, **options)


@pytest.fixture
def wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[Service], list[Any]]]:
    def run(
        aws: _Aws,
        *,
        sockets: Sockets | None = None,
        known: AppDetails | None = None,
        before: Before | None = None,
        processes: dict[str, Process] | None = None,
    ) -> tuple[list[Service], list[Any]]:
        monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: aws.now, sleep=aws.sleep))
        monkeypatch.setattr(waiting, "containers", lambda *_: [Container("c", "i", "arn/t1", pid=7)])
        monkeypatch.setattr(waiting, "sockets_of", lambda pid: (pid == 7 and sockets) or Sockets())
        instance = Instance(tmp_path, 4600, "000000004600", "us-east-1")
        memory = Memory(instance.account, instance.region, "podman", "", processes=processes or {})
        cloud = cast("Cloud", aws)
        return waiting.Waiting(cloud, instance, memory, known or AppDetails(None), before or Before()).wait(["Web"])

    return run


def test_a_service_is_there_when_it_was_fit_twice(wait: Callable[..., Any]) -> None:
    aws = _Aws([(_service(tasks=1), [HEALTHY]), (_service(), [HEALTHY, HEALTHY])])
    _, answers = wait(aws)
    assert aws.now == 2
    assert [answer.status for answer in answers] == [200]


def test_an_engine_that_ends_meanwhile_is_not_waited_for(wait: Callable[..., Any]) -> None:
    aws = _Aws([(_service(tasks=1), [HEALTHY])])
    with pytest.raises(ToolError, match="a process of the embedded AWS has ended: engine") as caught:
        wait(aws, processes={"aws": Process.of(os.getpid()), "engine": Process(os.getpid(), 1)})
    assert aws.now == 0
    assert (caught.value.log or Path()).name == "engine.log"


def test_a_load_balancer_gets_a_moment_and_its_answer_is_no_condition(wait: Callable[..., Any]) -> None:
    aws = _Aws([(_service(), [HEALTHY, HEALTHY])], answers=[502, 503, 200])
    assert [answer.status for answer in wait(aws)[1]] == [200]
    aws = _Aws([(_service(), [HEALTHY, HEALTHY])], answers=[500])
    assert [answer.status for answer in wait(aws)[1]] == [500]
    assert aws.now == 1
    aws = _Aws([(_service(), [HEALTHY, HEALTHY])], answers=[502])
    assert [answer.status for answer in wait(aws)[1]] == [502]
    assert aws.now < 10


def test_a_health_check_that_never_passes_fails_after_threshold_times_interval(wait: Callable[..., Any]) -> None:
    aws = _Aws([(_service(), [HEALTHY, NOT_FOUND])])
    with pytest.raises(ToolError) as caught:
        wait(aws)
    assert aws.now == 30
    cause = caught.value.cause
    assert cause.startswith("Web-Service: the service did not start: 1 of its targets fails the health check: GET /h")
    assert "failed health check of the load balancer: " in cause, "what explain knows"
    assert cause.endswith("last log lines of this version:\n  listening")
    assert aws.asked_for_lines == ["t1", "t2"]
    assert "TargetHealthCheck(path=" in str(caught.value.fix)


@pytest.mark.parametrize(("before", "lines_of"), [({"arn/t1"}, ["t2"]), ({"arn/t1", "arn/t2"}, ["t1", "t2"])])
def test_lines_are_those_of_this_deployment_or_of_this_version(
    wait: Callable[..., Any], before: set[str], lines_of: list[str]
) -> None:
    """With nothing deployed anew, the tasks that have run before are the ones that fail."""
    aws = _Aws([(_service(), [HEALTHY, NOT_FOUND])])
    with pytest.raises(ToolError):
        wait(aws, before=Before(tasks=frozenset(before)))
    assert aws.asked_for_lines == lines_of


def test_tasks_that_are_replaced_meanwhile_do_not_start_the_clock_again(wait: Callable[..., Any]) -> None:
    old = _service(definition="old", state="IN_PROGRESS")
    bad = (replace(old, tasks=(*_service(tasks=1).tasks, *old.tasks[1:])), [NOT_FOUND, HEALTHY])
    aws = _Aws([*([bad] * 15), *([(old, [HEALTHY, HEALTHY])] * 5), bad])
    with pytest.raises(ToolError):
        wait(aws)
    assert aws.now == 30


def test_a_target_that_passes_for_a_while_starts_the_clock_again(wait: Callable[..., Any]) -> None:
    bad = (_service(), [HEALTHY, NOT_FOUND])
    aws = _Aws([*([bad] * 20), (_service(tasks=1), [HEALTHY]), bad])
    with pytest.raises(ToolError):
        wait(aws)
    assert aws.now == 51


def test_an_application_on_the_loopback_address_fails_in_seconds(wait: Callable[..., Any]) -> None:
    aws = _Aws([(_service(grace=600), [DEAF, DEAF])])
    with pytest.raises(ToolError, match=r"listens on 127\.0\.0\.1:8080 only") as caught:
        wait(aws, sockets=Sockets(loopback=frozenset({8080})))
    assert aws.now == 5
    assert caught.value.fix == "let the application listen on 0.0.0.0:8080"


def test_a_task_that_never_runs_ends_the_wait(wait: Callable[..., Any]) -> None:
    aws = _Aws([(_service(tasks=0), [])])
    with pytest.raises(ToolError, match=r"after 300 seconds 0 of 2 tasks are running \(no task\)"):
        wait(aws)


def _assembly(folder: Path, dockerfile: str) -> Path:
    """An app whose service asks its application on port 9090."""
    (folder / "asset").mkdir(parents=True)
    (folder / "asset" / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    container = {"Name": "web", "Image": "repo:0123456789abcdef", "PortMappings": [{"ContainerPort": 9090}]}
    service = {
        "TaskDefinition": {"Ref": "Task"},
        "LoadBalancers": [{"ContainerName": "web", "ContainerPort": 9090, "TargetGroupArn": "x"}],
    }
    resources = {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [container]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": service},
    }
    image = {"source": {"directory": "asset"}, "destinations": {"a": {"imageTag": "0123456789abcdef"}}}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "dependencies": ["Assets"],
        "properties": {"templateFile": "Web.json"},
    }
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}
    for name, content in (
        ("Web.json", {"Resources": resources}),
        ("assets.json", {"dockerImages": {"a": image}}),
        ("manifest.json", {"artifacts": {"Web": stack, "Assets": assets}}),
    ):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_the_port_of_the_embedded_aws_is_not_the_applications(wait: Callable[..., Any]) -> None:
    aws = _Aws([(_service(grace=60), [DEAF, DEAF])])
    with pytest.raises(ToolError) as caught:
        wait(aws, sockets=Sockets(open=frozenset({7070}), loopback=frozenset({4600})))
    assert "the task listens on 7070\n" in f"{caught.value.cause}\n"


def test_a_port_that_the_dockerfile_does_not_expose_fails_in_seconds(wait: Callable[..., Any], tmp_path: Path) -> None:
    known = AppDetails.of(_assembly(tmp_path / "out", "FROM scratch\nEXPOSE 7070\n"))
    aws = _Aws([(_service(grace=600), [DEAF, DEAF])])
    with pytest.raises(ToolError) as caught:
        wait(aws, sockets=Sockets(open=frozenset({7070})), known=known)
    assert aws.now == 5
    assert caught.value.cause.startswith("Web/Service: the service did not start")
    assert "expose-mismatch: container web: EXPOSE 7070, and the load balancer uses port 9090 (Dockerfile:2)" in (
        caught.value.cause
    )
    assert "uses 8080, and the application listens on 7070" in str(caught.value.fix)


def test_an_assembly_that_cannot_be_read_is_no_failure_of_its_own(tmp_path: Path) -> None:
    assert AppDetails.of(tmp_path).exposed(_service()) == ()
    assert list(AppDetails.of(tmp_path).findings(_service())) == []


def test_what_failed_earlier_is_deployed_again_and_nothing_else_is() -> None:
    aws = _Aws([(_service(state="FAILED"), [])])
    waiting.retry(cast("Cloud", aws), ["Web"], Before(deployments=frozenset({"d"})))
    [(operation, options)] = aws.ecs.asked
    assert operation == "update_service"
    assert options["forceNewDeployment"]
    assert options["taskDefinition"] == "new"
    for state, before in (("FAILED", Before()), ("COMPLETED", Before(deployments=frozenset({"d"})))):
        aws = _Aws([(_service(state=state), [])])
        waiting.retry(cast("Cloud", aws), ["Web"], before)
        assert not aws.ecs.asked

"""Deployments of ECS, rehearsed: a canary, a refusing function, a person who refuses, a version that never starts.

The tests go on: each deploys the next version to the service of the one before it.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from tests.e2e.client import BROKEN, GREETING

if TYPE_CHECKING:
    from types import TracebackType

    from tests.e2e.local_app import LocalApp

APP = """
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs, aws_lambda as functions

from ecr_fargate_constructs import (
    AppContainer, Approval, BlueGreen, Canary, DeploymentHook, LoadBalancedFargateService, PrivateRepository,
    PublicHttp, TargetHealthCheck,
)

app = cdk.App()
stack = cdk.Stack(app, "Web")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
refusing = functions.Function(
    stack,
    "Refusing",
    runtime=functions.Runtime.PYTHON_3_12,
    handler="index.handler",
    code=functions.Code.from_inline(
        "def handler(event, context):\\n    return {'hookStatus': 'FAILED'}\\n"
    ),
)
LoadBalancedFargateService(
    stack,
    "Web",
    container=AppContainer(image, 8080),
    ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")),
    deployment=DEPLOYMENT,
)
app.synth()
"""
CANARY = "Canary(percent=20, canary_bake_time=cdk.Duration.minutes(10), bake_time=cdk.Duration.minutes(2), alarms=None)"
REFUSED = (
    "BlueGreen(bake_time=cdk.Duration.minutes(2), alarms=None, hooks=[DeploymentHook(function=refusing, "
    "stages=[ecs.DeploymentLifecycleStage.POST_SCALE_UP])])"
)
APPROVED = "BlueGreen(bake_time=cdk.Duration.minutes(2), alarms=None, approval=Approval())"
SECOND, THIRD, FOURTH = "the second version", "the third version", "the fourth version"


@dataclass
class Clients:
    """Fifty requests a second, and what ECS says the share is meanwhile."""

    app: LocalApp
    answers: list[tuple[float, int, str]] = field(default_factory=list)
    shares: list[tuple[float, float, str]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=each) for each in (self._ask, self._watch)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stop.wait(0.02):
            at = time.monotonic()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=10)
                with contextlib.closing(connection):
                    connection.request("GET", "/", headers={"Host": self.app.host})
                    answer = connection.getresponse()
                    self.answers.append((at, answer.status, answer.read().decode().strip()))
            except (OSError, http.client.HTTPException):
                self.answers.append((at, 0, ""))

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            target = deployment(self.app)["targetServiceRevision"]
            self.shares.append((time.monotonic(), target["requestedProductionTrafficWeight"], target["arn"]))

    def share(self, percent: float, text: str) -> tuple[int, int]:
        """Requests while ECS gave the new version a share, and how many of them it answered."""
        newest = self.shares[-1][2]
        times = [at for at, share, arn in self.shares if (share, arn) == (percent, newest)]
        during = [body for at, _, body in self.answers if times[0] < at < times[-1]]
        return len(during), during.count(text)

    @property
    def lost(self) -> int:
        """Requests that were not answered with 200."""
        return sum(status != 200 for _, status, _ in self.answers)


def write(app: LocalApp, deployment_value: str) -> None:
    (app.directory / "app.py").write_text(APP.replace("DEPLOYMENT", deployment_value), encoding="utf-8")


def service(app: LocalApp) -> dict[str, Any]:
    [cluster] = app.ask("ecs", "list_clusters")["clusterArns"]
    [arn] = app.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    [found] = app.ask("ecs", "describe_services", cluster=cluster, services=[arn])["services"]
    return dict(found)


def deployment(app: LocalApp) -> dict[str, Any]:
    """The newest service deployment."""
    described = service(app)
    briefs = app.ask(
        "ecs", "list_service_deployments", cluster=described["clusterArn"], service=described["serviceArn"]
    )["serviceDeployments"]
    [found] = app.ask("ecs", "describe_service_deployments", serviceDeploymentArns=[briefs[0]["serviceDeploymentArn"]])[
        "serviceDeployments"
    ]
    return dict(found)


def failures(app: LocalApp) -> str:
    events = app.ask("cloudformation", "describe_stack_events", StackName="Web")["StackEvents"]
    return "\n".join(str(each.get("ResourceStatusReason")) for each in events)


def stack_status(app: LocalApp) -> str:
    [stack] = app.ask("cloudformation", "describe_stacks", StackName="Web")["Stacks"]
    return str(stack["StackStatus"])


def test_a_canary_follows_its_schedule_and_loses_no_request(local_app: LocalApp) -> None:
    write(local_app, CANARY)
    done = local_app.run("up", "--clock", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rehearsed" in done.stdout + done.stderr
    local_app.edit(GREETING, SECOND)
    assert local_app.host
    with Clients(local_app) as clients:
        done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    asked, answered = clients.share(20, SECOND)
    print(f"canary: {answered} of {asked} at 20 %, {clients.lost} of {len(clients.answers)} lost")
    bound = 4 * (asked * 0.2 * 0.8) ** 0.5  # of a binomial distribution: one run in 16,000 is outside
    assert asked > 100
    assert abs(answered - 0.2 * asked) <= bound
    asked, answered = clients.share(100, SECOND)
    assert asked == answered > 0
    assert clients.lost == 0
    assert deployment(local_app)["status"] == "SUCCESSFUL"
    assert {share for _, share, _ in clients.shares} <= {0, 20, 100}


def test_a_function_that_refuses_keeps_the_old_version(local_app: LocalApp) -> None:
    write(local_app, REFUSED)
    local_app.edit(SECOND, THIRD)
    with Clients(local_app) as clients:
        done = local_app.run("up")
    assert done.returncode != 0
    assert {body for _, _, body in clients.answers} == {SECOND}
    assert clients.lost == 0
    newest = deployment(local_app)
    assert (newest["status"], "lifecycle hook" in newest["statusReason"]) == ("ROLLBACK_SUCCESSFUL", True)
    assert "Resource handler returned message" in failures(local_app)
    assert stack_status(local_app) == "UPDATE_ROLLBACK_COMPLETE"


def test_a_person_is_waited_for_and_may_continue(local_app: LocalApp) -> None:
    write(local_app, APPROVED)
    local_app.edit(THIRD, FOURTH)
    with local_app.start("up") as command:
        try:
            for _ in range(300):
                newest = deployment(local_app)
                waiting = [
                    each for each in newest.get("lifecycleHookDetails", ()) if each["status"] == "AWAITING_ACTION"
                ]
                if waiting:
                    break
                assert command.poll() is None, command.communicate()
                time.sleep(0.2)
            assert local_app.get()[1].strip() == SECOND
            local_app.ask(
                "ecs",
                "continue_service_deployment",
                serviceDeploymentArn=newest["serviceDeploymentArn"],
                hookId=waiting[0]["hookId"],
                action="CONTINUE",
            )
            output = command.communicate(timeout=120)
        finally:
            command.kill()
    assert command.returncode == 0, output
    assert local_app.get()[1].strip() == FOURTH
    messages = [each["message"] for each in service(local_app)["events"]]
    assert any("deployment completed" in each for each in messages)
    assert "has reached a steady state" in messages[0]


def test_a_version_that_never_starts_fails_the_stack_and_is_never_seen(faulty_app: LocalApp) -> None:
    done = faulty_app.run("up", "--clock", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert faulty_app.host
    faulty_app.edit(*BROKEN)
    done = faulty_app.run("up")
    assert done.returncode != 0
    assert "ECS Deployment Circuit Breaker was triggered" in failures(faulty_app)
    assert stack_status(faulty_app) == "UPDATE_ROLLBACK_COMPLETE"
    newest = deployment(faulty_app)
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"
    assert newest["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert faulty_app.get() == (200, f"{GREETING}\n")

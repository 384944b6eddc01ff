"""The example that rehearses deployments, with a client, and with what ECS says meanwhile."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from ecr_fargate_constructs.local.deployments.records import ENDED
from ecr_fargate_constructs.local.services import Cloud
from tests.e2e.local_app import LocalApp, copy_app
from tests.support import ROOT
from tests.support.example_apps import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

EXAMPLE = ROOT / "examples" / "rehearsal"
STACK = "Rehearsal"
_CLIENT: Any = load(EXAMPLE / "client.py")
_OF_A_DEFINITION = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
)


@dataclass(frozen=True)
class Moment:
    """ECS's answers between two times: the revision that is deployed, its share, and healthy tasks of new and old."""

    at: float
    until: float
    revision: str
    share: float
    new: int
    old: int

    @property
    def tasks(self) -> tuple[int, int]:
        return self.new, self.old


@dataclass
class Watch:
    """Fifty requests a second, and what ECS says meanwhile."""

    app: LocalApp
    moments: list[Moment] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.client = _CLIENT.Client(f"http://{self.app.host}:{self.app.port}/")
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self.client.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.client.__exit__()

    def _watch(self) -> None:
        ask = Rehearsed(self.app)
        while not self._stop.wait(0.1):
            at = time.monotonic()
            newest, until = ask.deployment(), time.monotonic()
            target = newest["targetServiceRevision"]
            old = sum(each["runningTaskCount"] for each in newest.get("sourceServiceRevisions", ()))
            share = target["requestedProductionTrafficWeight"]
            self.moments.append(Moment(at, until, target["arn"], share, target["runningTaskCount"], old))

    def windows(self, key: Callable[[Moment], object]) -> Iterator[tuple[list[Moment], list[Any]]]:
        """Times in which a key of the newest revision's moments does not change, with the answers meanwhile."""
        newest = self.moments[-1].revision
        for _, group in groupby(self.moments, lambda each: (each.revision, key(each))):
            moments = list(group)
            if moments[0].revision == newest:
                start, end = moments[0].until, moments[-1].at
                yield moments, [each for each in self.client.answers if start < each.at and each.until < end]

    def by_share(self) -> dict[float, list[Any]]:
        """The answers for each share of the newest revision."""
        found: dict[float, list[Any]] = {}
        for moments, answers in self.windows(lambda each: each.share):
            found.setdefault(moments[0].share, []).extend(answers)
        return found

    def count(self, *statuses: int) -> int:
        return sum(each.status in statuses for each in self.client.answers)

    @property
    def lost(self) -> int:
        """Requests that were not answered with 200."""
        return len(self.client.answers) - self.count(200)

    @property
    def versions(self) -> set[str]:
        return {each.version for each in self.client.answers}


def within_bounds(answers: list[Any], version: str, share: float) -> bool:
    """Return whether a version answered its share, within bounds that one run in 16,000 misses by chance."""
    expected, answered = len(answers) * share, sum(each.version == version for each in answers)
    print(f"version {version}: {answered} of {len(answers)} at {share:.0%}")
    return bool(abs(answered - expected) <= max(2, 4 * (expected * (1 - share)) ** 0.5))


class Rehearsed:
    """The service of the example, by the API of ECS."""

    def __init__(self, app: LocalApp) -> None:
        self.app = app
        cloud = Cloud(app.instance)
        self.ecs, self._stacks, self.cloudwatch = (
            cloud.client(name) for name in ("ecs", "cloudformation", "cloudwatch")
        )
        [self.cluster] = self.ecs.list_clusters()["clusterArns"]
        [self.arn] = self.ecs.list_services(cluster=self.cluster)["serviceArns"]

    def service(self) -> dict[str, Any]:
        return dict(self.ecs.describe_services(cluster=self.cluster, services=[self.arn])["services"][0])

    def deployment(self) -> dict[str, Any]:
        """The newest service deployment."""
        newest = self.ecs.list_service_deployments(cluster=self.cluster, service=self.arn)["serviceDeployments"][0]
        arns = [newest["serviceDeploymentArn"]]
        return dict(self.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"][0])

    def deploy(
        self,
        version: str,
        *,
        fault: str = "",
        seconds_to_start: int = 0,
        **changed: Any,  # noqa: ANN401 - of ECS's API
    ) -> None:
        """Begin the deployment of a version, with changes of the service's ``deploymentConfiguration``."""
        service = self.service()
        definition = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        [container] = definition["containerDefinitions"]
        environment = [{"name": "VERSION", "value": version}, {"name": "FAULT", "value": fault}]
        command = ["sh", "-c", f"sleep {seconds_to_start}; exec python server.py"]
        new = self.ecs.register_task_definition(
            **{
                **{name: definition[name] for name in _OF_A_DEFINITION if definition.get(name)},
                "containerDefinitions": [{**container, "environment": environment, "command": command}],
            }
        )["taskDefinition"]["taskDefinitionArn"]
        configuration = {**service["deploymentConfiguration"], **changed}
        self.ecs.update_service(
            cluster=self.cluster, service=self.arn, taskDefinition=new, deploymentConfiguration=configuration
        )

    def end(self, seconds: float = 60) -> dict[str, Any]:
        """The newest deployment when it has ended."""
        return self.wait(lambda newest: newest["status"] in ENDED, seconds)

    def wait(self, condition: Callable[[dict[str, Any]], object], seconds: float = 60) -> dict[str, Any]:
        """The newest deployment when a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition(newest := self.deployment()):
            assert time.monotonic() < deadline, newest
            time.sleep(0.1)
        return newest

    def quiet(self) -> None:
        """Wait until no alarm is in alarm: a deployment ignores those that are at its start."""
        deadline = time.monotonic() + 30
        while self.in_alarm():
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def in_alarm(self) -> list[str]:
        alarms = self.cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
        return [each["AlarmName"] for each in alarms]

    def errors(self) -> int:
        """All responses of the tasks with 5xx, as CloudWatch counts them."""
        metrics = self.cloudwatch.list_metrics(MetricName="HTTPCode_Target_5XX_Count")["Metrics"]
        now = time.time()
        points = [
            point
            for metric in metrics
            if len(metric["Dimensions"]) == 1  # of the load balancer, not of each target group again
            for point in self.cloudwatch.get_metric_statistics(
                **metric, StartTime=now - 1200, EndTime=now + 1, Period=60, Statistics=["Sum"]
            )["Datapoints"]
        ]
        return int(sum(each["Sum"] for each in points))

    def failures(self) -> str:
        events = self._stacks.describe_stack_events(StackName=STACK)["StackEvents"]
        return "\n".join(str(each.get("ResourceStatusReason")) for each in events)

    def status(self) -> str:
        return str(self._stacks.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def copied(folder: Path) -> Path:
    """The example, as a user has it."""
    return copy_app(EXAMPLE, folder, ("rehearsal.py", "cdk.json"))

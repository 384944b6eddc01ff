"""What runs: services, tasks, images and load balancers of deployed stacks, read through the AWS API."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.aws_clients import session_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ecr_fargate_constructs.local.instance import Instance

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Task:
    """A task of a service.

    Attributes:
        arn: Its ARN.
        definition: ARN of its task definition.
        status: ``RUNNING``, ``STOPPED`` and the states between.
        image: Image that its task definition names for the first container.
        digest: Digest that the name stood for.
        reason: Why it stopped, when it did.
        crashed: Whether it stopped of itself, and not because it was told to.
    """

    arn: str
    definition: str
    status: str
    image: str
    digest: str
    reason: str
    crashed: bool

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True)
class Service:
    """A service of a deployed stack, as it is now.

    Attributes:
        stack: Stack that it belongs to.
        cluster: ARN of its cluster.
        arn: Its ARN.
        wanted: Task definition that the stack's template names.
        desired: Number of tasks that should run.
        deployments: Its deployments, as ECS describes them.
        tasks: Its tasks, the stopped ones included.
    """

    stack: str
    cluster: str
    arn: str
    wanted: str
    desired: int
    deployments: tuple[dict[str, Any], ...]
    tasks: tuple[Task, ...]

    @property
    def running(self) -> tuple[Task, ...]:
        """The tasks that run."""
        return tuple(task for task in self.tasks if task.status == "RUNNING")

    @property
    def settled(self) -> bool:
        """Whether the wanted version, and nothing else, runs as often as it should."""
        return (
            len(self.deployments) == 1
            and self.deployments[0]["taskDefinition"] == self.wanted
            and self.deployments[0].get("rolloutState") == "COMPLETED"
            and len(self.running) == self.desired == self.deployments[0]["runningCount"]
        )

    @property
    def failure(self) -> str | None:
        """Why the wanted version did not come up; None as long as it may."""
        for deployment in self.deployments:
            if deployment["taskDefinition"] == self.wanted and deployment.get("rolloutState") == "FAILED":
                return str(deployment.get("rolloutStateReason") or "the deployment failed")
        if all(deployment["taskDefinition"] != self.wanted for deployment in self.deployments):
            return "the deployment was rolled back to the version before"
        return None


@dataclass(frozen=True)
class Balancer:
    """A load balancer of a deployed stack.

    Attributes:
        stack: Stack that it belongs to.
        name: Its name.
        host: Name under which it answers on this machine.
        port: Port on which it answers.
    """

    stack: str
    name: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """Address for browsers and curl, which take every ``*.localhost`` for this machine."""
        return f"http://{self.host}:{self.port}/"

    def ask(self, path: str = "/") -> tuple[int, str]:
        """Status and body of an answer.

        Raises:
            OSError: Nothing answers.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": self.host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()


class Cloud:
    """The embedded AWS, asked with boto3."""

    def __init__(self, instance: Instance) -> None:
        """Ask the embedded AWS of an instance.

        Raises:
            LocalError: Nothing is remembered of it.
        """
        self._instance = instance
        self._clients: dict[str, Any] = {}
        self._session = session_of(instance)

    def client(self, name: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """The client for an AWS service: made once, since making one takes longer than what it is asked."""
        if name not in self._clients:
            self._clients[name] = self._session.client(
                name, endpoint_url=self._instance.endpoint, config=Config(proxies={}, retries={"max_attempts": 3})
            )
        return self._clients[name]

    def resources(self, stacks: Sequence[str], kind: str) -> Iterator[tuple[str, str]]:
        """Stack and physical id of every resource of a type."""
        cloudformation = self.client("cloudformation")
        for stack in stacks:
            try:
                found = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
            except ClientError:
                continue  # not deployed
            for resource in found:
                if resource["ResourceType"] == kind and resource.get("PhysicalResourceId"):
                    yield stack, resource["PhysicalResourceId"]

    def services(self, stacks: Sequence[str]) -> list[Service]:
        """The ECS services of deployed stacks."""
        return [self._service(stack, arn) for stack, arn in self.resources(stacks, "AWS::ECS::Service")]

    def balancers(self, stacks: Sequence[str]) -> list[Balancer]:
        """The load balancers of deployed stacks."""
        found = list(self.resources(stacks, "AWS::ElasticLoadBalancingV2::LoadBalancer"))
        if not found:
            return []
        names = {
            balancer["LoadBalancerArn"]: balancer["LoadBalancerName"]
            for balancer in self.client("elbv2").describe_load_balancers()["LoadBalancers"]
        }
        return [
            Balancer(stack, names[arn], f"{names[arn].lower()}.alb.localhost", self._instance.port)
            for stack, arn in found
            if arn in names
        ]

    def _service(self, stack: str, arn: str) -> Service:
        ecs = self.client("ecs")
        cluster = arn.split("/")[1]
        service = ecs.describe_services(cluster=cluster, services=[arn])["services"][0]
        arns = [
            task
            for status in ("RUNNING", "STOPPED")
            for page in ecs.get_paginator("list_tasks").paginate(
                cluster=cluster, serviceName=service["serviceName"], desiredStatus=status
            )
            for task in page["taskArns"]
        ]
        described = ecs.describe_tasks(cluster=cluster, tasks=arns[:100])["tasks"] if arns else []
        return Service(
            stack,
            service["clusterArn"],
            arn,
            self._wanted(stack, service["taskDefinition"]),
            service["desiredCount"],
            tuple(deployment for deployment in service["deployments"] if deployment["status"] != "INACTIVE"),
            tuple(self._task(task) for task in described),
        )

    def _wanted(self, stack: str, current: str) -> str:
        """The task definition that the stack deployed last, of the family that the service runs."""
        family = current.rpartition(":")[0]
        for _, physical_id in self.resources([stack], "AWS::ECS::TaskDefinition"):
            if physical_id.rpartition(":")[0] == family:
                return physical_id
        return current

    @staticmethod
    def _task(task: dict[str, Any]) -> Task:
        container = (task.get("containers") or [{}])[0]
        reason = container.get("reason") or task.get("stoppedReason", "")
        code = container.get("exitCode")
        if code is not None:
            reason = f"{reason} (exit code {code})".strip()
        crashed = task.get("stopCode") in {"EssentialContainerExited", "TaskFailedToStart"}
        return Task(
            task["taskArn"],
            task["taskDefinitionArn"],
            task["lastStatus"],
            container.get("image", ""),
            container.get("imageDigest", ""),
            reason,
            crashed,
        )

    def last_lines(self, stacks: Sequence[str], count: int = 10, *, tasks: Collection[str] = ()) -> list[str]:
        """The last lines that the containers of deployed services have logged; only of ``tasks``, if some are named."""
        logs = self.client("logs")
        events = []
        for group in self._log_groups(stacks):
            for stream in logs.describe_log_streams(logGroupName=group).get("logStreams", []):
                if tasks and stream["logStreamName"].rpartition("/")[2] not in tasks:
                    continue
                got = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], limit=count)
                events += [(event["timestamp"], event["message"].rstrip()) for event in got["events"]]
        return [_COLOUR.sub("", message) for _, message in sorted(events)[-count:]]

    def _log_groups(self, stacks: Sequence[str]) -> list[str]:
        """The log groups that task definitions name; a stack's functions have some, too."""
        ecs = self.client("ecs")
        options = [
            container.get("logConfiguration", {}).get("options", {})
            for service in self.services(stacks)
            for container in ecs.describe_task_definition(taskDefinition=service.wanted)["taskDefinition"][
                "containerDefinitions"
            ]
        ]
        return list(dict.fromkeys(option["awslogs-group"] for option in options if "awslogs-group" in option))

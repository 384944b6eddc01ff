"""What runs: services, tasks, images and load balancers of deployed stacks, read through the AWS API."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.aws_clients import session_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ecr_fargate_constructs.local.instance import Instance

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MOST_TASKS = 100  # of one DescribeTasks


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
        address: Its private address; empty as long as it has none.
    """

    arn: str
    definition: str
    status: str
    image: str
    digest: str
    reason: str
    crashed: bool
    address: str = ""

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
        deployments: Its deployments, as ECS describes them, the newest of a version first.
        tasks: Its tasks, the stopped ones included.
        logical_id: Its logical id in the template.
        groups: ARNs of the target groups that its tasks are in.
        grace: Seconds from the start of a task in which failed health checks do not count.
    """

    stack: str
    cluster: str
    arn: str
    wanted: str
    desired: int
    deployments: tuple[dict[str, Any], ...]
    tasks: tuple[Task, ...]
    logical_id: str = ""
    groups: tuple[str, ...] = ()
    grace: int = 0

    @property
    def running(self) -> tuple[Task, ...]:
        """The tasks that run."""
        return tuple(task for task in self.tasks if task.status == "RUNNING")

    @property
    def settled(self) -> bool:
        """Whether the wanted version, and nothing else, runs as often as it should.

        A deployment that failed stays in the list for good, so that its reason can be read; it counts only as long as
        tasks of it run.
        """
        live = [each for each in self.deployments if each.get("rolloutState") != "FAILED" or _has_tasks(each)]
        return (
            len(live) == 1
            and live[0]["taskDefinition"] == self.wanted
            and live[0].get("rolloutState") == "COMPLETED"
            and len(self.running) == self.desired == live[0]["runningCount"]
        )

    @property
    def failure(self) -> str | None:
        """Why the wanted version did not come up; None as long as it may."""
        mine = [each for each in self.deployments if each["taskDefinition"] == self.wanted]
        if not mine:
            return "the deployment was rolled back to the version before"
        if mine[0].get("rolloutState") == "FAILED":
            return str(mine[0].get("rolloutStateReason") or "the deployment failed")
        return None


def _has_tasks(deployment: dict[str, Any]) -> bool:
    return bool(deployment.get("runningCount") or deployment.get("pendingCount"))


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
            connection.request("GET", path, headers={"Host": f"{self.host}:{self.port}"})  # as a browser
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
            ToolError: Nothing is remembered of it.
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

    def members(self, stacks: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each resource that the stacks have made, with its stack; those of nested stacks with the one around."""
        cloudformation = self.client("cloudformation")
        for stack in stacks:
            names = [stack]
            for name in names:  # it grows meanwhile
                try:
                    found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
                except ClientError:
                    continue  # not deployed
                for resource in found:
                    if resource.get("PhysicalResourceId"):
                        yield stack, resource
                        if resource["ResourceType"] == "AWS::CloudFormation::Stack":
                            names.append(resource["PhysicalResourceId"])

    def resources(self, stacks: Sequence[str], kind: str) -> Iterator[tuple[str, str]]:
        """Stack and physical id of every resource of a type."""
        return ((stack, physical_id) for stack, _, physical_id in self._resources(stacks, kind))

    def _resources(self, stacks: Sequence[str], kind: str) -> Iterator[tuple[str, str, str]]:
        """Stack, logical and physical id of every resource of a type."""
        for stack, resource in self.members(stacks):
            if resource["ResourceType"] == kind:
                yield stack, resource["LogicalResourceId"], resource["PhysicalResourceId"]

    def services(self, stacks: Sequence[str]) -> list[Service]:
        """The ECS services of deployed stacks."""
        return [self._service(*found) for found in self._resources(stacks, "AWS::ECS::Service")]

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

    def _service(self, stack: str, logical_id: str, arn: str) -> Service:
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
        described = [
            task
            for first in range(0, len(arns), _MOST_TASKS)
            for task in ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + _MOST_TASKS])["tasks"]
        ]
        return Service(
            stack,
            service["clusterArn"],
            arn,
            self._wanted(stack, service["taskDefinition"]),
            service["desiredCount"],
            tuple(deployment for deployment in service["deployments"] if deployment["status"] != "INACTIVE"),
            tuple(self._task(task) for task in described),
            logical_id,
            tuple(each["targetGroupArn"] for each in service.get("loadBalancers", ()) if "targetGroupArn" in each),
            service.get("healthCheckGracePeriodSeconds", 0),
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
        details = [each for attachment in task.get("attachments", ()) for each in attachment.get("details", ())]
        addresses = [each.get("value", "") for each in details if each.get("name") == "privateIPv4Address"]
        return Task(
            task["taskArn"],
            task["taskDefinitionArn"],
            task["lastStatus"],
            container.get("image", ""),
            container.get("imageDigest", ""),
            reason,
            crashed,
            next(iter(addresses), ""),
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
        events.sort(key=itemgetter(0))  # by time alone: within a millisecond they stay as the container printed them
        return [_COLOUR.sub("", message) for _, message in events[-count:]]

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

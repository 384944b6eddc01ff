"""Read the services, tasks, images and load balancers of deployed stacks through the AWS API."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.addresses import DOMAIN, domain_label, first_listener, of_scheme
from ecr_fargate_constructs.local.aws_clients import session_of
from ecr_fargate_constructs.local.instance import Memory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MAX_TASKS = 100  # in one call of DescribeTasks


@dataclass(frozen=True)
class Task:
    """A task of a service.

    Attributes:
        arn: Its ARN.
        definition: ARN of its task definition.
        status: Its status in ECS, such as ``RUNNING`` or ``STOPPED``.
        image: Image of its first container in the task definition.
        digest: Digest of that image.
        reason: Why it stopped; empty if it did not.
        crashed: Whether a container exited or failed to start, so that ECS did not stop it on purpose.
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
        """Last part of the ARN."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True)
class Service:
    """A service of a deployed stack, as it is now.

    Attributes:
        stack: Stack that it belongs to.
        cluster: ARN of its cluster.
        arn: Its ARN.
        wanted: Task definition that the stack deployed last.
        desired: Number of tasks that should run.
        deployments: Its deployments, as ECS describes them, the newest of a version first.
        tasks: Its tasks, including stopped ones.
        logical_id: Its logical id in the template.
        groups: ARNs of its target groups.
        grace: Seconds after the start of a task during which failed health checks do not count.
        alternates: ARNs of the second target groups, to which a deployment may have moved the tasks.
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
    alternates: tuple[str, ...] = ()

    @property
    def running(self) -> tuple[Task, ...]:
        """The running tasks."""
        return tuple(task for task in self.tasks if task.status == "RUNNING")

    @property
    def settled(self) -> bool:
        """Return whether the wanted version, and no other, has the desired number of tasks.

        A failed deployment stays in the list, so that its reason can be read. It counts only as long as it has tasks.
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
        """The reason why the wanted version failed; None if it has not failed."""
        attempts = [each for each in self.deployments if each["taskDefinition"] == self.wanted]
        if not attempts:
            return "the deployment was rolled back to the previous version"
        if attempts[0].get("rolloutState") == "FAILED":
            return str(attempts[0].get("rolloutStateReason") or "the deployment failed")
        return None


def _has_tasks(deployment: dict[str, Any]) -> bool:
    return bool(deployment.get("runningCount") or deployment.get("pendingCount"))


@dataclass(frozen=True)
class Balancer:
    """A load balancer of a deployed stack.

    Attributes:
        stack: Stack that it belongs to.
        name: Its name.
        host: Its host name on this machine.
        port: Its port on this machine.
        authority: File of the certificate authority if it answers over HTTPS.
    """

    stack: str
    name: str
    host: str
    port: int
    authority: Path | None = None

    @property
    def url(self) -> str:
        """URL for browsers and curl, which resolve every ``*.localhost`` to this machine."""
        return f"{'http' if self.authority is None else 'https'}://{self.host}:{self.port}/"

    def get(self, path: str = "/") -> tuple[int, str]:
        """Send a GET request, and return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            if self.authority is not None:  # connected here, since the name does not resolve everywhere
                context = ssl.create_default_context(cafile=str(self.authority))
                plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
                connection.sock = context.wrap_socket(plain, server_hostname=self.host)
            connection.request("GET", path, headers={"Host": f"{self.host}:{self.port}"})  # as a browser does
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()


class Cloud:
    """The API of the embedded AWS, through boto3."""

    def __init__(self, instance: Instance) -> None:
        """Connect to an instance."""
        self._instance = instance
        self._clients: dict[str, Any] = {}
        self._session = session_of(instance)
        memory = Memory.load(instance.memory_file)
        self.https_port = memory.https_port if memory is not None else 0

    def client(self, name: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Return the client for an AWS service; it is kept, since creating one takes longer than a call."""
        if name not in self._clients:
            self._clients[name] = self._session.client(
                name, endpoint_url=self._instance.endpoint, config=Config(proxies={}, retries={"max_attempts": 3})
            )
        return self._clients[name]

    def members(self, stacks: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the resources of stacks, each with its stack; those of nested stacks with the outermost stack."""
        cloudformation = self.client("cloudformation")
        for stack in stacks:
            names = [stack]
            for name in names:  # the loop appends to the list
                try:
                    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
                except ClientError:
                    continue  # not deployed
                for resource in resources:
                    if resource.get("PhysicalResourceId"):
                        yield stack, resource
                        if resource["ResourceType"] == "AWS::CloudFormation::Stack":
                            names.append(resource["PhysicalResourceId"])

    def resources(self, stacks: Sequence[str], kind: str) -> Iterator[tuple[str, str]]:
        """Return stack and physical id of each resource of a type."""
        return ((stack, physical_id) for stack, _, physical_id in self._resources(stacks, kind))

    def _resources(self, stacks: Sequence[str], kind: str) -> Iterator[tuple[str, str, str]]:
        """Yield stack, logical id and physical id of each resource of a type."""
        for stack, resource in self.members(stacks):
            if resource["ResourceType"] == kind:
                yield stack, resource["LogicalResourceId"], resource["PhysicalResourceId"]

    def services(self, stacks: Sequence[str]) -> list[Service]:
        """Return the ECS services of deployed stacks."""
        return [self._service(*ids) for ids in self._resources(stacks, "AWS::ECS::Service")]

    def balancers(self, stacks: Sequence[str]) -> list[Balancer]:
        """Return the load balancers of deployed stacks."""
        arns = list(self.resources(stacks, "AWS::ElasticLoadBalancingV2::LoadBalancer"))
        if not arns:
            return []
        names = {
            balancer["LoadBalancerArn"]: balancer["LoadBalancerName"]
            for balancer in self.client("elbv2").describe_load_balancers()["LoadBalancers"]
        }
        return [self._balancer(stack, arn, names[arn]) for stack, arn in arns if arn in names]

    def _balancer(self, stack: str, arn: str, name: str) -> Balancer:
        host = f"{name.lower()}{DOMAIN}"
        listeners = of_scheme(self.listeners(arn), "https") if self.https_port else []
        if not listeners:
            return Balancer(stack, name, host, self._instance.port)
        domain = domain_label(first_listener(listeners))
        return Balancer(stack, name, f"{domain}{host}", self.https_port, self._instance.authority.file)

    def listeners(self, balancer: str) -> list[dict[str, Any]]:
        """Return the listeners of a load balancer; those for HTTPS with the domain of their certificate."""
        listeners = self.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        return [{**each, "Domain": self._domain(each)} for each in listeners] if self.https_port else listeners

    def _domain(self, listener: dict[str, Any]) -> str:
        for certificate in listener.get("Certificates") or ():
            with contextlib.suppress(ClientError):  # imported, and not known here
                arn = certificate["CertificateArn"]
                return str(self.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["DomainName"])
        return ""

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
            for first in range(0, len(arns), _MAX_TASKS)
            for task in ecs.describe_tasks(cluster=cluster, tasks=arns[first : first + _MAX_TASKS])["tasks"]
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
            tuple(
                each["advancedConfiguration"]["alternateTargetGroupArn"]
                for each in service.get("loadBalancers", ())
                if "alternateTargetGroupArn" in each.get("advancedConfiguration", {})
            ),
        )

    def _wanted(self, stack: str, current: str) -> str:
        """Return the task definition that the stack deployed last, in the family that the service runs."""
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
        """Return the last log lines of deployed services; only those of ``tasks``, if any are given."""
        logs = self.client("logs")
        events = []
        for group in self._log_groups(stacks):
            for stream in logs.describe_log_streams(logGroupName=group).get("logStreams", []):
                if tasks and stream["logStreamName"].rpartition("/")[2] not in tasks:
                    continue
                answer = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], limit=count)
                events += [(event["timestamp"], event["message"].rstrip()) for event in answer["events"]]
        events.sort(key=itemgetter(0))  # by time alone: within a millisecond the order of printing stays
        return [_COLOUR.sub("", message) for _, message in events[-count:]]

    def _log_groups(self, stacks: Sequence[str]) -> list[str]:
        """Return the log groups of task definitions, without those of the stacks' functions."""
        ecs = self.client("ecs")
        options = [
            container.get("logConfiguration", {}).get("options", {})
            for service in self.services(stacks)
            for container in ecs.describe_task_definition(taskDefinition=service.wanted)["taskDefinition"][
                "containerDefinitions"
            ]
        ]
        return list(dict.fromkeys(option["awslogs-group"] for option in options if "awslogs-group" in option))

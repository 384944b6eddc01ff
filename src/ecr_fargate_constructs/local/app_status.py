"""The status of an app on the embedded AWS: its stacks, services, tasks, containers and URLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.addresses import address_of
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from ecr_fargate_constructs.local.addresses import Address, Described
    from ecr_fargate_constructs.local.containers import Container
    from ecr_fargate_constructs.local.services import Cloud

_PAGE = 100  # tasks in one call of DescribeTasks
_STOPPED = "STOPPED"
_NOT_THERE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


@dataclass(frozen=True)
class ContainerStatus:
    """A container of a task.

    Attributes:
        name: Its name in the task definition.
        status: Its status in ECS, such as ``RUNNING``.
        image: Image in the task definition.
        digest: Digest of that image; empty before it is pulled.
        runs: Image that the engine reports for it; empty if the engine does not know the container.
    """

    name: str
    status: str
    image: str
    digest: str
    runs: str


@dataclass(frozen=True)
class TaskStatus:
    """A task that has not stopped.

    Attributes:
        identifier: Its id, the last part of the ARN.
        status: Its status in ECS, such as ``RUNNING``.
        containers: Its containers.
    """

    identifier: str
    status: str
    containers: tuple[ContainerStatus, ...]


@dataclass(frozen=True)
class ServiceStatus:
    """A service.

    Attributes:
        stack: Name of its stack.
        name: Path of its construct; its logical id if the template has no path.
        aliases: Other names for it: the last part of the path, the full path, the logical id and the name in ECS.
        arn: Its ARN.
        cluster: Name of its cluster.
        definition: ARN of the task definition that it runs.
        desired: Number of tasks that should run.
        tasks: Its tasks, without stopped ones.
        address: Its address; None if it is not behind a load balancer.
    """

    stack: str
    name: str
    aliases: frozenset[str]
    arn: str
    cluster: str
    definition: str
    desired: int
    tasks: tuple[TaskStatus, ...]
    address: Address | None

    @property
    def running(self) -> int:
        """Number of tasks that run."""
        return sum(task.status == "RUNNING" for task in self.tasks)


@dataclass(frozen=True)
class AppStatus:
    """The status of an app.

    Attributes:
        stacks: The status of each deployed stack of the app, by name, as CloudFormation reports it.
        services: The services of these stacks.
        further_urls: URLs of load balancers that forward to none of these services.
    """

    stacks: Mapping[str, str]
    services: tuple[ServiceStatus, ...]
    further_urls: tuple[str, ...]

    @property
    def up(self) -> bool:
        """Return whether a stack is deployed, and a task is running unless no service wants one."""
        wants_tasks = any(service.desired for service in self.services)
        return bool(self.stacks) and (not wants_tasks or any(service.running for service in self.services))


def chosen(services: Sequence[ServiceStatus], name: str | None) -> tuple[ServiceStatus, ...]:
    """Return the services with this name; all services if ``name`` is None."""
    matching = tuple(each for each in services if name is None or name == each.name or name in each.aliases)
    if name is not None and not matching:
        deployed = ", ".join(each.name for each in services) or "none"
        raise ToolError(f"no service {name} is deployed", fix=f"use one of these: {deployed}")
    return matching


def app_status(cloud: Cloud, assembly: Path, port: int, containers: Sequence[Container] = ()) -> AppStatus:
    """Return the status of an app.

    Args:
        cloud: The embedded AWS.
        assembly: The cloud assembly that was deployed; without one nothing is running.
        port: Port of the embedded AWS.
        containers: The engine's containers of the instance.
    """
    if not (assembly / "manifest.json").is_file():
        return AppStatus({}, (), ())
    app = load(assembly)
    stacks = dict(_deployed(cloud, {stack.name for stack in app.stacks}))
    names = {(each.template.stack.name, each.logical_id): each.path for each in app.of("AWS::ECS::Service")}
    images = {(each.task, each.name): each.image for each in containers}
    balancers = _balancers(cloud)
    services = tuple(
        service
        for stack, resource in cloud.members(list(stacks))
        if resource["ResourceType"] == "AWS::ECS::Service"
        and (service := _service(cloud, stack, resource, names, images, balancers, port)) is not None
    )
    used = {each.address.balancer for each in services if each.address is not None}
    further = [each for each in cloud.balancers(list(stacks)) if each.name not in used]
    return AppStatus(stacks, services, tuple(each.url for each in further))


def _deployed(cloud: Cloud, names: Collection[str]) -> Iterator[tuple[str, str]]:
    # Not DescribeStacks: it answers only when a stack that is changing has finished.
    for page in cloud.client("cloudformation").get_paginator("list_stacks").paginate():
        for stack in page["StackSummaries"]:
            if stack["StackName"] in names and stack["StackStatus"] not in _NOT_THERE:
                yield stack["StackName"], stack["StackStatus"]


def _balancers(cloud: Cloud) -> list[tuple[str, list[tuple[Described, Sequence[Described]]]]]:
    """Return the load balancers by name, each with its listeners and their rules."""
    elb = cloud.client("elbv2")
    return [
        (
            balancer["LoadBalancerName"],
            [
                (listener, elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"])
                for listener in cloud.listeners(balancer["LoadBalancerArn"])
            ],
        )
        for balancer in elb.describe_load_balancers()["LoadBalancers"]
    ]


def _service(
    cloud: Cloud,
    stack: str,
    resource: Mapping[str, Any],
    names: Mapping[tuple[str, str], str],
    images: Mapping[tuple[str, str], str],
    balancers: Sequence[tuple[str, list[tuple[Described, Sequence[Described]]]]],
    port: int,
) -> ServiceStatus | None:
    arn, logical_id = resource["PhysicalResourceId"], resource["LogicalResourceId"]
    ecs, cluster = cloud.client("ecs"), arn.split("/")[-2]
    service = next(iter(ecs.describe_services(cluster=cluster, services=[arn])["services"]), None)
    if service is None:
        return None  # it is being deleted
    path = names.get((stack, logical_id), logical_id)
    parts = path.split("/")
    own = parts[:-1] if len(parts) > 2 and parts[-1] == "Service" else parts  # noqa: PLR2004 - stack and construct
    groups = {
        group
        for each in service.get("loadBalancers", ())
        for group in (
            each.get("targetGroupArn"),
            (each.get("advancedConfiguration") or {}).get("alternateTargetGroupArn"),
        )
        if group
    }
    addresses = (address_of(groups, balancer, rules, port, cloud.https_port) for balancer, rules in balancers)
    return ServiceStatus(
        stack,
        "/".join(own),
        frozenset({own[-1], path, logical_id, service["serviceName"]}),
        arn,
        cluster,
        service["taskDefinition"],
        service["desiredCount"],
        tuple(_tasks(ecs, cluster, service["serviceName"], images)),
        next((each for each in addresses if each is not None), None),
    )


def _tasks(
    ecs: Any,  # noqa: ANN401 - boto3 makes its clients at run time
    cluster: str,
    service: str,
    images: Mapping[tuple[str, str], str],
) -> Iterator[TaskStatus]:
    arns = [
        arn
        for page in ecs.get_paginator("list_tasks").paginate(cluster=cluster, serviceName=service)
        for arn in page["taskArns"]
    ]
    for start in range(0, len(arns), _PAGE):
        for task in ecs.describe_tasks(cluster=cluster, tasks=arns[start : start + _PAGE])["tasks"]:
            if task["lastStatus"] != _STOPPED:
                yield TaskStatus(
                    task["taskArn"].rpartition("/")[2],
                    task["lastStatus"],
                    tuple(
                        ContainerStatus(
                            each["name"],
                            each.get("lastStatus", ""),
                            each.get("image", ""),
                            each.get("imageDigest", ""),
                            images.get((task["taskArn"], each["name"]), ""),
                        )
                        for each in task.get("containers", ())
                    ),
                )

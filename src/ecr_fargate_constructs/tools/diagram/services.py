"""Draw services: the number and size of their tasks, their containers, and the resources that they use."""

from __future__ import annotations

import re
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.diagram.labels import anchor_of, tip_of, title_of
from ecr_fargate_constructs.tools.diagram.scene import Box, Row, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Container, Service, Task

_OPEN = re.compile(r"\$\{|\}")
_SHORT_TAG = 12
_PARTS = {
    "AWS::EFS::AccessPoint": ("FileSystemId",),
    "AWS::SecretsManager::SecretTargetAttachment": ("SecretId", "TargetId"),
}
"""Types that are part of other resources, and the properties that name those."""


def service_box(service: Service, *, several_stacks: bool) -> Box:
    """Return the box of a service, with its tasks and containers."""
    task = service.task
    rows = [Row(_tasks(service)), *([] if task is None else task_rows(task))]
    kind = "Fargate service" if service.fargate else "service on EC2"
    if several_stacks:
        kind += f", stack {service.resource.template.stack.display}"
    return Box(
        anchor=anchor_of(service.resource),
        title=title_of(service.resource),
        kind=kind,
        rows=tuple(rows),
        tone=Tone.COMPUTE,
        tip=tip_of(service.resource),
    )


def task_rows(task: Task) -> list[Row]:
    """Return the rows of a task: its size and its containers."""
    rows = []
    if task.cpu is not None and task.memory is not None:
        cpu, memory = (Decimal(size) / 1024 for size in (task.cpu, task.memory))
        arm = ", ARM" if task.architecture == "ARM64" else ""
        rows.append(Row(f"{cpu.normalize():f} vCPU, {memory.normalize():f} GB{arm}"))
    return rows + [Row(_container(each), framed=True) for each in task.containers]


def used_by(service: Service) -> list[Resource]:
    """Return the resources that a service uses, and those that its tasks use."""
    if service.task is None:
        return []
    values = [service.resource.get(key) for key in ("ServiceConnectConfiguration", "ServiceRegistries")]
    return used_by_task(service.task, service.app.targets(values, service.resource.template))


def used_by_task(task: Task, further: Iterable[Resource] = ()) -> list[Resource]:
    """Return the resources that a task uses: repositories, logs, secrets, volumes, and those its role may access."""
    app, home = task.app, task.resource.template
    used: list[Resource] = []
    for container in task.containers:
        for key in ("Image", "LogConfiguration", "Secrets", "Environment"):
            used += app.targets(container.definition.get(key), home)
    used += [*app.targets(task.resource.get("Volumes"), home), *further]
    for policy in _policies(task):
        used += app.targets(policy.get("PolicyDocument"), policy.template)
    return list(dict.fromkeys(owner for part in used for owner in _owners(app, part)))


def may(task: Task, action: str) -> set[Resource]:
    """Return the resources on which the role of a task allows an action, such as ``sqs:ReceiveMessage``."""
    allowed: set[Resource] = set()
    for policy in _policies(task):
        statements = policy.get("PolicyDocument", "Statement")
        for each in statements if isinstance(statements, list) else [statements]:
            if not isinstance(each, dict) or each.get("Effect") != "Allow":
                continue
            actions = each.get("Action")
            names = [str(name).lower() for name in (actions if isinstance(actions, list) else [actions])]
            if any(fnmatchcase(action.lower(), name) for name in names):
                allowed.update(task.app.targets(each.get("Resource"), policy.template))
    return allowed


def _policies(task: Task) -> Iterable[Resource]:
    role = task.app.target(task.resource.get("TaskRoleArn"), task.resource.template)
    return () if role is None else task.app.referring(role, "AWS::IAM::Policy", "Roles")


def _owners(app: App, part: Resource) -> Iterable[Resource]:
    """Return the resources of a part: the file system of an access point, secret and database of an attachment."""
    names = _PARTS.get(part.kind)
    return (part,) if names is None else [each for name in names for each in app.targets(part.get(name), part.template)]


def _tasks(service: Service) -> str:
    scaling = service.scaling
    if scaling is not None:
        least = "0" if service.sleeps else service.app.text(scaling.get("MinCapacity"), scaling.template)
        most = service.app.text(scaling.get("MaxCapacity"), scaling.template)
        return f"{least} to {most} tasks" if least != most else "1 task" if most == "1" else f"{most} tasks"
    count = service.desired
    if service.sleeps:
        return f"0 to {count} tasks"
    return "tasks" if count is None else "1 task" if count == 1 else f"{count} tasks"


def _container(container: Container) -> str:
    """Return the row of a container: its name, and its image unless the app builds it."""
    if container.built is not None:
        return f"{container.name}: built by the app"
    name = container.image.rpartition("/")[2]
    head, separator, tag = name.partition("@" if "@" in name else ":")
    repository = container.task.app.target(container.definition.get("Image"), container.task.resource.template)
    if repository is not None and repository.kind == "AWS::ECR::Repository":
        head = title_of(repository)
    return f"{container.name}: {_OPEN.sub('', head)}{separator}{tag[:_SHORT_TAG]}"

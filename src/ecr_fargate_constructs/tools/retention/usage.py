"""Find the images that ECS uses: in running tasks, in active services, and in their previous revisions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules.lock_file import read_lock
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.tools.aws_calls import call_aws
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MAX_SERVICES = 10  # in one call of DescribeServices
_MAX_TASKS = 100  # in one call of DescribeTasks


@dataclass(frozen=True)
class Usage:
    """An image in use.

    Attributes:
        reference: Its tag, or its digest, which begins with ``sha256:``.
        users: The services and tasks that use it, in words.
    """

    reference: str
    users: tuple[str, ...]


def images_in_use(ecs: Any, repository_uri: str, clusters: Iterable[str] | None) -> list[Usage]:  # noqa: ANN401 - boto3
    """Return the images of a repository that ECS uses, in the given clusters or in all.

    Raises:
        ToolError: The caller lacks a permission.
    """
    users: dict[str, list[str]] = defaultdict(list)
    names = list(clusters) if clusters is not None else _all(ecs, "list_clusters", "clusterArns", "ecs:ListClusters")
    for cluster in names:
        for definition, user in [*_of_services(ecs, cluster), *_of_tasks(ecs, cluster, repository_uri, users)]:
            for image in _container_images(ecs, definition):
                reference = _reference(image, repository_uri)
                if reference is not None:
                    users[reference].append(user)
    return [Usage(reference, tuple(dict.fromkeys(names))) for reference, names in sorted(users.items())]


def images_locked(lock_file: Path, repository_uri: str) -> list[Usage]:
    """Return the images of a repository that a lock file names.

    Raises:
        ToolError: The file is not a lock file.
    """
    try:
        locked = read_lock(lock_file)
    except ConfigurationError as error:
        raise ToolError(str(error)) from error
    return [
        Usage(each.digest, (f"{each.name} of {lock_file.name}",))
        for each in locked.values()
        if each.repository == repository_uri
    ]


def _of_services(ecs: Any, cluster: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - boto3
    """Yield the task definitions of services, each with its user: current, being replaced, and previous."""
    arns = _all(ecs, "list_services", "serviceArns", "ecs:ListServices", cluster=cluster)
    for start in range(0, len(arns), _MAX_SERVICES):
        batch = arns[start : start + _MAX_SERVICES]
        answer = call_aws(
            lambda batch=batch: ecs.describe_services(cluster=cluster, services=batch),  # type: ignore[misc]
            "ecs:DescribeServices",
        )
        for service in answer["services"]:
            if service["status"] == "INACTIVE":
                continue
            name = service["serviceName"]
            current = {service["taskDefinition"], *(d["taskDefinition"] for d in service.get("deployments", []))}
            for definition in sorted(current):
                yield definition, f"service {name}"
            previous = _previous(ecs, service["taskDefinition"])
            if previous is not None and previous not in current:
                yield previous, f"previous revision of service {name}"


def _previous(ecs: Any, definition: str) -> str | None:  # noqa: ANN401 - boto3
    family, _, revision = definition.rpartition("/")[2].rpartition(":")
    arns = _all(
        ecs,
        "list_task_definitions",
        "taskDefinitionArns",
        "ecs:ListTaskDefinitions",
        familyPrefix=family,
        status="ACTIVE",
    )
    # The prefix may match other families too. A deregistered revision is not listed: ECS never returns to it by itself.
    same_family = [arn for arn in arns if arn.rpartition("/")[2].rpartition(":")[0] == family]
    older = [arn for arn in same_family if int(arn.rpartition(":")[2]) < int(revision)]
    return max(older, key=lambda arn: int(arn.rpartition(":")[2]), default=None)


def _of_tasks(
    ecs: Any,  # noqa: ANN401 - boto3
    cluster: str,
    repository_uri: str,
    users: dict[str, list[str]],
) -> Iterator[tuple[str, str]]:
    """Add the digests that running tasks use to ``users``, and yield the task definitions of tasks without digests."""
    arns = _all(ecs, "list_tasks", "taskArns", "ecs:ListTasks", cluster=cluster, desiredStatus="RUNNING")
    for start in range(0, len(arns), _MAX_TASKS):
        batch = arns[start : start + _MAX_TASKS]
        answer = call_aws(
            lambda batch=batch: ecs.describe_tasks(cluster=cluster, tasks=batch),  # type: ignore[misc]
            "ecs:DescribeTasks",
        )
        for task in answer["tasks"]:
            user = f"task {task['taskArn'].rpartition('/')[2]}"
            digests = [
                container["imageDigest"]
                for container in task.get("containers", [])
                if container.get("imageDigest") and _reference(container.get("image", ""), repository_uri)
            ]
            for digest in digests:
                users[digest].append(user)
            if not digests:
                yield task["taskDefinitionArn"], user


def _container_images(ecs: Any, definition: str) -> list[str]:  # noqa: ANN401 - boto3
    answer = call_aws(lambda: ecs.describe_task_definition(taskDefinition=definition), "ecs:DescribeTaskDefinition")
    return [container["image"] for container in answer["taskDefinition"]["containerDefinitions"]]


def _reference(image: str, repository_uri: str) -> str | None:
    """Return the tag or digest of an image, or None if it is not an image of the repository."""
    name, separator, digest = image.partition("@")
    if separator:
        return digest if name.partition(":")[0] == repository_uri or name == repository_uri else None
    repository, _, tag = image.rpartition(":")
    if image == repository_uri:
        return "latest"
    return tag if repository == repository_uri else None


def _all(ecs: Any, operation: str, key: str, permission: str, **options: str) -> list[str]:  # noqa: ANN401 - boto3
    items: list[str] = call_aws(
        lambda: [item for page in ecs.get_paginator(operation).paginate(**options) for item in page[key]], permission
    )
    return items

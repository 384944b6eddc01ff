"""Which images of a repository are in use by ECS: by a running task, an active service, or its previous revision."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.aws_calls import call_aws

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SERVICES = 10  # that DescribeServices takes at once
_TASKS = 100  # that DescribeTasks takes at once


@dataclass(frozen=True)
class Usage:
    """An image in use.

    Attributes:
        reference: Tag, or digest when it begins with ``sha256:``.
        users: Who uses it, in words.
    """

    reference: str
    users: tuple[str, ...]


def images_in_use(ecs: Any, repository_uri: str, clusters: Iterable[str] | None) -> list[Usage]:  # noqa: ANN401 - boto3
    """The images of a repository that ECS uses, in the named clusters or in all of them.

    Raises:
        ToolError: A permission is missing.
    """
    users: dict[str, list[str]] = defaultdict(list)
    names = list(clusters) if clusters is not None else _all(ecs, "list_clusters", "clusterArns", "ecs:ListClusters")
    for cluster in names:
        for definition, who in [*_of_services(ecs, cluster), *_of_tasks(ecs, cluster, repository_uri, users)]:
            for image in _container_images(ecs, definition):
                reference = _reference(image, repository_uri)
                if reference is not None:
                    users[reference].append(who)
    return [Usage(reference, tuple(dict.fromkeys(who))) for reference, who in sorted(users.items())]


def _of_services(ecs: Any, cluster: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - boto3
    """Task definitions of services: what they run, what they are replacing, and the revision before."""
    arns = _all(ecs, "list_services", "serviceArns", "ecs:ListServices", cluster=cluster)
    for start in range(0, len(arns), _SERVICES):
        batch = arns[start : start + _SERVICES]
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
    # A prefix may name other families too; a deregistered revision is none that ECS would go back to by itself.
    mine = [arn for arn in arns if arn.rpartition("/")[2].rpartition(":")[0] == family]
    older = [arn for arn in mine if int(arn.rpartition(":")[2]) < int(revision)]
    return max(older, key=lambda arn: int(arn.rpartition(":")[2]), default=None)


def _of_tasks(
    ecs: Any,  # noqa: ANN401 - boto3
    cluster: str,
    repository_uri: str,
    users: dict[str, list[str]],
) -> Iterator[tuple[str, str]]:
    """Task definitions of running tasks; the digests that they really run are noted in ``users``."""
    arns = _all(ecs, "list_tasks", "taskArns", "ecs:ListTasks", cluster=cluster, desiredStatus="RUNNING")
    for start in range(0, len(arns), _TASKS):
        batch = arns[start : start + _TASKS]
        answer = call_aws(
            lambda batch=batch: ecs.describe_tasks(cluster=cluster, tasks=batch),  # type: ignore[misc]
            "ecs:DescribeTasks",
        )
        for task in answer["tasks"]:
            who = f"task {task['taskArn'].rpartition('/')[2]}"
            digests = [
                container["imageDigest"]
                for container in task.get("containers", [])
                if container.get("imageDigest") and _reference(container.get("image", ""), repository_uri)
            ]
            for digest in digests:
                users[digest].append(who)
            if not digests:
                yield task["taskDefinitionArn"], who


def _container_images(ecs: Any, definition: str) -> list[str]:  # noqa: ANN401 - boto3
    answer = call_aws(lambda: ecs.describe_task_definition(taskDefinition=definition), "ecs:DescribeTaskDefinition")
    return [container["image"] for container in answer["taskDefinition"]["containerDefinitions"]]


def _reference(image: str, repository_uri: str) -> str | None:
    """Tag or digest of an image, if the repository holds it."""
    name, at, digest = image.partition("@")
    if at:
        return digest if name.partition(":")[0] == repository_uri or name == repository_uri else None
    repository, _, tag = image.rpartition(":")
    if image == repository_uri:
        return "latest"
    return tag if repository == repository_uri else None


def _all(ecs: Any, operation: str, key: str, permission: str, **options: str) -> list[str]:  # noqa: ANN401 - boto3
    found: list[str] = call_aws(
        lambda: [item for page in ecs.get_paginator(operation).paginate(**options) for item in page[key]], permission
    )
    return found

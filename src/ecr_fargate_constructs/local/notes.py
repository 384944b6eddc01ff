"""What a user should know of an app before it is deployed here: its warnings, and the limits that it meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly import stacks as assembly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecr_fargate_constructs.tools.assembly.stacks import Stack

_WARNING = "aws:cdk:warning"
_NAMES_ONLY = frozenset({"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})
"""Types of servers of which MiniStack's CloudFormation makes a record, and no server."""


def warnings(stacks: Iterable[Stack]) -> list[str]:
    """Return the warnings that constructs recorded, each once, with the construct's path."""
    found = (
        f"[{path}] {entry.get('data')}"
        for stack in stacks
        for path, entries in stack.metadata().items()
        for entry in entries
        if entry.get("type") == _WARNING
    )
    return list(dict.fromkeys(found))


def notes(stacks: Iterable[Stack], engine: str) -> Iterator[str]:
    """Return what the embedded AWS, or the container engine, does not do of what the stacks ask."""
    every = list(stacks)
    for stack in every:
        for kind, logical_id in stack.resources():
            if kind in _NAMES_ONLY:
                yield (
                    f"{kind} ({logical_id} in {stack.name}) is a name only in the embedded AWS: no server runs, and "
                    "its address does not resolve; run one as a sidecar of the task, or elsewhere"
                )
    if engine == "podman" and any(_has_build_cache(stack) for stack in every):
        yield "podman cannot take a build cache in Docker's form: cache_from and cache_to are left out of the build"


def _has_build_cache(stack: Stack) -> bool:
    images = (image for manifest in stack.assets for image in assembly.read(manifest).get("dockerImages", {}).values())
    return any({"cacheFrom", "cacheTo"} & image.get("source", {}).keys() for image in images)

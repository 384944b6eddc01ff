"""Warnings of an app, and notes about the parts of it that the embedded AWS does not emulate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly import stacks as assembly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ecr_fargate_constructs.tools.assembly.stacks import Stack

_WARNING = "aws:cdk:warning"
_NAMES_ONLY = frozenset({"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})
"""Types of servers for which MiniStack's CloudFormation creates a record, but no server."""


def warnings(stacks: Iterable[Stack]) -> list[str]:
    """Return the warnings that constructs recorded, each once, with the construct's path."""
    texts = (
        f"[{path}] {entry.get('data')}"
        for stack in stacks
        for path, entries in stack.metadata().items()
        for entry in entries
        if entry.get("type") == _WARNING
    )
    return list(dict.fromkeys(texts))


def notes(stacks: Iterable[Stack], engine: str) -> Iterator[str]:
    """Yield a note for each part of the stacks that the embedded AWS or the container engine does not support."""
    all_stacks = list(stacks)
    for stack in all_stacks:
        for kind, logical_id in stack.resources():
            if kind in _NAMES_ONLY:
                yield (
                    f"{kind} ({logical_id} in {stack.name}) is not emulated: no server is started, and its address "
                    "does not resolve; run a server as a sidecar of the task, or elsewhere"
                )
    if engine == "podman" and any(_has_build_cache(stack) for stack in all_stacks):
        yield "podman does not support Docker's build cache options: the build ignores cache_from and cache_to"


def _has_build_cache(stack: Stack) -> bool:
    images = (image for manifest in stack.assets for image in assembly.read(manifest).get("dockerImages", {}).values())
    return any({"cacheFrom", "cacheTo"} & image.get("source", {}).keys() for image in images)

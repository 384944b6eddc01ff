"""What is asked of CDK again and again and cannot change, asked once: each question is a message to the Node process.

Pure, and nothing is kept alive by what is remembered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_iam as iam
    from constructs import IConstruct, Node

_PATHS: WeakKeyDictionary[IConstruct, str] = WeakKeyDictionary()
_NODES: WeakKeyDictionary[IConstruct, Node] = WeakKeyDictionary()
_RESOURCES: WeakKeyDictionary[IConstruct, IConstruct] = WeakKeyDictionary()
_EXECUTION_ROLES: WeakKeyDictionary[ecs.TaskDefinition, iam.IRole] = WeakKeyDictionary()
_SECONDS: WeakKeyDictionary[cdk.Duration, float | None] = WeakKeyDictionary()


def node_of(construct: IConstruct) -> Node:
    """The node of a construct."""
    known = _NODES.get(construct)
    if known is None:
        known = _NODES[construct] = construct.node
    return known


def resource_of(construct: IConstruct) -> IConstruct:
    """The resource that a construct is around, or the construct itself."""
    known = _RESOURCES.get(construct)
    if known is None:
        known = _RESOURCES[construct] = node_of(construct).default_child or construct
    return known


def execution_role_of(definition: ecs.TaskDefinition, *, obtain: bool = False) -> iam.IRole | None:
    """The execution role of a task, made when it is missing and wanted; once there, it stays."""
    known = _EXECUTION_ROLES.get(definition)
    if known is None:
        found = definition.obtain_execution_role() if obtain else definition.execution_role
        if found is None:
            return None
        known = _EXECUTION_ROLES[definition] = found
    return known


def path(construct: IConstruct) -> str:
    """The path of a construct."""
    known = _PATHS.get(construct)
    if known is None:
        known = _PATHS[construct] = node_of(construct).path
    return known


def remember_path(construct: IConstruct, known: str) -> None:
    """Take the path from whoever has worked it out."""
    _PATHS[construct] = known


def seconds_in(duration: cdk.Duration) -> float | None:
    """The seconds of a duration, fractions included; None when only the deployment knows them."""
    if duration not in _SECONDS:
        _SECONDS[duration] = None if duration.is_unresolved() else duration.to_seconds(integral=False)
    return _SECONDS[duration]

"""What is asked of CDK again and again and cannot change, asked once: each question is a message to the Node process.

Pure, and nothing is kept alive by what is remembered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import aws_cdk as cdk
    from constructs import IConstruct, Node

_PATHS: WeakKeyDictionary[IConstruct, str] = WeakKeyDictionary()
_NODES: WeakKeyDictionary[IConstruct, Node] = WeakKeyDictionary()
_SECONDS: WeakKeyDictionary[cdk.Duration, float | None] = WeakKeyDictionary()


def node_of(construct: IConstruct) -> Node:
    """The node of a construct."""
    known = _NODES.get(construct)
    if known is None:
        known = _NODES[construct] = construct.node
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

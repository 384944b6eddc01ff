"""What is asked of the construct tree again and again, asked once: each question is a message to the Node process.

Nothing is kept alive by what is remembered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import aws_cdk as cdk

from ecr_fargate_constructs._cdk import memo
from ecr_fargate_constructs._cdk.memo import node_of, remember_path

if TYPE_CHECKING:
    from constructs import Construct, IConstruct

_STACKS: WeakKeyDictionary[IConstruct, ref[cdk.Stack]] = WeakKeyDictionary()
_ROOTS: WeakKeyDictionary[IConstruct, ref[IConstruct]] = WeakKeyDictionary()
_ENVIRONMENTS: WeakKeyDictionary[cdk.Stack, tuple[str, str]] = WeakKeyDictionary()
_PARENTS: WeakKeyDictionary[IConstruct, ref[IConstruct]] = WeakKeyDictionary()


def adopt(construct: Construct, scope: Construct, path: str) -> None:
    """Remember where a construct of this library stands; to be called when it has been made."""
    remember_path(construct, path)
    _PARENTS[construct] = ref(scope)


def path_of(scope: Construct, construct_id: str) -> str:
    """Path that the construct ``construct_id`` will have in ``scope``, known before it exists."""
    parent, own = memo.path(scope), construct_id.replace("/", "--")  # as constructs does it
    return f"{parent}/{own}" if parent else own


def stack_of(construct: IConstruct) -> cdk.Stack:
    """The stack of a construct."""
    around = outermost(construct)
    if isinstance(around, cdk.Stack):
        return around
    known = _STACKS.get(around)
    stack = None if known is None else known()
    if stack is None:
        stack = cdk.Stack.of(around)
        _STACKS[around] = ref(stack)
    return stack


def in_stack(construct: IConstruct) -> bool:
    """Whether a construct stands in a stack."""
    around = outermost(construct)
    if isinstance(around, cdk.Stack) or around in _STACKS:
        return True
    return any(isinstance(each, cdk.Stack) for each in node_of(around).scopes)


def root_of(construct: IConstruct) -> IConstruct:
    """The app of a construct."""
    around = outermost(construct)
    known = _ROOTS.get(around)
    root = None if known is None else known()
    if root is None:
        root = node_of(around).root
        _ROOTS[around] = ref(root)
    return root


def environment_of(stack: cdk.Stack) -> tuple[str, str]:
    """Account and region of a stack."""
    known = _ENVIRONMENTS.get(stack)
    if known is None:
        known = _ENVIRONMENTS[stack] = (stack.account, stack.region)
    return known


def outermost(construct: IConstruct) -> IConstruct:
    """The first construct above, or the construct itself, that is not one of this library's."""
    while (parent := _PARENTS.get(construct)) is not None and (found := parent()) is not None:
        construct = found
    return construct

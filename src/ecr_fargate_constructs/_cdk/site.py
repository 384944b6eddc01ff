"""The site of a construct: a cache of CDK's answers about it and its place.

Each query is a message to the Node process. A site holds only answers that CDK can give again, so it can be cleared at
any time. It is an attribute of the construct: jsii keeps every object for as long as the process runs, so
a weak dictionary would free nothing. Durations, which never change, remember their seconds in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import aws_cdk as cdk

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_iam as iam
    from constructs import Construct, IConstruct, Node

T = TypeVar("T")

_SITE = "_ecr_fargate_constructs_site"
_PARENT = "parent"


def site_of(thing: object) -> dict[str, Any]:
    """Return the cached answers about a construct, or about another object of CDK."""
    site: dict[str, Any] = vars(thing).setdefault(_SITE, {})
    return site


def remember(thing: object, what: str, ask: Callable[[], T]) -> T:
    """Return an answer about a construct, from its site if it is there."""
    site = site_of(thing)
    if what not in site:
        site[what] = ask()
    answer: T = site[what]
    return answer


def forget(construct: IConstruct) -> None:
    """Clear the sites of a construct and of its place, because something in it was undone."""
    around = outermost(construct)
    for each in (construct, around, stack_of(around) if in_stack(around) else around):
        vars(each).pop(_SITE, None)


def adopt(construct: Construct, scope: Construct, path: str) -> None:
    """Remember the place of a construct that this library made; call it once the construct exists."""
    site_of(construct).update({_PARENT: scope, "path": path})


def outermost(construct: IConstruct) -> IConstruct:
    """Return the first construct above, or the construct itself, that is a stack or not one of this library's."""
    while not isinstance(construct, cdk.Stack) and (parent := site_of(construct).get(_PARENT)) is not None:
        construct = parent
    return construct


def node_of(construct: IConstruct) -> Node:
    """Return the node of a construct."""
    return remember(construct, "node", lambda: construct.node)


def path_of_construct(construct: IConstruct) -> str:
    """Return the path of a construct."""
    return remember(construct, "path", lambda: node_of(construct).path)


def path_of(scope: Construct, construct_id: str) -> str:
    """Return the path that the construct ``construct_id`` will have in ``scope``, known before it exists."""
    parent, own = path_of_construct(scope), construct_id.replace("/", "--")  # as constructs does it
    return f"{parent}/{own}" if parent else own


def root_of(construct: IConstruct) -> IConstruct:
    """Return the app of a construct."""
    around = outermost(construct)
    return remember(around, "root", lambda: node_of(around).root)


def stack_of(construct: IConstruct) -> cdk.Stack:
    """Return the stack of a construct."""
    around = outermost(construct)
    return around if isinstance(around, cdk.Stack) else remember(around, "stack", lambda: cdk.Stack.of(around))


def in_stack(construct: IConstruct) -> bool:
    """Return whether a construct is in a stack."""
    around = outermost(construct)
    if isinstance(around, cdk.Stack) or "stack" in site_of(around):
        return True
    return any(isinstance(each, cdk.Stack) for each in node_of(around).scopes)


def environment_of(stack: cdk.Stack) -> tuple[str, str]:
    """Return account and region of a stack."""
    return remember(stack, "environment", lambda: (stack.account, stack.region))


def resource_of(construct: IConstruct) -> IConstruct:
    """Return the default child of a construct, or the construct itself if it has none."""
    return remember(construct, "resource", lambda: node_of(construct).default_child or construct)


def execution_role_of(definition: ecs.TaskDefinition, *, obtain: bool = False) -> iam.IRole | None:
    """Return the execution role of a task definition; with ``obtain``, create it if it is missing."""
    site = site_of(definition)
    if site.get("execution role") is None:
        site["execution role"] = definition.obtain_execution_role() if obtain else definition.execution_role
    role: iam.IRole | None = site["execution role"]
    return role

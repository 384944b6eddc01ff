"""All-or-nothing creation of constructs: a construct that fails leaves the tree as it was.

Changes outside the construct (the network that the services of a stack share, a name that is taken) are registered with
the running attempt, which undoes them if it fails. Changes that cannot be undone, such as a statement in the policy of
another role, wait until the attempt has succeeded.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ecr_fargate_constructs._cdk.site import forget, node_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs import Construct, IConstruct

T = TypeVar("T")


class _Attempt:
    """The actions to run if the attempt fails, and those to run once it has succeeded."""

    def __init__(self, construct: object, outer: _Attempt | None) -> None:
        self.construct = construct
        self.outer = outer
        self.undo: list[Callable[[], object]] = []
        self.then: list[Callable[[], object]] = []
        self.watched: list[Construct] = []

    def fail(self) -> None:
        """Undo every change, the latest first."""
        for each in reversed(self.undo):
            each()

    def succeed(self) -> None:
        """Pass the actions on to the outer attempt; without one, run those that waited for success."""
        if self.outer is not None:
            self.outer.undo += self.undo
            self.outer.then += self.then
            return
        for each in self.then:
            each()


_RUNNING: ContextVar[_Attempt | None] = ContextVar("_RUNNING", default=None)


@contextmanager
def attempt(construct: object) -> Iterator[None]:
    """Run an attempt to create or change a construct; attempts inside it are part of it."""
    mine = _Attempt(construct, _RUNNING.get())
    token = _RUNNING.set(mine)
    try:
        yield
        mine.succeed()
    except BaseException:
        mine.fail()
        raise
    finally:
        _RUNNING.reset(token)


def on_failure(undo: Callable[[], object]) -> None:
    """Run the action if the running attempt fails."""
    running = _RUNNING.get()
    if running is not None:
        running.undo.append(undo)


def when_made(action: Callable[[], object]) -> None:
    """Run the action when the running attempt has succeeded; at once if none is running."""
    running = _RUNNING.get()
    if running is None:
        action()
    else:
        running.then.append(action)


def is_under_way(construct: object) -> bool:
    """Return whether the constructor of a construct is still running, and the library chooses child ids."""
    running = _RUNNING.get()
    while running is not None:
        if running.construct is construct:
            return True
        running = running.outer
    return False


def make_shared(parent: Construct, make: Callable[[], T]) -> T:
    """Make a child of a stack that several constructs will share; remove it if the running attempt fails.

    Helpers that CDK adds to the stack meanwhile are removed too. Call it only if the stack has no such child yet.
    """
    watch(parent)
    return make()


def watch(parent: Construct) -> None:
    """If the attempt fails, remove the children that a construct gets from now on."""
    running = _RUNNING.get()
    if running is None or any(each is parent for each in running.watched):
        return
    running.watched.append(parent)
    before = {_reference(each) for each in node_of(parent).children}
    on_failure(lambda: _remove_new(parent, before))


def claim(parent: Construct, construct_id: str) -> None:
    """If the attempt fails, remove the child that is about to be made."""
    on_failure(lambda: remove(parent, construct_id))


def remove(parent: IConstruct, construct_id: str) -> None:
    """Remove a construct from the tree, and security group rules elsewhere that refer to it."""
    forget(parent)
    node = node_of(parent)
    child = node.try_find_child(construct_id)
    if child is None:
        return
    groups = _groups_in(child)
    node.try_remove_child(construct_id)
    if groups:
        _remove_rules(node.root, groups)


def _remove_new(parent: Construct, before: set[str]) -> None:
    forget(parent)
    node = node_of(parent)
    for each in node.children:
        if _reference(each) not in before:
            node.try_remove_child(each.node.id)


def _reference(construct: object) -> str:
    """Return jsii's reference of an object; for an imported one, each query returns a new Python object."""
    return str(cast("Any", construct).__jsii_ref__.ref)


def _groups_in(construct: IConstruct) -> set[str]:
    ec2: Any = sys.modules.get("aws_cdk.aws_ec2")  # if it was never imported, there is no security group
    if ec2 is None:
        return set()
    return {each.attr_group_id for each in construct.node.find_all() if isinstance(each, ec2.CfnSecurityGroup)}


def _remove_rules(root: IConstruct, groups: set[str]) -> None:
    ec2: Any = sys.modules["aws_cdk.aws_ec2"]
    ends = ("group_id", "source_security_group_id", "destination_security_group_id")
    for each in root.node.find_all():
        if isinstance(each, (ec2.CfnSecurityGroupIngress, ec2.CfnSecurityGroupEgress)):
            parent = each.node.scope
            if parent is not None and groups & {getattr(each, end, None) for end in ends}:
                parent.node.try_remove_child(each.node.id)
                if isinstance(each, ec2.CfnSecurityGroupEgress) and isinstance(parent, ec2.SecurityGroup):
                    _restore_empty_egress(parent)


def _restore_empty_egress(group: Any) -> None:  # noqa: ANN401 - a security group, whose module may not be imported
    """Restore the rule that CDK adds to a group without egress rules, and removes with the first one.

    EC2 allows all outbound traffic of a group that has no egress rule.
    """
    ec2: Any = sys.modules["aws_cdk.aws_ec2"]
    resource = group.node.default_child
    inline = group.stack.resolve(resource.security_group_egress)
    if (
        group.allow_all_outbound
        or inline
        or any(isinstance(each, ec2.CfnSecurityGroupEgress) for each in group.node.children)
    ):
        return
    nothing = ec2.Port(protocol=ec2.Protocol.ICMP, from_port=252, to_port=86, string_representation="no traffic")
    group.add_egress_rule(ec2.Peer.ipv4("255.255.255.255/32"), nothing, "Disallow all traffic")

"""Order the creation of resources: those that a release command needs come before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Dependable, IConstruct

from ecr_fargate_constructs._cdk.site import path_of_construct, stack_of
from ecr_fargate_constructs.service.parts import cfn_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_cdk import aws_ecs as ecs
    from constructs import Construct


class Readiness(Dependable):
    """Everything that the service waits for, and the security group rules by which its tasks reach others.

    The search takes place when CDK reads the dependencies, because others may be added after the service. A rule that
    comes late does not harm a service, whose tasks start again; a release command runs once.
    """

    def __init__(self, scope: Construct, service: ecs.BaseService, release: Construct) -> None:
        super().__init__()
        self._scope, self._service, self._release = scope, service, release
        self._roots: list[IConstruct] | None = None

    @property
    def dependency_roots(self) -> list[IConstruct]:
        """The constructs that CloudFormation creates first."""
        if self._roots is None:
            self._roots = [*self._of_service(), *self._rules()]
        return self._roots

    def _of_service(self) -> Iterator[IConstruct]:
        own = f"{path_of_construct(self._release)}/"
        for construct in (self._service, cfn_service(self._service)):
            for dependency in construct.node.dependencies:
                for root in Dependable.of(dependency).dependency_roots:
                    if not f"{root.node.path}/".startswith(own):
                        yield root

    def _rules(self) -> Iterator[IConstruct]:
        stack = stack_of(self._scope)
        groups = {each.security_group_id for each in self._service.connections.security_groups}
        for each in stack.node.find_all():
            if isinstance(each, ec2.CfnSecurityGroupIngress):
                outwards = each.source_security_group_id in groups
            elif isinstance(each, ec2.CfnSecurityGroupEgress):
                outwards = each.group_id in groups
            else:
                continue
            if outwards and cdk.Stack.of(each) is stack and not self._waits_for_service(each):
                yield each

    def _waits_for_service(self, rule: IConstruct) -> bool:
        """Return whether a rule is created after the service, as part of a construct that depends on it."""
        path = f"{cfn_service(self._service).node.path}/"
        return any(
            path.startswith(f"{root.node.path}/")
            for scope in rule.node.scopes
            for dependency in scope.node.dependencies
            for root in Dependable.of(dependency).dependency_roots
        )

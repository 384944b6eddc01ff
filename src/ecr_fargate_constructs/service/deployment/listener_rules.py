"""The load balancer's part of a traffic shift: a second target group, rules that name both groups, and a role."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge_policy
from ecr_fargate_constructs._cdk.attempt import when_made
from ecr_fargate_constructs._regulated.findings import acknowledge_grants
from ecr_fargate_constructs.service.deployment.test_traffic import TestTrafficHeader, TestTrafficPort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct

    from ecr_fargate_constructs.service.deployment.test_traffic import TestTraffic

_LAST = 50_000
"""The lowest priority of a rule: your own rules come first."""


@dataclass(frozen=True, kw_only=True)
class Shifting:
    """The resources with which ECS shifts traffic."""

    green: elbv2.ApplicationTargetGroup
    production: elbv2.ApplicationListenerRule
    test_traffic: elbv2.ApplicationListenerRule | None
    role: iam.Role

    def advanced_configuration(self) -> dict[str, object]:
        """Return the ``AdvancedConfiguration`` of the service's load balancer."""
        configuration: dict[str, object] = {
            "AlternateTargetGroupArn": self.green.target_group_arn,
            "ProductionListenerRule": self.production.listener_rule_arn,
            "RoleArn": self.role.role_arn,
        }
        if self.test_traffic is not None:
            configuration["TestListenerRule"] = self.test_traffic.listener_rule_arn
        return configuration


def add_shifting(
    scope: Construct,
    *,
    balancer: elbv2.ApplicationLoadBalancer,
    listener: elbv2.ApplicationListener,
    certificates: Sequence[elbv2.IListenerCertificate],
    blue: elbv2.ApplicationTargetGroup,
    test_traffic: TestTraffic | None,
    peers: Sequence[ec2.IPeer],
    tls_policy: elbv2.SslPolicy | None,
    mutual_authentication: elbv2.MutualAuthentication | None,
    protocol_version: elbv2.ApplicationProtocolVersion | None,
    vpc: ec2.IVpc,
) -> Shifting:
    """Add the resources to a listener whose default action forwards to ``blue``.

    Group and rules are children of the listener, so that their ids change with the scheme of the load balancer as the
    first group's does. Both rules name both groups and never change: ECS changes the weights, and CloudFormation, which
    compares only templates, keeps them (aws-cdk#36649).
    """
    green = elbv2.ApplicationTargetGroup(
        listener,
        "GreenGroup",
        vpc=vpc,
        port=80,  # as in the first group: targets have their own ports, and another port would replace the group
        protocol=elbv2.ApplicationProtocol.HTTP,
        protocol_version=protocol_version,
        target_type=elbv2.TargetType.IP,
    )
    production = _rule(listener, "ProductionRule", blue, green, priority=_LAST)
    test = None
    match test_traffic:
        case TestTrafficHeader():
            test = _rule(listener, "PreviewRule", blue, green, priority=_LAST - 1, header=test_traffic)
        case TestTrafficPort():
            second = balancer.add_listener(
                "PreviewListener",
                port=test_traffic.port,
                protocol=elbv2.ApplicationProtocol.HTTPS if certificates else elbv2.ApplicationProtocol.HTTP,
                certificates=list(certificates) or None,
                ssl_policy=tls_policy,
                mutual_authentication=mutual_authentication,
                open=False,
                default_action=elbv2.ListenerAction.fixed_response(404),
            )
            for peer in peers if test_traffic.allow_from is None else test_traffic.allow_from:
                # The security group may be the user's, and a rule cannot be removed from it.
                when_made(partial(second.connections.allow_default_port_from, peer))
            test = _rule(second, "PreviewRule", blue, green, priority=_LAST)
        case None:
            pass
    rules = [rule for rule in (production, test) if rule is not None]
    keep_from_tags(blue, green, *rules)
    return Shifting(
        green=green, production=production, test_traffic=test, role=infrastructure_role(scope, [blue, green], rules)
    )


def _rule(
    listener: elbv2.ApplicationListener,
    construct_id: str,
    blue: elbv2.ApplicationTargetGroup,
    green: elbv2.ApplicationTargetGroup,
    *,
    priority: int,
    header: TestTrafficHeader | None = None,
) -> elbv2.ApplicationListenerRule:
    conditions = [elbv2.ListenerCondition.path_patterns(["/*"])]
    if header is not None:
        conditions.append(elbv2.ListenerCondition.http_header(header.name, list(header.values)))
    return elbv2.ApplicationListenerRule(
        listener,
        construct_id,
        listener=listener,
        priority=priority,
        conditions=conditions,
        action=to_both(blue, green),
    )


def to_both(blue: elbv2.ApplicationTargetGroup, green: elbv2.ApplicationTargetGroup) -> elbv2.ListenerAction:
    """Return the action of a rule that ECS changes: it names both groups, and at first all requests go to ``blue``."""
    return elbv2.ListenerAction.weighted_forward(
        [
            elbv2.WeightedTargetGroup(target_group=blue, weight=100),
            elbv2.WeightedTargetGroup(target_group=green, weight=0),
        ]
    )


def keep_from_tags(*constructs: elbv2.ApplicationTargetGroup | elbv2.ApplicationListenerRule) -> None:
    """Remove all tags, of the app or of the stack, from resources with which ECS shifts traffic.

    A changed tag is an update of the rule, in which CloudFormation sends the template's weights again: requests would
    go to the empty group (aws-cdk#36649). An override is applied after every tag, even a late one.
    """
    for construct in constructs:
        resource = construct.node.default_child
        if isinstance(resource, (elbv2.CfnListenerRule, elbv2.CfnTargetGroup)):
            resource.add_property_deletion_override("Tags")


def infrastructure_role(
    scope: Construct, groups: Sequence[elbv2.ApplicationTargetGroup], rules: Sequence[elbv2.ApplicationListenerRule]
) -> iam.Role:
    """Make a role for ECS with the permissions of AWS's own policy, limited to the given rules and groups.

    That policy, ``AmazonECSInfrastructureRolePolicyForLoadBalancers``, covers all resources of the account.
    """
    role = iam.Role(scope, "InfrastructureRole", assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"))
    for actions, resources in (
        (
            # Elastic Load Balancing does not support resources for these.
            ["DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth"],
            ["*"],
        ),
        (["RegisterTargets", "DeregisterTargets"], [group.target_group_arn for group in groups]),
        (["ModifyRule"], [rule.listener_rule_arn for rule in rules]),
    ):
        role.add_to_policy(
            iam.PolicyStatement(actions=[f"elasticloadbalancing:{action}" for action in actions], resources=resources)
        )
    acknowledge_grants(role)
    acknowledge_policy(
        role,
        {
            IAM5_EVERY_RESOURCE: "Four Describe actions that Elastic Load Balancing does not narrow; what changes "
            "targets and rules names them, and ECS alone may assume the role."
        },
    )
    return role

"""The base of both routed services: a target group, and rules on a shared listener."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.site import path_of
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.base import TargetedAssembly, TargetedService
from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms
from ecr_fargate_constructs.service.deployment.apply import configure
from ecr_fargate_constructs.service.deployment.apply_shift import check_shift, shift_service
from ecr_fargate_constructs.service.deployment.listener_rules import (
    Shifting,
    infrastructure_role,
    keep_from_tags,
    to_both,
)
from ecr_fargate_constructs.service.deployment.rolling import Rolling, shift_of
from ecr_fargate_constructs.service.deployment.test_traffic import TestTrafficPort
from ecr_fargate_constructs.service.foundation import finish
from ecr_fargate_constructs.service.ingress.load_balancer import tune_group
from ecr_fargate_constructs.service.ingress.targets import further_ports
from ecr_fargate_constructs.service.ingress.values import check_protocol
from ecr_fargate_constructs.service.parts import Service
from ecr_fargate_constructs.service.placement import check_machine_placement, check_placement
from ecr_fargate_constructs.service.plan import TargetedPlan, check_grace_period, planned_count
from ecr_fargate_constructs.service.routing.priorities import FUNCTION_RULE, RULE
from ecr_fargate_constructs.service.routing.rules import add_rule, check_listener
from ecr_fargate_constructs.service.routing.shared_load_balancer import listener_of
from ecr_fargate_constructs.service.task.definition import TaskDefinition
from ecr_fargate_constructs.service.wake.checks import check_wake
from ecr_fargate_constructs.service.wake.priorities import Priorities

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.ec2 import Ec2Capacity
    from ecr_fargate_constructs.service.capacity.managed_instances import ManagedInstancesCapacity
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.capacity.wake import Wake
    from ecr_fargate_constructs.service.deployment.rolling import Deployment
    from ecr_fargate_constructs.service.deployment.test_traffic import TestTraffic
    from ecr_fargate_constructs.service.foundation import Foundation
    from ecr_fargate_constructs.service.ingress.settings import TargetGroupSettings
    from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck
    from ecr_fargate_constructs.service.release.command import ReleaseCommand
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener, SharedLoadBalancer


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RoutedPlan(TargetedPlan):
    """The plan of a service on a shared listener.

    Attributes:
        shared: The listener.
        route: The requests that the service gets.
        priority: Priority of its rule.
        test_traffic: Route to a version that users do not reach yet, and the priority of its rule.
    """

    shared: SharedListener
    route: Route
    priority: float
    test_traffic: tuple[Route, float] | None

    @classmethod
    def of(
        cls,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: SharedLoadBalancer | SharedListener,
        route: Route,
        health_check: TargetHealthCheck | None,
        deregistration_delay: cdk.Duration | None,
        target_group: TargetGroupSettings | None,
        desired_count: float | None,
        scaling: Scaling | None,
        deployment: Deployment | None,
        release_command: ReleaseCommand | None,
        cluster: ecs.ICluster | None,
        subnets: ec2.SubnetSelection | None,
        health_check_grace_period: cdk.Duration | None,
        on_ec2: bool = False,
        capacity: Ec2Capacity | ManagedInstancesCapacity | None = None,
    ) -> RoutedPlan:
        """Plan a service in ``scope``, and reserve its route."""
        path, shared = path_of(scope, construct_id), listener_of(load_balancer)
        count = planned_count(desired_count, scaling, deployment)
        check_grace_period(health_check_grace_period)
        _check_cluster(cluster, shared)
        targets = shared.targets.replaced(health_check, deregistration_delay, target_group)
        https = shared.base_url.startswith("https")
        check_protocol(targets.target_group, https=https, name="target_group")
        check_listener(route, shared.base_url)
        check = check_machine_placement if on_ec2 else check_placement
        check(cluster=None, vpc=shared.vpc, subnets=subnets)
        check_wake(scaling, deployment, targets, idle_timeout=shared.idle_timeout)
        waking = scaling is not None and scaling.wake is not None
        shift = None
        if deployment is not None:
            check_shift(deployment, scaling, signs_in=(route.authentication or shared.authentication) is not None)
            shift = shift_of(deployment)
        ahead = None if shift is None or shift.test_traffic is None else _test_traffic_route(route, shift.test_traffic)
        return cls(
            scope=scope,
            path=path,
            count=count,
            scaling=scaling,
            # Two alarms and not three: each is a resource, and many of these services have to fit into one stack.
            deployment=deployment or Rolling(alarms=RollbackAlarms(latency=None)),
            release_command=release_command,
            cluster=cluster,
            vpc=shared.vpc,
            subnets=subnets,
            grace_period=health_check_grace_period,
            targets=targets,
            on_ec2=on_ec2,
            capacity=capacity,
            shared=shared,
            route=route,
            priority=shared.admit_waking(route, path=path) if waking else shared.admit(route, path=path),
            test_traffic=None if ahead is None else (ahead, shared.admit(ahead, path=f"{path}/PreviewRule")),
        )


class RoutedService(TargetedService[Service, TaskDefinition]):
    """The properties and methods of a service on a shared listener."""

    _plan: RoutedPlan
    _rules: list[elbv2.ApplicationListenerRule]

    def _assemble(self, service: Service, plan: RoutedPlan, foundation: Foundation[TaskDefinition]) -> None:
        """Put the service behind the load balancer, and set everything that CDK's constructor has no option for."""
        self._plan, shared = plan, plan.shared
        group = _target_group(self, plan, service, port=foundation.task_plan.port)
        groups = {"Target": group}
        wake = None if plan.scaling is None else plan.scaling.wake
        if wake is not None:
            asleep = Priorities.of(plan.priority).asleep
            self._rules = [self._rule(RULE, plan.route, asleep, elbv2.ListenerAction.forward([group]))]
        elif shift_of(plan.deployment) is None:
            self._rules = [self._rule("Rule", plan.route, plan.priority, elbv2.ListenerAction.forward([group]))]
        else:
            groups["Green"] = self._add_shifting(group, service)
        # For an imported listener, CDK extracts the name from the listener's ARN.
        balancer = group.first_load_balancer_full_name if shared.load_balancer is None else shared.full_name
        configure(
            self,
            service,
            plan.deployment,
            groups=groups,
            balancer=balancer,
            count=plan.count,
            grace=plan.grace_of(foundation.task_plan.container),
        )
        release = finish(self, service, group, foundation)
        if wake is not None:
            self._let_sleep(wake, service, group, balancer)
        self._assembly = TargetedAssembly(
            foundation=foundation, service=service, release=release, target_groups=tuple(groups.values())
        )

    def _let_sleep(self, wake: Wake, service: Service, group: elbv2.ApplicationTargetGroup, balancer: str) -> None:
        """Add the function that wakes the service, and its rule."""
        from ecr_fargate_constructs.service.wake.apply import Waking  # noqa: PLC0415 - only for a service that sleeps

        plan = self._plan
        priorities = Priorities.of(plan.priority)
        plan.shared.count_group()
        waking = Waking(
            self,
            service,
            wake,
            group=group,
            balancer=balancer,
            rule=self._rules[0],
            priorities=priorities,
            paused=plan.scaling is not None and plan.scaling.paused,
        )
        forward = elbv2.ListenerAction.forward([waking.target_group])
        asked = replace(plan.route, url_rewrite=None, host_header_rewrite=None)  # it sends the client to this URL again
        self._rule(FUNCTION_RULE, asked, priorities.function, forward)

    def _rule(
        self, construct_id: str, route: Route, priority: float, action: elbv2.ListenerAction
    ) -> elbv2.ApplicationListenerRule:
        """Add a rule for the requests of a route."""
        shared = self._plan.shared
        shared.warn_of_hosts(self, route)
        return add_rule(
            self,
            construct_id,
            shared.listener,
            route,
            priority=priority,
            authentication=route.authentication or shared.authentication,
            action=action,
        )

    def _add_shifting(self, blue: elbv2.ApplicationTargetGroup, service: Service) -> elbv2.ApplicationTargetGroup:
        """Let ECS move the traffic of the route between two target groups; return the second one."""
        plan = self._plan
        green = _group(self, f"Green{plan.shared.group_id}", plan)  # ECS puts the tasks there itself
        both = to_both(blue, green)
        production = self._rule("Rule", plan.route, plan.priority, both)
        self._rules = [production]
        test_traffic = None if plan.test_traffic is None else self._rule("PreviewRule", *plan.test_traffic, both)
        rules = [rule for rule in (production, test_traffic) if rule is not None]
        keep_from_tags(blue, green, *rules)
        role = infrastructure_role(self, [blue, green], rules)
        shift_service(service, Shifting(green=green, production=production, test_traffic=test_traffic, role=role))
        return green

    def add_route(self, construct_id: str, route: Route) -> elbv2.ApplicationListenerRule:
        """Give the service a further route.

        Args:
            construct_id: Id of the rule within the service.
            route: The requests that the service gets too.

        Raises:
            ConfigurationError: The route conflicts with another one of the load balancer, or ECS shifts the
                traffic of the service, which it does for one rule.
        """
        path = path_of(self, construct_id)
        shift = shift_of(self._plan.deployment)
        if shift is not None:
            raise ConfigurationError(
                f"{route} would be a second route of a service whose traffic {type(shift).__name__} shifts, and "
                "ECS moves one rule only; put its values into the first route, or deploy with Rolling()"
            )
        if self._plan.scaling is not None and self._plan.scaling.wake is not None:
            raise ConfigurationError(
                f"{route} would be a second route of a service that sleeps, and requests on it would not start the "
                "service; put its values into the first route, or omit Scaling.wake"
            )
        check_listener(route, self._plan.shared.base_url)
        number = self._plan.shared.admit(route, path=path)
        rule = self._rule(construct_id, route, number, elbv2.ListenerAction.forward([self.target_group]))
        self._rules.append(rule)
        return rule

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer | None:
        """The load balancer; None if the listener was passed."""
        return self._plan.shared.load_balancer

    @property
    def listener(self) -> elbv2.IApplicationListener:
        """The listener that the service shares."""
        return self._plan.shared.listener

    @property
    def rules(self) -> Sequence[elbv2.ApplicationListenerRule]:
        """The listener's rules that lead to the service."""
        return tuple(self._rules)

    @property
    def url(self) -> str:
        """The URL of the service: the host and the fixed part of the path of its first route."""
        route = self._plan.route
        scheme, _, where = self._plan.shared.base_url.partition("://")
        host = route.hosts[0] if route.hosts and not route.hosts[0].startswith("*") else where
        path = route.paths[0].removesuffix("*") if route.paths else "/"
        return f"{scheme}://{host}{path}"


def _check_cluster(cluster: ecs.ICluster | None, shared: SharedListener) -> None:
    """Refuse a cluster whose tasks the load balancer could not reach."""
    if cluster is None or cluster.vpc.node.path == shared.vpc.node.path:
        return
    one, other = cluster.vpc.vpc_id, shared.vpc.vpc_id
    if one != other and is_token(one) == is_token(other):
        raise ConfigurationError(
            f"the cluster is in the VPC {cluster.vpc.node.path} and the load balancer in {shared.vpc.node.path}; use a "
            "cluster in the load balancer's VPC, or omit cluster"
        )


def _target_group(
    scope: Construct, plan: RoutedPlan, service: ecs.FargateService | ecs.Ec2Service, *, port: float
) -> elbv2.ApplicationTargetGroup:
    """Create the target group of a service, and open the ports that the load balancer needs."""
    shared, further = plan.shared, further_ports(plan.targets, port)
    group = _group(scope, shared.group_id, plan)
    group.add_target(service)
    shared.count_ports(scope, 1 + len(further))
    for number, description in further.items():
        # CDK opens the traffic port alone (aws-cdk#18093).
        service.connections.allow_from(shared.listener, ec2.Port.tcp(number), description)
    return group


def _group(scope: Construct, construct_id: str, plan: RoutedPlan) -> elbv2.ApplicationTargetGroup:
    plan.shared.count_group()
    group = elbv2.ApplicationTargetGroup(
        scope,
        construct_id,
        vpc=plan.shared.vpc,
        port=80,
        protocol=elbv2.ApplicationProtocol.HTTP,
        protocol_version=plan.targets.target_group.protocol_version,
        target_type=elbv2.TargetType.IP,
    )
    tune_group(group, plan.targets)
    return group


def _test_traffic_route(route: Route, test_traffic: TestTraffic) -> Route:
    """Return the route of test traffic: the service's own route, with one more header."""
    if isinstance(test_traffic, TestTrafficPort):
        raise ConfigurationError(
            f"TestTrafficPort(port={test_traffic.port:g}) would be a listener of the load balancer that the service "
            "shares; use TestTrafficHeader(name=…), or a LoadBalancedFargateService"
        )
    if test_traffic.name.lower() in route.headers:
        raise ConfigurationError(
            f"TestTrafficHeader.name={test_traffic.name!r} is a header that {route} already requires; use another"
        )
    number = route.priority
    if number is not None and (is_token(number) or number == 1):
        raise ConfigurationError(
            "the rule for test traffic has the priority before that of the service's route, and Route.priority="
            f"{'a token' if is_token(number) else 1} leaves none; use 2 or more, or omit it"
        )
    return replace(
        route,
        header={**route.header, test_traffic.name: test_traffic.values},
        priority=None if number is None else number - 1,
    )

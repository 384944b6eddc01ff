"""What both kinds of routed service are: a target group and rules on a listener that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from constructs import Construct

from ecr_fargate_constructs._cdk.scopes import whole_call
from ecr_fargate_constructs._cdk.tree import path_of
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.deployment.alarms import RollbackAlarms
from ecr_fargate_constructs.service.deployment.apply import configure, shift_of
from ecr_fargate_constructs.service.deployment.rolling import Rolling
from ecr_fargate_constructs.service.pattern import audit_sessions, principal_of, reached_at
from ecr_fargate_constructs.service.quotas import warn_of_tasks
from ecr_fargate_constructs.service.routed_parts import add_rule, second_group, target_group, test_route, url_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_logs as logs

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.deployment.traffic_shift import Deployment, Shift
    from ecr_fargate_constructs.service.discovery import CloudMap, ServiceConnect
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.routing.route import Route
    from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedListener
    from ecr_fargate_constructs.service.task.definition import Task


def routed_default() -> Rolling:
    """Two alarms and not three: many services share a load balancer to fit one stack, and each alarm is a resource."""
    return Rolling(alarms=RollbackAlarms(latency=None))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a service stands on the listener."""

    shared: SharedListener
    route: Route
    priority: float
    test_traffic: tuple[Route, float] | None
    targets: Targets


def take_place(
    shared: SharedListener,
    route: Route,
    *,
    targets: Targets,
    deployment: Deployment | None,
    scaling: Scaling | None,
    path: str,
) -> Place:
    """Take a route in, and the way to a version that users do not see yet.

    Raises:
        ConfigurationError: The route cannot stand beside those that are there, or the deployment not on this listener.
    """
    shift = shift_of(deployment)
    if shift is not None:
        from ecr_fargate_constructs.service.deployment.apply_shift import (  # noqa: PLC0415 - only who moves traffic needs it
            check_shift,
        )

        check_shift(deployment, scaling, signs_in=shared.authentication is not None, path=path)
    ahead = None if shift is None or shift.test_traffic is None else test_route(route, shift.test_traffic, path=path)
    return Place(
        shared=shared,
        route=route,
        priority=shared.admit(route, path=path),
        test_traffic=None if ahead is None else (ahead, shared.admit(ahead, path=f"{path}/PreviewRule")),
        targets=targets,
    )


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class RoutedService(Construct):
    """What ``RoutedFargateService`` and ``RoutedEc2Service`` have in common."""

    _shared: SharedListener
    _ecs_service: ecs.FargateService | ecs.Ec2Service
    _task: Task[ecs.FargateTaskDefinition] | Task[ecs.Ec2TaskDefinition]
    _cluster: ecs.ICluster
    _shift: Shift | None

    def _finish(
        self,
        *,
        place: Place,
        port: float,
        deployment: Deployment,
        count: float | None,
        grace: cdk.Duration,
        scaling: Scaling | None,
        strategies: Sequence[ecs.CapacityProviderStrategy] | None,
    ) -> None:
        """Put the service behind the load balancer, and set all that the service's own constructor does not reach."""
        service = self._ecs_service
        self._shared = place.shared
        if strategies:
            from ecr_fargate_constructs.service.capacity.autoscaling import (  # noqa: PLC0415 - only who scales
                use_strategies,
            )

            use_strategies(service, self._cluster, strategies)
        self._target_group = target_group(self, place.shared, service, targets=place.targets, port=port)
        self._shift = shift_of(deployment)
        groups = {"Target": self._target_group}
        if self._shift is None:
            self._rules = [
                self._rule("Rule", place.route, place.priority, elbv2.ListenerAction.forward([self._target_group]))
            ]
        else:
            groups["Green"] = self._add_shifting(place)
        self._target_groups = tuple(groups.values())
        configure(
            self,
            service,
            deployment,
            groups=groups,
            balancer=_full_name(place.shared, self._target_group),
            count=count,
            grace=grace,
        )
        warn_of_tasks(self, count, scaling)
        if scaling is not None:
            from ecr_fargate_constructs.service.capacity.autoscaling import add_scaling  # noqa: PLC0415 - as above

            add_scaling(service, self._target_group, scaling)
        self._task.attach_to(service)
        self._connect: ServiceConnect | None = None
        self._port = port
        self._connections: ec2.Connections | None = None
        self._url = url_at(place.shared, place.route)

    def _rule(
        self, construct_id: str, route: Route, priority: float, action: elbv2.ListenerAction
    ) -> elbv2.ApplicationListenerRule:
        return add_rule(self, construct_id, self._shared, route, priority=priority, action=action)

    def _add_shifting(self, place: Place) -> elbv2.ApplicationTargetGroup:
        """Let ECS move the traffic of the route between two target groups; return the second one."""
        from ecr_fargate_constructs.service.deployment.apply_shift import shift_service  # noqa: PLC0415 - as above
        from ecr_fargate_constructs.service.deployment.listener_rules import (  # noqa: PLC0415 - as above
            Shifting,
            infrastructure_role,
            keep_from_tags,
            to_both,
        )

        green = second_group(self, place.shared, place.targets)
        both = to_both(self._target_group, green)
        production = self._rule("Rule", place.route, place.priority, both)
        self._rules = [production]
        test_traffic = None if place.test_traffic is None else self._rule("PreviewRule", *place.test_traffic, both)
        rules = [rule for rule in (production, test_traffic) if rule is not None]
        keep_from_tags(self._target_group, green, *rules)
        role = infrastructure_role(self, [self._target_group, green], rules)
        shift_service(
            self._ecs_service, Shifting(green=green, production=production, test_traffic=test_traffic, role=role)
        )
        return green

    def _audit(self, *, enabled: bool, given: ecs.ICluster | None) -> None:
        if enabled:
            audit_sessions(self, self._cluster, given=given, task=self._task)

    @whole_call
    def add_route(self, construct_id: str, route: Route) -> elbv2.ApplicationListenerRule:
        """Give the service a further route.

        Args:
            construct_id: Id of the rule within the service.
            route: The requests that the service gets too.

        Raises:
            ConfigurationError: The route cannot stand beside the others of the load balancer, or ECS shifts the
                traffic of the service, which it does for one rule.
        """
        path = path_of(self, construct_id)
        if self._shift is not None:
            raise ConfigurationError(
                f"{route} would be a second route of a service whose traffic {type(self._shift).__name__} shifts, and "
                "ECS moves one rule only; put its values into the first route, or deploy with Rolling()",
                path=path,
            )
        number = self._shared.admit(route, path=path)
        rule = self._rule(construct_id, route, number, elbv2.ListenerAction.forward([self._target_group]))
        self._rules.append(rule)
        return rule

    @whole_call
    def enable_service_connect(self, connect: ServiceConnect) -> None:
        """Make the service a member of a Service Connect namespace; once."""
        from ecr_fargate_constructs.service.discovery import enable_service_connect  # noqa: PLC0415 - only who calls it

        self._connect = enable_service_connect(
            self._ecs_service, connect, log_group=self.log_group, before=self._connect
        )

    @whole_call
    def enable_cloud_map(self, name: CloudMap) -> None:
        """Give the service a DNS name inside the VPC; once."""
        from ecr_fargate_constructs.service.discovery import enable_cloud_map  # noqa: PLC0415 - as above

        enable_cloud_map(self._ecs_service, name)

    @property
    def container(self) -> ecs.ContainerDefinition:
        """The container that serves the traffic."""
        return self._task.container

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer | None:
        """The load balancer; None behind a listener that was given."""
        return self._shared.load_balancer

    @property
    def listener(self) -> elbv2.IApplicationListener:
        """The listener that the service shares."""
        return self._shared.listener

    @property
    def rules(self) -> Sequence[elbv2.ApplicationListenerRule]:
        """The listener's rules that lead to the service."""
        return tuple(self._rules)

    @property
    def target_group(self) -> elbv2.ApplicationTargetGroup:
        """The target group."""
        return self._target_group

    @property
    def target_groups(self) -> Sequence[elbv2.ApplicationTargetGroup]:
        """All of them: two where traffic shifts from one to the other."""
        return self._target_groups

    @property
    def cluster(self) -> ecs.ICluster:
        """The cluster."""
        return self._cluster

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        return self._shared.vpc

    @property
    def log_group(self) -> logs.ILogGroup | None:
        """The log group; None when every container brings its own log driver."""
        return self._task.log_group

    @property
    def url(self) -> str:
        """Where the service answers: the host and the fixed part of the path of its first route."""
        return self._url

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The task role."""
        return principal_of(self._task.definition)

    @property
    def connections(self) -> ec2.Connections:
        """Network connections of the tasks; the default port is the application's."""
        if self._connections is None:
            self._connections = reached_at(self._ecs_service, self._port)
        return self._connections


def _full_name(shared: SharedListener, group: elbv2.ApplicationTargetGroup) -> str:
    """Name of the load balancer in metrics; behind a listener that was given, CDK cuts it out of the listener's ARN."""
    if shared.load_balancer is not None:
        return shared.full_name
    return group.first_load_balancer_full_name

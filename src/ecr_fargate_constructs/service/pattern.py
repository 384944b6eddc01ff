"""What both kinds of load-balanced service do around CDK's patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2

from ecr_fargate_constructs._cdk.durations import of_seconds
from ecr_fargate_constructs._cdk.memo import seconds_in
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated.findings import acknowledge_grants, expect_grants
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.application import AppContainer
from ecr_fargate_constructs.service.deployment.apply import deploy_pattern
from ecr_fargate_constructs.service.ingress.listener import add_ipv6_record, tune_listener
from ecr_fargate_constructs.service.ingress.load_balancer import open_to_peers, tune_targets
from ecr_fargate_constructs.service.ingress.values import Ingress, InternalHttps, PublicHttp, PublicHttps, own_port
from ecr_fargate_constructs.service.quotas import warn_of_tasks
from ecr_fargate_constructs.service.task.exec_sessions import (
    acknowledge_sessions,
    audit_in_given_cluster,
    audit_in_own_cluster,
    warn_of_one_namespace,
)

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.deployment.traffic_shift import Deployment
    from ecr_fargate_constructs.service.ingress.load_balancer import AnyParts
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.ingress.values import TargetHealthCheck
    from ecr_fargate_constructs.service.task.definition import Task

DEFAULT_COUNT = 2
"""Tasks of a service that does not say how many it wants: one a zone."""

_LEAST_GRACE = 60  # seconds


def wanted_count(desired_count: float | None, scaling: Scaling | None, *, path: str) -> float | None:
    """Return the number of tasks for the template; None leaves it to the autoscaler."""
    if desired_count is None:
        return None if scaling is not None else DEFAULT_COUNT
    if scaling is not None:
        raise ConfigurationError(
            f"desired_count={desired_count:g} and scaling are both given, and the autoscaler decides how many tasks "
            f"run; keep one (a fixed number is Scaling(min_capacity={desired_count:g}, "
            f"max_capacity={desired_count:g}))",
            path=path,
        )
    what = "a number of tasks (to stop the service use scaling=Scaling(…, paused=True))"
    whole_number("desired_count", desired_count, minimum=1, what=what, path=path)
    return desired_count


def way_in(scope: Construct, ingress: Ingress | None) -> Ingress:
    """Return the way in; none means plain HTTP, with a warning."""
    if ingress is not None:
        return ingress
    warn(
        scope,
        "plainHttp",
        "traffic between clients and the load balancer is not encrypted; use "
        "ingress=PublicHttps(domain_name=…, hosted_zone=…), or say ingress=PublicHttp() if that is meant",
    )
    return PublicHttp()


def https_of(way: Ingress) -> PublicHttps | InternalHttps | None:
    """Return the way in when it is encrypted."""
    return way if isinstance(way, (PublicHttps, InternalHttps)) else None


def stop_timeout(ingress: Ingress | Targets) -> cdk.Duration:
    """As long as the load balancer may still send requests, within what ECS allows, for containers that say nothing."""
    delay = seconds_in(ingress.deregistration_delay)
    return of_seconds(30 if delay is None else min(120, max(30, delay)))


def grace_period(container: AppContainer, check: TargetHealthCheck) -> cdk.Duration:
    """Long enough for a task to start and pass its first checks, or ECS would kill it over and over."""
    if check.grace_period is not None:
        return check.grace_period
    start = container.health_check.start_period if container.health_check is not None else None
    delay, interval = 0 if start is None else seconds_in(start), seconds_in(check.interval)
    if delay is None or interval is None:
        return of_seconds(_LEAST_GRACE)
    first = interval * (2 if is_token(check.healthy_threshold) else check.healthy_threshold)
    return of_seconds(max(_LEAST_GRACE, first + delay))


def strategies_of(
    scope: Construct, cluster: ecs.ICluster, scaling: Scaling | None
) -> list[ecs.CapacityProviderStrategy] | None:
    """How tasks are shared out on Fargate; None leaves it to the launch type."""
    if scaling is None:
        return None
    from ecr_fargate_constructs.service.capacity.autoscaling import (  # noqa: PLC0415 - only who scales needs it
        fargate_strategies,
    )

    return fargate_strategies(scope, cluster, scaling)


def refuse_ec2_container(container: AppContainer, *, path: str) -> None:
    """Refuse, on Fargate, a container with options that only machines have."""
    if type(container) is not AppContainer:
        from ecr_fargate_constructs.service.container.ec2 import refuse_on_fargate  # noqa: PLC0415 - rare

        refuse_on_fargate(container, path=path)


def finish(
    pattern: Construct,
    parts: AnyParts,
    *,
    task: Task[ecs.FargateTaskDefinition] | Task[ecs.Ec2TaskDefinition],
    port: float,
    way: Ingress,
    deployment: Deployment,
    count: float | None,
    grace: cdk.Duration,
    scaling: Scaling | None,
) -> tuple[elbv2.ApplicationTargetGroup, ...]:
    """Set all that the pattern does not reach, on the load balancer and on the service; return its target groups."""
    open_to_peers(parts, way)
    tune_targets(parts, way, port)
    tune_listener(parts.listener, way, then=parts.target_group)
    add_ipv6_record(pattern, parts.load_balancer, way)
    groups = deploy_pattern(parts, deployment, ingress=way, count=count, grace=grace)
    warn_of_tasks(parts.scope, count, scaling)
    if scaling is not None:
        from ecr_fargate_constructs.service.capacity.autoscaling import (  # noqa: PLC0415 - only who scales needs it
            add_scaling,
        )

        add_scaling(parts.service, parts.target_group, scaling)
    task.attach_to(parts.service)
    return groups


def audit_sessions(
    scope: Construct,
    cluster: ecs.ICluster,
    *,
    given: ecs.ICluster | None,
    task: Task[ecs.FargateTaskDefinition] | Task[ecs.Ec2TaskDefinition],
) -> None:
    """Log shell sessions: in the stack's own cluster by making it so, in a given one by saying what it does."""
    warn_of_one_namespace(scope, task.definition)
    acknowledge_sessions(task.definition.task_role)
    acknowledge_grants(task.definition.task_role)
    if given is None:
        audit_in_own_cluster(cluster, task.definition.task_role)
    else:
        audit_in_given_cluster(scope, given, task.definition.task_role, task.log_group)


def principal_of(definition: ecs.TaskDefinition) -> iam.IPrincipal:
    """The task role, to somebody who is about to grant it something."""
    expect_grants(definition.task_role)
    return definition.task_role


def reached_at(service: ecs.BaseService, port: float) -> ec2.Connections:
    """The tasks' network connections, with the port on which the application listens.

    To be called once: CDK marks the object that it is handed while it writes the other side's rule.
    """
    return ec2.Connections(security_groups=service.connections.security_groups, default_port=ec2.Port.tcp(port))


def url_of(balancer: elbv2.ApplicationLoadBalancer, way: Ingress) -> str:
    """Where a load balancer answers."""
    https = https_of(way)
    name = https.domain_name if https is not None and https.domain_name is not None else balancer.load_balancer_dns_name
    if name.startswith("*."):
        name = f"www{name[1:]}"  # one of the names that certificate and record are for
    own = own_port(way)
    port = "" if own is None else f":{cdk.Tokenization.stringify_number(own)}"
    return f"{'http' if https is None else 'https'}://{name}{port}"

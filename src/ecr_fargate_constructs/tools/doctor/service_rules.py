"""How services deploy, scale and are entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, ECS, ROADMAP_ISSUE, error, found, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Service
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_DEPLOYMENT = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "aws-properties-ecs-service-deploymentconfiguration.html"
)
_HALF = 50
_AGENT_PATHS = ("/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm")
_GRACE_DEFAULT = 0
_INTERVAL_DEFAULT, _HEALTHY_DEFAULT = 30, 5

PORT_NOT_MAPPED = error(
    "container-port-not-mapped",
    "The service hands requests to a port that the container does not declare, and ECS refuses it.",
    "Add the port to the container's port mappings, or correct the service's container port.",
    ECS + "service-event-messages-list.html",
)
HALF_HEALTHY = warning(
    "minimum-healthy-low",
    "A deployment may stop half of the tasks or more before new ones serve.",
    "min_healthy_percent=100, with max_healthy_percent=200",
    CDK_ISSUE + "31705",
)
NO_CIRCUIT_BREAKER = warning(
    "no-circuit-breaker",
    "A version that cannot start is started over and over, and the stack hangs for hours.",
    "circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True)",
    ECS + "deployment-circuit-breaker.html",
)
COUNT_WITH_SCALING = warning(
    "desired-count-with-autoscaling",
    "Every deployment sets the number of tasks back to the one in the template, whatever the load.",
    "Leave the desired count out where the service scales.",
    "https://blog.cloudglance.dev/deep-dive-on-ecs-desired-count-and-circuit-breaker-rollback/index.html",
)
SINGLE_TASK = warning(
    "single-task",
    "One task is an outage whenever it is replaced by ECS, by AWS or by its own failure.",
    "desired_count=2, or a scaling minimum of 2",
    CDK_ISSUE + "14277",
)
GRACE_SHORT = warning(
    "grace-period-short",
    "ECS kills a task whose health check has not succeeded when the grace period ends: a slow start becomes a loop.",
    "health_check_grace_period of at least the start period and the first good checks.",
    ECS + "service-event-messages-list.html",
)
EXEC_READ_ONLY = warning(
    "exec-on-read-only-root",
    "ECS Exec writes to the container's file system, and its root is read-only: no shell opens.",
    "Mount writable volumes at /managed-agents, /var/lib/amazon/ssm and /var/log/amazon/ssm.",
    ROADMAP_ISSUE + "1359",
)

RULES = (
    PORT_NOT_MAPPED,
    HALF_HEALTHY,
    NO_CIRCUIT_BREAKER,
    COUNT_WITH_SCALING,
    SINGLE_TASK,
    GRACE_SHORT,
    EXEC_READ_ONLY,
)


def check(app: App) -> Iterator[Finding]:
    """Look at each service."""
    for service in services(app):
        yield from _ports(service)
        yield from _deployment(service)
        yield from _counts(app, service)
        yield from _grace(app, service)
        yield from _sessions(service)


def _ports(service: Service) -> Iterator[Finding]:
    containers = {container.name: container for container in service.task.containers} if service.task else {}
    for entry in service.resource.get("LoadBalancers") or []:
        container = containers.get(str(entry.get("ContainerName")))
        port = service.app.number(entry.get("ContainerPort"), service.resource.template)
        if container is not None and port is not None and container.ports and port not in container.ports:
            has = ", ".join(map(str, container.ports))
            yield found(
                PORT_NOT_MAPPED, service.resource, f"port {port} of container {container.name}, which has {has}"
            )


def _deployment(service: Service) -> Iterator[Finding]:
    resource = service.resource
    if resource.get("DeploymentController", "Type") not in {None, "ECS"}:
        return
    healthy = service.app.number(resource.get("DeploymentConfiguration", "MinimumHealthyPercent"), resource.template)
    if healthy is not None and healthy <= _HALF:
        yield found(HALF_HEALTHY, resource, f"MinimumHealthyPercent is {healthy}")
    rolling = resource.get("DeploymentConfiguration", "Strategy") in {None, "ROLLING"}
    if rolling and resource.get("DeploymentConfiguration", "DeploymentCircuitBreaker", "Enable") is not True:
        yield found(NO_CIRCUIT_BREAKER, resource, "DeploymentCircuitBreaker is not enabled")


def _counts(app: App, service: Service) -> Iterator[Finding]:
    scaling = service.scaling
    if scaling is not None:
        if service.resource.get("DesiredCount") is not None:
            count = service.resource.get("DesiredCount")
            yield found(COUNT_WITH_SCALING, service.resource, f"DesiredCount is {count}, and {scaling.path} scales it")
        least = app.number(scaling.get("MinCapacity"), scaling.template)
        if least == 1:
            yield found(SINGLE_TASK, service.resource, "its scaling goes down to 1 task")
    elif service.desired == 1:
        yield found(SINGLE_TASK, service.resource, "it wants 1 task")


def _grace(app: App, service: Service) -> Iterator[Finding]:
    if not service.target_groups or service.task is None:
        return
    given = service.resource.get("HealthCheckGracePeriodSeconds")
    grace = _GRACE_DEFAULT if given is None else app.number(given, service.resource.template)
    group = service.target_groups[0]
    interval, healthy = group.get("HealthCheckIntervalSeconds"), group.get("HealthyThresholdCount")
    first = (_INTERVAL_DEFAULT if interval is None else app.number(interval, group.template) or 0) * (
        _HEALTHY_DEFAULT if healthy is None else app.number(healthy, group.template) or 0
    )
    starts = [
        container.number((container.definition.get("HealthCheck") or {}).get("StartPeriod")) or 0
        for container in service.task.containers
        if container.essential
    ]
    start = max(starts, default=0)
    if grace is not None and grace < start + first:
        detail = f"{grace} s, and {start} s of start period and {first} s of checks come first"
        yield found(GRACE_SHORT, service.resource, detail)


def _sessions(service: Service) -> Iterator[Finding]:
    if service.resource.get("EnableExecuteCommand") is not True or service.task is None:
        return
    for container in service.task.containers:
        if container.essential and container.definition.get("ReadonlyRootFilesystem") is True:
            writable = {
                str(mount.get("ContainerPath"))
                for mount in container.definition.get("MountPoints") or []
                if mount.get("ReadOnly") is not True
            }
            missing = [path for path in _AGENT_PATHS if path not in writable]
            if missing:
                yield found(EXEC_READ_ONLY, service.resource, f"container {container.name}: {', '.join(missing)}")

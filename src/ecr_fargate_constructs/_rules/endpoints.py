"""The VPC endpoints that a task needs without internet access. Pure: no CDK objects.

Sources: "Amazon ECR interface VPC endpoints" in the Amazon ECR user guide, "Amazon ECS interface VPC endpoints" in the
Amazon ECS developer guide.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.data import table

if TYPE_CHECKING:
    from collections.abc import Collection


class Feature(Enum):
    """A feature of tasks that needs access to another AWS service than ECR."""

    LOGS = "logs"
    """Container logs in CloudWatch Logs."""

    SECRETS = "secrets"
    """Environment variables from Secrets Manager."""

    PARAMETERS = "parameters"
    """Environment variables from Systems Manager Parameter Store."""

    EXEC = "exec"
    """ECS Exec: shells in running tasks."""

    TELEMETRY = "telemetry"
    """``Sidecar.adot()``: traces to X-Ray, metrics to CloudWatch through Logs."""

    CONTAINER_INSTANCES = "container-instances"
    """Tasks on EC2 instances, whose agent connects to ECS."""


IMAGE_PULL = ("ecr.api", "ecr.dkr")
"""The endpoints that every task needs. Image layers come through the gateway endpoint for S3, which is free."""

_NEEDS = {
    Feature.LOGS: ("logs",),
    Feature.SECRETS: ("secretsmanager",),
    Feature.PARAMETERS: ("ssm",),
    Feature.EXEC: ("ssmmessages",),
    Feature.TELEMETRY: ("xray", "logs"),
    Feature.CONTAINER_INSTANCES: ("ecs", "ecs-agent", "ecs-telemetry"),
}

PREFIXES: dict[str, str] = {name: partition["endpoints"] for name, partition in table("partitions").items()}
"""Prefixes of endpoint service names, by partition. CDK has the same table, but uses it only if it knows the region."""

_EXECUTION_ROLE = {"logs:": "logs", "secretsmanager:": "secretsmanager", "ssm:": "ssm"}
"""Endpoints by prefixes of the actions that the execution role allows; ECS starts a task with this role."""

_TASK_ROLE = {"ssmmessages:": "ssmmessages", "xray:": "xray", "logs:PutLogEvents": "logs"}
"""The same for the task role, which the agents inside the task use. The application's own needs are unknown."""


_NAME = re.compile(
    r"(?:\$\{[^}]*\}|[a-z0-9.-]*?)\.(?P<region>\$\{[^}]*\}|[a-z]{2,4}(?:-[a-z]+)+-\d+)?\.(?P<service>.+)"
)
"""An endpoint's service name: the partition's prefix (``PREFIXES``), the region, the service. Prefix and region may be
unknown until deployment; such a region leaves two dots behind."""


def service_of(name: str) -> tuple[str, str | None]:
    """Return the service of an endpoint by its service name, such as ``ecr.api``, and its region if it names one."""
    match = _NAME.fullmatch(name)
    return (name, None) if match is None else (match["service"], match["region"])


def interface_endpoints(features: Collection[Feature]) -> tuple[str, ...]:
    """Return the names of the interface endpoints, without partition and region, sorted."""
    return tuple(sorted({*IMAGE_PULL, *(name for feature in features for name in _NEEDS[feature])}))


def needed_by(*, execution_role: Collection[str], task_role: Collection[str], on_ec2: bool) -> tuple[str, ...]:
    """Return the interface endpoints that a task needs, by the actions that its two roles allow."""
    names = {
        name
        for actions, table in ((execution_role, _EXECUTION_ROLE), (task_role, _TASK_ROLE))
        for action in actions
        for start, name in table.items()
        if action.startswith(start)
    }
    return tuple(sorted({*IMAGE_PULL, *names, *(_NEEDS[Feature.CONTAINER_INSTANCES] if on_ec2 else ())}))


def features_behind(endpoints: Collection[str]) -> tuple[Feature, ...]:
    """Return the fewest features that add these endpoints."""
    features = [feature for feature in Feature if set(_NEEDS[feature]) <= set(endpoints)]
    if Feature.TELEMETRY in features:
        features.remove(Feature.LOGS)
    return tuple(features)

"""Whether tasks reach what they need, and who reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.endpoints import IMAGE_PULL
from ecr_fargate_constructs._rules.registry_reach import out_of_reach
from ecr_fargate_constructs.tools.assembly.model import as_json
from ecr_fargate_constructs.tools.assembly.network import (
    Reach,
    gateway_endpoints,
    interface_endpoints,
    openings,
    reach,
    vpc_of,
)
from ecr_fargate_constructs.tools.assembly.workload import Service, services
from ecr_fargate_constructs.tools.doctor.rule import ECS, ECS_CONTROLS, error, found, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Task
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_ENDPOINTS = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
_START = ECS + "resource-initialization-error.html"

NO_WAY_TO_REGISTRY = error(
    "no-way-to-registry",
    "The tasks' subnets have no way out and no endpoints for ECR, so that no image can be pulled.",
    "Run them in private subnets with a NAT gateway, or add interface endpoints for ecr.api and ecr.dkr and the "
    "gateway endpoint for S3. Endpoints lead to no public registry: mirror such an image, or use a pull-through cache.",
    _ENDPOINTS,
)
PUBLIC_ADDRESS_MISSING = error(
    "public-address-missing",
    "A task in a public subnet reaches the internet only with a public address, and these get none.",
    "Set assign_public_ip=True, or run the tasks in private subnets.",
    ECS + "task_cannot_pull_image.html",
)
S3_GATEWAY_MISSING = error(
    "s3-gateway-missing",
    "ECR hands out image layers from S3, and the tasks' subnets have neither a way out nor the gateway endpoint.",
    "vpc.add_gateway_endpoint('S3', service=ec2.GatewayVpcEndpointAwsService.S3); it is free.",
    _ENDPOINTS,
)
LOGS_ENDPOINT_MISSING = error(
    "logs-endpoint-missing",
    "The awslogs driver cannot reach CloudWatch Logs, and a container whose logging fails at its start does not start.",
    "Add the interface endpoint for logs.",
    _ENDPOINTS,
)
SECRETS_ENDPOINT_MISSING = error(
    "secrets-endpoint-missing",
    "ECS reads the secrets of a task before its containers start, and cannot reach the service that holds them.",
    "Add the interface endpoint for secretsmanager, or ssm for parameters.",
    _START,
)
TASK_OPEN_TO_WORLD = warning(
    "task-open-to-world",
    "Anybody may connect to the tasks, past the load balancer and all that it does.",
    "Let the load balancer's security group be the only source of the tasks' one.",
    ECS_CONTROLS,
)
SINGLE_ZONE = warning(
    "single-zone",
    "All tasks run in one availability zone and go down with it.",
    "Give the service subnets in two zones or more.",
    "https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html",
)

RULES = (
    NO_WAY_TO_REGISTRY,
    PUBLIC_ADDRESS_MISSING,
    S3_GATEWAY_MISSING,
    LOGS_ENDPOINT_MISSING,
    SECRETS_ENDPOINT_MISSING,
    TASK_OPEN_TO_WORLD,
    SINGLE_ZONE,
)


def check(app: App) -> Iterator[Finding]:
    """Look at the network of each service."""
    for service in services(app):
        yield from _ways(app, service)
        world = [opening for opening in openings(app, service.security_groups) if opening.to_the_world]
        if world and service.target_groups:
            ports = "every port" if world[0].first is None else f"port {world[0].first}"
            yield found(TASK_OPEN_TO_WORLD, service.resource, f"{ports} is open to {world[0].source}")
        zones = {as_json(subnet.get("AvailabilityZone")) for subnet in service.subnets}
        if len(zones) == 1 and len(service.subnets) == _written(service):
            yield found(SINGLE_ZONE, service.resource, f"{len(service.subnets)} subnets, one zone")


def _ways(app: App, service: Service) -> Iterator[Finding]:
    if not service.fargate or service.task is None:
        return
    for subnet in service.subnets:
        far = reach(app, subnet)
        if far is Reach.PRIVATE or (far is Reach.PUBLIC and service.has_public_address):
            continue
        there = interface_endpoints(app, vpc_of(app, subnet))
        registry = [name for name in IMAGE_PULL if name not in there]
        if registry or _public_images(service.task):
            rule = PUBLIC_ADDRESS_MISSING if far is Reach.PUBLIC else NO_WAY_TO_REGISTRY
            what = f"no endpoint for {', '.join(registry)}" if registry else "its image is in a public registry"
            yield found(rule, service.resource, f"{subnet.path} is {far.value}; {what}")
        else:
            yield from _endpoints(app, service, subnet, there)
        return


def _endpoints(app: App, service: Service, subnet: Resource, there: set[str]) -> Iterator[Finding]:
    if "s3" not in gateway_endpoints(app, subnet):
        yield found(S3_GATEWAY_MISSING, service.resource, f"{subnet.path} has no route to S3")
    for needed, user in sorted(_used(service.task).items()):
        if needed not in there:
            rule = LOGS_ENDPOINT_MISSING if needed == "logs" else SECRETS_ENDPOINT_MISSING
            yield found(rule, service.resource, f"container {user} needs the endpoint {needed} in {subnet.path}")


def _used(task: Task | None) -> dict[str, str]:
    """The endpoints that a task needs at its start beside those of its image, and a container that needs each."""
    needed: dict[str, str] = {}
    for container in task.containers if task is not None else ():
        logging = container.definition.get("LogConfiguration") or {}
        if logging.get("LogDriver") == "awslogs":
            needed.setdefault("logs", container.name)
        for secret in [*(container.definition.get("Secrets") or []), *(logging.get("SecretOptions") or [])]:
            needed.setdefault("secretsmanager" if container.managed(secret) else "ssm", container.name)
    return needed


def _public_images(task: Task) -> bool:
    images = (container.image for container in task.containers if "${" not in container.image)
    return any(out_of_reach(image, region=None, regions=()) is not None for image in images)


def _written(service: Service) -> int:
    value = service.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
    return len(value) if isinstance(value, list) else 0

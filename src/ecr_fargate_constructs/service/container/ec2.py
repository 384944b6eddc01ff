"""What a container on EC2 may have beyond one on Fargate, and where its task may go."""

from __future__ import annotations

import ipaddress
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._rules.checks import absolute_path, whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.application import AppContainer

if TYPE_CHECKING:
    from collections.abc import Sequence

_ZONE = "attribute:ecs.availability-zone"
_FIRST = "ContainerDefinitions.0"  # the application's container is the first of its task


@typed
@dataclass(frozen=True)
class Ec2Container(AppContainer):
    """The container behind the load balancer, on a machine: an ``AppContainer`` with what Fargate refuses.

    Defaults: those of ``AppContainer``, no GPU, no privilege, and tasks spread over the zones, then over the machines.

    Tasks have a network of their own (``awsvpc``), so that ports never collide and security groups work as on Fargate;
    links, host names and extra hosts do not exist there.

    Attributes:
        gpu_count: GPUs that the container has for itself, 1 or more. The machines get the image with NVIDIA's drivers,
            and need a type with GPUs.
        privileged: Whether the container may do what root on the machine may. Avoid it.
        devices: Devices of the machine.
        tmpfs: Memory file systems.
        shared_memory_mib: Size of ``/dev/shm`` in MiB.
        dns_servers: Replaces the VPC's resolver.
        dns_search_domains: Domains that are tried for short names.
        docker_security_options: SELinux and AppArmor labels.
        placement_constraints: Machines that tasks may be placed on.
        placement_strategies: How tasks are spread; left out, over zones and then over machines. Tasks are rebalanced
            among zones only when the first one spreads over zones.

    Raises:
        ConfigurationError: For a value that ECS refuses.
    """

    _: KW_ONLY
    gpu_count: float | None = None
    privileged: bool = False
    devices: Sequence[ecs.Device] = ()
    tmpfs: Sequence[ecs.Tmpfs] = ()
    shared_memory_mib: float | None = None
    dns_servers: Sequence[str] = ()
    dns_search_domains: Sequence[str] = ()
    docker_security_options: Sequence[str] = ()
    placement_constraints: Sequence[ecs.PlacementConstraint] = ()
    placement_strategies: Sequence[ecs.PlacementStrategy] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot run."""
        super().__post_init__()
        if self.gpu_count is not None:
            whole_number("Ec2Container.gpu_count", self.gpu_count, minimum=1, what="a number of GPUs")
        if self.shared_memory_mib is not None:
            whole_number("Ec2Container.shared_memory_mib", self.shared_memory_mib, minimum=1, what="a size in MiB")
        self._check_devices()
        for name, values, most in (
            ("placement_constraints", self.placement_constraints, 10),
            ("placement_strategies", self.placement_strategies or (), 5),
        ):  # "CreateService" in the Amazon ECS API reference
            if len(values) > most:
                raise ConfigurationError(f"Ec2Container.{name} has {len(values)}, and ECS takes {most}; use fewer")
        for constraint in self.placement_constraints:
            if any(_ZONE in (item.expression or "") for item in constraint.to_json()):
                raise ConfigurationError(
                    f"Ec2Container.placement_constraints names {_ZONE}, and tasks are rebalanced among zones; "
                    "choose the zones with subnets= instead"
                )

    def _check_devices(self) -> None:
        for each in self.tmpfs:
            if hasattr(each, "container_path"):  # else its type is refused afterwards
                absolute_path("Ec2Container.tmpfs", each.container_path)
        for device in self.devices:
            host = getattr(device, "host_path", "/")
            if not is_token(host) and not host.startswith("/"):
                raise ConfigurationError(f"Ec2Container.devices has {host!r}; use a path such as '/dev/fuse'")
        for server in self.dns_servers:
            if not is_token(server) and not _is_address(server):
                raise ConfigurationError(
                    f"Ec2Container.dns_servers has {server!r}, and a resolver is known by its address; use for example "
                    "'10.0.0.2'"
                )


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def refuse_on_fargate(container: AppContainer, *, path: str) -> None:
    """Refuse a container that only a machine can run."""
    if isinstance(container, Ec2Container):
        raise ConfigurationError(
            "container is an Ec2Container, and Fargate has no GPUs, devices or placement; use AppContainer, or "
            "LoadBalancedEc2Service",
            path=path,
        )


def placement_of(container: AppContainer) -> tuple[list[ecs.PlacementConstraint], list[ecs.PlacementStrategy]]:
    """Where the task may go."""
    constraints = list(container.placement_constraints) if isinstance(container, Ec2Container) else []
    if isinstance(container, Ec2Container) and container.placement_strategies is not None:
        return constraints, list(container.placement_strategies)
    return constraints, [ecs.PlacementStrategy.spread_across(_ZONE), ecs.PlacementStrategy.spread_across_instances()]


def spreads_over_zones(strategies: Sequence[ecs.PlacementStrategy]) -> bool:
    """Whether ECS may rebalance among zones: it insists on the zones being the first thing to spread over."""
    if not strategies:
        return True
    first = strategies[0].to_json()[0]
    return first.type == "spread" and first.field == _ZONE


def add_ec2_options(definition: ecs.CfnTaskDefinition, added: ecs.ContainerDefinition, container: AppContainer) -> None:
    """Set what ``Ec2Container`` has beyond ``AppContainer``."""
    if not isinstance(container, Ec2Container):
        return
    if added.linux_parameters is not None:
        added.linux_parameters.add_devices(*container.devices)
        added.linux_parameters.add_tmpfs(*container.tmpfs)
    values: dict[str, object] = {
        "ResourceRequirements": None
        if container.gpu_count is None
        else [{"Type": "GPU", "Value": cdk.Tokenization.stringify_number(container.gpu_count)}],
        "LinuxParameters.SharedMemorySize": container.shared_memory_mib,
        "Privileged": container.privileged or None,
        "DnsServers": list(container.dns_servers) or None,
        "DnsSearchDomains": list(container.dns_search_domains) or None,
        "DockerSecurityOptions": list(container.docker_security_options) or None,
    }
    for name, value in values.items():
        if value is not None:
            definition.add_property_override(f"{_FIRST}.{name}", value)

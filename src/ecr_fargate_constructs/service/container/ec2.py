"""Container options that only EC2 supports, and task placement."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._rules.checks import absolute_path, whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.application import AppContainer
from ecr_fargate_constructs.service.container.base import TaskContainer
from ecr_fargate_constructs.service.container.worker import WorkerContainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.service.container.main import MainContainer

_ZONE = "attribute:ecs.availability-zone"
_FIRST = "ContainerDefinitions.0"  # the application's container is the first one of its task


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)
class Ec2Options(TaskContainer):
    """The container options that only EC2 supports; ``Ec2Container`` and ``Ec2WorkerContainer`` have them.

    Attributes:
        gpu_count: Number of GPUs reserved for the container, 1 or more; default, none. The instances get the image with
            NVIDIA's drivers, and need a type with GPUs.
        privileged: Give the container the rights of root on the instance; default, False. Avoid it.
        devices: Devices of the instance; default, none.
        tmpfs: Memory file systems; default, none.
        shared_memory_mib: Size of ``/dev/shm`` in MiB; default, Docker's.
        dns_servers: DNS servers; default, the VPC's resolver.
        dns_search_domains: Search domains for short names; default, none.
        docker_security_options: SELinux and AppArmor labels; default, none.
        placement_constraints: Constraints on the instances of tasks; default, none.
        placement_strategies: Placement of tasks; default, spread over zones and then over instances. Tasks are
            rebalanced among zones only if the first strategy spreads over zones.
    """

    gpu_count: Number | None = None
    privileged: bool = False
    devices: Sequence[ecs.Device] = ()
    tmpfs: Sequence[ecs.Tmpfs] = ()
    shared_memory_mib: Number | None = None
    dns_servers: Sequence[str] = ()
    dns_search_domains: Sequence[str] = ()
    docker_security_options: Sequence[str] = ()
    placement_constraints: Sequence[ecs.PlacementConstraint] = ()
    placement_strategies: Sequence[ecs.PlacementStrategy] | None = None

    def __post_init__(self) -> None:
        kind = type(self).__name__
        super().__post_init__()
        if self.gpu_count is not None:
            whole_number(f"{kind}.gpu_count", self.gpu_count, minimum=1, what="a number of GPUs")
        if self.shared_memory_mib is not None:
            whole_number(f"{kind}.shared_memory_mib", self.shared_memory_mib, minimum=1, what="a size in MiB")
        self._check_devices(kind)
        for name, values, most in (
            ("placement_constraints", self.placement_constraints, 10),
            ("placement_strategies", self.placement_strategies or (), 5),
        ):  # "CreateService" in the Amazon ECS API reference
            if len(values) > most:
                raise ConfigurationError(f"{kind}.{name} has {len(values)} entries; use at most {most}")
        for constraint in self.placement_constraints:
            if any(_ZONE in (item.expression or "") for item in constraint.to_json()):
                raise ConfigurationError(
                    f"{kind}.placement_constraints names {_ZONE}, which conflicts with rebalancing among zones; "
                    "choose the zones with subnets= instead"
                )

    def _check_devices(self, kind: str) -> None:
        for each in self.tmpfs:
            if hasattr(each, "container_path"):  # otherwise its type is refused later
                absolute_path(f"{kind}.tmpfs", each.container_path)
        for device in self.devices:
            host = getattr(device, "host_path", "/")
            if not is_token(host) and not host.startswith("/"):
                raise ConfigurationError(
                    f"{kind}.devices has {host!r}, which is not an absolute path; use for example '/dev/fuse'"
                )
        for server in self.dns_servers:
            if not is_token(server) and not _is_address(server):
                raise ConfigurationError(
                    f"{kind}.dns_servers has {server!r}, which is not an IP address; use for example '10.0.0.2'"
                )


@typed
@dataclass(frozen=True)
class Ec2Container(Ec2Options, AppContainer):
    """The application's container on an EC2 instance: an ``AppContainer`` with options that Fargate refuses.

    Defaults: those of ``AppContainer``, no GPU, no privilege, and tasks spread over the zones, then over the instances.

    Each task has its own network (``awsvpc``), so that ports never collide and security groups work as on Fargate;
    links, host names and extra hosts do not exist in that mode.

    All options are those of ``AppContainer`` and ``Ec2Options``.

    Raises:
        ConfigurationError: ECS refuses a value.
    """


@typed
@dataclass(frozen=True)
class Ec2WorkerContainer(Ec2Options, WorkerContainer):
    """A worker's container on an EC2 instance: a ``WorkerContainer`` with options that Fargate refuses, such as GPUs.

    Defaults: those of ``WorkerContainer``, and as for ``Ec2Container``.

    All options are those of ``WorkerContainer`` and ``Ec2Options``.

    Raises:
        ConfigurationError: ECS refuses a value.
    """


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def refuse_on_fargate(container: MainContainer) -> None:
    """Refuse a container that only an EC2 instance can run."""
    if isinstance(container, Ec2Options):
        worker = isinstance(container, WorkerContainer)
        raise ConfigurationError(
            f"container is an {type(container).__name__}, but Fargate has no GPUs, devices or placement; use "
            f"{'WorkerContainer, or Ec2WorkerService' if worker else 'AppContainer, or LoadBalancedEc2Service'}"
        )


def placement_of(
    container: MainContainer, *, managed: bool
) -> tuple[list[ecs.PlacementConstraint], list[ecs.PlacementStrategy]]:
    """Return the placement constraints and strategies of a task; Managed Instances have no strategies."""
    constraints = list(container.placement_constraints) if isinstance(container, Ec2Options) else []
    if managed:
        return constraints, []
    if isinstance(container, Ec2Options) and container.placement_strategies is not None:
        return constraints, list(container.placement_strategies)
    return constraints, [ecs.PlacementStrategy.spread_across(_ZONE), ecs.PlacementStrategy.spread_across_instances()]


def spreads_over_zones(container: MainContainer) -> bool:
    """Return whether ECS may rebalance tasks among zones: the first strategy has to spread over zones."""
    strategies = container.placement_strategies if isinstance(container, Ec2Options) else None
    if not strategies:  # default, over zones first
        return True
    first = strategies[0].to_json()[0]
    return first.type == "spread" and first.field == _ZONE


def add_ec2_options(
    definition: ecs.CfnTaskDefinition, added: ecs.ContainerDefinition, container: MainContainer
) -> None:
    """Set the options that only containers on EC2 have."""
    if not isinstance(container, Ec2Options):
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

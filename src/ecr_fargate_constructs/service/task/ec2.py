"""The task of a service on EC2: the same limits as on Fargate, and the options of EC2."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.base import TaskContainer
from ecr_fargate_constructs.service.container.ec2 import add_ec2_options, spreads_over_zones
from ecr_fargate_constructs.service.parts import cfn_service

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.service.capacity.scaling import Scaling
    from ecr_fargate_constructs.service.container.main import MainContainer
    from ecr_fargate_constructs.service.task.definition import Task

Container = TypeVar("Container", bound=TaskContainer)

_LEAST_MEMORY = 6  # MiB; ECS refuses a container with less


def check_ec2_task(size: TaskSize, scaling: Scaling | None) -> None:
    """Refuse options that only Fargate has."""
    if scaling is not None and scaling.capacity is not None:
        raise ConfigurationError(
            f"Scaling.capacity={scaling.capacity} is for Fargate, but this service runs on EC2; omit it, and use "
            "capacity=Ec2Capacity(…) or ManagedInstancesCapacity(…)"
        )
    if size.ephemeral_storage_gib is not None:
        raise ConfigurationError(
            f"TaskSize.ephemeral_storage_gib={size.ephemeral_storage_gib} is for Fargate; on EC2 tasks use the root "
            "volume of the instance: omit it, and use capacity=Ec2Capacity(root_volume_gib=…), or "
            "ManagedInstancesCapacity(storage_gib=…)"
        )


def with_memory(container: Container) -> Container:
    """Return the container with a memory reservation: without one CDK refuses a container on EC2.

    It is the smallest possible: a reservation is not a limit, and the task's own limit applies as on Fargate.
    """
    if container.memory_limit_mib is not None or container.memory_reservation_mib is not None:
        return container
    return replace(container, memory_reservation_mib=_LEAST_MEMORY)


def ec2_task_definition(scope: Construct) -> ecs.Ec2TaskDefinition:
    """Make an empty task definition for EC2 under the pattern's id, with its own network."""
    return ecs.Ec2TaskDefinition(scope, "TaskDef", network_mode=ecs.NetworkMode.AWS_VPC)


def finish_ec2(
    service: ecs.Ec2Service,
    task: Task[ecs.Ec2TaskDefinition],
    container: MainContainer,
    size: TaskSize,
    *,
    managed: bool,
) -> None:
    """Set the properties of task definition and service that neither the pattern nor the L2 sets."""
    definition = task.definition.node.default_child
    if not isinstance(definition, ecs.CfnTaskDefinition):
        raise ConfigurationError(
            "the task has no AWS::ECS::TaskDefinition; this version of aws-cdk-lib is not supported"
        )
    definition.add_property_override("Cpu", cdk.Tokenization.stringify_number(size.cpu))
    definition.add_property_override("Memory", cdk.Tokenization.stringify_number(size.memory_mib))
    definition.add_property_override(
        "RuntimePlatform",
        {
            "OperatingSystemFamily": "LINUX",
            "CpuArchitecture": "ARM64" if container.runs_on is Architecture.ARM64 else "X86_64",
        },
    )
    if managed:  # CDK's Ec2TaskDefinition has EC2 only
        definition.add_property_override("RequiresCompatibilities", ["MANAGED_INSTANCES"])
    add_ec2_options(definition, task.container, container)
    if not spreads_over_zones(container):
        cfn_service(service).add_property_override("AvailabilityZoneRebalancing", "DISABLED")

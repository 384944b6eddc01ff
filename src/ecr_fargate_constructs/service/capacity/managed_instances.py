"""Amazon ECS Managed Instances: EC2 instances that AWS chooses, starts, patches and replaces for one service."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.attempt import claim
from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import number_of_seconds
from ecr_fargate_constructs._cdk.site import node_of
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.instance_roles import instance_profile, passing_role
from ecr_fargate_constructs.service.capacity.instance_types import WITH_GPUS, architecture_of, provider_name
from ecr_fargate_constructs.service.container.ec2 import Ec2Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from ecr_fargate_constructs._rules.task_size import TaskSize
    from ecr_fargate_constructs.service.container.main import MainContainer

_WITH_INSTANCES = "WithInstances"
_TEMPLATE = "ManagedInstancesProvider.InstanceLaunchTemplate"
_LONGEST_DELAY = 3600
"""Seconds. Source: "InfrastructureOptimization" in the Amazon ECS API reference."""

_MOST_TYPES = 400
"""Source: "InstanceRequirementsRequest" in the Amazon EC2 API reference."""

_MANUFACTURERS = {
    Architecture.X86_64: (ec2.CpuManufacturer.INTEL, ec2.CpuManufacturer.AMD),
    Architecture.ARM64: (ec2.CpuManufacturer.AWS,),
}
_EXAMPLES = {Architecture.X86_64: "m7i.large", Architecture.ARM64: "m7g.large"}
_WRITTEN = {Architecture.X86_64: ["intel", "amd"], Architecture.ARM64: ["amazon-web-services"]}


@typed
@dataclass(frozen=True, kw_only=True)
class ManagedInstancesCapacity:
    """EC2 instances that Amazon ECS chooses, starts, patches and replaces: Amazon ECS Managed Instances.

    Defaults: general-purpose instances on demand, which ECS chooses by what the tasks need, of the image's
    architecture; a data volume of 80 GiB for images and logs; basic monitoring; the tags of the capacity provider on
    each instance; in the subnets of the tasks, with a security group into which nothing comes. There is no number of
    instances to set: ECS starts one when a task does not fit, puts several tasks on one, and removes idle ones.

    The instances run Bottlerocket, without SSH and with no machine image of yours, and live for 14 days at most: ECS
    then drains and replaces them. Tasks of one instance share its kernel. ECS charges a management fee in addition to
    the price of the instances.

    ECS has no placement strategies on these instances, and spreads tasks over zones itself.

    Sources: "Amazon ECS Managed Instances" and "How Amazon ECS places tasks on container instances" in the Amazon ECS
    developer guide.

    Attributes:
        instance_types: Instance types from which ECS chooses, of the image's architecture; ``*`` stands for any
            characters, as in ``ec2.InstanceType("m7i.*")``; default, ECS's choice.
        instance_requirements: Requirements by which ECS chooses instance types; default, ECS's choice. The architecture
            is added.
        capacity_option_type: ``ON_DEMAND``, or ``SPOT``: spare capacity that EC2 reclaims with two minutes' notice;
            default, on demand. Changing it replaces the capacity provider.
        storage_gib: Size of the data volume in GiB, 1 or more; default, 80.
        scale_in_after: Time for which an instance may be idle before ECS removes it, 0 to 3600 seconds; default, ECS's
            choice.
        infrastructure_role: Role by which ECS manages the instances; default, a new one with
            ``AmazonECSInfrastructureRolePolicyForManagedInstances``, which may pass the instances' role to EC2. A role
            of yours has to be allowed that.
        instance_profile: Instance profile; default, a new one whose role may only register with this cluster and report
            to it. One of yours needs its ``role``, so that ECS may pass it; the role's name is free, because the
            permission names the role.

    Raises:
        ConfigurationError: Options contradict each other. The service refuses instances that cannot run the image.
    """

    instance_types: Sequence[ec2.InstanceType] = ()
    instance_requirements: ec2.InstanceRequirementsConfig | None = None
    capacity_option_type: ecs.CapacityOptionType = ecs.CapacityOptionType.ON_DEMAND
    storage_gib: Number = 80
    scale_in_after: cdk.Duration | None = None
    infrastructure_role: iam.IRole | None = None
    instance_profile: iam.IInstanceProfile | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        whole_number(f"{name}.storage_gib", self.storage_gib, minimum=1, maximum=65_536, what="a size in GiB")
        if self.scale_in_after is not None:
            seconds(f"{name}.scale_in_after", self.scale_in_after, minimum=0, maximum=_LONGEST_DELAY)
        if len(self.instance_types) > _MOST_TYPES:
            raise ConfigurationError(
                f"{name}.instance_types has {len(self.instance_types)} types; use at most {_MOST_TYPES}, for example "
                "with ec2.InstanceType('m7i.*')"
            )
        if self.instance_types and self.instance_requirements is not None:
            raise ConfigurationError(
                f"{name} has instance_types and instance_requirements; keep one, or use "
                "InstanceRequirementsConfig(allowed_instance_types=[…])"
            )
        if self.instance_requirements is not None:
            _check_requirements(self.instance_requirements)
        if (
            self.infrastructure_role is None
            and self.instance_profile is not None
            and self.instance_profile.role is None
        ):
            raise ConfigurationError(
                f"{name}.instance_profile names no role, so ECS could not be allowed to pass it to EC2; use "
                "iam.InstanceProfile.from_instance_profile_attributes(…, role=…), or set infrastructure_role="
            )


def _check_requirements(given: ec2.InstanceRequirementsConfig) -> None:
    """Refuse requirements that contradict each other, before CDK raises them without a path, or ECS in a deployment."""
    where = "ManagedInstancesCapacity.instance_requirements"
    if given.allowed_instance_types and given.excluded_instance_types:
        raise ConfigurationError(f"{where} has allowed_instance_types and excluded_instance_types; keep one")
    if (
        given.spot_max_price_percentage_over_lowest_price is not None
        and given.on_demand_max_price_percentage_over_lowest_price is not None
    ):
        raise ConfigurationError(
            f"{where} has spot_max_price_percentage_over_lowest_price and "
            "on_demand_max_price_percentage_over_lowest_price; keep the one for capacity_option_type"
        )
    least, most = given.v_cpu_count_min, given.v_cpu_count_max
    if most is not None and not is_token(least) and not is_token(most) and least > most:
        raise ConfigurationError(f"{where} has v_cpu_count_min={least:g} above v_cpu_count_max={most:g}; swap the two")
    low, high = given.memory_min, given.memory_max
    if high is not None and not low.is_unresolved() and not high.is_unresolved():
        smallest, largest = low.to_mebibytes(), high.to_mebibytes()
        if smallest > largest:
            raise ConfigurationError(
                f"{where} has memory_min of {smallest:g} MiB above memory_max of {largest:g} MiB; swap the two"
            )


def check_managed(capacity: ManagedInstancesCapacity, container: MainContainer) -> None:
    """Refuse instances on which the image cannot run, and what ECS does not have on them."""
    needed = container.runs_on
    for each in capacity.instance_types:
        kind = each.to_string()
        if kind.startswith("mac"):
            raise ConfigurationError(
                f"ManagedInstancesCapacity.instance_types has {kind}, which runs macOS, but tasks are Linux containers"
            )
        found = architecture_of(each)
        if found is not None and found is not needed:
            raise ConfigurationError(
                f"ManagedInstancesCapacity.instance_types has {kind}, which is {found.name}, but the image is built "
                f"for {needed.name}; use a type like {_EXAMPLES[needed]}, or ImageBuild(architecture=…)"
            )
    given = capacity.instance_requirements
    makers = None if given is None else given.cpu_manufacturers
    if makers and not set(makers) <= set(_MANUFACTURERS[needed]):
        raise ConfigurationError(
            f"ManagedInstancesCapacity.instance_requirements has cpu_manufacturers={[each.name for each in makers]}, "
            f"but the image is built for {needed.name}; omit cpu_manufacturers, or use ImageBuild(architecture=…)"
        )
    if not isinstance(container, Ec2Options):
        return
    if container.placement_strategies is not None:
        raise ConfigurationError(
            f"{type(container).__name__}.placement_strategies is set, but ECS has no placement strategies on Managed "
            "Instances; omit it (placement_constraints are possible), or use capacity=Ec2Capacity(…)"
        )
    if container.gpu_count is not None and not _has_gpus(capacity):
        count = "" if is_token(container.gpu_count) else f"={container.gpu_count:g}"
        raise ConfigurationError(
            f"{type(container).__name__}.gpu_count{count} needs instances with GPUs, and without a wish ECS chooses "
            "general-purpose ones; use ManagedInstancesCapacity(instance_types=[ec2.InstanceType('g6.*')]), or "
            "instance_requirements with accelerator_count_min=1"
        )


def _has_gpus(capacity: ManagedInstancesCapacity) -> bool:
    given = capacity.instance_requirements
    if given is not None:
        named = [ec2.InstanceType(each) for each in given.allowed_instance_types or ()]
        return bool(given.accelerator_count_min or given.accelerator_types) or any(map(_has_gpu, named))
    return any(map(_has_gpu, capacity.instance_types))


def _has_gpu(kind: ec2.InstanceType) -> bool:
    written = kind.to_string()
    return is_token(written) or "*" in written.partition(".")[0] or WITH_GPUS.match(written) is not None


def add_managed_capacity(
    scope: Construct,
    capacity: ManagedInstancesCapacity,
    *,
    cluster: ecs.ICluster,
    subnets: ec2.SubnetSelection,
    container: MainContainer,
    size: TaskSize,
) -> tuple[ecs.CfnCapacityProvider, list[ecs.CapacityProviderStrategy]]:
    """Create the capacity provider with its roles, and return it with the tasks' capacity provider strategy."""
    profile = capacity.instance_profile or instance_profile(scope, cluster)
    # Not the id of Ec2Capacity's: CloudFormation could not turn one kind of provider into the other. Nor one id for
    # both purchase options: CloudFormation replaces the provider, and a service that names it by the same id would not
    # be told to deploy again, which ECS requires for another provider.
    kind = capacity.capacity_option_type
    bought = "" if kind is ecs.CapacityOptionType.ON_DEMAND else kind.name.title().replace("_", "")
    construct_id = f"Managed{bought}Instances"
    provider = ecs.ManagedInstancesCapacityProvider(
        scope,
        construct_id,
        capacity_provider_name=provider_name(scope, construct_id),
        infrastructure_role=capacity.infrastructure_role or passing_role(scope, profile),
        ec2_instance_profile=profile,
        subnets=cluster.vpc.select_subnets(
            availability_zones=subnets.availability_zones,
            one_per_az=subnets.one_per_az,
            subnet_filters=subnets.subnet_filters,
            subnet_group_name=subnets.subnet_group_name,
            subnets=subnets.subnets,
            subnet_type=subnets.subnet_type,
        ).subnets,
        security_groups=[
            ec2.SecurityGroup(
                scope, "InstanceSecurityGroup", vpc=cluster.vpc, description="Managed Instances: nothing comes in"
            )
        ],
        capacity_option_type=capacity.capacity_option_type,
        instance_requirements=_requirements(capacity, size),
        monitoring=ecs.InstanceMonitoring.BASIC,
        propagate_tags=ecs.PropagateManagedInstancesTags.CAPACITY_PROVIDER,
    )
    provider.bind(cluster)  # the provider names the cluster, which does not change: it may be imported
    resource = provider.node.default_child
    if not isinstance(resource, ecs.CfnCapacityProvider):
        raise ConfigurationError(
            "Managed Instances have no AWS::ECS::CapacityProvider; this version of aws-cdk-lib is not supported"
        )
    resource.add_property_override(f"{_TEMPLATE}.StorageConfiguration.StorageSizeGiB", capacity.storage_gib)
    if capacity.instance_requirements is not None and not capacity.instance_requirements.cpu_manufacturers:
        resource.add_property_override(
            f"{_TEMPLATE}.InstanceRequirements.CpuManufacturers", _WRITTEN[container.runs_on]
        )
    if capacity.scale_in_after is not None:
        resource.add_property_override(
            "ManagedInstancesProvider.InfrastructureOptimization.ScaleInAfter",
            number_of_seconds(capacity.scale_in_after),
        )
    return resource, [ecs.CapacityProviderStrategy(capacity_provider=provider.capacity_provider_name, weight=1)]


def _requirements(capacity: ManagedInstancesCapacity, size: TaskSize) -> ec2.InstanceRequirementsConfig | None:
    """Return the given requirements; with types, the least that holds a task, because CloudFormation requires it."""
    if not capacity.instance_types:
        return capacity.instance_requirements
    cpus = 1 if is_token(size.cpu) else max(1, math.ceil(size.cpu / 1024))
    return ec2.InstanceRequirementsConfig(
        v_cpu_count_min=cpus,
        memory_min=cdk.Size.mebibytes(512 if is_token(size.memory_mib) else size.memory_mib),
        allowed_instance_types=[each.to_string() for each in capacity.instance_types],
    )


def with_instances(cluster: ecs.ICluster) -> ecs.ICluster:
    """Return a cluster as CDK's ``Ec2Service`` accepts it, which knows only the instances of Auto Scaling groups.

    The child of a cluster refers to the same one. Source: ``validateEc2Service`` in aws-cdk-lib (aws-cdk#36098).
    """
    if cluster.has_ec2_capacity:
        return cluster
    found = node_of(cluster).try_find_child(_WITH_INSTANCES)
    if found is not None:
        return cast("ecs.ICluster", found)
    claim(cast("Construct", cluster), _WITH_INSTANCES)
    return ecs.Cluster.from_cluster_attributes(
        cast("Construct", cluster),
        _WITH_INSTANCES,
        cluster_name=cluster.cluster_name,
        cluster_arn=cluster.cluster_arn,
        vpc=cluster.vpc,
        has_ec2_capacity=True,
        default_cloud_map_namespace=cluster.default_cloud_map_namespace,
        execute_command_configuration=cluster.execute_command_configuration,
    )

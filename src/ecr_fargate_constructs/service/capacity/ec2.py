"""EC2 capacity of a service: an Auto Scaling group that ECS scales, drains and keeps up to date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge, acknowledge_policy
from ecr_fargate_constructs._cdk.attempt import make_shared, when_made
from ecr_fargate_constructs._cdk.site import stack_of
from ecr_fargate_constructs._regulated.findings import acknowledge_grants
from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.instance_types import WITH_GPUS, provider_name
from ecr_fargate_constructs.service.capacity.machine_image import check_system, warn_of_image, warn_of_type
from ecr_fargate_constructs.service.capacity.managed_instances import ManagedInstancesCapacity, check_managed
from ecr_fargate_constructs.service.capacity.quotas import warn_of_instances
from ecr_fargate_constructs.service.container.ec2 import Ec2Options

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.service.container.main import MainContainer

_ROOT_DEVICE = "/dev/xvda"  # of the ECS-optimized Amazon Linux 2023
_DEFAULT_TYPES = {Architecture.X86_64: "t3.medium", Architecture.ARM64: "t4g.medium"}


@typed
@dataclass(frozen=True, kw_only=True)
class Ec2Capacity:
    """EC2 instances for the tasks of one service, as many as the tasks need.

    Defaults: two to ten instances of type ``t3.medium`` (``t4g.medium`` for Arm) in the zones of the tasks, with the
    ECS-optimized Amazon Linux 2023, an encrypted root volume of 30 GiB, no public address, and metadata only with a
    session token (IMDSv2), which no container can get.

    ECS starts instances when tasks do not fit on the running ones, and stops idle ones. An instance is drained before
    it stops: its tasks move and finish their requests. A deployment uses AWS's latest image; when the image or another
    setting of the instances has changed, they are replaced one by one.

    Managed termination protection is off: draining has its effect, and protected instances would prevent the stack from
    ever being deleted (aws-cdk#18179, containers-roadmap#2862).

    Every task uses a network interface: a ``t3.medium`` has room for two tasks, and so has an ``m7i.large``, or for ten
    with the account setting ``awsvpcTrunking``.

    Attributes:
        instance_type: Instance type, of the image's architecture; default, ``t3.medium``, or ``t4g.medium`` for Arm.
        min_capacity: Least number of instances, 0 or more; default, 2.
        max_capacity: Greatest number of instances, 1 or more and at least ``min_capacity``; default, 10.
        target_percent: Utilization of the instances that ECS aims at, 1 to 100; below 100, some wait for the next task;
            default, 100.
        root_volume_gib: Size of the root volume in GiB, 30 or more (the image's own size); default, 30.
        machine_image: Machine image; default, the ECS-optimized one for the architecture, or for GPUs of x86 instances.

    Raises:
        ConfigurationError: Figures contradict each other. The service refuses instances that do not run Linux, or
            cannot run the image.
    """

    instance_type: ec2.InstanceType | None = None
    min_capacity: Number = 2
    max_capacity: Number = 10
    target_percent: Number = 100
    root_volume_gib: Number = 30
    machine_image: ec2.IMachineImage | None = None

    def __post_init__(self) -> None:
        whole_number("Ec2Capacity.min_capacity", self.min_capacity, minimum=0, what="a number of instances")
        whole_number("Ec2Capacity.max_capacity", self.max_capacity, minimum=1, what="a number of instances")
        if (
            not is_token(self.min_capacity)
            and not is_token(self.max_capacity)
            and self.min_capacity > self.max_capacity
        ):
            raise ConfigurationError(
                f"Ec2Capacity.min_capacity={self.min_capacity:g} is above max_capacity={self.max_capacity:g}; swap the "
                "two"
            )
        whole_number("Ec2Capacity.target_percent", self.target_percent, minimum=1, maximum=100, what="a percentage")
        whole_number(
            "Ec2Capacity.root_volume_gib", self.root_volume_gib, minimum=30, maximum=16_384, what="a size in GiB"
        )


def check_capacity(
    scope: Construct,
    capacity: Ec2Capacity | ManagedInstancesCapacity | None,
    cluster: ecs.ICluster | None,
    container: MainContainer,
) -> None:
    """Refuse instances on which the image cannot run, and a cluster that has no instances or cannot get any."""
    if capacity is None and cluster is not None:
        if not cluster.has_ec2_capacity:
            raise ConfigurationError(
                "the cluster has no EC2 instances; add capacity=Ec2Capacity(), or add capacity to the cluster"
            )
        return
    if isinstance(capacity, ManagedInstancesCapacity):
        check_managed(capacity, container)
        return
    capacity = capacity or Ec2Capacity()
    if cluster is not None and not isinstance(cluster, ecs.Cluster):
        raise ConfigurationError(
            "instances cannot be added to an imported cluster; omit capacity to use the cluster's own instances, or "
            "omit cluster"
        )
    if cluster is not None and cdk.Stack.of(cluster).node.addr != cdk.Stack.of(scope).node.addr:
        raise ConfigurationError(
            "instances cannot be added to a cluster of another stack, because the stacks would depend on each other; "
            "omit capacity and add it in the cluster's stack, or omit cluster"
        )
    _check_gpus(capacity, container)
    needed = container.runs_on
    if capacity.instance_type is None or is_token(capacity.instance_type.to_string()):
        return
    arm = capacity.instance_type.architecture is ec2.InstanceArchitecture.ARM_64
    if arm != (needed is Architecture.ARM64):
        raise ConfigurationError(
            f"Ec2Capacity.instance_type={capacity.instance_type.to_string()} is {'ARM64' if arm else 'X86_64'}, but "
            f"the image is built for {needed.name}; use a type like {_DEFAULT_TYPES[needed]}, or "
            "ImageBuild(architecture=…)"
        )


def _check_gpus(capacity: Ec2Capacity, container: MainContainer) -> None:
    """Refuse instances without the GPUs that a container reserves: ECS would never place a task."""
    if not isinstance(container, Ec2Options) or container.gpu_count is None:
        return
    kind = None if capacity.instance_type is None else capacity.instance_type.to_string()
    arm = container.runs_on is Architecture.ARM64
    count = "" if is_token(container.gpu_count) else f"={container.gpu_count:g}"
    if kind is None or not (is_token(kind) or WITH_GPUS.match(kind)):
        raise ConfigurationError(
            f"Ec2Container.gpu_count{count} needs instances with NVIDIA GPUs, but "
            f"{kind or _DEFAULT_TYPES[container.runs_on]} has none; use capacity=Ec2Capacity(instance_type="
            f"ec2.InstanceType('{'g5g' if arm else 'g5'}.xlarge')) or another type with enough of them"
        )
    if arm and capacity.machine_image is None:
        raise ConfigurationError(
            "Ec2Container.gpu_count is set on a container for ARM64, but the ECS-optimized image with NVIDIA's drivers "
            "is for X86_64; give Ec2Capacity.machine_image an Arm image with the drivers and the ECS agent, or use "
            "ImageBuild(architecture=Architecture.X86_64) and a type like g5.xlarge"
        )


def add_capacity(
    scope: Construct,
    capacity: Ec2Capacity,
    *,
    cluster: ecs.ICluster,
    subnets: ec2.SubnetSelection,
    container: MainContainer,
) -> tuple[autoscaling.AutoScalingGroup, list[ecs.CapacityProviderStrategy]]:
    """Create the instances, let ECS manage them, and return them with the tasks' capacity provider strategy."""
    role = iam.Role(scope, "MachineRole", assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))
    # CDK keeps the name of the image in a parameter of the stack.
    template = make_shared(stack_of(scope), lambda: _template(scope, capacity, container, role=role, vpc=cluster.vpc))
    check_system(scope, template, capacity.instance_type)
    warn_of_image(scope, capacity.machine_image)
    warn_of_type(scope, capacity.instance_type)
    warn_of_instances(scope, capacity.max_capacity)
    group = autoscaling.AutoScalingGroup(
        scope,
        "Machines",
        vpc=cluster.vpc,
        vpc_subnets=subnets,
        launch_template=template,
        min_capacity=capacity.min_capacity,
        max_capacity=capacity.max_capacity,
        update_policy=autoscaling.UpdatePolicy.rolling_update(max_batch_size=1),
    )
    # ECS tags the groups that it scales; without the tag in the template a stack update would remove it.
    cdk.Tags.of(group).add("AmazonECSManaged", "true", apply_to_launched_instances=True)
    provider = ecs.AsgCapacityProvider(
        scope,
        "CapacityProvider",
        capacity_provider_name=provider_name(scope),
        auto_scaling_group=group,
        enable_managed_scaling=True,
        enable_managed_draining=True,
        enable_managed_termination_protection=False,
        target_capacity_percent=capacity.target_percent,
    )

    def add_to_cluster() -> None:
        cast("ecs.Cluster", cluster).add_asg_capacity_provider(provider)
        _acknowledge_instances(group, role)

    when_made(add_to_cluster)  # a provider cannot be removed from a cluster
    return group, [ecs.CapacityProviderStrategy(capacity_provider=provider.capacity_provider_name, weight=1)]


def _template(
    scope: Construct, capacity: Ec2Capacity, container: MainContainer, *, role: iam.IRole, vpc: ec2.IVpc
) -> ec2.LaunchTemplate:
    user_data = ec2.UserData.for_linux()
    # Otherwise a task in its own network namespace would reach the instance's role through the agent's bridge.
    user_data.add_commands("echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config")
    return ec2.LaunchTemplate(
        scope,
        "LaunchTemplate",
        instance_type=capacity.instance_type or ec2.InstanceType(_DEFAULT_TYPES[container.runs_on]),
        machine_image=capacity.machine_image or ecs.EcsOptimizedImage.amazon_linux2023(_hardware(container)),
        role=role,
        security_group=ec2.SecurityGroup(
            scope, "MachineSecurityGroup", vpc=vpc, description="Machines: nothing comes in"
        ),
        user_data=user_data,
        associate_public_ip_address=False,
        http_endpoint=True,
        http_tokens=ec2.LaunchTemplateHttpTokens.REQUIRED,
        http_put_response_hop_limit=1,  # the agent shares the instance's network; containers are one hop further away
        block_devices=[
            ec2.BlockDevice(
                device_name=_ROOT_DEVICE,
                volume=ec2.BlockDeviceVolume.ebs(
                    capacity.root_volume_gib, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3
                ),
            )
        ],
    )


def _acknowledge_instances(group: autoscaling.AutoScalingGroup, role: iam.IRole) -> None:
    acknowledge(
        group.node.default_child or group,
        {
            "AwsSolutions::AwsSolutions-AS3": "ECS starts and stops instances as tasks need them, and nobody has to "
            "be notified of that; a deployment that lacks them fails and is rolled back."
        },
    )
    acknowledge_grants(role)
    acknowledge_policy(
        role,
        {
            "AwsSolutions::AwsSolutions-IAM5[Action::ecs:Submit*]": "Three actions by which the agent reports what its "
            "tasks do, to this cluster only.",
            IAM5_EVERY_RESOURCE: "ecs:DiscoverPollEndpoint and ecr:GetAuthorizationToken take no resource; ecs:Poll "
            "and ecs:StartTelemetrySession hold for this cluster by their condition. logs:CreateLogStream and "
            "logs:PutLogEvents are CDK's for every instance: they write lines and read none.",
        },
    )


def _hardware(container: MainContainer) -> ecs.AmiHardwareType:
    if isinstance(container, Ec2Options) and container.gpu_count is not None:
        return ecs.AmiHardwareType.GPU
    return ecs.AmiHardwareType.ARM if container.runs_on is Architecture.ARM64 else ecs.AmiHardwareType.STANDARD

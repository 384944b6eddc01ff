"""The tasks of CDK that bad inputs are given to: several containers, capabilities, log routers, machines."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from tests.bad_input.case import NGINX, Place

LAUNCH_TEMPLATE = "@aws-cdk/aws-autoscaling:generateLaunchTemplateInsteadOfLaunchConfig"
"""As ``cdk init`` writes it."""

IMAGE = ecs.ContainerImage.from_registry(NGINX)


def several(place: Place, *names: str, port: float | None = None, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """A task with a container ``web`` and others."""
    definition = ecs.FargateTaskDefinition(place.stack, "Task")
    ports = None if port is None else [ecs.PortMapping(container_port=port)]
    for name in ("web", *names):
        definition.add_container(name, image=IMAGE, port_mappings=ports, **options)
    return definition


def capabilities(place: Place, *, add: ecs.Capability, drop: ecs.Capability) -> object:
    """A container with one capability more and one less."""
    linux = ecs.LinuxParameters(place.stack, "Linux")
    linux.add_capabilities(add)
    linux.drop_capabilities(drop)
    return ecs.FargateTaskDefinition(place.stack, "Task").add_container("web", image=IMAGE, linux_parameters=linux)


def shared_processes(place: Place) -> object:
    """A service with shell sessions and one process namespace."""
    definition = ecs.FargateTaskDefinition(
        place.stack,
        "Task",
        pid_mode=ecs.PidMode.TASK,
        runtime_platform=ecs.RuntimePlatform(operating_system_family=ecs.OperatingSystemFamily.LINUX),
    )
    for name in ("web", "agent"):
        definition.add_container(name, image=IMAGE)
    cluster = ecs.Cluster(place.stack, "Cluster")
    return ecs.FargateService(
        place.stack, "Service", cluster=cluster, task_definition=definition, enable_execute_command=True
    )


def waiting(place: Place, on: str, condition: ecs.ContainerDependencyCondition) -> object:
    """A container that waits for another one, or for itself; CDK takes objects, so that a name cannot be wrong."""
    definition = ecs.FargateTaskDefinition(place.stack, "Task")
    web = definition.add_container("web", image=IMAGE)
    other = web if on == "web" else definition.add_container(on, image=IMAGE)
    web.add_container_dependencies(ecs.ContainerDependency(container=other, condition=condition))
    return definition


def routers(place: Place, *names: str) -> object:
    """A task with log routers."""
    definition = ecs.FargateTaskDefinition(place.stack, "Task")
    definition.add_container("web", image=IMAGE)
    for name in names:
        definition.add_firelens_log_router(
            name, image=IMAGE, firelens_config=ecs.FirelensConfig(type=ecs.FirelensLogRouterType.FLUENTBIT)
        )
    return definition


def parameters(place: Place, name: str, *values: str) -> object:
    """A task whose containers set a kernel parameter."""
    definition = ecs.FargateTaskDefinition(place.stack, "Task")
    for number, value in enumerate(values):
        control = ecs.SystemControl(namespace=name, value=value)
        definition.add_container(f"c{number}", image=IMAGE, system_controls=[control])
    return definition


def machines(place: Place, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """Machines of a cluster, as a capacity provider."""
    place.stack.node.set_context(LAUNCH_TEMPLATE, value=True)
    vpc = ec2.Vpc(place.stack, "Vpc")
    cluster = ecs.Cluster(place.stack, "Cluster", vpc=vpc)
    group = autoscaling.AutoScalingGroup(
        place.stack,
        "Machines",
        vpc=vpc,
        **{
            "instance_type": ec2.InstanceType("t3.medium"),
            "machine_image": ecs.EcsOptimizedImage.amazon_linux2023(),
            **options,
        },
    )
    provider = ecs.AsgCapacityProvider(place.stack, "Provider", auto_scaling_group=group)
    cluster.add_asg_capacity_provider(provider)
    return cluster


def placed(place: Place, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """A service on machines, with rules where its tasks go."""
    definition = ecs.Ec2TaskDefinition(place.stack, "Task")
    definition.add_container("web", image=IMAGE, memory_limit_mib=512)
    cluster: Any = machines(place)
    return ecs.Ec2Service(place.stack, "Service", cluster=cluster, task_definition=definition, **options)


def on_a_machine(place: Place, **options: Any) -> object:  # noqa: ANN401 - CDK's options
    """A container of a task for machines."""
    definition = ecs.Ec2TaskDefinition(place.stack, "Task", network_mode=ecs.NetworkMode.AWS_VPC)
    linux = ecs.LinuxParameters(place.stack, "Linux")
    linux.add_tmpfs(*options.pop("tmpfs", ()))
    linux.add_devices(*options.pop("devices", ()))
    return definition.add_container("web", image=IMAGE, memory_limit_mib=512, linux_parameters=linux, **options)

"""Write services without a load balancer, and jobs without a schedule, in plain CDK with this library's images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Expression, Name
from ecr_fargate_constructs.tools.migrate.fields import container_name
from ecr_fargate_constructs.tools.migrate.model import Build, Shape
from ecr_fargate_constructs.tools.migrate.program import STACK
from ecr_fargate_constructs.tools.migrate.write_container import (
    FLUENT_BIT,
    capabilities,
    dotted,
    firelens,
    router_options,
    shared_options,
)
from ecr_fargate_constructs.tools.migrate.write_ports import deploy_after, mapping, offered
from ecr_fargate_constructs.tools.migrate.write_web import ONE_AT_A_TIME, log_days, public_subnets

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.model import Container, Service, Volume
    from ecr_fargate_constructs.tools.migrate.program import Program, Shared

_CPU, _MEMORY = 256, 512
_DNS_TTL = 10  # seconds, as Copilot and CloudMap of this library have it


@dataclass(frozen=True)
class _Place:
    """The task definition of the containers, and their log group."""

    task: Name
    logs: Name


def plain(program: Program, service: Service, shared: Shared) -> Name:
    """Write a service, or a job without a schedule, with its task definition."""
    task = _task(program, service)
    if service.shape is Shape.JOB:
        return task  # of a job without a schedule, which is started by hand
    return _service(program, service, task, shared)


def _task(program: Program, service: Service) -> Name:
    task = program.let(
        f"{service.name} task",
        program.cdk(
            "ecs.FargateTaskDefinition",
            STACK,
            program.construct_id(f"{service.name} task"),
            cpu=service.cpu or _CPU,
            memory_limit_mib=service.memory or _MEMORY,
            ephemeral_storage_gib=service.storage,
            runtime_platform=program.cdk(
                "ecs.RuntimePlatform",
                cpu_architecture=program.constant(
                    "ecs.CpuArchitecture.ARM64" if service.arm else "ecs.CpuArchitecture.X86_64"
                ),
                operating_system_family=program.constant("ecs.OperatingSystemFamily.LINUX"),
            ),
        ),
    )
    group = program.let(
        f"{service.name} logs",
        program.cdk(
            "logs.LogGroup",
            STACK,
            program.construct_id(f"{service.name} logs"),
            retention=log_days(program, service) or program.constant("logs.RetentionDays.ONE_MONTH"),
        ),
    )
    for volume in {mount.volume.name: mount.volume for mount in service.mounts}.values():
        _add_volume(program, task, volume)
    place = _Place(task, group)
    ports = () if service.port is None else (service.port, *service.more_ports)
    main: list[Expression] = [mapping(program, service, port) for port in ports]
    name = container_name(service.name)
    names = {"web": _container(program, service, place, name, service.container, mappings=main)}
    program.remember_container(service, names["web"])
    for each in service.sidecars:
        beside: list[Expression] = (
            [] if each.port is None else [program.cdk("ecs.PortMapping", container_port=each.port)]
        )
        names[each.name] = _container(
            program, service, place, each.name, each.container, mappings=beside, essential=each.essential
        )
    if service.log_router is not None:
        program.do(
            Call(
                f"{task.text}.add_firelens_log_router",
                "log-router",
                image=program.cdk("ecs.ContainerImage.from_registry", service.log_router.image or FLUENT_BIT),
                essential=True,
                logging=_aws_logs(program, "log-router", group),
                firelens_config=program.cdk(
                    "ecs.FirelensConfig",
                    type=program.constant("ecs.FirelensLogRouterType.FLUENTBIT"),
                    options=router_options(program, service),
                ),
            )
        )
    _depend(program, service, names)
    return task


def _add_volume(program: Program, task: Name, volume: Volume) -> None:
    efs = None
    if volume.efs:
        files, entry = program.files(volume), program.access_point(volume)
        efs = program.cdk(
            "ecs.EfsVolumeConfiguration",
            file_system_id=dotted(files, "file_system_id"),
            transit_encryption="ENABLED",
            authorization_config=program.cdk(
                "ecs.AuthorizationConfig", iam="ENABLED", access_point_id=dotted(entry, "access_point_id")
            ),
        )
    program.do(Call(f"{task.text}.add_volume", name=volume.name, efs_volume_configuration=efs))
    if volume.efs:
        program.do(Call(f"{files.text}.grant_read_write", dotted(task, "task_role")))


def _container(
    program: Program,
    service: Service,
    place: _Place,
    name: str,
    container: Container,
    *,
    mappings: list[Expression],
    essential: bool = True,
) -> Name:
    image = program.image(container.image, service, name)
    if isinstance(image, str):
        image = program.cdk("ecs.ContainerImage.from_registry", image)
    elif isinstance(image, Name) and isinstance(container.image, Build):
        image = dotted(image, "container_image")
    options = shared_options(program, container, service)
    if not container.read_only_root:
        options["readonly_root_filesystem"] = None  # CDK's default
    variable = program.let(
        f"{name} container",
        Call(
            f"{place.task.text}.add_container",
            name,
            image=image,
            essential=None if essential else False,
            port_mappings=mappings or None,
            **options,
            pseudo_terminal=container.terminal or None,
            interactive=container.interactive or None,
            system_controls=[
                program.cdk("ecs.SystemControl", namespace=key, value=value)
                for key, value in container.system_controls.items()
            ]
            or None,
            linux_parameters=program.cdk(
                "ecs.LinuxParameters", place.task, program.construct_id(f"{name} linux"), init_process_enabled=True
            ),
            logging=firelens(program, container) or _aws_logs(program, name, place.logs),
        ),
    )
    _finish_container(program, variable, container)
    return variable


def _finish_container(program: Program, variable: Name, container: Container) -> None:
    linux = f"{variable.text}.linux_parameters"
    for verb, names in (("add", container.added_capabilities), ("drop", container.dropped_capabilities)):
        if names:
            program.do(Call(f"{linux}.{verb}_capabilities", *(capabilities(program, names) or [])))
    points: list[Expression] = [
        program.cdk(
            "ecs.MountPoint", container_path=mount.path, source_volume=mount.volume.name, read_only=mount.read_only
        )
        for mount in container.mounts
    ]
    if points:
        program.do(Call(f"{variable.text}.add_mount_points", *points))


def _aws_logs(program: Program, name: str, group: Name) -> Call:
    return program.cdk(
        "ecs.LogDrivers.aws_logs",
        stream_prefix=name,
        log_group=group,
        mode=program.constant("ecs.AwsLogDriverMode.NON_BLOCKING"),
    )


def _depend(program: Program, service: Service, names: dict[str, Name]) -> None:
    owners = [("web", service.container), *((each.name, each.container) for each in service.sidecars)]
    for owner, container in owners:
        dependencies: list[Expression] = [
            program.cdk(
                "ecs.ContainerDependency",
                container=names[name],
                condition=program.constant(f"ecs.ContainerDependencyCondition.{condition.upper()}"),
            )
            for name, condition in container.depends_on.items()
            if name in names
        ]
        if dependencies:
            program.do(Call(f"{names[owner].text}.add_container_dependencies", *dependencies))


def _service(program: Program, service: Service, task: Name, shared: Shared) -> Name:
    count = service.count
    strategies: list[Expression] = []
    if count is not None and count.spot_after is not None:
        if count.spot_after:
            strategies.append(
                program.cdk(
                    "ecs.CapacityProviderStrategy", capacity_provider="FARGATE", base=count.spot_after, weight=0
                )
            )
        strategies.append(program.cdk("ecs.CapacityProviderStrategy", capacity_provider="FARGATE_SPOT", weight=1))
    connect = cloud_map = None
    if service.connect_name is not None and shared.namespace is not None:
        connect = program.cdk(
            "ecs.ServiceConnectProps",
            namespace=dotted(shared.namespace, "namespace_arn"),
            services=offered(program, service),
        )
    if service.discovery_name is not None and shared.discovery is not None:
        cloud_map = program.cdk(
            "ecs.CloudMapOptions",
            cloud_map_namespace=shared.discovery,
            name=service.discovery_name,
            dns_ttl=program.duration(_DNS_TTL),
        )
    variable = program.let(
        service.name,
        program.cdk(
            "ecs.FargateService",
            STACK,
            program.construct_id(service.name),
            cluster=shared.cluster,
            task_definition=task,
            desired_count=1 if count is None else count.minimum,
            capacity_provider_strategies=strategies or None,
            min_healthy_percent=0 if service.recreate else 100,
            max_healthy_percent=ONE_AT_A_TIME if service.recreate else None,
            circuit_breaker=program.cdk("ecs.DeploymentCircuitBreaker", enable=True, rollback=True),
            enable_execute_command=service.enable_execute_command or None,
            assign_public_ip=service.public_subnets or None,
            vpc_subnets=public_subnets(program, service),
            service_connect_configuration=connect,
            cloud_map_options=cloud_map,
        ),
    )
    _autoscale(program, service, variable)
    for volume in {mount.volume.name: mount.volume for mount in service.mounts if mount.volume.efs}.values():
        program.do(Call(f"{program.files(volume).text}.connections.allow_default_port_from", variable))
    if connect is not None:
        deploy_after(program, variable, service.calls)
    return variable


def _autoscale(program: Program, service: Service, variable: Name) -> None:
    count = service.count
    if count is None or count.minimum == count.maximum:
        return
    tasks = program.let(
        f"{service.name} tasks",
        Call(f"{variable.text}.auto_scale_task_count", min_capacity=count.minimum, max_capacity=count.maximum),
    )
    for name, verb, percent in (
        ("Cpu", "scale_on_cpu_utilization", count.cpu_percent),
        ("Memory", "scale_on_memory_utilization", count.memory_percent),
    ):
        if percent is not None:
            program.do(
                Call(
                    f"{tasks.text}.{verb}",
                    name,
                    target_utilization_percent=percent,
                    scale_in_cooldown=program.duration(count.cooldown_in),
                    scale_out_cooldown=program.duration(count.cooldown_out),
                )
            )

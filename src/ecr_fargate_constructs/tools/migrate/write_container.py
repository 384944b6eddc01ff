"""The options of containers, most of which have the same names in this library and in plain CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.code import Call, Expression, Name
from ecr_fargate_constructs.tools.migrate.model import Shape

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.model import Container, Mount, Service
    from ecr_fargate_constructs.tools.migrate.program import Program

FLUENT_BIT = "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.15"


def shared_options(program: Program, container: Container, service: Service) -> dict[str, Expression | None]:
    """Return the options with the same name in both; None for those without a value."""
    return {
        "environment": program.environment(container.environment) or None,
        "secrets": program.secrets(container.secrets, service) or None,
        "environment_files": [
            program.cdk("ecs.EnvironmentFile.from_asset", file) for file in container.environment_files
        ]
        or None,
        "command": None if container.command is None else list(container.command),
        "entry_point": None if container.entry_point is None else list(container.entry_point),
        "user": container.user,
        "working_directory": container.working_directory,
        "health_check": _health_check(program, container),
        "stop_timeout": program.duration(container.stop_timeout),
        "readonly_root_filesystem": container.read_only_root,
        "ulimits": [
            program.cdk(
                "ecs.Ulimit",
                name=program.constant(f"ecs.UlimitName.{limit.name}"),
                soft_limit=limit.soft,
                hard_limit=limit.hard,
            )
            for limit in container.ulimits
        ]
        or None,
        "docker_labels": dict(container.labels) or None,
    }


def library_options(program: Program, container: Container, service: Service) -> dict[str, Expression | None]:
    """Return the options of ``AppContainer`` and ``Sidecar``."""
    options = shared_options(program, container, service)
    if container.read_only_root:
        options["readonly_root_filesystem"] = None  # the library's default
    return {
        **options,
        "depends_on": {
            name_in_task(service, name): program.constant(f"ecs.ContainerDependencyCondition.{condition.upper()}")
            for name, condition in container.depends_on.items()
        }
        or None,
        "writable_paths": list(container.writable_paths) or None,
        "mounts": [_mount(program, mount) for mount in container.mounts] or None,
        "logging": firelens(program, container),
        "runtime": _runtime(program, container),
    }


def name_in_task(service: Service, name: str) -> str:
    """Return the name of a container in a service of this library: a worker's own is ``worker``, others' ``web``."""
    if service.shape is not Shape.WORKER:
        return name
    return {"web": "worker", "worker": "worker-task"}.get(name, name)


def firelens(program: Program, container: Container) -> Call | None:
    """Return the log driver that sends to the task's log router."""
    if not container.firelens:
        return None
    return program.cdk("ecs.LogDrivers.firelens", options=dict(container.firelens))


def router_options(program: Program, service: Service) -> Call | None:
    """Return the options of the log router; None for its defaults."""
    router = service.log_router
    if router is None or (router.config_file is None and router.metadata):
        return None
    return program.cdk(
        "ecs.FirelensOptions",
        enable_ecs_log_metadata=router.metadata,
        config_file_type=None if router.config_file is None else program.constant("ecs.FirelensConfigFileType.FILE"),
        config_file_value=router.config_file,
    )


def sidecars(program: Program, service: Service) -> list[Expression]:
    """Return the sidecars."""
    calls: list[Expression] = []
    for each in service.sidecars:
        options = library_options(program, each.container, service)
        calls.append(
            program.own(
                "Sidecar",
                name_in_task(service, each.name),
                program.image(each.container.image, service, each.name),
                essential=None if each.essential else False,
                ports=None if each.port is None else [each.port],
                **options,
            )
        )
    if service.traces:
        calls.append(program.own("Sidecar.adot"))
    if service.log_router is not None:
        calls.append(
            program.own("Sidecar.log_router", image=service.log_router.image, config=router_options(program, service))
        )
    return calls


def _health_check(program: Program, container: Container) -> Call | None:
    check = container.health_check
    if check is None:
        return None
    return program.cdk(
        "ecs.HealthCheck",
        command=list(check.command),
        interval=program.duration(check.interval),
        timeout=program.duration(check.timeout),
        retries=check.retries,
        start_period=program.duration(check.start_period),
    )


def _mount(program: Program, mount: Mount) -> Call:
    return program.own("Mount", mount.path, volume(program, mount), read_only=mount.read_only or None)


def volume(program: Program, mount: Mount) -> Expression:
    """Return the volume of a mount, created on its first use."""
    wanted = mount.volume
    if not wanted.efs:
        return program.once(wanted, lambda: program.let(wanted.name, program.own("SharedVolume", wanted.name)))
    files, entry = program.files(wanted), program.access_point(wanted)
    return program.once(
        wanted,
        lambda: program.let(wanted.name, program.own("EfsVolume", wanted.name, file_system=files, access_point=entry)),
    )


def _runtime(program: Program, container: Container) -> Call | None:
    runtime = program.own if _has_runtime(container) else None
    if runtime is None:
        return None
    return runtime(
        "ContainerRuntime",
        system_controls=dict(container.system_controls) or None,
        added_capabilities=capabilities(program, container.added_capabilities),
        dropped_capabilities=capabilities(program, container.dropped_capabilities),
        interactive=container.interactive or None,
        pseudo_terminal=container.terminal or None,
    )


def capabilities(program: Program, names: tuple[str, ...]) -> list[Expression] | None:
    """Return Linux capabilities under CDK's names."""
    return [program.constant(f"ecs.Capability.{name}") for name in names] or None


def _has_runtime(container: Container) -> bool:
    return bool(
        container.system_controls
        or container.added_capabilities
        or container.dropped_capabilities
        or container.interactive
        or container.terminal
    )


def dotted(base: Name, attribute: str) -> Name:
    """Return an attribute of a variable."""
    return Name(f"{base.text}.{attribute}")

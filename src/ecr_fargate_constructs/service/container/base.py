"""The options of every container of a task, the application's and the sidecars'."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import (
    absolute_path,
    dynamic_references,
    is_environment_file,
    mapping,
    text_map,
    whole_number,
)
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.runtime import ContainerRuntime, RestartPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_ecs as ecs

    from ecr_fargate_constructs.service.container.logs import Logging
    from ecr_fargate_constructs.service.container.volumes import Mount

_LEAST_MEMORY = 6  # MiB; Docker's minimum
_MOST_FILES = 10
_USER = re.compile(r"[^:\s]+(?::[^:\s]+)?")
_NO_NAME = re.compile(r"[=\s\0]")
_UNLIMITED = -1
_CHECK_WORDS = {"CMD", "CMD-SHELL", "NONE"}


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)
class TaskContainer:
    """Options that every container has; ``AppContainer`` and ``Sidecar`` add their own.

    Attributes:
        environment: Environment variables; default, none.
        secrets: Environment variables whose values ECS reads when a task starts; default, none:
            ``ecs.Secret.from_secrets_manager(secret)``, one field of a JSON secret with
            ``ecs.Secret.from_secrets_manager(secret, "password")``, ``ecs.Secret.from_ssm_parameter(parameter)``.
        environment_files: Files of environment variables in S3 or beside the app, at most 10; default, none.
        command: Command; default, the image's.
        entry_point: Entry point; default, the image's.
        user: User (and group) to run as, for example ``"10001:10001"``; default, the image's.
        working_directory: Working directory; default, the image's.
        health_check: Command that ECS runs inside the container; default, none.
        stop_timeout: Time between SIGTERM and SIGKILL, 2 to 120 seconds; default, 30 seconds, or the load balancer's
            deregistration delay if that is longer.
        depends_on: Containers that have to reach a condition before this one starts, for example
            ``{"migrate": ecs.ContainerDependencyCondition.SUCCESS}``; default, none.
        restart: Restart the container in place when it exits; default, its exit ends the task if it is essential.
        readonly_root_filesystem: Make the root file system read-only, except ``writable_paths``; default, True.
        writable_paths: Absolute paths that stay writable on a read-only root; default, none. Each is an empty volume of
            the task, and owned by root unless the Dockerfile names it in a ``VOLUME``, whose owner it then has.
        mounts: Volumes: shared among containers, EFS, EBS; default, none.
        cpu: CPU units of the task that are reserved for this container; default, none: it uses what the others leave.
        memory_limit_mib: Memory at which this container is killed, in MiB, 6 or more; default, the task's.
        memory_reservation_mib: Memory of the task that is reserved for this container, in MiB, 6 or more; default,
            none.
        ulimits: Resource limits; default, none. Fargate supports only ``NOFILE``.
        docker_labels: Labels of the container; default, none.
        logging: Destination of log lines; default, ``CloudWatchLogs()``: the service's log group, without ever
            blocking.
        runtime: Kernel parameters, start timeout, terminal and the like; default, ``ContainerRuntime()``.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)
    environment_files: Sequence[ecs.EnvironmentFile] = ()
    command: Sequence[str] | None = None
    entry_point: Sequence[str] | None = None
    user: str | None = None
    working_directory: str | None = None
    health_check: ecs.HealthCheck | None = None
    stop_timeout: cdk.Duration | None = None
    depends_on: Mapping[str, ecs.ContainerDependencyCondition] = field(default_factory=dict)
    restart: RestartPolicy | None = None
    readonly_root_filesystem: bool = True
    writable_paths: Sequence[str] = ()
    mounts: Sequence[Mount] = ()
    cpu: Number | None = None
    memory_limit_mib: Number | None = None
    memory_reservation_mib: Number | None = None
    ulimits: Sequence[ecs.Ulimit] = ()
    docker_labels: Mapping[str, str] = field(default_factory=dict)
    logging: Logging | None = None
    runtime: ContainerRuntime = field(default_factory=ContainerRuntime)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        self._check_environment(kind)
        self._check_names(kind)
        self._check_process(kind)
        self._check_shares(kind)
        self._check_places(kind)
        if self.health_check is not None:
            check_health_check(f"{kind}.health_check", self.health_check)

    def _check_environment(self, kind: str) -> None:
        text_map(f"{kind}.environment", self.environment)
        text_map(f"{kind}.docker_labels", self.docker_labels)
        mapping(f"{kind}.secrets", self.secrets)
        mapping(f"{kind}.depends_on", self.depends_on)
        for name, value in self.secrets.items():
            if isinstance(value, str):
                raise ConfigurationError(
                    f"{kind}.secrets[{name!r}] is a string, which would be in the template in clear text; use "
                    "ecs.Secret.from_secrets_manager(…) or ecs.Secret.from_ssm_parameter(…)"
                )
        both = sorted(set(self.environment) & set(self.secrets))
        if both:
            raise ConfigurationError(
                f"{kind} has {', '.join(both)} both in environment and in secrets; remove one of the two"
            )
        if len(self.environment_files) > _MOST_FILES:
            raise ConfigurationError(
                f"{kind}.environment_files has {len(self.environment_files)} files; use at most {_MOST_FILES}"
            )

        for file in self.environment_files:
            if isinstance(file, str):
                raise ConfigurationError(
                    f"{kind}.environment_files has {file!r}; use ecs.EnvironmentFile.from_asset({file!r})"
                )
            asset = getattr(file, "path", None)  # one in S3 has none
            if asset is not None and not is_environment_file(asset):
                raise ConfigurationError(
                    f"{kind}.environment_files has {asset!r}, but ECS reads only files whose names end in .env, and "
                    "CDK gives a file named .env no ending; rename it, for example to 'web.env'"
                )

    def _check_names(self, kind: str) -> None:
        for option, names in (("environment", self.environment), ("secrets", self.secrets)):
            for name in names:
                if not name or (not is_token(name) and _NO_NAME.search(name)):
                    raise ConfigurationError(
                        f"{kind}.{option} has the name {name!r}, which no shell can set; use letters, digits, '_', '.' "
                        "and '-'"
                    )
        for name, value in self.environment.items():
            if "\0" in value:
                raise ConfigurationError(
                    f"{kind}.environment[{name!r}] has a NUL, which ends the value of a variable; remove it"
                )
        for name in self.docker_labels:
            if is_token(name):
                raise ConfigurationError(
                    f"{kind}.docker_labels has a name that is a CDK token, but CloudFormation needs the keys of a "
                    "mapping before it deploys; use a plain string"
                )
        if self.user is not None and not is_token(self.user) and not _USER.fullmatch(self.user):
            raise ConfigurationError(
                f"{kind}.user={self.user!r} is not a user; use for example '10001', 'app' or '10001:10001', or omit it"
            )

    def _check_process(self, kind: str) -> None:
        for name, value in (("command", self.command), ("entry_point", self.entry_point)):
            if isinstance(value, str):
                raise ConfigurationError(
                    f"{kind}.{name}={value!r} is a string, not a list; use a list of words, for example "
                    f"{value.split()!r}"
                )
        for name, values in (
            ("command", self.command or ()),
            ("entry_point", self.entry_point or ()),
            ("environment", self.environment.values()),
        ):
            for value in values:
                dynamic_references(f"{kind}.{name}", value)
        for name, condition in self.depends_on.items():
            if isinstance(condition, str):
                raise ConfigurationError(
                    f"{kind}.depends_on[{name!r}]={condition!r} is a string; use "
                    "ecs.ContainerDependencyCondition.START, COMPLETE, SUCCESS or HEALTHY"
                )
        if self.working_directory is not None:
            absolute_path(f"{kind}.working_directory", self.working_directory, root_allowed=True)
        if self.stop_timeout is not None:
            seconds(f"{kind}.stop_timeout", self.stop_timeout, minimum=2, maximum=120)

    def _check_shares(self, kind: str) -> None:
        if self.cpu is not None:
            whole_number(f"{kind}.cpu", self.cpu, minimum=1, what="a number of CPU units")
        limit, reservation = self.memory_limit_mib, self.memory_reservation_mib
        for name, value in (("memory_limit_mib", limit), ("memory_reservation_mib", reservation)):
            if value is not None:
                whole_number(f"{kind}.{name}", value, minimum=_LEAST_MEMORY, what="an amount of memory in MiB")
        self._check_ulimits(kind)
        if limit is None or reservation is None or is_token(limit) or is_token(reservation):
            return
        if reservation > limit:
            raise ConfigurationError(
                f"{kind}.memory_reservation_mib={reservation:g} is more than memory_limit_mib={limit:g}; lower it"
            )

    def _check_ulimits(self, kind: str) -> None:
        names = []
        for each in self.ulimits:
            if not hasattr(each, "soft_limit"):
                continue  # its type is refused later
            name, soft, hard = each.name.value.lower(), each.soft_limit, each.hard_limit
            names.append(name)
            if is_token(soft) or is_token(hard):
                continue
            if hard != _UNLIMITED and (soft > hard or soft == _UNLIMITED):
                raise ConfigurationError(
                    f"{kind}.ulimits has {name} with soft_limit={soft:g} above hard_limit={hard:g}; lower the first, "
                    "or raise the second"
                )
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"{kind}.ulimits has {name} twice; remove one of the two")

    def _check_places(self, kind: str) -> None:
        if self.writable_paths and not self.readonly_root_filesystem:
            raise ConfigurationError(
                f"{kind}.writable_paths has no effect with readonly_root_filesystem=False; omit one of the two"
            )
        if isinstance(self.writable_paths, str):
            raise ConfigurationError(
                f"{kind}.writable_paths={self.writable_paths!r} is a string, not a list; use [{self.writable_paths!r}]"
            )
        for path in self.writable_paths:
            absolute_path(f"{kind}.writable_paths", path)
        places = list(self._places())
        for path in places:
            if places.count(path) > 1:
                raise ConfigurationError(f"{kind} mounts {path!r} twice; remove one of the two")

    def _places(self) -> Iterator[str]:
        for path in (*self.writable_paths, *(mount.path for mount in self.mounts)):
            if not is_token(path):
                yield path.rstrip("/")


def check_health_check(option: str, check: ecs.HealthCheck) -> None:
    """Refuse a health check that ECS refuses.

    Source: AWS::ECS::TaskDefinition HealthCheck.
    """
    _check_command(option, list(check.command))
    if check.interval is not None:
        seconds(f"{option}.interval", check.interval, minimum=5, maximum=300)
    if check.timeout is not None:
        seconds(f"{option}.timeout", check.timeout, minimum=2, maximum=60)
    if check.start_period is not None:
        seconds(f"{option}.start_period", check.start_period, minimum=0, maximum=300)
    if check.retries is not None:
        whole_number(f"{option}.retries", check.retries, minimum=1, maximum=10, what="a number of checks")
    if check.interval is None or check.timeout is None:
        return
    if check.interval.is_unresolved() or check.timeout.is_unresolved():
        return
    wait, every = check.timeout.to_seconds(), check.interval.to_seconds()
    if wait >= every:
        raise ConfigurationError(
            f"{option}.timeout is {wait:g} seconds and interval {every:g} seconds; make the timeout shorter"
        )


def _check_command(option: str, command: Sequence[str]) -> None:
    if not command:
        raise ConfigurationError(f"{option} has no command; use for example ['CMD-SHELL', 'curl -f localhost']")
    if len(command) == 1 and command[0] in _CHECK_WORDS:
        raise ConfigurationError(
            f"{option}.command={command!r} is only the kind of a command; add the command itself, or omit "
            "health_check for none"
        )
    if command[0] == "CMD-SHELL" and len(command) > 2:  # noqa: PLR2004 - the word and the command
        raise ConfigurationError(
            f"{option}.command={command!r} would run only {command[1]!r}, because a shell takes its command "
            f"as one string; use ['CMD-SHELL', {' '.join(command[1:])!r}]"
        )

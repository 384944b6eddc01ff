"""Runtime options of a container: restarts, kernel parameters, terminals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import text_map, whole_number
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_CODES = 50
_KERNEL = r"kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)"
_PARAMETER = re.compile(rf"net\.[\w.*-]+|fs\.mqueue\.\w+|{_KERNEL}")


def _five_minutes() -> cdk.Duration:
    return cdk.Duration.minutes(5)


@typed
@dataclass(frozen=True, kw_only=True)
class RestartPolicy:
    """Restart a container in place when it exits, without replacing its task.

    Defaults: restarted after any exit code, if it has run for 5 minutes; a container that exits sooner is not
    restarted, so that one which cannot start fails its task.

    Source: "Restart individual containers in Amazon ECS tasks with container restart policies" in the Amazon ECS
    developer guide.

    Attributes:
        ignored_exit_codes: Exit codes after which it is not restarted, at most 50; default, none.
        attempt_period: Time that it must have run to be restarted, 60 to 1800 seconds; default, 5 minutes.

    Raises:
        ConfigurationError: ECS refuses a value.
    """

    ignored_exit_codes: Sequence[Number] = ()
    attempt_period: cdk.Duration = field(default_factory=_five_minutes)

    def __post_init__(self) -> None:
        if len(self.ignored_exit_codes) > _MOST_CODES:
            raise ConfigurationError(
                f"RestartPolicy.ignored_exit_codes has {len(self.ignored_exit_codes)} codes; use at most {_MOST_CODES}"
            )
        for code in self.ignored_exit_codes:
            whole_number("RestartPolicy.ignored_exit_codes", code, minimum=0, maximum=255, what="an exit code")
        seconds("RestartPolicy.attempt_period", self.attempt_period, minimum=60, maximum=1800)


@typed
@dataclass(frozen=True, kw_only=True)
class ContainerRuntime:
    """Runtime options of a container; rarely needed.

    Defaults: ECS's own start timeout, the image's digest pinned for a whole deployment, the platform's kernel
    parameters, the default capabilities, no terminal. An init process that forwards signals always runs.

    Attributes:
        start_timeout: Time that other containers wait for this container's condition, 2 to 120 seconds; default, ECS's.
        system_controls: Kernel parameters by name, for example ``{"net.ipv4.tcp_keepalive_time": "500"}``; default,
            none. Containers of a task share one network: ``net.`` parameters apply to all of them.
        version_consistency: Resolve a tag once per deployment, so that all its tasks run the same image; default,
            ``ENABLED``.
        added_capabilities: Linux capabilities to add; default, none. Fargate grants only ``SYS_PTRACE``, EC2 all.
        dropped_capabilities: Linux capabilities to drop; default, none.
        credential_specs: Credential specification for Active Directory, at most one, domainless on Fargate; default,
            none.
        interactive: Keep standard input open; default, False.
        pseudo_terminal: Allocate a terminal; default, False.
        process_namespace: ``ecs.PidMode.TASK`` shares one process namespace among all containers of the task;
            ``ecs.PidMode.HOST``, on EC2 only, shares the instance's. Default, none: each container has its own.
        fault_injection: Allow requests from the task's containers to inject network faults into it, as AWS Fault
            Injection Service does; default, False.

    Raises:
        ConfigurationError: ECS refuses a value. The service refuses what only Fargate refuses.
    """

    start_timeout: cdk.Duration | None = None
    system_controls: Mapping[str, str] = field(default_factory=dict)
    version_consistency: ecs.VersionConsistency = ecs.VersionConsistency.ENABLED
    added_capabilities: Sequence[ecs.Capability] = ()
    dropped_capabilities: Sequence[ecs.Capability] = ()
    credential_specs: Sequence[ecs.CredentialSpec] = ()
    interactive: bool = False
    pseudo_terminal: bool = False
    process_namespace: ecs.PidMode | None = None
    fault_injection: bool = False

    def __post_init__(self) -> None:
        if self.start_timeout is not None:
            seconds("ContainerRuntime.start_timeout", self.start_timeout, minimum=2, maximum=120)
        text_map("ContainerRuntime.system_controls", self.system_controls)
        for name in self.system_controls:
            if not is_token(name) and not _PARAMETER.fullmatch(name):
                raise ConfigurationError(
                    f"ContainerRuntime.system_controls has {name!r}, which is not a container's kernel parameter; use "
                    "net.…, fs.mqueue.… or the IPC parameters of kernel.…, for example 'net.core.somaxconn'"
                )
        both = sorted(each.name for each in set(self.added_capabilities) & set(self.dropped_capabilities))
        if both:
            raise ConfigurationError(f"ContainerRuntime adds and drops {', '.join(both)}; remove one of the two")
        if len(self.credential_specs) > 1:
            raise ConfigurationError(
                f"ContainerRuntime.credential_specs has {len(self.credential_specs)} entries; use at most one"
            )

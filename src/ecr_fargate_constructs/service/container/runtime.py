"""What ECS does with a container beyond starting it: restarts, kernel parameters, terminals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import text_map, whole_number
from ecr_fargate_constructs._rules.tokens import is_token
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
    """Restart a container that exits, in place, without replacing its task.

    Defaults: restarted whatever its exit code, when it has run for 5 minutes; a container that exits sooner is not
    restarted, so that one which cannot start fails its task.

    Source: "Restart individual containers in Amazon ECS tasks with container restart policies" in the Amazon ECS
    developer guide.

    Attributes:
        ignored_exit_codes: Exit codes after which it stays down; at most 50.
        attempt_period: Time that it must have run to be restarted, 60 to 1800 seconds.

    Raises:
        ConfigurationError: For figures that ECS refuses.
    """

    ignored_exit_codes: Sequence[float] = ()
    attempt_period: cdk.Duration = field(default_factory=_five_minutes)

    def __post_init__(self) -> None:
        """Refuse what ECS refuses."""
        if len(self.ignored_exit_codes) > _MOST_CODES:
            raise ConfigurationError(
                f"RestartPolicy.ignored_exit_codes has {len(self.ignored_exit_codes)} codes; ECS takes {_MOST_CODES}"
            )
        for code in self.ignored_exit_codes:
            whole_number("RestartPolicy.ignored_exit_codes", code, minimum=0, maximum=255, what="an exit code")
        seconds("RestartPolicy.attempt_period", self.attempt_period, minimum=60, maximum=1800)


@typed
@dataclass(frozen=True, kw_only=True)
class ContainerRuntime:
    """How ECS runs a container; rarely needed.

    Defaults: ECS's own start timeout, the image's digest pinned for a whole deployment, the platform's kernel
    parameters, the default capabilities, no terminal. An init process that forwards signals always runs.

    Attributes:
        start_timeout: Time that others wait for this container's condition, 2 to 120 seconds.
        system_controls: Kernel parameters by name, for example ``{"net.ipv4.tcp_keepalive_time": "500"}``. Containers
            of a task share one network: ``net.`` parameters hold for all of them.
        version_consistency: Whether a tag is resolved once a deployment, so that all its tasks run the same image.
        added_capabilities: Linux capabilities; Fargate grants ``SYS_PTRACE`` alone, EC2 all of them.
        dropped_capabilities: Linux capabilities to take away.
        credential_specs: Credential specification for Active Directory; at most one, domainless on Fargate.
        interactive: Keep standard input open.
        pseudo_terminal: Allocate a terminal.
        process_namespace: ``ecs.PidMode.TASK`` lets this container see the processes of the others, and with that the
            others those of all; ``ecs.PidMode.HOST``, on EC2 only, those of the machine.
        fault_injection: Whether requests from the task's containers may inject network faults into it, as AWS Fault
            Injection Service does.

    Raises:
        ConfigurationError: For a value that ECS refuses. What Fargate alone refuses is refused by the service.
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
        """Refuse what ECS refuses."""
        if self.start_timeout is not None:
            seconds("ContainerRuntime.start_timeout", self.start_timeout, minimum=2, maximum=120)
        text_map("ContainerRuntime.system_controls", self.system_controls)
        for name in self.system_controls:
            if not is_token(name) and not _PARAMETER.fullmatch(name):
                raise ConfigurationError(
                    f"ContainerRuntime.system_controls has {name!r}, which is not a parameter of a container; use "
                    "net.…, fs.mqueue.… or the IPC parameters of kernel.…, for example 'net.core.somaxconn'"
                )
        both = sorted(each.name for each in set(self.added_capabilities) & set(self.dropped_capabilities))
        if both:
            raise ConfigurationError(f"ContainerRuntime adds and drops {', '.join(both)}; keep one of the two")
        if len(self.credential_specs) > 1:
            raise ConfigurationError(
                f"ContainerRuntime.credential_specs has {len(self.credential_specs)}; a container has at most one"
            )

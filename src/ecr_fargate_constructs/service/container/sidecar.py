"""Sidecars: containers that run beside the application."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._rules.checks import tcp_port
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed, typed_call
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container import telemetry
from ecr_fargate_constructs.service.container.base import TaskContainer
from ecr_fargate_constructs.service.container.images import Image, check_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_iam as iam

    from ecr_fargate_constructs.service.container.logs import Logging

FLUENT_BIT_IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.15"
"""AWS for Fluent Bit. A fixed version, because ``latest`` changes under running services."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


@typed
@dataclass(frozen=True)
class Sidecar(TaskContainer):
    """A container beside the application, in every task; they reach each other on ``localhost``.

    Defaults as for ``AppContainer``; the task ends with it, too, unless ``essential`` is False. A container that has to
    finish before the application starts (a migration) has ``essential=False``, and the application has
    ``depends_on={"migrate": ecs.ContainerDependencyCondition.SUCCESS}``.

    Attributes:
        name: Name in the task: letters, digits, ``-`` and ``_``, at most 255; not ``web``, which is the application's.
        image: Image, as for ``AppContainer``, of the same architecture.
        essential: Stop and replace the task when this container exits; default, True.
        ports: TCP ports that it listens on; default, none. The containers of a task share one network, so only one of
            them can have a port.
        permissions: Permissions that the task role gets for it; default, none.
        firelens: Configuration that makes it the task's log router, as ``Sidecar.log_router()`` does; default, none.

    All other options are those of every container: see ``TaskContainer``.

    Raises:
        ConfigurationError: ECS refuses a value.
    """

    name: str
    image: Image
    _: KW_ONLY
    essential: bool = True
    ports: Sequence[Number] = ()
    permissions: Sequence[iam.PolicyStatement] = ()
    firelens: ecs.FirelensConfig | None = None

    def __post_init__(self) -> None:
        if not is_token(self.name) and not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"Sidecar.name={self.name!r} is not a container name; use 1 to 255 letters, digits, '-' and '_'"
            )
        check_image("Sidecar.image", self.image)
        for port in self.ports:
            tcp_port("Sidecar.ports", port)
        super().__post_init__()

    @classmethod
    @typed_call
    def adot(
        cls,
        *,
        name: str = "otel",
        image: Image = telemetry.ADOT_IMAGE,
        config: str | None = None,
        permissions: Sequence[iam.PolicyStatement] | None = None,
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, ecs.Secret] | None = None,
        cpu: Number | None = None,
        memory_reservation_mib: Number = 128,
        memory_limit_mib: Number | None = None,
        logging: Logging | None = None,
    ) -> Sidecar:
        """Return the AWS Distro for OpenTelemetry, listening for OTLP on ``localhost`` (gRPC 4317, HTTP 4318).

        Traces go to X-Ray and metrics to CloudWatch, through the log group ``/aws/ecs/otel``. The task keeps running
        when the collector exits: telemetry is not worth an outage. Its health check answers on port 13133.

        Args:
            name: Name in the task; default, ``otel``.
            image: Image with a fixed version; default, AWS's public image.
            config: The collector's whole configuration as YAML; requires ``permissions``; default, as above.
            permissions: Permissions that the task role gets for it; default, those of the configuration above.
            environment: Environment variables beside the configuration; default, none.
            secrets: Secret environment variables, for keys of other backends; default, none.
            cpu: CPU units reserved for it; default, none.
            memory_reservation_mib: Memory reserved for it, in MiB; default, 128.
            memory_limit_mib: Memory at which it is killed, in MiB; default, the task's.
            logging: Destination of its own log lines; default, ``CloudWatchLogs()``.

        Raises:
            ConfigurationError: There is a configuration without permissions.
        """
        if config is not None and permissions is None:
            raise ConfigurationError(
                "Sidecar.adot(config=…) requires permissions=, those of its exporters; use () for none"
            )
        return cls(
            name,
            image,
            essential=False,
            ports=telemetry.PORTS,
            environment={
                **(environment or {}),
                telemetry.CONFIG_VARIABLE: telemetry.CONFIG if config is None else config,
            },
            secrets=secrets or {},
            health_check=ecs.HealthCheck(command=["CMD", "/healthcheck"]),
            permissions=telemetry.permissions() if permissions is None else permissions,
            cpu=cpu,
            memory_reservation_mib=memory_reservation_mib,
            memory_limit_mib=memory_limit_mib,
            logging=logging,
        )

    @classmethod
    @typed_call
    def log_router(
        cls,
        *,
        name: str = "log-router",
        image: Image = FLUENT_BIT_IMAGE,
        config: ecs.FirelensOptions | None = None,
        permissions: Sequence[iam.PolicyStatement] = (),
        environment: Mapping[str, str] | None = None,
        cpu: Number | None = None,
        memory_reservation_mib: Number = 50,
        memory_limit_mib: Number | None = None,
        logging: Logging | None = None,
    ) -> Sidecar:
        """Return Fluent Bit as the task's FireLens log router.

        Containers whose ``logging`` is ``ecs.LogDrivers.firelens(options={…})`` send their lines through it; its own go
        to CloudWatch. The task ends with it, because lines would be lost unnoticed. Its root file system is writable
        and it runs as root: it writes its configuration when it starts (fluent-bit#7308), and ECS requires that user
        for its socket.

        Args:
            name: Name in the task; default, ``log-router``.
            image: Image with a fixed version; default, AWS's public image.
            config: Location of its own configuration (a file in the image, or in S3), and an option to add the task's
                metadata to lines; default, metadata and no configuration.
            permissions: Permissions that the task role gets for it, for example ``firehose:PutRecordBatch`` on a
                stream; default, none.
            environment: Environment variables; default, none.
            cpu: CPU units reserved for it; default, none.
            memory_reservation_mib: Memory reserved for it, in MiB; default, 50.
            memory_limit_mib: Memory at which it is killed, in MiB; default, the task's.
            logging: Destination of its own log lines; default, ``CloudWatchLogs()``.
        """
        return cls(
            name,
            image,
            essential=True,
            environment=environment or {},
            permissions=permissions,
            firelens=ecs.FirelensConfig(
                type=ecs.FirelensLogRouterType.FLUENTBIT,
                options=config or ecs.FirelensOptions(enable_ecs_log_metadata=True),
            ),
            user="0",
            readonly_root_filesystem=False,
            cpu=cpu,
            memory_reservation_mib=memory_reservation_mib,
            memory_limit_mib=memory_limit_mib,
            logging=logging,
        )

"""Names by which other services find a service inside the network: Service Connect and Cloud Map."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.attempt import on_failure
from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import unless_token
from ecr_fargate_constructs._cdk.names import environment_key, notes_of, take_name
from ecr_fargate_constructs._cdk.site import path_of_construct
from ecr_fargate_constructs._rules.checks import tcp_port
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.container.application import CONTAINER_NAME
from ecr_fargate_constructs.service.container.logs import log_driver
from ecr_fargate_constructs.service.parts import cfn_service
from ecr_fargate_constructs.service.task.networks import check_namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_servicediscovery as cloudmap
    from constructs import IConstruct

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_LONGEST = 2**31 - 1  # seconds; a 32-bit number at AWS


@typed
@dataclass(frozen=True, kw_only=True)
class ServiceConnect:
    """Services of one namespace reach each other by name, through a proxy that ECS runs in every task.

    The proxy balances, retries and measures. It uses CPU and memory of the task: AWS advises 256 CPU units and 64 MiB
    in addition. The proxy resolves the names, so only services that have joined the namespace can use them.

    A service with a ``name`` offers it and reaches the others; one without a name only reaches the others. The
    security groups still decide who may connect:
    ``orders.connections.allow_default_port_from(web)`` opens the container's port.

    A task learns the names that exist when it starts, and no later ones; ``calls`` deploys the called services first.

    Defaults: the container's port, requests answered within 15 seconds, and connections closed after 5 idle minutes,
    which are AWS's own; the proxy's log goes to the service's log group, without blocking.

    Attributes:
        namespace: Cloud Map namespace, or the name or ARN of one.
        name: Name that the others call, as ``http://name:port``: up to 64 lower-case letters, digits, ``_`` and ``-``;
            default, none: the service only calls others.
        port: Port that the others call, 1 to 65535; default, the container's.
        request_timeout: Time for a whole answer, in whole seconds; 0 for no limit.
        idle_timeout: Time after which an idle connection is closed, in whole seconds; 0 for no limit.
        calls: Services that this one calls, and that are deployed before it; default, none.

    Raises:
        ConfigurationError: For a name or port that cannot be called, or a port without a name.
    """

    namespace: cloudmap.INamespace | str
    name: str | None = None
    port: Number | None = None
    request_timeout: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(15))
    idle_timeout: cdk.Duration = field(default_factory=lambda: cdk.Duration.minutes(5))
    calls: Sequence[ecs.BaseService] = ()

    def __post_init__(self) -> None:
        if self.namespace == "":
            raise ConfigurationError(
                "ServiceConnect.namespace='' is empty; use a Cloud Map namespace, or the name or ARN of one"
            )
        if self.name is not None and not is_token(self.name) and not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"ServiceConnect.name={self.name!r} is not a name that ECS accepts; use up to 64 lower-case letters, "
                "digits, '_' and '-', and do not begin with '-'"
            )
        if self.port is not None:
            tcp_port("ServiceConnect.port", self.port)
            if self.name is None:
                raise ConfigurationError(
                    f"ServiceConnect.port={self.port:g} needs a name that the others call; add name=, or omit port"
                )
        seconds("ServiceConnect.request_timeout", self.request_timeout, minimum=0, maximum=_LONGEST)
        seconds("ServiceConnect.idle_timeout", self.idle_timeout, minimum=0, maximum=_LONGEST)


@typed
@dataclass(frozen=True, kw_only=True)
class CloudMap:
    """A DNS name, inside the VPC, that answers with the addresses of the healthy tasks.

    Anything in the VPC can resolve it, in ECS or not. There is no load balancing: a client takes one of the addresses,
    and keeps it for as long as it caches the answer.

    Defaults: A records that may be cached for 10 seconds; with AWS's default of 60, answers contain tasks that are
    gone.

    Attributes:
        namespace: A DNS namespace of Cloud Map.
        name: First part of the name; ``orders`` in the namespace ``internal`` is ``orders.internal``.
        dns_ttl: Time for which an answer may be cached, in whole seconds; default, 10 seconds.

    Raises:
        ConfigurationError: For a namespace without DNS, or a name that is not a DNS label.
    """

    namespace: cloudmap.INamespace
    name: str
    dns_ttl: cdk.Duration = field(default_factory=lambda: cdk.Duration.seconds(10))

    def __post_init__(self) -> None:
        if not is_token(self.name) and not _LABEL.fullmatch(self.name):
            raise ConfigurationError(
                f"CloudMap.name={self.name!r} is not the first part of a DNS name; use up to 63 letters, digits and "
                "'-', with no '-' at either end"
            )
        if self.namespace.type.name == "HTTP":
            raise ConfigurationError(
                f"CloudMap.namespace {self.namespace.namespace_name} is an HTTP namespace, which has no DNS; use a "
                "PrivateDnsNamespace, or ServiceConnect(namespace=…)"
            )
        seconds("CloudMap.dns_ttl", self.dns_ttl, minimum=0, maximum=_LONGEST)


def _take(service: ecs.BaseService, what: str, namespace: cloudmap.INamespace | str, name: str) -> None:
    """Refuse a name that another service has in the namespace."""
    if is_token(name) or is_token(namespace):
        return
    known = namespace if isinstance(namespace, str) else namespace.namespace_arn
    if is_token(known):
        known = path_of_construct(cast("IConstruct", namespace))
    take_name(
        service,
        f"{what}.name={name!r}",
        (what, *environment_key(service), known, name.lower()),
        path=path_of_construct(service),
        instead="a namespace can have each name only once; use another one",
    )


def _note_calls(service: ecs.BaseService, value: ServiceConnect) -> None:
    """Refuse services that wait for each other: none would be deployed first."""
    calls: dict[str, list[str]] = notes_of(service, "calls")
    own = path_of_construct(service)
    called = [path_of_construct(each) for each in value.calls]
    seen: dict[str, str] = {}
    waiting = [(each, each) for each in called]
    while waiting:
        each, first = waiting.pop()
        if each == own:
            raise ConfigurationError(
                f"ServiceConnect.calls has {first}, which in turn calls {own}, so each would be deployed before the "
                "other; omit one of the calls (they reach each other without it)",
                path=own,
            )
        if each not in seen:
            seen[each] = first
            waiting += [(further, first) for further in calls.get(each, ())]
    calls[own] = called
    on_failure(lambda: calls.pop(own, None))


def enable_service_connect(
    service: ecs.BaseService,
    value: ServiceConnect,
    *,
    log_group: logs.ILogGroup | None,
    before: ServiceConnect | None,
) -> ServiceConnect:
    """Make the service a member of the namespace, offering its port when it has a name."""
    if before is not None:
        raise ConfigurationError(
            "the service is already in a Service Connect namespace, and it can be in only one; join once",
            path=service.node.path,
        )
    _note_calls(service, value)
    if value.name is not None:
        _take(service, "ServiceConnect", value.namespace, value.name)
    service.enable_service_connect(
        namespace=value.namespace if isinstance(value.namespace, str) else value.namespace.namespace_arn,
        services=None
        if value.name is None
        else [
            ecs.ServiceConnectService(
                port_mapping_name=CONTAINER_NAME,
                discovery_name=value.name,
                dns_name=value.name,
                port=None if is_token(value.port) else value.port,
                per_request_timeout=unless_token(value.request_timeout),
                idle_timeout=unless_token(value.idle_timeout),
            )
        ],
        log_driver=None if log_group is None else log_driver(None, name="service-connect", log_group=log_group),
    )
    if is_token(value.port):  # CDK's L2 would check the tokens as numbers
        cfn_service(service).add_property_override(
            "ServiceConnectConfiguration.Services.0.ClientAliases.0.Port", value.port
        )
    for name, time in (("PerRequestTimeoutSeconds", value.request_timeout), ("IdleTimeoutSeconds", value.idle_timeout)):
        if value.name is not None and unless_token(time) is None:  # as above
            cfn_service(service).add_property_override(
                f"ServiceConnectConfiguration.Services.0.Timeout.{name}", time.to_seconds()
            )
    for called in value.calls:
        # Only on the resources: the other construct also has the rule that lets this service in, which depends on this.
        cfn_service(service).node.add_dependency(cfn_service(called))
    return value


def enable_cloud_map(service: ecs.BaseService, value: CloudMap) -> None:
    """Register the tasks' addresses under the name."""
    if service.cloud_map_service is not None:
        raise ConfigurationError(
            "the service already has a name in Cloud Map, and it can have only one; register once",
            path=service.node.path,
        )
    check_namespace(service, value.namespace)
    _take(service, "CloudMap", value.namespace, value.name)
    from aws_cdk import aws_servicediscovery as cloudmap  # noqa: PLC0415 - only who registers needs it

    service.enable_cloud_map(
        cloud_map_namespace=value.namespace,
        name=value.name,
        dns_record_type=cloudmap.DnsRecordType.A,
        dns_ttl=value.dns_ttl,
    )

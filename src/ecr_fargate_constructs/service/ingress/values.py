"""The ingress: four kinds of load balancer, and the health check of their targets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import of_seconds, seconds_in
from ecr_fargate_constructs._rules.checks import domain_name, tcp_port, text, whole_number
from ecr_fargate_constructs._rules.checks import web_acl as check_web_acl
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.peers import check_peers
from ecr_fargate_constructs.service.ingress.settings import (
    ExistingLoadBalancer,
    ListenerSettings,
    LoadBalancerSettings,
    TargetGroupSettings,
    check_log_bucket,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_route53 as route53
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_wafv2 import IWebACLRef

_NO_PATH = re.compile(r"[\s#\x00-\x1f]")
_GRPC_CODES = re.compile(r"\d\d?(?:-\d\d?)?(?:,\d\d?(?:-\d\d?)?)*")
_CODES = re.compile(r"[2-4]\d\d(?:-[2-4]\d\d)?(?:,[2-4]\d\d(?:-[2-4]\d\d)?)*")


_IDLE = 60  # seconds


def _duration(amount: int) -> cdk.Duration:
    """Return a default that is made on first use: at import it would start the Node process."""
    field_value: cdk.Duration = field(default_factory=lambda: of_seconds(amount))
    return field_value


@typed
@dataclass(frozen=True, kw_only=True)
class TargetHealthCheck:
    """The load balancer's health check of tasks.

    Defaults: ``GET /`` on the traffic port every 10 seconds, answered within 5 seconds with a status of 200 to 299; two
    successes make a task healthy (20 seconds; AWS's default is 150), three failures make it unhealthy. For a task that
    needs more than half a minute to start, set the container's ``start_period`` or the service's
    ``health_check_grace_period``.

    Attributes:
        path: Path to request, beginning with ``/``; default, ``/``.
        port: Port to request; default, the container's port. The security group is opened for it.
        codes: Status codes that count as healthy, for example ``"200"``; default, ``"200-299"``.
        grpc_codes: Codes that count as healthy for tasks with gRPC, 0 to 99, for example ``"0"`` with the path of your
            health service; default, 12 (unimplemented), which every gRPC server answers to ``path``.
        interval: Time between two checks, 5 to 300 seconds; default, 10.
        timeout: Time to response, 2 to 120 seconds, less than ``interval``; default, 5.
        healthy_threshold: Successes in a row that make a target healthy, 2 to 10; default, 2.
        unhealthy_threshold: Failures in a row that make a target unhealthy, 2 to 10; default, 3.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """

    path: str = "/"
    port: Number | None = None
    codes: str = "200-299"
    grpc_codes: str | None = None
    interval: cdk.Duration = _duration(10)
    timeout: cdk.Duration = _duration(5)
    healthy_threshold: Number = 2
    unhealthy_threshold: Number = 3

    def __post_init__(self) -> None:
        text("TargetHealthCheck.path", self.path)
        if not is_token(self.path) and not self.path.startswith("/"):
            raise ConfigurationError(
                f"TargetHealthCheck.path={self.path!r} does not begin with '/'; use for example '/healthz'"
            )
        if not is_token(self.path) and (len(self.path) > 1024 or _NO_PATH.search(self.path)):  # noqa: PLR2004 - said below
            raise ConfigurationError(
                f"TargetHealthCheck.path={self.path[:60]!r} is not a path that a load balancer can request; use at "
                "most 1024 characters, no blank and no '#'"
            )
        if self.port is not None:
            tcp_port("TargetHealthCheck.port", self.port)
        if not is_token(self.codes) and not _CODES.fullmatch(self.codes):
            raise ConfigurationError(
                f"TargetHealthCheck.codes={self.codes!r} are not status codes; use codes from 200 to 499, "
                "for example '200', '200,204' or '200-299'"
            )
        if self.grpc_codes is not None and not is_token(self.grpc_codes) and not _GRPC_CODES.fullmatch(self.grpc_codes):
            raise ConfigurationError(
                f"TargetHealthCheck.grpc_codes={self.grpc_codes!r} are not gRPC codes; use codes from 0 to 99, for "
                "example '0', '0,12' or '0-99'"
            )
        _check_ranges("TargetHealthCheck.codes", self.codes)
        _check_ranges("TargetHealthCheck.grpc_codes", self.grpc_codes)
        seconds("TargetHealthCheck.interval", self.interval, minimum=5, maximum=300)
        seconds("TargetHealthCheck.timeout", self.timeout, minimum=2, maximum=120)
        wait, every = seconds_in(self.timeout), seconds_in(self.interval)
        if wait is not None and every is not None and wait >= every:
            raise ConfigurationError(
                f"TargetHealthCheck.timeout is {wait:g} seconds and interval {every:g} seconds; "
                "make the timeout shorter than the interval"
            )
        for name in ("healthy_threshold", "unhealthy_threshold"):
            whole_number(
                f"TargetHealthCheck.{name}", getattr(self, name), minimum=2, maximum=10, what="a number of checks"
            )


def _check_ranges(name: str, codes: str | None) -> None:
    """Refuse a range that ends before it begins."""
    if codes is None or is_token(codes):
        return
    for each in codes.split(","):
        first, dash, last = each.partition("-")
        if dash and int(first) > int(last):
            raise ConfigurationError(
                f"{name}={codes!r} has the range {each!r}, which ends before it begins; use '{last}-{first}'"
            )


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)
class _Ingress:
    """Options that every ingress has."""

    allow_from: Sequence[ec2.IPeer] | None = None
    health_check: TargetHealthCheck = field(default_factory=TargetHealthCheck)
    idle_timeout: cdk.Duration = _duration(60)
    deregistration_delay: cdk.Duration = _duration(30)
    access_logs: s3.IBucket | None = None
    web_acl: IWebACLRef | str | None = None
    load_balancer: LoadBalancerSettings | ExistingLoadBalancer = field(default_factory=LoadBalancerSettings)
    target_group: TargetGroupSettings = field(default_factory=TargetGroupSettings)

    def __post_init__(self) -> None:
        name = type(self).__name__
        self._check_existing(name)
        check_protocol(self.target_group, https=isinstance(self, _Https), name=f"{name}.target_group")
        check_web_acl(f"{name}.web_acl", self.web_acl)
        check_log_bucket(f"{name}.access_logs", self.access_logs)
        seconds(f"{name}.idle_timeout", self.idle_timeout, minimum=1, maximum=4000)
        seconds(f"{name}.deregistration_delay", self.deregistration_delay, minimum=0, maximum=3600)
        if self.allow_from is not None and not self.allow_from:
            raise ConfigurationError(f"{name}.allow_from is empty, so no client could connect; name peers, or omit it")
        settings = self.load_balancer
        own = isinstance(settings, LoadBalancerSettings) and settings.ip_address_type is elbv2.IpAddressType.IPV4
        check_peers(f"{name}.allow_from", self.allow_from, ipv4_only=own)

    def _check_existing(self, name: str) -> None:
        if isinstance(self.load_balancer, LoadBalancerSettings):
            return
        idle = self.idle_timeout
        given = {
            "idle_timeout": idle.is_unresolved() or idle.to_milliseconds() != 1000 * _IDLE,
            "access_logs": self.access_logs is not None,
            "web_acl": self.web_acl is not None,
        }
        for option in (option for option, is_given in given.items() if is_given):
            raise ConfigurationError(
                f"{name}.{option} cannot be set with an ExistingLoadBalancer, because it would change the load "
                "balancer for its other listeners; set it on the load balancer itself, and omit it here"
            )


@dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)
class _Https(_Ingress):
    """Options that every ingress with HTTPS has."""

    domain_name: str | None = None
    hosted_zone: route53.IHostedZone | None = None
    certificate: acm.ICertificate | None = None
    listener: ListenerSettings = field(default_factory=ListenerSettings)

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        if self.domain_name is not None and self.hosted_zone is None:
            raise ConfigurationError(
                f"{name}.domain_name={self.domain_name!r} requires hosted_zone, in which the certificate is validated "
                "and the domain's record is made; add hosted_zone=, or set certificate= alone"
            )
        if self.domain_name is None and self.hosted_zone is not None:
            raise ConfigurationError(f"{name}.hosted_zone requires domain_name; add the name that clients request")
        if self.domain_name is None and self.certificate is None:
            raise ConfigurationError(
                f"{name} needs a certificate; set domain_name= and hosted_zone= to make one, or certificate="
            )
        if self.domain_name is not None:
            domain_name(f"{name}.domain_name", self.domain_name)
            # In DNS a name ends in a dot; in a certificate and an address it does not.
            object.__setattr__(self, "domain_name", self.domain_name.rstrip("."))
        self._check_zone(name)

    def _check_zone(self, name: str) -> None:
        if self.domain_name is None or self.hosted_zone is None:
            return
        zone = self.hosted_zone.zone_name
        if is_token(zone) or is_token(self.domain_name):
            return
        domain, zone = self.domain_name.rstrip(".").lower(), zone.rstrip(".").lower()
        if domain != zone and not domain.endswith(f".{zone}"):
            raise ConfigurationError(
                f"{name}.domain_name={self.domain_name!r} is not in the zone {zone}, so the validation of its "
                f"certificate would wait forever; use a name that ends in .{zone}, or the zone of the domain"
            )


@typed
@dataclass(frozen=True, kw_only=True)
class PublicHttp(_Ingress):
    """An internet-facing load balancer with plain HTTP on port 80: traffic is not encrypted.

    Defaults: open to every address, ``TargetHealthCheck()``, connections closed after 60 idle seconds, 30 seconds for
    requests to finish on a task that is removed.

    Keep your application's keep-alive above ``idle_timeout``; otherwise the load balancer reuses connections that the
    application has just closed, and answers 502.

    Attributes:
        allow_from: Peers that may connect; default, every address.
        health_check: Health check of the targets; default, ``TargetHealthCheck()``.
        idle_timeout: 1 to 4000 seconds; default, 60.
        deregistration_delay: 0 to 3600 seconds; default, 30. AWS's default of 300 makes every deployment five minutes
            slower.
        access_logs: Bucket for access logs, encrypted with SSE-S3; default, no access logs, or the stack's bucket under
            ``Posture.REGULATED``. With a bucket of yours the stack needs a region, which the bucket's policy names.
        web_acl: Web ACL (WAF) for the requests, or its ARN; default, none, or the stack's under ``Posture.REGULATED``.
        load_balancer: Settings of the load balancer, or an ``ExistingLoadBalancer``; default,
            ``LoadBalancerSettings()``.
        target_group: Distribution of requests among tasks; default, ``TargetGroupSettings()``.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """


@typed
@dataclass(frozen=True, kw_only=True)
class InternalHttp(_Ingress):
    """A load balancer inside the VPC with plain HTTP on port 80.

    Defaults as for ``PublicHttp``, but open only to the VPC's own addresses. The other attributes are those of
    ``PublicHttp``.

    Attributes:
        allow_from: Peers that may connect; default, the VPC.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """


@typed
@dataclass(frozen=True, kw_only=True)
class PublicHttps(_Https):
    """An internet-facing load balancer with HTTPS on port 443, to which port 80 redirects.

    Give ``domain_name`` and ``hosted_zone`` to have the certificate and the DNS record made, or ``certificate``, or all
    three. TLS 1.2 and 1.3 with forward secrecy and post-quantum key exchange
    (``ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09``). The other attributes are those of ``PublicHttp``.

    Attributes:
        domain_name: Name that clients request, in ``hosted_zone``; default, none.
        hosted_zone: Route 53 zone in which the record is made and the certificate validated; default, none.
        certificate: A certificate in the load balancer's region; default, a new one.
        listener: Settings of the listener: TLS policy, additional certificates, sign-in, response headers; default,
            ``ListenerSettings()``.

    Raises:
        ConfigurationError: The domain has no zone or is outside of it, there is no certificate, or Elastic Load
            Balancing refuses a value.
    """


@typed
@dataclass(frozen=True, kw_only=True)
class InternalHttps(_Https):
    """A load balancer inside the VPC with HTTPS on port 443, to which port 80 redirects.

    As ``PublicHttps``, but open only to the VPC's own addresses. For a new certificate ``hosted_zone`` has to be
    public; with a private zone give ``certificate``. The other attributes are those of ``PublicHttps``.

    Attributes:
        allow_from: Peers that may connect; default, the VPC.

    Raises:
        ConfigurationError: The domain has no zone or is outside of it, there is no certificate, or Elastic Load
            Balancing refuses a value.
    """


def https_of(ingress: Ingress) -> PublicHttps | InternalHttps | None:
    """Return the ingress when it is encrypted."""
    return ingress if isinstance(ingress, (PublicHttps, InternalHttps)) else None


def own_port(ingress: Ingress) -> float | None:
    """Return the port that the ingress sets for an existing load balancer; None if it sets none."""
    settings = ingress.load_balancer
    return settings.port if isinstance(settings, ExistingLoadBalancer) else None


def port_of(ingress: Ingress) -> float:
    """Return the port of the listener."""
    own = own_port(ingress)
    return own if own is not None else 443 if isinstance(ingress, _Https) else 80


def redirects(ingress: Ingress) -> bool:
    """Return whether port 80 redirects to the listener; it does not if the listener's port is set."""
    return isinstance(ingress, _Https) and own_port(ingress) is None


def speaks_ipv6(ingress: Ingress) -> bool:
    """Return whether the load balancer has IPv6 addresses."""
    settings = ingress.load_balancer
    kind = settings.load_balancer if isinstance(settings, ExistingLoadBalancer) else settings
    return kind.ip_address_type not in {None, elbv2.IpAddressType.IPV4}


def check_protocol(settings: TargetGroupSettings, *, https: bool, name: str) -> None:
    """Refuse protocols between load balancer and task that require HTTPS from the client."""
    if settings.protocol_version in {None, elbv2.ApplicationProtocolVersion.HTTP1} or https:
        return
    raise ConfigurationError(
        f"{name} has protocol_version={settings.protocol_version}, which a load balancer uses only for clients with "
        "HTTPS; use PublicHttps(…) or InternalHttps(…), or omit it"
    )


Ingress: TypeAlias = PublicHttp | PublicHttps | InternalHttp | InternalHttps
"""Any ingress."""

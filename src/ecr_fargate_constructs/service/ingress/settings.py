"""Settings of a load balancer, its listener and its target group, beyond those of the ingress itself."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import tcp_port, text, text_map
from ecr_fargate_constructs._rules.tokens import Number, is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.mutual_tls import check_mutual_authentication

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_s3 as s3

    from ecr_fargate_constructs.service.ingress.authentication import Authentication

_WEEK = 7 * 24 * 3600
_RESPONSE_HEADERS = {
    "strict-transport-security": "strict_transport_security",
    "access-control-allow-origin": "access_control_allow_origin",
    "access-control-allow-methods": "access_control_allow_methods",
    "access-control-allow-headers": "access_control_allow_headers",
    "access-control-allow-credentials": "access_control_allow_credentials",
    "access-control-expose-headers": "access_control_expose_headers",
    "access-control-max-age": "access_control_max_age",
    "content-security-policy": "content_security_policy",
    "x-content-type-options": "x_content_type_options",
    "x-frame-options": "x_frame_options",
}
"""Headers that a listener adds to responses, and their names among Elastic Load Balancing's listener attributes."""
_VALUES = {"x-frame-options": ("DENY", "SAMEORIGIN", "ALLOW-FROM "), "x-content-type-options": ("NOSNIFF",)}
"""Headers with a limited set of values, in any case."""


@typed
@dataclass(frozen=True, kw_only=True)
class Stickiness:
    """Stickiness: a client's requests go to the task that answered it before.

    Attributes:
        duration: Time, 1 second to 7 days.
        cookie_name: The application's own cookie that decides; default, a cookie of the load balancer.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """

    duration: cdk.Duration
    cookie_name: str | None = None

    def __post_init__(self) -> None:
        seconds("Stickiness.duration", self.duration, minimum=1, maximum=_WEEK)
        name = self.cookie_name
        if name is not None:
            text("Stickiness.cookie_name", name)
        if name is not None and not is_token(name) and (not name or name.upper().startswith("AWSALB")):
            raise ConfigurationError(
                f"Stickiness.cookie_name={name!r} is empty or begins with AWSALB, which the load balancer reserves; "
                "use the name of the application's cookie, or omit it"
            )


@typed
@dataclass(frozen=True, kw_only=True)
class TargetGroupSettings:
    """Distribution of requests among tasks.

    Defaults: round robin, HTTP/1.1 to the tasks, no stickiness, full load from the first healthy check.

    Attributes:
        protocol_version: Protocol of the tasks; ``GRPC`` and ``HTTP2`` require an ingress with HTTPS; default,
            HTTP/1.1.
        algorithm: Choice of the task; default, round robin. With ``WEIGHTED_RANDOM``, tasks that fail more often than
            others get fewer requests (anomaly mitigation).
        stickiness: Keep a client at its task; default, no stickiness.
        slow_start: Time over which a new task's share grows, 30 to 900 seconds, with round robin; default, none.
        target_control_port: Port on which the load balancer and the target control agent, a sidecar of yours, agree on
            how many requests a task takes at once (target optimizer). The security group is opened for it. Default,
            none. A change makes a new target group, and requests get 503 until tasks are in it.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """

    protocol_version: elbv2.ApplicationProtocolVersion | None = None
    algorithm: elbv2.TargetGroupLoadBalancingAlgorithmType | None = None
    stickiness: Stickiness | None = None
    slow_start: cdk.Duration | None = None
    target_control_port: Number | None = None

    def __post_init__(self) -> None:
        if self.target_control_port is not None:
            tcp_port("TargetGroupSettings.target_control_port", self.target_control_port)
        if self.slow_start is None:
            return
        seconds("TargetGroupSettings.slow_start", self.slow_start, minimum=30, maximum=900)
        if self.algorithm not in {None, elbv2.TargetGroupLoadBalancingAlgorithmType.ROUND_ROBIN}:
            raise ConfigurationError(
                f"TargetGroupSettings.slow_start with algorithm={self.algorithm}: slow start requires round robin; "
                "omit one of the two"
            )


def check_log_bucket(name: str, bucket: s3.IBucket | None) -> None:
    """Refuse a bucket that load balancers cannot write to.

    Source: "Enable health check logs" and its siblings in the Application Load Balancer guide: SSE-S3 is the only
    encryption that they support.
    """
    if bucket is not None and bucket.encryption_key is not None:
        raise ConfigurationError(
            f"{name} is encrypted with a KMS key, and load balancers write only to buckets with SSE-S3; use a bucket "
            "with encryption=s3.BucketEncryption.S3_MANAGED"
        )


@typed
@dataclass(frozen=True, kw_only=True)
class LoadBalancerSettings:
    """Settings of the load balancer as a whole.

    Defaults: IPv4, HTTP/2, client connections kept alive for an hour, no deletion protection (except under
    ``Posture.REGULATED``), a generated name, and headers as Elastic Load Balancing sets them.

    Attributes:
        ip_address_type: ``DUAL_STACK`` adds IPv6, in a VPC that has IPv6 addresses; by default every IPv6 address may
            then connect, too; default, ``IPV4``.
        client_keep_alive: Longest life of a client's connection, 60 seconds to 7 days; default, an hour.
        http2_enabled: Allow HTTP/2 from clients; default, True.
        deletion_protection: Refuse deletion until this is removed; default, True under ``Posture.REGULATED``, otherwise
            False.
        name: Name of the load balancer, at most 32 letters, digits and hyphens; default, generated. A name that is set
            prevents CloudFormation from ever replacing the load balancer.
        preserve_host_header: Pass the client's ``Host`` header to tasks unchanged; default, False.
        preserve_client_port: Include the client's port in ``X-Forwarded-For``; default, False.
        tls_headers: Pass the client's TLS version and cipher to tasks; default, False.
        forwarded_for: Treatment of ``X-Forwarded-For``; default, append.
        waf_fail_open: Let requests pass when the web ACL does not answer; default, False.
        connection_logs: Bucket for a log of connections: clients, TLS, certificates of clients; encrypted with SSE-S3;
            default, no log.
        health_check_logs: Bucket for a log of health checks and why they failed; encrypted with SSE-S3; default, no
            log.
        zonal_shift: Let Application Recovery Controller move traffic away from an impaired Availability Zone; default,
            False.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses a value.
    """

    ip_address_type: elbv2.IpAddressType = field(default_factory=lambda: elbv2.IpAddressType.IPV4)
    client_keep_alive: cdk.Duration | None = None
    http2_enabled: bool = True
    deletion_protection: bool | None = None
    name: str | None = None
    preserve_host_header: bool | None = None
    preserve_client_port: bool | None = None
    tls_headers: bool | None = None
    forwarded_for: elbv2.XffHeaderProcessingMode | None = None
    waf_fail_open: bool | None = None
    connection_logs: s3.IBucket | None = None
    health_check_logs: s3.IBucket | None = None
    zonal_shift: bool | None = None

    def __post_init__(self) -> None:
        for option in ("connection_logs", "health_check_logs"):
            check_log_bucket(f"LoadBalancerSettings.{option}", getattr(self, option))
        if self.client_keep_alive is not None:
            seconds("LoadBalancerSettings.client_keep_alive", self.client_keep_alive, minimum=60, maximum=_WEEK)
        name = self.name
        if name is None or is_token(name):
            return
        text("LoadBalancerSettings.name", name)
        plain = name.replace("-", "a")
        if not 1 <= len(name) <= 32 or not (plain.isascii() and plain.isalnum()) or name.strip("-") != name:  # noqa: PLR2004 - in the message
            raise ConfigurationError(
                f"LoadBalancerSettings.name={name!r} is not a name that Elastic Load Balancing accepts; use 1 to 32 "
                "letters, digits and hyphens, no hyphen first or last"
            )
        if name.startswith("internal-"):
            raise ConfigurationError(
                f"LoadBalancerSettings.name={name!r} begins with 'internal-', which Elastic Load Balancing reserves; "
                "use another"
            )


@typed
@dataclass(frozen=True)
class ExistingLoadBalancer:
    """A load balancer that the app makes itself, in the same stack, to which the ingress adds a listener.

    The load balancer itself does not change: it keeps its own idle timeout, access logs and web ACL. To use a load
    balancer that is imported or in another stack, share its listener: ``SharedLoadBalancer.from_listener``.

    Attributes:
        load_balancer: The load balancer. A service that names neither cluster nor VPC runs in its VPC.
        port: Port of the listener, one that the load balancer does not have yet; default, 443 with HTTPS, to which port
            80 redirects, otherwise 80. With a port that you set there is no redirect.

    Raises:
        ConfigurationError: The load balancer is imported, or the port does not exist.
    """

    load_balancer: elbv2.ApplicationLoadBalancer
    _: KW_ONLY
    port: Number | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.load_balancer, elbv2.ApplicationLoadBalancer):
            raise ConfigurationError(
                f"ExistingLoadBalancer.load_balancer={self.load_balancer!r} is not an ApplicationLoadBalancer of this "
                "app; for an imported one use SharedLoadBalancer.from_listener(…) and a RoutedFargateService"
            )
        if self.port is not None:
            tcp_port("ExistingLoadBalancer.port", self.port)


@typed
@dataclass(frozen=True, kw_only=True)
class ListenerSettings:
    """Settings of the HTTPS listener.

    Attributes:
        tls_policy: TLS versions and ciphers; default, ``ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09``.
        certificates: Additional certificates, for additional names (SNI), at most 25 with the first; default, none.
        authentication: Sign-in, or a valid token, before a request reaches a task; default, none.
        response_headers: Headers to add to responses, for example
            ``{"Strict-Transport-Security": "max-age=31536000"}``, of those that Elastic Load Balancing can add;
            default, none.
        mutual_authentication: Certificates of clients (mutual TLS). With ``MutualAuthenticationMode.VERIFY`` and an
            ``elbv2.TrustStore``, only clients with a certificate of its authorities can connect; with ``PASS_THROUGH``
            the task gets the certificate in a header, and verifies it itself. Default, off.

    Raises:
        ConfigurationError: Elastic Load Balancing cannot add a header, there are too many certificates, or mode and
            trust store contradict each other.
    """

    tls_policy: elbv2.SslPolicy = field(default_factory=lambda: elbv2.SslPolicy.TLS13_12_RES_PQ)
    certificates: Sequence[acm.ICertificate] = ()
    authentication: Authentication | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    mutual_authentication: elbv2.MutualAuthentication | None = None

    def __post_init__(self) -> None:
        check_mutual_authentication(self.mutual_authentication)
        text_map("ListenerSettings.response_headers", self.response_headers)
        for name in self.response_headers:
            if name.lower() not in _RESPONSE_HEADERS:
                raise ConfigurationError(
                    f"ListenerSettings.response_headers has {name!r}, which a load balancer cannot add; use "
                    f"{', '.join(sorted(_RESPONSE_HEADERS))}, or let the application add it"
                )
            _check_header(name, self.response_headers[name])
        if len(self.certificates) > 24:  # noqa: PLR2004 - in the message
            raise ConfigurationError(
                f"ListenerSettings.certificates has {len(self.certificates)}; use at most 24, because a load balancer "
                "has 25 with the first one"
            )


def _check_header(name: str, value: str) -> None:
    """Refuse a value that a response cannot have, or that browsers do not accept."""
    if is_token(value):
        return
    allowed = _VALUES.get(name.lower())
    if any(each < " " or each == "\x7f" for each in value):
        raise ConfigurationError(
            f"ListenerSettings.response_headers[{name!r}] has a control character, such as the end of a line; remove it"
        )
    if allowed is not None and not value.upper().startswith(allowed):
        raise ConfigurationError(
            f"ListenerSettings.response_headers[{name!r}]={value!r} is not a value of that header; use "
            f"{' or '.join(allowed)}"
        )


def response_attributes(settings: ListenerSettings) -> dict[str, str]:
    """Return the listener attributes that add the headers."""
    return {
        f"routing.http.response.{_RESPONSE_HEADERS[name.lower()]}.header_value": value
        for name, value in settings.response_headers.items()
    }

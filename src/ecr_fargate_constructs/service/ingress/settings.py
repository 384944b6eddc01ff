"""What a load balancer, its listener and its target group can be told beyond the way in."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._rules.checks import tcp_port, text, text_map
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_certificatemanager as acm

    from ecr_fargate_constructs.service.ingress.authentication import CognitoAuthentication, OidcAuthentication

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
"""Headers that a listener adds to answers, and what Elastic Load Balancing calls them among a listener's attributes."""
_VALUES = {"x-frame-options": ("DENY", "SAMEORIGIN", "ALLOW-FROM "), "x-content-type-options": ("NOSNIFF",)}
"""Headers that have one of a few values, in any case."""


@typed
@dataclass(frozen=True, kw_only=True)
class Stickiness:
    """A client's requests go to the task that answered it before.

    Attributes:
        duration: How long, 1 second to 7 days.
        cookie_name: The application's own cookie that decides; left out, one of the load balancer's.

    Raises:
        ConfigurationError: For what Elastic Load Balancing refuses.
    """

    duration: cdk.Duration
    cookie_name: str | None = None

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses."""
        seconds("Stickiness.duration", self.duration, minimum=1, maximum=_WEEK)
        name = self.cookie_name
        if name is not None:
            text("Stickiness.cookie_name", name)
        if name is not None and not is_token(name) and (not name or name.upper().startswith("AWSALB")):
            raise ConfigurationError(
                f"Stickiness.cookie_name={name!r} is empty or begins with AWSALB, which is the load balancer's; use "
                "the name of the application's cookie, or leave it out"
            )


@typed
@dataclass(frozen=True, kw_only=True)
class TargetGroupSettings:
    """How requests are shared out among tasks.

    Defaults: round robin, HTTP/1.1 to the tasks, no stickiness, full load from the first healthy check.

    Attributes:
        protocol_version: What tasks speak; ``GRPC`` and ``HTTP2`` need a way in over HTTPS.
        algorithm: How a task is chosen. With ``WEIGHTED_RANDOM`` tasks that fail more than others get less (anomaly
            mitigation).
        stickiness: Whether a client keeps its task; left out, it does not.
        slow_start: Time over which a new task's share grows, 30 to 900 seconds; takes round robin.

    Raises:
        ConfigurationError: For what Elastic Load Balancing refuses.
    """

    protocol_version: elbv2.ApplicationProtocolVersion | None = None
    algorithm: elbv2.TargetGroupLoadBalancingAlgorithmType | None = None
    stickiness: Stickiness | None = None
    slow_start: cdk.Duration | None = None

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses."""
        if self.slow_start is None:
            return
        seconds("TargetGroupSettings.slow_start", self.slow_start, minimum=30, maximum=900)
        if self.algorithm not in {None, elbv2.TargetGroupLoadBalancingAlgorithmType.ROUND_ROBIN}:
            raise ConfigurationError(
                f"TargetGroupSettings.slow_start with algorithm={self.algorithm}: only round robin has a slow start; "
                "leave one of the two out"
            )


@typed
@dataclass(frozen=True, kw_only=True)
class LoadBalancerSettings:
    """What the load balancer as a whole can be told.

    Defaults: IPv4, HTTP/2, clients kept alive for an hour, no deletion
    protection (but under ``Posture.REGULATED``), a generated name, and headers as
    Elastic Load Balancing sets them.

    Attributes:
        ip_address_type: ``DUAL_STACK`` for IPv6 too, in a VPC that has IPv6 addresses; the world then is both.
        client_keep_alive: How long a client's connection lives, 60 seconds to 7 days.
        http2_enabled: Whether clients may speak HTTP/2.
        deletion_protection: Whether it refuses to be deleted until this is taken back; left out, it does under
            ``Posture.REGULATED``.
        name: Name of the load balancer, at most 32 letters, digits and hyphens. One that is set keeps CloudFormation
            from ever replacing it.
        preserve_host_header: Whether tasks see the ``Host`` header as the client sent it.
        preserve_client_port: Whether ``X-Forwarded-For`` names the client's port.
        tls_headers: Whether tasks see the TLS version and cipher of the client.
        forwarded_for: What happens to ``X-Forwarded-For``.
        waf_fail_open: Whether requests pass when the web ACL cannot be asked.

    Raises:
        ConfigurationError: For what Elastic Load Balancing refuses.
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

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses."""
        if self.client_keep_alive is not None:
            seconds("LoadBalancerSettings.client_keep_alive", self.client_keep_alive, minimum=60, maximum=_WEEK)
        name = self.name
        if name is None or is_token(name):
            return
        text("LoadBalancerSettings.name", name)
        plain = name.replace("-", "a")
        if not 1 <= len(name) <= 32 or not (plain.isascii() and plain.isalnum()) or name.strip("-") != name:  # noqa: PLR2004 - in the message
            raise ConfigurationError(
                f"LoadBalancerSettings.name={name!r} is not a name that Elastic Load Balancing takes; use 1 to 32 "
                "letters, digits and hyphens, no hyphen first or last"
            )
        if name.startswith("internal-"):
            raise ConfigurationError(
                f"LoadBalancerSettings.name={name!r} begins with 'internal-', which Elastic Load Balancing keeps for "
                "itself; use another"
            )


@typed
@dataclass(frozen=True)
class ExistingLoadBalancer:
    """A load balancer that the app has made itself, in the same stack, on which the way in gets a listener.

    Nothing of the load balancer changes: idle timeout, access logs and web ACL are its own. One that is imported, or
    stands in another stack, is shared by its listener: ``SharedLoadBalancer.from_listener``.

    Attributes:
        load_balancer: The load balancer. A service that names neither cluster nor VPC runs in its VPC.
        port: Port of the listener, one that it does not have yet; left out, 443 with HTTPS, where port 80 redirects to
            it, else 80. With a port of its own there is no redirect.

    Raises:
        ConfigurationError: For a load balancer that is imported, or a port that does not exist.
    """

    load_balancer: elbv2.ApplicationLoadBalancer
    _: KW_ONLY
    port: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot have a listener."""
        if not isinstance(self.load_balancer, elbv2.ApplicationLoadBalancer):
            raise ConfigurationError(
                f"ExistingLoadBalancer.load_balancer={self.load_balancer!r} is not an ApplicationLoadBalancer of this "
                "app; behind an imported one use SharedLoadBalancer.from_listener(…) and a RoutedFargateService"
            )
        if self.port is not None:
            tcp_port("ExistingLoadBalancer.port", self.port)


@typed
@dataclass(frozen=True, kw_only=True)
class ListenerSettings:
    """What the listener for HTTPS can be told.

    Attributes:
        tls_policy: TLS versions and ciphers; left out, ``ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09``.
        certificates: Further certificates, for further names (SNI), 25 at most with the first.
        authentication: Who has to sign in before a request reaches a task; left out, nobody.
        response_headers: Headers that answers get, for example
            ``{"Strict-Transport-Security": "max-age=31536000"}``: those that Elastic Load Balancing can add.

    Raises:
        ConfigurationError: For a header that Elastic Load Balancing does not add, or too many certificates.
    """

    tls_policy: elbv2.SslPolicy = field(default_factory=lambda: elbv2.SslPolicy.TLS13_12_RES_PQ)
    certificates: Sequence[acm.ICertificate] = ()
    authentication: OidcAuthentication | CognitoAuthentication | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what Elastic Load Balancing refuses."""
        text_map("ListenerSettings.response_headers", self.response_headers)
        for name in self.response_headers:
            if name.lower() not in _RESPONSE_HEADERS:
                raise ConfigurationError(
                    f"ListenerSettings.response_headers has {name!r}, which a load balancer does not add; use "
                    f"{', '.join(sorted(_RESPONSE_HEADERS))}, or let the application add it"
                )
            _check_header(name, self.response_headers[name])
        if len(self.certificates) > 24:  # noqa: PLR2004 - in the message
            raise ConfigurationError(
                f"ListenerSettings.certificates has {len(self.certificates)}; a load balancer takes 25 with "
                "the first one"
            )


def _check_header(name: str, value: str) -> None:
    """Refuse a value that no answer can have, or that browsers do not know."""
    if is_token(value):
        return
    allowed = _VALUES.get(name.lower())
    if any(each < " " or each == "\x7f" for each in value):
        raise ConfigurationError(
            f"ListenerSettings.response_headers[{name!r}] has a control character, such as the end of a line; leave it "
            "out"
        )
    if allowed is not None and not value.upper().startswith(allowed):
        raise ConfigurationError(
            f"ListenerSettings.response_headers[{name!r}]={value!r} is not a value of that header; use "
            f"{' or '.join(allowed)}"
        )


def response_attributes(settings: ListenerSettings) -> dict[str, str]:
    """The listener's attributes that make it add the headers."""
    return {
        f"routing.http.response.{_RESPONSE_HEADERS[name.lower()]}.header_value": value
        for name, value in settings.response_headers.items()
    }

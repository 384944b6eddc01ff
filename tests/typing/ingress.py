"""Ingress and routes as a type checker sees them: read by mypy and pyright, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from typing_extensions import assert_type

from ecr_fargate_constructs import (
    JwtClaim,
    JwtClaimFormat,
    JwtValidation,
    ListenerSettings,
    LoadBalancerSettings,
    OidcAuthentication,
    PublicHttps,
    Rewrite,
    Route,
    TargetGroupSettings,
)

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_certificatemanager as acm
    from aws_cdk import aws_s3 as s3


def settings(certificate: acm.ICertificate, secret: cdk.SecretValue, logs: s3.IBucket) -> PublicHttps:
    sign_in = OidcAuthentication(
        issuer="https://id.example.com",
        authorization_endpoint="https://id.example.com/authorize",
        token_endpoint="https://id.example.com/token",  # noqa: S106 - an address
        user_info_endpoint="https://id.example.com/userinfo",
        client_id="shop",
        client_secret=secret,
    )
    return PublicHttps(
        certificate=certificate,
        access_logs=logs,
        web_acl="arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/1",
        listener=ListenerSettings(
            authentication=sign_in,
            certificates=[certificate],
            mutual_authentication=elbv2.MutualAuthentication(
                mutual_authentication_mode=elbv2.MutualAuthenticationMode.PASS_THROUGH
            ),
        ),
        load_balancer=LoadBalancerSettings(
            ip_address_type=elbv2.IpAddressType.DUAL_STACK,
            connection_logs=logs,
            health_check_logs=logs,
            zonal_shift=True,
        ),
        target_group=TargetGroupSettings(
            protocol_version=elbv2.ApplicationProtocolVersion.GRPC, target_control_port=3000
        ),
    )


def between_services() -> Route:
    scope = JwtClaim("scope", ["orders.read"], JwtClaimFormat.SPACE_SEPARATED_VALUES)
    assert_type(scope.format, JwtClaimFormat)
    validation = JwtValidation(
        issuer="https://id.example.com", jwks_endpoint="https://id.example.com/jwks.json", claims=[scope]
    )
    assert_type(ListenerSettings(authentication=validation), ListenerSettings)
    return Route(
        path="/api/*",
        url_rewrite=Rewrite("^/api/(.*)$", "/$1"),
        host_header_rewrite=Rewrite("^.*$", "orders.internal"),
        authentication=validation,
    )

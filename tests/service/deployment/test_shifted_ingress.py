"""Shifts of traffic and what a way in says of its listener and its targets."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    ListenerSettings,
    LoadBalancedFargateService,
    OidcAuthentication,
    PublicHttps,
    TargetGroupSettings,
)
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


def _service(stack: cdk.Stack, **settings: object) -> None:
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", ARN)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttps(certificate=certificate, **settings),  # type: ignore[arg-type]  # by name
        deployment=BlueGreen(),
    )


def test_a_rule_that_shifts_traffic_must_not_lead_past_a_sign_in() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    sign_in = OidcAuthentication(
        issuer="https://id.example.com",
        authorization_endpoint="https://id.example.com/authorize",
        token_endpoint="https://id.example.com/token",  # noqa: S106 - an address
        user_info_endpoint="https://id.example.com/user",
        client_id="client",
        client_secret=cdk.SecretValue.secrets_manager("oidc"),
    )
    message = r"\[Stack/Web\] a sign-in at the listener cannot be combined with BlueGreen.*bypasses the sign-in"
    with pytest.raises(ConfigurationError, match=message):
        _service(stack, listener=ListenerSettings(authentication=sign_in))
    assert stack.node.try_find_child("Web") is None


def test_both_target_groups_speak_what_the_tasks_speak() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    _service(stack, target_group=TargetGroupSettings(protocol_version=elbv2.ApplicationProtocolVersion.GRPC))
    groups = of_type(template_of(stack), "AWS::ElasticLoadBalancingV2::TargetGroup").values()
    assert [group["Properties"]["ProtocolVersion"] for group in groups] == ["GRPC", "GRPC"]

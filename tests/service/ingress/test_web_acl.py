"""The web ACL of a load balancer: its ARN, or the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_wafv2 as wafv2

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    LoadBalancedFargateService,
    PublicHttp,
    SharedLoadBalancer,
)
from tests.support.templates import only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

ARN = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1"


def _own(stack: cdk.Stack, ingress: PublicHttp) -> None:
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80), ingress=ingress
    )


def _shared(stack: cdk.Stack, ingress: PublicHttp) -> None:
    SharedLoadBalancer(stack, "Shared", ingress=ingress)


both = pytest.mark.parametrize("build", [_own, _shared])
Build = Any


def _association(build: Build, web_acl: Callable[[cdk.Stack], str | wafv2.CfnWebACL]) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(region="eu-west-1"))
    build(stack, PublicHttp(web_acl=web_acl(stack)))
    properties: dict[str, Any] = only(template_of(stack), "AWS::WAFv2::WebACLAssociation")["Properties"]
    return properties


def _web_acl(stack: cdk.Stack, scope: str = "REGIONAL") -> wafv2.CfnWebACL:
    metrics = wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name="acl", sampled_requests_enabled=True
    )
    allow = wafv2.CfnWebACL.DefaultActionProperty(allow=wafv2.CfnWebACL.AllowActionProperty())
    return wafv2.CfnWebACL(stack, "Acl", default_action=allow, scope=scope, visibility_config=metrics)


@both
def test_a_web_acl_judges_requests(build: Build) -> None:
    association = _association(build, lambda _: ARN)
    assert association["WebACLArn"] == ARN
    assert "LB" in association["ResourceArn"]["Ref"]


@both
def test_a_web_acl_may_be_the_object_itself(build: Build) -> None:
    assert _association(build, _web_acl)["WebACLArn"] == {"Fn::GetAtt": ["Acl", "Arn"]}


def test_a_web_acl_of_cloudfront_is_refused() -> None:
    acl = _web_acl(cdk.Stack(cdk.App(), "Stack"), "CLOUDFRONT")
    with pytest.raises(ConfigurationError, match=r"PublicHttp\.web_acl is a web ACL with scope CLOUDFRONT"):
        PublicHttp(web_acl=acl)


@pytest.mark.parametrize("text", ["shop", ARN.replace("regional", "global")], ids=["no ARN", "global"])
def test_a_text_that_is_no_regional_web_acl_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"PublicHttp\.web_acl='{text}' .*regional web ACL.*REGIONAL"):
        PublicHttp(web_acl=text)


def test_a_token_passes(stack: cdk.Stack) -> None:
    text = cdk.CfnParameter(stack, "Text").value_as_string
    assert PublicHttp(web_acl=text).web_acl == text

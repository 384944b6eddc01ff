"""Logs of connections and health checks, and zonal shift."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    PublicHttp,
    SharedLoadBalancer,
)
from tests.support.templates import attributes, of_type, only, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def _settings(bucket: s3.IBucket) -> PublicHttp:
    return PublicHttp(
        load_balancer=LoadBalancerSettings(connection_logs=bucket, health_check_logs=bucket, zonal_shift=True)
    )


@pytest.mark.parametrize("shared", [False, True])
def test_both_logs_go_to_the_bucket_which_allows_them_in_a_stack_of_any_region(*, shared: bool) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    bucket = s3.Bucket(stack, "Logs")
    if shared:
        SharedLoadBalancer(stack, "Web", ingress=_settings(bucket))
    else:
        LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=_settings(bucket))
    template = template_of(stack)
    given: dict[str, object] = {**attributes(only(template, BALANCER), "LoadBalancerAttributes")}
    name = {"Ref": stack.get_logical_id(bucket.node.default_child)}  # type: ignore[arg-type]
    for kind in ("connection_logs", "health_check_logs"):
        assert (given[f"{kind}.s3.enabled"], given[f"{kind}.s3.bucket"]) == ("true", name)
    assert given["zonal_shift.config.enabled"] == "true"
    [(policy_id, policy)] = of_type(template, "AWS::S3::BucketPolicy").items()
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert statement["Action"] == "s3:PutObject"
    [balancer] = of_type(template, BALANCER).values()
    assert policy_id in balancer["DependsOn"]  # AWS checks the permission when a log is enabled


def test_without_them_there_is_no_log_and_no_shift() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    SharedLoadBalancer(stack, "Web", ingress=PublicHttp())
    given = attributes(only(template_of(stack), BALANCER), "LoadBalancerAttributes")
    assert not [name for name in given if "logs" in name or "zonal" in name]


def test_a_service_that_fails_leaves_the_policy_of_the_bucket_alone() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    bucket = s3.Bucket(stack, "Logs")
    with pytest.raises(ConfigurationError):
        LoadBalancedFargateService(
            stack, "Web", container=AppContainer(NGINX, 80), ingress=_settings(bucket), desired_count=-1
        )
    assert bucket.policy is None


def test_every_log_refuses_a_bucket_with_a_kms_key() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    bucket = s3.Bucket(stack, "Logs", encryption=s3.BucketEncryption.KMS)
    for make in (
        lambda: PublicHttp(access_logs=bucket),
        lambda: LoadBalancerSettings(connection_logs=bucket),
        lambda: LoadBalancerSettings(health_check_logs=bucket),
    ):
        with pytest.raises(ConfigurationError, match="_logs is encrypted with a KMS key"):
            make()

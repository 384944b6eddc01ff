"""What an internal pattern of CDK's and an internal service of this library have in common, and what not."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs import AppContainer, InternalHttp, LoadBalancedFargateService
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
KINDS = {
    "AWS::ECS::Service": True,
    "AWS::ECS::TaskDefinition": True,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": False,
    "AWS::ElasticLoadBalancingV2::Listener": False,
    "AWS::ElasticLoadBalancingV2::TargetGroup": False,
}


@pytest.fixture(scope="module")
def stacks() -> list[dict[str, object]]:
    bare, ours = (cdk.Stack(cdk.App(), "Stack") for _ in range(2))
    image = ecs_patterns.ApplicationLoadBalancedTaskImageOptions(image=ecs.ContainerImage.from_registry(IMAGE))
    ecs_patterns.ApplicationLoadBalancedFargateService(
        bare, "Web", task_image_options=image, public_load_balancer=False
    )
    LoadBalancedFargateService(ours, "Web", container=AppContainer(IMAGE, 80), ingress=InternalHttp())
    return [template_of(bare), template_of(ours)]


@pytest.mark.parametrize(("kind", "same"), KINDS.items())
def test_what_stays_is_what_docs_migrate_from_pattern_says(
    stacks: list[dict[str, object]],
    kind: str,
    same: bool,  # noqa: FBT001 - a parameter of pytest's
) -> None:
    bare, ours = (set(of_type(template, kind)) for template in stacks)
    assert bare
    assert (bare == ours) is same

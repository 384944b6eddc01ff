"""Ids of what shares a load balancer, of networks and of caches: public API like those of ``test_ids.py``."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import (
    AppContainer,
    Egress,
    InternalHttp,
    Network,
    PublicHttp,
    PullThroughCache,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    SharedLoadBalancer,
    Upstream,
)
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ELB = "AWS::ElasticLoadBalancingV2"
PUBLIC = {
    f"{ELB}::LoadBalancer": ["SharedLB42680502"],
    f"{ELB}::Listener": ["SharedLBListenerDDDB1F79"],
    f"{ELB}::ListenerRule": ["TwinRule181E8485", "WebRuleC1F3C7E8"],
    f"{ELB}::TargetGroup": ["TwinTargetGroup4EB0BED8", "WebTargetGroupFE6444AE"],
    "AWS::ECS::Service": ["TwinService80A6C057", "WebServiceD04B5F3E"],
    "AWS::ECS::TaskDefinition": ["TwinTaskDefB32231A9", "WebTaskDef1C8E6ED7"],
    "AWS::Logs::LogGroup": ["TwinLogGroupC3AB67D2", "WebLogGroup1664F270"],
    "AWS::ECS::Cluster": ["EcsDefaultClusterMnL3mNNYN926A5246", "TwinClusterCEAC659C"],
    "AWS::EC2::VPC": ["EcrFargateNetwork81508412"],
}
INTERNAL = {
    f"{ELB}::LoadBalancer": ["SharedInternalLBAB8FC0F0"],
    f"{ELB}::TargetGroup": ["TwinInternalTargetGroup36E56ECC", "WebInternalTargetGroupBCF27E52"],
}


def _services(ingress: PublicHttp | InternalHttp) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = SharedLoadBalancer(stack, "Shared", ingress=ingress)
    container = AppContainer(NGINX, 80)
    RoutedFargateService(stack, "Web", load_balancer=shared, route=Route(path="/"), container=container)
    RoutedEc2Service(stack, "Twin", load_balancer=shared, route=Route(path="/twin/*"), container=container)
    return template_of(stack)


@pytest.fixture(scope="module")
def templates() -> dict[str, dict[str, Any]]:
    return {"public": _services(PublicHttp()), "internal": _services(InternalHttp())}


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        *(("public", kind, ids) for kind, ids in PUBLIC.items()),
        *(("internal", kind, ids) for kind, ids in INTERNAL.items()),
    ],
)
def test_logical_ids(templates: dict[str, dict[str, Any]], name: str, kind: str, expected: list[str]) -> None:
    assert sorted(of_type(templates[name], kind)) == expected


def test_the_logical_ids_of_a_network_and_a_cache() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    Network(stack, "Network", egress=Egress.ENDPOINTS)
    PullThroughCache(stack, "Cache", upstream=Upstream.QUAY)
    template = template_of(stack)
    assert list(of_type(template, "AWS::EC2::VPC")) == ["Network1C6012B5"]
    assert sorted(of_type(template, "AWS::EC2::VPCEndpoint")) == [
        "NetworkEcrApi143B6701",
        "NetworkEcrDkrF462C330",
        "NetworkLogs410D5F1E",
        "NetworkS3C0D10ADE",
    ]
    assert list(of_type(template, "AWS::ECR::PullThroughCacheRule")) == ["Cache"]
    assert list(of_type(template, "AWS::ECR::RepositoryCreationTemplate")) == ["CacheTemplate08865779"]

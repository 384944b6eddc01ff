"""Alarms on a service which shares its load balancer."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    Canary,
    Deployment,
    Linear,
    PublicHttp,
    Rolling,
    Route,
    RoutedFargateService,
    ServiceAlarms,
    ServiceDashboard,
    SharedLoadBalancer,
)
from tests.support.templates import of_type, template_of

pytestmark = pytest.mark.integration


def test_alarms_behind_an_imported_listener_know_its_load_balancer() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["a", "b"],
        private_subnet_ids=["subnet-1", "subnet-2"],
    )
    listener = elbv2.ApplicationListener.from_application_listener_attributes(
        stack,
        "Listener",
        listener_arn="arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/lb/1/2",
        security_group=ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1"),
    )
    RoutedFargateService(
        stack,
        "Api",
        load_balancer=SharedLoadBalancer.from_listener(listener, vpc=vpc, url="https://shop.example.com"),
        route=Route(path="/api/*"),
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080),
    )
    (service,) = (each for each in stack.node.children if isinstance(each, RoutedFargateService))
    ServiceAlarms.of(service)
    ServiceDashboard.of(service)
    alarms = of_type(template_of(stack), "AWS::CloudWatch::Alarm").values()
    assert len(alarms) == 2 + 9
    assert all("app/lb/1" in str(alarm) for alarm in alarms if "ApplicationELB" in str(alarm))


@pytest.mark.parametrize(
    ("deployment", "groups"),
    [(Rolling(), 1), (BlueGreen(), 2), (Canary(), 2), (Linear(), 2), (Rolling(ready_for=BlueGreen()), 2)],
    ids=["rolling", "blue/green", "canary", "linear", "ready"],
)
def test_every_target_group_is_watched(deployment: Deployment, groups: int) -> None:
    """After an odd number of deployments the second one serves."""
    stack = cdk.Stack(cdk.App(), "Stack")
    service = RoutedFargateService(
        stack,
        "Api",
        load_balancer=SharedLoadBalancer(stack, "Shared", ingress=PublicHttp()),
        route=Route(path="/api/*"),
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 8080),
        deployment=deployment,
    )
    assert len(service.target_groups) == groups
    assert service.target_groups[0] is service.target_group
    ServiceAlarms.of(service)
    template = template_of(stack)
    watched = {
        name
        for logical_id, alarm in of_type(template, "AWS::CloudWatch::Alarm").items()
        if logical_id.startswith("ApiAlarms") and "ApplicationELB" in str(alarm)
        for name in of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
        if name in str(alarm)
    }
    assert len(watched) == groups

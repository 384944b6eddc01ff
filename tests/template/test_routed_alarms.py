"""Alarms that roll back a service which shares its load balancer."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import AppContainer, Route, RoutedFargateService, SharedLoadBalancer
from support import of_type, template_of


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
    alarms = of_type(template_of(stack), "AWS::CloudWatch::Alarm").values()
    assert len(alarms) >= 2
    assert all("app/lb/1" in str(alarm["Properties"]) for alarm in alarms)

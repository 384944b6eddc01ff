"""A load balancer that the app has made itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    EcrFargateService,
    ExistingLoadBalancer,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PublicHttp,
    PublicHttps,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
    TestTrafficPort,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

CONTAINER = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80)
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def _balancer(stack: cdk.Stack) -> elbv2.ApplicationLoadBalancer:
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    return elbv2.ApplicationLoadBalancer(stack, "Existing", vpc=vpc, internet_facing=True)


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def _ports(template: dict[str, Any]) -> list[int]:
    return sorted(item["Properties"]["Port"] for item in of_type(template, LISTENER).values())


def test_the_listener_stands_on_it_and_the_service_in_its_vpc(stack: cdk.Stack) -> None:
    balancer = _balancer(stack)
    web = LoadBalancedFargateService(
        stack, "Web", container=CONTAINER, ingress=PublicHttp(load_balancer=ExistingLoadBalancer(balancer, port=8080))
    )
    assert web.load_balancer is balancer
    assert web.vpc.node.path == "Stack/Vpc"
    template = template_of(stack)
    [name] = of_type(template, BALANCER)
    listener = only(template, LISTENER)["Properties"]
    assert listener["LoadBalancerArn"] == {"Ref": name}
    assert listener["Port"] == 8080
    assert len(of_type(template, "AWS::EC2::VPC")) == 1
    opened = [
        (rule["FromPort"], rule["CidrIp"])
        for group in of_type(template, "AWS::EC2::SecurityGroup").values()
        for rule in group["Properties"].get("SecurityGroupIngress", [])
    ]
    assert opened == [(8080, "0.0.0.0/0")]
    assert str(stack.resolve(web.url)).endswith(":8080']]}")


def test_it_is_left_as_it_is(stack: cdk.Stack) -> None:
    alone = only(template_of(_balancer(cdk.Stack(cdk.App(), "Stack")).stack), BALANCER)["Properties"]
    LoadBalancedFargateService(
        stack,
        "Web",
        container=CONTAINER,
        ingress=PublicHttp(load_balancer=ExistingLoadBalancer(_balancer(stack))),
        deployment=BlueGreen(),
    )
    assert only(template_of(stack), BALANCER)["Properties"] == alone


def test_a_listener_with_a_port_of_its_own_has_no_redirect(stack: cdk.Stack) -> None:
    certificate = acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:us-east-1:123456789012:certificate/a")
    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=CONTAINER,
        ingress=PublicHttps(certificate=certificate, load_balancer=ExistingLoadBalancer(_balancer(stack), port=8443)),
    )
    assert _ports(template_of(stack)) == [8443]
    assert str(stack.resolve(web.url)).startswith("{'Fn::Join': ['', ['https://")


def test_it_may_have_listeners_on_other_ports(stack: cdk.Stack) -> None:
    balancer = _balancer(stack)
    balancer.add_listener("Own", port=80, default_action=elbv2.ListenerAction.fixed_response(404))
    LoadBalancedEc2Service(
        stack, "Web", container=CONTAINER, ingress=PublicHttp(load_balancer=ExistingLoadBalancer(balancer, port=8080))
    )
    assert _ports(template_of(stack)) == [80, 8080]


def test_many_services_share_it(stack: cdk.Stack) -> None:
    shared = SharedLoadBalancer(
        stack, "Shared", ingress=PublicHttp(load_balancer=ExistingLoadBalancer(_balancer(stack), port=8080))
    )
    RoutedFargateService(stack, "Web", load_balancer=shared, route=Route(path="/*"), container=CONTAINER)
    template = template_of(stack)
    assert _ports(template) == [8080]
    assert len(of_type(template, BALANCER)) == 1
    assert len(of_type(template, "AWS::EC2::VPC")) == 1
    assert str(stack.resolve(shared.url)).endswith(":8080']]}")


def test_a_port_that_it_has_is_refused(stack: cdk.Stack, directory: Path) -> None:
    balancer = _balancer(stack)
    balancer.add_listener("Own", port=80, default_action=elbv2.ListenerAction.fixed_response(404))
    certificate = acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:us-east-1:123456789012:certificate/a")
    way = PublicHttps(load_balancer=ExistingLoadBalancer(balancer), certificate=certificate)  # port 80 would redirect
    said = r"\[Stack/Web\] ExistingLoadBalancer\(Stack/Existing\) already has a listener on port 80; .*port="
    with pytest.raises(ConfigurationError, match=said):
        LoadBalancedFargateService(stack, "Web", container=CONTAINER, ingress=way)
    with pytest.raises(ConfigurationError, match=said):
        EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=way)
    with pytest.raises(ConfigurationError, match=said):
        SharedLoadBalancer(stack, "Web", ingress=way)
    assert stack.node.try_find_child("Web") is None


@pytest.mark.parametrize("port", [80, 81])
def test_a_second_service_is_told_to_share(stack: cdk.Stack, port: int) -> None:
    balancer = _balancer(stack)
    LoadBalancedFargateService(
        stack, "One", container=CONTAINER, ingress=PublicHttp(load_balancer=ExistingLoadBalancer(balancer))
    )
    with pytest.raises(ConfigurationError, match=r"\[Stack/Two\] .*id 'PublicListener'; share that listener"):
        LoadBalancedFargateService(
            stack,
            "Two",
            container=CONTAINER,
            ingress=PublicHttp(load_balancer=ExistingLoadBalancer(balancer, port=port)),
        )


def test_another_stack_or_vpc_is_refused(stack: cdk.Stack) -> None:
    way = PublicHttp(load_balancer=ExistingLoadBalancer(_balancer(stack)))
    other = cdk.Stack(cdk.App.of(stack), "Other")
    with pytest.raises(ConfigurationError, match=r"\[Other/Web\] .* is in another stack"):
        LoadBalancedFargateService(other, "Web", container=CONTAINER, ingress=way)
    with pytest.raises(ConfigurationError, match=r"is in the VPC Stack/Vpc, but the service would be in Stack/Second"):
        LoadBalancedFargateService(
            stack, "Web", container=CONTAINER, ingress=way, vpc=ec2.Vpc(stack, "Second", max_azs=2)
        )


def test_what_is_the_load_balancers_is_refused_with_one_that_exists(stack: cdk.Stack) -> None:
    balancer = _balancer(stack)
    for options in (
        {"idle_timeout": cdk.Duration.seconds(90)},
        {"access_logs": s3.Bucket(stack, "Logs")},
        {"web_acl": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/1"},
    ):
        [name] = options
        with pytest.raises(ConfigurationError, match=rf"PublicHttp\.{name} cannot be set with an ExistingLoadBalancer"):
            PublicHttp(load_balancer=ExistingLoadBalancer(balancer), **options)


def test_an_imported_one_is_shared_by_its_listener(stack: cdk.Stack) -> None:
    imported = elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
        stack,
        "Imported",
        load_balancer_arn="arn:aws:elasticloadbalancing:a:1:loadbalancer/app/b/c",
        security_group_id="sg-1",
    )
    with pytest.raises(ConfigurationError, match=r"load_balancer=.* is not .*from_listener"):
        ExistingLoadBalancer(imported)  # type: ignore[arg-type]


def test_ports_are_checked_and_tokens_pass(stack: cdk.Stack) -> None:
    balancer = _balancer(stack)
    with pytest.raises(ConfigurationError, match=r"ExistingLoadBalancer\.port=0 is not a TCP port"):
        ExistingLoadBalancer(balancer, port=0)
    with pytest.raises(ConfigurationError, match=r"TestTrafficPort\.port=8080 is already the load balancer's"):
        LoadBalancedFargateService(
            stack,
            "Web",
            container=CONTAINER,
            ingress=PublicHttp(load_balancer=ExistingLoadBalancer(balancer, port=8080)),
            deployment=BlueGreen(test_traffic=TestTrafficPort(port=8080)),
        )
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    web = LoadBalancedFargateService(
        stack,
        "Web",
        container=CONTAINER,
        ingress=PublicHttp(load_balancer=ExistingLoadBalancer(balancer, port=number)),
    )
    assert {"Ref": "Number"} in stack.resolve(web.url)["Fn::Join"][1]
    assert only(template_of(stack), LISTENER)["Properties"]["Port"] == {"Ref": "Number"}

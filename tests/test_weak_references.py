"""Other stacks refer weakly to what stacks share, unless the app's context says otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    ExistingLoadBalancer,
    ImageRepositoryStack,
    InternalHttp,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
    PublicHttp,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
)
from tests.support.templates import template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

STRENGTH = "@aws-cdk/core:defaultCrossStackReferences"
NGINX = "public.ecr.aws/nginx/nginx:1.29"


def _shared(home: cdk.Stack, other: cdk.Stack) -> None:
    shared = SharedLoadBalancer(home, "Shared", ingress=PublicHttp())
    RoutedFargateService(
        other, "Api", load_balancer=shared, route=Route(path="/api/*"), container=AppContainer(NGINX, 8080)
    )
    cdk.CfnOutput(other, "Url", value=shared.url)


def _shared_in_a_network(home: cdk.Stack, other: cdk.Stack) -> None:
    shared = SharedLoadBalancer(home, "Shared", ingress=InternalHttp(), vpc=Network(home, "Network").vpc)
    RoutedFargateService(
        other, "Api", load_balancer=shared, route=Route(path="/api/*"), container=AppContainer(NGINX, 8080)
    )


def _repository(home: cdk.Stack, other: cdk.Stack) -> None:
    image = PrivateRepository(home, "Repo").image_by_tag("1")
    LoadBalancedFargateService(other, "Web", ingress=PublicHttp(), container=AppContainer(image, 8080))


def _network(home: cdk.Stack, other: cdk.Stack) -> None:
    network = Network(home, "Network")
    LoadBalancedFargateService(other, "Web", ingress=PublicHttp(), container=AppContainer(NGINX, 8080), vpc=network.vpc)


def _existing(home: cdk.Stack, other: cdk.Stack) -> None:
    """A load balancer and a network of the user's own."""
    vpc = ec2.Vpc(home, "Vpc", max_azs=2, nat_gateways=1)
    balancer = elbv2.ApplicationLoadBalancer(home, "LB", vpc=vpc, internet_facing=True)
    shared = SharedLoadBalancer(
        home, "Shared", ingress=PublicHttp(load_balancer=ExistingLoadBalancer(balancer)), vpc=vpc
    )
    RoutedFargateService(
        other, "Api", load_balancer=shared, route=Route(path="/api/*"), container=AppContainer(NGINX, 8080)
    )


BUILDS = [_shared, _shared_in_a_network, _network, _repository]


def _stacks(build: Callable[[cdk.Stack, cdk.Stack], None], strength: str | None) -> tuple[dict[str, Any], str]:
    """The outputs of the shared stack, and the template of the other one."""
    app = cdk.App(context={} if strength is None else {STRENGTH: strength})
    home, other = cdk.Stack(app, "Home"), cdk.Stack(app, "Other")
    build(home, other)
    assert home.dependencies == []
    return template_of(home).get("Outputs", {}), json.dumps(template_of(other))


@pytest.mark.parametrize("build", BUILDS)
def test_no_stack_imports_what_another_shares(build: Callable[[cdk.Stack, cdk.Stack], None]) -> None:
    outputs, other = _stacks(build, None)
    assert other.count("Fn::GetStackOutput") >= 3
    assert "Fn::ImportValue" not in other
    assert not [name for name, output in outputs.items() if "Export" in output]
    assert _stacks(build, "weak") == (outputs, other)


@pytest.mark.parametrize("build", BUILDS)
def test_the_strength_of_the_apps_context_counts(build: Callable[[cdk.Stack, cdk.Stack], None]) -> None:
    outputs, other = _stacks(build, "strong")
    assert other.count("Fn::ImportValue") >= 3
    assert "Fn::GetStackOutput" not in other
    assert all("Export" in output for output in outputs.values())
    both, other = _stacks(build, "both")
    assert "Fn::ImportValue" not in other
    assert outputs.items() <= both.items()
    assert len(both) == 2 * len(outputs)


def test_what_the_user_made_follows_the_app() -> None:
    outputs, other = _stacks(_existing, None)
    weak = [name for name, output in outputs.items() if "Export" not in output]
    assert len(weak) == 1
    assert "Listener" in weak[0]
    assert other.count("Fn::ImportValue") >= 3


def test_what_is_in_a_nested_stack_follows_the_app() -> None:
    app = cdk.App()
    outer, other = cdk.Stack(app, "Outer"), cdk.Stack(app, "Other")
    network = Network(cdk.NestedStack(outer, "Inner"), "Network")
    cdk.CfnOutput(other, "Vpc", value=network.vpc.vpc_id)
    assert "Fn::ImportValue" in json.dumps(template_of(other))


def test_a_strength_set_by_hand_counts() -> None:
    app = cdk.App()
    home, other = cdk.Stack(app, "Home"), cdk.Stack(app, "Other")
    network = Network(home, "Network")
    cdk.CrossStackReferences.of(network.vpc).produce(cdk.ReferenceStrength.STRONG)
    cdk.CfnOutput(other, "Vpc", value=network.vpc.vpc_id)
    cdk.CfnOutput(other, "Subnet", value=network.vpc.public_subnets[0].subnet_id)
    outputs = template_of(other)["Outputs"]
    assert "Fn::ImportValue" in outputs["Vpc"]["Value"]
    assert "Fn::GetStackOutput" in outputs["Subnet"]["Value"]


def test_a_repository_in_a_stack_of_its_own_may_be_left() -> None:
    app = cdk.App()
    images, other = ImageRepositoryStack(app, "Images"), cdk.Stack(app, "Other")
    task = ecs.FargateTaskDefinition(other, "Task")
    task.add_container("web", image=ecs.ContainerImage.from_ecr_repository(images.repository.repository, "1"))
    template = json.dumps(template_of(other))
    assert "Fn::GetStackOutput" in template
    assert "Fn::ImportValue" not in template
    assert not [output for output in template_of(images).get("Outputs", {}).values() if "Export" in output]

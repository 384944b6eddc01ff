"""What a service waits for: the rest CloudFormation makes at the same time, and a breaker counts what fails then."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs import (
    AppContainer,
    EcrFargateService,
    Egress,
    Feature,
    InternalHttp,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Network,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    SharedLoadBalancer,
)
from tests.support.templates import of_type, template_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

OURS = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
Make = tuple[str, bool]
KINDS = [(kind, given) for kind in ("fargate", "ec2", "routed", "routed ec2") for given in (False, True)]


def _waits_for(template: dict[str, Any], logical_id: str) -> set[str]:
    """All that CloudFormation makes before a resource, found through references."""
    resources = template["Resources"]
    found: set[str] = set()
    waiting = [logical_id]
    while waiting:
        resource = resources[waiting.pop()]
        names = set(re.findall(r"'(?:Ref|Fn::GetAtt)': (?:\[)?'([^']+)'", str(resource)))
        depends = resource.get("DependsOn", [])
        names.update([depends] if isinstance(depends, str) else depends)
        new = {name for name in names if name in resources} - found
        found |= new
        waiting += new
    return found


def _service(stack: cdk.Stack, kind: str, vpc: ec2.IVpc, subnets: ec2.SubnetSelection, *, given: bool) -> None:
    container = AppContainer(OURS, 80)
    cluster = None
    if given:
        cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
        if "ec2" in kind:
            cluster.add_capacity("Machines", instance_type=ec2.InstanceType("t3.medium"), vpc_subnets=subnets)
    where: dict[str, Any] = {"cluster": cluster} if given else {"vpc": vpc}
    if kind == "fargate":
        ingress = InternalHttp()
        LoadBalancedFargateService(stack, "Web", container=container, ingress=ingress, subnets=subnets, **where)
    elif kind == "ec2":
        ingress = InternalHttp()
        LoadBalancedEc2Service(stack, "Web", container=container, ingress=ingress, subnets=subnets, **where)
    else:
        shared = SharedLoadBalancer(stack, "Shared", vpc=vpc, ingress=InternalHttp())
        route = Route(path="/*")
        if kind == "routed":
            RoutedFargateService(
                stack, "Web", load_balancer=shared, route=route, container=container, cluster=cluster, subnets=subnets
            )
        else:
            RoutedEc2Service(stack, "Web", load_balancer=shared, route=route, container=container, cluster=cluster)


def _missing(template: dict[str, Any], *, endpoints: int, routes: int) -> set[str]:
    """Routes, endpoints and policies that a service of a template does not wait for."""
    (service,) = of_type(template, "AWS::ECS::Service")
    waits = _waits_for(template, service)
    everywhere = {name for name, route in of_type(template, "AWS::EC2::Route").items() if "0.0.0.0/0" in str(route)}
    there = set(of_type(template, "AWS::EC2::VPCEndpoint"))
    policies = {name for name in of_type(template, "AWS::IAM::Policy") if "TaskDefExecutionRole" in name}
    assert (len(there), len(everywhere)) == (endpoints, routes)
    assert policies
    return (everywhere | there | policies) - waits


@pytest.mark.parametrize(("kind", "given"), KINDS)
def test_a_service_behind_nat_waits_for_routes_and_permissions(stack: cdk.Stack, kind: str, *, given: bool) -> None:
    network = Network(stack, "Net")
    _service(stack, kind, network.vpc, network.task_subnets, given=given)
    assert _missing(template_of(stack), endpoints=1, routes=4) == set()


@pytest.mark.parametrize(("kind", "given"), [each for each in KINDS if each[0] != "routed ec2"])
def test_a_service_without_a_way_out_waits_for_its_endpoints(stack: cdk.Stack, kind: str, *, given: bool) -> None:
    features = (Feature.LOGS, Feature.CONTAINER_INSTANCES)
    network = Network(stack, "Net", egress=Egress.ENDPOINTS, features=features)
    _service(stack, kind, network.vpc, network.task_subnets, given=given)
    assert _missing(template_of(stack), endpoints=7, routes=2) == set()


def test_the_three_line_service_waits_for_its_own_network(stack: cdk.Stack, directory: Path) -> None:
    for name in ("Web", "Api"):
        EcrFargateService(stack, name, directory=directory, container_port=80, ingress=InternalHttp())
    template = template_of(stack)
    for service in of_type(template, "AWS::ECS::Service"):
        waits = _waits_for(template, service)
        assert set(of_type(template, "AWS::EC2::VPCEndpoint")) <= waits
        private = {name for name in of_type(template, "AWS::EC2::Route") if "Private" in name}
        assert len(private) == 2
        assert private <= waits
        assert any(name.startswith(service[:3]) and "ExecutionRoleDefaultPolicy" in name for name in waits)


def test_endpoints_that_come_after_the_service_count(stack: cdk.Stack) -> None:
    network = Network(stack, "Net")
    _service(stack, "fargate", network.vpc, network.task_subnets, given=False)
    ec2.InterfaceVpcEndpoint(stack, "Late", vpc=network.vpc, service=ec2.InterfaceVpcEndpointAwsService("ecr.api"))
    assert _missing(template_of(stack), endpoints=2, routes=4) == set()


def test_the_endpoint_of_another_vpc_is_not_waited_for(stack: cdk.Stack) -> None:
    network, other = Network(stack, "Net"), Network(stack, "Other", egress=Egress.ENDPOINTS)
    _service(stack, "fargate", network.vpc, network.task_subnets, given=False)
    (service,) = of_type(template_of(stack), "AWS::ECS::Service")
    waits = _waits_for(template_of(stack), service)
    assert not {name for name in waits if name.startswith(other.node.id)}


def _named_in_a_policy(stack: cdk.Stack) -> None:
    """An endpoint that lets this cluster alone through would wait for it."""
    network = Network(stack, "Net")
    container = AppContainer(OURS, 80)
    web = LoadBalancedFargateService(stack, "Web", container=container, ingress=InternalHttp(), vpc=network.vpc)
    endpoint = network.vpc.add_interface_endpoint("Ecs", service=ec2.InterfaceVpcEndpointAwsService("ecs"))
    statement = iam.PolicyStatement(
        principals=[iam.AnyPrincipal()], actions=["ecs:*"], resources=[web.cluster.cluster_arn, web.service.service_arn]
    )
    endpoint.add_to_policy(statement)
    endpoint.connections.allow_default_port_from(web)


def _opened_to_the_service(stack: cdk.Stack) -> None:
    """The rule stands beside the endpoint, and names the service's group."""
    network = Network(stack, "Net", egress=Egress.ENDPOINTS)
    container = AppContainer(OURS, 80)
    web = LoadBalancedFargateService(
        stack, "Web", container=container, ingress=InternalHttp(), vpc=network.vpc, subnets=network.task_subnets
    )
    for endpoint in network.endpoints.values():
        endpoint.connections.allow_default_port_from(web)


@pytest.mark.parametrize("make", [_named_in_a_policy, _opened_to_the_service])
def test_nothing_goes_round_in_a_circle(stack: cdk.Stack, make: Callable[[cdk.Stack], None]) -> None:
    make(stack)
    template = template_of(stack)
    for name in template["Resources"]:
        assert name not in _waits_for(template, name)


def test_what_a_nested_stack_has_is_not_waited_for(stack: cdk.Stack) -> None:
    """It may wait for the service itself."""
    network = Network(stack, "Net")
    container = AppContainer(OURS, 80)
    web = LoadBalancedFargateService(stack, "Web", container=container, ingress=InternalHttp(), vpc=network.vpc)
    nested = cdk.NestedStack(stack, "Nested")
    ec2.InterfaceVpcEndpoint(nested, "Ecs", vpc=network.vpc, service=ec2.InterfaceVpcEndpointAwsService("ecs"))
    cdk.CfnOutput(nested, "Name", value=web.service.service_name)
    template = template_of(stack)
    (service,) = of_type(template, "AWS::ECS::Service")
    assert not set(of_type(template, "AWS::CloudFormation::Stack")) & _waits_for(template, service)


def test_a_nested_stack_waits_for_the_routes_of_its_parent(stack: cdk.Stack) -> None:
    network = Network(stack, "Net")
    nested = cdk.NestedStack(stack, "Nested")
    LoadBalancedFargateService(nested, "Web", container=AppContainer(OURS, 80), ingress=InternalHttp(), vpc=network.vpc)
    template = template_of(stack)
    (home,) = of_type(template, "AWS::CloudFormation::Stack")
    private = {name for name in of_type(template, "AWS::EC2::Route") if "Private" in name}
    assert private
    assert private <= _waits_for(template, home)


def test_stacks_wait_for_each_other_as_before(stack: cdk.Stack) -> None:
    """A network of another stack is there before anyway."""
    app = stack.node.root
    assert isinstance(app, cdk.App)
    home, apart = cdk.Stack(app, "Home"), cdk.Stack(app, "Apart")
    network = Network(home, "Net")
    ec2.InterfaceVpcEndpoint(apart, "Late", vpc=network.vpc, service=ec2.InterfaceVpcEndpointAwsService("ecr.api"))
    _service(stack, "fargate", network.vpc, network.task_subnets, given=False)
    names = {other.stack_name for other in stack.dependencies}
    template_of(stack)
    assert {other.stack_name for other in stack.dependencies} | names == {"Home"}

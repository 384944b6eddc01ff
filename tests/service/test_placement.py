"""Where tasks run."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Network, PublicHttp
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def _add(stack: cdk.Stack, name: str = "Web", **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401 - passed on
    return LoadBalancedFargateService(stack, name, container=AppContainer(NGINX, 80), ingress=PublicHttp(), **options)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    _add(stack)
    _add(stack, "Other")
    return template_of(stack)


def test_services_of_a_stack_share_one_network_and_one_cluster(template: dict[str, Any]) -> None:
    """Row 22."""
    for kind in ("AWS::EC2::VPC", "AWS::ECS::Cluster"):
        only(template, kind)
    assert len(of_type(template, "AWS::EC2::NatGateway")) == 2
    assert len(of_type(template, "AWS::ECS::Service")) == 2


def test_image_layers_bypass_nat(template: dict[str, Any]) -> None:
    """Row 21."""
    endpoint = only(template, "AWS::EC2::VPCEndpoint")["Properties"]
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert ".s3" in str(endpoint["ServiceName"])


def test_tasks_run_in_private_subnets_without_public_addresses(template: dict[str, Any]) -> None:
    """Rows 21 and 23."""
    for service in of_type(template, "AWS::ECS::Service").values():
        network = service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert network["AssignPublicIp"] == "DISABLED"
        assert len(network["Subnets"]) == 2
        assert all("PrivateSubnet" in subnet["Ref"] for subnet in network["Subnets"])


def test_public_subnets_give_no_addresses_by_themselves(template: dict[str, Any]) -> None:
    for subnet in of_type(template, "AWS::EC2::Subnet").values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False


def test_no_function_is_added_for_the_default_security_group(template: dict[str, Any]) -> None:
    assert not of_type(template, "AWS::Lambda::Function")


def test_container_insights_are_on(template: dict[str, Any]) -> None:
    assert only(template, "AWS::ECS::Cluster")["Properties"]["ClusterSettings"] == [
        {"Name": "containerInsights", "Value": "enabled"}
    ]


def test_the_bare_pattern_shares_the_cluster() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    _add(stack)
    ecs_patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Bare",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(NGINX)
        ),
        min_healthy_percent=100,
    )
    only(template_of(stack), "AWS::ECS::Cluster")


def test_tasks_in_public_subnets_get_addresses_to_pull_with() -> None:
    """Row 23."""
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, restrict_default_security_group=False)
    _add(stack, vpc=vpc, subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC))
    service = only(template_of(stack), "AWS::ECS::Service")
    assert service["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "ENABLED"


def test_isolated_subnets_of_which_nothing_is_known_warn() -> None:
    """Row 21."""
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["a", "b"],
        public_subnet_ids=["subnet-1", "subnet-2"],
        isolated_subnet_ids=["subnet-3", "subnet-4"],
    )
    _add(stack, vpc=vpc, subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED))
    found = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
    [warning] = [each for each in found if "ecr-fargate-constructs:isolatedSubnets" in str(each.entry.data)]
    assert "ecr.api, ecr.dkr, logs and S3" in str(warning.entry.data)


def test_a_cluster_can_be_brought() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    cluster = ecs.Cluster(stack, "Mine", vpc=ec2.Vpc(stack, "Vpc", restrict_default_security_group=False))
    service = _add(stack, cluster=cluster)
    assert service.cluster is cluster
    only(template_of(stack), "AWS::ECS::Cluster")


def test_a_vpc_can_be_looked_up() -> None:
    environment = cdk.Environment(account="123456789012", region="eu-west-1")
    stack = cdk.Stack(cdk.App(), "Stack", env=environment)
    _add(stack, vpc=ec2.Vpc.from_lookup(stack, "Vpc", vpc_id="vpc-12345"))
    assert "p-12345" in str(only(template_of(stack), "AWS::ECS::Service")["Properties"]["NetworkConfiguration"])


@pytest.mark.parametrize("network", [True, False])
def test_the_flag_of_the_app_closes_the_default_security_group(*, network: bool) -> None:
    stack = cdk.Stack(cdk.App(context={"@aws-cdk/aws-ec2:restrictDefaultSecurityGroup": True}), "Stack")
    if network:
        Network(stack, "Net")
    else:
        _add(stack)
    assert len(of_type(template_of(stack), "Custom::VpcRestrictDefaultSG")) == 1


def test_clusters_services_and_tasks_are_tagged_and_nothing_else() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    cdk.Tags.of(stack).add("owner", "shop")
    _add(stack, "Wöb")
    tags = {
        resource["Type"]: each["Value"]
        for resource in template_of(stack)["Resources"].values()
        for each in resource.get("Properties", {}).get("Tags", [])
        if isinstance(each, dict) and each["Key"].startswith("ecr-fargate-constructs:")
    }
    assert tags == {
        "AWS::ECS::Cluster": "Stack/EcsDefaultClusterMnL3mNNYN",
        "AWS::ECS::Service": "Stack/W-b",
        "AWS::ECS::TaskDefinition": "Stack/W-b",
    }

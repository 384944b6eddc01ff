"""The machines of a service on EC2. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    Ec2Capacity,
    Ec2Container,
    LoadBalancedEc2Service,
    PublicHttp,
)
from support import of_type, only, template_of

NGINX = "public.ecr.aws/nginx/nginx:1.29"
TASK, GROUP = "AWS::ECS::TaskDefinition", "AWS::AutoScaling::AutoScalingGroup"


def _build(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Stack")
    options.setdefault("container", AppContainer(NGINX, 80))
    LoadBalancedEc2Service(stack, "Web", ingress=PublicHttp(), **options)
    return template_of(stack)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return _build()


def _launch(template: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    return data


def test_machines_hand_out_no_role_and_no_metadata_without_a_session(template: dict[str, Any]) -> None:
    """Row 41."""
    launch = _launch(template)
    assert launch["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    assert "ECS_AWSVPC_BLOCK_IMDS=true" in str(launch["UserData"])


def test_machines_are_encrypted_and_have_no_public_address(template: dict[str, Any]) -> None:
    """Row 41."""
    launch = _launch(template)
    [volume] = launch["BlockDeviceMappings"]
    assert volume == {
        "DeviceName": "/dev/xvda",
        "Ebs": {"Encrypted": True, "VolumeSize": 30, "VolumeType": "gp3"},
    }
    [interface] = launch["NetworkInterfaces"]
    assert interface["AssociatePublicIpAddress"] is False
    assert all("PrivateSubnet" in subnet["Ref"] for subnet in only(template, GROUP)["Properties"]["VPCZoneIdentifier"])


def test_nothing_comes_in_to_the_machines(template: dict[str, Any]) -> None:
    [interface] = _launch(template)["NetworkInterfaces"]
    [group] = interface["Groups"]
    name = group["Fn::GetAtt"][0]
    assert "SecurityGroupIngress" not in template["Resources"][name]["Properties"]
    rules = of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    assert not [rule for rule in rules if name in str(rule["Properties"]["GroupId"])]


@pytest.mark.parametrize(
    ("container", "kind", "image"),
    [
        (AppContainer(NGINX, 80), "t3.medium", "amazonlinux2023recommended"),
        (AppContainer(NGINX, 80, architecture=Architecture.ARM64), "t4g.medium", "amazonlinux2023arm64recommended"),
        (Ec2Container(NGINX, 80, gpu_count=1), "g5.xlarge", "amazonlinux2023gpurecommended"),
    ],
)
def test_machines_fit_the_image(container: AppContainer, kind: str, image: str) -> None:
    """Rows 1 and 41."""
    machines = Ec2Capacity(instance_type=ec2.InstanceType(kind)) if kind == "g5.xlarge" else None
    template = _build(container=container, machines=machines)
    assert _launch(template)["InstanceType"] == kind
    assert image in _launch(template)["ImageId"]["Ref"]
    expected = "ARM64" if container.runs_on is Architecture.ARM64 else "X86_64"
    assert only(template, TASK)["Properties"]["RuntimePlatform"]["CpuArchitecture"] == expected


def test_ecs_scales_and_drains_the_machines(template: dict[str, Any]) -> None:
    """Row 42."""
    provider = only(template, "AWS::ECS::CapacityProvider")["Properties"]["AutoScalingGroupProvider"]
    assert provider["ManagedScaling"] == {"Status": "ENABLED", "TargetCapacity": 100}
    assert provider["ManagedDraining"] == "ENABLED"
    assert provider["ManagedTerminationProtection"] == "DISABLED", "protected machines keep a stack from being deleted"
    group = only(template, GROUP)
    assert (group["Properties"]["MinSize"], group["Properties"]["MaxSize"]) == ("2", "10")
    assert "DesiredCapacity" not in group["Properties"]
    assert {"Key": "AmazonECSManaged", "Value": "true", "PropagateAtLaunch": True} in group["Properties"]["Tags"]
    assert not of_type(template, "AWS::Lambda::Function"), "draining takes no function"


def test_machines_are_replaced_one_by_one(template: dict[str, Any]) -> None:
    assert only(template, GROUP)["UpdatePolicy"]["AutoScalingRollingUpdate"]["MaxBatchSize"] == 1


def test_machines_can_be_added_to_a_cluster_of_the_stack() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    cluster = ecs.Cluster(stack, "Mine")
    machines = Ec2Capacity(minimum=1, maximum=3, target_percent=80, root_volume_gib=100)
    service = LoadBalancedEc2Service(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), cluster=cluster, machines=machines
    )
    assert service.cluster is cluster
    template = template_of(stack)
    provider = only(template, "AWS::ECS::CapacityProvider")["Properties"]["AutoScalingGroupProvider"]
    assert provider["ManagedScaling"]["TargetCapacity"] == 80
    assert only(template, GROUP)["Properties"]["MaxSize"] == "3"
    assert _launch(template)["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 100

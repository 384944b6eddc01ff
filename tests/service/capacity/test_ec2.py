"""The machines of a service on EC2. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ConfigurationError,
    Ec2Capacity,
    Ec2Container,
    LoadBalancedEc2Service,
    PublicHttp,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

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
    template = _build(container=container, capacity=machines)
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
    machines = Ec2Capacity(min_capacity=1, max_capacity=3, target_percent=80, root_volume_gib=100)
    service = LoadBalancedEc2Service(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), cluster=cluster, capacity=machines
    )
    assert service.cluster is cluster
    template = template_of(stack)
    provider = only(template, "AWS::ECS::CapacityProvider")["Properties"]["AutoScalingGroupProvider"]
    assert provider["ManagedScaling"]["TargetCapacity"] == 80
    assert only(template, GROUP)["Properties"]["MaxSize"] == "3"
    assert _launch(template)["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 100


@pytest.mark.parametrize(
    ("options", "wrong", "fix"),
    [
        ({"capacity": None}, "Ec2Container.gpu_count=1 needs instances with NVIDIA GPUs, but t3.medium", "'g5.xlarge'"),
        ({"capacity": Ec2Capacity(min_capacity=1)}, "but t3.medium has none", "'g5.xlarge'"),
        ({"capacity": Ec2Capacity(instance_type=ec2.InstanceType("m7i.large"))}, "m7i.large has none", "'g5.xlarge'"),
        ({"capacity": Ec2Capacity(instance_type=ec2.InstanceType("g4ad.xlarge"))}, "g4ad.xlarge has none", "'g5.xl"),
    ],
)
def test_gpus_without_machines_that_have_any_are_refused(options: dict[str, Any], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _build(container=Ec2Container(NGINX, 80, gpu_count=1), **options)
    assert str(caught.value).startswith("[Stack/Web] ")
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


@pytest.mark.parametrize("kind", ["g4dn.xlarge", "g6e.12xlarge", "gr6.4xlarge", "p3.2xlarge", "p5.48xlarge"])
def test_machines_with_gpus_pass(kind: str) -> None:
    machines = Ec2Capacity(instance_type=ec2.InstanceType(kind))
    launch = _launch(_build(container=Ec2Container(NGINX, 80, gpu_count=1), capacity=machines))
    assert launch["InstanceType"] == kind
    assert "gpurecommended" in launch["ImageId"]["Ref"]


def test_gpus_of_arm_machines_take_an_image_of_ones_own() -> None:
    """ECS has no optimized image with the drivers for Arm; the one for x86 does not boot there."""
    container = Ec2Container(NGINX, 80, gpu_count=1, architecture=Architecture.ARM64)
    kind = ec2.InstanceType("g5g.xlarge")
    with pytest.raises(ConfigurationError, match=r"give Ec2Capacity\.machine_image an Arm image"):
        _build(container=container, capacity=Ec2Capacity(instance_type=kind))
    image = ec2.MachineImage.from_ssm_parameter("/shop/arm-gpu")
    template = _build(container=container, capacity=Ec2Capacity(instance_type=kind, machine_image=image))
    assert "shoparmgpu" in _launch(template)["ImageId"]["Ref"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Shop", False),
        ("Shop-Ecs", False),
        ("Ecs-Shop", True),
        ("ecs-shop", True),
        ("AWSShop", True),
        ("aws-shop", True),
        ("FargateShop", True),
        ("fARGATE", True),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_ecs_takes_the_name_of_the_capacity_provider(name: str, *, given: bool, nested: bool) -> None:
    """Left out, CloudFormation makes one that begins with the name of the stack."""
    stack: cdk.Stack = cdk.Stack(cdk.App(), "Stack", stack_name=name)
    if nested:
        stack = cdk.NestedStack(stack, "Nested")
    for each in ("One", "Two"):
        LoadBalancedEc2Service(stack, each, container=AppContainer(NGINX, 80), ingress=PublicHttp())
    providers = of_type(template_of(stack), "AWS::ECS::CapacityProvider").values()
    names = {each["Properties"].get("Name") for each in providers}
    if given:
        assert len(names) == 2
        assert all(found.startswith("cp-") and len(found) <= 255 for found in names)
    else:
        assert names == {None}


def test_a_stage_counts_in_the_name_of_its_stacks() -> None:
    stack = cdk.Stack(cdk.Stage(cdk.App(), "Ecs"), "Shop")
    LoadBalancedEc2Service(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp())
    assert only(template_of(stack), "AWS::ECS::CapacityProvider")["Properties"]["Name"].startswith("cp-")


_PUBLIC: dict[str, Callable[[ec2.Vpc], ec2.SubnetSelection]] = {
    "by type": lambda _: ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
    "by name": lambda _: ec2.SubnetSelection(subnet_group_name="Public"),
    "themselves": lambda vpc: ec2.SubnetSelection(subnets=vpc.public_subnets),
    "by filter": lambda vpc: ec2.SubnetSelection(
        subnets=[*vpc.public_subnets, *vpc.private_subnets],
        subnet_filters=[ec2.SubnetFilter.by_ids([vpc.public_subnets[0].subnet_id])],
    ),
    "one of several": lambda vpc: ec2.SubnetSelection(subnets=[vpc.private_subnets[0], vpc.public_subnets[1]]),
}


@pytest.mark.parametrize("how", _PUBLIC)
@pytest.mark.parametrize("given", ["vpc", "cluster"])
def test_public_subnets_are_refused_however_they_are_chosen(how: str, given: str) -> None:
    """Nothing there gets an address."""
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc(stack, "Vpc")
    options: dict[str, Any] = {"vpc": vpc}
    if given == "cluster":
        cluster = ecs.Cluster(stack, "Mine", vpc=vpc)
        options = {"cluster": cluster, "capacity": Ec2Capacity()}
    subnets = _PUBLIC[how](vpc)
    with pytest.raises(ConfigurationError, match="instances and their tasks get no public addresses"):
        LoadBalancedEc2Service(
            stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), subnets=subnets, **options
        )
    assert stack.node.try_find_child("Web") is None


@pytest.mark.parametrize(
    "subnets",
    [
        ec2.SubnetSelection(subnet_group_name="Public"),
        ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
    ],
)
def test_public_subnets_of_the_own_network_are_refused(subnets: ec2.SubnetSelection) -> None:
    with pytest.raises(ConfigurationError, match="instances and their tasks get no public addresses"):
        _build(subnets=subnets)


@pytest.mark.parametrize("name", ["Private", None])
def test_private_subnets_pass_however_they_are_chosen(name: str | None) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc(stack, "Vpc")
    subnets = ec2.SubnetSelection(subnet_group_name=name, subnets=None if name else vpc.private_subnets)
    container = AppContainer(NGINX, 80)
    LoadBalancedEc2Service(stack, "Web", container=container, ingress=PublicHttp(), vpc=vpc, subnets=subnets)
    group = only(template_of(stack), GROUP)
    assert "Private" in str(group["Properties"]["VPCZoneIdentifier"])

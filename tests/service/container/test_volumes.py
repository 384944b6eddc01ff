"""Volumes of a task: what is mounted, who may use it, what the service makes. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_kms as kms

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    EbsVolume,
    EfsVolume,
    LoadBalancedFargateService,
    Mount,
    PublicHttp,
    SharedVolume,
    Sidecar,
)
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def _template(stack: cdk.Stack, app: AppContainer, *sidecars: Sidecar, vpc: ec2.IVpc | None = None) -> dict[str, Any]:
    LoadBalancedFargateService(stack, "Web", container=app, sidecars=sidecars, ingress=PublicHttp(), vpc=vpc)
    return template_of(stack)


def _task(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = only(template, "AWS::ECS::TaskDefinition")["Properties"]
    return properties


def _permissions(template: dict[str, Any]) -> dict[str, Any]:
    policies = of_type(template, "AWS::IAM::Policy").values()
    [policy] = [each for each in policies if "TaskRole" in str(each["Properties"]["Roles"])]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    found: dict[str, Any] = statement
    return found


@pytest.fixture
def vpc(stack: cdk.Stack) -> ec2.Vpc:
    return ec2.Vpc(stack, "Vpc", max_azs=2)


@pytest.fixture
def file_system(stack: cdk.Stack, vpc: ec2.Vpc) -> efs.FileSystem:
    return efs.FileSystem(stack, "Files", vpc=vpc)


def test_containers_share_a_directory(stack: cdk.Stack) -> None:
    shared = SharedVolume("sockets")
    app = AppContainer(NGINX, 80, mounts=[Mount("/run/shop", shared)], writable_paths=["/tmp"])  # noqa: S108 - a path in a container
    sidecar = Sidecar("proxy", NGINX, mounts=[Mount("/sockets", shared, read_only=True)], writable_paths=["/tmp"])  # noqa: S108
    task = _task(_template(stack, app, sidecar))
    assert [each["Name"] for each in task["Volumes"]] == ["sockets", "writable-0", "proxy-writable-0"]
    web, proxy = (each["MountPoints"] for each in task["ContainerDefinitions"])
    assert {"ContainerPath": "/run/shop", "SourceVolume": "sockets", "ReadOnly": False} in web
    assert {"ContainerPath": "/sockets", "SourceVolume": "sockets", "ReadOnly": True} in proxy
    assert {"ContainerPath": "/tmp", "SourceVolume": "proxy-writable-0", "ReadOnly": False} in proxy  # noqa: S108


def test_a_file_system_is_mounted_encrypted_and_by_permission(
    stack: cdk.Stack, vpc: ec2.Vpc, file_system: efs.FileSystem
) -> None:
    """Row 48."""
    point = file_system.add_access_point("Shop", path="/shop")
    volume = EfsVolume("shop", file_system, access_point=point)
    template = _template(stack, AppContainer(NGINX, 80, mounts=[Mount("/var/shop", volume)]), vpc=vpc)
    [found] = _task(template)["Volumes"]
    configuration = found["EFSVolumeConfiguration"]
    assert configuration["TransitEncryption"] == "ENABLED"
    assert configuration["AuthorizationConfig"]["IAM"] == "ENABLED"
    assert "Ref" in configuration["AuthorizationConfig"]["AccessPointId"]
    statement = _permissions(template)
    assert statement["Action"] == ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert statement["Resource"] != "*"
    assert list(statement["Condition"]["StringEquals"]) == ["elasticfilesystem:AccessPointArn"]
    rules = of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    [rule] = [each["Properties"] for each in rules if each["Properties"]["FromPort"] == 2049]
    assert "FilesEfsSecurityGroup" in str(rule["GroupId"])
    assert "WebServiceSecurityGroup" in str(rule["SourceSecurityGroupId"])
    targets = of_type(template, "AWS::EFS::MountTarget")
    assert targets
    assert set(targets) <= set(only(template, "AWS::ECS::Service")["DependsOn"])
    assert not cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())


def test_a_file_system_may_be_in_another_stack() -> None:
    app = cdk.App()
    data, web = cdk.Stack(app, "Data"), cdk.Stack(app, "Web")
    vpc = ec2.Vpc(data, "Vpc", max_azs=2)
    volume = EfsVolume("shop", efs.FileSystem(data, "Files", vpc=vpc))
    template = _template(web, AppContainer(NGINX, 80, mounts=[Mount("/var/shop", volume)]), vpc=vpc)
    rules = [each["Properties"] for each in of_type(template, "AWS::EC2::SecurityGroupIngress").values()]
    [rule] = [each for each in rules if "FilesEfsSecurityGroup" in str(each["GroupId"])]
    assert "Fn::GetAtt" in rule["SourceSecurityGroupId"]
    assert not of_type(template_of(data), "AWS::EC2::SecurityGroupIngress")


def test_what_is_only_read_may_not_be_written(stack: cdk.Stack, vpc: ec2.Vpc, file_system: efs.FileSystem) -> None:
    volume = EfsVolume("shop", file_system, root_directory="/shop")
    mounts = [Mount("/var/shop", volume, read_only=True)]
    template = _template(stack, AppContainer(NGINX, 80, mounts=mounts), vpc=vpc)
    assert _permissions(template)["Action"] == "elasticfilesystem:ClientMount"
    assert "Condition" not in _permissions(template)
    assert _task(template)["Volumes"][0]["EFSVolumeConfiguration"]["RootDirectory"] == "/shop"


def test_one_writer_among_the_containers_may_write(stack: cdk.Stack, vpc: ec2.Vpc, file_system: efs.FileSystem) -> None:
    volume = EfsVolume("shop", file_system)
    template = _template(
        stack,
        AppContainer(NGINX, 80, mounts=[Mount("/var/shop", volume, read_only=True)]),
        Sidecar("writer", NGINX, mounts=[Mount("/var/shop", volume)]),
        vpc=vpc,
    )
    assert "elasticfilesystem:ClientWrite" in _permissions(template)["Action"]
    assert len(_task(template)["Volumes"]) == 1


def test_each_task_gets_a_disk(stack: cdk.Stack) -> None:
    """Row 51."""
    template = _template(stack, AppContainer(NGINX, 80, mounts=[Mount("/data", EbsVolume("data", size_gib=20))]))
    assert _task(template)["Volumes"] == [{"Name": "data", "ConfiguredAtLaunch": True}]
    [volume] = only(template, "AWS::ECS::Service")["Properties"]["VolumeConfigurations"]
    disk = volume["ManagedEBSVolume"]
    assert volume["Name"] == "data"
    assert "Fn::GetAtt" in disk.pop("RoleArn")
    assert disk == {
        "Encrypted": True,
        "FilesystemType": "xfs",
        "SizeInGiB": 20,
        "VolumeType": "gp3",
        "TagSpecifications": [{"ResourceType": "volume", "PropagateTags": "SERVICE"}],
    }
    assert "AmazonECSInfrastructureRolePolicyForVolumes" in str(template)


def test_a_disk_can_be_tuned(stack: cdk.Stack) -> None:
    key = kms.Key(stack, "Key")
    data = EbsVolume(
        "data",
        size_gib=100,
        snapshot_id="snap-05abe246af",
        file_system=ecs.FileSystemType.EXT4,
        iops=4000,
        throughput=250,
        encryption_key=key,
        snapshot_rate=cdk.Size.mebibytes(200),
    )
    template = _template(stack, AppContainer(NGINX, 80, mounts=[Mount("/data", data)]))
    [volume] = only(template, "AWS::ECS::Service")["Properties"]["VolumeConfigurations"]
    disk = volume["ManagedEBSVolume"]
    assert (disk["Iops"], disk["Throughput"], disk["VolumeInitializationRate"]) == (4000, 250, 200)
    assert (disk["SnapshotId"], disk["FilesystemType"]) == ("snap-05abe246af", "ext4")
    assert "Key" in str(disk["KmsKeyId"])


def test_volumes_take_tokens(stack: cdk.Stack) -> None:
    size = cdk.CfnParameter(stack, "Size", type="Number").value_as_number
    snapshot = cdk.CfnParameter(stack, "Snapshot").value_as_string
    volume = EbsVolume("data", size_gib=size, snapshot_id=snapshot, iops=size, throughput=size)
    path = cdk.CfnParameter(stack, "Path").value_as_string
    template = _template(stack, AppContainer(NGINX, 80, mounts=[Mount(path, volume)]))
    service = str(only(template, "AWS::ECS::Service"))
    assert service.count("{'Ref': 'Size'}") == 3
    assert "{'Ref': 'Snapshot'}" in service
    assert "{'Ref': 'Path'}" in str(_task(template))


def test_a_path_with_a_slash_at_its_end_is_the_same_path() -> None:
    work = SharedVolume("work")
    for options in (
        {"writable_paths": ["/scratch", "/scratch/"]},
        {"writable_paths": ["/scratch/"], "mounts": [Mount("/scratch", work)]},
    ):
        with pytest.raises(ConfigurationError, match="AppContainer mounts '/scratch' twice; remove one of the two"):
            AppContainer(NGINX, 80, **options)

"""Where things are: each construct in each option is of the app, stage, region and network of the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_servicediscovery as cloudmap
from aws_cdk import aws_sns as sns

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    CloudMap,
    ConfigurationError,
    DeploymentHook,
    EbsVolume,
    EfsVolume,
    InternalHttp,
    InternalHttps,
    LoadBalancedFargateService,
    ManagedSigning,
    Mount,
    Network,
    Posture,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    RegistrySettings,
    RollbackAlarms,
    Rolling,
    ServiceAlarms,
    ServiceConnect,
    SignatureCheck,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Give = Callable[[cdk.Stack, cdk.Stack], object]

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
ACCOUNT = "123456789012"
HERE = cdk.Environment(account=ACCOUNT, region="eu-west-1")
ARN = f"arn:aws:{{}}:us-east-1:{ACCOUNT}:{{}}"


def _service(stack: cdk.Stack, construct_id: str = "Web", **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401
    return LoadBalancedFargateService(
        stack, construct_id, **{"container": AppContainer(IMAGE, 80), "ingress": PublicHttp(), **options}
    )


def _mounting(stack: cdk.Stack, volume: Any, **options: Any) -> object:  # noqa: ANN401
    return _service(stack, container=AppContainer(IMAGE, 80, mounts=[Mount("/data", volume)]), **options)


def _function(stack: cdk.Stack) -> lambda_.Function:
    return lambda_.Function(
        stack, "F", runtime=lambda_.Runtime.PYTHON_3_13, handler="i.h", code=lambda_.Code.from_inline("x")
    )


OTHER_REGION: dict[str, Give] = {
    "PublicHttps.certificate": lambda here, there: _service(
        here, ingress=PublicHttps(certificate=acm.Certificate(there, "C", domain_name="a.example.com"))
    ),
    "PublicHttp.access_logs": lambda here, there: _service(
        here, ingress=PublicHttp(access_logs=s3.Bucket(there, "B", bucket_name="logs-of-others"))
    ),
    "log_bucket": lambda here, there: Posture.REGULATED.apply_to(here, log_bucket=s3.Bucket(there, "B")),
    "web_acl": lambda here, _: Posture.REGULATED.apply_to(here, web_acl=ARN.format("wafv2", "regional/webacl/x/1")),
    "encryption_key": lambda here, _: PrivateRepository(
        here, "R", encryption_key=kms.Key.from_key_arn(here, "K", ARN.format("kms", "key/1"))
    ),
    "EbsVolume.encryption_key": lambda here, _: _mounting(
        here,
        EbsVolume("d", size_gib=1, encryption_key=kms.Key.from_key_arn(here, "K", ARN.format("kms", "key/1"))),
    ),
    "EfsVolume.file_system": lambda here, there: _mounting(
        here, EfsVolume("e", efs.FileSystem(there, "E", vpc=ec2.Vpc(there, "V")))
    ),
    "ServiceConnect.namespace": lambda here, there: _service(here).enable_service_connect(
        ServiceConnect(namespace=cloudmap.HttpNamespace(there, "N", name="apps"), name="web")
    ),
    "ServiceConnect.namespace=": lambda here, _: _service(here).enable_service_connect(
        ServiceConnect(namespace=ARN.format("servicediscovery", "namespace/ns-1"), name="web")
    ),
    "CloudMap.namespace": lambda here, _: _service(here).enable_cloud_map(
        CloudMap(
            namespace=cloudmap.PrivateDnsNamespace.from_private_dns_namespace_attributes(
                here,
                "N",
                namespace_arn=ARN.format("servicediscovery", "namespace/ns-1"),
                namespace_id="ns-1",
                namespace_name="apps",
            ),
            name="web",
        )
    ),
    "RollbackAlarms.existing[0]": lambda here, _: _service(
        here,
        deployment=Rolling(
            alarms=RollbackAlarms(
                existing=[cloudwatch.Alarm.from_alarm_arn(here, "A", ARN.format("cloudwatch", "alarm:x"))]
            )
        ),
    ),
    "actions['Critical'][0]": lambda here, _: ServiceAlarms.of(
        _service(here), actions={"Critical": [sns.Topic.from_topic_arn(here, "T", ARN.format("sns", "x"))]}
    ),
    "DeploymentHook.function": lambda here, there: _service(
        here,
        deployment=BlueGreen(
            hooks=[DeploymentHook(function=_function(there), stages=[ecs.DeploymentLifecycleStage.PRE_SCALE_UP])]
        ),
    ),
    "ManagedSigning.signing_profile": lambda here, _: RegistrySettings(
        here, "R", signing=ManagedSigning(signing_profile=ARN.format("signer", "/signing-profiles/shop"))
    ),
    "signing_profile": lambda here, _: SignatureCheck(
        here,
        "S",
        repositories=[ecr.Repository(here, "R")],
        signing_profile=ARN.format("signer", "/signing-profiles/shop"),
    ),
}


@pytest.mark.parametrize("place", OTHER_REGION)
def test_what_is_of_another_region_is_refused_wherever_it_stands(place: str) -> None:
    app = cdk.App()
    here = cdk.Stack(app, "Here", env=HERE)
    there = cdk.Stack(app, "There", env=cdk.Environment(account=ACCOUNT, region="us-east-1"))
    with pytest.raises(ConfigurationError) as refused:
        OTHER_REGION[place](here, there)
    assert place in str(refused.value)
    assert "us-east-1" in str(refused.value)
    assert "eu-west-1" in str(refused.value)


def test_a_posture_of_a_stage_is_judged_where_it_is_used() -> None:
    stage = cdk.Stage(cdk.App(), "Stage")
    Posture.REGULATED.apply_to(stage, web_acl=ARN.format("wafv2", "regional/webacl/x/1"))
    stack = cdk.Stack(stage, "Stack", env=HERE)
    with pytest.raises(ConfigurationError, match=r"web_acl=.* is in us-east-1, but stack Stage/Stack is in eu-west-1"):
        _service(stack)
    assert not stack.node.children


def test_what_is_of_the_same_region_and_of_an_unknown_one_passes() -> None:
    app = cdk.App()
    here, beside = (cdk.Stack(app, name, env=HERE) for name in ("Here", "Beside"))
    token = cdk.CfnParameter(here, "Arn").value_as_string
    _service(
        here,
        deployment=Rolling(
            alarms=RollbackAlarms(
                existing=[cloudwatch.Alarm.from_alarm_arn(here, "A", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:x")]
            )
        ),
        ingress=PublicHttps(certificate=acm.Certificate.from_certificate_arn(here, "C", token)),
    )
    _service(beside, ingress=PublicHttps(certificate=acm.Certificate(here, "Own", domain_name="a.example.com")))
    app.synth()


@pytest.mark.parametrize("known", ["Here", "There"])
def test_a_network_of_a_stack_is_refused_where_only_one_of_the_two_says_its_region(known: str) -> None:
    app = cdk.App()
    here, there = (cdk.Stack(app, name, env=HERE if name == known else None) for name in ("Here", "There"))
    made = ec2.Vpc(there, "Made")
    imported = ec2.Vpc.from_vpc_attributes(
        there, "Imported", vpc_id="vpc-1", availability_zones=["a", "b"], private_subnet_ids=["s-1", "s-2"],
        public_subnet_ids=["s-3", "s-4"],
    )  # fmt: skip
    for vpc in (made, imported):
        with pytest.raises(
            ConfigurationError, match=r"^\[Here/Web\] vpc belongs to stack There in .*different regions"
        ):
            _service(here, vpc=vpc)
    assert not here.node.children
    certificate = acm.Certificate.from_certificate_arn(there, "C", ARN.format("acm", "certificate/1"))
    if known == "There":  # of an imported one its ARN says where it is, and the stack may be deployed there
        _service(here, ingress=PublicHttps(certificate=certificate))
    else:
        with pytest.raises(ConfigurationError, match="is in us-east-1, but the load balancer will be in eu-west-1"):
            _service(here, ingress=PublicHttps(certificate=certificate))


def test_peers_and_images_of_another_app_are_refused() -> None:
    stack, other = cdk.Stack(cdk.App(), "Stack"), cdk.Stack(cdk.App(), "Other")
    group = ec2.SecurityGroup(other, "Group", vpc=ec2.Vpc(other, "Vpc"))
    with pytest.raises(ConfigurationError, match=r"PublicHttp\.allow_from\[0\] is Other/Group in another cdk\.App"):
        _service(stack, ingress=PublicHttp(allow_from=[group]))
    image = PrivateRepository(other, "Repository").image_by_tag("v1")
    with pytest.raises(ConfigurationError, match=r"PublishedImage\.repository is Other/Repository/Default in another"):
        _service(stack, container=AppContainer(image, 80))
    assert not stack.node.children


def test_what_another_stage_makes_is_refused_and_what_it_imports_is_not() -> None:
    app = cdk.App()
    one, two = (cdk.Stack(cdk.Stage(app, name), "Stack") for name in ("One", "Two"))
    image = PrivateRepository(one, "Repository").image_by_tag("v1")
    with pytest.raises(ConfigurationError, match=r"Repository/Default in the stage One, and stacks in the stage"):
        _service(two, container=AppContainer(image, 80))
    vpc = ec2.Vpc(cdk.Stack(app, "Shared"), "Vpc")
    with pytest.raises(ConfigurationError, match="vpc is Shared/Vpc in the app, outside of any stage"):
        _service(two, vpc=vpc)
    imported = ec2.Vpc.from_vpc_attributes(
        one, "Imported", vpc_id="vpc-1", availability_zones=["a", "b"], private_subnet_ids=["s-1", "s-2"],
        public_subnet_ids=["s-3", "s-4"],
    )  # fmt: skip
    _service(two, vpc=imported)
    app.synth()


def test_a_file_system_of_another_network_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    there = efs.FileSystem(stack, "Files", vpc=ec2.Vpc(stack, "Vpc"))
    before = [each.node.path for each in stack.node.find_all()]
    with pytest.raises(ConfigurationError, match=r"EfsVolume.file_system Stack/Files is in another VPC than the tasks"):
        _mounting(stack, EfsVolume("e", there))
    assert [each.node.path for each in stack.node.find_all()] == before
    network = Network(stack, "Network")
    _mounting(stack, EfsVolume("e", efs.FileSystem(stack, "Own", vpc=network.vpc)), vpc=network.vpc)


def test_an_access_point_of_another_file_system_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    one, two = (efs.FileSystem(stack, name, vpc=ec2.Vpc(stack, f"{name}Vpc")) for name in ("One", "Two"))
    with pytest.raises(
        ConfigurationError, match="access_point is an access point of Stack/Two, but file_system is Stack/One"
    ):
        EfsVolume("e", one, two.add_access_point("Point"))
    EfsVolume("e", one, one.add_access_point("Point"))
    EfsVolume("e", one, efs.AccessPoint.from_access_point_id(stack, "Known", "fsap-1"))


def test_a_namespace_of_another_network_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    service = _service(stack)
    other = cloudmap.PrivateDnsNamespace(stack, "Other", name="other", vpc=ec2.Vpc(stack, "Vpc"))
    with pytest.raises(ConfigurationError, match=r"CloudMap\.namespace Stack/Other is in another VPC than the tasks"):
        service.enable_cloud_map(CloudMap(namespace=other, name="web"))
    own = cloudmap.PrivateDnsNamespace(stack, "Own", name="own", vpc=service.vpc)
    service.enable_cloud_map(CloudMap(namespace=own, name="web"))


@pytest.mark.parametrize("internal", [InternalHttp, lambda: InternalHttps(certificate=_known_certificate())])
def test_an_internal_load_balancer_of_a_network_without_a_range_says_what_to_give(internal: Any) -> None:  # noqa: ANN401
    stack = cdk.Stack(cdk.App(), "Stack")
    known: dict[str, Any] = {
        "vpc_id": "vpc-1",
        "availability_zones": ["a", "b"],
        "private_subnet_ids": ["s-1", "s-2"],
        "public_subnet_ids": ["s-3", "s-4"],
    }
    vpc = ec2.Vpc.from_vpc_attributes(stack, "Vpc", **known)
    with pytest.raises(ConfigurationError, match=r"those of Stack/Vpc are unknown; use ec2\.Vpc\.from_vpc_attributes"):
        _service(stack, vpc=vpc, ingress=internal())
    _service(stack, "Public", vpc=vpc, ingress=PublicHttp())
    _service(stack, "Named", vpc=vpc, ingress=InternalHttp(allow_from=[ec2.Peer.ipv4("10.0.0.0/8")]))
    ranged = ec2.Vpc.from_vpc_attributes(stack, "Ranged", vpc_cidr_block="10.0.0.0/16", **known)
    _service(stack, "Ranged2", vpc=ranged, ingress=InternalHttp())


def _known_certificate() -> acm.ICertificate:
    return acm.Certificate.from_certificate_arn(cdk.Stack(), "C", f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/0f1e")


@pytest.mark.parametrize(
    "env",
    [cdk.Environment(account=ACCOUNT, region="us-east-1"), cdk.Environment(account="210987654321", region="eu-west-1")],
    ids=["region", "account"],
)
def test_an_image_of_another_environment_needs_a_repository_with_a_name(env: cdk.Environment, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    app = cdk.App()
    tools, here = cdk.Stack(app, "Tools", env=HERE), cdk.Stack(app, "Here", env=env)
    options: dict[str, Any] = {"vpc": ec2.Vpc(here, "Vpc", availability_zones=["a", "b"]), "ingress": PublicHttp()}
    unnamed = PrivateRepository(tools, "Unnamed").build_and_push_image(tmp_path)
    with pytest.raises(ConfigurationError, match=r"the repository Tools/Unnamed is in .*; give the repository a rep"):
        LoadBalancedFargateService(here, "Web", container=AppContainer(unnamed, 8080), **options)
    assert here.node.try_find_child("Web") is None
    named = PrivateRepository(tools, "Named", repository_name="shop").build_and_push_image(tmp_path)
    LoadBalancedFargateService(here, "Web", container=AppContainer(named, 8080), **options)
    assert app.synth().get_stack_by_name("Here").template["Resources"]


def test_another_region_with_references_to_it_needs_no_name(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    app = cdk.App()
    tools = cdk.Stack(app, "Tools", env=HERE, cross_region_references=True)
    there = cdk.Environment(account=ACCOUNT, region="us-east-1")
    here = cdk.Stack(app, "Here", env=there, cross_region_references=True)
    vpc = ec2.Vpc(here, "Vpc", availability_zones=["a", "b"])
    image = PrivateRepository(tools, "Repo").build_and_push_image(tmp_path)
    LoadBalancedFargateService(here, "Web", container=AppContainer(image, 8080), vpc=vpc, ingress=PublicHttp())
    assert app.synth().get_stack_by_name("Here").template["Resources"]

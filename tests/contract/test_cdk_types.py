"""CDK's classes and interfaces are told apart, and what is admitted is taken as it is when it is given."""

from __future__ import annotations

import importlib
from collections import ChainMap, UserDict, deque
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_signer as signer
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_wafv2 as wafv2
from aws_cdk.assertions import Template

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    EbsVolume,
    EcrFargateService,
    ImageBuild,
    LoadBalancedFargateService,
    Network,
    PublicHttp,
    RestartPolicy,
    Route,
    ScheduledCapacity,
    Sidecar,
)
from ecr_fargate_constructs._rules.jsii_types import has_interface, is_construct, is_imported, module_of
from ecr_fargate_constructs._rules.typed import parsed, plain, refuse_wrong_type
from tests.contract.test_types import _annotations, _names
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

IMAGE = "public.ecr.aws/nginx/nginx:1.29"


def _web_acl(stack: cdk.Stack, scope: str = "REGIONAL") -> wafv2.CfnWebACL:
    metrics = wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name="acl", sampled_requests_enabled=True
    )
    allow = wafv2.CfnWebACL.DefaultActionProperty(allow=wafv2.CfnWebACL.AllowActionProperty())
    return wafv2.CfnWebACL(stack, f"Acl{scope}", default_action=allow, scope=scope, visibility_config=metrics)


def _stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack")


def _service(stack: cdk.Stack, **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401 - passed on
    return LoadBalancedFargateService(
        stack, "Web", **{"container": AppContainer(IMAGE, 80), "ingress": PublicHttp(), **options}
    )


def test_every_module_that_annotations_name_is_one_of_cdks() -> None:
    named = set().union(*(_names(parsed(annotation)) for annotation in _annotations()))
    modules = {found for each in named if not each.startswith("os.") and (found := module_of(each)) is not None}
    assert len(modules) > 15
    for module in modules:
        importlib.import_module(module)


@pytest.mark.parametrize(
    ("option", "make", "said"),
    [
        ("cluster", lambda s: ec2.Vpc(s, "X"), "cluster is a Vpc; use ecs.ICluster"),
        ("vpc", lambda s: Network(s, "X"), "vpc is a Network; use network.vpc"),
        ("vpc", lambda s: ecs.Cluster(s, "X"), "vpc is a Cluster; use cluster.vpc"),
        ("vpc", lambda s: s3.Bucket.from_bucket_name(s, "X", "logs"), "vpc is a BucketBase; use ec2.IVpc"),
        ("vpc", lambda s: kms.Key.from_lookup(s, "X", alias_name="alias/x"), "vpc is an IKey; use ec2.IVpc"),
        ("vpc", lambda s: s, "vpc is a Stack; use ec2.IVpc"),
    ],
)
def test_an_object_without_the_interface_is_refused_before_anything_exists(option: str, make: Any, said: str) -> None:  # noqa: ANN401
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    wrong = make(stack)
    before = len(stack.node.find_all())
    with pytest.raises(ConfigurationError) as refused:
        _service(stack, **{option: wrong})
    assert str(refused.value).startswith(f"[Stack/Web] {said}")
    assert len(stack.node.find_all()) == before


def test_a_bucket_is_no_repository_and_a_vpc_no_bucket(tmp_path: Path) -> None:
    stack = _stack()
    bucket: Any = s3.Bucket(stack, "Bucket")
    with pytest.raises(ConfigurationError, match=r"repository is a Bucket; use PrivateRepository or ecr\.IRepository"):
        EcrFargateService(stack, "Web", directory=make_app(tmp_path), container_port=80, repository=bucket)
    vpc: Any = ec2.Vpc(stack, "Vpc")
    with pytest.raises(ConfigurationError, match=r"PublicHttp\.access_logs is a Vpc; use s3\.IBucket"):
        PublicHttp(access_logs=vpc)


SAME_NAME: dict[str, Any] = {
    "AppContainer.architecture is aws_cdk.aws_lambda.Architecture; use ecr_fargate_constructs.Architecture": (
        lambda _: AppContainer(IMAGE, 80, architecture=lambda_.Architecture.ARM_64)  # type: ignore[arg-type]
    ),
    "ImageBuild.architecture is aws_cdk.aws_lambda.Architecture; use ecr_fargate_constructs.Architecture": (
        lambda _: ImageBuild(architecture=lambda_.Architecture.ARM_64)  # type: ignore[arg-type]
    ),
    "AppContainer.secrets['K'] is aws_cdk.aws_secretsmanager.Secret; use ecs.Secret.from_secrets_manager(secret)": (
        lambda s: AppContainer(IMAGE, 80, secrets={"K": secretsmanager.Secret(s, "S")})  # type: ignore[dict-item]
    ),
    "AppContainer.secrets['K'] is a StringParameter; use ecs.Secret.from_ssm_parameter(parameter)": (
        lambda s: AppContainer(
            IMAGE,
            80,
            secrets={"K": ssm.StringParameter(s, "S", string_value="x")},  # type: ignore[dict-item]
        )
    ),
    "AppContainer.health_check is aws_cdk.aws_elasticloadbalancingv2.HealthCheck; use aws_cdk.aws_ecs.HealthCheck": (
        lambda _: AppContainer(IMAGE, 80, health_check=elbv2.HealthCheck(path="/"))  # type: ignore[arg-type]
    ),
    "EbsVolume.volume_type is aws_cdk.aws_autoscaling.EbsDeviceVolumeType; use aws_cdk.aws_ec2.EbsDeviceVolumeType": (
        lambda _: EbsVolume("d", size_gib=1, volume_type=autoscaling.EbsDeviceVolumeType.GP3)  # type: ignore[arg-type]
    ),
    "ImageBuild.network_mode is aws_cdk.aws_ecs.NetworkMode; use aws_cdk.aws_ecr_assets.NetworkMode": (
        lambda _: ImageBuild(network_mode=ecs.NetworkMode.HOST)  # type: ignore[arg-type]
    ),
    "ImageBuild.cache_to is aws_cdk.DockerCacheOption; use aws_cdk.aws_ecr_assets.DockerCacheOption": (
        lambda _: ImageBuild(cache_to=cdk.DockerCacheOption(type="inline"))  # type: ignore[arg-type]
    ),
    "AppContainer.ulimits[0] is aws_cdk.aws_batch.Ulimit; use aws_cdk.aws_ecs.Ulimit": (
        lambda _: AppContainer(
            IMAGE,
            80,
            ulimits=[batch.Ulimit(name=batch.UlimitName.NOFILE, soft_limit=1, hard_limit=2)],  # type: ignore[list-item]
        )
    ),
    "ScheduledCapacity.at is aws_cdk.aws_events.Schedule; use aws_applicationautoscaling.Schedule.cron(": (
        lambda _: ScheduledCapacity(name="n", at=events.Schedule.cron(hour="8"), min_capacity=1)  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize("said", SAME_NAME)
def test_a_class_of_the_same_name_elsewhere_is_refused_with_both_modules(said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        SAME_NAME[said](_stack())
    assert str(refused.value).startswith(said)


def test_a_text_among_secrets_is_never_repeated(tmp_path: Path) -> None:
    wrong: Any = {"K": "hunter2"}
    for give in (
        lambda: AppContainer(IMAGE, 80, secrets=wrong),
        lambda: EcrFargateService(_stack(), "Web", directory=make_app(tmp_path), container_port=80, secrets=wrong),
        lambda: EcrFargateService(
            _stack(),
            "Web",
            directory=make_app(tmp_path / "b"),
            container_port=80,
            secrets=wrong["K"],
        ),
        lambda: Sidecar("s", IMAGE, secrets=wrong),
    ):
        with pytest.raises(ConfigurationError) as refused:
            give()
        assert "hunter2" not in str(refused.value)
        assert "hunter2" not in str(refused.value.__cause__)


def test_what_has_the_interface_passes_made_or_imported_or_of_the_users() -> None:
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account="123456789012", region="eu-west-1"))

    @jsii.implements(iam.IGrantable)
    class Mine(cdk.Resource):
        pass

    imported = ec2.Vpc.from_vpc_attributes(stack, "V", vpc_id="vpc-1", availability_zones=["a"])
    for annotation, value in (
        ("ec2.IVpc", ec2.Vpc(stack, "Own")),
        ("ec2.IVpc", imported),
        ("ec2.IVpc", ec2.Vpc.from_lookup(stack, "L", vpc_id="vpc-1")),
        ("IKeyRef", kms.Key(stack, "Key")),
        ("IKeyRef", kms.CfnKey(stack, "CfnKey", key_policy={})),
        ("IKeyRef", kms.Key.from_key_arn(stack, "K", "arn:aws:kms:eu-west-1:123456789012:key/1")),
        ("IWebACLRef | str", _web_acl(stack)),
        (
            "signer.ISigningProfile | str",
            signer.SigningProfile(stack, "P", platform=signer.Platform.NOTATION_OCI_SHA384_ECDSA),
        ),
        ("sns.ITopic | sns.TopicBase", sns.Topic.from_topic_arn(stack, "T", "arn:aws:sns:eu-west-1:123456789012:t")),
        ("ITopicRef", sns.CfnTopic(stack, "CfnTopic")),
        ("ec2.IPeer", ec2.Peer.any_ipv4()),
        ("ec2.IPeer", ec2.SecurityGroup(stack, "Group", vpc=imported)),
        ("ecr.IRepository", ecr.Repository.from_repository_name(stack, "R", "r")),
        ("iam.IGrantable", Mine(stack, "Mine")),
        ("iam.IGrantable", iam.Role.from_role_name(stack, "O", "o")),
        ("cdk.IStackSynthesizer", cdk.DefaultStackSynthesizer()),
        ("ecs.LogDriver", ecs.LogDrivers.firelens()),
    ):
        refuse_wrong_type("X", annotation, value)
    assert not has_interface("kms.IKey", kms.CfnKey(stack, "Other", key_policy={}))
    assert is_construct(imported)
    assert is_imported(imported)
    assert not is_construct(ec2.Peer.any_ipv4())
    assert not is_construct(ec2.Vpc)


class _Port(IntEnum):
    HTTP = 8080


class _Word(str, Enum):
    PROD = "prod"


def test_what_stands_for_a_list_a_mapping_or_a_number_is_made_plain() -> None:
    for annotation, value, made in (
        ("Sequence[str]", ("a", "b"), ["a", "b"]),
        ("Sequence[str] | None", deque(["a"]), ["a"]),
        ("Mapping[str, str]", MappingProxyType({"A": "1"}), {"A": "1"}),
        ("Mapping[str, str]", ChainMap({"A": "1"}, {"B": "2"}), {"A": "1", "B": "2"}),
        ("Mapping[str, str]", UserDict({"A": _Word.PROD}), {"A": "prod"}),
        ("Mapping[str, Sequence[str]]", {"A": ("b",)}, {"A": ["b"]}),
        ("float", _Port.HTTP, 8080),
        ("Sequence[float]", (_Port.HTTP,), [8080]),
        ("Values", ("a",), ["a"]),
        ("Values", "a", "a"),
    ):
        refuse_wrong_type("X", annotation, value)
        found = plain(annotation, value)
        assert found == made
        assert type(found) is type(made)


def test_every_kind_of_list_and_mapping_reaches_the_template() -> None:
    stack = _stack()
    container = AppContainer(
        IMAGE,
        _Port.HTTP,
        command=("a", "b"),
        entry_point=deque(["sh", "-c"]),
        environment=ChainMap({"A": "1"}, {"B": _Word.PROD}),
        docker_labels=MappingProxyType({"team": "web"}),
        writable_paths=("/tmp",),  # noqa: S108 - a path in a container
        ulimits=(ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=1, hard_limit=2),),
        restart=RestartPolicy(ignored_exit_codes=(0, 3)),
        secrets=MappingProxyType({"K": ecs.Secret.from_secrets_manager(secretsmanager.Secret(stack, "S"))}),
    )
    _service(stack, container=container, sidecars=(Sidecar("s", IMAGE, ports=(_Port.HTTP + 1,)),))
    task = next(iter(Template.from_stack(stack).find_resources("AWS::ECS::TaskDefinition").values()))
    web = task["Properties"]["ContainerDefinitions"][0]
    assert web["Command"] == ["a", "b"]
    assert web["EntryPoint"] == ["sh", "-c"]
    assert {"Name": "B", "Value": "prod"} in web["Environment"]
    assert web["PortMappings"][0]["ContainerPort"] == 8080
    assert web["RestartPolicy"]["IgnoredExitCodes"] == [0, 3]


def test_a_build_takes_every_kind_of_list_and_mapping(tmp_path: Path) -> None:
    build = ImageBuild(
        args=MappingProxyType({"A": "1"}),
        cache_from=(ecr_assets.DockerCacheOption(type="inline"),),
        outputs=("type=docker",),
        exclude=deque(["x"]),
    )
    EcrFargateService(_stack(), "Web", directory=make_app(tmp_path), container_port=_Port.HTTP, build=build)


def test_what_the_caller_does_to_a_list_later_changes_nothing() -> None:
    peers, environment, command, paths = [ec2.Peer.any_ipv4()], {"A": "1"}, ["a"], ["/a", "/b"]
    way = PublicHttp(allow_from=peers)
    container = AppContainer(IMAGE, 80, environment=environment, command=command)
    route = Route(path=paths)
    for each in (peers, command, paths):
        each.clear()
    environment["B"] = "2"
    assert len(way.allow_from or ()) == 1
    assert container.environment == {"A": "1"}
    assert container.command == ["a"]
    assert route.paths == ("/a", "/b")


def test_what_cdk_refuses_of_a_value_is_a_configuration_error() -> None:
    stack = _stack()
    wrong: Any = {"subnetType": "no such"}  # a dict for a struct, with a value that CDK does not know
    with pytest.raises(ConfigurationError):
        _service(stack, subnets=wrong)
    assert not stack.node.children

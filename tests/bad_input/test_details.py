"""Details that AWS refuses, or silently leaves out, are refused when they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk.assertions import Annotations, Match

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    EbsVolume,
    Egress,
    FixedResponse,
    ImageRepositoryStack,
    ListenerSettings,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    Network,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    Sidecar,
    TargetHealthCheck,
)

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
NOFILE, MEMLOCK = ecs.UlimitName.NOFILE, ecs.UlimitName.MEMLOCK
IO1 = ec2.EbsDeviceVolumeType.IO1


def _limit(name: ecs.UlimitName, soft: float, hard: float) -> ecs.Ulimit:
    return ecs.Ulimit(name=name, soft_limit=soft, hard_limit=hard)


def _headers(**headers: str) -> ListenerSettings:
    return ListenerSettings(response_headers={name.replace("_", "-"): value for name, value in headers.items()})


BAD: dict[str, Callable[[], object]] = {
    "environment has the name 'A=B'": lambda: AppContainer(IMAGE, 80, environment={"A=B": "1"}),
    "environment has the name 'MY VAR'": lambda: AppContainer(IMAGE, 80, environment={"MY VAR": "1"}),
    "environment has an empty name": lambda: AppContainer(IMAGE, 80, environment={"": "1"}),
    "environment['A'] has a NUL": lambda: AppContainer(IMAGE, 80, environment={"A": "x\0y"}),
    "environment['A'] has half of a surrogate pair": lambda: AppContainer(IMAGE, 80, environment={"A": "x\ud800"}),
    "FixedResponse.body has half of a surrogate pair": lambda: FixedResponse(body="\udfff"),
    "docker_labels has a name that is a CDK token": lambda: AppContainer(
        IMAGE, 80, docker_labels={cdk.Aws.REGION: "x"}
    ),
    "AppContainer.user='' is not a user": lambda: AppContainer(IMAGE, 80, user=""),
    "AppContainer.user='a:b:c' is not a user": lambda: AppContainer(IMAGE, 80, user="a:b:c"),
    "soft_limit=10 above hard_limit=2": lambda: AppContainer(IMAGE, 80, ulimits=[_limit(NOFILE, 10, 2)]),
    "ulimits has nofile twice": lambda: AppContainer(IMAGE, 80, ulimits=[_limit(NOFILE, 1, 2), _limit(NOFILE, 1, 3)]),
    "iops=80000 is more than gp3 has at size_gib=1": lambda: EbsVolume("d", size_gib=1, iops=80_000),
    "iops=64000 is more than io1 has at size_gib=4": lambda: EbsVolume("d", size_gib=4, iops=64_000, volume_type=IO1),
    "throughput=2000 is more than gp3 has with 3000 I/O operations per second": lambda: EbsVolume(
        "d", size_gib=100, throughput=2000
    ),
    "at most 1024 characters, no blank and no '#'": lambda: TargetHealthCheck(path="/" + "a" * 2000),
    "TargetHealthCheck.path='/a b' is not a path": lambda: TargetHealthCheck(path="/a b"),
    "TargetHealthCheck.path='/x#y' is not a path": lambda: TargetHealthCheck(path="/x#y"),
    "has the range '299-200', which ends before it begins; use '200-299'": lambda: TargetHealthCheck(codes="299-200"),
    "allow_from has the prefix list 'garbage'": lambda: PublicHttp(allow_from=[ec2.Peer.prefix_list("garbage")]),
    "allow_from has only IPv6 ranges": lambda: PublicHttp(allow_from=[ec2.Peer.any_ipv6()]),
    "FixedResponse.body has 4096 bytes": lambda: FixedResponse(body="😀" * 1024),
    "has a control character": lambda: _headers(X_Frame_Options="DENY\r\nSet-Cookie: a=b"),
    "='MAYBE' is not a value of that header; use DENY or SAMEORIGIN": lambda: _headers(X_Frame_Options="MAYBE"),
    "writable_paths='/tmp' is a string, not a list; use ['/tmp']": lambda: AppContainer(
        IMAGE,
        80,
        writable_paths="/tmp",  # noqa: S108 - a path in a container
    ),
    "synthesizer: got an unexpected keyword argument 'nonsense'": lambda: ImageRepositoryStack(
        cdk.App(), "Images"
    ).synthesizer(nonsense=1),
}


@pytest.mark.parametrize("said", BAD)
def test_a_detail_is_refused(said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        BAD[said]()
    assert said in str(refused.value)


def test_what_is_right_passes() -> None:
    token = cdk.Token.as_number(cdk.Fn.ref("Later"))
    AppContainer(IMAGE, 80, environment={"a.b-C_1": "=", cdk.Aws.REGION: "x"}, user="10001:10001")
    AppContainer(IMAGE, 80, ulimits=[_limit(NOFILE, 1, 1), _limit(MEMLOCK, 5, -1)])
    EbsVolume("d", size_gib=6, iops=3_000, throughput=750)
    EbsVolume("d", size_gib=100, iops=50_000, throughput=2_000)
    EbsVolume("d", size_gib=token, iops=80_000, throughput=token)
    TargetHealthCheck(path="/healthz?full=1", codes="200-299,301")
    FixedResponse(body="a" * 1024)
    PublicHttp(allow_from=[ec2.Peer.any_ipv6(), ec2.Peer.any_ipv4(), ec2.Peer.prefix_list("pl-0123abcd")])
    PublicHttp(allow_from=[ec2.Peer.prefix_list(cdk.Aws.REGION), ec2.Peer.ipv4(cdk.Fn.ref("Range"))])
    _headers(X_Frame_Options="sameorigin", X_Content_Type_Options="nosniff", Content_Security_Policy="default-src *")


def _service(region: str = "eu-west-1", **options: object) -> None:
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account="123456789012", region=region))
    arn = options.pop("arn", None)
    if isinstance(arn, str):
        options["ingress"] = PublicHttps(certificate=acm.Certificate.from_certificate_arn(stack, "C", arn))
    LoadBalancedFargateService(
        stack,
        "Web",
        **{"container": AppContainer(IMAGE, 80), "ingress": PublicHttp(), **options},  # type: ignore[arg-type]
    )


def test_a_task_has_at_most_ten_containers() -> None:
    _service(sidecars=[Sidecar(f"s{each}", IMAGE) for each in range(9)])
    with pytest.raises(ConfigurationError, match="the task has 11 containers, but ECS allows at most 10"):
        _service(sidecars=[Sidecar(f"s{each}", IMAGE) for each in range(10)])


def test_a_certificate_is_of_the_partition_of_its_region() -> None:
    with pytest.raises(ConfigurationError, match="is in the partition aws, but the stack, in cn-north-1, is in aws-cn"):
        _service("cn-north-1", arn="arn:aws:acm:cn-north-1:123456789012:certificate/a")
    _service("cn-north-1", arn="arn:aws-cn:acm:cn-north-1:123456789012:certificate/a")
    _service("us-gov-west-1", arn="arn:aws-us-gov:iam::123456789012:server-certificate/a")
    _service("eusc-de-east-1", arn="arn:aws-eusc:acm:eusc-de-east-1:123456789012:certificate/a")


def test_the_own_network_has_no_ipv6() -> None:
    settings = LoadBalancerSettings(ip_address_type=elbv2.IpAddressType.DUAL_STACK)
    with pytest.raises(ConfigurationError, match="ip_address_type=DUAL_STACK requires subnets with IPv6 addresses"):
        _service(ingress=PublicHttp(load_balancer=settings))


def test_more_peers_than_rules_are_warned_of() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    peers = [ec2.Peer.ipv4(f"10.0.{each}.0/24") for each in range(61)]
    LoadBalancedFargateService(stack, "Web", container=AppContainer(IMAGE, 80), ingress=PublicHttp(allow_from=peers))
    assert Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("security group 61 inbound rules"))


@pytest.mark.parametrize("region", ["cn-north-1", "us-iso-east-1", "us-gov-west-1", "eu-west-1"])
def test_endpoints_are_found_in_every_partition(region: str) -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="123456789012", region=region))
    network = Network(stack, "Network", egress=Egress.ENDPOINTS)
    repository = PrivateRepository(stack, "Repository")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(repository.image_by_tag("v1"), 80),
        vpc=network.vpc,
        subnets=network.task_subnets,
        ingress=PublicHttp(),
    )
    app.synth()

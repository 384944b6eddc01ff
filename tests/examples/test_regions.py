"""Every example in every partition, and in a stack that does not say where it will stand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    LoadBalancedFargateService,
    ManagedSigning,
    Posture,
    PublicHttp,
    PublicHttps,
    RegistrySettings,
)
from ecr_fargate_constructs._rules.endpoints import service_of
from ecr_fargate_constructs._rules.partitions import partition_of
from tests.support import ROOT
from tests.support.example_apps import EXAMPLES, load
from tests.support.templates import of_type, template_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

REGIONS = ("us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", None)
FILES = [*EXAMPLES, *sorted((ROOT / "examples" / "beside_others").glob("*.py"))]
EVERYWHERE = {
    "cloudwatch.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "ec2.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "lambda.amazonaws.com",
    "logdelivery.elasticloadbalancing.amazonaws.com",
    "scheduler.amazonaws.com",
    "sns.amazonaws.com",
    "states.amazonaws.com",
}
"""Service principals that are the same in all partitions, as ``region_info.Default`` of CDK has them."""

LOCKED = {"111122223333.dkr.ecr.eu-west-1.amazonaws.com"}
"""The registry in the lock file of the examples, which says where it is."""

_HOST = re.compile(r"[\w.-]*\bamazonaws\.com(?:\.cn)?")


@pytest.fixture
def region(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Has stacks that do not say where they will stand do so in a region."""
    name: str | None = request.param
    make = cdk.Stack.__init__
    env = None if name is None else cdk.Environment(account="111122223333", region=name)

    def made(self: cdk.Stack, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        make(self, *arguments, **{**options, "env": options.get("env") or env})

    monkeypatch.setattr(cdk.Stack, "__init__", made)
    return name


@pytest.mark.parametrize("region", REGIONS, indirect=True, ids=str)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_fits_the_partition(file: Path, region: str | None) -> None:
    """No example is refused anywhere, and no name is another partition's."""
    app = cdk.App()
    load(file).build(app)
    for artifact in app.synth().stacks:
        own = artifact.environment.region
        if own != (region or "unknown-region"):
            continue  # the example says where
        text = json.dumps(artifact.template)
        assert re.findall(r"arn:aws[\w-]*:", text) == []
        assert {host for host in _HOST.findall(text) if not host.startswith("com.")} <= EVERYWHERE | LOCKED
        for endpoint in of_type(artifact.template, "AWS::EC2::VPCEndpoint").values():
            name = endpoint["Properties"]["ServiceName"]
            if isinstance(name, str):
                assert service_of(name)[1] == region
                assert name.startswith("cn.") is (region == "cn-north-1" and ".ecr." in name)


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "us-iso-east-1"])
def test_cloudwatch_logs_has_the_suffix_of_the_partition(region: str) -> None:
    """Its principal is the only one that has."""
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(region=region))
    Posture.REGULATED.apply_to(stack)
    container = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80)
    LoadBalancedFargateService(stack, "Web", container=container, ingress=PublicHttp())
    (key,) = of_type(template_of(stack), "AWS::KMS::Key").values()
    principals = [each["Principal"] for each in key["Properties"]["KeyPolicy"]["Statement"]]
    assert {"Service": {"Fn::Join": ["", [f"logs.{region}.", {"Ref": "AWS::URLSuffix"}]]}} in principals


@pytest.mark.parametrize(
    "region",
    [
        "eu-west-1",
        "cn-northwest-1",
        "us-gov-east-1",
        "us-iso-west-1",
        "us-isob-east-1",
        "us-isof-south-1",
        "eu-isoe-west-1",
        "eusc-de-east-1",
    ],
)
def test_the_partition_of_a_region_is_the_one_that_cdk_knows(region: str) -> None:
    assert partition_of(region) == cdk.region_info.RegionInfo.get(region).partition


def _https(region: str | None, arn: str) -> None:
    env = None if region is None else cdk.Environment(account="111122223333", region=region)
    stack = cdk.Stack(cdk.App(), "Stack", env=env)
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", arn)
    container = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80)
    LoadBalancedFargateService(stack, "Web", container=container, ingress=PublicHttps(certificate=certificate))


@pytest.mark.parametrize(
    ("region", "arn", "own"),
    [
        ("cn-north-1", "arn:aws:acm:cn-north-1:111122223333:certificate/a", "aws-cn"),
        ("us-gov-west-1", "arn:aws:iam::111122223333:server-certificate/a", "aws-us-gov"),
        ("eu-west-1", "arn:aws-cn:iam::111122223333:server-certificate/a", "aws"),
    ],
)
def test_an_arn_of_another_partition_is_refused(region: str, arn: str, own: str) -> None:
    message = rf"PublicHttps\.certificate {arn} is in the partition .*, but the stack, in {region}, is in {own};"
    with pytest.raises(ConfigurationError, match=message):
        _https(region, arn)


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("cn-north-1", "arn:aws-cn:acm:cn-north-1:111122223333:certificate/a"),
        ("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:server-certificate/a"),
        (None, "arn:aws-cn:iam::111122223333:server-certificate/a"),
        ("eu-west-1", f"arn:{cdk.Aws.PARTITION}:acm:eu-west-1:111122223333:certificate/a"),
    ],
    ids=["China", "GovCloud", "no environment", "token"],
)
def test_an_arn_of_the_own_partition_passes(region: str | None, arn: str) -> None:
    _https(region, arn)


def test_a_signing_profile_of_another_partition_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(region="cn-north-1"))
    signing = ManagedSigning(
        repositories=["shop"], signing_profile="arn:aws:signer:cn-north-1:111122223333:/signing-profiles/s1"
    )
    with pytest.raises(ConfigurationError, match=r"use one that begins with 'arn:aws-cn:'"):
        RegistrySettings(stack, "Registry", signing=signing)
    assert stack.node.try_find_child("Registry") is None

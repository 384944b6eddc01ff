"""Names of VPC endpoints in a stack that does not say where it will stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import (
    AppContainer,
    Egress,
    Feature,
    InternalHttp,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
)
from ecr_fargate_constructs._rules.endpoints import PREFIXES
from ecr_fargate_constructs._rules.partitions import partition_of
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.doctor.diagnosis import diagnose
from support import of_type, template_of

if TYPE_CHECKING:
    from pathlib import Path

REGIONS = (
    "eu-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "us-isof-south-1",
    "eu-isoe-west-1",
    "eusc-de-east-1",
)


def _template(region: str | None) -> dict[str, Any]:
    env = None if region is None else cdk.Environment(region=region)
    stack = cdk.Stack(cdk.App(), "Stack", env=env)
    Network(stack, "Network", egress=Egress.ENDPOINTS, features=list(Feature))
    return template_of(stack)


def _names(template: dict[str, Any], region: str) -> set[str]:
    """The names of all endpoints, as the deployment to a region works them out."""
    return {_text(each["Properties"]["ServiceName"], template, region) for each in _endpoints(template)}


def _endpoints(template: dict[str, Any]) -> list[dict[str, Any]]:
    return list(of_type(template, "AWS::EC2::VPCEndpoint").values())


def _text(value: Any, template: dict[str, Any], region: str) -> str:  # noqa: ANN401 - of a template
    if isinstance(value, str):
        return value
    [(function, given)] = value.items()
    if function == "Ref":
        return {"AWS::Region": region, "AWS::Partition": partition_of(region)}[given]
    if function == "Fn::FindInMap":
        name, *keys = given
        first, second = (_text(key, template, region) for key in keys)
        return str(template["Mappings"][name][first][second])
    assert function == "Fn::Join"
    return str(given[0]).join(_text(part, template, region) for part in given[1])


def test_every_partition_has_a_region_here() -> None:
    assert {partition_of(region) for region in REGIONS} == set(PREFIXES)


@pytest.fixture(scope="module")
def anywhere() -> dict[str, Any]:
    return _template(None)


@pytest.mark.parametrize("region", REGIONS)
def test_the_names_are_those_that_cdk_writes_where_the_region_is_known(anywhere: dict[str, Any], region: str) -> None:
    assert _names(anywhere, region) == _names(_template(region), region)


def test_a_known_region_takes_no_mapping() -> None:
    assert "Mappings" not in _template("cn-north-1")


def test_what_a_task_needs_is_found_behind_such_names(tmp_path: Path) -> None:
    """At synth, where a task that could not pull its image is refused, and by the doctor."""
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    stack = cdk.Stack(app, "Stack")
    network = Network(stack, "Network", egress=Egress.ENDPOINTS, features=[Feature.LOGS])
    image = PrivateRepository(stack, "Repository").image_by_tag("release-42")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 80),
        ingress=InternalHttp(),
        vpc=network.vpc,
        subnets=network.task_subnets,
    )
    assembly = app.synth()
    assert "Fn::FindInMap" in json.dumps(assembly.get_stack_by_name("Stack").template)
    findings = diagnose(load(tmp_path / "cdk.out")).findings
    assert not [each for each in findings if each.rule.id.startswith(("no-way", "missing-endpoint"))]

"""This package's own promises, by its own plugin: the sample app, and what an update of a service may cost."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs import EcrFargateService, InternalHttp, PublicHttp
from ecr_fargate_constructs.testing import Effect, assert_no_replacement, service_in, updates
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import aws_cdk as cdk

    from ecr_fargate_constructs.testing import AssertLogicalIdsStable, CdkApp, Synthesize

pytestmark = pytest.mark.integration


def web(stack: cdk.Stack, *, app: Path, port: int = 80) -> None:
    EcrFargateService(stack, "Web", directory=app, container_port=port, ingress=PublicHttp())


def internal(stack: cdk.Stack, *, app: Path) -> None:
    EcrFargateService(stack, "Web", directory=app, container_port=80, ingress=InternalHttp())


def test_the_sample_app(cdk_app: CdkApp, assert_valid: Callable[..., None]) -> None:
    template = cdk_app.template("Web")
    service_in(template).runs_image_from("WebRepositoryFD65F3F1").has_circuit_breaker().answers_on(80)
    assert_valid(template)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    one, two = (make_app(tmp_path_factory.mktemp("versions") / name) for name in ("one", "two"))
    (two / "server.txt").write_text("two\n", encoding="utf-8")
    return one, two


def test_a_new_version_of_the_code_replaces_and_interrupts_nothing(
    synthesize: Synthesize, versions: tuple[Path, Path], assert_logical_ids_stable: AssertLogicalIdsStable
) -> None:
    one, two = (synthesize(partial(web, app=app)) for app in versions)
    assert one.to_json() != two.to_json()
    assert_no_replacement(one, two)
    assert_logical_ids_stable(two, one)


def test_another_container_port_replaces_nothing(synthesize: Synthesize, versions: tuple[Path, Path]) -> None:
    one, two = (synthesize(partial(web, app=versions[0], port=port)) for port in (80, 8080))
    assert_no_replacement(one, two)


def test_from_public_to_internal_the_load_balancer_is_a_new_one(
    synthesize: Synthesize, versions: tuple[Path, Path]
) -> None:
    found = updates(synthesize(partial(web, app=versions[0])), synthesize(partial(internal, app=versions[0])))
    assert {update.logical_id: update.effect for update in found}["WebLB720665E7"] is Effect.REPLACED
    kept = {"AWS::ECR::Repository", "AWS::Logs::LogGroup", "AWS::EC2::VPC", "AWS::ECS::Cluster"}
    assert not kept & {update.type for update in found}

"""``Posture``: where it is set, where it is read, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from constructs import Construct

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    EcrFargateService,
    ImageRepositoryStack,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Network,
    Posture,
    PrivateRepository,
    PublicHttp,
    PullThroughCache,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    ServiceAlarms,
    SharedLoadBalancer,
    Upstream,
)
from ecr_fargate_constructs.posture import CONTEXT, posture_of, provided_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/a1b2c3d4"


def _stack(word: str | None = None) -> cdk.Stack:
    return cdk.Stack(cdk.App(context=None if word is None else {CONTEXT: word}), "Web")


def test_standard_unless_somebody_says_so() -> None:
    assert posture_of(_stack()) is Posture.STANDARD


@pytest.mark.parametrize("posture", Posture)
def test_out_of_the_context(posture: Posture) -> None:
    assert posture_of(_stack(word=posture.value)) is posture


def test_a_stack_has_it_and_its_neighbour_has_not() -> None:
    app = cdk.App()
    one, other = cdk.Stack(app, "One"), cdk.Stack(app, "Other")
    Posture.REGULATED.apply_to(one)
    assert posture_of(Construct(one, "Inside")) is Posture.REGULATED
    assert posture_of(other) is Posture.STANDARD


def test_an_app_and_a_stage_have_it_with_all_their_stacks() -> None:
    app = cdk.App()
    Posture.REGULATED.apply_to(app)
    assert posture_of(cdk.Stack(app, "Web")) is Posture.REGULATED
    stage = cdk.Stage(cdk.App(), "Production")
    Posture.REGULATED.apply_to(stage)
    assert posture_of(cdk.NestedStack(cdk.Stack(stage, "Web"), "Nested")) is Posture.REGULATED


def test_the_nearest_word_counts() -> None:
    stack = _stack(word="REGULATED")
    Posture.STANDARD.apply_to(stack)
    assert posture_of(stack) is Posture.STANDARD


def test_the_nearest_parts_count() -> None:
    app = cdk.App()
    Posture.REGULATED.apply_to(app, web_acl=ACL)
    one, other = cdk.Stack(app, "One"), cdk.Stack(app, "Other")
    Posture.REGULATED.apply_to(other)
    assert provided_parts(Construct(one, "Inside")).web_acl == ACL
    assert provided_parts(other).web_acl is None


@pytest.mark.parametrize("word", ["regulated", "HIPAA", "", 1, True, {"posture": "REGULATED"}, "${Token[X.1]}"])
def test_another_word_is_refused(word: Any) -> None:  # noqa: ANN401 - whatever JSON has
    stack = cdk.Stack(cdk.App(context={CONTEXT: word}), "Web")
    with pytest.raises(ConfigurationError) as error:
        posture_of(stack)
    assert str(error.value) == (
        f"[Web] the context 'ecr-fargate-constructs:posture' is {word!r}, which is not a posture; "
        "use 'STANDARD' or 'REGULATED'"
    )


def test_too_late() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    PrivateRepository(stack, "Repo")
    with pytest.raises(
        ConfigurationError,
        match=r"^\[Web\] Posture.REGULATED is applied too late: the scope already has constructs .*\(Repo\); apply it",
    ):
        Posture.REGULATED.apply_to(stack)
    assert posture_of(stack) is Posture.STANDARD


def test_a_part_of_a_stack_has_none_of_its_own() -> None:
    inside = Construct(cdk.Stack(cdk.App(), "Web"), "Inside")
    with pytest.raises(ConfigurationError, match=r"^\[Web/Inside\] Posture.REGULATED applies to whole stacks"):
        Posture.REGULATED.apply_to(inside)  # type: ignore[arg-type]


def test_standard_takes_no_parts() -> None:
    app = cdk.App()
    bucket = s3.Bucket(cdk.Stack(app, "Logs"), "Bucket")
    with pytest.raises(ConfigurationError, match=r"^\[Web\] Posture.STANDARD does not use encryption_key, log_bucket"):
        Posture.STANDARD.apply_to(cdk.Stack(app, "Web"), log_bucket=bucket)


def test_a_web_acl_of_cloudfront_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    wrong = ACL.replace("regional", "global")
    with pytest.raises(ConfigurationError, match=r"^\[Web\] web_acl='arn:.*' is not the ARN of a regional web ACL"):
        Posture.REGULATED.apply_to(stack, web_acl=wrong)
    Posture.REGULATED.apply_to(stack, web_acl=cdk.Fn.import_value("Acl"))


CONTAINER = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80)


def _routed(kind: type) -> Callable[[cdk.Stack, Path], None]:
    def make(stack: cdk.Stack, _: Path) -> None:
        app = stack.node.scope
        assert isinstance(app, cdk.App)
        other = cdk.Stack(app, "Shared")
        Posture.STANDARD.apply_to(other)
        shared = SharedLoadBalancer(other, "Shared")
        kind(stack, "Web", load_balancer=shared, route=Route(path="/*"), container=CONTAINER)

    return make


NOUNS: dict[str, Callable[[cdk.Stack, Path], object]] = {
    "EcrFargateService": lambda stack, app: EcrFargateService(stack, "Web", directory=app, container_port=80),
    "LoadBalancedFargateService": lambda stack, _: LoadBalancedFargateService(stack, "Web", container=CONTAINER),
    "LoadBalancedEc2Service": lambda stack, _: LoadBalancedEc2Service(stack, "Web", container=CONTAINER),
    "RoutedFargateService": _routed(RoutedFargateService),
    "RoutedEc2Service": _routed(RoutedEc2Service),
    "SharedLoadBalancer": lambda stack, _: SharedLoadBalancer(stack, "Web"),
    "Network": lambda stack, _: Network(stack, "Web"),
    "PrivateRepository": lambda stack, _: PrivateRepository(stack, "Web"),
    "PullThroughCache": lambda stack, _: PullThroughCache(stack, "Web", upstream=Upstream.ECR_PUBLIC),
}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_wrong_word_is_refused_before_anything_exists(noun: str, directory: Path) -> None:
    stack = _stack(word="STRICT")
    with pytest.raises(ConfigurationError, match=r"^\[Web/Web\] the context '.*' is 'STRICT', which is not a posture"):
        NOUNS[noun](stack, directory)
    assert not stack.node.children


def test_a_repository_stack_refuses_it_too() -> None:
    app = cdk.App(context={CONTEXT: "STRICT"})
    with pytest.raises(ConfigurationError, match=r"^\[Images\] the context"):
        ImageRepositoryStack(app, "Images")
    assert not app.node.children


def test_alarms_and_repository_stacks_are_tagged() -> None:
    app = cdk.App()
    Posture.REGULATED.apply_to(app)
    stack = cdk.Stack(app, "Stack")
    service = LoadBalancedFargateService(
        stack, "Web", container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80), ingress=PublicHttp()
    )
    ServiceAlarms(stack, "Alarms", observed=service)
    images = ImageRepositoryStack(app, "Images")
    template = Template.from_stack(stack).to_json()["Resources"]
    tag = {"Key": CONTEXT, "Value": "REGULATED"}
    alarms = [each["Properties"] for each in template.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) > 9
    assert all(tag in alarm["Tags"] for alarm in alarms)
    (repository,) = Template.from_stack(images).find_resources("AWS::ECR::Repository").values()
    assert tag in repository["Properties"]["Tags"]

"""What mixins make of CDK's bare pattern: every condition of a reliable service, and nothing that is replaced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

import ecr_fargate_constructs as library
from ecr_fargate_constructs import (
    DeploymentAlarms,
    FastRollout,
    Hardened,
    LifecyclePolicy,
    NonBlockingLogs,
    RollbackAlarms,
    Rolling,
    SafeDeployment,
    property_injectors,
)
from ecr_fargate_constructs.testing import assert_no_replacement, assert_valid
from tests.compliance.promises import CONDITIONS, holds, merged
from tests.mixins import bare
from tests.support import ROOT, example_apps
from tests.support.templates import of_type, template_of

if TYPE_CHECKING:
    from constructs import IMixin

    from ecr_fargate_constructs.mixins.base import LibraryMixin

pytestmark = pytest.mark.integration

FLAGS = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
FAILED = {
    "a breaker that rolls back",
    "alarms that roll back",
    "all tasks stay healthy",
    "two tasks",
    "rebalancing said",
    "a short drain",
    "a time to stop",
    "a health check that is spelled out",
    "scaling or a count",
    "logs without waiting",
    "an architecture",
    "a health check",
    "an init process",
}
"""Conditions that the bare pattern fails, with an image that has no tag ``latest``."""

MET: dict[type[LibraryMixin], set[str]] = {
    SafeDeployment: {
        "a breaker that rolls back",
        "alarms that roll back",
        "all tasks stay healthy",
        "two tasks",
        "rebalancing said",
        "a time to stop",
        "scaling or a count",
        "an architecture",
        "an init process",
    },
    DeploymentAlarms: {"alarms that roll back"},
    FastRollout: {"a short drain", "a health check that is spelled out", "a health check"},
    NonBlockingLogs: {"logs without waiting"},
    Hardened: set(),  # no condition of reliability
    LifecyclePolicy: set(),
}
each_mixin = pytest.mark.parametrize("kind", MET, ids=lambda kind: kind.__name__)
each_context = pytest.mark.parametrize("context", [{}, FLAGS], ids=["no flags", "the flags of cdk init"])


def _app(context: dict[str, Any], **options: Any) -> cdk.App:  # noqa: ANN401 - passed on
    app = cdk.App(context=context, **options)
    stack = cdk.Stack(app, "Stack")
    bare.pattern(stack)
    ecr.Repository(stack, "Repository")
    return app


def _template(app: cdk.App) -> dict[str, Any]:
    [stack] = [each for each in app.node.children if isinstance(each, cdk.Stack)]
    return template_of(stack)


def _failed(template: dict[str, Any]) -> set[str]:
    return {name for name, condition in CONDITIONS.items() if not holds(condition, merged({"Stack": template}))}


def _mixed(context: dict[str, Any], *mixins: IMixin) -> dict[str, Any]:
    app = _app(context)
    for each in mixins:
        cdk.Mixins.of(app).require_any().apply(each)
    return _template(app)


def test_every_mixin_is_tried() -> None:
    home = f"{library.__name__}.mixins."
    names = {name for name in library.__all__ if getattr(getattr(library, name), "__module__", "").startswith(home)}
    assert names == {kind.__name__ for kind in MET} | {property_injectors.__name__}


@each_context
def test_together_they_meet_every_condition_that_the_bare_pattern_fails(context: dict[str, Any]) -> None:
    before, after = _template(_app(context)), _mixed(context, *(kind() for kind in MET))
    assert _failed(before) == FAILED
    assert _failed(after) == set()
    assert before["Resources"].keys() <= after["Resources"].keys()
    assert_no_replacement(before, after)
    assert_valid(after)


@each_mixin
def test_each_meets_its_own_and_replaces_nothing(kind: type[LibraryMixin]) -> None:
    before, after = _template(_app({})), _mixed({}, kind())
    assert before != after
    assert FAILED - _failed(after) == MET[kind]
    assert before["Resources"].keys() <= after["Resources"].keys()
    assert_no_replacement(before, after)


@each_mixin
def test_a_second_application_changes_nothing(kind: type[LibraryMixin]) -> None:
    mixin = kind()
    assert _mixed({}, mixin, mixin) == _mixed({}, kind())


@each_mixin
def test_as_an_aspect_it_reaches_what_the_app_creates_afterwards(kind: type[LibraryMixin]) -> None:
    app = cdk.App()
    cdk.Aspects.of(app).add(cdk.Shims.as_aspect(kind()))
    stack = cdk.Stack(app, "Stack")
    bare.pattern(stack)
    ecr.Repository(stack, "Repository")
    assert template_of(stack) == _mixed({}, kind())


def test_the_alarms_have_the_ids_that_this_library_gives_them() -> None:
    """So they stay when ``LoadBalancedFargateService`` takes the place of the pattern."""
    of_the_library = example_apps.templates(ROOT / "examples" / "from_pattern.py")["Shop"]
    ours = of_type(of_the_library, "AWS::CloudWatch::Alarm")
    mixed = of_type(bare.with_pattern(SafeDeployment()), "AWS::CloudWatch::Alarm")
    assert ours.keys() == mixed.keys()


def test_the_options_are_those_of_this_librarys_own_service() -> None:
    scope = bare.stack()
    library.LoadBalancedFargateService(
        scope, "Web", container=library.AppContainer(bare.NGINX, 80), ingress=library.PublicHttp()
    )
    ours, mixed = template_of(scope), bare.with_pattern(*(kind() for kind in MET))
    deployments = [each["DeploymentConfiguration"] for each in map(bare.service, (ours, mixed))]
    thresholds = [each["DeploymentCircuitBreaker"].pop("ThresholdConfiguration") for each in deployments]
    # ECS derives 3 tasks from 50 % of 2, which is what the library writes where it knows the number.
    assert thresholds == [{"Type": "COUNT", "Value": 3}, {"Type": "BOUNDED_PERCENT", "Value": 50}]
    assert deployments[0].pop("LifecycleHooks") == []  # those of another strategy; a mixin leaves the app's
    assert deployments[0] == deployments[1]
    for name in ("DesiredCount", "AvailabilityZoneRebalancing", "HealthCheckGracePeriodSeconds"):
        assert bare.service(ours)[name] == bare.service(mixed)[name]
    for name in ("StopTimeout", "ReadonlyRootFilesystem"):
        assert bare.container(ours)[name] == bare.container(mixed)[name]
    for each in (ours, mixed):
        assert bare.container(each)["LinuxParameters"]["InitProcessEnabled"] is True
    checks = [
        {name: value for name, value in bare.target_group(each).items() if "Health" in name or name == "Matcher"}
        for each in (ours, mixed)
    ]
    checks[0].pop("HealthCheckPort")  # traffic-port, which is AWS's default, and Protocol
    checks[0].pop("HealthCheckProtocol")
    assert checks[0] == checks[1]
    buffers = [bare.container(each)["LogConfiguration"]["Options"] for each in (ours, mixed)]
    assert len({(each["mode"], each["max-buffer-size"]) for each in buffers}) == 1


@each_mixin
def test_constructs_of_this_library_stay_as_they_are(kind: type[LibraryMixin]) -> None:
    def make() -> cdk.Stack:
        scope = bare.stack()
        repository = library.PrivateRepository(scope, "Repository")
        library.LoadBalancedFargateService(
            scope,
            "Web",
            container=library.AppContainer(repository.image_by_tag("1"), 80),
            deployment=Rolling(max_healthy_percent=150, alarms=RollbackAlarms(latency=None)),
        )
        return scope

    scope = make()
    applied = cdk.Mixins.of(scope).apply(kind())
    assert applied.report == []
    assert template_of(scope) == template_of(make())


@each_mixin
def test_where_nothing_is_supported_cdk_says_so_if_it_is_asked_to(kind: type[LibraryMixin]) -> None:
    scope = bare.stack()
    cluster = ecs.Cluster(scope, "Cluster")
    cdk.Mixins.of(cluster).apply(kind())
    with pytest.raises(RuntimeError, match="none of the provided mixins could be applied"):
        cdk.Mixins.of(cluster).require_any().apply(kind())
    with pytest.raises(RuntimeError, match="could not be applied to"):
        cdk.Mixins.of(cluster).require_all().apply(kind())


@each_mixin
def test_what_the_app_adds_afterwards_is_not_lost(kind: type[LibraryMixin]) -> None:
    """CDK renders some properties once: a mixin that read them would freeze them."""

    def make(*mixins: IMixin) -> dict[str, Any]:
        scope = bare.stack()
        web = bare.pattern(scope)
        web.with_(*mixins)
        web.task_definition.add_volume(name="data")
        web.task_definition.add_container(
            "later", image=ecs.ContainerImage.from_registry(bare.NGINX), environment={"LATER": "yes"}
        )
        web.service.connections.add_security_group(cdk.aws_ec2.SecurityGroup(scope, "Group", vpc=web.cluster.vpc))
        web.load_balancer.set_attribute("idle_timeout.timeout_seconds", "30")
        web.target_group.set_attribute("slow_start.duration_seconds", "30")
        return template_of(scope)

    assert kind().supports(bare.pattern(bare.stack()).service) or kind is LifecyclePolicy
    before, after = make(), make(kind())
    for text in ("LATER", "slow_start", "idle_timeout", "'data'"):
        assert str(before).count(text) == str(after).count(text) == 1
    groups = [
        bare.service(each)["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"] for each in (before, after)
    ]
    assert groups[0] == groups[1]


def test_an_imported_service_and_one_on_ec2_are_skipped() -> None:
    scope = bare.stack()
    imported = ecs.FargateService.from_fargate_service_arn(
        scope, "Imported", "arn:aws:ecs:eu-west-1:111122223333:service/shop/web"
    )
    cluster = ecs.Cluster(scope, "Cluster")
    cluster.add_capacity("Machines", instance_type=cdk.aws_ec2.InstanceType("t3.small"))
    on_ec2 = ecs_patterns.ApplicationLoadBalancedEc2Service(
        scope,
        "Web",
        cluster=cluster,
        memory_limit_mib=128,
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(bare.NGINX)
        ),
    )
    for kind in (SafeDeployment, DeploymentAlarms, FastRollout, NonBlockingLogs):
        assert not kind().supports(imported)
        assert not kind().supports(on_ec2.service)

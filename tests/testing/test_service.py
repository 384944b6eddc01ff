"""Assertions on services: on what this package makes, on CDK's own pattern, and on templates of other hands."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns

from ecr_fargate_constructs import EcrFargateService, PrivateRepository, PublicHttps
from ecr_fargate_constructs.testing import service_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def ours(directory: Path) -> tuple[EcrFargateService, dict[str, Any]]:
    stack = cdk.Stack(cdk.App(), "Stack")
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE)
    ingress = PublicHttps(certificate=certificate)
    web = EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=ingress)
    target = web.service.auto_scale_task_count(min_capacity=2, max_capacity=10)
    target.scale_on_schedule("Night", schedule=scaling.Schedule.cron(hour="20", minute="0"), max_capacity=2)
    return web, dict(assertions.Template.from_stack(stack).to_json())


@pytest.fixture(scope="module")
def theirs() -> assertions.Template:
    stack = cdk.Stack(cdk.App(), "Stack")
    repository = ecr.Repository.from_repository_name(stack, "Repo", "team/shop")
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    for name, port in (("Blue", 80), ("Green", 8080)):
        patterns.ApplicationLoadBalancedFargateService(
            stack,
            name,
            vpc=vpc,
            listener_port=port,
            min_healthy_percent=100,
            task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
                image=ecs.ContainerImage.from_ecr_repository(repository, "1.4.2")
            ),
        )
    return assertions.Template.from_stack(stack)


def failure(check: Callable[[], object]) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        check()
    return str(caught.value).splitlines()


def test_what_holds_can_be_chained(ours: tuple[EcrFargateService, dict[str, Any]]) -> None:
    web, template = ours
    service = service_in(template)
    assert (
        service.runs_image_from(web.repository).has_circuit_breaker().scales_between(2, 10).answers_on(443) == service
    )


@pytest.mark.parametrize("kind", ["construct", "L2", "logical id"])
def test_a_repository_by_whatever_names_it(ours: tuple[EcrFargateService, dict[str, Any]], kind: str) -> None:
    web, template = ours
    ways = {"construct": web, "L2": web.repository, "logical id": "WebRepositoryFD65F3F1"}
    service_in(template).runs_image_from(ways[kind])


def test_a_repository_outside_the_template_by_its_name(theirs: assertions.Template) -> None:
    stack = cdk.Stack(cdk.App(), "Other")
    service_in(theirs, "Blue").runs_image_from("team/shop")
    service_in(theirs, "Blue").runs_image_from(ecr.Repository.from_repository_name(stack, "Repo", "team/shop"))
    for part in ("shop", "team", "team/sho", "team/shop:1"):
        with pytest.raises(AssertionError):
            service_in(theirs, "Blue").runs_image_from(part)


@pytest.mark.parametrize("strength", ["strong", "weak"])
def test_a_repository_of_another_stack(strength: str) -> None:
    app = cdk.App(context={"@aws-cdk/core:defaultCrossStackReferences": strength})
    repository = PrivateRepository(cdk.Stack(app, "Images"), "Repo")
    stack = cdk.Stack(app, "Web")
    task = ecs.FargateTaskDefinition(stack, "Task")
    task.add_container("web", image=ecs.ContainerImage.from_ecr_repository(repository.repository, "1"))
    ecs.FargateService(stack, "Web", cluster=ecs.Cluster(stack, "Cluster"), task_definition=task)
    service_in(assertions.Template.from_stack(stack)).runs_image_from(repository)


def test_failures_show_what_was_found(ours: tuple[EcrFargateService, dict[str, Any]]) -> None:
    template = copy.deepcopy(ours[1])
    service = service_in(template)
    name = "WebServiceD04B5F3E"
    images = failure(lambda: service.runs_image_from("Other"))
    assert images[0] == f"{name} runs no image from Other; its images are"
    assert images[1].startswith("  web: {")
    assert "WebRepositoryFD65F3F1" in images[1]
    assert failure(lambda: service.scales_between(1, 5)) == [
        f"{name} does not scale between 1 and 5: it scales between 2 and 10"
    ]
    assert failure(lambda: service.answers_on(80)) == [
        f"{name} does not answer on port 80; the listeners of the template",
        "  80: redirect, not to this service",
        "  443: forwards to it",
    ]
    breaker = template["Resources"][name]["Properties"]["DeploymentConfiguration"]["DeploymentCircuitBreaker"]
    breaker["Rollback"] = False
    shown = failure(service.has_circuit_breaker)
    assert shown[0].startswith(f"{name} has no circuit breaker that rolls back; DeploymentCircuitBreaker is {{")
    assert '"Rollback": false' in shown[0]
    service.has_circuit_breaker(rollback=False)


def test_failures_show_what_is_missing(theirs: assertions.Template) -> None:
    service = service_in(theirs, "Green")
    name = service.logical_id
    assert failure(service.has_circuit_breaker) == [
        f"{name} has no circuit breaker that rolls back; DeploymentCircuitBreaker is absent"
    ]
    assert failure(lambda: service.scales_between(2, 10)) == [
        f"{name} does not scale between 2 and 10: it does not scale; DesiredCount is absent"
    ]
    assert failure(lambda: service.answers_on(80)) == [
        f"{name} does not answer on port 80; the listeners of the template",
        "  80: forward, not to this service",
        "  8080: forwards to it",
    ]
    service.answers_on(8080)


def test_which_service(theirs: assertions.Template) -> None:
    blue, green = (service_in(theirs, name).logical_id for name in ("Blue", "Green"))
    assert failure(lambda: service_in(theirs)) == [f"2 ECS services, name one; the template has: {blue}, {green}"]
    assert failure(lambda: service_in(theirs, "Red"))[0].startswith("no ECS service that begins with 'Red'")
    assert failure(lambda: service_in({"Resources": {}})) == ["no ECS service; the template has: none"]
    assert service_in(theirs, blue).logical_id == blue


def test_a_rule_of_a_shared_listener_counts() -> None:
    template = {
        "Resources": {
            "Web": {
                "Type": "AWS::ECS::Service",
                "Properties": {"LoadBalancers": [{"TargetGroupArn": {"Ref": "Targets"}}]},
            },
            "Listener": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {"Port": 443, "DefaultActions": [{"Type": "fixed-response"}]},
            },
            "Rule": {
                "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                "Properties": {
                    "ListenerArn": {"Ref": "Listener"},
                    "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
                },
            },
        }
    }
    service_in(template).answers_on(443)
    assert failure(lambda: service_in(template).runs_image_from("Repo")) == [
        "Web has no task definition in this template: null"
    ]


def test_what_is_no_repository_is_refused(theirs: assertions.Template) -> None:
    with pytest.raises(TypeError, match="80 is not a repository; give its construct, its logical id or its name"):
        service_in(theirs, "Blue").runs_image_from(80)

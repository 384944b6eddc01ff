"""The stack of a preview."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    Posture,
    Preview,
    PreviewStack,
    PrivateRepository,
    PublicHttp,
    Route,
    RoutedFargateService,
    Scaling,
    SharedLoadBalancer,
    Wake,
)
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

CONTEXT = {"preview": "pr-12", "preview-expires": "2026-12-24T18:00:00"}


def _stack(context: dict[str, Any], *, sleeping: bool = True) -> PreviewStack:
    app = cdk.App(context=context)
    shared = SharedLoadBalancer(cdk.Stack(app, "Shared"), "Balancer", ingress=PublicHttp())
    preview = Preview.of(app)
    assert preview is not None
    stack = PreviewStack(app, "Shop", preview=preview)
    PrivateRepository(stack, "Repo")
    s3.Bucket(stack, "Files")
    RoutedFargateService(
        stack,
        "Web",
        load_balancer=shared,
        route=Route(host=f"{preview.name}.preview.example.com"),
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80),
        scaling=Scaling(min_capacity=0, max_capacity=1, wake=Wake()) if sleeping else None,
    )
    return stack


def test_an_app_without_the_context_has_no_preview() -> None:
    assert Preview.of(cdk.App()) is None
    assert Preview.of(cdk.App(context=CONTEXT)) == Preview(name="pr-12", expires="2026-12-24T18:00:00")


@pytest.mark.parametrize(
    ("context", "match"),
    [
        ({"preview": "feature/Log-In"}, "for example 'feature-log-in'"),
        ({"preview": 12}, "Preview.name"),
        ({"preview": "a", "preview-expires": "tomorrow"}, "is not a time"),
    ],
)
def test_a_context_that_is_none_is_refused(context: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        Preview.of(cdk.App(context=context))


def test_nothing_of_it_stays() -> None:
    template = template_of(_stack(CONTEXT))
    for name, resource in template["Resources"].items():
        assert resource.get("DeletionPolicy", "Delete") == "Delete", name
        assert resource.get("UpdateReplacePolicy", "Delete") == "Delete", name
    assert {"AWS::Logs::LogGroup", "AWS::S3::Bucket"} <= {each["Type"] for each in template["Resources"].values()}
    assert only(template, "AWS::ECR::Repository")["Properties"]["EmptyOnDelete"] is True


@pytest.mark.parametrize("regulated", [False, True])
def test_nothing_that_aws_protects_keeps_it_from_being_deleted(*, regulated: bool) -> None:
    app = cdk.App()
    if regulated:
        Posture.REGULATED.apply_to(app)
    environment = cdk.Environment(account="123456789012", region="eu-west-1")
    stack = PreviewStack(app, "Shop", preview=Preview(name="pr-12"), env=environment)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80),
        ingress=PublicHttp(load_balancer=LoadBalancerSettings(deletion_protection=True)),
    )
    template = template_of(stack)
    attributes = only(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")["Properties"]["LoadBalancerAttributes"]
    assert {each["Key"]: each["Value"] for each in attributes}["deletion_protection.enabled"] == "false"
    buckets = [{"Ref": name} for name in of_type(template, "AWS::S3::Bucket")]
    emptied = [each["Properties"]["BucketName"] for each in of_type(template, "Custom::S3AutoDeleteObjects").values()]
    assert emptied == buckets
    assert len(buckets) == regulated


def test_its_name_and_tag_lead_to_it() -> None:
    stack = _stack(CONTEXT)
    assert stack.stack_name == "Shop-preview-pr-12"
    assert stack.tags.tag_values()["ecr-fargate-constructs:preview"] == "pr-12"


def test_it_is_deleted_when_its_time_is_over_with_the_right_to_nothing_else() -> None:
    template = template_of(_stack(CONTEXT, sleeping=False))
    schedule = only(template, "AWS::Scheduler::Schedule")["Properties"]
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (
        "at(2026-12-24T18:00:00)",
        "Etc/UTC",
    )
    assert json.dumps(schedule["Target"]["Arn"]).count("aws-sdk:cloudformation:deleteStack") == 1
    assert json.dumps(schedule["Target"]["Input"]).count("AWS::StackId") == 1
    [policy] = [item for name, item in of_type(template, "AWS::IAM::Policy").items() if "PreviewExpiry" in name]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("cloudformation:DeleteStack", {"Ref": "AWS::StackId"})
    assert template["Outputs"]["PreviewExpires"]["Value"] == "2026-12-24T18:00:00"


def test_without_a_time_it_stays_until_somebody_deletes_it() -> None:
    template = template_of(_stack({"preview": "demo"}, sleeping=False))
    assert not of_type(template, "AWS::Scheduler::Schedule")
    assert "PreviewExpires" not in template.get("Outputs", {})

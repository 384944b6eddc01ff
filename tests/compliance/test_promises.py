"""Every example keeps to least privilege and to the conditions of a reliable service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from tests.compliance.promises import (
    ANY_RESOURCE,
    CHOSEN,
    CONDITIONS,
    Template,
    holds,
    listed,
    merged,
    statements,
    too_wide,
)
from tests.support import example_apps
from tests.support.templates import template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def examples() -> Callable[[str], Template]:
    """One template of all stacks of an example: resources by logical id."""
    known: dict[str, Template] = {}

    def template(name: str) -> Template:
        if name not in known:
            file = next(file for file in example_apps.EXAMPLES if file.stem == name)
            known[name] = merged(example_apps.templates(file))
        return known[name]

    return template


NAMES = [file.stem for file in example_apps.EXAMPLES]
WITH_SERVICE = [name for name in NAMES if name not in {"registry", "retention", "scheduled_job"}]


@pytest.mark.parametrize("name", NAMES)
def test_no_policy_is_wider_than_aws_allows_it_to_be(name: str, examples: Callable[[str], Template]) -> None:
    assert too_wide(examples(name)) == []


def test_the_lists_are_no_longer_than_needed(examples: Callable[[str], Template]) -> None:
    wide = {
        action
        for name in NAMES
        for _, statement in statements(examples(name))
        if "*" in listed(statement.get("Resource", []))
        for action in listed(statement["Action"])
    }
    mirrored = {"ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken"}  # no example mirrors an image
    assert wide | mirrored == set(ANY_RESOURCE)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Allow", "Action": ["s3:*"], "Resource": "arn:aws:s3:::mine"},
        {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::mine"},
        {"Effect": "Allow", "Action": "ecs:Submit*", "Resource": "*"},
        {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": ["*"]},
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::mine"},
    ],
)
def test_a_policy_that_is_too_wide_would_be_seen(statement: dict[str, Any]) -> None:
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"PolicyDocument": {"Statement": [statement]}}}
    assert too_wide({"Resources": {"Policy": policy}})


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", WITH_SERVICE)
def test_a_service_is_reliable(name: str, condition: str, examples: Callable[[str], Template]) -> None:
    assert holds(CONDITIONS[condition], examples(name)) != ((name, condition) in CHOSEN)


def test_there_are_eighteen() -> None:
    assert len(CONDITIONS) == 18


def test_the_bare_pattern_fails_most_conditions() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    image = ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:latest")
    ecs_patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Web",
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(image=image),
    )
    template = merged({"Stack": template_of(stack)})
    kept = {name for name, condition in CONDITIONS.items() if holds(condition, template)}
    assert kept == {"two zones", "state stays", "a NAT gateway in each zone", "a grace period"}

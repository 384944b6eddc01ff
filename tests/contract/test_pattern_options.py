"""Options of CDK's pattern that this library's services do not have: the error says what to use instead."""

from __future__ import annotations

import inspect
import re
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs_patterns as ecs_patterns

import ecr_fargate_constructs as library
from ecr_fargate_constructs import ConfigurationError, EcrFargateService, LoadBalancedFargateService, WorkerService
from ecr_fargate_constructs._rules import pattern_options
from ecr_fargate_constructs._rules.pattern_options import replacement

PATTERN = sorted(
    {
        *inspect.signature(ecs_patterns.ApplicationLoadBalancedFargateServiceProps).parameters,
        *inspect.signature(ecs_patterns.ApplicationLoadBalancedTaskImageOptions).parameters,
    }
)
CLASSES = (EcrFargateService, LoadBalancedFargateService)
TABLES = (
    pattern_options._ELSEWHERE,
    pattern_options._WITHIN_THE_IMAGE,
    pattern_options._WITH_A_CONTAINER,
)


def _options(made: Any) -> list[str]:  # noqa: ANN401 - a class, whose metaclass hides its signature
    return [name for name in inspect.signature(made.__init__).parameters if name != "self"]


@pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.__name__)
def test_every_option_of_the_pattern_is_an_option_or_has_a_replacement(made: type) -> None:
    options = _options(made)
    assert [name for name in PATTERN if name not in options and replacement(name, options) is None] == []


@pytest.mark.parametrize("text", sorted({text for table in TABLES for text in table.values()}))
def test_a_replacement_names_what_exists(text: str) -> None:
    everywhere = {name for made in CLASSES for name in _options(made)}
    assert text.partition("=")[0] in everywhere
    called = re.findall(r"(\w+)\((\w*)(=?)", text)
    for name, option, sign in called:
        assert name in library.__all__, text
        if option and sign:
            assert option in _options(getattr(library, name)), text
    for method in re.findall(r"PrivateRepository\.(\w+)", text):
        assert hasattr(library.PrivateRepository, method), text


@pytest.mark.parametrize(
    ("made", "option", "expected"),
    [
        (EcrFargateService, "cpu", "use size=TaskSize(cpu=…)"),
        (EcrFargateService, "memory_limit_mib", "use size=TaskSize(memory_mib=…)"),
        (EcrFargateService, "public_load_balancer", "use ingress=PublicHttp() or PublicHttps(); InternalHttp() and "),
        (EcrFargateService, "task_image_options", "use directory=, container_port=, environment= and secrets=; for "),
        (EcrFargateService, "container_cpu", "use LoadBalancedFargateService(container=AppContainer(cpu=…)), with an "),
        (EcrFargateService, "sidecars", "use LoadBalancedFargateService(sidecars=…), with an image from "),
        (EcrFargateService, "exec_enabled", "use LoadBalancedFargateService(enable_execute_command=…), with an image "),
        (EcrFargateService, "service_name", "omit it, or set service_name of the service's service.node"),
        (LoadBalancedFargateService, "task_image_options", "use container=AppContainer(image, port, …)"),
        (LoadBalancedFargateService, "exec_enabled", "use enable_execute_command="),
        (WorkerService, "cpu", "use size=TaskSize(cpu=…)"),
        (WorkerService, "certificate", "use scope, construct_id, container, "),
    ],
)
def test_the_error_says_what_to_use(made: type, option: str, expected: str) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(ConfigurationError, match=re.escape(f"has no option {option!r}; {expected}")):
        made(stack, "Web", **{option: 1})
    assert stack.node.children == []


def test_what_is_no_service_has_other_options_of_these_names() -> None:
    with pytest.raises(ConfigurationError, match="TaskSize has no option 'sidecars'; use cpu, "):
        library.TaskSize(sidecars=[])  # type: ignore[call-arg]

"""An option that does not exist: refused by its name, with the nearest one, wherever it is given."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from constructs import Construct

import ecr_fargate_constructs as library
from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttp,
    Retention,
    ServiceAlarms,
    ServiceConnect,
    TaskSize,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
NOT_MADE = {"AllOf", "ConfigurationError", "DoctorPlugin", "Number", "PublishedImage", "SharedListener"}
"""What takes no options, or is made by a method of another."""


def _classes() -> list[str]:
    found = {name: getattr(library, name) for name in library.__all__}
    return sorted(
        name
        for name, each in found.items()
        if inspect.isclass(each) and not issubclass(each, Enum) and name not in NOT_MADE
    )


@pytest.mark.parametrize("name", _classes())
def test_every_class_names_an_option_that_it_does_not_have(name: str) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    made: Any = getattr(library, name)
    place = (stack, "Thing") if issubclass(made, Construct) else ()
    with pytest.raises(ConfigurationError, match=f"{name} has no option 'nonsense'; use |did you mean"):
        made(*place, nonsense=1)
    assert stack.node.children == []


def _called(function: Any, *args: object, **options: object) -> object:  # noqa: ANN401 - a type checker refuses these
    return function(*args, **options)


def _service() -> LoadBalancedFargateService:
    stack = cdk.Stack(cdk.App(), "Stack")
    return LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: _called(AppContainer, NGINX, 80, enviroment={}), "'enviroment'; did you mean environment=?"),
        (lambda: _called(AppContainer, NGINX, 80, memoryLimitMiB=512), "did you mean memory_limit_mib=?"),
        (lambda: _called(TaskSize, cpus=256), "TaskSize has no option 'cpus'; did you mean cpu=?"),
        (lambda: _called(TaskSize.smallest_for, [], memory=1), "smallest_for has no option 'memory'; "),
        (lambda: _called(Retention.keep_days, 90, atleast=3), "did you mean at_least=?"),
        (lambda: _called(Retention.keep_last(3).protect, pattern=["v*"]), "did you mean patterns=?"),
        (lambda: _called(ServiceAlarms.of, _service(), threshold=None), "did you mean thresholds=?"),
        (
            lambda: _called(PrivateRepository(cdk.Stack(cdk.App(), "S"), "Repo").mirror_image, NGINX, arch="x"),
            "[S/Repo] mirror_image has no option 'arch'; ",
        ),
        (
            lambda: _called(_service().enable_service_connect, ServiceConnect(namespace="shop"), alias="web"),
            "[Stack/Web] enable_service_connect has no option 'alias'; use connect",
        ),
    ],
)
def test_the_nearest_option_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        call()
    assert message in str(caught.value)


def test_an_option_that_is_missing_is_pythons_to_name() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'port'"):
        _called(AppContainer, NGINX)
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'container'"):
        _called(LoadBalancedFargateService, cdk.Stack(cdk.App(), "Stack"), "Web")


def test_an_option_that_is_given_twice_is_pythons_to_name() -> None:
    with pytest.raises(TypeError, match="multiple values for argument 'port'"):
        _called(AppContainer, NGINX, 80, port=80)

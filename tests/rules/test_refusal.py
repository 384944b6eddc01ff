"""An error gets the path of the construct that refuses a value, once."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import AppContainer, ConfigurationError, PrivateRepository, RoutedFargateService
from ecr_fargate_constructs._rules.refusal import located
from ecr_fargate_constructs.service.routing.route import Route
from ecr_fargate_constructs.service.routing.shared_load_balancer import SharedLoadBalancer


def test_an_error_without_a_path_gets_that_of_the_innermost_place() -> None:
    match = r"^\[Stack/Web/Inner\] no$"
    with pytest.raises(ConfigurationError, match=match) as caught, located("Stack/Web"), located("Stack/Web/Inner"):
        raise ConfigurationError("no")
    assert caught.value.path == "Stack/Web/Inner"


def test_an_error_that_says_where_it_is_stays_as_it_is() -> None:
    with pytest.raises(ConfigurationError, match=r"^\[Stack/Other\] no$"), located("Stack/Web"):
        raise ConfigurationError("no", path="Stack/Other")


@pytest.mark.parametrize("path", ["", None])
def test_without_a_path_there_is_none(path: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"^no$") as caught, located(path):
        raise ConfigurationError("no")
    assert caught.value.path is None


def test_other_errors_are_left_alone() -> None:
    with pytest.raises(ValueError, match=r"^no$"), located("Stack/Web"):
        raise ValueError("no")


def test_a_method_that_makes_a_child_names_the_child() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = SharedLoadBalancer(stack, "Shared")
    web = RoutedFargateService(
        stack, "Web", load_balancer=shared, route=Route(path="/a"), container=AppContainer("nginx:1.29", 80)
    )
    with pytest.raises(ConfigurationError, match=r"^\[Stack/Web/More\] .* is also the route of Stack/Web"):
        web.add_route("More", Route(path="/a"))
    repository = PrivateRepository(stack, "Images")
    with pytest.raises(ConfigurationError, match=r"^\[Stack/Images/Cached\] reference='nginx' names no version"):
        repository.mirror_image("nginx", id="Cached")
    with pytest.raises(ConfigurationError, match=r"^\[Stack/Images\] tag='…' is not an image tag"):
        repository.image_by_tag("…")

"""Constructors are read by the names of their options."""

from __future__ import annotations

import inspect

import pytest
from constructs import Construct

import ecr_fargate_constructs as library

pytestmark = pytest.mark.integration

PUBLIC = [getattr(library, name) for name in library.__all__]
CONSTRUCTS = [kind for kind in PUBLIC if inspect.isclass(kind) and issubclass(kind, Construct)]


def test_the_constructs_are_found() -> None:
    assert {"EcrFargateService", "LoadBalancedFargateService", "LoadBalancedEc2Service", "PrivateRepository"} <= {
        kind.__name__ for kind in CONSTRUCTS
    }


@pytest.mark.parametrize("kind", CONSTRUCTS, ids=lambda kind: kind.__name__)
def test_every_option_of_a_construct_is_given_by_name(kind: type[Construct]) -> None:
    _, scope, construct_id, *options = inspect.signature(kind.__init__).parameters.values()
    assert (scope.name, construct_id.name) == ("scope", "construct_id")
    assert all(option.kind is inspect.Parameter.KEYWORD_ONLY for option in options)

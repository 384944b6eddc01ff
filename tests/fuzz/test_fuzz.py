"""Whatever is given to a public noun: it is refused in the caller's terms, or makes a template that is valid.

``FUZZ=long`` looks longer, at other values each time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import os
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import assertions
from constructs import Construct
from hypothesis import HealthCheck, Phase, given, settings

import ecr_fargate_constructs as library
from ecr_fargate_constructs import ConfigurationError
from ecr_fargate_constructs.testing.engine import diagnostics
from tests.fuzz.strategies import NOT_FOR_FIREHOSE, Draft, options_of, parameters, strategy_for, value_of
from tests.fuzz.world import World
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

LONG = os.environ.get("FUZZ") == "long"
CLASSES = [name for name in library.__all__ if inspect.isclass(getattr(library, name))]
CONSTRUCTS = [name for name in CLASSES if issubclass(getattr(library, name), Construct)]
VALUES = [name for name in CLASSES if dataclasses.is_dataclass(getattr(library, name)) and name not in NOT_FOR_FIREHOSE]
EXAMPLES = {"Network": 10, "PrivateRepository": 20, "ImageRepositoryStack": 20, "PullThroughCache": 20}
SERVICES = 12
AT_SYNTH = ("cannot pull their image", "cannot start, because they use")


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples * (25 if LONG else 1),
        derandomize=not LONG,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if LONG else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    make_app(folder / "app", dockerfile="FROM scratch AS builder\n")
    make_app(folder / "app" / "other")
    return folder


@pytest.mark.parametrize("name", [*CONSTRUCTS, *VALUES])
def test_every_option_is_drawn(name: str) -> None:
    for option in parameters(name):
        strategy_for(name, option)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_made_or_refused_in_the_callers_terms(name: str, folder: Path) -> None:
    world = World(folder)

    @_settings(40)
    @given(value_of(name))
    def attempt(value: Draft) -> None:
        with contextlib.suppress(ConfigurationError):
            value.make(world)

    attempt()


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_is_refused_in_the_callers_terms_or_makes_a_valid_template(name: str, folder: Path) -> None:
    @_settings(EXAMPLES.get(name, SERVICES))
    @given(options_of(name))
    def attempt(options: dict[str, Draft]) -> None:
        # A stack of its own takes tokens of another one: those go no further than the environment.
        _attempt(name, options, World(folder, env=None) if name == "ImageRepositoryStack" else World(folder))

    attempt()


def _attempt(name: str, options: dict[str, Draft], world: World) -> None:
    is_stack = name in {"ImageRepositoryStack", "PreviewStack"}
    scope = world.app if is_stack else world.stack
    try:
        made: Any = getattr(library, name)(scope, "Fuzz", **{key: value.make(world) for key, value in options.items()})
    except ConfigurationError:
        assert scope.node.try_find_child("Fuzz") is None, "half a construct was left"
        return
    if isinstance(made, library.ExistingRepository):  # makes nothing by itself
        made.mirror_image("nginx:1.29")
    if isinstance(made, library.PreviewStack):  # as above
        library.PrivateRepository(made, "Repository")
    stack = made if is_stack else world.stack
    try:
        template = assertions.Template.from_stack(stack).to_json()
    except RuntimeError as error:
        if any(known in str(error) for known in AT_SYNTH):
            return
        raise
    wrong = [
        f"{each.rule_id} {each.message}" for each in diagnostics(template) if each.severity.name in {"ERROR", "FATAL"}
    ]
    assert not wrong, f"accepted, and CloudFormation would refuse it: {wrong}"

"""What the tests share. Templates are built once a module: after the first synthesis a tree may not change."""

from __future__ import annotations

import os

os.environ["CDK_VALIDATION"] = "false"  # ten seconds a process; test_validation.py turns it on

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from hypothesis import HealthCheck, settings

from support import ROOT, make_app

if TYPE_CHECKING:
    from pathlib import Path


# A property must not fail because the machine is busy.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first: else one worker would be busy with them when the other has nothing left.

    Those are the end-to-end tests, which wait more than they compute, and files with slow tests; then come those with
    most tests.
    """
    tests = Counter(item.path for item in items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: ("e2e" not in item.path.parts, item.path not in slow, -tests[item.path]))


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build context."""
    return make_app(tmp_path_factory.mktemp("context") / "app")


@pytest.fixture
def stack() -> cdk.Stack:
    """An empty stack."""
    return cdk.Stack(cdk.App(), "Stack")


@pytest.fixture(scope="session")
def recommended_flags() -> dict[str, Any]:
    """The context of this project's cdk.json."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return context

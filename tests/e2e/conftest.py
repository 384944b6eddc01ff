"""What the end-to-end tests share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.local.engine import find_engine
from ecr_fargate_constructs.tools.errors import ToolError
from tests.e2e.local_app import LocalApp, copy_sample, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here, and skip it without an engine, unless an engine is required."""
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    if not mine:
        return
    reason = _no_engine()
    for item in mine:
        item.add_marker(pytest.mark.e2e)
        if reason is not None and not os.environ.get("ECR_FARGATE_REQUIRE_E2E"):
            item.add_marker(pytest.mark.skip(reason=reason))


def _no_engine() -> str | None:
    if os.environ.get("ECR_FARGATE_REQUIRE_E2E"):
        return None
    try:
        find_engine(install=False)
    except ToolError as error:
        return error.cause
    return None


@pytest.fixture(scope="module")
def local_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The sample, not yet deployed; taken down afterwards whatever happens."""
    app = LocalApp(copy_sample(tmp_path_factory.mktemp("e2e") / "sample"), free_port())
    yield app
    app.end()


@pytest.fixture
def faulty_app(tmp_path: Path) -> Iterator[LocalApp]:
    """The sample for a test that breaks it."""
    app = LocalApp(copy_sample(tmp_path / "sample"), free_port())
    yield app
    app.end()

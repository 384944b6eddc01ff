"""What the tests share. Templates are built once a module: after the first synthesis a tree may not change."""

from __future__ import annotations

import os

os.environ["CDK_VALIDATION"] = "false"  # ten seconds a process; test_validation.py turns it on

import gc
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

# Neither aws_cdk nor what imports it: the process that hands tests to the workers needs none of it.
if TYPE_CHECKING:
    import aws_cdk as cdk

gc.disable()  # what is imported and collected stays; it is left out of every search below

# A property must not fail because the machine is busy.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of ``pytest --aws``."""
    from tests.aws.options import add_options  # noqa: PLC0415 - see above

    add_options(parser)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the suite of ``--aws`` out without that option, and the other tests out with it."""
    from tests.aws.options import elsewhere  # noqa: PLC0415 - see above

    return elsewhere(collection_path, config)


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Begin with the files that take longest: else one worker would be busy with them when the others have no more.

    Those are the end-to-end tests, which wait for much, and files with slow tests, which compute: two of the former go
    first, then the latter, so that both kinds run side by side. Then come the files with most tests.
    """
    from tests.aws.options import elsewhere  # noqa: PLC0415 - see above

    items[:] = [item for item in items if not elsewhere(item.path, config)]  # of other folders than this one
    tests = Counter(item.path for item in items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    by_size = sorted(tests, key=lambda path: -tests[path])
    first = [path for path in by_size if "e2e" in path.parts]
    files = [*first[:2], *(path for path in by_size if path in slow), *first[2:], *by_size]
    place = {path: number for number, path in reversed(list(enumerate(files)))}
    items.sort(key=lambda item: place[item.path])


def pytest_collection_finish() -> None:
    """Leave what has been imported, hundreds of thousands of objects that stay, out of each search for garbage."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build context."""
    from tests.support.inputs import make_app  # noqa: PLC0415 - see above

    return make_app(tmp_path_factory.mktemp("context") / "app")


@pytest.fixture
def stack() -> cdk.Stack:
    """An empty stack."""
    import aws_cdk as cdk  # noqa: PLC0415 - see above

    return cdk.Stack(cdk.App(), "Stack")


@pytest.fixture(scope="session")
def recommended_flags() -> dict[str, Any]:
    """The context of this project's cdk.json."""
    context: dict[str, Any] = json.loads((Path(__file__).parents[1] / "cdk.json").read_text(encoding="utf-8"))[
        "context"
    ]
    return context

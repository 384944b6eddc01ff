"""The session of ``pytest --aws``: one target, and one report."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.aws.cases import CASES
from tests.aws.options import Wish
from tests.aws.report import Report
from tests.aws.session import Session
from tests.aws.targets import Account, Embedded
from tests.e2e.local_app import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.aws.targets import Target


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each example that the caller asked for."""
    wish = Wish.of(metafunc.config)
    assert wish is not None
    metafunc.parametrize("name", wish.examples or tuple(CASES))


@pytest.fixture(scope="session")
def aws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The target of the caller's wish; what was started is ended."""
    wish = Wish.of(request.config)
    assert wish is not None
    folder = tmp_path_factory.mktemp("aws")
    target: Target = Embedded(folder, free_port(), wish.region) if wish.embedded else Account(wish.account, wish.region)
    name = "the embedded AWS" if wish.embedded else f"account {wish.account} in {wish.region}"
    terminal = request.config.pluginmanager.get_plugin("terminalreporter")
    session = Session(
        wish, target, folder, Report(wish.report, name), print if terminal is None else terminal.write_line
    )
    for each in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # a job that is cancelled, or in the background, deletes its stacks too
        signal.signal(each, signal.default_int_handler)
    try:
        yield session
    finally:
        session.report.write()
        target.close()

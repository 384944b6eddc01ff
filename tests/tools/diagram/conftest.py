"""Apps in the shapes of other people's, synthesized once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tools.diagram.shapes import write_shapes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assemblies of the apps, in folders of their names."""
    folder = tmp_path_factory.mktemp("shapes")
    write_shapes(folder)
    return folder

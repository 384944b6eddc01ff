"""``ecr-fargate doctor`` finds nothing in healthy Dockerfiles of the usual servers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.doctor.diagnosis import diagnose
from tests.tools.doctor.healthy_others import HEALTHY_OTHERS
from tests.tools.doctor.healthy_python import HEALTHY_PYTHON
from tests.tools.planting import Copy, copy_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEALTHY = {**HEALTHY_PYTHON, **HEALTHY_OTHERS}


@pytest.fixture(scope="module")
def app(assemblies: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """An app whose build context is replaced for each Dockerfile."""
    return copy_of(assemblies / "three_lines", tmp_path_factory.mktemp("healthy") / "cdk.out")


def test_there_are_enough() -> None:
    assert len(HEALTHY) == len(HEALTHY_PYTHON) + len(HEALTHY_OTHERS) > 40


@pytest.mark.parametrize("files", HEALTHY.values(), ids=HEALTHY)
def test_nothing_is_found_in_a_healthy_build_context(app: Copy, files: Mapping[str, str]) -> None:
    shutil.rmtree(app.context)
    for name, text in files.items():
        file = app.context / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    found = diagnose(load(app.save())).findings
    assert [(finding.rule.id, finding.detail) for finding in found] == []

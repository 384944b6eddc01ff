"""Templates of the expected programs."""

from __future__ import annotations

from importlib import util
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs.tools.migrate.model import Build
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.tools.migrate.cases import Case


def synthesized(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The template of the program that is expected, in a directory with the files that it reads."""
    monkeypatch.chdir(tmp_path)
    for service in case.migrate().project.services:
        for container in (service.container, *(each.container for each in service.sidecars)):
            _make_files(container.image, container.environment_files, tmp_path)
    # The Node process keeps the directory that it was started in; a program of its own has its own.
    from_asset = ecs.EnvironmentFile.from_asset
    monkeypatch.setattr(ecs.EnvironmentFile, "from_asset", lambda path: from_asset(str(tmp_path / path)))
    spec = util.spec_from_file_location(case.name, case.program)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    module.build(app)
    template: dict[str, Any] = app.synth().stacks[0].template
    return template


def _make_files(image: object, environment_files: tuple[str, ...], folder: Path) -> None:
    """What the program reads when it is synthesized."""
    for file in environment_files:
        (folder / file).write_text("A=1\n", encoding="utf-8")
    if isinstance(image, Build):
        context = make_app(folder / image.directory)
        dockerfile = context / image.dockerfile
        dockerfile.parent.mkdir(parents=True, exist_ok=True)
        dockerfile.write_text("FROM scratch AS release\nFROM scratch AS runtime\n", encoding="utf-8")

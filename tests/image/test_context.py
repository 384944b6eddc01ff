"""The build context is looked at once, and at no more of it than travels."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import ConfigurationError, EcrFargateService, ImageBuild, PublicHttp
from ecr_fargate_constructs.image import context as module
from ecr_fargate_constructs.image.context import inspect_context
from ecr_fargate_constructs.image.ignores import Ignores
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each directory is read by this process."""
    found: Counter[str] = Counter()
    scandir = os.scandir

    def counted(path: Any) -> Any:  # noqa: ANN401 - os.scandir's own
        found[str(path)] += 1
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What CDK's matcher is asked about, a call into Node each."""
    found: list[str] = []

    def noting(ask: Callable[[Ignores, str], bool]) -> Callable[[Ignores, str], bool]:
        def noted(self: Ignores, path: str) -> bool:
            found.append(path)
            return ask(self, path)

        return noted

    monkeypatch.setattr(Ignores, "file", noting(Ignores.file))
    return found


def _large(folder: Path, files: int = 300) -> Path:
    app = make_app(folder / "app")
    for name in ("src", "node_modules"):
        (app / name / "deep").mkdir(parents=True)
        for number in range(files):
            (app / name / "deep" / f"{number}.js").touch()
    (app / ".dockerignore").write_text("node_modules\n", encoding="utf-8")
    return app


def test_one_service_walks_its_context_once(tmp_path: Path, walked: Counter[str]) -> None:
    app = _large(tmp_path)
    EcrFargateService(cdk.Stack(cdk.App(), "Stack"), "Web", directory=app, container_port=80, ingress=PublicHttp())
    inside = {path: times for path, times in walked.items() if path.startswith(str(app))}
    assert inside == {str(app): 1, str(app / "src"): 1, str(app / "src" / "deep"): 1}


def test_ordinary_files_cost_no_call_into_node(tmp_path: Path, asked: list[str]) -> None:
    app = _large(tmp_path)
    (app / "start.sh").touch(mode=0o755)
    (app / "large.bin").write_bytes(b"x" * 2**20)
    looked_at = inspect_context(app, ImageBuild())
    assert sorted(os.path.basename(path) for path in asked) == ["large.bin", "start.sh"]  # noqa: PTH119 - text
    assert (looked_at.files, looked_at.size) == (305, 2**20 + 30)
    assert looked_at.weight is None


@pytest.mark.parametrize(
    ("files", "size", "weight"), [(5_001, 0, "5,001 files with 0 MiB"), (2, 2**28, "2 files with 256 MiB")]
)
def test_a_heavy_context_says_how_heavy(tmp_path: Path, files: int, size: int, weight: str) -> None:
    assert module.BuildContext(tmp_path, None, (), files, size).weight == weight


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(tmp_path / "app")
    (app / "private").mkdir()
    scandir = os.scandir

    def refusing(path: Any) -> Any:  # noqa: ANN401 - os.scandir's own
        if str(path).endswith("private"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(
        ConfigurationError, match=r"^the directory .*private of the build context cannot be read: Permission"
    ):
        inspect_context(app, ImageBuild())


def test_the_cloud_assembly_does_not_travel_and_does_not_count(tmp_path: Path) -> None:
    app = make_app(tmp_path / "app")
    (app / "cdk.out").mkdir()
    (app / "cdk.out" / "manifest.json").touch()
    assert inspect_context(app, ImageBuild(), outdir=str(app / "cdk.out")).files == 2


@pytest.mark.parametrize(
    ("dockerfile", "target"),
    [
        ("FROM a AS one\nfrom b as Two\n", "two"),
        ("FROM --platform=linux/amd64 a AS one\n", "one"),
        ("FROM a\n", "0"),
        ("FROM a\nFROM b\n", "1"),
        ("# syntax=docker/dockerfile:1\nFROM a AS one\n", "one"),
        ("# syntax=example.com/other-language\nbuild: it\n", "anything"),
        ("ARG V=1\n\tFROM a:${V}\n", None),
    ],
)
def test_dockerfiles_that_build_pass(tmp_path: Path, dockerfile: str, target: str | None) -> None:
    inspect_context(make_app(tmp_path / "app", dockerfile=dockerfile), ImageBuild(target=target))

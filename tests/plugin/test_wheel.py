"""The built wheel, installed where nothing of this checkout can be imported: what a user gets."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest
from projects import edit, make_project

from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def run(*command: str, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"CDK_VALIDATION", "PYTHONPATH"}}
    done = subprocess.run(  # noqa: S603 - programs of ours
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a new environment: the wheel in it, what the wheel depends on from the environment in use."""
    folder = tmp_path_factory.mktemp("environment")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    built = run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", str(ROOT), folder=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", "venv", folder=folder)
    interpreter = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    run(*pip, "install", "--no-deps", "--target", str(site), str(wheel), folder=folder)
    # A path in a .pth file is searched, and its own .pth files, such as that of this checkout, are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    where = run(str(interpreter), "-c", "import ecr_fargate_constructs as it; print(it.__file__)", folder=folder)
    assert where.strip().startswith(str(site)), built + where
    return str(interpreter)


@pytest.mark.slow
def test_ten_lines_in_a_project_of_cdk_init(python: str, tmp_path: Path) -> None:
    make_project(tmp_path)
    pytest_ = (python, "-m", "pytest", "-p", "no:hypothesispytest", "-p", "no:xdist", "-W", "error")
    recorded = run(*pytest_, "--snapshot-update", folder=tmp_path)
    assert "2 passed" in recorded, recorded
    edit(tmp_path, "shop/layer/python/answer.py", "41", "42")
    asset = run(*pytest_, folder=tmp_path)
    assert "2 passed" in asset, asset
    edit(tmp_path, "shop/shop_stack.py", "seconds(300)", "seconds(301)")
    edit(tmp_path, "shop/shop_stack.py", 'self, "DeadQueue", enforce_ssl=True', 'self, "DeadQueue"')
    real = run(*pytest_, folder=tmp_path)
    assert "2 failed" in real, real
    assert "Properties.VisibilityTimeout: 300 -> 301" in real
    assert "AwsSolutions-SQS4: The SQS queue does not require requests to use SSL." in real

"""The built wheel, installed where nothing of this checkout can be imported: what a user gets."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from typing import TYPE_CHECKING

import pytest
from packaging.metadata import ExceptionGroup

import distribution
from tests.support import ROOT
from tests.testing.projects import edit, make_project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def run(*command: str, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"CDK_VALIDATION", "PYTHONPATH"}}
    done = subprocess.run(  # noqa: S603 - programs of ours
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", str(ROOT), folder=folder)
    wheels = list((folder / "dist").glob("*.whl"))
    assert len(wheels) == 1, built
    return wheels[0]


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of a new environment: the wheel in it, what the wheel depends on from the environment in use."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", "venv", folder=folder)
    interpreter = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    run(*PIP, "install", "--no-deps", "--target", str(site), str(wheel), folder=folder)
    # A path in a .pth file is searched, and its own .pth files, such as that of this checkout, are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    where = run(str(interpreter), "-c", "import ecr_fargate_constructs as it; print(it.__file__)", folder=folder)
    assert where.strip().startswith(str(site)), where
    return str(interpreter)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        (metadata,) = [archive.read(name) for name in archive.namelist() if name.endswith("/METADATA")]
        (points,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith("/entry_points.txt")]
    sources = {
        str(file.relative_to(ROOT / "src"))
        for file in (ROOT / "src").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    distribution.check_names(set(names), sources, beside=set(), what=wheel.name)
    assert {"_ecr_fargate_pytest.py", "ecr_fargate_constructs/py.typed"} <= set(names)
    assert "ecr_fargate_constructs/local/ministack_patches/__init__.py" in names
    distribution.check_metadata(metadata)
    distribution.check_entry_points(points, set(names))


@pytest.mark.parametrize("names", [{"here.py"}, {"here/__init__.py"}, {"here.py", "there.py"}])
def test_an_entry_point_without_its_module_is_refused(names: set[str]) -> None:
    distribution.check_entry_points("[pytest11]\nplugin = here\n", names)
    with pytest.raises(distribution.DistributionError, match=r"'plugin' is gone\.module, which the wheel lacks"):
        distribution.check_entry_points("[console_scripts]\nplugin = gone.module:main\n", names)


def test_a_wheel_with_more_or_less_in_it_is_refused() -> None:
    with pytest.raises(distribution.DistributionError, match=r"lacks \['b.py'\] and has \['tests/t.py'\] too"):
        distribution.check_names({"a.py", "tests/t.py"}, {"a.py", "b.py"}, beside=set(), what="x.whl")


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        (b"Metadata-Version: 2.4\nName: x\nVersion: 1\nSummary: s\n\nText", distribution.DistributionError),
        (b"Metadata-Version: 2.4\nName: x\nVersion: one\n\nText", ExceptionGroup),
        (b"Metadata-Version: 2.4\nVersion: 1\n\nText", ExceptionGroup),
    ],
)
def test_metadata_that_an_index_would_refuse_is_refused(metadata: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        distribution.check_metadata(metadata)


def test_the_lowest_versions_are_those_that_the_ranges_begin_with() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert distribution.lowest("a-b>=1.2.3,<2") == "a-b==1.2.3"
    assert [distribution.lowest(each).partition("==")[0] for each in distribution.dependencies(project)] == [
        "aws-cdk-lib",
        "constructs",
        "cdk-nag",
    ]
    assert distribution.supported_pythons(project)[0] == "3.10"


def test_the_interpreter_of_a_version_is_found_or_not() -> None:
    here = distribution.interpreter(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert here is not None
    assert distribution.interpreter("3.999") is None


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

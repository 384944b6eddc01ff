"""The pytest plugin: options and fixtures, which pytest loads at start in every project of the environment.

It stands beside the package, because a module inside would import the package first. It imports neither the package nor
``aws_cdk`` nor syrupy, and does nothing until a test uses a fixture.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from ecr_fargate_constructs.testing.cdk_app import CdkApp
    from ecr_fargate_constructs.testing.compliance import AssertCompliant
    from ecr_fargate_constructs.testing.logical_ids import AssertLogicalIdsStable
    from ecr_fargate_constructs.testing.synthesis import Synthesize

_EXTRA = "pip install 'ecr-fargate-constructs[testing]'"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command-line options."""
    group = parser.getgroup("cdk", "AWS CDK apps")
    group.addoption(
        "--cdk-validation",
        action="store_true",
        default=False,
        help="validate each synthesized template with aws-cdk-lib's built-in rules, as errors (seconds per process)",
    )
    group.addoption(
        "--cdk-outdir",
        default=None,
        metavar="DIRECTORY",
        help="the `cdk_app` fixture reads this cloud assembly (as `cdk synth` wrote it) and runs no app",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that cannot be intended."""
    if config.getoption("--cdk-validation") and os.environ.get("CDK_VALIDATION") == "false":
        raise pytest.UsageError("--cdk-validation has no effect while CDK_VALIDATION=false is set: unset it")
    outdir = config.getoption("--cdk-outdir")
    if outdir is not None and not (config.invocation_params.dir / outdir / "manifest.json").is_file():
        raise pytest.UsageError(
            f"--cdk-outdir={outdir} is not a cloud assembly (it has no manifest.json); run `cdk synth` first"
        )


@pytest.fixture(scope="module")
def synthesize(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Return the template of a stack, by the function or Stack class that makes it; synthesized once per module."""
    from ecr_fargate_constructs.testing.project import context_of, project_folder  # noqa: PLC0415
    from ecr_fargate_constructs.testing.synthesis import Synthesize  # noqa: PLC0415

    context = context_of(project_folder(request.path, request.config.rootpath))
    return Synthesize(tmp_path_factory.mktemp, context, validate=request.config.getoption("--cdk-validation"))


@pytest.fixture(scope="session")
def _cdk_apps() -> dict[Path, CdkApp]:
    return {}


@pytest.fixture(scope="module")
def cdk_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _cdk_apps: dict[Path, CdkApp]
) -> CdkApp:
    """Return the whole app of the nearest ``cdk.json``, synthesized once per session, or read from ``--cdk-outdir``."""
    from ecr_fargate_constructs.testing.cdk_app import read_app, run_app  # noqa: PLC0415
    from ecr_fargate_constructs.testing.project import project_folder, require_project  # noqa: PLC0415

    given = request.config.getoption("--cdk-outdir")
    if given is not None:
        folder = (request.config.invocation_params.dir / given).resolve()
        if folder not in _cdk_apps:
            _cdk_apps[folder] = read_app(folder)
        return _cdk_apps[folder]
    project = require_project(project_folder(request.path, request.config.rootpath), request.path)
    if project not in _cdk_apps:
        outdir = tmp_path_factory.mktemp("cdk_app")
        _cdk_apps[project] = run_app(project, outdir, validate=request.config.getoption("--cdk-validation"))
    return _cdk_apps[project]


@pytest.fixture
def template_snapshot(request: pytest.FixtureRequest) -> SnapshotAssertion:
    """Compare a template with one JSON file per test: ``assert template == template_snapshot``."""
    snapshot = _snapshot(request)
    from ecr_fargate_constructs.testing.snapshot import TemplateSnapshotExtension  # noqa: PLC0415

    return snapshot.use_extension(TemplateSnapshotExtension)


@pytest.fixture
def assert_logical_ids_stable(request: pytest.FixtureRequest) -> AssertLogicalIdsStable:
    """Fail if a stateful resource would get a new logical id, which replaces it."""
    from ecr_fargate_constructs.testing.logical_ids import AssertLogicalIdsStable  # noqa: PLC0415

    return AssertLogicalIdsStable(lambda: _snapshot(request))


@pytest.fixture(scope="module")
def assert_compliant(synthesize: Synthesize) -> AssertCompliant:
    """Fail with the cdk-nag findings that are not acknowledged."""
    from ecr_fargate_constructs.testing.compliance import AssertCompliant  # noqa: PLC0415

    return AssertCompliant(synthesize)


@pytest.fixture(scope="session")
def assert_no_replacement() -> Callable[..., None]:
    """Fail if an update from the old template to the new one would replace or interrupt a resource."""
    from ecr_fargate_constructs.testing.replacement import assert_no_replacement as function  # noqa: PLC0415

    return function


@pytest.fixture(scope="session")
def assert_traffic_rules_unchanged() -> Callable[..., None]:
    """Fail if an update would reset the weights of a rule with which ECS shifts traffic."""
    from ecr_fargate_constructs.testing.traffic_rules import (  # noqa: PLC0415
        assert_traffic_rules_unchanged as function,
    )

    return function


@pytest.fixture(scope="session")
def assert_valid() -> Callable[..., None]:
    """Fail on findings of aws-cdk-lib's built-in rules in a template, as errors."""
    from ecr_fargate_constructs.testing.validity import assert_valid as function  # noqa: PLC0415

    return function


def _snapshot(request: pytest.FixtureRequest) -> SnapshotAssertion:
    try:
        fixture: SnapshotAssertion = request.getfixturevalue("snapshot")
        from syrupy.assertion import SnapshotAssertion as SyrupySnapshot  # noqa: PLC0415
    except (ImportError, pytest.FixtureLookupError):
        raise pytest.UsageError(f"template snapshots are made by syrupy, which is not active: {_EXTRA}") from None
    if not isinstance(fixture, SyrupySnapshot):
        raise pytest.UsageError(f"the fixture `snapshot` is not syrupy's but {type(fixture).__name__}: rename yours")
    return fixture

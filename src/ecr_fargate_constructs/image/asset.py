"""The asset behind a built image: CDK's ``DockerImageAsset`` with everything that decides what is built."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs._tree import stack_of
from ecr_fargate_constructs.architecture import Architecture

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.image.build import ImageBuild
    from ecr_fargate_constructs.image.context import BuildContext

_OUTDIRS: WeakKeyDictionary[cdk.Stack, str] = WeakKeyDictionary()


def image_asset(parent: Construct, context: BuildContext, build: ImageBuild) -> ecr_assets.DockerImageAsset:
    """Make CDK's asset of a build context, as the child ``Asset`` of ``parent``."""
    return ecr_assets.DockerImageAsset(
        parent,
        "Asset",
        directory=str(context.directory),
        file=None if build.dockerfile == "Dockerfile" else build.dockerfile,
        target=build.target,
        build_args=build.args or None,
        build_secrets=build.secrets or None,
        build_ssh=build.ssh,
        build_contexts=build.contexts or None,
        cache_from=build.cache_from or None,
        cache_to=build.cache_to,
        cache_disabled=build.cache_disabled or None,
        exclude=[*build.exclude, *_output_inside(parent, context)],
        extra_hash=_extra_hash(build.extra_hash, context.executables),
        ignore_mode=cdk.IgnoreMode.DOCKER,
        invalidation=build.invalidation,
        network_mode=build.network_mode,
        outputs=build.outputs or None,
        platform=_platform(build.architecture),
        display_name=build.display_name,
    )


@cache
def _platform(architecture: Architecture) -> ecr_assets.Platform:
    arm = architecture is Architecture.ARM64
    return ecr_assets.Platform.LINUX_ARM64 if arm else ecr_assets.Platform.LINUX_AMD64


def _output_inside(scope: Construct, context: BuildContext) -> list[str]:
    """Keep the cloud assembly out of a build context that holds it, or it would be staged into itself."""
    relative = os.path.relpath(_outdir_of(stack_of(scope)), context.directory)
    return [] if relative.startswith("..") else [relative.replace(os.sep, "/").split("/")[0]]


def _outdir_of(stack: cdk.Stack) -> str:
    """Where the stage of a stack is written to."""
    known = _OUTDIRS.get(stack)
    if known is None:
        stage = cdk.Stage.of(stack)
        known = _OUTDIRS[stack] = stage.outdir if stage else "cdk.out"
    return known


def _extra_hash(given: str | None, executables: str | None) -> str | None:
    parts = [part for part in (given, executables and f"executables:{executables}") if part]
    return "\n".join(parts) or None

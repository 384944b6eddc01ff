"""The asset behind a built image: CDK's ``DockerImageAsset`` with everything that decides what is built."""

from __future__ import annotations

from functools import cache
from inspect import signature
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets

from ecr_fargate_constructs._cdk.site import path_of_construct
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.build_inputs import local_cache
from ecr_fargate_constructs.image.refused_image import forget_if_refused

if TYPE_CHECKING:
    from constructs import Construct

    from ecr_fargate_constructs.image.build import ImageBuild
    from ecr_fargate_constructs.image.context import BuildContext


def image_asset(
    parent: Construct, context: BuildContext, build: ImageBuild, *, construct_id: str = "Asset"
) -> ecr_assets.DockerImageAsset:
    """Make CDK's asset of a build context, as a child of ``parent``."""
    try:
        asset = _asset(parent, construct_id, context, build)
    except RuntimeError as error:
        if build.asset_name is None and "assetName" in str(error):
            raise ConfigurationError(
                "the stack's synthesizer requires a name for each image asset, and ImageBuild.asset_name is not set; "
                "give ImageBuild(asset_name=…), for example 'web'",
                path=path_of_construct(parent),
            ) from error
        raise
    forget_if_refused(parent, asset)
    return asset


def _asset(
    parent: Construct, construct_id: str, context: BuildContext, build: ImageBuild
) -> ecr_assets.DockerImageAsset:
    return ecr_assets.DockerImageAsset(
        parent,
        construct_id,
        directory=str(context.directory),
        asset_name=build.asset_name,
        file=None if context.dockerfile == "Dockerfile" else context.dockerfile,
        target=build.target,
        build_args=build.args or None,
        build_secrets=context.inputs.secrets or None,
        build_ssh=context.inputs.ssh,
        build_contexts=context.inputs.contexts or None,
        cache_from=[local_cache(option) for option in build.cache_from] or None,
        cache_to=None if build.cache_to is None else local_cache(build.cache_to),
        cache_disabled=build.cache_disabled or None,
        exclude=list(context.exclude),
        extra_hash=_extra_hash(context, build),
        follow_symlinks=build.follow_symlinks,
        ignore_mode=cdk.IgnoreMode.DOCKER,
        invalidation=_invalidation(context, build),
        network_mode=build.network_mode,
        outputs=build.outputs or None,
        platform=_platform(build.architecture),
        display_name=build.display_name,
    )


@cache
def _platform(architecture: Architecture) -> ecr_assets.Platform:
    arm = architecture is Architecture.ARM64
    return ecr_assets.Platform.LINUX_ARM64 if arm else ecr_assets.Platform.LINUX_AMD64


def _extra_hash(context: BuildContext, build: ImageBuild) -> str | None:
    counts = build.invalidation is None or build.invalidation.extra_hash is not False
    parts = [
        build.extra_hash if counts else None,
        context.executables and f"executables:{context.executables}",
        context.inputs.fingerprint and f"inputs:{context.inputs.fingerprint}",
    ]
    return "\n".join(part for part in parts if part) or None


def _invalidation(context: BuildContext, build: ImageBuild) -> ecr_assets.DockerImageAssetInvalidationOptions | None:
    """Return the options that CDK hashes: not those with absolute paths, whose content ``_extra_hash`` covers."""
    inputs, given = context.inputs, build.invalidation
    if given is None and not (inputs.secrets or inputs.contexts or inputs.ssh):
        return None
    options = ecr_assets.DockerImageAssetInvalidationOptions
    chosen = {} if given is None else {name: getattr(given, name) for name in _option_names()}
    fixed = {"build_secrets": False, "build_contexts": False, "build_ssh": False, "extra_hash": True}
    return options(**{**chosen, **fixed})


@cache
def _option_names() -> tuple[str, ...]:
    return tuple(signature(ecr_assets.DockerImageAssetInvalidationOptions).parameters)

"""How an image is built."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.checks import text_map
from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.image.secret_source import check_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aws_cdk as cdk
    from aws_cdk import aws_ecr_assets as ecr_assets

_NO_IMAGE = re.compile(r"(?:^|,)\s*type=(?:local|tar|cacheonly)\s*(?:,|$)")
"""Outputs of a build that are files or nothing, by "docker buildx build --output"."""


@typed
@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """Everything that decides what a build from a directory yields.

    Defaults: the directory's ``Dockerfile``, its last stage, x86-64.

    Attributes:
        dockerfile: Path of the Dockerfile inside the directory: relative to it, or absolute.
        target: Stage to build; default, the last one.
        args: Build arguments. They are stored in clear text in the cloud assembly and in the image's history, so names
            that look like secrets are refused; use ``secrets``.
        secrets: BuildKit secrets, id to source, for example ``{"npm": "src=.npmrc"}`` or ``{"npm": "env=NPM_TOKEN"}``.
            A relative path counts from the working directory of the process. The source counts in the image's hash, the
            secret itself does not.
        ssh: SSH agent socket or keys to forward, for example ``"default"`` or ``"default=keys/deploy"``.
        contexts: Further named build contexts, name to directory or reference, for example ``{"shared": "./shared"}``.
            A relative path counts from the working directory of the process. The content of a directory counts in the
            image's hash, without what its own ``.dockerignore`` excludes.
        architecture: What the image is built for, and what every task that uses it runs on; default, x86-64.
        cache_from: Cache backends to read.
        cache_to: Cache backend to write.
        cache_disabled: Build every layer anew; default, False.
        exclude: Patterns, in ``.dockerignore`` syntax, that neither travel to the build nor count in the image's hash,
            in addition to the ignore file: ``<dockerfile>.dockerignore``, or the directory's ``.dockerignore``.
        follow_symlinks: Links that are replaced by what they lead to; default, none, and links that leave the
            directory are refused.
        network_mode: Network of the ``RUN`` steps; default, the builder's own.
        extra_hash: More text that, when it changes, makes a new image.
        invalidation: Which of these options count in the image's hash; default, all of them.
        outputs: Outputs of the build command, for example ``["type=docker,rewrite-timestamp=true"]``.
        asset_name: Name of the asset, which synthesizers may ask for, as ``AppStagingSynthesizer`` does to name the
            repository that the copy starts from; default, none.
        display_name: What the CDK command line calls this image while it builds; default, ``asset_name``, or the
            construct's path.

    Raises:
        ConfigurationError: For a build argument that is not a string, holds a token or looks like a secret; for a
            secret or a named context that is a token, or a secret's source that BuildKit does not know; for a cache in
            a registry that names no image. What no builder takes in a Dockerfile is refused where it is built.
    """

    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    ssh: str | None = None
    contexts: Mapping[str, str] = field(default_factory=dict)
    architecture: Architecture = Architecture.X86_64
    cache_from: Sequence[ecr_assets.DockerCacheOption] = ()
    cache_to: ecr_assets.DockerCacheOption | None = None
    cache_disabled: bool = False
    exclude: Sequence[str] = ()
    follow_symlinks: cdk.SymlinkFollowMode | None = None
    network_mode: ecr_assets.NetworkMode | None = None
    extra_hash: str | None = None
    invalidation: ecr_assets.DockerImageAssetInvalidationOptions | None = None
    outputs: Sequence[str] = ()
    asset_name: str | None = None
    display_name: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work or would leak."""
        text_map("ImageBuild.args", self.args)
        text_map("ImageBuild.secrets", self.secrets)
        text_map("ImageBuild.contexts", self.contexts)
        if isinstance(self.exclude, str):
            raise ConfigurationError(f"ImageBuild.exclude={self.exclude!r} is one string; use [{self.exclude!r}]")
        if self.outputs and all(_NO_IMAGE.search(each) for each in self.outputs):
            raise ConfigurationError(
                f"ImageBuild.outputs={list(self.outputs)!r} leaves no image that could be pushed; add 'type=docker', "
                "or leave outputs out"
            )
        self._check_names()
        environment = ", or give the value to the container as environment"
        for option, values, instead in (
            ("args", self.args, environment),
            ("secrets", self.secrets, ""),
            ("contexts", self.contexts, ""),
        ):
            for name, value in values.items():
                if is_token(value):
                    raise ConfigurationError(
                        f"ImageBuild.{option}[{name!r}] is a CDK token, but the image is built before anything is "
                        f"deployed; pass a plain string{instead}"
                    )
        for name, value in self.secrets.items():
            check_secret(name, value)
        for name, value in self.args.items():
            if not seems_secret(name, value):
                continue
            raise ConfigurationError(
                f"ImageBuild.args[{name!r}] looks like a secret, and build arguments end up in clear text in "
                f"cdk.out and in the image's history; use secrets={{{name!r}: 'src=path/to/file'}} and "
                f"RUN --mount=type=secret,id={name}, or another name if it is none"
            )

    def _check_names(self) -> None:
        for name in self.args:
            if "=" in name or name.split() != [name]:
                raise ConfigurationError(
                    f"ImageBuild.args has the name {name!r}, and no ARG can have that; use the name of one in the "
                    "Dockerfile"
                )
        for option in (*self.cache_from, *(() if self.cache_to is None else (self.cache_to,))):
            if getattr(option, "type", "") == "registry" and not (option.params or {}).get("ref"):
                raise ConfigurationError(
                    "ImageBuild has a cache of the type registry without a ref, and builders refuse it; name an image, "
                    "for example params={'ref': 'registry.example.com/web:cache'}"
                )

"""The options of an image build."""

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
"""Outputs that leave files or nothing instead of an image, by "docker buildx build --output"."""


@typed
@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """Options of an image build from a directory.

    Defaults: the directory's ``Dockerfile``, its last stage, x86-64.

    Attributes:
        dockerfile: Path of the Dockerfile inside the directory: relative to it, or absolute; default, ``Dockerfile``.
        target: Stage to build; default, the last one.
        args: Build arguments; default, none. They are stored in clear text in the cloud assembly and in the image's
            history, so names that look like secrets are refused; use ``secrets``.
        secrets: BuildKit secrets, id to source, for example ``{"npm": "src=.npmrc"}`` or ``{"npm": "env=NPM_TOKEN"}``;
            default, none. A relative path is resolved against the working directory of the process. The source counts
            in the image's hash, the secret itself does not.
        ssh: SSH agent socket or keys to forward, for example ``"default"`` or ``"default=keys/deploy"``; default, none.
        contexts: Additional named build contexts, name to directory or reference, for example
            ``{"shared": "./shared"}``; default, none. A relative path is resolved against the working directory of the
            process. The content of a directory counts in the image's hash, except what its own ``.dockerignore``
            excludes.
        architecture: Architecture of the image and of every task that uses it; default, x86-64.
        architectures: Several architectures: the image is built once for each, and an index of them is put together in
            the repository. Tasks run ``architecture``, or that of ``PublishedImage.for_architecture``; default,
            ``architecture`` alone. The machine that builds needs emulation for the others, unless the Dockerfile
            compiles across.
        cache_from: Cache backends to read; default, none.
        cache_to: Cache backend to write; default, none.
        cache_disabled: Build every layer anew; default, False.
        exclude: Patterns in ``.dockerignore`` syntax, in addition to the ignore file: ``<dockerfile>.dockerignore``, or
            the directory's ``.dockerignore``. Excluded files are not sent to the build and do not count in the image's
            hash; default, none.
        follow_symlinks: Links to replace by their targets; default, none, and links that leave the directory are
            refused.
        network_mode: Network of the ``RUN`` steps; default, the builder's own.
        extra_hash: Additional text that counts in the image's hash; default, none.
        invalidation: The options that count in the image's hash; default, all of them.
        outputs: Outputs of the build command, for example ``["type=docker,rewrite-timestamp=true"]``; default, the
            builder's own.
        asset_name: Name of the asset, which some synthesizers require; ``AppStagingSynthesizer`` names the repository
            by it from which the image is copied; default, none.
        display_name: Name of the image in the output of the CDK command line; default, ``asset_name``, or the
            construct's path.

    Raises:
        ConfigurationError: A build argument is not a string, holds a token or looks like a secret; a secret or a named
            context is a token; a secret's source is not one that BuildKit accepts; or a registry cache names no image.
            The construct that builds the image refuses a Dockerfile that no builder accepts.
    """

    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    ssh: str | None = None
    contexts: Mapping[str, str] = field(default_factory=dict)
    architecture: Architecture = Architecture.X86_64
    architectures: Sequence[Architecture] = ()
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
        text_map("ImageBuild.args", self.args)
        text_map("ImageBuild.secrets", self.secrets)
        text_map("ImageBuild.contexts", self.contexts)
        if isinstance(self.exclude, str):
            raise ConfigurationError(
                f"ImageBuild.exclude={self.exclude!r} is a string, not a list; use [{self.exclude!r}]"
            )
        if self.outputs and all(_NO_IMAGE.search(each) for each in self.outputs):
            raise ConfigurationError(
                f"ImageBuild.outputs={list(self.outputs)!r} produces no image to push; add 'type=docker', or omit "
                "outputs"
            )
        self._check_names()
        self._check_architectures()
        environment = ", or set the value in the container's environment"
        for option, values, instead in (
            ("args", self.args, environment),
            ("secrets", self.secrets, ""),
            ("contexts", self.contexts, ""),
        ):
            for name, value in values.items():
                if is_token(value):
                    raise ConfigurationError(
                        f"ImageBuild.{option}[{name!r}] is a CDK token, but the image is built before the deployment "
                        f"resolves it; use a plain string{instead}"
                    )
        for name, value in self.secrets.items():
            check_secret(name, value)
        for name, value in self.args.items():
            if not seems_secret(name, value):
                continue
            raise ConfigurationError(
                f"ImageBuild.args[{name!r}] looks like a secret, and build arguments are stored in clear text in "
                f"cdk.out and in the image's history; use secrets={{{name!r}: 'src=path/to/file'}} and "
                f"RUN --mount=type=secret,id={name}, or rename the argument if it is not a secret"
            )

    def _check_architectures(self) -> None:
        names = [each.name for each in self.architectures]
        if len(set(names)) < len(names):
            raise ConfigurationError(f"ImageBuild.architectures has {', '.join(names)}; name each once")
        if self.architectures and self.architecture not in self.architectures:
            raise ConfigurationError(
                f"ImageBuild.architectures has {', '.join(names)}, but tasks run architecture="
                f"{self.architecture.name}; set architecture to one of them"
            )

    @property
    def built_for(self) -> tuple[Architecture, ...]:
        """The architectures that are built, each once, in the order of their names."""
        return tuple(sorted(self.architectures or (self.architecture,), key=lambda each: each.value))

    def _check_names(self) -> None:
        for name in self.args:
            if "=" in name or name.split() != [name]:
                raise ConfigurationError(
                    f"ImageBuild.args has the name {name!r}, which is not the name of a build argument; use a name "
                    "that the Dockerfile declares with ARG"
                )
        for option in (*self.cache_from, *(() if self.cache_to is None else (self.cache_to,))):
            if getattr(option, "type", "") == "registry" and not (option.params or {}).get("ref"):
                raise ConfigurationError(
                    "ImageBuild has a cache of type registry without a ref, which builders refuse; name an image, "
                    "for example params={'ref': 'registry.example.com/web:cache'}"
                )

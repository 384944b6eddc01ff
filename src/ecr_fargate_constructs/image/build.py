"""How an image is built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs._checks import looks_secret, text_map
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs._types import typed
from ecr_fargate_constructs.architecture import Architecture
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_ecr_assets as ecr_assets


@typed
@dataclass(frozen=True, kw_only=True)
class ImageBuild:
    """Everything that decides what a build from a directory yields.

    Defaults: the directory's ``Dockerfile``, its last stage, x86-64.

    Attributes:
        dockerfile: Path of the Dockerfile inside the directory.
        target: Stage to build; left out, the last one.
        args: Build arguments. They are stored in clear text in the cloud assembly and in the image's history, so names
            that look like secrets are refused; use ``secrets``.
        secrets: BuildKit secrets, id to source, for example ``{"npm": "src=.npmrc"}``.
        ssh: SSH agent socket or keys to forward, for example ``"default"``.
        contexts: Further named build contexts, name to path or reference.
        architecture: What the image is built for, and what every task that uses it runs on.
        cache_from: Cache backends to read.
        cache_to: Cache backend to write.
        cache_disabled: Build every layer anew.
        exclude: Patterns, in ``.dockerignore`` syntax, that neither travel to the build nor count in the image's hash,
            in addition to the directory's ``.dockerignore``.
        network_mode: Network of the ``RUN`` steps; left out, the builder's own default.
        extra_hash: More text that, when it changes, makes a new image.
        invalidation: Which of these options count in the image's hash; left out, all of them.
        outputs: Outputs of the build command, for example ``["type=docker,rewrite-timestamp=true"]``.
        display_name: What the CDK command line calls this image while it builds.

    Raises:
        ConfigurationError: For a build argument that is not a string, holds a token or looks like a secret.
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
    network_mode: ecr_assets.NetworkMode | None = None
    extra_hash: str | None = None
    invalidation: ecr_assets.DockerImageAssetInvalidationOptions | None = None
    outputs: Sequence[str] = ()
    display_name: str | None = None

    def __post_init__(self) -> None:
        """Refuse build arguments that cannot work or would leak."""
        text_map("ImageBuild.args", self.args)
        text_map("ImageBuild.secrets", self.secrets)
        text_map("ImageBuild.contexts", self.contexts)
        if isinstance(self.exclude, str):
            raise ConfigurationError(f"ImageBuild.exclude={self.exclude!r} is one string; use [{self.exclude!r}]")
        for name, value in self.args.items():
            if is_token(value):
                raise ConfigurationError(
                    f"ImageBuild.args[{name!r}] is a CDK token, but the image is built before anything is deployed; "
                    "pass a plain string, or give the value to the container as environment"
                )
            if looks_secret(name):
                raise ConfigurationError(
                    f"ImageBuild.args[{name!r}] looks like a secret, and build arguments end up in clear text in "
                    f"cdk.out and in the image's history; use secrets={{{name!r}: 'src=path/to/file'}} and "
                    f"RUN --mount=type=secret,id={name}, or another name if it is none"
                )

"""Names of images in registries. Pure: no CDK objects."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:(?P<registry>localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\d))(?P<port>:\d+)?/)?"
    rf"{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DOCKER_HUB = "docker.io"
_DOCKER_HUBS = {_DOCKER_HUB, "index.docker.io", "registry-1.docker.io"}


@dataclass(frozen=True, kw_only=True)
class ImageReference:
    """A public image's name, parsed as container engines do."""

    registry: str
    name: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str, *, name: str) -> ImageReference:
        """Parse ``text``, the value of the option ``name``."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise ConfigurationError(
                f"{name}={text!r} is not the name of an image; use [registry/]name[:tag][@digest] in lower case, "
                "for example 'public.ecr.aws/nginx/nginx:1.29'"
            )
        registry = (match["registry"] or "") + (match["port"] or "")
        rest = match["name"].removeprefix(f"{registry}/") if registry else match["name"]
        registry = registry or _DOCKER_HUB
        if registry in _DOCKER_HUBS and "/" not in rest:
            rest = f"library/{rest}"
        return cls(registry=registry, name=rest, tag=match["tag"], digest=match["digest"])

    @property
    def full_name(self) -> str:
        """The name with its registry; by digest if there is one, because copying tools refuse a tag beside it."""
        version = f"@{self.digest}" if self.digest else f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.name}{version}"

    @property
    def on_docker_hub(self) -> bool:
        """True if Docker Hub serves the image, with its limit for anonymous pulls."""
        return self.registry in _DOCKER_HUBS

    @property
    def pinned(self) -> bool:
        """True if the name has a version: a digest, or a tag other than ``latest``."""
        return self.digest is not None or self.tag not in {None, "latest"}


def check_tag(tag: str, *, name: str) -> None:
    """Refuse a text that cannot be a tag; a CDK token passes.

    Raises:
        ConfigurationError: ``tag``, the value of the option ``name``, is not a tag.
    """
    if not is_token(tag) and not _TAG.fullmatch(tag):
        raise ConfigurationError(
            f"{name}={tag!r} is not an image tag; use up to 128 letters, digits, '_', '.' and '-', and begin with a "
            "letter, a digit or '_'"
        )

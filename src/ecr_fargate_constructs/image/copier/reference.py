"""Names of images, and their registries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import CopyError

_SUFFIXES = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
)
"""Domains of AWS's partitions: ECR's login is sent to no other domain."""

_DUAL_STACK = ("on.aws", "on.amazonwebservices.com.cn", "on.amazonwebservices.eu")
_ECR = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\."
    rf"(?:{'|'.join(map(re.escape, _SUFFIXES))})"
)
_ECR_DUAL_STACK = re.compile(
    r"(?P<account>[0-9]{12})\.dkr-ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\."
    rf"(?:{'|'.join(map(re.escape, _DUAL_STACK))})"
)
_LOOPBACK = re.compile(r"(localhost|127(\.[0-9]+){3}|\[::1\])(:[0-9]+)?")
_DOCKER_HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass(frozen=True)
class Reference:
    """An image's full name, such as ``public.ecr.aws/nginx/nginx:1.29@sha256:…``.

    Attributes:
        host: Host name of the registry, with its port.
        repository: Name of the repository.
        tag: The tag; None if the name has only a digest.
        digest: The digest; None if the name has only a tag.
    """

    host: str
    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a full name, registry included."""
        host, slash, path = text.partition("/")
        path, _, digest = path.partition("@")
        repository, colon, tag = path.rpartition(":")
        if not colon:
            repository, tag = path, ""
        if not slash or not repository or not (tag or digest):
            raise CopyError(f"{text!r} is not the full name of an image; use registry/repository:tag, or @digest")
        return cls(_DOCKER_HUB.get(host, host), repository, tag or None, digest or None)

    @property
    def ecr_region(self) -> str | None:
        """The region of an ECR registry; None for other registries."""
        match = _ECR.fullmatch(self.host) or _ECR_DUAL_STACK.fullmatch(self.host)
        return None if match is None else match["region"]

    @property
    def scheme(self) -> str:
        """``https``, except for a registry on this machine."""
        return "http" if _LOOPBACK.fullmatch(self.host) else "https"

    @property
    def version(self) -> str:
        """The digest, or the tag if the name has no digest: the version to request from the registry."""
        return self.digest or self.tag or ""

    def __str__(self) -> str:
        tag, digest = f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"

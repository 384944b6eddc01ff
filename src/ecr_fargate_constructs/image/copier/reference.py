"""Names of images, and the registries they stand for."""

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
"""Domains of AWS's partitions: a login for ECR goes to no other."""

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
        host: Host name of the registry that answers, with its port.
        repository: Name of the repository there.
        tag: The tag; None when only a digest is named.
        digest: The digest; None when only a tag is named.
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
            raise CopyError(f"{text!r} is not the full name of an image: registry/repository:tag, or @digest")
        return cls(_DOCKER_HUB.get(host, host), repository, tag or None, digest or None)

    @property
    def ecr_region(self) -> str | None:
        """The region of an ECR registry; None for registries of others."""
        found = _ECR.fullmatch(self.host) or _ECR_DUAL_STACK.fullmatch(self.host)
        return None if found is None else found["region"]

    @property
    def scheme(self) -> str:
        """``https``, but for a registry on this machine."""
        return "http" if _LOOPBACK.fullmatch(self.host) else "https"

    @property
    def version(self) -> str:
        """What to ask the registry for: the digest where one is named."""
        return self.digest or self.tag or ""

    def __str__(self) -> str:
        """The full name."""
        tag, digest = f":{self.tag}" if self.tag else "", f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"

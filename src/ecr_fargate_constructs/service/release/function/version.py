"""Versions of an application, and the history of those whose command has succeeded. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS = ("image", "entryPoint", "environment", "environmentFiles", "secrets", "user", "workingDirectory")
"""Properties that a command can see of its container: the image, and its configuration."""

_KEPT = 150
"""Versions; a parameter has at most 4096 characters."""


def version_of(container: Mapping[str, Any], command: Sequence[str]) -> str:
    """Return the version that a container's definition and a command make.

    ECS returns variables and secrets in any order.
    """
    seen: dict[str, Any] = {"command": list(command)}
    for name in _FIELDS:
        value = container.get(name)
        if value:
            seen[name] = (
                sorted(value, key=json.dumps) if name in {"environment", "environmentFiles", "secrets"} else value
            )
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class History:
    """The versions whose command has succeeded, the latest one last.

    Attributes:
        versions: The versions, each once.
    """

    versions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> History:
        """Read the value of the parameter; None if there is none yet."""
        return cls(tuple(text.split(","))) if text else cls()

    def render(self) -> str:
        """Return the value of the parameter."""
        return ",".join(self.versions)

    def with_version(self, version: str) -> History:
        """Return the history after the command of a version has succeeded."""
        return History((*(each for each in self.versions if each != version), version)[-_KEPT:])

    def is_due(self, version: str, *, again: bool) -> bool:
        """Return whether the command has to run for a version.

        Args:
            version: The version that is deployed.
            again: Whether an earlier version runs its command again.
        """
        if again:
            return self.versions[-1:] != (version,)
        return version not in self.versions

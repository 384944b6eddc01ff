"""What can be put into the embedded AWS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
"""What Secrets Manager adds to a secret's name in its ARN."""


@dataclass(frozen=True)
class Zone:
    """A hosted zone of Route 53.

    Attributes:
        name: Its domain, without the last dot.
        identifier: Its id, such as ``Z0123456789EXAMPLE``; None when any will do.
        vpc: Id of the VPC in which it is private; None for a public one.
    """

    name: str
    identifier: str | None = None
    vpc: str | None = None


@dataclass(frozen=True)
class Seeds:
    """Resources that no stack of the app makes.

    Attributes:
        secrets: Name or ARN of a secret to its value.
        parameters: Name of an SSM parameter to its value; one of several texts is a ``StringList``.
        zones: Hosted zones.
        images: Repository and tag to the engine's name of the image that goes there; empty when there is none.
        vpcs: Names of VPCs, by their tag ``Name``.
        stubs: Whether the values are made up: they stand only where there is nothing yet.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    zones: tuple[Zone, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    vpcs: tuple[str, ...] = ()
    stubs: bool = False

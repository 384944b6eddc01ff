"""The resources that seed files and stubs describe."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
"""The suffix that Secrets Manager adds to a secret's name in its ARN."""


@dataclass(frozen=True)
class Zone:
    """A hosted zone of Route 53.

    Attributes:
        name: Its domain, without the last dot.
        identifier: Its id, such as ``Z0123456789EXAMPLE``; None for any id.
        vpc: Id of the VPC in which it is private; None for a public one.
    """

    name: str
    identifier: str | None = None
    vpc: str | None = None


@dataclass(frozen=True)
class Seeds:
    """Resources that no stack of the app creates.

    Attributes:
        secrets: Values of secrets, by name or ARN.
        parameters: Values of SSM parameters, by name; a tuple is a ``StringList``.
        zones: Hosted zones.
        images: The engine's image for each repository and tag; empty if there is none.
        vpcs: Names of VPCs, in their tag ``Name``.
        findings: For the digest of an image: the severity of each finding, by its name, or the status of a scan that
            did not complete.
        signatures: For ``REPOSITORY@DIGEST``: the ARNs of the profiles with which ECR has signed the image.
        stubs: Whether the values are made up: they never replace an existing value.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    zones: tuple[Zone, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    vpcs: tuple[str, ...] = ()
    findings: Mapping[str, Mapping[str, str] | str] = field(default_factory=dict)
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stubs: bool = False

"""Warnings with stable ids, so that a user can acknowledge each by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from constructs import IConstruct


def warn(construct: IConstruct, name: str, message: str) -> None:
    """Add a warning with the id ``ecr-fargate-constructs:<name>``; ids are public API.

    Users silence one with ``cdk.Annotations.of(construct).acknowledge_warning(id)``.
    """
    cdk.Annotations.of(construct).add_warning_v2(f"ecr-fargate-constructs:{name}", message)

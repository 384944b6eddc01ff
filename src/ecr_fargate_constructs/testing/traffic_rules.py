"""Listener rules whose weights ECS changes: no update may reset them unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.testing.templates import as_data
from ecr_fargate_constructs.tools.assembly.traffic import traffic_changes

if TYPE_CHECKING:
    from collections.abc import Collection

    from ecr_fargate_constructs.testing.templates import TemplateLike


def assert_traffic_rules_unchanged(old: TemplateLike, new: TemplateLike, *, allow: Collection[str] = ()) -> None:
    """Raise an ``AssertionError`` if an update would reset the weights of a rule that ECS has changed.

    It checks services with blue/green, canary or linear deployments, and rolling ones that are ready for them: their
    production rule, and replacements of their target groups. Rules for test traffic are not checked.

    Args:
        old: The template that is deployed.
        new: The template to deploy.
        allow: Logical ids of services for which it is intended; default, none.
    """
    __tracebackhide__ = True
    refused = [change for change in traffic_changes(as_data(old), as_data(new)) if change.service not in allow]
    if refused:
        services = ", ".join(dict.fromkeys(change.service for change in refused))
        lines = [
            f"this update would reset the traffic of {services}, which may be in the other target group:",
            *(f"  {change}" for change in refused),
            "deploy until the running version is in the first target group, then this change alone",
        ]
        raise AssertionError("\n".join(lines))

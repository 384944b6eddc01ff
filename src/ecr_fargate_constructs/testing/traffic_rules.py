"""Rules whose weights ECS holds: no update may touch them unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.testing.templates import as_data
from ecr_fargate_constructs.tools.assembly.traffic import traffic_changes

if TYPE_CHECKING:
    from collections.abc import Collection

    from ecr_fargate_constructs.testing.templates import TemplateLike


def assert_traffic_rules_unchanged(old: TemplateLike, new: TemplateLike, *, allow: Collection[str] = ()) -> None:
    """Raise an ``AssertionError`` when an update would send the weights of a rule again that ECS has moved.

    Looked at are services with blue/green, canary or linear deployments, and rolling ones that are ready for them:
    their production rule, and whether their target groups would be replaced. Rules of test traffic are not.

    Args:
        old: The template that is deployed.
        new: The template that would be.
        allow: Logical ids of services for which it is meant; none by default.
    """
    __tracebackhide__ = True
    found = [change for change in traffic_changes(as_data(old), as_data(new)) if change.service not in allow]
    if found:
        services = ", ".join(dict.fromkeys(change.service for change in found))
        lines = [
            f"this update would reset the traffic of {services}, which may be in the other target group:",
            *(f"  {change}" for change in found),
            "deploy until the running version is in the first target group, then this change alone",
        ]
        raise AssertionError("\n".join(lines))

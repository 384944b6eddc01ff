"""Errors that CloudFormation would report for a template, in a fraction of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.testing.engine import diagnostics
from ecr_fargate_constructs.testing.templates import as_data

if TYPE_CHECKING:
    from collections.abc import Collection

    from ecr_fargate_constructs.testing.templates import TemplateLike

_AS_ERRORS = ("FATAL", "ERROR")


def assert_valid(template: TemplateLike, *, ignore: Collection[str] = ()) -> None:
    """Raise an ``AssertionError`` with the findings of aws-cdk-lib's built-in rules, as errors.

    The rules are those of ``cdk synth`` with the flag ``@aws-cdk/core:validateAgainstDefaultRules``; they run in this
    process, without a synthesis. Their warnings are not reported.

    Args:
        template: The template.
        ignore: Ids of rules that do not count, for example ``"E3012"``; default, none.
    """
    __tracebackhide__ = True
    lines = [
        f"  {finding.rule_id} {finding.entity.logical_id} ({finding.entity.resource_type})"
        f" {finding.property_path.removeprefix('Properties.')}: {finding.message}"
        if finding.entity
        else f"  {finding.rule_id} {finding.message}"
        for finding in diagnostics(as_data(template))
        if finding.severity.name in _AS_ERRORS and finding.rule_id not in ignore
    ]
    if lines:
        raise AssertionError("\n".join([f"CloudFormation would refuse this template, {len(lines)} times:", *lines]))

"""Validation plugins as a type checker sees them: read by mypy and pyright, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from typing_extensions import assert_type

from ecr_fargate_constructs import DoctorPlugin

if TYPE_CHECKING:
    from collections.abc import Sequence


def checked(app: cdk.App, stage: cdk.Stage) -> Sequence[cdk.IPolicyValidationPlugin]:
    """An app and a stage with the doctor's rules."""
    plugin = DoctorPlugin()
    cdk.Validations.of(app).add_plugins(plugin)
    cdk.Validations.of(stage).add_plugins(plugin, DoctorPlugin())
    assert_type(plugin.rule_ids, list[str])
    assert_type(plugin.name + plugin.version, str)
    return [plugin]

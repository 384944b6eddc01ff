"""A pytest plugin for every CDK app: fixtures, and the assertions behind them.

``pip install ecr-fargate-constructs[testing]`` registers it. It does not depend on this package's constructs, and
imports ``aws_cdk`` when a test first needs a template. Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs.testing.cdk_app import CdkApp
    from ecr_fargate_constructs.testing.compliance import AssertCompliant
    from ecr_fargate_constructs.testing.logical_ids import STATEFUL_TYPES, AssertLogicalIdsStable
    from ecr_fargate_constructs.testing.normalisation import normalised
    from ecr_fargate_constructs.testing.replacement import Effect, Update, assert_no_replacement, updates
    from ecr_fargate_constructs.testing.service import ServiceAssertions, service_in
    from ecr_fargate_constructs.testing.snapshot import TemplateSnapshotExtension
    from ecr_fargate_constructs.testing.synthesis import Synthesize
    from ecr_fargate_constructs.testing.traffic_rules import assert_traffic_rules_unchanged
    from ecr_fargate_constructs.testing.validity import assert_valid

__all__ = [
    "STATEFUL_TYPES",
    "AssertCompliant",
    "AssertLogicalIdsStable",
    "CdkApp",
    "Effect",
    "ServiceAssertions",
    "Synthesize",
    "TemplateSnapshotExtension",
    "Update",
    "assert_no_replacement",
    "assert_traffic_rules_unchanged",
    "assert_valid",
    "normalised",
    "service_in",
    "updates",
]

_MODULES = {
    "STATEFUL_TYPES": "logical_ids",
    "AssertCompliant": "compliance",
    "AssertLogicalIdsStable": "logical_ids",
    "CdkApp": "cdk_app",
    "Effect": "replacement",
    "ServiceAssertions": "service",
    "Synthesize": "synthesis",
    "TemplateSnapshotExtension": "snapshot",
    "Update": "replacement",
    "assert_no_replacement": "replacement",
    "assert_traffic_rules_unchanged": "traffic_rules",
    "assert_valid": "validity",
    "normalised": "normalisation",
    "service_in": "service",
    "updates": "replacement",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]

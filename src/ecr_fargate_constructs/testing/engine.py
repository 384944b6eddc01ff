"""CloudFormation's validation engine, the one that aws-cdk-lib runs at synthesis, in this process."""

from __future__ import annotations

import atexit
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import cloudformation_validate

Path: TypeAlias = tuple[str, ...]
_CREATE_ONLY = "I9001"  # "updating it will (or may) cause resource replacement"
_CONDITIONALLY = "conditionally create-only"
# Rules that aws-cdk-lib excludes from its own run of the engine: a contract test compares this with the CDK in use.
IGNORED_RULES = ("W3005", "W1020", "E1018", "W9002", "W9013", "W1103")


def create_only_properties(template: Mapping[str, Any]) -> dict[str, dict[Path, bool]]:
    """Return, of each resource, the properties that it sets and that only its creation can set.

    The value is True if a change always replaces the resource; for some properties it depends on the values.
    """
    properties: dict[str, dict[Path, bool]] = {}
    for diagnostic in _schemas().validate(_content(template)):
        if diagnostic.rule_id == _CREATE_ONLY:
            path = tuple(diagnostic.property_path.split("."))[1:]
            properties.setdefault(diagnostic.entity.logical_id, {})[path] = _CONDITIONALLY not in diagnostic.message
    return properties


def diagnostics(template: Mapping[str, Any]) -> list[cloudformation_validate.Diagnostic]:
    """Return the findings of the built-in rules, including warnings, with aws-cdk-lib's settings."""
    module = _module()
    config = module.ValidateConfig(
        exclude=module.RuleFilterConfig(ids=list(IGNORED_RULES)),
        detail_level=module.DetailLevel.STANDARD,
        severity_level=module.Severity.WARN,
    )
    return list(_rules().validate_template(_content(template), config).diagnostics)


def _content(template: Mapping[str, Any]) -> cloudformation_validate.TemplateContent:
    return _module().TemplateContent(json.dumps(template))


@lru_cache
def _schemas() -> cloudformation_validate.SchemaValidator:
    atexit.register(_schemas.cache_clear)  # its destructor fails late in the shutdown of the interpreter
    return _module().SchemaValidator()


@lru_cache
def _rules() -> cloudformation_validate.CompositeEngine:
    atexit.register(_rules.cache_clear)
    return _module().CompositeEngine()


@lru_cache
def _module() -> Any:  # noqa: ANN401 - a module
    try:
        import cloudformation_validate as module  # noqa: PLC0415
    except ImportError as error:
        raise ImportError(
            "the package cloudformation-validate is missing: pip install 'ecr-fargate-constructs[testing]'"
        ) from error
    return module

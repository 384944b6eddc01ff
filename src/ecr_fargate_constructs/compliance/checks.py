"""Rule packs as validation plugins of an app, and what its constructs acknowledge."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk
import cdk_nag

from ecr_fargate_constructs.compliance.report import Acknowledgement, Inventory
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

Pack: TypeAlias = Callable[[cdk.App], cdk.IPolicyValidationPlugin]
"""A class of cdk-nag, such as ``cdk_nag.HIPAASecurityChecks``, or what else makes a validation plugin from an app."""

ALL_PACKS: tuple[Pack, ...] = (
    cdk_nag.AwsSolutionsChecks,
    cdk_nag.HIPAASecurityChecks,
    cdk_nag.NIST80053R4Checks,
    cdk_nag.NIST80053R5Checks,
    cdk_nag.PCIDSS321Checks,
    cdk_nag.ServerlessChecks,
)
"""The six of cdk-nag: what ``Posture.REGULATED`` is made for."""

DEFAULT_PACKS: tuple[Pack, ...] = (cdk_nag.AwsSolutionsChecks,)
"""AwsSolutions."""


def enable(app: cdk.App, *, packs: Sequence[Pack] = DEFAULT_PACKS) -> list[cdk.IPolicyValidationPlugin]:
    """Have ``app.synth()`` fail on every finding of rule packs that nobody acknowledged.

    To be called before the synthesis. The findings stand in ``cdk.out/validation-report.json``, those that are
    acknowledged too, with their reasons.

    Args:
        app: Any CDK app.
        packs: Rule packs, at least one; left out, ``cdk_nag.AwsSolutionsChecks``.

    Returns:
        The plugins, whose names the report has.

    Raises:
        ConfigurationError: No pack is given.
    """
    if not packs:
        raise ConfigurationError("packs is empty; give at least one, for example packs=[cdk_nag.AwsSolutionsChecks]")
    plugins = [pack(app) for pack in packs]
    cdk.Validations.of(app).add_plugins(*plugins)
    return plugins


def inventory(app: cdk.App) -> Inventory:
    """Every acknowledgement in the app: by this library, by CDK itself and by the app's own code.

    Acknowledged warnings are among them, under the ids that CDK gives them (``Annotation::…``).
    """
    key = cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
    found = {
        Acknowledgement(construct.node.path, rule, reason or "")
        for construct in app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == key
        for rule, reason in entry.data.items()
    }
    return Inventory(tuple(sorted(found)))

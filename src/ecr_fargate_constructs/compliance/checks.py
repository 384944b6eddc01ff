"""Rule packs as validation plugins of an app, and the acknowledgements of its constructs."""

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
"""A class of cdk-nag, such as ``cdk_nag.HIPAASecurityChecks``, or a function from an app to a validation plugin."""

ALL_PACKS: tuple[Pack, ...] = (
    cdk_nag.AwsSolutionsChecks,
    cdk_nag.HIPAASecurityChecks,
    cdk_nag.NIST80053R4Checks,
    cdk_nag.NIST80053R5Checks,
    cdk_nag.PCIDSS321Checks,
    cdk_nag.ServerlessChecks,
)
"""The six rule packs of cdk-nag, which ``Posture.REGULATED`` satisfies."""

DEFAULT_PACKS: tuple[Pack, ...] = (cdk_nag.AwsSolutionsChecks,)
"""AwsSolutions."""


def enable(app: cdk.App, *, packs: Sequence[Pack] = DEFAULT_PACKS) -> list[cdk.IPolicyValidationPlugin]:
    """Make ``app.synth()`` fail on every finding of rule packs that is not acknowledged.

    Call it before the synthesis. The findings are in ``cdk.out/validation-report.json``, including the acknowledged
    ones with their reasons.

    Args:
        app: Any CDK app.
        packs: Rule packs, at least one; default, ``cdk_nag.AwsSolutionsChecks``.

    Returns:
        The plugins, whose names are in the report.

    Raises:
        ConfigurationError: No pack is given.
    """
    if not packs:
        raise ConfigurationError("packs is empty; give at least one, for example packs=[cdk_nag.AwsSolutionsChecks]")
    plugins = [pack(app) for pack in packs]
    cdk.Validations.of(app).add_plugins(*plugins)
    return plugins


def inventory(app: cdk.App) -> Inventory:
    """Return every acknowledgement in the app: of this library, of CDK itself and of the app's own code.

    Acknowledged warnings are included, under CDK's ids (``Annotation::…``).
    """
    key = cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
    acknowledgements = {
        Acknowledgement(construct.node.path, rule, reason or "")
        for construct in app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == key
        for rule, reason in entry.data.items()
    }
    return Inventory(tuple(sorted(acknowledgements)))

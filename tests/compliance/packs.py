"""Rule packs of cdk-nag on an app: what they find, what is acknowledged, and what of that was needed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs.compliance import ALL_PACKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ecr_fargate_constructs.compliance import Pack

NAMES = ("AwsSolutions", "HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321", "Serverless")
"""As reports have them, in the order of ``ALL_PACKS``."""


@dataclass(frozen=True)
class Checked:
    """An app after rule packs; rules have their packs before them, ``AwsSolutions::AwsSolutions-VPC7``."""

    found: list[tuple[str, str]]
    """Path of a construct and rule."""
    acknowledged: set[tuple[str, str]]
    """Construct and rule of the acknowledgements that were needed."""
    suppressed: list[tuple[str, str]]
    """Path of a construct and rule, of each finding that was acknowledged."""


def pack(name: str) -> Pack:
    """A rule pack by its name."""
    return ALL_PACKS[NAMES.index(name)]


def check_each_is_needed(recorded: Mapping[tuple[str, str], str], checked: Checked) -> None:
    """Each acknowledgement is of one finding, and no finding has two: whichever is taken away, its finding is back."""
    assert set(recorded) <= checked.acknowledged
    covering = [
        ((at, rule), path)
        for at, rule in recorded
        for path, found in set(checked.suppressed)
        if rule == found and (path == at or path.startswith(f"{at}/"))
    ]
    assert sorted(acknowledgement for acknowledgement, _ in covering) == sorted(recorded)
    assert len({(path, rule) for (_, rule), path in covering}) == len(covering)


def recorded(app: cdk.App) -> dict[tuple[str, str], str]:
    """All that the constructs of an app recorded, an example's own included: construct and rule to reason."""
    return {
        (construct.node.path, rule): reason
        for construct in app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
        for rule, reason in entry.data.items()
        if rule.partition("::")[0] in NAMES
    }


def check(app: cdk.App, outdir: Path, packs: Sequence[str] = NAMES) -> Checked:
    """Synthesize the app with rule packs."""
    cdk.Validations.of(app).add_plugins(*[pack(name)(app) for name in packs])
    app.synth()
    file = outdir / "validation-report.json"
    report = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"pluginReports": []}
    # By name: an example may have enabled packs itself. One that finds nothing leaves no report.
    plugins = {each["pluginName"]: each for each in report["pluginReports"] if each["pluginName"] in packs}
    suppressed = [(name, each) for name, plugin in plugins.items() for each in plugin.get("suppressedViolations", [])]
    return Checked(
        found=[
            (place["constructPath"], f"{name}::{each['ruleName']}")
            for name, plugin in plugins.items()
            for each in plugin["violations"]
            for place in each["violatingConstructs"]
        ],
        acknowledged={(each["acknowledgedAt"], each["acknowledgedId"]) for _, each in suppressed},
        suppressed=[
            (place["constructPath"], each["acknowledgedId"])
            for _, each in suppressed
            for place in each["violatingConstructs"]
        ],
    )

"""The rules of ``ecr-fargate doctor`` as a validation plugin of CDK."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.assembly.source_lines import line_of_app, source_lines
from ecr_fargate_constructs.tools.assembly.stacks import missing_context
from ecr_fargate_constructs.tools.doctor.diagnosis import diagnose
from ecr_fargate_constructs.tools.doctor.places import relative
from ecr_fargate_constructs.tools.doctor.registry import RULES
from ecr_fargate_constructs.tools.doctor.rule import Severity, UpdateRule
from ecr_fargate_constructs.tools.doctor.rules.synthesis_failed import SynthesisFailed
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ecr_fargate_constructs.tools.assembly.model import Resource
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_NAME = "ecr-fargate doctor"
"""The prefix of the rules in acknowledgements is this name, in which CDK writes a hyphen for the space."""

_RULES = tuple(rule for rule in RULES if not isinstance(rule, (SynthesisFailed, UpdateRule)))
"""CDK itself reports a failed synthesis, and no synthesis knows what is deployed."""


@jsii.implements(cdk.IPolicyValidationPlugin)
class DoctorPlugin:
    """Check every synthesis of a CDK app with the rules of ``ecr-fargate doctor``.

    ``cdk.Validations.of(app).add_plugins(DoctorPlugin())`` adds the plugin to any CDK app, or to one stage of it; it
    needs no construct of this library. An error makes ``cdk synth`` and ``cdk deploy`` fail, a warning does not, except
    with ``--strict``. CDK prints the findings, writes them to ``validation-report.json`` in ``cdk.out``, and shows
    them in ``cdk validate`` and, through ``cdk lsp``, in editors. Each has the path of its construct and, after
    ``cdk synth --debug-app``, the source line that created it.

    Acknowledge a finding with ``cdk.Validations.of(construct).acknowledge(…)`` and the id ``ecr-fargate-doctor::``
    followed by the rule. The plugin and the command both respect it.

    Not checked are ``synthesis-failed``, since CDK itself reports it, and the rules about updates, which need
    ``ecr-fargate doctor --against``. While context is missing, nothing is checked, because the templates contain
    dummy values: ``cdk synth`` looks the context up and synthesizes again.

    Source: https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html
    """

    @property
    def name(self) -> str:
        """Name of the plugin in reports: ``ecr-fargate doctor``."""
        return _NAME

    @property
    def version(self) -> str:
        """Version of this library."""
        return version("ecr-fargate-constructs")

    @property
    def rule_ids(self) -> list[str]:
        """Ids of the rules that the plugin checks."""
        return [rule.id for rule in _RULES]

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Check the stacks of the app, or of the stage, that the plugin was added to. CDK calls this method.

        Args:
            context: The synthesized templates, and the app.
        """
        root = context.app_construct
        assert isinstance(root, cdk.Stage)  # noqa: S101 - CDK validates apps only
        folder = Path(root.outdir)
        stacks = [each.stack_construct_path for each in context.stack_templates]
        try:
            missing = missing_context(folder)
            if missing:
                return cdk.PolicyValidationPluginReport(success=True, violations=[_missing(missing, stacks)])
            findings = list(_findings(folder, context.template_paths))
        except Exception as error:  # noqa: BLE001 - the CDK CLI takes a plugin that raises for one without findings
            return cdk.PolicyValidationPluginReport(success=False, violations=[_failed(error, stacks)])
        return cdk.PolicyValidationPluginReport(
            success=all(finding.rule.severity is not Severity.ERROR for finding, _ in findings),
            violations=[_violation(finding, resource) for finding, resource in findings],
        )


def _findings(folder: Path, templates: Sequence[str]) -> Iterator[tuple[Finding, Resource]]:
    """Yield the findings about stacks with these templates; CDK takes out those that are acknowledged."""
    app = load(folder)
    chosen = {Path(template).resolve() for template in templates}
    resources = {
        (each.path, each.template.file, each.logical_id): each
        for each in app.resources
        if each.template.stack.template.resolve() in chosen
    }
    diagnosis = diagnose(app, [SynthesisFailed.id])
    for finding in (*diagnosis.findings, *(acknowledged for acknowledged, _ in diagnosis.acknowledged)):
        resource = resources.get((finding.path, finding.template, finding.logical_id))
        if resource is not None:
            yield finding, resource


def _violation(finding: Finding, resource: Resource) -> cdk.PolicyViolation:
    rule = finding.rule
    place = "" if finding.file is None else f" ({_shown(finding.file, finding.line)})"
    return cdk.PolicyViolation(
        rule_name=rule.id,
        severity=rule.severity.value,
        description=f"{rule.title}: {finding.detail}{place}. {rule.why}{_created(resource)}",
        fix=rule.fix,
        rule_metadata={"source": rule.source},
        violating_resources=[_violating(resource)],
    )


def _violating(resource: Resource) -> cdk.PolicyViolatingResource:
    if resource.template.parent is not None and resource.construct:
        # Nested stacks with the same content share a template, in which a logical id is no construct's own.
        return cdk.PolicyViolatingResource(construct_path=resource.construct, locations=[])
    return cdk.PolicyViolatingResource(
        resource_logical_id=resource.logical_id, template_path=str(resource.template.file), locations=[]
    )


def _created(resource: Resource) -> str:
    """Return the line of the app that created a resource; nothing where CDK names it, as the innermost of the trace."""
    line = line_of_app(resource.trace)
    if line is None or line == next(source_lines(resource.trace)):
        return ""
    return f" Created at {_shown(*line)}."


def _shown(file: Path, line: int | None) -> str:
    shown = relative(file, Path.cwd())
    return shown if line is None else f"{shown}:{line}"


def _missing(missing: Sequence[str], stacks: Sequence[str]) -> cdk.PolicyViolation:
    cause = f"the context {', '.join(missing)} is missing."
    return _not_checked("info", cause, "Run cdk synth with credentials, and it looks the context up.", stacks)


def _failed(error: Exception, stacks: Sequence[str]) -> cdk.PolicyViolation:
    cause, fix = (
        (error.cause, error.fix) if isinstance(error, ToolError) else (f"{type(error).__name__}: {error}", None)
    )
    return _not_checked(Severity.ERROR.value, cause, fix, stacks)


def _not_checked(severity: str, cause: str, fix: str | None, stacks: Sequence[str]) -> cdk.PolicyViolation:
    return cdk.PolicyViolation(
        rule_name=SynthesisFailed.id,
        severity=severity,
        description=f"Nothing was checked: {cause}",
        fix=fix,
        # CDK reports nothing that has no construct.
        violating_resources=[cdk.PolicyViolatingResource(construct_path=stack, locations=[]) for stack in stacks],
    )

"""The synthesis failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.rule import Finding, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App


class SynthesisFailed(Rule):
    """The synthesis failed."""

    id = "synthesis-failed"
    severity = Severity.ERROR
    title = "The synthesis failed"
    why = "The synthesis ended with errors, so the templates are not those of the app."
    fix = "Fix the errors that cdk synth reports and run it again. It needs credentials to look up missing context."
    source = "https://docs.aws.amazon.com/cdk/v2/guide/context.html"
    tags = ("synthesis",)

    def _check(self, app: App) -> Iterator[Finding]:
        for failure in app.failures:
            stack = app.stacks[0]
            yield Finding(rule=self, path=stack.display, logical_id="", detail=failure, template=stack.template)

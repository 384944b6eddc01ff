"""cdk-nag on a stack or on the whole app; its findings fail the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.compliance.checks import DEFAULT_PACKS, enable
from ecr_fargate_constructs.testing.cdk_app import CdkApp
from ecr_fargate_constructs.testing.reports import findings, render

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import aws_cdk as cdk

    from ecr_fargate_constructs.compliance.checks import Pack
    from ecr_fargate_constructs.testing.synthesis import Builder, Synthesize


class AssertCompliant:
    """Runs rule packs on the stack of a builder, or on the whole app.

    A pack is a class of cdk-nag, such as ``cdk_nag.HIPAASecurityChecks``, or any function from an app to a validation
    plugin. The default is ``cdk_nag.AwsSolutionsChecks``.
    """

    def __init__(self, synthesize: Synthesize) -> None:
        self._synthesize = synthesize

    def __call__(
        self,
        subject: Builder | CdkApp,
        *,
        packs: Sequence[Pack] = DEFAULT_PACKS,
    ) -> None:
        """Raise an ``AssertionError`` with every finding that is not acknowledged.

        Args:
            subject: A builder, as for ``synthesize``, or ``cdk_app``.
            packs: Rule packs, at least one; default, ``AwsSolutionsChecks``.
        """
        __tracebackhide__ = True
        app, outdir = self._app(subject)
        names = {plugin.name for plugin in enable(app, packs=packs)}
        app.synth(force=True)  # the tree was synthesized for the test already; only the packs are new
        broken = findings(outdir, names)
        if broken:
            rules = len({each.rule for each in broken})
            first = min(broken, key=lambda each: each.rule)
            raise AssertionError(
                f"{', '.join(sorted(names))}: {rules} rule{'s' if rules != 1 else ''} broken and not acknowledged\n"
                f"{render(broken)}\n\n  Fix it, or acknowledge it with a reason at the construct:\n"
                f'      cdk.Validations.of(construct).acknowledge(\n          cdk.Acknowledgment(id="'
                f'{first.plugin}::{first.rule}", reason="...")\n      )'
            )

    def _app(self, subject: Builder | CdkApp) -> tuple[cdk.App, Path]:
        if not isinstance(subject, CdkApp):
            built = self._synthesize.build(subject)
            return built.app, built.outdir
        if subject.app is None:
            raise ValueError(
                "rule packs need constructs, and a cloud assembly that was read from --cdk-outdir has none: "
                "omit the option, so that the app runs in this process"
            )
        return subject.app, subject.outdir

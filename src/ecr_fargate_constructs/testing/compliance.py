"""cdk-nag on a stack or on the whole app, with its findings as the failure of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.compliance.checks import DEFAULT_PACKS, enable
from ecr_fargate_constructs.testing.cdk_app import CdkApp
from ecr_fargate_constructs.testing.reports import findings, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import aws_cdk as cdk

    from ecr_fargate_constructs.compliance.checks import Pack
    from ecr_fargate_constructs.testing.synthesis import Builder, Synthesize


class AssertCompliant:
    """Runs rule packs on what a builder makes, or on the whole app.

    A pack is a class of cdk-nag, such as ``cdk_nag.HIPAASecurityChecks``, or anything that makes a validation plugin
    from an app. The default is ``cdk_nag.AwsSolutionsChecks``.
    """

    def __init__(self, synthesize: Synthesize) -> None:
        self._synthesize = synthesize

    def __call__(
        self,
        subject: Builder | CdkApp,
        *,
        packs: Sequence[Pack] = DEFAULT_PACKS,
    ) -> None:
        """Raise an ``AssertionError`` with every finding that nobody acknowledged.

        Args:
            subject: A builder, as ``synthesize`` takes it, or ``cdk_app``.
            packs: Rule packs, at least one; ``AwsSolutionsChecks`` by default.
        """
        __tracebackhide__ = True
        app, outdir = self._app(subject)
        names = {plugin.name for plugin in enable(app, packs=packs)}
        app.synth(force=True)  # the tree is the one that was tested: only the packs are new
        found = findings(outdir, names)
        if found:
            rules = len({each.rule for each in found})
            first = min(found, key=lambda each: each.rule)
            raise AssertionError(
                f"{', '.join(sorted(names))}: {rules} rule{'s' if rules != 1 else ''} broken and not acknowledged\n"
                f"{tell(found)}\n\n  Fix it, or say why it is right, at the construct:\n"
                f'      cdk.Validations.of(construct).acknowledge(\n          cdk.Acknowledgment(id="'
                f'{first.plugin}::{first.rule}", reason="...")\n      )'
            )

    def _app(self, subject: Builder | CdkApp) -> tuple[cdk.App, Path]:
        if not isinstance(subject, CdkApp):
            built = self._synthesize.build(subject)
            return built.app, built.outdir
        if subject.app is None:
            raise ValueError(
                "rule packs look at constructs, and a cloud assembly that was read from --cdk-outdir has none: "
                "leave the option out, so that the app runs in this process"
            )
        return subject.app, subject.outdir

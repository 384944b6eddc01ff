"""The examples as apps, for tests that look at all of them."""

from __future__ import annotations

from importlib import util
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import assertions

from support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
_REPORTING = {"@aws-cdk/core:failSynthOnValidationErrors": False}


def build(file: Path, outdir: Path | None = None) -> cdk.App:
    """The app of an example; findings of rule packs stay in its report."""
    spec = util.spec_from_file_location(f"example_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = cdk.App(outdir=None if outdir is None else str(outdir), context=_REPORTING)
    module.build(app)
    return app


def templates(file: Path) -> dict[str, dict[str, Any]]:
    """The templates of an example, by stack."""
    stacks = [child for child in build(file).node.children if isinstance(child, cdk.Stack)]
    return {stack.node.id: dict(assertions.Template.from_stack(stack).to_json()) for stack in stacks}

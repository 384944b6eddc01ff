"""The examples as apps, for tests that look at all of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from importlib import util
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_certificatemanager as acm

from ecr_fargate_constructs import InternalHttps, PublicHttps
from ecr_fargate_constructs.service import plan
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
REGULATED: dict[str, Any] = {
    **json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"],
    "ecr-fargate-constructs:posture": "REGULATED",
}
"""Context of a cdk.json, with the feature flags that CDK recommends."""

_REPORTING = {"@aws-cdk/core:failSynthOnValidationErrors": False}
_CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/a1b2c3d4-5678-90ab-cdef-111111111111"


def load(file: Path) -> ModuleType:
    """The module of an example."""
    spec = util.spec_from_file_location(f"example_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(
    file: Path, outdir: Path | None = None, *, context: Mapping[str, Any] | None = None, https: bool = False
) -> cdk.App:
    """The app of an example; findings of rule packs stay in its report.

    With ``https`` every way in that the example has over plain HTTP is over HTTPS, with a certificate.
    """
    module = load(file)
    app = cdk.App(outdir=None if outdir is None else str(outdir), context={**(context or {}), **_REPORTING})
    if https:
        with _over_https(module):
            module.build(app)
    else:
        module.build(app)
    return app


@contextmanager
def _over_https(module: ModuleType) -> Iterator[None]:
    certificate = acm.Certificate.from_certificate_arn(cdk.Stack(cdk.App(), "Elsewhere"), "Certificate", _CERTIFICATE)
    public = partial(PublicHttps, certificate=certificate)
    for name, way in (("PublicHttp", public), ("InternalHttp", partial(InternalHttps, certificate=certificate))):
        if hasattr(module, name):
            setattr(module, name, way)
    names = vars(plan)
    default = names["PublicHttp"]  # of a service that says nothing
    names["PublicHttp"] = public
    try:
        yield
    finally:
        names["PublicHttp"] = default


def templates(file: Path, *, context: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """The templates of an example, by stack."""
    app = build(file, context=context)
    stacks = [child for child in app.node.children if isinstance(child, cdk.Stack)]
    return {stack.node.id: dict(assertions.Template.from_stack(stack).to_json()) for stack in stacks}

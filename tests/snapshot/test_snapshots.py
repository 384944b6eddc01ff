"""One template a public construct, with what changes from machine to machine normalised."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from syrupy.extensions.json import JSONSnapshotExtension

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    Canary,
    Deployment,
    EcrFargateService,
    InternalHttp,
    Linear,
    LoadBalancedFargateService,
    PreviewHeader,
    PreviewPort,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
)
from support import make_app, template_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def normalised(template: dict[str, Any]) -> dict[str, Any]:
    """Without asset hashes, which depend on file modes, and without the bootstrap's own rule."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "<hash>", json.dumps(template))
    found: dict[str, Any] = json.loads(text)
    found.pop("Rules", None)
    found.get("Parameters", {}).pop("BootstrapVersion", None)
    return found


def _service(stack: cdk.Stack, ingress: Any) -> None:  # noqa: ANN401 - one of the ways in
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=ingress)


def _deployed(stack: cdk.Stack, deployment: Deployment) -> None:
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=deployment
    )


def _certificate(stack: cdk.Stack) -> acm.ICertificate:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    return acm.Certificate.from_certificate_arn(stack, "Certificate", arn)


BUILDERS: dict[str, Callable[[cdk.Stack, Path], object]] = {
    "PrivateRepository": lambda stack, _: PrivateRepository(stack, "Repo"),
    "PublishedImage": lambda stack, app: PrivateRepository(stack, "Repo").build_and_push_image(app),
    "PublicHttp": lambda stack, _: _service(stack, PublicHttp()),
    "PublicHttps": lambda stack, _: _service(stack, PublicHttps(certificate=_certificate(stack))),
    "BlueGreen": lambda stack, _: _deployed(stack, BlueGreen(approval=True)),
    "Canary": lambda stack, _: _deployed(stack, Canary(preview=PreviewPort(port=8080))),
    "Linear": lambda stack, _: _deployed(stack, Linear(preview=PreviewHeader(name="X-Preview"))),
    "InternalHttp": lambda stack, _: _service(stack, InternalHttp()),
    "EcrFargateService": lambda stack, app: EcrFargateService(
        stack, "Web", directory=app, container_port=80, ingress=PublicHttp()
    ),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_template(name: str, snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    BUILDERS[name](stack, make_app(tmp_path / "app"))
    assert normalised(template_of(stack)) == snapshot(name=name, extension_class=JSONSnapshotExtension)

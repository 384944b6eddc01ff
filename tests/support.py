"""What the tests share beside their fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import assertions
from aws_cdk import aws_certificatemanager as acm

from ecr_fargate_constructs import ListenerSettings, OidcAuthentication, PublicHttps

ROOT = Path(__file__).parent.parent
Resources = dict[str, Any]


def make_app(folder: Path, *, dockerfile: str = "FROM scratch\n") -> Path:
    """A build context with the smallest content that is one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    (folder / "server.txt").write_text("one\n", encoding="utf-8")
    return folder


def sign_in() -> OidcAuthentication:
    """Somebody has to say who it is."""
    return OidcAuthentication(
        issuer="https://id.example.com",
        authorization_endpoint="https://id.example.com/authorize",
        token_endpoint="https://id.example.com/token",  # noqa: S106 - an address
        user_info_endpoint="https://id.example.com/user",
        client_id="web",
        client_secret=cdk.SecretValue.secrets_manager("client"),
    )


def certificate(stack: cdk.Stack) -> acm.ICertificate:
    """A certificate that exists."""
    return acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:us-east-1:123456789012:certificate/a")


def guarded(stack: cdk.Stack) -> PublicHttps:
    """A way in behind a sign-in."""
    return PublicHttps(certificate=certificate(stack), listener=ListenerSettings(authentication=sign_in()))


def template_of(stack: cdk.Stack) -> dict[str, Any]:
    """The stack's template."""
    return dict(assertions.Template.from_stack(stack).to_json())


def of_type(template: dict[str, Any], kind: str) -> Resources:
    """Resources of a type, by logical id."""
    return {name: item for name, item in template["Resources"].items() if item["Type"] == kind}


def only(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """The one resource of a type."""
    found = list(of_type(template, kind).values())
    assert len(found) == 1, f"{len(found)} resources of type {kind}"
    resource: dict[str, Any] = found[0]
    return resource


def attributes(resource: dict[str, Any], name: str) -> dict[str, str]:
    """A list of keys and values as a mapping."""
    return {item["Key"]: item["Value"] for item in resource["Properties"][name]}

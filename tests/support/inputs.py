"""Inputs of constructs: a build context, a certificate, a sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm

from ecr_fargate_constructs import ListenerSettings, OidcAuthentication, PublicHttps

if TYPE_CHECKING:
    from pathlib import Path


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

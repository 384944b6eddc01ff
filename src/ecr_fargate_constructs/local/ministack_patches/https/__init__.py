"""HTTPS listeners of load balancers on a port of their own; a part of ``ministack_patches``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.ministack_patches.https.certificates import Certificates
from ecr_fargate_constructs.local.ministack_patches.https.serving import listen, serve_schemes

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.https import Authority
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application

__all__ = ["serve_https"]


def serve_https(application: Application, authority: Authority, port: int) -> Application:
    """Listen for TLS on a port, and return the application that answers there and on the other port.

    Args:
        application: What answers.
        authority: Issues the certificates.
        port: Port on loopback.
    """
    alb, acm = (import_module(f"ministack.services.{name}") for name in ("alb", "acm"))
    certificates = Certificates(alb, acm, authority)
    listen(certificates, port)
    return serve_schemes(application, certificates)

"""The options of commands that read AWS, or an embedded AWS at another endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias
from urllib.parse import urlsplit

import typer

from ecr_fargate_constructs.local.aws_clients import aws_client
from ecr_fargate_constructs.local.instance import instance_at
from ecr_fargate_constructs.local.port_owner import app_on
from ecr_fargate_constructs.local.services import Cloud

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.explain import sources

EndpointUrl: TypeAlias = Annotated[
    str | None, typer.Option(envvar="AWS_ENDPOINT_URL", help="Another endpoint, such as the embedded AWS.")
]

_THIS_MACHINE = {"localhost", "127.0.0.1"}


def clients_at(endpoint_url: str | None) -> sources.Clients:
    """Return a function that makes clients of AWS; those of an embedded AWS on this machine get its credentials."""
    address = urlsplit(endpoint_url or "")
    app = app_on(address.port) if address.hostname in _THIS_MACHINE and address.port else None
    if app is not None and address.port is not None:
        instance, memory = instance_at(app, address.port, None, None)
        if memory is not None:
            return Cloud(instance).client
    return lambda name: aws_client(name, endpoint_url)

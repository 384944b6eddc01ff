"""Make boto3 clients of AWS and of the embedded AWS."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from ecr_fargate_constructs.local.instance import Memory, instance_at
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_SECONDS = 60
_FILES = {"config_file", "credentials_file"}


def aws_client(name: str, endpoint_url: str | None, *, region: str | None = None) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """Return a client of an AWS service.

    Args:
        name: The service.
        endpoint_url: Another endpoint. For the embedded AWS of the app in this directory the client gets the
            credentials of that instance, for any other endpoint those of boto3.
        region: Region; default, that of the instance, of ``AWS_REGION`` or of the profile.
    """
    # AWS throttles long lists. Another endpoint does not: where nobody answers, the command says so at once.
    retries: Any = {"mode": "standard", "max_attempts": 2} if endpoint_url else {"mode": "adaptive", "max_attempts": 10}
    config = Config(retries=retries, proxies={} if endpoint_url else None)
    embedded = _embedded(endpoint_url)
    if embedded is not None:
        return session_of(embedded).client(name, endpoint_url=endpoint_url, region_name=region, config=config)
    region = region or os.environ.get("AWS_REGION")  # boto3 does not read it, the AWS command line does
    try:
        return boto3.client(name, endpoint_url=endpoint_url, region_name=region, config=config)
    except BotoCoreError as error:
        raise ToolError(f"AWS cannot be called: {error}", fix="set AWS_REGION, or choose a profile") from error


def _embedded(endpoint_url: str | None) -> Instance | None:
    parts = urlsplit(endpoint_url or "")
    if parts.hostname not in {"localhost", "127.0.0.1"} or parts.port is None:
        return None
    instance, memory = instance_at(Path(), parts.port, None, None)
    return instance if memory is not None else None


def session_of(instance: Instance) -> boto3.Session:
    """Return a session for an embedded AWS that ignores the user's configuration for the real AWS.

    It reads no profile, no file and no environment variable.
    """
    memory = Memory.load(instance.memory_file)
    if memory is None:
        raise ToolError(
            f"nothing is running for {instance.app_directory} on port {instance.port}",
            fix="start it with 'ecr-fargate local up'",
        )
    # A setting is: its name in a file, its environment variables, its default, its conversion.
    settings = {
        name: (in_file, None, os.devnull if name in _FILES else default, convert)
        for name, (in_file, _, default, convert) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    return boto3.Session(
        aws_access_key_id=memory.account,
        aws_secret_access_key=memory.secret,
        region_name=memory.region,
        botocore_session=botocore.session.Session(session_vars=settings),
    )


def post(instance: Instance, memory: Memory, path: str, content: object, *, seconds: float = _SECONDS) -> bytes:
    """Send JSON to a path of the embedded AWS that is no API of AWS, and return the body of the answer.

    ``HTTP_PROXY`` is ignored.

    Raises:
        urllib.error.HTTPError: The embedded AWS refuses the request.
    """
    address, body = f"http://127.0.0.1:{instance.port}{path}", json.dumps(content).encode()
    signed = AWSRequest("POST", address, data=body)
    SigV4Auth(Credentials(memory.account, memory.secret), "ministack", memory.region).add_auth(signed)
    request = urllib.request.Request(address, data=body, headers=dict(signed.headers.items()), method="POST")
    with _DIRECT.open(request, timeout=seconds) as response:
        return bytes(response.read())

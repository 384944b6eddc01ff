"""Clients of AWS, or of another one at an address, for the commands that ask what runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from ecr_fargate_constructs.local.instance import Memory, instance_at
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.instance import Instance

_FILES = {"config_file", "credentials_file"}


def aws_client(name: str, endpoint_url: str | None) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """A client of a service.

    Args:
        name: The service.
        endpoint_url: Address of another AWS. That of an embedded one of the app in this directory is asked with its
            own credentials, and others with those of boto3.

    Raises:
        ToolError: There is no region, or what is set up for boto3 does not hold together.
    """
    retries: Any = {"mode": "adaptive", "max_attempts": 10}  # AWS throttles whoever lists much
    config = Config(retries=retries, proxies={} if endpoint_url else None)
    embedded = _embedded(endpoint_url)
    if embedded is not None:
        return session_of(embedded).client(name, endpoint_url=endpoint_url, config=config)
    region = os.environ.get("AWS_REGION")  # which the AWS command line reads, and boto3 does not
    try:
        return boto3.client(name, endpoint_url=endpoint_url, region_name=region, config=config)
    except BotoCoreError as error:
        raise ToolError(f"AWS cannot be asked: {error}", fix="set AWS_REGION, or a profile") from error


def _embedded(endpoint_url: str | None) -> Instance | None:
    parts = urlsplit(endpoint_url or "")
    if parts.hostname not in {"localhost", "127.0.0.1"} or parts.port is None:
        return None
    instance, memory = instance_at(Path(), parts.port, None, None)
    return instance if memory is not None else None


def session_of(instance: Instance) -> boto3.Session:
    """A session for an embedded AWS, in which nothing counts that the user has set up for the real one.

    Neither a profile nor a file nor a variable of the environment is read.

    Raises:
        ToolError: Nothing is remembered of the instance.
    """
    memory = Memory.load(instance.memory_file)
    if memory is None:
        raise ToolError(
            f"nothing is running for {instance.app_directory} on port {instance.port}",
            fix="start it with 'ecr-fargate local up'",
        )
    # A setting is: its name in a file, its variables, its default, how it is converted.
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

"""Clients of AWS, or of another one at an address, for the commands that ask what runs."""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from ecr_fargate_constructs.local.errors import LocalError


def aws_client(name: str, endpoint_url: str | None) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """A client of a service.

    Args:
        name: The service.
        endpoint_url: Address of another AWS, such as the embedded one.

    Raises:
        LocalError: There is no region, or what is set up for boto3 does not hold together.
    """
    retries: Any = {"mode": "adaptive", "max_attempts": 10}  # AWS throttles whoever lists much
    config = Config(retries=retries, proxies={} if endpoint_url else None)
    region = os.environ.get("AWS_REGION")  # which the AWS command line reads, and boto3 does not
    try:
        return boto3.client(name, endpoint_url=endpoint_url, region_name=region, config=config)
    except BotoCoreError as error:
        raise LocalError(f"AWS cannot be asked: {error}", fix="set AWS_REGION, or a profile") from error

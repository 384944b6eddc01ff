"""The options of a release command that are accepted and refused."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from ecr_fargate_constructs import ConfigurationError, ReleaseCommand

pytestmark = pytest.mark.integration

MINUTES = cdk.Duration.minutes


def test_the_defaults() -> None:
    command = ReleaseCommand(["manage.py", "migrate"])
    assert command.timeout.to_minutes() == 15
    assert (command.size, command.again_for_rollback) == (None, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"command": []}, r"ReleaseCommand\.command is empty, so the task would run the application itself"),
        (
            {"command": "manage.py migrate"},
            r"ReleaseCommand\.command='manage.py migrate' is one string, .*use \['manage.py', 'migrate'\], or \['sh', ",
        ),
        ({"command": ["manage.py", 1]}, r"ReleaseCommand\.command\[1\]"),
        ({"command": ["x" * 7677]}, r"7,681 characters in JSON, but ECS takes at most 7,680"),
        ({"command": ["sh", "-c", "\n" * 4000]}, r"8,016 characters in JSON"),
        ({"command": ["a"], "timeout": MINUTES(56)}, r"ReleaseCommand\.timeout is 3360 seconds; .* 60 to 3300"),
        ({"command": ["a"], "timeout": cdk.Duration.seconds(59)}, r"ReleaseCommand\.timeout is 59 seconds"),
        ({"command": ["a"], "timeout": 60}, r"ReleaseCommand\.timeout"),
        ({"command": ["a"], "size": 512}, r"ReleaseCommand\.size"),
        ({"command": ["a"], "again_for_rollback": "no"}, r"ReleaseCommand\.again_for_rollback"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ReleaseCommand(**options)


def test_what_only_the_deployment_knows_is_not_judged() -> None:
    minutes = cdk.CfnParameter(cdk.Stack(), "Minutes", type="Number").value_as_number
    ReleaseCommand([cdk.Aws.REGION, "migrate"], timeout=cdk.Duration.seconds(minutes))
    with pytest.raises(ConfigurationError, match=r"another unit than seconds"):
        ReleaseCommand(["migrate"], timeout=cdk.Duration.minutes(minutes))
    with pytest.raises(ConfigurationError, match="token for a text"):
        ReleaseCommand(cdk.Aws.REGION)

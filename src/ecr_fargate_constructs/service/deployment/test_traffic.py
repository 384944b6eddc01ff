"""How a new version can be asked before users reach it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs._rules.checks import tcp_port
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ec2 as ec2

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")


@typed
@dataclass(frozen=True, kw_only=True)
class TestTrafficPort:
    """A second listener on the load balancer, which reaches the new version first.

    It speaks what the first listener speaks, with the same certificate. Between deployments it answers with the version
    that runs.

    Attributes:
        port: TCP port, other than 80 and, with HTTPS, 443.
        allow_from: Who may connect; left out, those who may connect to the load balancer.

    Raises:
        ConfigurationError: For a port that does not exist, or nobody to connect.
    """

    port: float
    allow_from: Sequence[ec2.IPeer] | None = None

    def __post_init__(self) -> None:
        """Refuse ports that do not exist."""
        tcp_port("TestTrafficPort.port", self.port)
        if self.allow_from is not None and not self.allow_from:
            raise ConfigurationError("TestTrafficPort.allow_from is empty, so nobody could connect; name peers")


@typed
@dataclass(frozen=True, kw_only=True)
class TestTrafficHeader:
    """Requests with a header reach the new version first, through the listener that everybody uses.

    Whoever knows the header can ask: it hides a version, it protects nothing.

    Attributes:
        name: Name of the header, up to 40 characters.
        values: Values, of which one has to match; ``*`` and ``?`` stand for any characters and for one.

    Raises:
        ConfigurationError: For a name or values that Elastic Load Balancing refuses.
    """

    name: str
    values: Sequence[str] = ("*",)

    def __post_init__(self) -> None:
        """Refuse conditions that Elastic Load Balancing refuses."""
        if not is_token(self.name) and not _HEADER.fullmatch(self.name):
            raise ConfigurationError(
                f"TestTrafficHeader.name={self.name!r} is not the name of a header; use up to 40 letters, digits and "
                "'-', for example 'X-Preview'"
            )
        if not is_token(self.name) and self.name.lower() == "host":
            raise ConfigurationError(
                "TestTrafficHeader.name='Host' cannot be matched as a header; use a header of yours"
            )
        # A rule has at most five values, and its path condition takes one of them.
        if isinstance(self.values, str) or not 1 <= len(self.values) <= 4:  # noqa: PLR2004 - said above
            raise ConfigurationError(
                f"TestTrafficHeader.values={self.values!r} are not one to four values; use for example ('yes',)"
            )
        for value in self.values:
            if not is_token(value) and not 1 <= len(value) <= 128:  # noqa: PLR2004 - said in the message
                raise ConfigurationError(f"TestTrafficHeader.values has {value!r}; a value has 1 to 128 characters")


TestTraffic: TypeAlias = TestTrafficPort | TestTrafficHeader
"""The ways to a new version."""

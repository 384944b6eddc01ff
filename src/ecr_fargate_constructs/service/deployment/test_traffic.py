"""Test traffic: requests that reach a new version before users do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from ecr_fargate_constructs._rules.checks import tcp_port
from ecr_fargate_constructs._rules.tokens import Number, is_token
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

    It has the protocol and the certificate of the first listener. Between deployments it reaches the running version.

    Attributes:
        port: TCP port, other than 80 and, with HTTPS, 443.
        allow_from: Peers that may connect; default, those of the load balancer.

    Raises:
        ConfigurationError: The port does not exist, or no peer may connect.
    """

    __test__: ClassVar[bool] = False  # or pytest collects the class where a test module imports it

    port: Number
    allow_from: Sequence[ec2.IPeer] | None = None

    def __post_init__(self) -> None:
        tcp_port("TestTrafficPort.port", self.port)
        if self.allow_from is not None and not self.allow_from:
            raise ConfigurationError("TestTrafficPort.allow_from is empty, so no client could connect; name peers")


@typed
@dataclass(frozen=True, kw_only=True)
class TestTrafficHeader:
    """Requests with a given header reach the new version first, through the production listener.

    Every client that knows the header can use it: it hides a version, but does not protect it.

    Attributes:
        name: Name of the header, up to 40 characters.
        values: Values, one of which has to match; ``*`` stands for any characters and ``?`` for one; default, any
            value.

    Raises:
        ConfigurationError: Elastic Load Balancing refuses the name or the values.
    """

    __test__: ClassVar[bool] = False  # as above

    name: str
    values: Sequence[str] = ("*",)

    def __post_init__(self) -> None:
        if not is_token(self.name) and not _HEADER.fullmatch(self.name):
            raise ConfigurationError(
                f"TestTrafficHeader.name={self.name!r} is not the name of a header; use up to 40 letters, digits and "
                "'-', for example 'X-Preview'"
            )
        if not is_token(self.name) and self.name.lower() == "host":
            raise ConfigurationError("TestTrafficHeader.name='Host' cannot be matched as a header; use another header")
        # A rule has at most five values, and its path condition takes one of them.
        if isinstance(self.values, str) or not 1 <= len(self.values) <= 4:  # noqa: PLR2004 - said above
            raise ConfigurationError(
                f"TestTrafficHeader.values={self.values!r} is not a list of one to four values; use for example "
                "('yes',)"
            )
        for value in self.values:
            if not is_token(value) and not 1 <= len(value) <= 128:  # noqa: PLR2004 - said in the message
                raise ConfigurationError(f"TestTrafficHeader.values has {value!r}; use values of 1 to 128 characters")


TestTraffic: TypeAlias = TestTrafficPort | TestTrafficHeader
"""Any test traffic."""

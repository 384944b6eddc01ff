"""Checks that several nouns share. Each raises ``ConfigurationError`` in the caller's words; tokens always pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._asked import path as path_of_scope
from ecr_fargate_constructs._asked import seconds_in
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aws_cdk as cdk
    from constructs import Construct

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)(?:$|_)", re.IGNORECASE
)


def path_of(scope: Construct, construct_id: str) -> str:
    """Path that the construct ``construct_id`` will have in ``scope``, known before it exists."""
    parent = path_of_scope(scope)
    return f"{parent}/{construct_id}" if parent else construct_id


def whole_number(
    name: str,
    value: float,
    *,
    minimum: int,
    maximum: int | None = None,
    what: str = "a whole number",
    path: str | None = None,
) -> None:
    """Refuse anything but a whole number from ``minimum`` to ``maximum``."""
    if is_token(value):
        return
    allowed = f"{minimum} or more" if maximum is None else f"{minimum} to {maximum}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"{name}={value!r} is not a number; use a whole number, {allowed}", path=path)
    if value != int(value) or value < minimum or (maximum is not None and value > maximum):
        raise ConfigurationError(f"{name}={value!r} is not {what}; use {allowed}", path=path)


def tcp_port(name: str, value: float, *, path: str | None = None) -> None:
    """Refuse anything but a TCP port."""
    whole_number(name, value, minimum=1, maximum=65535, what="a TCP port", path=path)


def seconds(name: str, value: cdk.Duration, *, minimum: int, maximum: int, path: str | None = None) -> None:
    """Refuse a duration outside ``minimum`` to ``maximum`` seconds, or one that is not in whole seconds."""
    amount = seconds_in(value)
    if amount is None:
        return
    if amount != int(amount) or not minimum <= amount <= maximum:
        raise ConfigurationError(
            f"{name} is {amount:g} seconds; AWS takes whole seconds, {minimum} to {maximum}", path=path
        )


def text_map(name: str, values: Mapping[str, object], *, path: str | None = None) -> None:
    """Refuse a mapping whose keys are empty or whose values are not strings."""
    for key, value in values.items():
        if not key:
            raise ConfigurationError(f"{name} has an empty name; give each entry a name", path=path)
        if not isinstance(value, str):
            raise ConfigurationError(
                f"{name}[{key!r}]={value!r} is {_a(type(value).__name__)}; use a string, for example {str(value)!r}",
                path=path,
            )


def looks_secret(name: str) -> bool:
    """Whether a value of this name had better not stand in clear text."""
    return _SECRET_NAME.search(name) is not None


def absolute_path(name: str, value: str, *, root_allowed: bool = False, path: str | None = None) -> None:
    """Refuse a path in a container that does not begin with ``/``, or is ``/`` itself."""
    if is_token(value):
        return
    if not value.startswith("/") or (value == "/" and not root_allowed):
        raise ConfigurationError(
            f"{name} has {value!r}; use absolute paths of directories, for example '/tmp'", path=path
        )


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"

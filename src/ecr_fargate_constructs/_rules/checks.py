"""Checks that several classes share. Each raises ``ConfigurationError`` with the caller's names; tokens always pass."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PurePath

from ecr_fargate_constructs._rules.secret_names import is_secret_name, is_secret_value
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LEAST_LABELS, _LONGEST_NAME = 2, 253
_LARGEST = 2**31 - 1  # an Integer in the APIs of AWS has 32 bits
_WEB_ACL = re.compile(r"arn:aws[\w-]*:wafv2:[\w-]+:\d{12}:regional/webacl/.+")
_NAMES = re.compile(r"[A-Za-z_][\w.-]*")
_REFERENCE = re.compile(r"\{\{resolve:[^}]*\}\}")
_RESOLVABLE = re.compile(r"\{\{resolve:(?:ssm|secretsmanager):[^:}].*\}\}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def whole_number(
    name: str, value: float, *, minimum: int, maximum: int | None = None, what: str = "a whole number"
) -> None:
    """Refuse anything but a whole number of at least ``minimum``, and at most ``maximum`` if it is given."""
    if is_token(value):
        return
    allowed = f"{minimum} or more" if maximum is None else f"{minimum} to {maximum}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigurationError(f"{name}={value!r} is not a number; use a whole number, {allowed}")
    if not math.isfinite(value) or value != int(value) or value < minimum or (maximum is not None and value > maximum):
        raise ConfigurationError(f"{name}={value!r} is not {what}; use {allowed}")
    if value > _LARGEST:
        raise ConfigurationError(f"{name}={value!r} is more than AWS's APIs can hold; use {minimum} to {_LARGEST}")


def tcp_port(name: str, value: float) -> None:
    """Refuse anything but a TCP port."""
    whole_number(name, value, minimum=1, maximum=65535, what="a TCP port")


def dynamic_references(name: str, value: object) -> None:
    """Refuse a dynamic reference that CloudFormation cannot resolve."""
    for reference in _REFERENCE.findall(value) if isinstance(value, str) else ():
        if reference.startswith("{{resolve:ssm-secure:"):
            raise ConfigurationError(
                f"{name} has {reference!r}, but CloudFormation resolves no SecureString in a task definition; use "
                "secrets= with ecs.Secret.from_ssm_parameter(…)"
            )
        if not _RESOLVABLE.fullmatch(reference):
            raise ConfigurationError(
                f"{name} has {reference!r}, which CloudFormation cannot resolve; use for example "
                "'{{resolve:ssm:parameter}}', or other text"
            )


def shown(name: str, value: object) -> str:
    """Return ``=value`` for a message; nothing if the value may be, or hold, a secret."""
    written = repr(value)
    hidden = is_secret_name(name) or is_secret_value(written) or any(map(is_secret_name, _NAMES.findall(written)))
    return "" if hidden else f"={written}"


def text(name: str, value: object) -> None:
    """Refuse a value that is not a string."""
    if not isinstance(value, str):
        raise ConfigurationError(f"{name}{shown(name, value)} is {_a(type(value).__name__)}; use a string")


def mapping(name: str, values: object) -> None:
    """Refuse a value that is not a mapping."""
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{name}{shown(name, values)} is not a mapping; use for example {{'NAME': 'value'}}")


def web_acl(name: str, value: object) -> None:
    """Refuse anything but a web ACL, or the ARN of one, that a load balancer accepts."""
    if isinstance(value, str) and not is_token(value) and not _WEB_ACL.fullmatch(value):
        raise ConfigurationError(
            f"{name}={value!r} is not the ARN of a regional web ACL; use a wafv2.CfnWebACL with scope REGIONAL, in the "
            "load balancer's region, or its ARN"
        )
    if getattr(value, "scope", None) == "CLOUDFRONT":
        raise ConfigurationError(
            f"{name} is a web ACL with scope CLOUDFRONT, which load balancers do not take; use one with scope REGIONAL"
        )


def text_map(name: str, values: Mapping[str, object]) -> None:
    """Refuse a mapping whose keys are empty or whose values are not strings."""
    mapping(name, values)
    for key, value in values.items():
        if not key:
            raise ConfigurationError(f"{name} has an empty name; give each entry a name")
        if type(value).__name__ == "SecretValue":
            raise ConfigurationError(
                f"{name}[{key!r}] is a cdk.SecretValue, which would be stored in clear text; use "
                f"secrets={{{key!r}: …}}: for a container ecs.Secret.from_secrets_manager(…), for a "
                "build 'src=path/to/file'"
            )
        if not isinstance(value, str):
            hidden = is_secret_name(str(key)) or is_secret_value(str(value))
            if value is None:
                raise ConfigurationError(f"{name}[{key!r}]=None; use a string, or remove the entry")
            raise ConfigurationError(
                f"{name}[{key!r}]{'' if hidden else f'={value!r}'} is {_a(type(value).__name__)}; use a string"
                f"{'' if hidden else f', for example {str(value)!r}'}"
            )
        unicode(f"the name {key!r} of {name}", str(key))
        unicode(f"{name}[{key!r}]", value)


def unicode(name: str, value: str) -> None:
    """Refuse a string with half of a surrogate pair, which no template can contain; the value is not shown."""
    if _SURROGATE.search(value):
        raise ConfigurationError(
            f"{name} has half of a surrogate pair, which UTF-8 cannot encode; if it comes from a file or from "
            "os.environ, read it with the right encoding"
        )


def domain_name(name: str, value: str) -> None:
    """Refuse a text that is not a domain name, with or without ``*.``, in ASCII."""
    text(name, value)
    if is_token(value):
        return
    labels = value.rstrip(".").split(".")
    if labels[0] == "*":
        labels = labels[1:]
    if (
        len(labels) < _LEAST_LABELS
        or not all(_LABEL.fullmatch(label) for label in labels)
        or len(value) > _LONGEST_NAME
    ):
        raise ConfigurationError(
            f"{name}={value!r} is not a domain name; use letters, digits and hyphens between dots, at most 253 in all "
            f"and 63 in a part, for example 'shop.example.com'{_in_ascii(value)}"
        )


def _in_ascii(value: str) -> str:
    """Return the ASCII spelling of an internationalized name, for a message."""
    try:
        ascii_name = "" if value.isascii() else value.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"; in ASCII it is {ascii_name!r}" if ascii_name else ""


def is_environment_file(path: str) -> bool:
    """Return whether ECS accepts a file of environment variables: its name in S3 has to end in ``.env``.

    CDK gives an asset the extension of its file, and the name ``.env`` alone has no extension.
    Source: "Pass environment variables to an Amazon ECS container" in the Amazon ECS developer guide.
    """
    return PurePath(path).suffix == ".env"


def absolute_path(name: str, value: str, *, root_allowed: bool = False) -> None:
    """Refuse a path in a container that does not begin with ``/``, or is ``/`` itself."""
    if is_token(value):
        return
    if not isinstance(value, str) or not value.startswith("/") or (value == "/" and not root_allowed):
        raise ConfigurationError(f"{name} has {value!r}; use absolute paths of directories, for example '/tmp'")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"

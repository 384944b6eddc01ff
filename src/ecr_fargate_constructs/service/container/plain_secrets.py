"""Secrets that end in clear text: warnings, since a deployment with them works."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._rules.secret_names import is_secret_value, resolves_secret, seems_secret
from ecr_fargate_constructs._rules.tokens import is_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs import Construct

    from ecr_fargate_constructs.service.container.base import TaskContainer

_INTRINSIC = re.compile(r"\$\{Token\[TOKEN\.")
"""How CDK names tokens that are no attribute of a construct, dynamic references among them."""


def warn_about_secrets(scope: Construct, containers: Mapping[str, TaskContainer]) -> None:
    """Name variables that hold a secret in clear text, for all to read who may describe the task definition."""
    found = [f"{name}[{each!r}]" for name, container in containers.items() for each in _plain(container)]
    references = [
        f"{name}[{variable!r}]"
        for name, container in containers.items()
        for variable, value in container.environment.items()
        if is_reference_to_secret(scope, value)
    ]
    parts = []
    if found:
        parts.append(
            f"{', '.join(found)} in environment seems to be a secret, and stands in clear text in the template and in "
            "the task definition"
        )
    if references:
        parts.append(
            f"{', '.join(references)} in environment is a dynamic reference to a secret, and CloudFormation writes the "
            "secret itself into the task definition, in clear text"
        )
    if parts:
        warn(
            scope,
            "plainSecretInEnvironment",
            f"{'; '.join(parts)}; use secrets= with ecs.Secret.from_secrets_manager(…)",
        )
    words = [
        f"{name}.{option}"
        for name, container in containers.items()
        for option, given in (("command", container.command), ("entry_point", container.entry_point))
        if is_secret_value(" ".join(word for word in given or () if not is_token(word)))
    ]
    if words:
        warn(
            scope,
            "plainSecretInCommand",
            f"{', '.join(words)} seems to hold a secret, and stands in clear text in the template and in the task "
            "definition; use secrets= with ecs.Secret.from_secrets_manager(…), and read the variable in the command",
        )


def _plain(container: TaskContainer) -> Iterator[str]:
    for variable, value in container.environment.items():
        if value and not is_token(value) and not resolves_secret(value) and seems_secret(variable, value):
            yield variable


def is_reference_to_secret(scope: Construct, value: str) -> bool:
    """Return whether a text is, or contains, a dynamic reference to a secret, in a token of CDK's too."""
    if resolves_secret(value):
        return True
    if not _INTRINSIC.search(value):
        return False
    tokens = cdk.Tokenization.reverse_string(value).tokens
    references = [token for token in tokens if isinstance(token, cdk.CfnDynamicReference)]
    return any(resolves_secret(json.dumps(cdk.Stack.of(scope).resolve(token))) for token in references)


def warn_about_client_secret(scope: Construct, client_secret: cdk.SecretValue) -> None:
    """Say that a client's secret was given as plain text."""
    text = client_secret.unsafe_unwrap()
    if not is_token(text) and "{{resolve:" not in text:
        warn(
            scope,
            "plainClientSecret",
            "OidcAuthentication.client_secret stands in clear text in the template; use "
            "cdk.SecretValue.secrets_manager(…)",
        )

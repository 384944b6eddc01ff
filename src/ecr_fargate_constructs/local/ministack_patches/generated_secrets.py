"""Generate the values of secrets: MiniStack gives ``GenerateSecretString: {}`` no value.

It also supports only two of the nine options. Secrets Manager's own ``GetRandomPassword`` supports all, and
CloudFormation uses the same options (CloudFormation reference, AWS::SecretsManager::Secret GenerateSecretString).
Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
from typing import Any

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

_OK = 200


def generate_secrets(provisioners: Any, secretsmanager: object) -> None:  # noqa: ANN401 - an untyped package
    """Give the secrets of a template the values that CloudFormation would generate."""
    get_random_password = find(secretsmanager, "_get_random_password")
    find(provisioners, "_sm_secret_string")

    def secret_string(properties: Properties) -> str:
        options = properties.get("GenerateSecretString")
        if options is None or properties.get("SecretString"):
            return str(properties.get("SecretString") or "")
        status, _, body = get_random_password(_typed(options))
        answer = json.loads(body)
        if status != _OK:
            raise ValueError(f"the secret cannot be generated: {answer.get('message')}")
        password: str = answer["RandomPassword"]
        template, key = options.get("SecretStringTemplate"), options.get("GenerateStringKey")
        if template is None and key is None:
            return password
        if template is None or key is None:
            raise ValueError(
                "the secret cannot be generated: SecretStringTemplate and GenerateStringKey must be set together"
            )
        return json.dumps({**json.loads(template), key: password})

    provisioners._sm_secret_string = secret_string  # noqa: SLF001 - what this module is for


def _typed(options: Properties) -> Properties:
    """Return the options with the types of the API: a template may have numbers and booleans as text."""
    typed = dict(options)
    for name, value in options.items():
        if name == "PasswordLength":
            typed[name] = int(value)
        elif name not in {"ExcludeCharacters", "GenerateStringKey", "SecretStringTemplate"}:
            typed[name] = str(value).lower() == "true"
    return typed

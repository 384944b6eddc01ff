"""Let seeds choose names that AWS assigns itself: the id of a hosted zone, the ARN of a secret.

The templates of an app that refers to existing resources have these names. ``local.seeds`` passes them through the API,
in requests that AWS would refuse. Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

_ZONE = "ecr-fargate-zone/"
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")  # Secrets Manager adds it to the name in the ARN
_OK = 200


def zone_reference(identifier: str) -> str:
    """Return the ``CallerReference`` that makes ``CreateHostedZone`` create a zone with this id."""
    return _ZONE + identifier


def give_zones_their_ids(route53: Any) -> None:  # noqa: ANN401 - an untyped package
    """Let ``CreateHostedZone`` use the id in its ``CallerReference``."""
    create, new_id = find(route53, "_create_hosted_zone"), find(route53, "_zone_id")
    parse, text_of = find(route53, "_parse_body"), find(route53, "_text")

    def create_hosted_zone(body: bytes, query: Properties) -> object:
        root = parse(body)
        reference = "" if root is None else text_of(root, "CallerReference")
        if not reference.startswith(_ZONE):
            return create(body, query)
        route53._zone_id = lambda: reference.removeprefix(_ZONE)  # noqa: SLF001 - nothing else runs until it is restored
        try:
            return create(body, query)
        finally:
            route53._zone_id = new_id  # noqa: SLF001

    route53._create_hosted_zone = create_hosted_zone  # noqa: SLF001 - what this module is for


def give_secrets_their_arns(secretsmanager: Any) -> None:  # noqa: ANN401 - an untyped package
    """Let ``CreateSecret`` accept an ARN as the name, and find secrets by ARNs of other accounts and regions, too."""
    create, resolve = find(secretsmanager, "_create_secret"), find(secretsmanager, "_resolve")
    stored, respond = find(secretsmanager, "_secrets"), find(secretsmanager, "json_response")

    def create_secret(request: Properties) -> object:
        arn = str(request.get("Name"))
        if not arn.startswith("arn:"):
            return create(request)
        name = _SUFFIX.sub("", arn.rpartition(":secret:")[2])
        answer = create({**request, "Name": name})
        if answer[0] != _OK:
            return answer
        stored[name]["ARN"] = arn
        return respond({**json.loads(answer[2]), "ARN": arn})

    def find_secret(identifier: Any, **options: Any) -> tuple[Any, Any]:  # noqa: ANN401
        if str(identifier).startswith("arn:"):
            for name, secret in stored.items():
                if secret["ARN"] == identifier:
                    return name, secret
        return resolve(identifier, **options)  # type: ignore[no-any-return]

    secretsmanager._create_secret, secretsmanager._resolve = create_secret, find_secret  # noqa: SLF001

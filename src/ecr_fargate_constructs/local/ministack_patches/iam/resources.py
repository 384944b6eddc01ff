"""The resources of a request as AWS names them, where MiniStack names others. Written for MiniStack 1.5.33.

Sources: Service Authorization Reference (the resource types of each action), and for logs the resources that AWS names
in its refusals: ``log-group:NAME:log-stream:STREAM``, with an empty stream for what concerns the whole group.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Callable

_Fields: TypeAlias = dict[str, Any]

_OF_A_GROUP = {"TagResource", "UntagResource", "ListTagsForResource"}  # their resource is the group itself
_ECS_PLAIN = {"DescribeTaskDefinition", "ListTaskDefinitions", "RegisterTaskDefinition", "DeregisterTaskDefinition"}
"""Actions of ECS that know no resource, or only tags of one."""


def name_resources_as_aws_does() -> None:
    """Correct the resource of requests to ECR, ECS, CloudWatch Logs, KMS and Systems Manager."""
    actions, kms = import_module("ministack.core.iam_actions"), import_module("ministack.services.kms")
    extract, key_of = find(actions, "extract_resource_arn"), find(kms, "_resolve_key")
    named: dict[str, Callable[[str, _Fields, str, str], str | None]] = {
        "ecr": _of_ecr,
        "ecs": _of_ecs,
        "logs": _of_logs,
        "ssm": _of_ssm,
    }

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: _Fields,
        region: str,
        account: str,
    ) -> str:
        found: str | None = None
        if service in named:
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            found = named[service](action, _json(body), f"{service}:{region}:{account}", account)
        if found is None:
            found = str(extract(service, method, path, headers, body, query, region, account))
        if service == "kms" and ":alias/" in found:  # policies are about keys
            found = str((key_of(found) or {}).get("Arn", found))
        return found

    actions.extract_resource_arn = extract_resource_arn  # type: ignore[attr-defined]


def log_stream(region: str, account: str, group: str, stream: str = "") -> str:
    """Return the resource of a request about a log stream, or about a whole group."""
    return f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"


def _of_ecr(_: str, fields: _Fields, scope: str, account: str) -> str | None:
    names = fields.get("repositoryNames") or [fields.get("repositoryName")]
    if names[0]:
        place = scope.removesuffix(account) + str(fields.get("registryId") or account)
        return f"arn:aws:{place}:repository/{names[0]}"
    return fields.get("resourceArn")


def _of_ecs(action: str, fields: _Fields, scope: str, _: str) -> str | None:
    cluster = _last(fields.get("cluster") or "default")
    for one, many, kind in (("service", "services", "service"), ("task", "tasks", "task")):
        name = fields.get(one) or (fields.get(many) or [None])[0]
        if name:
            return str(name) if str(name).startswith("arn:") else f"arn:aws:{scope}:{kind}/{cluster}/{name}"
    if action == "RunTask":
        name = str(fields.get("taskDefinition", ""))
        return name if name.startswith("arn:") else f"arn:aws:{scope}:task-definition/{name}"
    for many in ("serviceRevisionArns", "serviceDeploymentArns"):
        if fields.get(many):
            return str(fields[many][0])
    return "*" if action in _ECS_PLAIN else None


def _of_logs(action: str, fields: _Fields, scope: str, account: str) -> str | None:
    if action in _OF_A_GROUP:
        return None
    region = scope.split(":")[1]
    group = str(fields.get("logGroupName") or fields.get("logGroupIdentifier") or "")
    if group.startswith("arn:"):
        group = group.split(":")[6]
    return log_stream(region, account, group, str(fields.get("logStreamName") or ""))


def _of_ssm(_: str, fields: _Fields, scope: str, __: str) -> str | None:
    names = fields.get("Names") or [fields.get("Path")]
    return parameter(str(names[0]), scope) if names[0] else None


def parameter(name: str, scope: str) -> str:
    """Return the ARN of a parameter of a name."""
    return name if name.startswith("arn:") else f"arn:aws:{scope}:parameter/{name.lstrip('/')}"


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _json(body: bytes) -> _Fields:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""Compare what the policies of roles grant with what the roles have used, by the record of decisions."""

from __future__ import annotations

import json
import re
import urllib.request
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ecr_fargate_constructs.local.decisions import Decision, from_json
from ecr_fargate_constructs.local.networks import barriers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ecr_fargate_constructs.local.instance import Instance, Memory

_PATH = "/_ministack/decisions"
_NETWORKS = "/_ministack/networks"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever HTTP_PROXY says


@dataclass(frozen=True)
class Grant:
    """An action that a policy allows a role.

    Attributes:
        role: Name of the role.
        action: The action, as the policy writes it.
        resources: The resources, as the policy writes them.
        conditional: Whether the statement has conditions.
        times: How often the role used it.
    """

    role: str
    action: str
    resources: tuple[str, ...]
    conditional: bool
    times: int


@dataclass(frozen=True)
class Grants:
    """All grants of some roles, and what was refused to them."""

    grants: tuple[Grant, ...]
    refusals: tuple[Decision, ...]

    @property
    def never_used(self) -> tuple[Grant, ...]:
        """The grants that no role has used."""
        return tuple(each for each in self.grants if not each.times)


def read_decisions(instance: Instance, memory: Memory) -> list[Decision]:
    """Return what an embedded AWS has decided since it was started."""
    return from_json(_read(instance, memory, _PATH))


def read_barriers(instance: Instance, memory: Memory) -> list[barriers.Barrier]:
    """Return the connections that the networks of an embedded AWS stop, as far as they were tried."""
    return barriers.from_json(_read(instance, memory, _NETWORKS))


def _read(instance: Instance, memory: Memory, path: str) -> Any:  # noqa: ANN401 - JSON
    address = f"http://127.0.0.1:{instance.port}{path}"
    signed = AWSRequest("GET", address)
    SigV4Auth(Credentials(memory.account, memory.secret), "ministack", memory.region).add_auth(signed)
    request = urllib.request.Request(address, headers=dict(signed.headers.items()))
    with _DIRECT.open(request, timeout=60) as answer:
        return json.load(answer)


def roles_of_stacks(cloudformation: Any, stacks: Iterable[str]) -> list[str]:  # noqa: ANN401 - boto3's
    """Return the names of the roles that stacks have created."""
    return [
        each["PhysicalResourceId"]
        for stack in stacks
        for each in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        if each["ResourceType"] == "AWS::IAM::Role"
    ]


def policies_of_roles(iam: Any, roles: Iterable[str]) -> dict[str, list[Mapping[str, Any]]]:  # noqa: ANN401 - boto3's
    """Return the statements of the policies of roles, by the role's name."""
    statements: dict[str, list[Mapping[str, Any]]] = {}
    for role in roles:
        documents = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
        statements[role] = [statement for document in documents for statement in _statements(document)]
    return statements


def compare(policies: Mapping[str, Sequence[Mapping[str, Any]]], decisions: Iterable[Decision]) -> Grants:
    """Count how often each granted action was used.

    Args:
        policies: Statements by the name of the role.
        decisions: What was decided.
    """
    relevant = [each for each in decisions if each.role in policies]
    grants = [
        Grant(role, action, resources, bool(statement.get("Condition")), _uses(role, action, resources, relevant))
        for role, statements in policies.items()
        for statement in statements
        if statement.get("Effect") == "Allow"
        for resources in [tuple(_list(statement.get("Resource")))]
        for action in _list(statement.get("Action"))
    ]
    return Grants(tuple(grants), tuple(each for each in relevant if each.refusal))


def _uses(role: str, action: str, resources: Sequence[str], decisions: Iterable[Decision]) -> int:
    return sum(
        each.times
        for each in decisions
        if each.role == role
        and not each.refusal
        and _matches(action.lower(), each.action.lower())
        and any(_matches(resource, each.resource) for resource in resources)
    )


def _matches(pattern: str, text: str) -> bool:
    return bool(_compiled(pattern).fullmatch(text))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _statements(document: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - a document, or its text
    content = json.loads(unquote(document)) if isinstance(document, str) else document
    yield from _list(content.get("Statement"))


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - a policy has one or several
    return [] if value is None else value if isinstance(value, list) else [value]

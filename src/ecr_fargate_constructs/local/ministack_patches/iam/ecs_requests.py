"""Requests to ECS as IAM sees them: the cluster as a condition key, and the actions that ``RunTask`` depends on.

MiniStack's evaluator is told of neither. Sources: Service Authorization Reference, "Actions, resources, and condition
keys for Amazon Elastic Container Service" (``ecs:cluster``, ``ecs:CreateAction``, and ``iam:PassRole`` as a dependent
action); IAM user guide, "Grant a user permissions to pass a role to an AWS service". Written for MiniStack 1.5.33.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IMPLIED = "ecr-fargate:implied"
"""Not a condition key: the further requests that a request implies, for the evaluator."""

_OF_A_CLUSTER = {
    "DescribeContainerInstances",
    "DescribeServices",
    "DescribeTasks",
    "ListServices",
    "ListTasks",
    "RunTask",
    "StopTask",
    "UpdateService",
}


class Implied(NamedTuple):
    """A request that another one implies.

    Attributes:
        action: The action.
        resource: ARN of the resource.
        context: Condition keys.
    """

    action: str
    resource: str
    context: Mapping[str, str]


def tell_iam_about_ecs_requests() -> None:
    """Let policies see the cluster of a request, and ask for the roles that a task gets."""
    actions, ecs = import_module("ministack.core.iam_actions"), import_module("ministack.services.ecs")
    context_of = find(actions, "request_tag_context")
    requests = _Requests(ecs)

    def request_tag_context(service: str, iam_action: str, body: bytes, params: Properties) -> Properties:
        context: Properties = context_of(service, iam_action, body, params)
        if service != "ecs":
            return context
        action, fields = iam_action.partition(":")[2], _json(body)
        return {**context, **requests.keys(action, fields)}

    actions.request_tag_context = request_tag_context  # type: ignore[attr-defined]


class _Requests:
    def __init__(self, ecs: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
        self._definitions, self._key = find(ecs, "_task_defs"), find(ecs, "_resolve_td_key")
        self._account, self._region = find(ecs, "get_account_id"), find(ecs, "get_region")

    def keys(self, action: str, fields: Properties) -> Properties:
        """Return the condition keys of a request, and what it implies."""
        if action not in _OF_A_CLUSTER:
            return {}
        cluster = str(fields.get("cluster") or "default")
        if not cluster.startswith("arn:"):
            cluster = self._arn(f"cluster/{cluster}")
        found: Properties = {"ecs:cluster": cluster}
        if action == "RunTask":
            found[IMPLIED] = tuple(self._implied(fields, cluster))
        return found

    def _implied(self, fields: Properties, cluster: str) -> Iterator[Implied]:
        definition = self._definitions.get(self._key(fields.get("taskDefinition", ""))) or {}
        overrides = fields.get("overrides") or {}
        for name in ("taskRoleArn", "executionRoleArn"):
            role = overrides.get(name) or definition.get(name)
            if role:
                arn = role if role.startswith("arn:") else f"arn:aws:iam::{self._account()}:role/{role}"
                yield Implied("iam:PassRole", arn, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})
        if fields.get("tags") or fields.get("propagateTags") not in (None, "NONE"):
            task = self._arn(f"task/{cluster.rpartition('/')[2]}/new")  # its id is not known yet
            yield Implied("ecs:TagResource", task, {"ecs:CreateAction": "RunTask", "ecs:cluster": cluster})

    def _arn(self, resource: str) -> str:
        return f"arn:aws:ecs:{self._region()}:{self._account()}:{resource}"


def _json(body: bytes) -> Properties:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""MiniStack's evaluator of IAM policies, switched on, and asked on behalf of roles. Written for MiniStack 1.5.33.

MiniStack asks it before it answers a signed request. What the emulator does itself for a role (the agent of ECS pulls
an image with the execution role, for example) asks it here.
"""

from __future__ import annotations

import secrets
import threading
import time
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.iam.ecs_requests import IMPLIED
from ecr_fargate_constructs.local.ministack_patches.iam.keys import Keys
from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ecr_fargate_constructs.local.decisions import Decisions
    from ecr_fargate_constructs.local.ministack_patches.iam.ecs_requests import Implied

_SECONDS = 6 * 3600.0
_MARGIN = 60  # seconds before the end of a session in which it is not used any more
_SESSION = ":assumed-role/"
_COLONS = 5  # of an ARN; the last part may have more
_PRECISE = frozenset(
    {"dynamodb", "ecr", "ecs", "iam", "kms", "lambda", "logs", "s3", "secretsmanager", "sns", "sqs", "ssm", "sts"}
)
"""Services whose resource of a request is named as AWS names it: ``*`` there is an action that knows none."""


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of a role."""

    access_key: str
    secret_key: str
    session_token: str


class Evaluator:
    """Decides about requests of roles, and keeps a record of it."""

    def __init__(self, decisions: Decisions) -> None:
        self._inside = evaluator = import_module("ministack.core.iam_evaluator")
        actions, sts = import_module("ministack.core.iam_actions"), import_module("ministack.services.sts")
        self._decisions, self._keys = decisions, Keys()
        self._enforce, self._sessions = find(evaluator, "enforce"), find(sts, "_sessions")
        self._failure, self._signed = find(evaluator, "AuthError"), find(evaluator, "_signed_request")
        self._anonymous, self._origin = find(evaluator, "_anonymous"), find(evaluator, "_request_origin")
        self._principal, self._judge = find(evaluator, "resolve_principal"), find(evaluator, "evaluate")
        self._context, self._matches = find(evaluator, "EvalContext"), find(evaluator, "_action_matches")
        self._by_resource = find(actions, "_resource_policy_denial")
        self._by_identity, self._answer = (
            find(actions, "identity_denial_message"),
            find(actions, "access_denied_response"),
        )
        self._keep, self._session_arn, self._role_id = (
            find(sts, name) for name in ("register_session", "_assumed_role_arn", "_role_id")
        )
        self._new_key, self._new_secret, self._new_token = (
            find(sts, name) for name in ("_gen_session_access_key", "_gen_secret", "_gen_session_token")
        )
        self._said: ContextVar[str] = ContextVar("the message of the last refusal", default="")
        self._lock = threading.Lock()
        self._agents: dict[tuple[str, str], tuple[str, float]] = {}
        self._resolve, self._roles = (
            find(evaluator, "_resolve_condition_key"),
            find(import_module("ministack.services.iam"), "_roles"),
        )
        evaluator.enforce = self.enforce  # type: ignore[attr-defined]
        operators = find(evaluator, "_CONDITION_OPS")
        match = find(evaluator, "fnmatch_iam_cs")
        for name in ("arnequals", "arnlike", "arnnotequals", "arnnotlike"):
            operators[name] = partial(_compare_arns, match, negated="not" in name)
        evaluator._resolve_condition_key = self.condition_key  # type: ignore[attr-defined]  # noqa: SLF001
        actions.access_denied_response = self.answer  # type: ignore[attr-defined]

    def enforce(  # MiniStack's call
        self,
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - MiniStack's
        """Decide as AWS does, and note the decision if it is about a role: None for what is allowed."""
        context = dict(service_context or {})
        implied: tuple[Implied, ...] = context.pop(IMPLIED, ())
        result = self._decide(access_key_id, iam_action, service, region, resource_arn, context)
        if result is None and self.is_session(access_key_id):
            for each in implied:
                named = each.action.partition(":")[0]
                result = self._decide(access_key_id, each.action, named, region, each.resource, dict(each.context))
                if result is not None:
                    return result
            for use in self._keys.uses(iam_action, resource_arn, region):
                result = self._decide(access_key_id, use.action, "kms", region, use.key, dict(use.context))
                if result is not None:
                    break
        return result

    def _decide(self, key: str, action: str, service: str, region: str, resource: str, context: dict[str, Any]) -> Any:  # noqa: ANN401
        result = self._enforce(key, action, service, region, resource, context)
        session = self._sessions.get(key) or {}
        if _SESSION not in session.get("Arn", "") or isinstance(result, self._failure):
            return result
        if result is not None and resource == "*" and action.partition(":")[0] not in _PRECISE:
            result = self._decide_for_any_resource(result, key, action, service, region, context)
        refusal = "" if result is None else self._message(result, key, service, region, action, resource, context)
        first = self._decisions.add(session["Arn"], action, resource, refusal=refusal)
        if refusal:
            self._said.set(refusal)
            if first:
                print(f"refused: {refusal}", flush=True)
        return result

    def _decide_for_any_resource(
        self,
        result: Any,  # noqa: ANN401 - MiniStack's
        key: str,
        action: str,
        service: str,
        region: str,
        context: dict[str, Any],
    ) -> Any:  # noqa: ANN401
        """Allow what is allowed on some resource, where MiniStack cannot tell which one a request is about."""
        principal = self._principal(key, self._sessions[key].get("AccountId") or "")
        named = {
            resource
            for statements in principal.policies or ()
            for each in statements
            if each.effect == "Allow" and self._matches(action, each.actions, each.not_actions)
            for resource in each.resources
        }
        allowed = any(self._enforce(key, action, service, region, resource, context) is None for resource in named)
        return None if allowed else result

    def condition_key(self, key: str, asked: Any) -> Any:  # noqa: ANN401 - MiniStack's
        """Return the value of a condition key; ``aws:PrincipalArn`` of a session is the ARN of its role, as on AWS."""
        if key.lower() == "aws:principalarn" and _SESSION in asked.principal_arn:
            _, _, _, _, account, session = asked.principal_arn.split(":", 5)
            name = session.split("/")[1]
            role = self._roles.get_scoped(account, None, name) or {}
            return role.get("Arn") or f"arn:aws:iam::{account}:role/{name}"
        return self._resolve(key, asked)

    def _message(
        self,
        result: Any,  # noqa: ANN401 - MiniStack's
        key: str,
        service: str,
        region: str,
        action: str,
        resource: str,
        context: dict[str, Any],
    ) -> str:
        """Say who may not do what on what, and which policy decides that, as AWS does."""
        who = result.principal_arn
        if result.resource_policy_arn:
            return str(self._by_resource(service, action, who, resource))
        principal = self._principal(key, who.split(":")[4])
        asked = self._context(
            principal_arn=who,
            principal_type=principal.type,
            principal_account=principal.account,
            action=action,
            resource_arn=resource,
            region=region,
            service_context={name.lower(): value for name, value in context.items()},
            principal_keys=principal.keys,
        )
        alone = self._judge(asked, principal.policies).decision
        limited = self._judge(asked, principal.policies, *principal.limits).decision
        message = str(self._by_identity(action, who, resource, alone == "Deny"))
        if alone != "Allow":
            return message
        about, _, _ = message.rpartition(" because no identity-based policy")
        if limited == "Deny":
            return f"{about} with an explicit deny in a permissions boundary"
        kind = "resource-based policy" if limited == "Allow" else "permissions boundary"
        return f"{about} because no {kind} allows the {action} action"

    def answer(self, service: str, action: str, principal_arn: str, request_id: str, **options: Any) -> Any:  # noqa: ANN401
        """Answer a request that is refused: with the message of the refusal, which MiniStack's leaves parts of out."""
        said = self._said.get()
        if said and not options.get("error_code") and f"User: {principal_arn} " in said:
            options["message"] = options.get("message") or said
        return self._answer(service, action, principal_arn, request_id, **options)

    def issue(self, role: str, session: str, *, seconds: float = _SECONDS) -> Credentials | None:
        """Return new credentials of a role, as ``AssumeRole`` gives them; None if the ARN is no role's."""
        arn, fault = self._session_arn(role, session)
        if fault:
            return None
        credentials = Credentials(self._new_key(), self._new_secret(), self._new_token())
        self._keep(
            credentials.access_key,
            {
                "Arn": arn,
                "UserId": f"{self._role_id(role)}:{session}",
                "SecretAccessKey": credentials.secret_key,
                "SessionToken": credentials.session_token,
                "Expiration": time.time() + seconds,
                "AccountId": role.split(":")[4],
                "PrincipalType": "AssumedRole",
            },
        )
        return credentials

    def is_session(self, access_key: str) -> bool:
        """Return whether an access key belongs to a session of a role."""
        return _SESSION in (self._sessions.get(access_key) or {}).get("Arn", "")

    def valid(self, access_key: str) -> bool:
        """Return whether a session of a role has not ended."""
        session = self._sessions.get(access_key)
        return session is not None and float(session.get("Expiration", 0)) > time.time()

    def refusal(
        self, access_key: str, action: str, resource: str, *, region: str, context: Mapping[str, Any] | None = None
    ) -> str | None:
        """Return why AWS would refuse a request; None if it would not.

        Args:
            access_key: Of the one who asks.
            action: For example ``ecr:BatchGetImage``.
            resource: ARN of the resource.
            region: Where it is asked.
            context: Values of the service's own condition keys.
        """

        def ask() -> tuple[Any, str]:
            self._signed.set(None)  # there is no request whose signature could be verified
            self._anonymous.set(False)
            self._origin.set(("127.0.0.1", True))
            result = self.enforce(access_key, action, action.partition(":")[0], region, resource, context)
            return result, self._said.get()

        result, said = copy_context().run(ask)
        if result is None:
            return None
        return str(result.message) if isinstance(result, self._failure) else said

    def agent(self, role: str, session: str) -> str:
        """Return the access key of a session that an AWS service has with a role; the same one each time."""
        with self._lock:
            now = time.time()
            cached = self._agents.get((role, session))
            if cached is None or cached[1] < now or cached[0] not in self._sessions:
                self._agents = {key: value for key, value in self._agents.items() if value[1] > now}
                credentials = self.issue(role, session)
                key = credentials.access_key if credentials else f"ASIA{secrets.token_hex(8).upper()}"
                cached = self._agents[role, session] = (key, now + _SECONDS - _MARGIN)
            return cached[0]


def _compare_arns(match: Callable[[str, str], bool], value: str, pattern: str, *, negated: bool) -> bool:
    """Compare ARNs part by part: a wildcard does not reach over a colon, except in the last part.

    IAM user guide, "Amazon Resource Name (ARN) condition operators": each of the six parts is checked separately.
    """
    parts, patterns = value.split(":", _COLONS), pattern.split(":", _COLONS)
    alike = len(parts) == len(patterns) == _COLONS + 1 and all(map(match, parts, patterns))
    return alike != negated

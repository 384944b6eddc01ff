"""Validate access tokens, rewrite requests, and redirect clients as a rule of a load balancer does.

MiniStack stores rewrites without applying them, knows no JWT validation, and fills each part of a redirect with the
same part of the request only. ``local/balancing`` decides; this module reads MiniStack's records. Written for MiniStack
1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, quote, unquote, urlencode

from ecr_fargate_constructs.local.balancing.pages import page
from ecr_fargate_constructs.local.balancing.redirects import Address, location
from ecr_fargate_constructs.local.balancing.tokens import KeysError, TokenError, Validation, bearer, claims_of
from ecr_fargate_constructs.local.balancing.transforms import Target, TransformError, transformed
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.token_actions import CONFIG, keep_validations

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.balancing.key_sets import KeySets

_Response: TypeAlias = tuple[int, dict[str, Any], Any]
_LOG = logging.getLogger(__name__)
_HTML = {"Content-Type": "text/html"}
_UNAUTHORIZED, _FAILED, _FOUND = 401, 500, 302


def act_on_rules(alb: Any, provisioners: Any, key_sets: KeySets) -> None:  # noqa: ANN401 - untyped packages
    """Let rules validate, rewrite and redirect; after load balancers choose groups by weight.

    Args:
        alb: MiniStack's load-balancing module.
        provisioners: MiniStack's module of resource types.
        key_sets: Where the keys of tokens come from.
    """
    keep_validations(alb, provisioners)
    execute, rules = find(alb, "_execute_actions"), find(alb, "_rules")

    async def execute_actions(
        actions: list[Properties],
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: Properties,
        *rest: Any,  # noqa: ANN401 - passed on as it is
        **more: Any,  # noqa: ANN401 - passed on as it is
    ) -> _Response:
        refusal = await _refusal(actions, headers, key_sets)
        if refusal is not None:
            return refusal
        left = [each for each in actions if CONFIG not in each]
        asked = Target(headers.get("host", ""), _url(path, query, more))
        last = max(left, key=lambda each: int(each.get("Order") or 1), default={})
        if str(last.get("Type")).lower() == "redirect" and len(left) == 1:
            return _redirect(last, headers, asked)
        if str(last.get("Type")).lower() == "forward":
            rule: Properties = next((each for each in rules.values() if each.get("Actions") is actions), {})
            try:
                target = transformed(rule.get("Transforms") or (), asked)
            except TransformError as error:
                _LOG.warning("a transform of %s failed: %s", rule.get("RuleArn"), error)
                return _FAILED, dict(_HTML), page(_FAILED)
            if target != asked:
                path, query, headers, more = _rewritten(target, asked, headers, more)
        response: _Response = await execute(left, method, path, headers, body, query, *rest, **more)
        return response

    alb._execute_actions = execute_actions  # noqa: SLF001 - what this module is for


async def _refusal(actions: list[Properties], headers: dict[str, str], key_sets: KeySets) -> _Response | None:
    """Return the answer to a request without the token that the actions require."""
    for action in actions:
        if CONFIG not in action:
            continue
        validation = Validation.of(action[CONFIG])
        try:
            token = bearer(headers)
            keys = await asyncio.to_thread(key_sets.at, validation.jwks_endpoint)
            validation.check(claims_of(token, keys), time.time())
        except TokenError as error:
            _LOG.info("a request has no valid token: %s", error)
            return _UNAUTHORIZED, dict(_HTML), page(_UNAUTHORIZED)
        except KeysError as error:
            _LOG.warning("the keys of %s cannot be used: %s", validation.issuer, error)
            return _FAILED, dict(_HTML), page(_FAILED)
    return None


def _url(path: str, query: Properties, more: dict[str, Any]) -> str:
    """Return path and query as the client sent them."""
    raw = more.get("raw_query_string")
    if raw is None:
        raw = urlencode(query or {}, doseq=True)
    sent = more.get("raw_path") or quote(path)
    return f"{sent}?{raw}" if raw else sent


def _redirect(action: Properties, headers: dict[str, str], asked: Target) -> _Response:
    config = action.get("RedirectConfig") or {}
    path, _, query = asked.url.partition("?")
    address = Address(
        protocol=headers.get("x-forwarded-proto", "http"),
        host=asked.host.partition(":")[0],
        port=headers.get("x-forwarded-port", "80"),
        path=path,
        query=query,
    )
    status = int(str(config.get("StatusCode") or f"HTTP_{_FOUND}").removeprefix("HTTP_"))
    return status, {**_HTML, "Location": location(config, address)}, page(status)


def _rewritten(
    target: Target, asked: Target, headers: dict[str, str], more: dict[str, Any]
) -> tuple[str, Properties, dict[str, str], dict[str, Any]]:
    """Return path, query, headers and further arguments for what a target is asked for."""
    path, _, query = target.url.partition("?")
    more = {**more, "raw_path": path, "raw_query_string": query}
    if target.host != asked.host:
        more["target_host"] = target.host
    return unquote(path), parse_qs(query, keep_blank_values=True), {**headers, "host": target.host}, more

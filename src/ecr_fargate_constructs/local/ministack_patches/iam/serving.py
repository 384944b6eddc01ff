"""The record of decisions, for the commands, and what of MiniStack is for the user alone.

Written for MiniStack 1.5.33.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.ministack_patches.asgi import Request, respond
from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.decisions import Decisions
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application, Message, Receive, Send
    from ecr_fargate_constructs.local.ministack_patches.iam.evaluator import Evaluator

PATH = "/_ministack/decisions"
_PATH = "/_ministack/decisions"  # local/grants.py asks there
_OWN = "/_ministack/"
_RESET = "/_ministack/reset"
_OK, _FORBIDDEN = 200, 403


def serve_decisions(application: Application, evaluator: Evaluator, decisions: Decisions) -> Application:
    """Return an application that tells the user what was decided, and refuses roles what is not for them.

    What MiniStack answers by itself, such as the request that empties it, is no part of AWS, so no policy is about it.
    """
    key_of = find(import_module("ministack.core.router"), "extract_access_key_id")

    async def served(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_OWN):
            await application(scope, receive, send)
            return
        request = Request(scope)
        headers = [(b"content-type", b"application/json")]
        if evaluator.is_session(key_of(request.headers(), request.query)):
            await respond(request, send, _FORBIDDEN, headers, b'{"message": "this is for the user, not for roles"}')
        elif request.path == _PATH:
            await respond(request, send, _OK, headers, json.dumps(decisions.as_json()).encode())
        else:
            await application(scope, receive, send)
            if request.path == _RESET:
                decisions.clear()

    return served

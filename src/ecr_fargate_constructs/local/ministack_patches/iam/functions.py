"""The credentials of Lambda functions, which are those of their roles. Written for MiniStack 1.5.33.

MiniStack works a function's secret out of its ARN, so that whoever knows the ARN could sign as the function; here it is
random. The service itself writes a function's log with the function's role, as AWS Lambda does.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.iam.resources import log_stream
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.iam.evaluator import Credentials, Evaluator


_NEVER = 10 * 365 * 24 * 3600.0
"""Seconds: a function that stays warm is not given new ones."""


def run_functions_as_their_roles(evaluator: Evaluator) -> None:
    """Give functions credentials of their roles, and write their logs only if these allow it."""
    functions, runtime = import_module("ministack.services.lambda_svc"), import_module("ministack.core.lambda_runtime")
    find(functions, "execution_credentials")
    find(runtime, "execution_credentials")
    emit = find(functions, "_emit_lambda_logs")
    issued: dict[tuple[str, str], Credentials] = {}
    lock = threading.Lock()

    def credentials(config: Properties) -> Credentials | None:
        function, role = config.get("FunctionArn", ""), config.get("Role", "")
        with lock:
            made = issued.get((function, role))
            if made is None or not evaluator.valid(made.access_key):
                made = evaluator.issue(role, str(config.get("FunctionName", "function"))[:64], seconds=_NEVER)
                if made is not None:
                    issued[function, role] = made
            return made

    def execution_credentials(config: Properties) -> dict[str, str]:
        made = credentials(config)
        return {
            "AWS_ACCESS_KEY_ID": made.access_key if made else "",
            "AWS_SECRET_ACCESS_KEY": made.secret_key if made else "",
            "AWS_SESSION_TOKEN": made.session_token if made else "",
        }

    def emit_lambda_logs(function: Properties, *rest: Any, **options: Any) -> None:  # noqa: ANN401
        config = function.get("config") or function
        made = credentials(config)
        name = config.get("FunctionName", "")
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
        _, _, _, region, account, *_ = f"{config.get('FunctionArn', '')}:::::".split(":")
        # Any stream of the group: MiniStack names it later.
        resource = log_stream(region, account, group, "any")
        if made is not None:
            for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
                if evaluator.refusal(made.access_key, action, resource, region=region) is not None:
                    return
        emit(function, *rest, **options)

    functions.execution_credentials = execution_credentials  # type: ignore[attr-defined]
    functions._emit_lambda_logs = emit_lambda_logs  # type: ignore[attr-defined]  # noqa: SLF001
    runtime.execution_credentials = execution_credentials  # type: ignore[attr-defined]

"""Ask the function of a lifecycle hook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.deployments.hooks import Answer

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.internals import Properties

_FAILED = Answer("FAILED")


def ask_function(functions: Any, reference: str, event: Properties) -> Answer:  # noqa: ANN401
    """Invoke a function, and return its answer; an error is ``FAILED``.

    Args:
        functions: MiniStack's Lambda module.
        reference: ARN of the function.
        event: Its event.
    """
    try:
        function, configuration, name = functions._get_func_record_for_ref(reference)  # noqa: SLF001
        if not function or not configuration:
            print(f"lifecycle hook: there is no function {name}", flush=True)
            return _FAILED
        record = functions._execution_record_for_config(function, configuration)  # noqa: SLF001
        result = functions._execute_function_with_config_scope(record, event)  # noqa: SLF001
        body = result.get("body")
        answer = json.loads(body) if isinstance(body, str | bytes) else body
        if result.get("error") or not isinstance(answer, dict):
            return _FAILED
        delay, details = answer.get("callBackDelay"), answer.get("hookDetails")
        return Answer(str(answer.get("hookStatus")), None if delay is None else float(delay), dict(details or {}))
    except Exception as error:  # noqa: BLE001 - whatever it is, the hook has failed
        print(f"lifecycle hook {reference} failed: {error}", flush=True)
        return _FAILED

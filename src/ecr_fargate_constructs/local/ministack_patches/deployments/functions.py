"""Ask the function of a lifecycle hook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.internals import Properties


def ask_function(functions: Any, reference: str, event: Properties) -> tuple[str, float | None]:  # noqa: ANN401
    """Invoke a function, and return its ``hookStatus`` and ``callBackDelay`` in seconds; an error is ``FAILED``.

    Args:
        functions: MiniStack's Lambda module.
        reference: ARN of the function.
        event: Its event.
    """
    try:
        function, configuration, name = functions._get_func_record_for_ref(reference)  # noqa: SLF001
        if not function or not configuration:
            print(f"lifecycle hook: there is no function {name}", flush=True)
            return "FAILED", None
        record = functions._execution_record_for_config(function, configuration)  # noqa: SLF001
        result = functions._execute_function_with_config_scope(record, event)  # noqa: SLF001
        body = result.get("body")
        answer = json.loads(body) if isinstance(body, str | bytes) else body
        if result.get("error") or not isinstance(answer, dict):
            return "FAILED", None
        delay = answer.get("callBackDelay")
        return str(answer.get("hookStatus")), None if delay is None else float(delay)
    except Exception as error:  # noqa: BLE001 - whatever it is, the hook has failed
        print(f"lifecycle hook {reference} failed: {error}", flush=True)
        return "FAILED", None

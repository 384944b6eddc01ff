"""``RunTask`` with a client token: the same request again starts no second task.

Source: "Ensuring idempotency" in the Amazon ECS API reference: a token is known for 24 hours. Written for MiniStack
1.5.33, which ignores tokens.
"""

from __future__ import annotations

import json
import threading
from typing import Any, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find

_Properties: TypeAlias = dict[str, Any]


def start_no_task_twice(ecs: Any) -> None:  # noqa: ANN401 - an untyped package
    """Answer a repeated ``RunTask`` with the task of the first one."""
    run, cluster_of = find(ecs, "_run_task"), find(ecs, "_resolve_cluster_name")
    tasks, account, region = find(ecs, "_tasks"), find(ecs, "get_account_id"), find(ecs, "get_region")
    answers: dict[tuple[str, ...], Any] = {}
    lock = threading.Lock()

    def run_task(data: _Properties) -> Any:  # noqa: ANN401 - MiniStack's answer
        token = data.get("clientToken")
        if not token:
            return run(data)
        key = (account(), region(), str(cluster_of(data.get("cluster", "default"))), str(token))
        with lock:
            arn, answer = answers.get(key, ("", None))
            if answer is None or arn not in tasks:
                answer = run(data)
                if started := _started(answer):
                    answers[key] = (started, answer)
            return answer

    ecs._run_task = run_task  # noqa: SLF001 - what this module is for


def _started(answer: Any) -> str:  # noqa: ANN401 - as above
    """Return the ARN of the task that an answer is about; empty if none was started."""
    return next((str(each["taskArn"]) for each in json.loads(answer[2]).get("tasks", ())), "")

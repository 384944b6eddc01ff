"""Takes messages from a queue, one at a time, and finishes the one at hand when it is told to stop."""

from __future__ import annotations

import json
import os
import signal
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def protect(*, enabled: bool) -> None:
    """Ask ECS not to stop this task, for an hour at most, or to stop it whenever it wants."""
    agent = os.environ.get("ECS_AGENT_URI")
    if agent is None:  # not on ECS
        return
    wish = {"ProtectionEnabled": True, "ExpiresInMinutes": 60} if enabled else {"ProtectionEnabled": False}
    request = urllib.request.Request(  # noqa: S310 - the address is the agent's
        f"{agent}/task-protection/v1/state",
        data=json.dumps(wish).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            refused = json.load(answer).get("failure")  # a deployment is waiting for this task, for example
    except OSError as error:
        refused = error
    if refused:  # the stop timeout is left for the message
        print(f"not protected: {refused}", flush=True)  # noqa: T201 - the log


def work(
    queue: Any,  # noqa: ANN401 - of boto3
    url: str,
    handle: Callable[[str], None],
    stop: threading.Event,
    *,
    retry_seconds: int = 30,
) -> None:
    """Handle messages until it is time to stop. One that fails comes back, and in the end is a dead letter."""
    while not stop.is_set():
        for message in queue.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages", []):
            receipt = message["ReceiptHandle"]
            protect(enabled=True)
            try:
                handle(message["Body"])
                queue.delete_message(QueueUrl=url, ReceiptHandle=receipt)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next message may be fine
                print(f"failed: {error!r}", flush=True)  # noqa: T201 - the log
                queue.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=retry_seconds)
            finally:
                protect(enabled=False)


if __name__ == "__main__":
    import boto3

    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    work(boto3.client("sqs"), os.environ["QUEUE_URL"], lambda body: print(body, flush=True), stopping)  # noqa: T201

"""The program of the tasks of ``test_workers.py``: the worker of the example, with a table that counts."""

from __future__ import annotations

import os
import signal
import threading
import time

import boto3
from take import work  # type: ignore[import-not-found] # beside it in the image

VERSION = "first"


def main() -> None:
    table, stopping = boto3.resource("dynamodb").Table(os.environ["TABLE"]), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())

    def handle(body: str) -> None:
        if body.startswith("poison"):
            raise ValueError(body)
        time.sleep(8 if body.startswith("long") else 0.05)  # longer than the embedded AWS waits for a stopped container
        table.update_item(
            Key={"id": body},
            UpdateExpression="ADD handled :one SET version = :version",
            ExpressionAttributeValues={":one": 1, ":version": VERSION},
        )

    work(boto3.client("sqs"), os.environ["QUEUE_URL"], handle, stopping, retry_seconds=1)


if __name__ == "__main__":
    main()

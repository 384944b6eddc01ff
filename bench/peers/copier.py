"""The copy function, called once as Lambda calls it: ``python -m bench.peers.copier SOURCE DESTINATION ANSWER``.

It is loaded as in Lambda, where only its folder exists. The process reports how much memory it used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from bench.peers.program import report_memory

_SECONDS = 900


class Context:
    """The context object that Lambda passes to a function."""

    log_group_name = log_stream_name = "bench"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return the longest time that a function may run."""
        return _SECONDS * 1000


def main() -> None:
    """Copy the image."""
    source, destination, answer = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).parents[2] / "src" / "ecr_fargate_constructs" / "image"))
    event = {
        "RequestType": "Create",
        "ResourceType": "Custom::EcrFargateImageCopy",
        "ResourceProperties": {"Source": source, "Destination": destination, "Architecture": "amd64"},
        "ResponseURL": answer,
        "StackId": "bench",
        "RequestId": "bench",
        "LogicalResourceId": "Copy",
    }
    import_module("copier.handler").handler(event, Context())
    report_memory()


main()

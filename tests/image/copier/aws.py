"""One run of the function: what CloudFormation sends, what it gets, and what must be so whatever happens."""

from __future__ import annotations

import gc
import io
import threading
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.image.copier.handler import handler
from tests.image.copier.fake_cloudformation import SIGNATURE, FakeCloudFormation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.image.copier.fake_registry import FakeRegistry
    from tests.image.copier.images import Image

SOURCE_HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
HOST = "444455556666.dkr.ecr.eu-west-1.amazonaws.com"
SOURCE = f"{SOURCE_HOST}/assets:abc"
DESTINATION = f"{HOST}/shop/web:v1"
LOG = "/aws/lambda/copier 2026/11/05/[$LATEST]0123"


@dataclass(frozen=True)
class Outcome:
    """What CloudFormation got, and what stands in the log."""

    answers: list[dict[str, Any]]
    printed: str
    seconds: float

    @property
    def status(self) -> str:
        """SUCCESS or FAILED."""
        return str(self.answers[0]["Status"])

    @property
    def reason(self) -> str:
        """Why it failed."""
        return str(self.answers[0].get("Reason", ""))

    @property
    def digest(self) -> str:
        """Digest of the copy."""
        assert self.status == "SUCCESS", self.reason
        return str(self.answers[0]["Data"]["Digest"])


class Context:
    """Lambda's."""

    log_group_name, log_stream_name = LOG.split()

    def __init__(self, seconds: float) -> None:
        """Begin to run."""
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Until Lambda ends the function."""
        return int((self._end - time.monotonic()) * 1000)


@dataclass
class Aws:
    """What the function meets."""

    registry: FakeRegistry
    cloudformation: FakeCloudFormation
    others: list[FakeRegistry] = field(default_factory=list)
    secrets: set[str] = field(default_factory=lambda: {SIGNATURE})
    seconds: float = 900

    def hold(self, image: Image, source: str = SOURCE, destination: str = DESTINATION) -> Image:
        """Have an image at the source, and an empty repository at the destination."""
        tag = source.rpartition(":")[2] if "@" not in source else None
        self.registry.named(source).hold(image, tag)
        self.registry.named(destination)
        return image

    def copy(
        self,
        source: str = SOURCE,
        destination: str = DESTINATION,
        architecture: str = "amd64",
        *,
        answers: int = 1,
        leaves_threads: bool = False,
        **event: object,
    ) -> Outcome:
        """Have an image copied, and check what must be so whatever happens.

        Exactly one answer, in time; nothing raised, no secret told, no tag of an incomplete image; no thread and no
        connection goes on when the function has ended, because Lambda would freeze it and resume it later.
        """
        properties = {"Source": source, "Destination": destination, "Architecture": architecture}
        given = {"ResourceType": "Custom::EcrFargateImageCopy", "ResourceProperties": properties, **event}
        outcome = self.run(given)
        assert len(outcome.answers) == answers
        assert self.registry.incomplete(but=source) == []
        assert _becomes(lambda: leaves_threads or not _threads()), _threads()
        gc.collect()
        for registry in (self.registry, *self.others):
            assert registry.failures == []
            assert _becomes(lambda registry=registry: leaves_threads or registry.connections == 0)  # type: ignore[misc]
        return outcome

    def run(self, event: dict[str, Any]) -> Outcome:
        """Call the function."""
        self.cloudformation.answers.clear()
        full = {
            "RequestType": "Create",
            "RequestId": "request",
            "StackId": "stack",
            "LogicalResourceId": "Copy",
            "ResponseURL": self.cloudformation.url,
            **event,
        }
        began, output = time.monotonic(), io.StringIO()
        with redirect_stdout(output):
            handler(full, Context(self.seconds))
        outcome = Outcome(list(self.cloudformation.answers), output.getvalue(), time.monotonic() - began)
        assert outcome.seconds < self.seconds
        told = f"{outcome.printed} {outcome.answers}"
        for secret in self.secrets | self.registry.secrets:
            assert secret not in told
        return outcome


def _threads() -> list[str]:
    """The function's threads that are running."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.endswith("(do)") or name.startswith("ThreadPoolExecutor")]


def _becomes(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 1
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True

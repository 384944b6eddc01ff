"""A client that asks ten times a second while a version is deployed, and what CDK's bare pattern loses meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import Self

from tests.e2e.local_app import LocalApp, copy_sample, free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

GREETING = "Hello from a private ECR repository!"
BROKEN = ("def main() -> int:\n", "def main() -> int:\n    sys.exit('cannot start')\n")
BARE = """
import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs, aws_ecs_patterns as patterns

app = cdk.App()
stack = cdk.Stack(app, "Web")
vpc = ec2.Vpc(stack, "Vpc", max_azs=2, restrict_default_security_group=False)  # that takes a function
web = patterns.ApplicationLoadBalancedFargateService(
    stack,
    "Web",
    vpc=vpc,
    task_image_options=patterns.ApplicationLoadBalancedTaskImageOptions(
        image=ecs.ContainerImage.from_asset("app"), container_port=8080
    ),
    desired_count=2,
    min_healthy_percent=100,
    circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
)
web.target_group.configure_health_check(path="/healthz")
app.synth()
"""


@dataclass
class Client:
    """Asks ten times a second, and counts what comes back; 0 is no answer at all."""

    app: LocalApp
    host: str
    statuses: Counter[int] = field(default_factory=Counter)
    bodies: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        time.sleep(3)  # the old tasks drain after the command has ended
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def _ask(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            status, body = self._once()
            self.statuses[status] += 1
            if status == 200:
                self.bodies.add(body)
            due = max(due + 0.1, time.monotonic() - 1)  # a slow answer does not make a rush of requests
            time.sleep(max(0.0, due - time.monotonic()))

    def _once(self) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.app.port, timeout=10)
        try:
            with contextlib.closing(connection):
                connection.request("GET", "/", headers={"Host": self.host})
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    @property
    def lost(self) -> int:
        """Requests that did not get 200."""
        return self.statuses.total() - self.statuses[200]


@dataclass(frozen=True)
class Course:
    """What clients met with during the deployment of a good version, and of one that exits at once."""

    good: Client
    bad: Client


def course_of_the_bare_pattern(folder: Path) -> Course:
    """Take CDK's bare pattern through what the sample goes through."""
    app = LocalApp(copy_sample(folder / "sample"), free_port())
    (app.directory / "app.py").write_text(BARE, encoding="utf-8")
    try:
        done = app.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        app.edit(GREETING, "Hello again!")
        with Client(app, app.host) as good:
            done = app.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        app.edit(*BROKEN)
        with Client(app, app.host) as bad:
            app.run("up")
        return Course(good, bad)
    finally:
        app.run("down")

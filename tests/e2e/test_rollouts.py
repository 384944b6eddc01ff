"""A client that asks ten times a second, through a good version and through one that exits at once.

The bare pattern of CDK goes through the same, in the same run: what it loses too is the emulator's.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from local_app import LocalApp, copy_sample, free_port
from typing_extensions import Self

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    """What happened to one app."""

    good: Client
    bad: Client
    bad_status: int
    bad_output: str
    after: tuple[int, str]


def _course(app: LocalApp) -> Course:
    done = app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    host = urlsplit(app.run("url").stdout.strip()).hostname or ""
    app.edit(GREETING, "Hello again!")
    with Client(app, host) as good:
        done = app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    app.edit(*BROKEN)
    with Client(app, host) as bad:
        done = app.run("up")
    return Course(good, bad, done.returncode, done.stdout + done.stderr, app.get())


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Course]]:
    ours = LocalApp(copy_sample(tmp_path_factory.mktemp("ours") / "sample"), free_port())
    bare = LocalApp(copy_sample(tmp_path_factory.mktemp("bare") / "sample"), free_port())
    (bare.directory / "app.py").write_text(BARE, encoding="utf-8")
    found = {}
    try:
        for name, app in (("ours", ours), ("bare", bare)):
            found[name] = _course(app)
            app.run("down")
        yield found
    finally:
        for app in (ours, bare):
            app.run("down")


def _held(courses: dict[str, Course], part: str) -> None:
    """No request of ours is lost; or the bare pattern loses some too, and ours loses no more than one in a hundred."""
    ours, bare = (getattr(courses[name], part) for name in ("ours", "bare"))
    print(f"{part}: ours {dict(ours.statuses)}, bare pattern {dict(bare.statuses)}")
    assert ours.statuses.total() > 50
    assert bare.statuses.total() > 50
    assert ours.lost == 0 or (bare.lost > 0 and ours.lost <= ours.statuses.total() // 100)


def test_a_good_version_loses_no_request(courses: dict[str, Course]) -> None:
    _held(courses, "good")
    assert courses["ours"].good.bodies == {f"{GREETING}\n", "Hello again!\n"}


def test_a_version_that_exits_at_once_is_never_seen(courses: dict[str, Course]) -> None:
    _held(courses, "bad")
    assert courses["ours"].bad.bodies == {"Hello again!\n"}


def test_a_version_that_exits_at_once_is_reported_and_the_old_one_goes_on(courses: dict[str, Course]) -> None:
    course = courses["ours"]
    assert course.bad_status == 1
    assert "the service did not come up" in course.bad_output
    assert "cannot start" in course.bad_output
    assert course.after == (200, "Hello again!\n")

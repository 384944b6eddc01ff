"""Any sequence of events, through a world in which tasks start, become healthy, and fail as they like."""

from __future__ import annotations

from typing import Any

from hypothesis import settings as run
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecr_fargate_constructs.local.deployments.capacity import Task, World
from ecr_fargate_constructs.local.deployments.controller import Controller
from ecr_fargate_constructs.local.deployments.hooks import Answer
from ecr_fargate_constructs.local.deployments.records import (
    ENDED,
    Deployment,
    InvokeHook,
    SetWeights,
    StartTasks,
    StopTasks,
)
from ecr_fargate_constructs.local.deployments.settings import read_settings
from ecr_fargate_constructs.local.deployments.stages import Stage

_HOOKED = [stage.name for stage in Stage if stage not in {Stage.SCALE_UP, Stage.BAKE_TIME, Stage.CLEAN_UP}]
_ENOUGH_STEPS = 400  # of a minute: 33 shifts of 3 % bake for 6 minutes each


@st.composite
def _configurations(draw: st.DrawFn) -> dict[str, Any]:
    strategy = draw(st.sampled_from(["ROLLING", "BLUE_GREEN", "CANARY", "LINEAR"]))
    rolling = strategy == "ROLLING"
    hook = st.fixed_dictionaries(
        {
            "targetType": st.sampled_from(["AWS_LAMBDA", "PAUSE"]),
            "hookTargetArn": st.just("function"),
            "lifecycleStages": st.lists(st.sampled_from(_HOOKED), min_size=1, max_size=3),
            "timeoutConfiguration": st.fixed_dictionaries(
                {"timeoutInMinutes": st.integers(1, 60), "action": st.sampled_from(["CONTINUE", "ROLLBACK"])}
            ),
        }
    )
    minimum = draw(st.integers(0, 100)) if rolling else 100
    # A rolling deployment that can neither start nor stop a task never ends, on AWS neither.
    return {
        "strategy": strategy,
        "minimumHealthyPercent": minimum,
        "maximumPercent": draw(st.integers(150, 250)) if rolling else 200,
        "bakeTimeInMinutes": draw(st.integers(0, 5)),
        "deploymentCircuitBreaker": {
            "enable": True,
            "rollback": draw(st.booleans()),
            "resetOnHealthyTask": draw(st.booleans()),
        },
        "alarms": {"enable": draw(st.booleans()), "rollback": draw(st.booleans()), "alarmNames": ["errors"]},
        "lifecycleHooks": draw(st.lists(hook, max_size=2)),
        "canaryConfiguration": {"canaryPercent": draw(st.sampled_from([0.1, 5, 33.3, 100]))},
        "linearConfiguration": {"stepPercent": draw(st.sampled_from([3.0, 10, 33.3, 100]))},
        "earlySuccessCriteria": {
            "enable": draw(st.booleans()),
            "healthyPercent": draw(st.integers(minimum, 100)),
            "sourceServiceRevisionCleanup": draw(st.sampled_from(["BLOCKING", "DEFERRED"])),
        },
    }


class AnyDeployment(RuleBasedStateMachine):
    """A service, its world, and what may happen to it."""

    @initialize(desired=st.integers(2, 5), configuration=_configurations())
    def create(self, desired: int, configuration: dict[str, Any]) -> None:
        self.controller = Controller(desired)
        self.tasks: dict[str, Task] = {}
        self.alarms: frozenset[str] = frozenset()
        self.calls: list[str] = []
        self.now, self.number = 0.0, 0
        self.deployments: list[Deployment] = []
        self.update(configuration)

    @rule(configuration=_configurations(), test_traffic=st.booleans())
    def update(self, configuration: dict[str, Any], test_traffic: bool = False) -> None:  # noqa: FBT001, FBT002
        self.number += 1
        self.deployments.append(
            self.controller.deploy(
                f"d{self.number}", f"r{self.number}", read_settings(configuration, test_traffic=test_traffic), self.now
            )
        )
        self.step()

    @rule(seconds=st.sampled_from([1, 29, 61, 301]))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.step()

    @rule(healthy=st.booleans(), data=st.data())
    def check(self, healthy: bool, data: st.DataObject) -> None:  # noqa: FBT001
        starting = [name for name, task in self.tasks.items() if not task.healthy]
        if starting:
            name = data.draw(st.sampled_from(starting))
            task = self.tasks[name]
            self.tasks[name] = Task(name, task.revision, healthy=healthy, unhealthy=not healthy)
            self.step()

    @rule()
    def all_become_healthy(self) -> None:
        self.tasks = {name: Task(name, task.revision, healthy=True) for name, task in self.tasks.items()}
        self.step()

    @rule(data=st.data())
    def exit(self, data: st.DataObject) -> None:
        if self.tasks:
            name = data.draw(st.sampled_from(sorted(self.tasks)))
            self.controller.fail(self.tasks.pop(name).revision)
            self.step()

    @precondition(lambda self: self.calls)
    @rule(status=st.sampled_from(["SUCCEEDED", "FAILED", "IN_PROGRESS", "nonsense"]))
    def answer(self, status: str) -> None:
        self.controller.answer(self.calls.pop(0), Answer(status), self.now)
        self.step()

    @rule(action=st.sampled_from(["CONTINUE", "ROLLBACK"]))
    def decide(self, action: str) -> None:
        for each in self.controller.current.runs if self.controller.current else ():
            self.controller.decide(each.identifier, action)
        self.step()

    @rule(kind=st.sampled_from(["ROLLBACK", "ABORT"]))
    def stop(self, kind: str) -> None:
        self.controller.stop(kind, self.now)
        self.step()

    @rule(alarm=st.booleans())
    def alarm(self, alarm: bool) -> None:  # noqa: FBT001
        self.alarms = frozenset({"errors"} if alarm else ())
        self.step()

    @rule(desired=st.integers(2, 5))
    def scale(self, desired: int) -> None:
        self.controller.scale(desired)
        self.step()

    def step(self) -> None:
        before, weights = dict(self.tasks), self.controller.weights
        for action in self.controller.step(World(tuple(self.tasks.values()), self.alarms), self.now):
            match action:
                case StartTasks(revision, count):
                    for _ in range(count):
                        self.number += 1
                        name = f"t{self.number}"
                        self.tasks[name] = Task(name, revision)
                case StopTasks(names):
                    self.stopped_on_purpose(before, names)
                    for name in names:
                        self.tasks.pop(name, None)
                case SetWeights(first, second):
                    assert round(first + second, 1) == 100
                    assert {first, second} != set(weights) or (first, second) != weights
                case InvokeHook(identifier=identifier):
                    self.calls.append(identifier)
                case _:
                    pass

    def stopped_on_purpose(self, before: dict[str, Task], names: tuple[str, ...]) -> None:
        """Refuse that the controller itself brings the service below its minimum."""
        controller = self.controller
        settings = controller.current.settings if controller.current else controller.settings
        healthy = {name for name, task in before.items() if task.healthy and not task.unhealthy}
        if not settings.shifts_traffic and healthy & set(names):
            assert len(healthy - set(names)) >= min(settings.minimum(controller.desired), len(healthy))
        if settings.shifts_traffic and controller.current and controller.stable is not None:
            with_users = {name for name in healthy if self.share(before[name].revision) > 0}
            lost = with_users & set(names)
            assert not lost or len(with_users - lost) >= min(controller.desired, len(with_users))

    def share(self, revision: str) -> float:
        return self.controller.weights[self.controller.group_of(revision)]

    @invariant()
    def weights_sum_to_100(self) -> None:
        assert round(sum(self.controller.weights), 1) == 100
        assert all(0 <= each <= 100 for each in self.controller.weights)

    @invariant()
    def one_deployment_is_in_progress(self) -> None:
        open_ones = [each for each in self.deployments if each.status not in ENDED]
        assert open_ones == ([self.controller.current] if self.controller.current else [])
        deployment = self.controller.current
        if deployment is not None:
            assert self.controller.primary == (self.controller.stable if deployment.rolling_back else deployment.target)

    @invariant()
    def stages_come_in_order(self) -> None:
        shift = (Stage.PRE_PRODUCTION_TRAFFIC_SHIFT, Stage.PRODUCTION_TRAFFIC_SHIFT)
        for deployment in self.deployments:
            for one, next_one in zip(deployment.history, deployment.history[1:], strict=False):
                assert one.value < next_one.value or (next_one, one) == shift

    @invariant()
    def a_rollback_ends_where_it_began(self) -> None:
        last = self.deployments[-1]
        if last.status == "ROLLBACK_SUCCESSFUL" and self.controller.current is None:
            assert self.controller.stable != last.target
            assert self.controller.weights[self.controller.live] == 100
            assert self.controller.test_group == self.controller.live

    def teardown(self) -> None:
        """Let the world be kind: then every deployment ends, and the service reaches what it is going to."""
        if not hasattr(self, "controller"):
            return
        self.alarms = frozenset()
        for _ in range(_ENOUGH_STEPS):
            self.now += 61
            self.tasks = {name: Task(name, task.revision, healthy=True) for name, task in self.tasks.items()}
            while self.calls:
                self.controller.answer(self.calls.pop(0), Answer("SUCCEEDED"), self.now)
            for hook in self.controller.current.runs if self.controller.current else ():
                self.controller.decide(hook.identifier, "CONTINUE")
            self.step()
            if self.controller.steady:
                break
        assert all(each.status in ENDED for each in self.deployments)
        if not self.controller.halted:
            assert self.controller.steady
            assert {task.revision for task in self.tasks.values()} == {self.controller.stable}
            assert len(self.tasks) == self.controller.desired


TestAnyDeployment = AnyDeployment.TestCase
TestAnyDeployment.settings = run(max_examples=200, stateful_step_count=30, deadline=None)

"""The deployment controller of one service, with MiniStack's tasks, target groups and functions."""

from __future__ import annotations

import copy
import json
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.deployments.capacity import Task, World
from ecr_fargate_constructs.local.deployments.controller import Controller
from ecr_fargate_constructs.local.deployments.health import Checks
from ecr_fargate_constructs.local.deployments.protection import blocks
from ecr_fargate_constructs.local.deployments.records import (
    Action,
    InvokeHook,
    Say,
    SetTestTraffic,
    SetWeights,
    StartTasks,
    StopTasks,
)
from ecr_fargate_constructs.local.deployments.settings import REVISION_FIELDS, Settings, read_settings
from ecr_fargate_constructs.local.ministack_patches.deployments.functions import ask_function
from ecr_fargate_constructs.local.ministack_patches.deployments.protection import UNTIL
from ecr_fargate_constructs.local.ministack_patches.deployments.published import publish
from ecr_fargate_constructs.local.ministack_patches.deployments.traffic import set_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.ministack_patches.internals import Properties

_PATIENCE = 10.0  # seconds of this machine for a first health check, on top of the grace period
_BUSY, _IDLE = 0.3, 30.0  # seconds between two looks, at most: whatever changes a service wakes its controller too
_WATCHED = 1.0  # the same where containers have health checks, whose results wake nobody
_SECONDS_TO_EXIT = 1.0  # a task without health checks that has run for so long is healthy
_SECONDS_TO_DEREGISTER = 1.0  # requests that were sent just before a task left its group


@dataclass(frozen=True)
class Ministack:
    """MiniStack's modules, and what belongs to all services.

    Attributes:
        clock: Time of bakes and hooks.
        rehearses: Whether bake times pass; otherwise they are zero.
        check: Checks the health of a target once, and returns its state.
        outdated: Returns whether a task runs without the files that were synced after its start.
    """

    ecs: Any
    alb: Any
    lambda_svc: Any
    cloudwatch: Any
    clock: Clock
    rehearses: bool
    check: Callable[[Properties, Properties], Any]
    spawn: Callable[..., Any]
    outdated: Callable[[Properties], bool] = lambda _task: False


@dataclass
class _Seen:
    """A running task: the time since when it runs, its checks in each target group, and the time of the next ones."""

    since: float
    checks: dict[str, Checks] = field(default_factory=dict)
    due: float = 0.0


class ControlledService:
    """A service whose deployments this library's controller runs."""

    def __init__(self, ministack: Ministack, cluster: str, record: Properties) -> None:
        """Take over a service; nothing is started yet.

        Args:
            ministack: MiniStack.
            cluster: Name of the cluster.
            record: MiniStack's record of the service.
        """
        self._ministack, self._cluster, self.record = ministack, cluster, record
        self.controller = Controller(int(record.get("desiredCount") or 0))
        self.revisions: dict[str, Properties] = {}
        self.created: dict[str, float] = {}
        self._seen: dict[str, _Seen] = {}
        self.lock, self.wake, self.changed = threading.RLock(), threading.Event(), threading.Condition()
        self.failed: deque[tuple[Properties, str]] = deque(maxlen=50)  # with the reason; a sync looks for its tasks

    @property
    def alive(self) -> bool:
        """Whether the service exists."""
        key = f"{self._cluster}/{self.record['serviceName']}"
        return self.record.get("status") == "ACTIVE" and self._ministack.ecs._services.get(key) is self.record  # noqa: SLF001

    def notice(self) -> None:
        """Begin a deployment if the service has changed, and do what is to be done."""
        with self.lock:
            self._take_changes()
            self.step()
        self.wake.set()

    def run(self) -> None:
        """Follow the service until it is deleted."""
        while self.alive:
            busy = self.check_health()
            with self.lock:
                if self.alive:
                    self.step()
                controller = self.controller
                busy = busy or controller.current is not None or not (controller.steady or controller.halted)
            self.wake.wait(_BUSY if busy else self._seconds_to_next_check())
            self.wake.clear()

    def _seconds_to_next_check(self) -> float:
        due = min((seen.due for seen in self._seen.values() if seen.checks), default=float("inf"))
        most = _WATCHED if any(task.get("_has_health_check") for task in self._task_records()) else _IDLE
        return max(_BUSY, min(most, due - time.monotonic()))

    def task_failed(self, task: Properties) -> None:
        """Count a task that did not start, or has exited."""
        self.failed.append((task, str(task.get("stoppedReason") or "")))
        with self.lock:
            self.controller.fail(str(task.get("_deployment_id")))
            self.step()
        self.wake.set()

    def step(self) -> None:
        """Do what the controller asks for."""
        with self.lock:
            if not self.revisions:  # its first deployment is about to begin
                return
            now = self._ministack.clock.now()
            for action in self.controller.step(World(self.tasks(), self._alarms()), now):
                self._do(action)
            self._publish()
        with self.changed:
            self.changed.notify_all()

    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks that start or run."""
        found, now = [], self._ministack.clock.now()
        for task in self._task_records():
            seen = self._seen.get(task["taskArn"])
            state = self._state(task, seen) if seen is not None else "initial"
            found.append(
                Task(
                    task["taskArn"],
                    str(task.get("_deployment_id")),
                    healthy=state == "healthy",
                    unhealthy=state == "given up",
                    protected=float(task.get(UNTIL) or 0) > now,
                    outdated=self._ministack.outdated(task),
                )
            )
        return tuple(found)

    def blocks_protection(self, revision: str) -> bool:
        """Return whether a task of a revision cannot be protected now."""
        with self.lock:
            return blocks(self.controller, World(self.tasks(), frozenset()), revision)

    def check_health(self) -> bool:
        """Check the targets that are due; return whether a task is not healthy yet."""
        busy = False
        running = [task for task in self._task_records() if task.get("lastStatus") == "RUNNING"]
        self._seen = {arn: seen for arn, seen in self._seen.items() if arn in {task["taskArn"] for task in running}}
        for task in running:
            seen = self._seen.setdefault(task["taskArn"], _Seen(time.monotonic()))
            now, groups = time.monotonic(), self._groups_of(task)
            if now >= seen.due:
                for arn, port, group in groups:
                    before = seen.checks.get(arn) or Checks(
                        int(group.get("HealthyThresholdCount") or 5), int(group.get("UnhealthyThresholdCount") or 2)
                    )
                    target = {"Id": self._ministack.ecs._task_ip(task), "Port": port}  # noqa: SLF001
                    passed = self._ministack.check(target, group).state == "healthy"
                    seen.checks[arn] = before.after(passed=passed)
            settled = self._state(task, seen) == "healthy"
            if now >= seen.due:
                interval = min(
                    (float(each.get("HealthCheckIntervalSeconds") or 30) for _, _, each in groups), default=0
                )
                seen.due = now + (interval if settled else 0)
            busy = busy or not settled
        return busy or len(running) < self.controller.desired

    def _state(self, task: Properties, seen: _Seen) -> str:
        """Return ``healthy``, ``initial``, or ``given up``."""
        seconds = time.monotonic() - seen.since
        groups, grace = self._groups_of(task), float(self.record.get("healthCheckGracePeriodSeconds") or 0)
        containers = task.get("healthStatus")
        if containers == "UNHEALTHY" and seconds >= grace:
            return "given up"
        if task.get("_has_health_check") and containers != "HEALTHY":
            return "initial"
        if not groups:
            return "healthy" if seconds >= _SECONDS_TO_EXIT else "initial"
        checks = [seen.checks.get(arn, Checks()) for arn, _, _ in groups]
        if any(each.given_up(seconds_running=seconds, grace=grace + _PATIENCE) for each in checks):
            return "given up"
        return "healthy" if all(each.state == "healthy" for each in checks) else "initial"

    def group_arns(self, balancer: Properties) -> tuple[str, str]:
        """Return the two target groups of one of the service's load balancers."""
        first = str(balancer.get("targetGroupArn") or "")
        return first, str((balancer.get("advancedConfiguration") or {}).get("alternateTargetGroupArn") or first)

    def _registered_in(self, task: Properties) -> list[tuple[str, int]]:
        """Return the target groups of a task's revision, even if the service has others now, with its port in each."""
        revision = str(task.get("_deployment_id"))
        index, fields = self.controller.group_of(revision), self.revisions.get(revision, self.record)
        balancers = fields.get("loadBalancers") or []
        return [(self.group_arns(each)[index], int(each.get("containerPort") or 80)) for each in balancers]

    def _groups_of(self, task: Properties) -> list[tuple[str, int, Properties]]:
        """Return the target groups in which a task is checked, with its port in each."""
        groups = self._ministack.alb._tgs  # noqa: SLF001
        found = [(arn, port, groups.get(arn)) for arn, port in self._registered_in(task)]
        return [(arn, port, group) for arn, port, group in found if group and group.get("TargetType") == "ip"]

    def register_targets(self) -> None:
        """Register the running tasks in the target group of their revision."""
        ecs, active = self._ministack.ecs, self.record.get("status") == "ACTIVE"
        ledger = self.record.setdefault("_published_targets", {})
        running = [task for task in self._task_records() if task.get("lastStatus") == "RUNNING"] if active else []
        balancers = self.record.get("loadBalancers") or []
        targets: dict[str, list[tuple[str, int]]] = {arn: [] for each in balancers for arn in self.group_arns(each)}
        for task in running:
            address = ecs._task_ip(task)  # noqa: SLF001
            for arn, port in self._registered_in(task) if address else ():
                targets.setdefault(arn, []).append((address, port))
        for arn, found in {**{arn: [] for arn in ledger}, **targets}.items():
            self._ministack.alb.set_targets_for_group(arn, found, ledger.get(arn, ()))
            ledger[arn] = [address for address, _ in found]

    def _task_records(self) -> list[Properties]:
        ecs = self._ministack.ecs
        group = f"service:{self.record['serviceName']}"
        return [
            task
            for task in list(ecs._tasks.values())  # noqa: SLF001
            if task.get("group") == group
            and task.get("clusterArn") == self.record.get("clusterArn")
            and task.get("desiredStatus") != "STOPPED"
            and task.get("lastStatus") in ecs._PRE_STOP_STATUSES  # noqa: SLF001
        ]

    def _take_changes(self) -> None:
        record, ecs = self.record, self._ministack.ecs
        self.controller.scale(int(record.get("desiredCount") or 0))
        fields = copy.deepcopy({name: record.get(name) for name in REVISION_FIELDS})
        primary = ecs._primary_deployment(record)  # noqa: SLF001
        if primary["id"] in self.revisions:
            if fields == self.revisions[primary["id"]]:
                return
            primary["status"] = "ACTIVE"
            primary = ecs._make_deployment(record["taskDefinition"], record["desiredCount"])  # noqa: SLF001
            record["deployments"].insert(0, primary)
        revision = primary["id"]
        self.revisions[revision], now = fields, self._ministack.clock.now()
        self.created[revision] = now
        self.controller.deploy(uuid.uuid4().hex, revision, self._settings(), now)

    def _settings(self) -> Settings:
        rules = [each.get("advancedConfiguration") or {} for each in self.record.get("loadBalancers") or []]
        settings = read_settings(
            self.record.get("deploymentConfiguration") or {},
            test_traffic=any(each.get("testListenerRule") for each in rules),
        )
        return settings if self._ministack.rehearses else settings.without_waiting()

    def _alarms(self) -> frozenset[str]:
        cloudwatch = self._ministack.cloudwatch
        alarms = [*cloudwatch._alarms.items(), *cloudwatch._composite_alarms.items()]  # noqa: SLF001
        return frozenset(name for name, each in alarms if each.get("StateValue") == "ALARM")

    def _do(self, action: Action) -> None:
        match action:
            case StartTasks(revision, count):
                self._start(revision, count)
            case StopTasks(names, reason):
                self._stop(names, reason)
            case SetWeights(first, second):
                self._set_rules("productionListenerRule", (first, second))
            case SetTestTraffic(group):
                self._set_rules("testListenerRule", (100, 0) if group == 0 else (0, 100))
            case InvokeHook():
                self._ministack.spawn(self._invoke, action, thread_name="lifecycle-hook")
            case Say(message):
                self.say(message)

    def say(self, message: str) -> None:
        """Add an event of the service."""
        ecs = self._ministack.ecs
        text = f"(service {self.record['serviceName']}) {message}"
        self.record["events"].insert(0, {"id": str(uuid.uuid4()), "createdAt": ecs._iso(), "message": text})  # noqa: SLF001

    def _set_rules(self, name: str, percentages: tuple[float, float]) -> None:
        for balancer in self.record.get("loadBalancers") or []:
            rule = (balancer.get("advancedConfiguration") or {}).get(name)
            if rule:
                set_weights(self._ministack.alb, rule, self.group_arns(balancer), percentages)

    def _start(self, revision: str, count: int) -> None:
        ecs, fields = self._ministack.ecs, self.revisions[revision]
        definition = ecs._task_defs.get(ecs._resolve_td_key(fields["taskDefinition"]))  # noqa: SLF001
        if definition is None:
            return
        entry = next((each for each in self.record["deployments"] if each["id"] == revision), None)
        if entry is not None and ecs._get_docker() and ecs._deployment_needs_first_task(entry, definition, self.record):  # noqa: SLF001
            # The first task finds out the digests of the images; the others start with them.
            count = 0 if any(task.revision == revision for task in self.tasks()) else 1
        if not count:
            return
        _, _, body = ecs._run_task(  # noqa: SLF001
            {
                "cluster": self._cluster,
                "taskDefinition": fields["taskDefinition"],
                "count": count,
                "group": f"service:{self.record['serviceName']}",
                "startedBy": revision,
                "launchType": fields.get("launchType"),
                "capacityProviderStrategy": fields.get("capacityProviderStrategy"),
                "platformVersion": fields.get("platformVersion") or "",
                "networkConfiguration": fields.get("networkConfiguration") or {},
                "enableExecuteCommand": self.record.get("enableExecuteCommand", False),
                "_deploymentId": revision,
            }
        )
        started = [f"(task {each['taskArn'].rpartition('/')[2]})" for each in json.loads(body).get("tasks", ())]
        if started:
            self.say(f"has started {len(started)} tasks: {' '.join(started)}.")

    def _stop(self, names: tuple[str, ...], reason: str) -> None:
        ecs = self._ministack.ecs
        stopped = []
        for arn in names:
            task = ecs._tasks.get(arn)  # noqa: SLF001
            if task is None:
                continue
            groups, why = self._groups_of(task), reason
            if "health checks" in reason:
                self.failed.append((task, reason))
            if "health checks" in reason and task.get("healthStatus") == "UNHEALTHY":
                why = "Task failed container health checks"
            elif groups and "health checks" in reason:
                why = f"{reason} in (target-group {groups[0][0]})"
            if ecs._mark_task_stopped(arn, task, why, "ServiceSchedulerInitiated", exit_code=0):  # noqa: SLF001
                stopped.append(f"(task {arn.rpartition('/')[2]})")
                self._ministack.spawn(self._clean_up, task, ecs._get_docker(), bool(groups), thread_name="stop-task")  # noqa: SLF001
        if stopped:
            self.say(f"has stopped {len(stopped)} running tasks: {' '.join(stopped)}.")

    def _clean_up(self, task: Properties, client: Any, registered: bool) -> None:  # noqa: ANN401, FBT001 - in a thread
        if registered:
            time.sleep(_SECONDS_TO_DEREGISTER)
        self._ministack.ecs._cleanup_task_resources(task, client)  # noqa: SLF001

    def _invoke(self, call: InvokeHook) -> None:
        """Invoke a hook's function; an error is an answer too."""
        event = {
            "executionId": call.identifier,
            "lifecycleStage": call.stage.name,
            "resourceArn": self.deployment_arn(call.deployment),
            "executionDetails": {
                "serviceArn": self.record["serviceArn"],
                "targetServiceRevisionArn": self.revision_arn(call.target),
                "testTrafficWeights": self._by_arn(call.test_traffic),
                "productionTrafficWeights": self._by_arn(call.production_traffic),
            },
            **({"hookDetails": call.details} if call.details else {}),
        }
        answer = ask_function(self._ministack.lambda_svc, call.function, event)
        with self.lock:
            self.controller.answer(call.identifier, answer, self._ministack.clock.now())
        self.wake.set()

    def _by_arn(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Return weights by the ARN of the revision; whole numbers as such, as ECS sends them."""
        return {self.revision_arn(each): int(at) if at == int(at) else at for each, at in weights.items()}

    def deployment_arn(self, name: str) -> str:
        """Return the ARN of a service deployment."""
        return f"{self.record['serviceArn'].replace(':service/', ':service-deployment/')}/{name}"

    def revision_arn(self, revision: str) -> str:
        """Return the ARN of a service revision."""
        return f"{self.record['serviceArn'].replace(':service/', ':service-revision/')}/{revision.rpartition('/')[2]}"

    def _publish(self) -> None:
        """Write the state of the deployments to MiniStack's record."""
        publish(self.record, self.controller, self.revisions, self._ministack.ecs._iso())  # noqa: SLF001
        self._ministack.ecs._refresh_service_state(self._cluster, f"service:{self.record['serviceName']}")  # noqa: SLF001

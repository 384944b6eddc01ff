"""The deployment controller of one service: what is observed goes in, actions come out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.deployments.capacity import Change, Task, World, keep_tasks, replace_tasks
from ecr_fargate_constructs.local.deployments.hooks import Run, told_weights
from ecr_fargate_constructs.local.deployments.records import (
    Action,
    Deployment,
    InvokeHook,
    Say,
    SetTestTraffic,
    SetWeights,
    StartTasks,
    Status,
    StopTasks,
)
from ecr_fargate_constructs.local.deployments.refusals import LONGEST_STAGE, Refusal, refused
from ecr_fargate_constructs.local.deployments.settings import Settings
from ecr_fargate_constructs.local.deployments.stages import Stage, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.deployments.hooks import Answer

_ALL = 100.0
_SCALE_UP, _CLEAN_UP = Stage.SCALE_UP.value, Stage.CLEAN_UP.value


@dataclass
class Controller:
    """The controller of one service.

    Call ``step`` whenever something was observed, and from time to time: it returns what to do. Do it before the next
    call, so that started and stopped tasks are among what is observed then.

    Attributes:
        desired: The desired count.
        stable: The revision of the last deployment that completed.
        settings: The settings of that deployment.
        current: The deployment in progress.
        past: Deployments that are over, the last one at the end.
        live: The target group (0 or 1) of the stable revision.
        weights: Percentages of production traffic of the two target groups.
        test_group: The target group that gets test traffic.
        halted: Whether a failed deployment was left where it stopped: no task is started.
        steady: Whether the service has reached a steady state.
        groups: The target groups of revisions with tasks.
    """

    desired: int
    stable: str | None = None
    settings: Settings = field(default_factory=Settings)
    current: Deployment | None = None
    past: list[Deployment] = field(default_factory=list)
    live: int = 0
    weights: tuple[float, float] = (_ALL, 0.0)
    test_group: int = 0
    halted: bool = False
    steady: bool = False
    groups: dict[str, int] = field(default_factory=dict)
    _counted: set[str] = field(default_factory=set)
    _pending: list[Action] = field(default_factory=list)

    def deploy(self, name: str, revision: str, settings: Settings, now: float) -> Deployment:
        """Begin a deployment; one that is in progress stops where it is, and its tasks are replaced.

        In the middle of ``CLEAN_UP`` it has succeeded: its revision has all traffic, and the other one is leaving.
        """
        if self.current is not None and self.current.stage is Stage.CLEAN_UP and not self.current.rolling_back:
            self._succeed(self.current, now)
        elif self.current is not None:
            self._end("STOPPED", now, "Service deployment stopped because a new service deployment was started.")
        self.current = Deployment(name, revision, settings, now)
        self.halted = self.steady = False
        self._counted.clear()
        return self.current

    def scale(self, desired: int) -> None:
        """Set the desired count."""
        self.steady = self.steady and desired == self.desired
        self.desired = desired

    def fail(self, revision: str) -> None:
        """Count a task that did not start or exited; one that is unhealthy is counted when it is stopped."""
        deployment = self.current
        if deployment is not None and revision == self.primary:
            deployment.failures += 1
        self.steady = False

    def answer(self, identifier: str, answer: Answer, now: float) -> None:
        """Take the answer of a hook's function."""
        for run in self.current.runs if self.current else ():
            if run.identifier == identifier:
                run.answer(answer, now)

    def decide(self, identifier: str, action: str) -> bool:
        """Continue or roll back at a ``PAUSE`` hook; return whether there was one."""
        for run in self.current.runs if self.current else ():
            if run.identifier == identifier and run.status == "AWAITING_ACTION":
                run.decide(action)
                return True
        return False

    def stop(self, kind: str, now: float) -> bool:
        """Stop the deployment: ``ROLLBACK`` or ``ABORT``; return whether one was in progress."""
        deployment = self.current
        if deployment is None or deployment.rolling_back:
            return False
        if kind == "ABORT":
            self.halted = True
            self._end("STOPPED", now, "Service deployment stopped by the user.")
        else:
            self._refuse(
                deployment, Refusal("person", "Service deployment is rolling back because it was stopped."), now
            )
        return True

    @property
    def primary(self) -> str | None:
        """The revision that the service is going to: ECS's ``PRIMARY`` deployment."""
        deployment = self.current
        if deployment is None or deployment.rolling_back:
            return self.stable
        return deployment.target

    def step(self, world: World, now: float) -> tuple[Action, ...]:
        """Return what to do now."""
        deployment = self.current
        if deployment is not None and deployment.status == "PENDING":
            self._begin(deployment, world, now)
        if deployment is not None and not deployment.rolling_back:
            self._watch(deployment, world, now)
        while self.current is not None and not self.current.rolling_back and self._advance(self.current, world, now):
            pass
        if self.current is not None and self.current.rolling_back:
            self._roll_back(self.current, world, now)
        self._schedule(world)
        self._announce_steady_state(world)
        actions, self._pending = tuple(self._pending), []
        return actions

    def _begin(self, deployment: Deployment, world: World, now: float) -> None:
        deployment.sources = tuple(each for each in world.revisions if each != deployment.target)
        divided = any(each != self.stable for each in deployment.sources) or self.weights[self.live] != _ALL
        deployment.points = plan(
            deployment.settings, reconcile=divided and self.stable is not None, first=self.stable is None
        )
        if not deployment.settings.shifts_traffic:
            self._send_production_traffic(self.live, _ALL)
        # Alarms that are in alarm at the start are not watched: "How CloudWatch alarms detect Amazon ECS deployment
        # failures", ECS developer guide.
        deployment.watched = not deployment.settings.alarms.names & world.alarms
        deployment.status, deployment.started = "IN_PROGRESS", now
        kept = {*world.revisions, self.stable}
        self.groups = {revision: group for revision, group in self.groups.items() if revision in kept}
        self.groups[deployment.target] = self._group_of(deployment)

    def _watch(self, deployment: Deployment, world: World, now: float) -> None:
        """End the deployment if too many tasks failed, an alarm goes off, a hook refuses, or a stage takes too long."""
        self._reset_failures(deployment, world)
        self._invoke_hooks(deployment, now)
        refusal = refused(deployment, self.desired, world.alarms, now)
        if refusal is not None:
            deployment.triggered = refusal.triggered
            self._refuse(deployment, refusal, now)

    def _reset_failures(self, deployment: Deployment, world: World) -> None:
        healthy = {task.name for task in world.tasks if task.healthy and task.revision == deployment.target}
        if healthy - self._counted and deployment.settings.breaker.reset_on_healthy_task:
            deployment.failures = 0
        self._counted |= healthy

    def _advance(self, deployment: Deployment, world: World, now: float) -> bool:
        """Enter or leave the stage; return whether something changed."""
        point = deployment.points[deployment.at]
        if deployment.entered is None:
            deployment.entered = now
            deployment.history.append(point.stage)
            deployment.runs = tuple(self._hooks(deployment, point.stage, now))
            if point.stage is Stage.TEST_TRAFFIC_SHIFT:
                self._send_test_traffic(self._group_of(deployment))
            if point.step is not None:
                self._send_production_traffic(self._group_of(deployment), point.step.percent)
            self._watch(deployment, world, now)
            return not deployment.ended
        if point.stage is Stage.RECONCILE_SERVICE:
            self._bring_traffic_back(deployment, world)
        if any(run.open for run in deployment.runs) or not self._reached(deployment, world, now):
            return False
        deployment.at += 1
        deployment.entered, deployment.runs = None, ()
        if deployment.at == len(deployment.points):
            self._succeed(deployment, now)
            return False
        return True

    def _hooks(self, deployment: Deployment, stage: Stage, now: float) -> Iterator[Run]:
        when = f"back-{stage.value}" if deployment.rolling_back else str(deployment.at)
        for number, hook in enumerate(deployment.settings.hooks):
            if stage.name in hook.stages:
                details = deployment.hook_details.setdefault(number, dict(hook.details))
                yield Run.begin(f"{deployment.name}-{when}-{number}", hook, stage, details, now)

    def _hooks_of_rollback(self, deployment: Deployment, now: float) -> Iterator[Run]:
        """Yield the functions that are invoked again when traffic is back: "Lifecycle hooks during rollback"."""
        for stage in (Stage.PRODUCTION_TRAFFIC_SHIFT, Stage.TEST_TRAFFIC_SHIFT):
            if stage in deployment.history:
                yield from (run for run in self._hooks(deployment, stage, now) if run.hook.function is not None)

    def _invoke_hooks(self, deployment: Deployment, now: float) -> None:
        for run in deployment.runs:
            if run.due(now) and run.hook.function is not None:
                groups = {each: self.group_of(each) for each in (deployment.target, self.stable) if each is not None}
                test, production = told_weights(run.stage, groups, self.test_group, self.weights)
                self._pending.append(
                    InvokeHook(
                        deployment.name,
                        run.identifier,
                        run.hook.function,
                        run.stage,
                        deployment.target,
                        dict(run.details),
                        test,
                        production,
                    )
                )

    def _reached(self, deployment: Deployment, world: World, now: float) -> bool:  # noqa: PLR0911 - one per stage
        """Return whether what a stage is for has happened."""
        settings = deployment.settings
        entered = now if deployment.entered is None else deployment.entered
        point = deployment.points[deployment.at]
        healthy = world.healthy(deployment.target)
        others = [task for task in world.tasks if task.revision != deployment.target]
        early = settings.early_success
        match point.stage:
            case Stage.RECONCILE_SERVICE:
                return all(task.revision == self.stable for task in world.tasks)
            case Stage.SCALE_UP:
                if early is not None:
                    return healthy >= math.ceil(self.desired * early.healthy_percent / 100)
                return healthy >= self.desired and (settings.shifts_traffic or not others)
            case Stage.PRODUCTION_TRAFFIC_SHIFT:
                return now - entered >= (point.step.bake if point.step else 0)
            case Stage.BAKE_TIME:
                return now - entered >= settings.bake
            case Stage.CLEAN_UP:
                return not others or (early is not None and not early.blocking)
            case _:
                return True

    def _succeed(self, deployment: Deployment, now: float) -> None:
        if deployment.settings.shifts_traffic:
            self.live = self._group_of(deployment)
        self._send_production_traffic(self.live, _ALL)
        self._send_test_traffic(self.live)
        self.stable, self.settings = deployment.target, deployment.settings
        self._pending.append(Say(f"(deployment {deployment.target}) deployment completed."))
        self._end("SUCCESSFUL", now, "")

    def _refuse(self, deployment: Deployment, refusal: Refusal, now: float) -> None:
        """Roll back, or stop where it is: without the option, and without a revision to go back to."""
        deployment.cause = refusal.cause
        what = {"circuit breaker": "tasks failed to start", "alarms": "alarm detected"}.get(refusal.cause)
        if what:
            self._pending.append(Say(f"(deployment {deployment.target}) deployment failed: {what}."))
        if refusal.rollback and self.stable is not None:
            deployment.status, deployment.reason = "ROLLBACK_REQUESTED", refusal.reason
            deployment.rollback_started, deployment.failures, deployment.runs = now, 0, ()
            self._pending.append(Say(f"rolling back to deployment {self.stable}."))
            return
        self.halted = True
        self._end("STOPPED", now, refusal.reason.replace("is rolling back", "stopped"))

    def _roll_back(self, deployment: Deployment, world: World, now: float) -> None:
        deployment.status = "ROLLBACK_IN_PROGRESS"
        stable, settings = self.stable or "", deployment.settings
        back = self._bring_traffic_back(deployment, world)
        if back and not deployment.asked_back:
            deployment.asked_back, deployment.runs = True, tuple(self._hooks_of_rollback(deployment, now))
        self._invoke_hooks(deployment, now)
        back = back and not any(run.open for run in deployment.runs)  # a refusal changes nothing: it is on its way back
        if back and world.healthy(stable) >= self.desired and all(task.revision == stable for task in world.tasks):
            self._end("ROLLBACK_SUCCESSFUL", now, deployment.reason.replace("is rolling back", "rolled back"))
        elif (settings.breaker.enabled and deployment.failures >= settings.breaker.threshold(self.desired)) or (
            deployment.rollback_started is not None and now - deployment.rollback_started >= LONGEST_STAGE
        ):
            self.halted = True
            self._end("ROLLBACK_FAILED", now, deployment.reason)

    def _bring_traffic_back(self, deployment: Deployment, world: World) -> bool:
        """Send all traffic to the stable revision if enough of it is up; return whether it gets all traffic."""
        if self._is_up(deployment, world):
            self._send_production_traffic(self.live, _ALL)
            self._send_test_traffic(self.live)
        return self.weights[self.live] == _ALL

    def _is_up(self, deployment: Deployment, world: World) -> bool:
        return world.healthy(self.stable or "") >= min(self.desired, deployment.settings.minimum(self.desired))

    def _end(self, status: Status, now: float, reason: str) -> None:
        deployment, self.current = self.current, None
        if deployment is not None:
            deployment.status, deployment.reason, deployment.finished = status, reason, now
            deployment.runs = ()
            self.past.append(deployment)

    def _group_of(self, deployment: Deployment) -> int:
        """Return the target group of a deployment's target: the other one, if there is traffic to shift."""
        return 1 - self.live if deployment.settings.shifts_traffic and self.stable is not None else self.live

    def group_of(self, revision: str) -> int:
        """Return the target group of a revision's tasks."""
        return self.groups.get(revision, self.live)

    def _send_production_traffic(self, group: int, percent: float) -> None:
        rest = round(_ALL - percent, 1)
        weights = (percent, rest) if group == 0 else (rest, percent)
        if weights != self.weights:
            self.weights = weights
            self._pending.append(SetWeights(*weights))

    def _send_test_traffic(self, group: int) -> None:
        if group != self.test_group:
            self.test_group = group
            self._pending.append(SetTestTraffic(group))

    def _schedule(self, world: World) -> None:
        """Start and stop tasks."""
        given_up = [task for task in world.tasks if task.unhealthy]
        if given_up:
            self._pending.append(StopTasks(tuple(task.name for task in given_up), "Task failed ELB health checks"))
        for task in given_up:
            self.fail(task.revision)
        tasks = [task for task in world.tasks if not task.unhealthy]
        change = self._change(tasks, world)
        if change.stop:
            self._pending.append(
                StopTasks(tuple(task.name for task in change.stop), f"Scaling activity initiated by {self._initiator}")
            )
        for revision, count in change.start:
            self._pending.append(StartTasks(revision, count))

    @property
    def _initiator(self) -> str:
        deployment = self.current or (self.past[-1] if self.past else None)
        return f"(deployment {deployment.target})" if deployment else "the service"

    def _change(self, tasks: list[Task], world: World) -> Change:
        deployment = self.current
        primary = self.primary
        if self.desired == 0:
            return keep_tasks(tasks, {})
        if self.halted or primary is None:
            return Change()
        settings = deployment.settings if deployment is not None else self.settings
        if deployment is None or not settings.shifts_traffic:
            return replace_tasks(tasks, primary, self.desired, settings)
        if deployment.rolling_back or deployment.stage is Stage.RECONCILE_SERVICE:
            return self._change_back(tasks, enough=self._is_up(deployment, world))
        stage = deployment.stage
        at = stage.value if stage is not None else _CLEAN_UP
        counts = {self.stable: self.desired} if self.stable is not None else {}
        if at >= _SCALE_UP:
            counts[deployment.target] = self.desired
        if at == _CLEAN_UP and self.stable is not None and world.healthy(deployment.target) >= self.desired:
            del counts[self.stable]
        return keep_tasks(tasks, counts)

    def _change_back(self, tasks: list[Task], *, enough: bool) -> Change:
        """Bring the stable revision to full strength; then, without traffic, all others go."""
        counts = {self.stable or "": self.desired}
        if not enough or self.weights[self.live] != _ALL:  # others have users: they stay, and none of them starts
            others = [task.revision for task in tasks if task.revision != self.stable]
            counts |= {revision: others.count(revision) for revision in others}
        return keep_tasks(tasks, counts)

    def _announce_steady_state(self, world: World) -> None:
        if (
            not self.steady
            and self.current is None
            and self.stable is not None
            and not self.halted
            and world.healthy(self.stable) == self.desired == len(world.tasks)
        ):
            self.steady = True
            self._pending.append(Say("has reached a steady state."))

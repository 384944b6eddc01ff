"""The record of a deployment, and what a controller asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.deployments.hooks import Run
    from ecr_fargate_constructs.local.deployments.settings import Settings
    from ecr_fargate_constructs.local.deployments.stages import Point, Stage

Status: TypeAlias = Literal[
    "PENDING",
    "IN_PROGRESS",
    "STOP_REQUESTED",
    "STOPPED",
    "SUCCESSFUL",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
]
ENDED: frozenset[str] = frozenset({"STOPPED", "SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
"""Statuses of deployments that are over (``ServiceDeploymentStatus``, ECS API reference)."""


@dataclass
class Deployment:
    """One service deployment.

    Attributes:
        name: Its id.
        target: The service revision that it deploys.
        settings: Its settings.
        created: Time of its creation.
        sources: Revisions that had tasks at its start.
        status: ECS's status.
        reason: Why it has this status, in ECS's words.
        failures: Failed tasks that the circuit breaker counts.
        watched: Whether alarms are watched: not if one was in alarm at the start.
        triggered: Alarms that went off.
        points: The stages that it passes.
        at: Position among them.
        entered: Time at which the stage began; None before.
        runs: Hooks of the stage.
        hook_details: ``hookDetails`` of each hook by its number, with what its function has added.
        asked_back: Whether the hooks of the rollback were begun.
        cause: ``circuit breaker``, ``alarms``, ``hook``, ``person`` or ``time``, if it failed.
    """

    name: str
    target: str
    settings: Settings
    created: float
    sources: tuple[str, ...] = ()
    status: Status = "PENDING"
    reason: str = ""
    failures: int = 0
    watched: bool = True
    triggered: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    at: int = 0
    entered: float | None = None
    runs: tuple[Run, ...] = ()
    hook_details: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked_back: bool = False
    cause: str = ""
    started: float | None = None
    rollback_started: float | None = None
    finished: float | None = None
    history: list[Stage] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether the deployment is over."""
        return self.status in ENDED

    @property
    def rolling_back(self) -> bool:
        """Whether the deployment is being rolled back."""
        return self.status in {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"}

    @property
    def stage(self) -> Stage | None:
        """The stage, while it is in progress."""
        return self.points[self.at].stage if self.points and self.at < len(self.points) and not self.ended else None


@dataclass(frozen=True)
class StartTasks:
    """Start tasks of a revision."""

    revision: str
    count: int


@dataclass(frozen=True)
class StopTasks:
    """Stop tasks."""

    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class SetWeights:
    """Set the weights of the production rule's two target groups, which sum to 100."""

    first: float
    second: float


@dataclass(frozen=True)
class SetTestTraffic:
    """Send test traffic to one of the two target groups."""

    group: int


@dataclass(frozen=True)
class InvokeHook:
    """Invoke a hook's function; the traffic of revisions is in percent, and empty where ECS does not tell it."""

    deployment: str
    identifier: str
    function: str
    stage: Stage
    target: str
    details: dict[str, Any] = field(default_factory=dict)
    test_traffic: dict[str, float] = field(default_factory=dict)
    production_traffic: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Say:
    """Add an event to the service, after ``(service NAME) ``."""

    message: str


Action: TypeAlias = StartTasks | StopTasks | SetWeights | SetTestTraffic | InvokeHook | Say

"""Networks of the embedded AWS, enforced where connections begin; a part of ``ministack_patches``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.ministack_patches.networks.balancers import decide_about_balancers
from ecr_fargate_constructs.local.ministack_patches.networks.calls import Calls, serve_barriers
from ecr_fargate_constructs.local.ministack_patches.networks.state import State, name_of, service_of
from ecr_fargate_constructs.local.ministack_patches.networks.task_starts import TaskStarts
from ecr_fargate_constructs.local.networks.barriers import Barriers

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.ministack_patches.asgi import Application
    from ecr_fargate_constructs.local.ministack_patches.internals import Properties

__all__ = ["EnforcedNetworks"]


class EnforcedNetworks:
    """Networks, enforced: apply it last of what changes the start of tasks, and before listeners are chosen."""

    def __init__(self) -> None:
        """Let the networks of the MiniStack of this process decide."""
        self._state, self._barriers = State(), Barriers()
        self.balancers = decide_about_balancers(self._state, self._barriers)

    def decide_about_task_starts(self) -> None:
        """Let no task start that cannot reach what that takes."""
        TaskStarts(self._state, self._barriers)

    def task_passes(self, client: Properties, server: Properties, port: int) -> bool:
        """Return whether the networks let a task connect to a port of another one."""
        reachability, state = self._state.reachability, self._state
        decisions = (
            reachability.between(source, destination, port)
            for source in state.interfaces_of_task(client)
            for destination in state.interfaces_of_task(server)
        )
        blocked = next((each for each in decisions if each is not None), None)
        name, service = f"{name_of(server)} on port {port}", service_of(client)
        return self._barriers.note(name_of(client), name, blocked, service=service) is None

    def behind_the_guard(self, application: Application) -> Application:
        """Return what answers requests that may pass."""
        return serve_barriers(application, self._barriers)

    def before_the_guard(self, application: Application) -> Application:
        """Return what answers requests of tasks, and all others."""
        return Calls(application, self._state, self._barriers)

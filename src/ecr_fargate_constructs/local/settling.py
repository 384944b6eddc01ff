"""Waiting until what was deployed runs and answers, or cannot be expected to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import judging
from ecr_fargate_constructs.local.containers import containers
from ecr_fargate_constructs.local.failures import failed_service
from ecr_fargate_constructs.local.judging import Look
from ecr_fargate_constructs.local.listening import Sockets, sockets_of
from ecr_fargate_constructs.local.targets import of_wanted_version, targets_of
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.failures import Known
    from ecr_fargate_constructs.local.instance import Instance, Memory
    from ecr_fargate_constructs.local.judging import Before
    from ecr_fargate_constructs.local.services import Balancer, Cloud, Service

_SECONDS = 300
_POLL = 1.0
_SERVER_ERROR = 500
_GATEWAY_ERRORS = frozenset({0, 502, 503, 504})
_SECONDS_TO_FORWARD = 5.0  # the load balancer remembers for a moment what was not healthy


@dataclass(frozen=True)
class Answer:
    """What a load balancer said.

    Attributes:
        balancer: The load balancer.
        status: HTTP status.
        body: Body.
    """

    balancer: Balancer
    status: int
    body: str

    @property
    def good(self) -> bool:
        """Whether it is an answer, and not the load balancer's or the app's own failure."""
        return 0 < self.status < _SERVER_ERROR


def ask(balancer: Balancer) -> Answer:
    """What a load balancer says; status 0 when nothing answers."""
    try:
        status, body = balancer.ask()
    except OSError as error:
        status, body = 0, str(error)
    return Answer(balancer, status, body)


def retry(cloud: Cloud, stacks: Sequence[str], before: Before) -> None:
    """Deploy again what failed earlier: on AWS the stack would have been rolled back, and nothing here has changed."""
    for service in cloud.services(stacks):
        if judging.is_old_failure(service, before):
            cloud.client("ecs").update_service(
                cluster=service.cluster, service=service.arn, taskDefinition=service.wanted, forceNewDeployment=True
            )


@dataclass
class Settling:
    """The wait for the services of deployed stacks.

    Attributes:
        cloud: The embedded AWS.
        instance: The instance.
        memory: What is remembered of it.
        known: What the app says of its services.
        before: What there was before the deployment.
    """

    cloud: Cloud
    instance: Instance
    memory: Memory
    known: Known
    before: Before
    _unfit_since: dict[str, float] = field(default_factory=dict)

    def wait(self, stacks: Sequence[str]) -> tuple[list[Service], list[Answer]]:
        """Wait until every service runs what its stack says, and passes its health checks; then ask the load balancers.

        Raises:
            ToolError: A service does not come up: what is known of the cause, and what its tasks printed last.
        """
        began = time.monotonic()
        steady: set[str] | None = None
        while True:
            self._refuse_dead_engine()
            looks = [self._look(service) for service in self.cloud.services(stacks)]
            running = {task.arn for look in looks for task in look.service.running}
            was_steady, steady = running == steady, running
            for look in looks:
                if (why := judging.problem(look, self.before)) is not None:
                    raise failed_service(self.cloud, self.instance, self.known, look, self.before, why)
            unfit = [look for look in looks if not judging.is_fit(look.service, look.targets)]
            if was_steady and not unfit:  # twice, or one that exits soon would pass
                services = [look.service for look in looks]
                return services, self._answers(stacks, services)
            for look in unfit:
                seconds = max(_SECONDS, 2 * judging.patience(look.service, look.targets))
                if time.monotonic() - began > seconds:
                    why = f"after {seconds:.0f} seconds {judging.unfinished(look)}"
                    raise failed_service(self.cloud, self.instance, self.known, look, self.before, why)
            time.sleep(_POLL)

    def _refuse_dead_engine(self) -> None:
        """Nobody would notice otherwise: tasks whose engine is gone are remembered as they were."""
        dead = [name for name, process in self.memory.processes.items() if not process.alive]
        if dead:
            raise ToolError(
                f"a process of the embedded AWS has ended meanwhile: {', '.join(dead)}",
                fix="run the command again",
                log=self.instance.engine_log if "engine" in dead else self.instance.server_log,
            )

    def _look(self, service: Service) -> Look:
        targets = targets_of(self.cloud, service) if service.running else ()
        bad = judging.failing(service, targets)
        if not bad and of_wanted_version(service, targets):  # with none at the moment, the next one goes on from here
            self._unfit_since.pop(service.arn, None)
        since = self._unfit_since.setdefault(service.arn, time.monotonic()) if bad else time.monotonic()
        deaf = bool(bad) and not bad[0].answers
        return Look(
            service,
            targets,
            time.monotonic() - since,
            self._sockets(service) if deaf else Sockets(),
            self.known.exposed(service) if deaf else (),
        )

    def _sockets(self, service: Service) -> Sockets:
        """What the first running task of the wanted version listens on: its containers share one network.

        The port of the embedded AWS is not the application's: the embedded AWS itself listens there for the task.
        """
        mine = [task.arn for task in service.running if task.definition == service.wanted]
        pids = [each.pid for each in containers(self.instance, self.memory) if each.task in mine[:1] and each.pid]
        return sockets_of(pids[0]).without(self.instance.port) if pids else Sockets()

    def _answers(self, stacks: Sequence[str], services: Sequence[Service]) -> list[Answer]:
        """What the load balancers say; those that have just got their first healthy target may need a moment."""
        awake = {service.stack for service in services if service.desired > 0}  # one that rests answers 503
        deadline = time.monotonic() + _SECONDS_TO_FORWARD
        while True:
            answers = [ask(balancer) for balancer in self.cloud.balancers(stacks)]
            waiting = [each for each in answers if each.status in _GATEWAY_ERRORS and each.balancer.stack in awake]
            if not waiting or time.monotonic() > deadline:
                return answers
            time.sleep(_POLL / 2)

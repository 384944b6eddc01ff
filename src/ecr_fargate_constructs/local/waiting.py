"""Wait until the deployed services are ready, or are not expected to become ready."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local import readiness
from ecr_fargate_constructs.local.containers import containers
from ecr_fargate_constructs.local.failures import failed_service
from ecr_fargate_constructs.local.listening import Sockets, sockets_of
from ecr_fargate_constructs.local.readiness import Snapshot
from ecr_fargate_constructs.local.targets import of_wanted_version, targets_of
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.local.failures import AppDetails
    from ecr_fargate_constructs.local.instance import Instance, Memory
    from ecr_fargate_constructs.local.readiness import Before
    from ecr_fargate_constructs.local.services import Balancer, Cloud, Service

_SECONDS = 300
_POLL = 1.0
_SERVER_ERROR = 500
_GATEWAY_ERRORS = frozenset({0, 502, 503, 504})
_SECONDS_TO_FORWARD = 5.0  # the load balancer caches unhealthy targets for a moment


@dataclass(frozen=True)
class Answer:
    """The response of a load balancer.

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
        """Return whether there is a response without a server error."""
        return 0 < self.status < _SERVER_ERROR


def ask(balancer: Balancer) -> Answer:
    """Send a request to a load balancer, and return its response; status 0 if there is none."""
    try:
        status, body = balancer.get()
    except OSError as error:
        status, body = 0, str(error)
    return Answer(balancer, status, body)


def retry(cloud: Cloud, stacks: Sequence[str], before: Before) -> None:
    """Deploy versions again that failed earlier and have not changed: AWS would have rolled their stack back."""
    for service in cloud.services(stacks):
        if readiness.is_old_failure(service, before):
            cloud.client("ecs").update_service(
                cluster=service.cluster, service=service.arn, taskDefinition=service.wanted, forceNewDeployment=True
            )


@dataclass
class Waiting:
    """The wait for the services of deployed stacks.

    Attributes:
        cloud: The embedded AWS.
        instance: The instance.
        memory: Its recorded state.
        details: Details of the app's services.
        before: The tasks and deployments before this deployment.
    """

    cloud: Cloud
    instance: Instance
    memory: Memory
    details: AppDetails
    before: Before
    _unfit_since: dict[str, float] = field(default_factory=dict)

    def wait(self, stacks: Sequence[str]) -> tuple[list[Service], list[Answer]]:
        """Wait until all services are ready, and return them with the responses of their load balancers."""
        started = time.monotonic()
        steady: set[str] | None = None
        while True:
            self._refuse_dead_engine()
            snapshots = [self._snapshot(service) for service in self.cloud.services(stacks)]
            running = {task.arn for snapshot in snapshots for task in snapshot.service.running}
            was_steady, steady = running == steady, running
            for snapshot in snapshots:
                if (why := readiness.problem(snapshot, self.before)) is not None:
                    raise failed_service(self.cloud, self.instance, self.details, snapshot, self.before, why)
            unfit = [snapshot for snapshot in snapshots if not readiness.is_fit(snapshot.service, snapshot.targets)]
            if was_steady and not unfit:  # checked twice: a task that exits soon must not pass
                services = [snapshot.service for snapshot in snapshots]
                return services, self._answers(stacks, services)
            for snapshot in unfit:
                seconds = max(_SECONDS, 2 * readiness.patience(snapshot.service, snapshot.targets))
                if time.monotonic() - started > seconds:
                    why = f"after {seconds:.0f} seconds {readiness.unfinished(snapshot)}"
                    raise failed_service(self.cloud, self.instance, self.details, snapshot, self.before, why)
            time.sleep(_POLL)

    def _refuse_dead_engine(self) -> None:
        """Refuse an engine that has ended: the embedded AWS would report its tasks as they were."""
        dead = [name for name, process in self.memory.processes.items() if not process.alive]
        if dead:
            raise ToolError(
                f"a process of the embedded AWS has ended: {', '.join(dead)}",
                fix="run the command again",
                log=self.instance.engine_log if "engine" in dead else self.instance.server_log,
            )

    def _snapshot(self, service: Service) -> Snapshot:
        targets = targets_of(self.cloud, service) if service.running else ()
        bad = readiness.failing(service, targets)
        if not bad and of_wanted_version(service, targets):  # while there is no target, the time keeps running
            self._unfit_since.pop(service.arn, None)
        since = self._unfit_since.setdefault(service.arn, time.monotonic()) if bad else time.monotonic()
        no_response = bool(bad) and not bad[0].answers
        return Snapshot(
            service,
            targets,
            time.monotonic() - since,
            self._sockets(service) if no_response else Sockets(),
            self.details.exposed(service) if no_response else (),
        )

    def _sockets(self, service: Service) -> Sockets:
        """Return the listening ports of the first running task of the wanted version; its containers share a network.

        The port of the embedded AWS is left out: the embedded AWS itself listens on it inside the task.
        """
        wanted = [task.arn for task in service.running if task.definition == service.wanted]
        pids = [each.pid for each in containers(self.instance, self.memory) if each.task in wanted[:1] and each.pid]
        return sockets_of(pids[0]).without(self.instance.port) if pids else Sockets()

    def _answers(self, stacks: Sequence[str], services: Sequence[Service]) -> list[Answer]:
        """Return the responses of the load balancers, which may need a moment after their first healthy target."""
        active = {service.stack for service in services if service.desired > 0}  # without tasks the response is 503
        deadline = time.monotonic() + _SECONDS_TO_FORWARD
        while True:
            answers = [ask(balancer) for balancer in self.cloud.balancers(stacks)]
            waiting = [each for each in answers if each.status in _GATEWAY_ERRORS and each.balancer.stack in active]
            if not waiting or time.monotonic() > deadline:
                return answers
            time.sleep(_POLL / 2)

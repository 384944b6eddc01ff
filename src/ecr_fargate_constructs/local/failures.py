"""Build the error of a service that did not start, with its causes and its last log lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.readiness import failing, listening
from ecr_fargate_constructs.tools.assembly import workload
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.doctor.rules.image.architecture_mismatch import ArchitectureMismatch
from ecr_fargate_constructs.tools.doctor.rules.image.expose_mismatch import ExposeMismatch
from ecr_fargate_constructs.tools.doctor.rules.image.listens_on_loopback import ListensOnLoopback
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.explain import sources as explain_sources
from ecr_fargate_constructs.tools.explain.explain import explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.readiness import Before, Snapshot
    from ecr_fargate_constructs.local.services import Cloud, Service
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.explain.explain import Explanation

_TELLING = (ArchitectureMismatch(), ExposeMismatch(), ListensOnLoopback())
"""The doctor's rules whose findings also keep a task from starting on the embedded AWS."""

_MAX_CAUSES = 3


@dataclass(frozen=True)
class AppDetails:
    """Details of an app's services, from its cloud assembly.

    Attributes:
        app: The app; None if its cloud assembly cannot be read.
    """

    app: App | None

    @classmethod
    def of(cls, assembly: Path) -> AppDetails:
        """Read a cloud assembly."""
        try:
            return cls(load(assembly))
        except ToolError:
            return cls(None)

    def path(self, service: Service) -> str:
        """Return the path of a service's construct; its name in ECS if the app does not have it."""
        declared = self._service(service)
        return declared.resource.path if declared is not None else service.arn.rpartition("/")[2]

    def exposed(self, service: Service) -> tuple[int, ...]:
        """Return the ports that the Dockerfiles of a service's containers expose."""
        declared = self._service(service)
        if declared is None or declared.task is None:
            return ()
        return tuple(
            port
            for container in declared.task.containers
            if container.dockerfile is not None and container.built is not None
            for port in container.dockerfile.ports(container.built.target)
        )

    def findings(self, service: Service) -> Iterator[str]:
        """Yield the doctor's findings about a service's containers, as lines of text."""
        declared = self._service(service)
        if self.app is None or declared is None or declared.task is None:
            return
        for finding in chain.from_iterable(rule.findings(self.app) for rule in _TELLING):
            if finding.path == declared.task.resource.path:
                location = f" ({finding.file.name}:{finding.line})" if finding.file is not None else ""
                yield f"{finding.rule.id}: {finding.detail}{location}"

    def _service(self, service: Service) -> workload.Service | None:
        for each in workload.services(self.app) if self.app is not None else ():
            stack = each.resource.template.stack.name
            if (stack, each.resource.logical_id) == (service.stack, service.logical_id):
                return each
        return None


def failed_service(
    cloud: Cloud, instance: Instance, details: AppDetails, snapshot: Snapshot, before: Before, why: str
) -> ToolError:
    """Return the error of a service that did not start.

    It has the reason, the causes that ``explain`` finds, the doctor's findings, and the last log lines of this version.

    Args:
        cloud: The embedded AWS.
        instance: The instance, for its log.
        details: Details of the app's services.
        snapshot: The service now.
        before: The tasks and deployments before this deployment.
        why: Why the service is not expected to start.
    """
    service = snapshot.service
    wanted = [task for task in service.tasks if task.definition == service.wanted]
    new_tasks = [task for task in wanted if task.arn not in before.tasks] or wanted
    causes = _causes(cloud, service, [task.arn for task in new_tasks])
    message = [f"{details.path(service)}: the service did not start: {why}"]
    message += [f"{each.rule.cause}: {each.rule.sentence}" for each in causes]
    message += dict.fromkeys(details.findings(service))
    if new_tasks:
        lines = cloud.last_lines([service.stack], tasks=[task.name for task in new_tasks])
        message += ["last log lines of this version:", *(f"  {line}" for line in lines)] if lines else []
    return ToolError("\n".join(message), fix=_fix(snapshot, causes), log=instance.server_log)


def _causes(cloud: Cloud, service: Service, tasks: list[str]) -> list[Explanation]:
    record = explain_sources.from_services(cloud.client, [service.arn], tasks_of_interest=tasks)
    return [each for each in explain(record) if not each.rule.consequence][:_MAX_CAUSES]


def _fix(snapshot: Snapshot, causes: list[Explanation]) -> str | None:
    bad = failing(snapshot.service, snapshot.targets)
    if bad and listening(bad[0], snapshot.sockets):
        port = bad[0].port
        if port in snapshot.sockets.loopback:
            return f"let the application listen on 0.0.0.0:{port}"
        if snapshot.sockets.open:
            ports = ", ".join(map(str, sorted(snapshot.sockets.open)))
            return f"use the same port everywhere: the health check uses {port}, and the application listens on {ports}"
    return causes[0].fix if causes else None

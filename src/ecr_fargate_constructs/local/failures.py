"""The error of a service that did not come up, with all that is known of the cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs.local.judging import failing, listening
from ecr_fargate_constructs.tools.assembly import workload
from ecr_fargate_constructs.tools.assembly.errors import AssemblyError
from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.doctor import image_rules
from ecr_fargate_constructs.tools.errors import LocalError
from ecr_fargate_constructs.tools.explain import sources as explain_sources
from ecr_fargate_constructs.tools.explain.explain import explain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance
    from ecr_fargate_constructs.local.judging import Before, Look
    from ecr_fargate_constructs.local.services import Cloud, Service
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.explain.explain import Explanation

_TELLING = frozenset({image_rules.LISTENS_ON_LOOPBACK, image_rules.PORT_NOT_EXPOSED, image_rules.ARCHITECTURE_MISMATCH})
"""The doctor's rules that keep a task from coming up in the embedded AWS too."""

_MOST_CAUSES = 3


@dataclass(frozen=True)
class Known:
    """What the app says of its services: read from its cloud assembly.

    Attributes:
        app: The app; None when its assembly cannot be read.
    """

    app: App | None

    @classmethod
    def of(cls, assembly: Path) -> Known:
        """Read an assembly."""
        try:
            return cls(load(assembly))
        except AssemblyError:
            return cls(None)

    def path(self, service: Service) -> str:
        """Path of a service's construct; its name in ECS when it is not the app's."""
        found = self._service(service)
        return found.resource.path if found is not None else service.arn.rpartition("/")[2]

    def exposed(self, service: Service) -> tuple[int, ...]:
        """The ports that the Dockerfiles of a service's containers expose."""
        found = self._service(service)
        if found is None or found.task is None:
            return ()
        return tuple(
            port
            for container in found.task.containers
            if container.dockerfile is not None and container.built is not None
            for port in container.dockerfile.ports(container.built.target)
        )

    def findings(self, service: Service) -> Iterator[str]:
        """What the doctor's rules say of a service's containers, one a line."""
        found = self._service(service)
        if self.app is None or found is None or found.task is None:
            return
        for finding in image_rules.check(self.app):
            if finding.rule in _TELLING and finding.path == found.task.resource.path:
                place = f" ({finding.file.name}:{finding.line})" if finding.file is not None else ""
                yield f"{finding.rule.id}: {finding.detail}{place}"

    def _service(self, service: Service) -> workload.Service | None:
        for each in workload.services(self.app) if self.app is not None else ():
            home = each.resource.template.stack.name
            if (home, each.resource.logical_id) == (service.stack, service.logical_id):
                return each
        return None


def failed_service(cloud: Cloud, instance: Instance, known: Known, look: Look, before: Before, why: str) -> LocalError:
    """Return the error of a service that did not come up.

    It says why; what ``explain`` and the doctor's rules know of it; what the tasks of this version printed last.

    Args:
        cloud: The embedded AWS.
        instance: The instance, for its log.
        known: What the app says of its services.
        look: The service as it is.
        before: What there was before the deployment.
        why: Why it cannot be expected to come up.
    """
    service = look.service
    wanted = [task for task in service.tasks if task.definition == service.wanted]
    mine = [task for task in wanted if task.arn not in before.tasks] or wanted
    causes = _causes(cloud, service, [task.arn for task in mine])
    said = [f"{known.path(service)}: the service did not come up: {why}"]
    said += [f"{each.rule.cause}: {each.rule.sentence}" for each in causes]
    said += dict.fromkeys(known.findings(service))
    if mine:
        lines = cloud.last_lines([service.stack], tasks=[task.name for task in mine])
        said += ["last lines of this version:", *(f"  {line}" for line in lines)] if lines else []
    return LocalError("\n".join(said), fix=_fix(look, causes), log=instance.server_log)


def _causes(cloud: Cloud, service: Service, tasks: list[str]) -> list[Explanation]:
    record = explain_sources.from_services(cloud.client, [service.arn], tasks_of_interest=tasks)
    return [each for each in explain(record) if not each.rule.consequence][:_MOST_CAUSES]


def _fix(look: Look, causes: list[Explanation]) -> str | None:
    bad = failing(look.service, look.targets)
    if bad and listening(bad[0], look.sockets):
        port = bad[0].port
        if port in look.sockets.loopback:
            return f"let the application listen on 0.0.0.0:{port}"
        if look.sockets.open:
            ports = ", ".join(map(str, sorted(look.sockets.open)))
            return f"make port, EXPOSE and the application's own port the same: {port} is asked, {ports} listened on"
    return causes[0].fix if causes else None

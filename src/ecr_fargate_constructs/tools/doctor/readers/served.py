"""The containers that load balancers send requests to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.workload import containers, services
from ecr_fargate_constructs.tools.doctor.readers.build_contexts import context_of
from ecr_fargate_constructs.tools.doctor.readers.programs import Program

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container, Service
    from ecr_fargate_constructs.tools.doctor.rule import Finding, Rule


@dataclass(frozen=True)
class Served:
    """A container that a load balancer sends requests to.

    Attributes:
        container: The container.
        service: Its service.
    """

    container: Container
    service: Service

    @cached_property
    def program(self) -> Program:
        """The program that it runs."""
        return Program.of(self.container.command, self.container.environment, context_of(self.container))

    @cached_property
    def dockerfile(self) -> str:
        """The instructions of its Dockerfile as one text; empty if the app does not build the image."""
        file = self.container.dockerfile
        stages = () if file is None else file.stages
        return "\n".join(f"{each.name} {each.value}" for stage in stages for each in stage.instructions)

    @property
    def ports(self) -> list[int]:
        """The ports that the load balancer sends requests to, without those that only the deployment knows."""
        numbers = [
            self.service.app.number(entry.get("ContainerPort"), self.service.resource.template)
            for entry in self.service.resource.get("LoadBalancers") or []
            if entry.get("ContainerName") == self.container.name
        ]
        return [number for number in numbers if number is not None]

    def found(self, rule: Rule, detail: str) -> Finding:
        """Return a finding about the command: in the Dockerfile if that sets it, otherwise in the task definition."""
        container, file = self.container, self.container.dockerfile
        if file is None or container.built is None or "Command" in container.definition:
            return rule.found_in(container, detail)
        target = container.built.target
        command = file.last("CMD", target) or file.last("ENTRYPOINT", target)
        if command is None:
            return rule.found_in(container, detail)
        return rule.found_at(container, container.built.dockerfile, detail, line=command.line)


def served(app: App) -> tuple[Served, ...]:
    """Return the containers of an app that load balancers send requests to."""
    return app.once("served", lambda: _served(app))


def _served(app: App) -> tuple[Served, ...]:
    entered = {
        (service.task.resource, str(entry.get("ContainerName"))): service
        for service in services(app)
        if service.task is not None
        for entry in service.resource.get("LoadBalancers") or []
    }
    return tuple(
        Served(container, service)
        for container in containers(app)
        if (service := entered.get((container.task.resource, container.name))) is not None
    )

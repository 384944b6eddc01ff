"""Assertions on the ECS services of a template, whichever constructs made them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.testing.differences import short
from ecr_fargate_constructs.testing.templates import references, resources, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.testing.templates import TemplateLike

_SERVICE = "AWS::ECS::Service"
_TASK_DEFINITION = "AWS::ECS::TaskDefinition"
_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


def service_in(template: TemplateLike, name: str | None = None) -> ServiceAssertions:
    """The ECS service of a template.

    Args:
        template: The template.
        name: Logical id of the service, or how it begins; may be left out when the template has one service.

    Raises:
        AssertionError: The template has no such service, or several and none is named.
    """
    __tracebackhide__ = True
    every = resources(template)
    services = [each for each, resource in every.items() if resource["Type"] == _SERVICE]
    found = [each for each in services if name is None or each.startswith(name)]
    if name in services:
        found = [name]
    if len(found) != 1:
        wanted = "" if name is None else f" that begins with {name!r}"
        many = f"{len(found)} ECS services{wanted}, name one" if found else f"no ECS service{wanted}"
        raise AssertionError(f"{many}; the template has: {', '.join(services) or 'none'}")
    return ServiceAssertions(every, found[0])


@dataclass(frozen=True)
class ServiceAssertions:
    """Assertions on one service; each returns the same object, so that they can be chained.

    Attributes:
        resources: Every resource of the template.
        logical_id: The service.
    """

    resources: dict[str, dict[str, Any]]
    logical_id: str

    def runs_image_from(self, repository: object) -> ServiceAssertions:
        """A container of the task runs an image out of this repository.

        Args:
            repository: The logical id of an ECR repository, the name of one that is not in the template, or a
                construct that is one or has one.
        """
        __tracebackhide__ = True
        wanted = _repository_name(repository)
        images = {container.get("Name", "?"): container.get("Image") for container in self._containers()}
        if not any(_is_from(wanted, image) for image in images.values()):
            shown = [f"  {name}: {short(image)}" for name, image in images.items()]
            self._fail(f"runs no image from {wanted}; its images are", shown)
        return self

    def has_circuit_breaker(self, *, rollback: bool = True) -> ServiceAssertions:
        """A deployment that fails is stopped, and by default rolled back."""
        __tracebackhide__ = True
        breaker = self._properties.get("DeploymentConfiguration", {}).get("DeploymentCircuitBreaker")
        if not isinstance(breaker, dict) or not (breaker.get("Enable") is True and breaker.get("Rollback") is rollback):
            wanted = "rolls back" if rollback else "does not roll back"
            self._fail(f"has no circuit breaker that {wanted}; DeploymentCircuitBreaker is {_shown(breaker)}")
        return self

    def scales_between(self, minimum: int, maximum: int) -> ServiceAssertions:
        """Automatic scaling keeps the number of tasks between these."""
        __tracebackhide__ = True
        found = [
            (resource["Properties"].get("MinCapacity"), resource["Properties"].get("MaxCapacity"))
            for resource in self._of_type(_TARGET)
            if self.logical_id in references(resource["Properties"].get("ResourceId"))
        ]
        if (minimum, maximum) not in found:
            shown = " and ".join(f"{_shown(low)} and {_shown(high)}" for low, high in found)
            desired = _shown(self._properties.get("DesiredCount"))
            state = f"it scales between {shown}" if found else f"it does not scale; DesiredCount is {desired}"
            self._fail(f"does not scale between {minimum} and {maximum}: {state}")
        return self

    def answers_on(self, port: int) -> ServiceAssertions:
        """A load balancer forwards this port to the service; a redirect is not an answer."""
        __tracebackhide__ = True
        ports = dict(self._ports())
        if port not in ports or ports[port] != "forwards to it":
            shown = [f"  {each}: {does}" for each, does in ports.items()] or ["  no listener"]
            self._fail(f"does not answer on port {port}; the listeners of the template", shown)
        return self

    @property
    def _properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[self.logical_id].get("Properties", {})
        return found

    def _of_type(self, kind: str) -> Iterator[dict[str, Any]]:
        return (resource for resource in self.resources.values() if resource["Type"] == kind)

    def _containers(self) -> list[dict[str, Any]]:
        __tracebackhide__ = True
        for name in references(self._properties.get("TaskDefinition")):
            resource = self.resources.get(name, {})
            if resource.get("Type") == _TASK_DEFINITION:
                found: list[dict[str, Any]] = resource["Properties"].get("ContainerDefinitions", [])
                return found
        self._fail(f"has no task definition in this template: {short(self._properties.get('TaskDefinition'))}")
        return []

    def _ports(self) -> Iterator[tuple[object, str]]:
        """Each listener's port with what it does; a port that forwards to this service comes last, and so wins."""
        targets = set(references(self._properties.get("LoadBalancers", [])))
        rules = [resource["Properties"] for resource in self._of_type(_RULE)]
        forwarding = []
        for name, resource in self.resources.items():
            if resource["Type"] != _LISTENER:
                continue
            properties = resource["Properties"]
            own = [rule.get("Actions", []) for rule in rules if name in references(rule.get("ListenerArn"))]
            actions = [*properties.get("DefaultActions", []), *(action for each in own for action in each)]
            if any(targets & set(references(action)) for action in actions):
                forwarding.append((properties.get("Port"), "forwards to it"))
            else:
                kinds = sorted({str(action.get("Type")) for action in actions})
                yield properties.get("Port"), f"{', '.join(kinds) or 'nothing'}, not to this service"
        yield from forwarding

    def _fail(self, problem: str, lines: list[str] | None = None) -> None:
        __tracebackhide__ = True
        raise AssertionError("\n".join([f"{self.logical_id} {problem}", *(lines or [])]))


def _repository_name(repository: object) -> str:
    if isinstance(repository, str):
        return repository
    import aws_cdk as cdk  # noqa: PLC0415 - a template given as data needs no CDK
    from constructs import Construct  # noqa: PLC0415

    inner = getattr(repository, "repository", repository)
    if isinstance(inner, Construct):
        resource = inner.node.default_child
        if isinstance(resource, cdk.CfnElement):
            return cdk.Stack.of(inner).get_logical_id(resource)
        name = getattr(inner, "repository_name", None)
        if isinstance(name, str) and not cdk.Token.is_unresolved(name):
            return name
    raise TypeError(f"{repository!r} is no repository; give its construct, its logical id or its name")


def _is_from(wanted: str, image: object) -> bool:
    if wanted in references(image):
        return True
    # Another stack's repository arrives as an export that carries its logical id, an imported one as a name.
    imported = any(wanted in text for text in texts(image) if "ExportsOutput" in text)
    uri = "".join(texts(image))
    return imported or re.match(rf"[^/]*/{re.escape(wanted)}(?:[:@]|$)", uri) is not None


def _shown(value: object) -> str:
    return "absent" if value is None else short(value)

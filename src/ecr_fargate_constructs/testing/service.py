"""Assertions on the ECS services of a template, whatever constructs made them."""

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
    """Return the assertions on the ECS service of a template.

    Args:
        template: The template.
        name: Logical id of the service, or its beginning; may be omitted if the template has one service.

    Raises:
        AssertionError: The template has no such service, or has several and none is named.
    """
    __tracebackhide__ = True
    every = resources(template)
    services = [each for each, resource in every.items() if resource["Type"] == _SERVICE]
    matches = [each for each in services if name is None or each.startswith(name)]
    if name in services:
        matches = [name]
    if len(matches) != 1:
        condition = "" if name is None else f" that begins with {name!r}"
        problem = f"{len(matches)} ECS services{condition}, name one" if matches else f"no ECS service{condition}"
        raise AssertionError(f"{problem}; the template has: {', '.join(services) or 'none'}")
    return ServiceAssertions(every, matches[0])


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
        """Assert that a container of the task runs an image from this repository.

        Args:
            repository: The logical id of an ECR repository, the name of one that is not in the template, or a construct
                that is one or has one.
        """
        __tracebackhide__ = True
        name = _repository_name(repository)
        images = {container.get("Name", "?"): container.get("Image") for container in self._containers()}
        if not any(_is_from(name, image) for image in images.values()):
            shown = [f"  {container}: {short(image)}" for container, image in images.items()]
            self._fail(f"runs no image from {name}; its images are", shown)
        return self

    def has_circuit_breaker(self, *, rollback: bool = True) -> ServiceAssertions:
        """Assert that a failed deployment is stopped, and by default rolled back."""
        __tracebackhide__ = True
        breaker = self._properties.get("DeploymentConfiguration", {}).get("DeploymentCircuitBreaker")
        if not isinstance(breaker, dict) or not (breaker.get("Enable") is True and breaker.get("Rollback") is rollback):
            expected = "rolls back" if rollback else "does not roll back"
            self._fail(f"has no circuit breaker that {expected}; DeploymentCircuitBreaker is {_shown(breaker)}")
        return self

    def scales_between(self, minimum: int, maximum: int) -> ServiceAssertions:
        """Assert that automatic scaling keeps the number of tasks between these limits."""
        __tracebackhide__ = True
        limits = [
            (resource["Properties"].get("MinCapacity"), resource["Properties"].get("MaxCapacity"))
            for resource in self._of_type(_TARGET)
            if self.logical_id in references(resource["Properties"].get("ResourceId"))
        ]
        if (minimum, maximum) not in limits:
            shown = " and ".join(f"{_shown(low)} and {_shown(high)}" for low, high in limits)
            desired = _shown(self._properties.get("DesiredCount"))
            state = f"it scales between {shown}" if limits else f"it does not scale; DesiredCount is {desired}"
            self._fail(f"does not scale between {minimum} and {maximum}: {state}")
        return self

    def answers_on(self, port: int) -> ServiceAssertions:
        """Assert that a load balancer forwards this port to the service; a redirect does not count."""
        __tracebackhide__ = True
        ports = dict(self._ports())
        if port not in ports or ports[port] != "forwards to it":
            shown = [f"  {each}: {does}" for each, does in ports.items()] or ["  no listener"]
            self._fail(f"does not answer on port {port}; the listeners of the template", shown)
        return self

    @property
    def _properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.resources[self.logical_id].get("Properties", {})
        return properties

    def _of_type(self, kind: str) -> Iterator[dict[str, Any]]:
        return (resource for resource in self.resources.values() if resource["Type"] == kind)

    def _containers(self) -> list[dict[str, Any]]:
        __tracebackhide__ = True
        for name in references(self._properties.get("TaskDefinition")):
            resource = self.resources.get(name, {})
            if resource.get("Type") == _TASK_DEFINITION:
                containers: list[dict[str, Any]] = resource["Properties"].get("ContainerDefinitions", [])
                return containers
        self._fail(f"has no task definition in this template: {short(self._properties.get('TaskDefinition'))}")
        return []

    def _ports(self) -> Iterator[tuple[object, str]]:
        """Yield each listener's port and its action; ports that forward to this service come last, and so win."""
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
    raise TypeError(f"{repository!r} is not a repository; give its construct, its logical id or its name")


def _is_from(repository: str, image: object) -> bool:
    if repository in references(image):
        return True
    # Another stack's repository appears as an export or an output with its logical id, an imported one as a name.
    outputs = [text for text in texts(image) if "ExportsOutput" in text or text.startswith("PublishOutput")]
    imported = any(repository in text for text in outputs)
    uri = "".join(texts(image))
    return imported or re.match(rf"[^/]*/{re.escape(repository)}(?:[:@]|$)", uri) is not None


def _shown(value: object) -> str:
    return "absent" if value is None else short(value)

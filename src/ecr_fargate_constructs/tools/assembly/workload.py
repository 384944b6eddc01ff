"""The services of an app, each with its task, containers, images, target groups and subnets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs._rules.dockerfile import Dockerfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.tools.assembly.model import App, Resource, Template
    from ecr_fargate_constructs.tools.assembly.stacks import BuiltImage

_TASK_DEFINITION = "AWS::ECS::TaskDefinition"
_MAX_DOCKERFILE_BYTES = 2**20
_MIN_TAG_LENGTH = 12  # a shorter tag does not identify a built image
_COPIES = {
    "Custom::EcrFargateImageCopy": ("Source", "Destination"),
    "Custom::CDKECRDeployment": ("SrcImage", "DestImage"),  # the package cdk-ecr-deployment
}
"""Custom resources that copy images, and their properties for source and destination."""

_SCHEME = "docker://"
PLATFORMS = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
"""The platforms of images, by the architecture of the tasks that run them."""

_SECRETS = {"AWS::SecretsManager::Secret", "AWS::SecretsManager::SecretTargetAttachment"}


@dataclass(frozen=True)
class Container:
    """A container of a task.

    Attributes:
        task: Its task definition.
        definition: Its container definition, unresolved.
    """

    task: Task
    definition: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the container."""
        return str(self.definition.get("Name", ""))

    @property
    def essential(self) -> bool:
        """Return whether the task ends when it exits."""
        return self.definition.get("Essential", True) is not False

    @cached_property
    def image(self) -> str:
        """Name of its image, with ``${…}`` for each part that only the deployment knows."""
        return self.task.app.text(self.definition.get("Image"), self.task.resource.template)

    @cached_property
    def built(self) -> BuiltImage | None:
        """The image that the app builds for it; None if the app does not build its image."""
        return built_image(self.task.app, self.image)

    @cached_property
    def dockerfile(self) -> Dockerfile | None:
        """Dockerfile of the image that the app builds for it."""
        if self.built is None or not self.built.dockerfile.is_file():
            return None
        if self.built.dockerfile.stat().st_size > _MAX_DOCKERFILE_BYTES:
            return None
        text = self.built.dockerfile.read_text(encoding="utf-8", errors="replace")
        platform = self.built.platform or PLATFORMS.get(self.task.architecture)
        return Dockerfile.parse(text, self.built.arguments, platform)

    @property
    def command(self) -> str:
        """Its command as one line, from the task definition and the Dockerfile."""
        parts = []
        for key, keyword in (("EntryPoint", "ENTRYPOINT"), ("Command", "CMD")):
            words = self.definition.get(key)
            if isinstance(words, list):
                parts.append(" ".join(self.task.app.text(word, self.task.resource.template) for word in words))
            elif self.dockerfile is not None and self.built is not None:
                instruction = self.dockerfile.last(keyword, self.built.target)
                parts += [instruction.text] if instruction is not None else []
        return " ".join(parts)

    @cached_property
    def environment(self) -> dict[str, str]:
        """Its environment variables, including those of the Dockerfile, without secrets."""
        variables = {}
        if self.dockerfile is not None and self.built is not None:
            variables.update(self.dockerfile.environment(self.built.target))
        for entry in self.definition.get("Environment") or []:
            variables[str(entry.get("Name"))] = self.task.app.text(entry.get("Value"), self.task.resource.template)
        return variables

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports in its port mappings."""
        ports = [
            self.number(mapping.get("ContainerPort"))
            for mapping in self.definition.get("PortMappings") or []
            if isinstance(mapping, dict)
        ]
        return tuple(port for port in ports if port is not None)

    def managed(self, secret: Mapping[str, Any]) -> bool:
        """Return whether a secret of its definition is in Secrets Manager, and not in Parameter Store."""
        value, home = secret.get("ValueFrom"), self.task.resource.template
        kinds = {target.kind for target in self.task.app.targets(value, home)}
        return bool(kinds & _SECRETS) or ":secretsmanager:" in self.task.app.text(value, home)

    def number(self, value: Any) -> int | None:  # noqa: ANN401 - whatever CloudFormation has
        """Return a number of its definition; None if only the deployment knows it."""
        return self.task.app.number(value, self.task.resource.template)


@dataclass(frozen=True)
class Task:
    """A task definition.

    Attributes:
        app: The app.
        resource: The resource of the task definition.
    """

    app: App
    resource: Resource

    @property
    def fargate(self) -> bool:
        """Return whether it is compatible with Fargate."""
        return "FARGATE" in (self.resource.get("RequiresCompatibilities") or [])

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Containers of the task."""
        definitions = self.resource.get("ContainerDefinitions")
        return tuple(Container(self, each) for each in (definitions if isinstance(definitions, list) else []))

    @property
    def cpu(self) -> int | None:
        """CPU units; None if only the deployment knows them."""
        return self.app.number(self.resource.get("Cpu"), self.resource.template)

    @property
    def memory(self) -> int | None:
        """Memory in MiB; None if only the deployment knows it."""
        return self.app.number(self.resource.get("Memory"), self.resource.template)

    @property
    def architecture(self) -> str:
        """Processor architecture; ``X86_64`` is ECS's default."""
        return str(self.resource.get("RuntimePlatform", "CpuArchitecture") or "X86_64")

    @property
    def windows(self) -> bool:
        """Return whether it runs Windows."""
        return str(self.resource.get("RuntimePlatform", "OperatingSystemFamily") or "LINUX").startswith("WINDOWS")


_OF_WAKING = "FIRST_PRIORITY"
"""A variable that only the function of a service that sleeps has."""


@dataclass(frozen=True)
class Service:
    """An ECS service.

    Attributes:
        app: The app.
        resource: The resource of the service.
    """

    app: App
    resource: Resource

    @cached_property
    def task(self) -> Task | None:
        """Its task definition; None if the app does not create it."""
        value, home = self.resource.get("TaskDefinition"), self.resource.template
        found = self.app.target(value, home) or _of_family(self.app, self.app.literal(value, home), home)
        return _task(self.app, found) if found is not None and found.kind == _TASK_DEFINITION else None

    @property
    def fargate(self) -> bool:
        """Return whether it runs on Fargate."""
        providers = [str(each.get("CapacityProvider")) for each in self.resource.get("CapacityProviderStrategy") or []]
        if providers:
            return all(provider.startswith("FARGATE") for provider in providers)
        return self.resource.get("LaunchType") == "FARGATE" or (self.task is not None and self.task.fargate)

    @property
    def deployed_by_ecs(self) -> bool:
        """Whether ECS does its deployments, and not CodeDeploy or another program."""
        return self.resource.get("DeploymentController", "Type") in {None, "ECS"}

    @cached_property
    def target_groups(self) -> tuple[Resource, ...]:
        """The target groups of its tasks, including the second one of a deployment that shifts traffic."""
        values = self.resource.get("LoadBalancers")
        resources = self.app.targets(values, self.resource.template)
        return tuple(each for each in resources if each.kind == "AWS::ElasticLoadBalancingV2::TargetGroup")

    @cached_property
    def load_balancers(self) -> tuple[Resource, ...]:
        """The load balancers that forward requests to it."""
        return tuple(dict.fromkeys(each for group in self.target_groups for each in balancers_of(self.app, group)))

    @cached_property
    def subnets(self) -> tuple[Resource, ...]:
        """The subnets of its tasks that the app creates."""
        value = self.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
        return tuple(
            each for each in self.app.targets(value, self.resource.template) if each.kind == "AWS::EC2::Subnet"
        )

    @cached_property
    def security_groups(self) -> tuple[Resource, ...]:
        """The security groups of its tasks that the app creates."""
        value = self.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")
        resources = self.app.targets(value, self.resource.template)
        return tuple(each for each in resources if each.kind == "AWS::EC2::SecurityGroup")

    @property
    def has_public_address(self) -> bool:
        """Return whether its tasks get public addresses."""
        value = self.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")
        return bool(value == "ENABLED")

    @property
    def scaling(self) -> Resource | None:
        """Its scalable target; None if it does not scale."""
        scalable_targets = self.app.referring(
            self.resource, "AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId"
        )
        return next(iter(scalable_targets), None)

    @cached_property
    def sleeps(self) -> bool:
        """Whether it has no task while it is idle: a function of this library starts it at a request."""
        functions = self.app.referring(self.resource, "AWS::Lambda::Function", "Environment")
        return any(_OF_WAKING in (each.get("Environment", "Variables") or {}) for each in functions)

    @property
    def desired(self) -> int | None:
        """Desired number of tasks, 1 by ECS's default; None if only the deployment knows it."""
        value = self.resource.get("DesiredCount")
        return 1 if value is None else self.app.number(value, self.resource.template)


def services(app: App) -> tuple[Service, ...]:
    """Return the services of an app, the same objects every time."""
    return app.once("services", lambda: tuple(Service(app, resource) for resource in app.of("AWS::ECS::Service")))


def jobs(app: App) -> tuple[tuple[str, Task], ...]:
    """Return the tasks that state machines run, each with the path of the construct around its state machine."""
    return tuple(
        (machine.path.removesuffix("/StateMachine"), _task(app, definition))
        for machine in app.of("AWS::StepFunctions::StateMachine")
        for definition in dict.fromkeys(app.targets(machine.get("DefinitionString"), machine.template))
        if definition.kind == "AWS::ECS::TaskDefinition"
    )


def tasks(app: App) -> tuple[Task, ...]:
    """Return the task definitions of an app, the same objects every time."""
    return app.once("tasks", lambda: tuple(_task(app, resource) for resource in app.of(_TASK_DEFINITION)))


def containers(app: App) -> tuple[Container, ...]:
    """Return the containers of all task definitions of an app."""
    return tuple(container for task in tasks(app) for container in task.containers)


def _task(app: App, resource: Resource) -> Task:
    return app.once(("task", resource), lambda: Task(app, resource))


def _of_family(app: App, family: str | None, home: Template) -> Resource | None:
    """Return the app's task definition of a family; None if there is none, or more than one.

    CDK writes the family where CodeDeploy does the deployments, since it registers new revisions itself.
    """
    named = app.once("families", lambda: _families(app)).get(family or "", [])
    near = [each for each in named if each.template.stack is home.stack] or named
    return near[0] if len(near) == 1 else None


def _families(app: App) -> dict[str, list[Resource]]:
    named: dict[str, list[Resource]] = {}
    for resource in app.of(_TASK_DEFINITION):
        family = app.literal(resource.get("Family"), resource.template)
        if family:
            named.setdefault(family, []).append(resource)
    return named


def balancers_of(app: App, group: Resource) -> list[Resource]:
    """Return the load balancers whose listeners or rules forward requests to a target group."""
    balancers = []
    for kind, name in (
        ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions"),
        ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions"),
    ):
        for resource in app.referring(group, kind, name):
            listener = resource
            if kind.endswith("Rule"):
                listener_of_rule = app.target(resource.get("ListenerArn"), resource.template)
                if listener_of_rule is None:
                    continue
                listener = listener_of_rule
            balancer = app.target(listener.get("LoadBalancerArn"), listener.template)
            balancers += [balancer] if balancer is not None else []
    return list(dict.fromkeys(balancers))


def built_image(app: App, name: str) -> BuiltImage | None:
    """Return the image that the app builds and then uses under this name, directly or through a copy."""
    copies, seen = app.once("copies", lambda: _copies(app)), {name}
    while True:
        for image in app.images:
            if any(len(tag) >= _MIN_TAG_LENGTH and tag in name for tag in image.tags):
                return image
        source = copies.get(name)
        if source is None or source in seen:
            return None
        name = source
        seen.add(name)


def _copies(app: App) -> dict[str, str]:
    """Return the source of each image that the app copies, by its destination."""
    sources: dict[str, str] = {}
    for copy in app.of(*_COPIES):
        source, target = (app.text(copy.get(name), copy.template).removeprefix(_SCHEME) for name in _COPIES[copy.kind])
        sources.setdefault(target, source)
    return sources


def attribute(resource: Resource, name: str) -> str | None:
    """Return an attribute of a load balancer or a target group; None if it is not set."""
    for key in ("LoadBalancerAttributes", "TargetGroupAttributes"):
        for entry in resource.get(key) or []:
            if isinstance(entry, dict) and entry.get("Key") == name:
                value = entry.get("Value")
                return value if isinstance(value, str) else None
    return None

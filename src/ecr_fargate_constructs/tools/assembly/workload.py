"""The services of an app, with what belongs to each: its task, containers, images, target groups and subnets."""

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
_LONGEST_DOCKERFILE = 2**20  # bytes
_SHORTEST_TAG = 12  # of those by which a built image is recognised
_COPIES = {
    "Custom::EcrFargateImageCopy": ("Source", "Destination"),
    "Custom::CDKECRDeployment": ("SrcImage", "DestImage"),  # the package cdk-ecr-deployment
}
"""Custom resources that copy images, and their properties for where from and where to."""

_SCHEME = "docker://"
PLATFORMS = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
"""The platforms of images, by the architecture of the tasks that run them."""

_SECRETS = {"AWS::SecretsManager::Secret", "AWS::SecretsManager::SecretTargetAttachment"}


@dataclass(frozen=True)
class Container:
    """A container of a task.

    Attributes:
        task: Its task.
        definition: Its definition as it is written.
    """

    task: Task
    definition: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.definition.get("Name", ""))

    @property
    def essential(self) -> bool:
        """Whether the task ends with it."""
        return self.definition.get("Essential", True) is not False

    @cached_property
    def image(self) -> str:
        """The name of its image, with ``${…}`` for what only a deployment knows."""
        return self.task.app.text(self.definition.get("Image"), self.task.resource.template)

    @cached_property
    def built(self) -> BuiltImage | None:
        """The image that the app builds for it; None when it comes from elsewhere."""
        return built_image(self.task.app, self.image)

    @cached_property
    def dockerfile(self) -> Dockerfile | None:
        """The Dockerfile of the image that the app builds for it."""
        if self.built is None or not self.built.dockerfile.is_file():
            return None
        if self.built.dockerfile.stat().st_size > _LONGEST_DOCKERFILE:
            return None
        text = self.built.dockerfile.read_text(encoding="utf-8", errors="replace")
        platform = self.built.platform or PLATFORMS.get(self.task.architecture)
        return Dockerfile.parse(text, self.built.arguments, platform)

    @property
    def command(self) -> str:
        """What it runs, as one line, as far as task definition and Dockerfile say it."""
        parts = []
        for mine, theirs in (("EntryPoint", "ENTRYPOINT"), ("Command", "CMD")):
            given = self.definition.get(mine)
            if isinstance(given, list):
                parts.append(" ".join(self.task.app.text(word, self.task.resource.template) for word in given))
            elif self.dockerfile is not None and self.built is not None:
                instruction = self.dockerfile.last(theirs, self.built.target)
                parts += [instruction.text] if instruction is not None else []
        return " ".join(parts)

    @cached_property
    def environment(self) -> dict[str, str]:
        """Its plain variables, those of the Dockerfile included."""
        found = {}
        if self.dockerfile is not None and self.built is not None:
            found.update(self.dockerfile.environment(self.built.target))
        for entry in self.definition.get("Environment") or []:
            found[str(entry.get("Name"))] = self.task.app.text(entry.get("Value"), self.task.resource.template)
        return found

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that it declares."""
        found = [
            self.number(mapping.get("ContainerPort"))
            for mapping in self.definition.get("PortMappings") or []
            if isinstance(mapping, dict)
        ]
        return tuple(port for port in found if port is not None)

    def managed(self, secret: Mapping[str, Any]) -> bool:
        """Whether a secret of its definition lies in Secrets Manager, and not in Parameter Store."""
        value, home = secret.get("ValueFrom"), self.task.resource.template
        kinds = {target.kind for target in self.task.app.targets(value, home)}
        return bool(kinds & _SECRETS) or ":secretsmanager:" in self.task.app.text(value, home)

    def number(self, value: Any) -> int | None:  # noqa: ANN401 - whatever CloudFormation has
        """A number in its definition, when it is known now."""
        return self.task.app.number(value, self.task.resource.template)


@dataclass(frozen=True)
class Task:
    """A task definition.

    Attributes:
        app: The app.
        resource: Its resource.
    """

    app: App
    resource: Resource

    @property
    def fargate(self) -> bool:
        """Whether it is for Fargate."""
        return "FARGATE" in (self.resource.get("RequiresCompatibilities") or [])

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Its containers."""
        definitions = self.resource.get("ContainerDefinitions")
        return tuple(Container(self, each) for each in (definitions if isinstance(definitions, list) else []))

    @property
    def cpu(self) -> int | None:
        """Its CPU units, when they are known now."""
        return self.app.number(self.resource.get("Cpu"), self.resource.template)

    @property
    def memory(self) -> int | None:
        """Its memory in MiB, when it is known now."""
        return self.app.number(self.resource.get("Memory"), self.resource.template)

    @property
    def architecture(self) -> str:
        """Its processor architecture: ``X86_64`` unless it says otherwise, as ECS has it."""
        return str(self.resource.get("RuntimePlatform", "CpuArchitecture") or "X86_64")

    @property
    def windows(self) -> bool:
        """Whether it runs Windows."""
        return str(self.resource.get("RuntimePlatform", "OperatingSystemFamily") or "LINUX").startswith("WINDOWS")


@dataclass(frozen=True)
class Service:
    """An ECS service.

    Attributes:
        app: The app.
        resource: Its resource.
    """

    app: App
    resource: Resource

    @cached_property
    def task(self) -> Task | None:
        """Its task definition; None when it is not the app's."""
        value, home = self.resource.get("TaskDefinition"), self.resource.template
        found = self.app.target(value, home) or _of_family(self.app, self.app.literal(value, home), home)
        return _task(self.app, found) if found is not None and found.kind == _TASK_DEFINITION else None

    @property
    def fargate(self) -> bool:
        """Whether it runs on Fargate."""
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
        """The target groups that its tasks are in, the second one of a deployment that shifts traffic included."""
        values = self.resource.get("LoadBalancers")
        found = self.app.targets(values, self.resource.template)
        return tuple(each for each in found if each.kind == "AWS::ElasticLoadBalancingV2::TargetGroup")

    @cached_property
    def load_balancers(self) -> tuple[Resource, ...]:
        """The load balancers that send it requests."""
        return tuple(dict.fromkeys(each for group in self.target_groups for each in balancers_of(self.app, group)))

    @cached_property
    def subnets(self) -> tuple[Resource, ...]:
        """The app's subnets that its tasks run in."""
        value = self.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "Subnets")
        return tuple(
            each for each in self.app.targets(value, self.resource.template) if each.kind == "AWS::EC2::Subnet"
        )

    @cached_property
    def security_groups(self) -> tuple[Resource, ...]:
        """The app's security groups that its tasks are in."""
        value = self.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups")
        found = self.app.targets(value, self.resource.template)
        return tuple(each for each in found if each.kind == "AWS::EC2::SecurityGroup")

    @property
    def has_public_address(self) -> bool:
        """Whether its tasks get public addresses."""
        value = self.resource.get("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")
        return bool(value == "ENABLED")

    @property
    def scaling(self) -> Resource | None:
        """What scales it; None when nothing does."""
        found = self.app.referring(self.resource, "AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId")
        return next(iter(found), None)

    @property
    def desired(self) -> int | None:
        """How many tasks it wants, when that is known now: ECS's default is one."""
        value = self.resource.get("DesiredCount")
        return 1 if value is None else self.app.number(value, self.resource.template)


def services(app: App) -> tuple[Service, ...]:
    """Return the services of an app, the same objects every time."""
    return app.once("services", lambda: tuple(Service(app, resource) for resource in app.of("AWS::ECS::Service")))


def tasks(app: App) -> tuple[Task, ...]:
    """Return the task definitions of an app, the same objects every time."""
    return app.once("tasks", lambda: tuple(_task(app, resource) for resource in app.of(_TASK_DEFINITION)))


def containers(app: App) -> tuple[Container, ...]:
    """Return the containers of all task definitions of an app."""
    return tuple(container for task in tasks(app) for container in task.containers)


def _task(app: App, resource: Resource) -> Task:
    return app.once(("task", resource), lambda: Task(app, resource))


def _of_family(app: App, family: str | None, home: Template) -> Resource | None:
    """Return the app's task definition of a family; None when there is none, or more than one that may be meant.

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
    """The load balancers whose listeners or rules send requests to a target group."""
    found = []
    for kind, name in (
        ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions"),
        ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions"),
    ):
        for resource in app.referring(group, kind, name):
            listener = resource
            if kind.endswith("Rule"):
                above = app.target(resource.get("ListenerArn"), resource.template)
                if above is None:
                    continue
                listener = above
            balancer = app.target(listener.get("LoadBalancerArn"), listener.template)
            found += [balancer] if balancer is not None else []
    return list(dict.fromkeys(found))


def built_image(app: App, name: str) -> BuiltImage | None:
    """The image that the app builds under this name, directly or through a copy."""
    copies, seen = app.once("copies", lambda: _copies(app)), {name}
    while True:
        for image in app.images:
            if any(len(tag) >= _SHORTEST_TAG and tag in name for tag in image.tags):
                return image
        origin = copies.get(name)
        if origin is None or origin in seen:
            return None
        name = origin
        seen.add(name)


def _copies(app: App) -> dict[str, str]:
    """Where the app's copies come from, by where they go to."""
    found: dict[str, str] = {}
    for copy in app.of(*_COPIES):
        source, target = (app.text(copy.get(name), copy.template).removeprefix(_SCHEME) for name in _COPIES[copy.kind])
        found.setdefault(target, source)
    return found


def attribute(resource: Resource, name: str) -> str | None:
    """An attribute of a load balancer or a target group; None when it is not set."""
    for key in ("LoadBalancerAttributes", "TargetGroupAttributes"):
        for entry in resource.get(key) or []:
            if isinstance(entry, dict) and entry.get("Key") == name:
                value = entry.get("Value")
                return value if isinstance(value, str) else None
    return None

"""Ask AWS, and take a refusal for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.aws.targets import Target

Answer: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True)
class Resource:
    """A resource of a deployed stack.

    Attributes:
        stack: Name of its stack, without the prefix.
        logical: Its logical id.
        type: Its type in CloudFormation.
        physical: Its physical id.
        status: The status that CloudFormation gives it.
    """

    stack: str
    logical: str
    type: str
    physical: str
    status: str


@dataclass(frozen=True)
class Scene:
    """A deployed example to ask about.

    Attributes:
        target: Where it is deployed.
        stacks: Names of the stacks without the prefix, and with it.
        resources: The resources of all stacks.
        templates: The synthesized templates, by stack.
    """

    target: Target
    stacks: Mapping[str, str]
    resources: tuple[Resource, ...]
    templates: Mapping[str, Answer]

    def of(self, kind: str) -> list[Resource]:
        """Return the resources of a type that exist."""
        return [each for each in self.resources if each.type == kind and each.physical]

    @property
    def scales(self) -> bool:
        """Whether the number of tasks follows from metrics, so that another run may find another number."""
        return bool(self.of("AWS::ApplicationAutoScaling::ScalableTarget"))

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Return a client."""
        return self.target.client(service)


def asked(question: Callable[..., Any], *things: object, **options: object) -> Any:  # noqa: ANN401 - any answer
    """Return the answer to a question about some things, or the code with which AWS refuses it."""
    try:
        return question(*things, **options)
    except ClientError as error:
        return {"refused": error.response["Error"]["Code"]}


def chosen(described: Mapping[str, Any], names: Iterable[str]) -> Answer:
    """Return some fields of a description; those that it does not have are left out."""
    return {name: described[name] for name in names if described.get(name) not in (None, [], {}, "")}


def counted(scene: Scene, counts: Mapping[str, int]) -> Answer:
    """Return numbers of tasks or targets, or of which kind there are any where the number follows from metrics."""
    return {name: bool(number) if scene.scales else number for name, number in counts.items()}


def resources_of(cloudformation: Any, stacks: Mapping[str, str]) -> tuple[Resource, ...]:  # noqa: ANN401 - boto3
    """Return the resources of stacks; a stack that does not exist has none."""
    found = []
    for stack, name in stacks.items():
        listed = asked(cloudformation.describe_stack_resources, StackName=name)
        found += [
            Resource(
                stack,
                each["LogicalResourceId"],
                each["ResourceType"],
                each.get("PhysicalResourceId", ""),
                each["ResourceStatus"],
            )
            for each in listed.get("StackResources", ())
        ]
    return tuple(found)


def created_in(cloudformation: Any, stacks: Mapping[str, str]) -> frozenset[tuple[str, str]]:  # noqa: ANN401 - boto3
    """Return stack and logical id of each resource that the stacks have created themselves, by their events.

    A stack that failed because a name was taken lists the other's resource: nobody may delete that.
    """
    found = set()
    for stack, name in stacks.items():
        try:
            pages = list(cloudformation.get_paginator("describe_stack_events").paginate(StackName=name))
        except ClientError:  # it does not exist
            continue
        events = [event for page in pages for event in page["StackEvents"]]
        found |= {(stack, each["LogicalResourceId"]) for each in events if each["ResourceStatus"] == "CREATE_COMPLETE"}
    return frozenset(found)

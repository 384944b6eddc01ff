"""Find the service whose task a command is to run in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import ClientError

from ecr_fargate_constructs.tools.aws_calls import call_aws, resources_of_stack
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Clients: TypeAlias = Callable[[str], Any]

_SERVICE = "AWS::ECS::Service"
_NESTED = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Found:
    """An ECS service of a deployed stack.

    Attributes:
        name: Path of its construct, without the ``Service`` at its end; its logical id if the template has no path.
        aliases: Other names for it: the last part of the path, the full path, the logical id and the name in ECS.
        arn: Its ARN.
    """

    name: str
    aliases: frozenset[str]
    arn: str


def services_of(clients: Clients, stacks: Iterable[str]) -> list[Found]:
    """Return the services of deployed stacks, and of those nested in them.

    Raises:
        ToolError: There is no such stack, or the caller lacks a permission.
    """
    return [each for stack in stacks for each in _in_stack(clients("cloudformation"), stack)]


def services_of_app(clients: Clients, stacks: Sequence[str]) -> list[Found]:
    """Return the services of those stacks of an app that are deployed.

    Raises:
        ToolError: None is, or the caller lacks a permission.
    """
    cloudformation = clients("cloudformation")
    there = [stack for stack in stacks if _exists(cloudformation, stack)]
    if not there:
        raise ToolError(
            f"no stack of the app is deployed in this account and region: {', '.join(stacks) or 'it has none'}",
            fix="deploy it, choose the account and region with AWS_PROFILE and AWS_REGION, or give --stack",
        )
    return services_of(clients, there)


def _exists(cloudformation: Any, stack: str) -> bool:  # noqa: ANN401 - boto3 makes its clients at run time
    def first_page() -> bool:
        try:
            cloudformation.list_stack_resources(StackName=stack)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ValidationError":
                return False  # "Stack with id … does not exist"
            raise
        return True

    return bool(call_aws(first_page, "cloudformation:ListStackResources"))


def _in_stack(cloudformation: Any, stack: str) -> Iterator[Found]:  # noqa: ANN401 - as above
    paths: Mapping[str, str] | None = None
    for each in resources_of_stack(cloudformation, stack):
        arn = each.get("PhysicalResourceId")
        if not arn:
            continue  # not created yet
        if each["ResourceType"] == _NESTED:
            yield from _in_stack(cloudformation, arn)
        elif each["ResourceType"] == _SERVICE:
            paths = _paths(cloudformation, stack) if paths is None else paths
            yield _found(each["LogicalResourceId"], arn, paths.get(each["LogicalResourceId"]))


def _paths(cloudformation: Any, stack: str) -> dict[str, str]:  # noqa: ANN401 - as above
    """Return the paths of constructs by logical id, which CDK writes into the template."""
    template = call_aws(
        lambda: cloudformation.get_template(StackName=stack)["TemplateBody"], "cloudformation:GetTemplate"
    )
    if isinstance(template, str):
        try:
            template = json.loads(template)
        except ValueError:
            return {}  # in YAML, so not from CDK
    return {
        name: path
        for name, each in template.get("Resources", {}).items()
        if isinstance(path := (each.get("Metadata") or {}).get("aws:cdk:path"), str)
    }


def _found(logical_id: str, arn: str, path: str | None) -> Found:
    parts = [part for part in (path or logical_id).split("/") if part != "Default"]  # of wrapped constructs
    for end in ("Resource", "Service", "Service"):  # CDK's resource, its service, and that of a construct around it
        if len(parts) > 2 and parts[-1] == end:  # noqa: PLR2004 - stack and construct
            parts = parts[:-1]
    aliases = {parts[-1], logical_id, arn.rpartition("/")[2]} | ({path} if path else set())
    return Found("/".join(parts), frozenset(aliases), arn)


def choose(services: Sequence[Found], name: str | None) -> Found:
    """Return the service with this name; without a name, the only one.

    Raises:
        ToolError: There is no such service, or there are several.
    """
    names = ", ".join(each.name for each in services) or "none"
    matching = [each for each in services if name is None or name == each.name or name in each.aliases]
    if not matching:
        what = "the stacks have no ECS service" if name is None else f"no service {name} is deployed"
        raise ToolError(what, fix=f"use one of these: {names}" if services else "deploy one, or give another --stack")
    if len(matching) > 1:
        several = ", ".join(each.name for each in matching)
        what = "there are several services" if name is None else f"several services are named {name}"
        raise ToolError(what, fix=f"choose one with --service: {several}")
    return matching[0]

"""Read an earlier version of an app: another cloud assembly, or the template of one stack."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.tools.assembly.loading import load
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.model import App, Template

    Place: TypeAlias = tuple[str, ...]  # name of a stack in CloudFormation, then logical ids of nested stacks

_PRINT = "aws cloudformation get-template --stack-name NAME --query TemplateBody > NAME.json"


@dataclass(frozen=True)
class Earlier:
    """An earlier version of an app.

    Attributes:
        templates: Templates by their place: the stack, and the nested stacks down to the template.
        tags: Tags by stack name, for the stacks whose tags are known.
    """

    templates: Mapping[Place, Mapping[str, Any]]
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def placed(app: App) -> Iterator[tuple[Place, Template]]:
    """Yield the templates of an app, each with its place."""
    roots = dict.fromkeys(resource.template for resource in app.resources if resource.template.parent is None)
    pending: list[tuple[Place, Template]] = [((root.stack.name,), root) for root in roots]
    for place, template in pending:  # the loop appends to the list
        pending += [((*place, name), inner) for name, inner in template.nested.items()]
    yield from pending


def read_earlier(source: Path, app: App) -> Earlier:
    """Read an earlier version of an app.

    Args:
        source: A cloud assembly, or a file with the template of one of the app's stacks.
        app: The app as it is now.

    Raises:
        ToolError: ``source`` is neither, or the app has several stacks and the file has the name of none of them.
    """
    if source.is_dir():
        old = load(source)
        return Earlier(
            {place: template.content for place, template in placed(old)},
            {stack.name: stack.tags for stack in old.stacks},
        )
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
        body = content.get("TemplateBody", content) if isinstance(content, dict) else content
        template = json.loads(body) if isinstance(body, str) else body
    except (OSError, ValueError) as error:
        raise ToolError(
            f"{source} is neither a folder that 'cdk synth' wrote nor a template in JSON ({error})", fix=_PRINT
        ) from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise ToolError(f"{source} is not a template: it has no Resources", fix=_PRINT)
    return Earlier({(_stack_of(source, app),): template})


def _stack_of(source: Path, app: App) -> str:
    file_stem = source.name.partition(".")[0]
    for stack in app.stacks:
        if file_stem in {stack.name, stack.display, stack.template.name.partition(".")[0]}:
            return stack.name
    if len(app.stacks) == 1:
        return app.stacks[0].name
    names = ", ".join(stack.display for stack in app.stacks)
    raise ToolError(
        f"{source} could be the template of any of these stacks: {names}",
        fix="name the file after its stack, or give the folder that an earlier 'cdk synth' wrote",
    )

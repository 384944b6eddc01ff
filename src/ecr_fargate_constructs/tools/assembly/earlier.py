"""What an app was before: another cloud assembly, or the template of one stack."""

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
    """What an app was before.

    Attributes:
        templates: Templates by stack and place in it.
        tags: Tags of stacks; a stack whose tags are not known is left out.
    """

    templates: Mapping[Place, Mapping[str, Any]]
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def placed(app: App) -> Iterator[tuple[Place, Template]]:
    """The templates of an app, with where they are."""
    roots = dict.fromkeys(resource.template for resource in app.resources if resource.template.parent is None)
    pending: list[tuple[Place, Template]] = [((root.stack.name,), root) for root in roots]
    for place, template in pending:  # it grows meanwhile
        pending += [((*place, name), inner) for name, inner in template.nested.items()]
    yield from pending


def earlier(source: Path, app: App) -> Earlier:
    """Read what an app was before.

    Args:
        source: A cloud assembly, or a file with the template of one of the app's stacks.
        app: What it is now.

    Raises:
        ToolError: There is neither, or the app has several stacks and the file is not named like one.
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
            f"{source} is neither a folder of 'cdk synth' nor a template in JSON ({error})", fix=_PRINT
        ) from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise ToolError(f"{source} is no template: it has no Resources", fix=_PRINT)
    return Earlier({(_stack_of(source, app),): template})


def _stack_of(source: Path, app: App) -> str:
    named = source.name.partition(".")[0]
    for stack in app.stacks:
        if named in {stack.name, stack.display, stack.template.name.partition(".")[0]}:
            return stack.name
    if len(app.stacks) == 1:
        return app.stacks[0].name
    known = ", ".join(stack.display for stack in app.stacks)
    raise ToolError(
        f"{source} may be the template of any of the stacks {known}",
        fix="name the file like its stack, or give the folder of an earlier 'cdk synth'",
    )

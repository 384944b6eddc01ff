"""A cloud assembly as it is read: templates, nested ones, paths of constructs, acknowledgements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.assembly.malformed import MALFORMED, refuses_malformed
from ecr_fargate_constructs.tools.assembly.model import App, Resource, Template
from ecr_fargate_constructs.tools.assembly.stacks import check_nesting, missing_context, read, stacks
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.stacks import BuiltImage, Stack

_ACKNOWLEDGED = "aws:cdk:acknowledged-rules"
_LOGICAL_ID = "aws:cdk:logicalId"


@refuses_malformed
def load(folder: Path, names: Sequence[str] = ()) -> App:
    """Read a cloud assembly.

    Args:
        folder: The ``cdk.out`` of an app.
        names: Stacks to look at, by the name that ``cdk list`` shows; all when none is named.

    Raises:
        ToolError: There is none, or it has no such stack.
    """
    if not (folder / "manifest.json").is_file():
        raise ToolError(f"{folder} holds no synthesized app", fix="run 'cdk synth', and name the folder that it writes")
    try:
        chosen = stacks(folder, names)
        every = stacks(folder)
        templates = {stack.display: list(_templates(stack)) for stack in every}
    except MALFORMED as error:
        raise ToolError(
            f"{folder} cannot be read ({type(error).__name__}: {str(error)[:200]})", fix="run 'cdk synth' again"
        ) from error
    if not chosen:
        known = ", ".join(stack.display for stack in every) or "none"
        raise ToolError(f"the app has no stack {', '.join(names)}".rstrip(), fix=f"it has: {known}")
    taken = {stack.display for stack in chosen}
    unique: dict[object, BuiltImage] = {}
    for stack in chosen:
        for image in stack.built_images():
            unique.setdefault((image.context, image.dockerfile, image.platform, image.target, image.tags), image)
    exports: dict[str, tuple[Template, Any]] = {}
    outputs: dict[tuple[str, str], tuple[Template, Any]] = {}
    for template in (each for found in templates.values() for each in found):
        for name, output in template.content.get("Outputs", {}).items():
            outputs[template.stack.name, name] = template, output.get("Value")
            exported = output.get("Export", {}).get("Name")
            if isinstance(exported, str):
                exports[exported] = template, output.get("Value")
    return App(
        folder,
        tuple(chosen),
        tuple(
            resource
            for name, found in templates.items()
            if name in taken
            for template in found
            for resource in template.resources.values()
        ),
        tuple(unique.values()),
        tuple(_failures(folder, chosen)),
        exports,
        outputs,
        _acknowledgements(every),
    )


def _templates(stack: Stack) -> Iterator[Template]:
    """The template of a stack, and those nested in it."""
    paths: dict[str, list[str]] = {}
    for path, entries in stack.metadata().items():
        for entry in entries:
            if entry.get("type") == _LOGICAL_ID:
                paths.setdefault(str(entry.get("data")), []).append(path)
    pending = [(Template(stack, stack.template, read(stack.template)), "")]
    for template, home in pending:  # it grows meanwhile
        contents = template.content.get("Resources", {})
        contents = {name: each for name, each in contents.items() if _is_resource(each)}
        nested = {name: file for name, each in contents.items() if (file := stack.nested_template(template.file, each))}
        inside = [_nest(paths[name]) for name in nested if name in paths]
        for logical_id, content in contents.items():
            # A logical id may be taken once in each template of a stack.
            mine = [
                path
                for path in paths.get(logical_id, ())
                if path.startswith(home) and not any(path.startswith(other) for other in inside if other)
            ]
            named = content.get("Metadata", {}).get("aws:cdk:path") or next(iter(mine), None)
            properties, depends = content.get("Properties") or {}, content.get("DependsOn") or []
            template.resources[logical_id] = Resource(
                template,
                logical_id,
                content["Type"],
                _short(named) if named else f"{stack.display}/{logical_id}",
                properties,
                (depends,) if isinstance(depends, str) else tuple(depends),
            )
            if logical_id in nested and nested[logical_id].is_file():
                file = nested[logical_id]
                inner = Template(stack, file, read(file), (template, properties.get("Parameters") or {}))
                template.nested[logical_id] = inner
                pending.append((inner, _nest(paths.get(logical_id, []))))
                check_nesting(stack, len(pending))
    yield from (template for template, _ in pending)


def _is_resource(content: object) -> bool:
    """Whether something in ``Resources`` is a resource: ``Fn::ForEach`` is a list."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("Type"), str)
        and isinstance(content.get("Properties") or {}, dict)
        and isinstance(content.get("Metadata") or {}, dict)
    )


def _nest(paths: Sequence[str]) -> str:
    """How the paths of what is in a nested stack begin, by the path of its resource."""
    return next((f"{path.partition('.NestedStack')[0]}/" for path in paths if ".NestedStack" in path), "")


def _short(path: str) -> str:
    """A path without what CDK puts at its end, and without the ``Default`` of wrapped constructs in it."""
    parts = path.removesuffix("/Service").split("/") if path.endswith("/Service/Service") else path.split("/")
    kept = [part for part in parts[:-1] if part != "Default"]
    return "/".join(kept if parts[-1] in {"Resource", "Default"} else [*kept, parts[-1]])


def _failures(folder: Path, found: Sequence[Stack]) -> Iterator[str]:
    for stack in found:
        for path, entries in stack.metadata().items():
            yield from (f"{path}: {entry.get('data')}" for entry in entries if entry.get("type") == "aws:cdk:error")
    yield from (f"the context {key} is missing" for key in missing_context(folder))


def _acknowledgements(found: Sequence[Stack]) -> dict[str, dict[str, str]]:
    acknowledged: dict[str, dict[str, str]] = {}
    for stack in found:
        for path, entries in stack.metadata().items():
            for entry in entries:
                if entry.get("type") == _ACKNOWLEDGED and isinstance(entry.get("data"), dict):
                    acknowledged.setdefault(_short(path), {}).update(entry["data"])
    return acknowledged

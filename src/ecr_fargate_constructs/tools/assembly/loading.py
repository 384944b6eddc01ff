"""Load a cloud assembly: its templates, nested stacks, construct paths and acknowledgements."""

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
_CREATED = "aws:cdk:creationStack"


@refuses_malformed
def load(folder: Path, names: Sequence[str] = ()) -> App:
    """Read a cloud assembly.

    Args:
        folder: The ``cdk.out`` of an app.
        names: Stacks to read, by the names that ``cdk list`` shows; all stacks if empty.

    Raises:
        ToolError: The folder holds no cloud assembly, or the app has no such stack.
    """
    if not (folder / "manifest.json").is_file():
        raise ToolError(f"{folder} holds no synthesized app", fix="run 'cdk synth', and give the folder that it writes")
    try:
        chosen = stacks(folder, names)
        all_stacks = stacks(folder)
        templates = {stack.display: list(_templates(stack)) for stack in all_stacks}
    except MALFORMED as error:
        raise ToolError(
            f"{folder} cannot be read ({type(error).__name__}: {str(error)[:200]})", fix="run 'cdk synth' again"
        ) from error
    if not chosen:
        existing = ", ".join(stack.display for stack in all_stacks) or "none"
        raise ToolError(f"the app has no stack {', '.join(names)}".rstrip(), fix=f"name one of its stacks: {existing}")
    chosen_names = {stack.display for stack in chosen}
    unique: dict[object, BuiltImage] = {}
    for stack in chosen:
        for image in stack.built_images():
            unique.setdefault((image.context, image.dockerfile, image.platform, image.target, image.tags), image)
    exports: dict[str, tuple[Template, Any]] = {}
    outputs: dict[tuple[str, str], tuple[Template, Any]] = {}
    for template in (each for of_stack in templates.values() for each in of_stack):
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
            for name, of_stack in templates.items()
            if name in chosen_names
            for template in of_stack
            for resource in template.resources.values()
        ),
        tuple(unique.values()),
        tuple(_failures(folder, chosen)),
        exports,
        outputs,
        _acknowledgements(all_stacks),
    )


def _templates(stack: Stack) -> Iterator[Template]:
    """Yield the template of a stack, and the templates nested in it."""
    paths: dict[str, list[str]] = {}
    traces: dict[str, tuple[str, ...]] = {}
    for path, entries in stack.metadata().items():
        for entry in entries:
            if entry.get("type") == _LOGICAL_ID:
                paths.setdefault(str(entry.get("data")), []).append(path)
            elif entry.get("type") == _CREATED and isinstance(entry.get("data"), list):
                traces[path] = tuple(map(str, entry["data"]))
    pending = [(Template(stack, stack.template, read(stack.template)), "")]
    for template, prefix in pending:  # the loop appends to the list
        contents = template.content.get("Resources", {})
        contents = {name: each for name, each in contents.items() if _is_resource(each)}
        nested = {name: file for name, each in contents.items() if (file := stack.nested_template(template.file, each))}
        inside = [_nest(paths[name]) for name in nested if name in paths]
        for logical_id, content in contents.items():
            # Each template of a stack may use the same logical id.
            own_paths = [
                path
                for path in paths.get(logical_id, ())
                if path.startswith(prefix) and not any(path.startswith(other) for other in inside if other)
            ]
            construct_path = content.get("Metadata", {}).get("aws:cdk:path") or next(iter(own_paths), None)
            properties, depends = content.get("Properties") or {}, content.get("DependsOn") or []
            template.resources[logical_id] = Resource(
                template,
                logical_id,
                content["Type"],
                _short(construct_path) if construct_path else f"{stack.display}/{logical_id}",
                properties,
                (depends,) if isinstance(depends, str) else tuple(depends),
                next(iter(own_paths), ""),
                next((traces[path] for path in own_paths if path in traces), ()),
            )
            if logical_id in nested and nested[logical_id].is_file():
                file = nested[logical_id]
                inner = Template(stack, file, read(file), (template, properties.get("Parameters") or {}))
                template.nested[logical_id] = inner
                pending.append((inner, _nest(paths.get(logical_id, []))))
                check_nesting(stack, len(pending))
    yield from (template for template, _ in pending)


def _is_resource(content: object) -> bool:
    """Return whether an entry of ``Resources`` is a resource: ``Fn::ForEach`` is a list."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("Type"), str)
        and isinstance(content.get("Properties") or {}, dict)
        and isinstance(content.get("Metadata") or {}, dict)
    )


def _nest(paths: Sequence[str]) -> str:
    """Return the prefix of the construct paths inside a nested stack, given the paths of its resource."""
    return next((f"{path.partition('.NestedStack')[0]}/" for path in paths if ".NestedStack" in path), "")


def _short(path: str) -> str:
    """Return a path without the last parts that CDK appends, and without the ``Default`` of wrapped constructs."""
    parts = path.removesuffix("/Service").split("/") if path.endswith("/Service/Service") else path.split("/")
    kept = [part for part in parts[:-1] if part != "Default"]
    return "/".join(kept if parts[-1] in {"Resource", "Default"} else [*kept, parts[-1]])


def _failures(folder: Path, chosen: Sequence[Stack]) -> Iterator[str]:
    for stack in chosen:
        for path, entries in stack.metadata().items():
            yield from (f"{path}: {entry.get('data')}" for entry in entries if entry.get("type") == "aws:cdk:error")
    yield from (f"the context {key} is missing" for key in missing_context(folder))


def _acknowledgements(all_stacks: Sequence[Stack]) -> dict[str, dict[str, str]]:
    acknowledged: dict[str, dict[str, str]] = {}
    for stack in all_stacks:
        for path, entries in stack.metadata().items():
            for entry in entries:
                if entry.get("type") == _ACKNOWLEDGED and isinstance(entry.get("data"), dict):
                    acknowledged.setdefault(_short(path), {}).update(entry["data"])
    return acknowledged

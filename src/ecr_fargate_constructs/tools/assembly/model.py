"""The resources of an app, and the references between them: in a stack, across stacks and into nested stacks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
    from pathlib import Path

    from ecr_fargate_constructs.tools.assembly.stacks import BuiltImage, Stack

_VARIABLE = re.compile(r"\$\{(?P<name>[^!{}$][^{}$]*)\}")
_OPEN = "${"
_UNKNOWN = "${…}"
_MAX_TEXT = 2**16  # characters
_MAX_NUMBER = 10**12  # no property of CloudFormation has a larger one
_MAX_DEPTH = 200  # of nested constructs
T = TypeVar("T")


@dataclass(eq=False)
class Template:
    """The template of a stack or of a nested stack.

    Attributes:
        stack: The stack that it belongs to.
        file: Its file.
        content: Its content.
        parent: For a nested template the template around it, and the values of its parameters there.
        nested: The templates nested in it, by logical id.
        resources: Its resources, by logical id.
    """

    stack: Stack
    file: Path
    content: Mapping[str, Any]
    parent: tuple[Template, Mapping[str, Any]] | None = None
    nested: dict[str, Template] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource of a template.

    Attributes:
        template: The template that it is in.
        logical_id: Its logical id.
        kind: Its type, such as ``AWS::ECS::Service``.
        path: Path of its construct without the last parts that CDK appends; stack and logical id if none is recorded.
        properties: Its properties, unresolved.
        depends_on: Logical ids of its ``DependsOn``.
        construct: Path of its construct in full; empty if none is recorded.
        trace: Frames of the program that created it, the innermost first, if the synthesis recorded them.
    """

    template: Template = field(repr=False)
    logical_id: str
    kind: str
    path: str
    properties: Mapping[str, Any] = field(repr=False)
    depends_on: tuple[str, ...] = field(default=(), repr=False)
    construct: str = field(default="", repr=False)
    trace: tuple[str, ...] = field(default=(), repr=False)

    def get(self, *names: str) -> Any:  # noqa: ANN401 - whatever CloudFormation has
        """Return a property, or a value inside it; None if it is not set."""
        value: Any = self.properties
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    @property
    def name(self) -> str:
        """Last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class App:
    """A synthesized app.

    Attributes:
        folder: Its cloud assembly.
        stacks: Its stacks.
        resources: Its resources, in the order of stacks and templates.
        images: The images that are built for it.
        failures: Errors that constructs recorded, and missing context: with one of them the synthesis is incomplete.
    """

    folder: Path
    stacks: tuple[Stack, ...]
    resources: tuple[Resource, ...]
    images: tuple[BuiltImage, ...]
    failures: tuple[str, ...]
    _exports: Mapping[str, tuple[Template, Any]] = field(repr=False)
    _outputs: Mapping[tuple[str, str], tuple[Template, Any]] = field(repr=False)
    _acknowledged: Mapping[str, Mapping[str, str]] = field(repr=False)

    def of(self, *kinds: str) -> list[Resource]:
        """Return the resources of these types."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], [])
        return [resource for resource in self.resources if resource.kind in kinds]

    def referring(self, target: Resource, kind: str, *names: str) -> list[Resource]:
        """Return the resources of type ``kind`` whose property, or a value inside it, refers to ``target``."""
        index = self._indexes.get((kind, names))
        if index is None:
            index = self._indexes[kind, names] = {}
            for resource in self.of(kind):
                for each in self.targets(resource.get(*names), resource.template):
                    index.setdefault(each, []).append(resource)
        return index.get(target, [])

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return the result of ``work``, which runs once for each key."""
        if key not in self._done:
            self._done[key] = work()
        return cast("T", self._done[key])

    @cached_property
    def _by_kind(self) -> dict[str, list[Resource]]:
        by_kind: dict[str, list[Resource]] = {}
        for resource in self.resources:
            by_kind.setdefault(resource.kind, []).append(resource)
        return by_kind

    @cached_property
    def _indexes(self) -> dict[tuple[str, tuple[str, ...]], dict[Resource, list[Resource]]]:
        return {}

    @cached_property
    def _done(self) -> dict[Hashable, Any]:
        return {}

    @cached_property
    def _texts(self) -> dict[tuple[int, int], tuple[object, str]]:
        """Texts by the identity of their values; each value is kept, so that its identity stays its own."""
        return {}

    @cached_property
    def _targets(self) -> dict[tuple[int, int], tuple[object, list[Resource]]]:
        return {}

    def acknowledged(self, path: str, rule: str) -> str | None:
        """Return the reason with which a rule is acknowledged for a construct or an ancestor of it, or None."""
        parts = path.split("/", _MAX_DEPTH) if self._acknowledged else []
        for length in range(len(parts), 0, -1):
            reason = self._acknowledged.get("/".join(parts[:length]), {}).get(rule)
            if reason is not None:
                return reason
        return None

    def target(self, value: Any, home: Template) -> Resource | None:  # noqa: ANN401 - whatever CloudFormation has
        """Return the resource that a value in template ``home`` refers to; None if it refers to none of the app's."""
        return next(iter(self.targets(value, home)), None)

    def targets(self, value: Any, home: Template) -> list[Resource]:  # noqa: ANN401 - whatever CloudFormation has
        """Return the resources that a value refers to, in order, each once; none for a value that refers to itself."""
        if not isinstance(value, (dict, list)):
            return []
        key = (id(value), id(home))
        if key not in self._targets:
            self._targets[key] = value, []
            try:
                self._targets[key] = value, list(dict.fromkeys(self._walk(value, home)))
            except RecursionError:
                return []
        return self._targets[key][1]

    def text(self, value: Any, home: Template) -> str:  # noqa: ANN401 - whatever CloudFormation has
        """Return a value as text, at most 64 KiB of it, with ``${…}`` for each part that only the deployment knows."""
        if isinstance(value, (str, int, float)):
            return str(value)[:_MAX_TEXT]
        key = (id(value), id(home))
        if key not in self._texts:
            self._texts[key] = value, _UNKNOWN  # for a value that refers to itself
            try:
                self._texts[key] = value, self._resolved(value, home)[:_MAX_TEXT]
            except RecursionError:
                return _UNKNOWN
        return self._texts[key][1]

    def _resolved(self, value: Any, home: Template) -> str:  # noqa: ANN401 - whatever CloudFormation has
        text = _UNKNOWN
        match value:
            case {"Ref": str(name)}:
                given = self._parameter(name, home)
                text = f"{_OPEN}{name}}}" if given is None else self.text(*given)
            case {"Fn::Join": [str(separator), list(parts)]}:
                text = _joined(separator, (self.text(part, home) for part in parts))
            case {"Fn::Sub": str(whole)}:
                text = whole
            case {"Fn::Sub": [str(whole), dict(variables)]}:
                text = _VARIABLE.sub(
                    lambda match: self.text(variables[match["name"]], home) if match["name"] in variables else match[0],
                    whole,
                )
            case {"Fn::ImportValue": _} | {"Fn::GetStackOutput": _}:
                output = self._output(value, home)
                text = text if output is None else self.text(*output)
        return text

    def literal(self, value: Any, home: Template) -> str | None:  # noqa: ANN401 - whatever CloudFormation has
        """Return a value as text; None unless all of it is known before the deployment."""
        if value is None:
            return None
        text = self.text(value, home)
        return None if _OPEN in text else text

    def number(self, value: Any, home: Template) -> int | None:  # noqa: ANN401 - whatever CloudFormation has
        """Return a value as a whole number; None if it is none, or only the deployment knows it."""
        text = self.literal(value, home)
        try:
            number = None if text is None else int(float(text))
        except (ValueError, OverflowError):
            return None
        return None if number is None or abs(number) > _MAX_NUMBER else number

    def _walk(self, value: Any, home: Template) -> Iterator[Resource]:  # noqa: ANN401 - whatever CloudFormation has
        match value:
            case {"Ref": str(name)} if name in home.resources:
                yield home.resources[name]
            case {"Ref": str(name)}:
                given = self._parameter(name, home)
                yield from () if given is None else self.targets(*given)
            case {"Fn::GetAtt": str() | list() as parts}:
                name, _, attribute = parts.partition(".") if isinstance(parts, str) else (parts[0], "", str(parts[-1]))
                yield from self._attribute(name, attribute, home)
            case {"Fn::ImportValue": _} | {"Fn::GetStackOutput": _}:
                output = self._output(value, home)
                yield from () if output is None else self.targets(*output)
            case {"Fn::Sub": content}:
                yield from self._substituted(content, home)
            case dict() | list():
                for each in value.values() if isinstance(value, dict) else value:
                    yield from self.targets(each, home)

    def _substituted(self, content: Any, home: Template) -> Iterator[Resource]:  # noqa: ANN401 - whatever CDK wrote
        text, variables = content if isinstance(content, list) else (content, {})
        for match in _VARIABLE.finditer(str(text)):
            name, _, attribute = match["name"].partition(".")
            yield from self._attribute(name, attribute, home)
        yield from self.targets(variables, home)

    def _attribute(self, name: str, attribute: str, home: Template) -> Iterator[Resource]:
        output = attribute.removeprefix("Outputs.")
        if name in home.nested and output != attribute:
            inner = home.nested[name]
            yield from self.targets(inner.content.get("Outputs", {}).get(output, {}).get("Value"), inner)
        elif name in home.resources:
            yield home.resources[name]

    def _parameter(self, name: str, home: Template) -> tuple[Any, Template] | None:
        """Return the value that a nested stack gets for a parameter; other parameters get theirs at deployment."""
        if home.parent is None or name not in home.content.get("Parameters", {}):
            return None
        outer, given = home.parent
        return (given[name], outer) if name in given else None

    def _output(self, value: Mapping[str, Any], home: Template) -> tuple[Any, Template] | None:
        """Return the value of another stack's output, and the template that it is in."""
        match value:
            case {"Fn::ImportValue": name}:
                output = self._exports.get(self.text(name, home))
            case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output}}:
                output = self._outputs.get((self.text(stack, home), self.text(output, home)))
            case _:
                output = None
        return None if output is None else (output[1], output[0])


def _joined(separator: str, parts: Iterable[str]) -> str:
    """Join texts, up to the longest text that is read."""
    joined, length = [], 0
    for part in parts:
        joined.append(part)
        length += len(part) + len(separator)
        if length > _MAX_TEXT:
            break
    return separator.join(joined)


def as_json(value: Any) -> str:  # noqa: ANN401 - whatever CloudFormation has
    """Return a value as one line of JSON, to search in it."""
    return json.dumps(value, sort_keys=True)

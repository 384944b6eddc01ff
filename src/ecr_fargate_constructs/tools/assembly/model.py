"""The resources of an app, and what refers to what: within a stack, across stacks and into nested ones."""

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
_LONGEST = 2**16  # characters of a text that anybody looks at
_GREATEST = 10**12  # of numbers that mean something
_DEEPEST = 200  # constructs in each other
T = TypeVar("T")


@dataclass(eq=False)
class Template:
    """A template of the app, of a stack or of a nested one.

    Attributes:
        stack: The stack that it belongs to.
        file: Where it is.
        content: What is in it.
        parent: The template that a nested one is in, and what that gives for its parameters.
        nested: The nested templates in it, by logical id.
    """

    stack: Stack
    file: Path
    content: Mapping[str, Any]
    parent: tuple[Template, Mapping[str, Any]] | None = None
    nested: dict[str, Template] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource.

    Attributes:
        template: The template that it is in.
        logical_id: Its logical id.
        kind: Its type, such as ``AWS::ECS::Service``.
        path: Path of its construct, without CDK's own last parts; the logical id where no path is recorded.
        properties: Its properties as they are written.
        depends_on: Logical ids that it names as dependencies.
    """

    template: Template = field(repr=False)
    logical_id: str
    kind: str
    path: str
    properties: Mapping[str, Any] = field(repr=False)
    depends_on: tuple[str, ...] = field(default=(), repr=False)

    def get(self, *names: str) -> Any:  # noqa: ANN401 - whatever CloudFormation has
        """A property, or one inside it; None when it is not there."""
        found: Any = self.properties
        for name in names:
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return found

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class App:
    """A synthesized app.

    Attributes:
        folder: Its cloud assembly.
        stacks: Its stacks.
        resources: Its resources, in the order of stacks and templates.
        images: The images that are built for it.
        failures: Why its synthesis is not complete: errors that constructs recorded, context that was missing.
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
        """The resources of these types."""
        if len(kinds) == 1:
            return self._by_kind.get(kinds[0], [])
        return [resource for resource in self.resources if resource.kind in kinds]

    def referring(self, target: Resource, kind: str, *names: str) -> list[Resource]:
        """The resources of a type whose property, or one inside it, refers to a resource."""
        index = self._indexes.get((kind, names))
        if index is None:
            index = self._indexes[kind, names] = {}
            for resource in self.of(kind):
                for each in self.targets(resource.get(*names), resource.template):
                    index.setdefault(each, []).append(resource)
        return index.get(target, [])

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """What a piece of work on this app gives, done once for each key."""
        if key not in self._done:
            self._done[key] = work()
        return cast("T", self._done[key])

    @cached_property
    def _by_kind(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.kind, []).append(resource)
        return found

    @cached_property
    def _indexes(self) -> dict[tuple[str, tuple[str, ...]], dict[Resource, list[Resource]]]:
        return {}

    @cached_property
    def _done(self) -> dict[Hashable, Any]:
        return {}

    @cached_property
    def _texts(self) -> dict[tuple[int, int], tuple[object, str]]:
        """Texts of values, which are kept, so that no other has their identity."""
        return {}

    @cached_property
    def _targets(self) -> dict[tuple[int, int], tuple[object, list[Resource]]]:
        return {}

    def acknowledged(self, path: str, rule: str) -> str | None:
        """The reason why a rule was acknowledged for a construct or one around it; None when it was not."""
        parts = path.split("/", _DEEPEST) if self._acknowledged else []
        for length in range(len(parts), 0, -1):
            reason = self._acknowledged.get("/".join(parts[:length]), {}).get(rule)
            if reason is not None:
                return reason
        return None

    def target(self, value: Any, home: Template) -> Resource | None:  # noqa: ANN401 - whatever CloudFormation has
        """The resource that a value in ``home`` refers to; None when it is written out or comes from elsewhere."""
        return next(iter(self.targets(value, home)), None)

    def targets(self, value: Any, home: Template) -> list[Resource]:  # noqa: ANN401 - whatever CloudFormation has
        """Every resource that a value refers to, in order, each once; what refers to itself refers to nothing."""
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
        """A value as text, at most 64 KiB of it; what only a deployment knows stands in it as ``${…}``."""
        if isinstance(value, (str, int, float)):
            return str(value)[:_LONGEST]
        key = (id(value), id(home))
        if key not in self._texts:
            self._texts[key] = value, _UNKNOWN  # for a value that refers to itself
            try:
                self._texts[key] = value, self._written(value, home)[:_LONGEST]
            except RecursionError:
                return _UNKNOWN
        return self._texts[key][1]

    def _written(self, value: Any, home: Template) -> str:  # noqa: ANN401 - whatever CloudFormation has
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
                    lambda found: self.text(variables[found["name"]], home) if found["name"] in variables else found[0],
                    whole,
                )
            case {"Fn::ImportValue": _} | {"Fn::GetStackOutput": _}:
                led = self._led(value, home)
                text = text if led is None else self.text(*led)
        return text

    def literal(self, value: Any, home: Template) -> str | None:  # noqa: ANN401 - whatever CloudFormation has
        """A value as text when all of it is known now; else None."""
        if value is None:
            return None
        text = self.text(value, home)
        return None if _OPEN in text else text

    def number(self, value: Any, home: Template) -> int | None:  # noqa: ANN401 - whatever CloudFormation has
        """A value as a whole number when it is known now; else None."""
        text = self.literal(value, home)
        try:
            number = None if text is None else int(float(text))
        except (ValueError, OverflowError):
            return None
        return None if number is None or abs(number) > _GREATEST else number

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
                led = self._led(value, home)
                yield from () if led is None else self.targets(*led)
            case {"Fn::Sub": content}:
                yield from self._substituted(content, home)
            case dict() | list():
                for each in value.values() if isinstance(value, dict) else value:
                    yield from self.targets(each, home)

    def _substituted(self, content: Any, home: Template) -> Iterator[Resource]:  # noqa: ANN401 - whatever CDK wrote
        text, variables = content if isinstance(content, list) else (content, {})
        for found in _VARIABLE.finditer(str(text)):
            name, _, attribute = found["name"].partition(".")
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
        """What a nested stack is given for a parameter. Parameters of the user's own are known at deployment only."""
        if home.parent is None or name not in home.content.get("Parameters", {}):
            return None
        outer, given = home.parent
        return (given[name], outer) if name in given else None

    def _led(self, value: Mapping[str, Any], home: Template) -> tuple[Any, Template] | None:
        """What stands in another stack's output."""
        match value:
            case {"Fn::ImportValue": name}:
                found = self._exports.get(self.text(name, home))
            case {"Fn::GetStackOutput": {"StackName": stack, "OutputName": output}}:
                found = self._outputs.get((self.text(stack, home), self.text(output, home)))
            case _:
                found = None
        return None if found is None else (found[1], found[0])


def _joined(separator: str, parts: Iterable[str]) -> str:
    """Texts in one, as far as anybody looks at it."""
    joined, length = [], 0
    for part in parts:
        joined.append(part)
        length += len(part) + len(separator)
        if length > _LONGEST:
            break
    return separator.join(joined)


def as_json(value: Any) -> str:  # noqa: ANN401 - whatever CloudFormation has
    """A value as one line, to look for something in it."""
    return json.dumps(value, sort_keys=True)

"""Templates as plain data, from any of their forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from aws_cdk import assertions

TemplateLike: TypeAlias = "Mapping[str, Any] | assertions.Template"
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}")


_CACHED: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()  # so that a Template leaves Node only once


def as_data(template: TemplateLike) -> dict[str, Any]:
    """Return the template as JSON data, which must not be changed."""
    if isinstance(template, Mapping):
        return dict(template)
    if not hasattr(template, "to_json"):
        raise TypeError(f"{type(template).__name__} is not a template; give a Template or its JSON as a dict")
    if template not in _CACHED:
        _CACHED[template] = dict(template.to_json())
    return _CACHED[template]


def resources(template: TemplateLike) -> dict[str, dict[str, Any]]:
    """Return a template's resources by logical id."""
    items: dict[str, dict[str, Any]] = as_data(template).get("Resources", {})
    return items


def references(value: object) -> Iterator[str]:
    """Yield the names that an expression refers to, in ``Ref``, ``Fn::GetAtt`` and ``Fn::Sub``."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            match key, inner:
                case "Ref", str():
                    yield inner
                case "Fn::GetAtt", str():
                    yield inner.partition(".")[0]
                case "Fn::GetAtt", [str() as name, *_]:
                    yield name
                case "Fn::Sub", str() | [str(), *_]:
                    text = inner if isinstance(inner, str) else inner[0]
                    yield from _VARIABLE.findall(text)
                    yield from references(inner)
                case _:
                    yield from references(inner)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def texts(value: object) -> Iterator[str]:
    """Yield every string in an expression."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)

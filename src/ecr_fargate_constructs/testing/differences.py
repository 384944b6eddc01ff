"""Differences between two templates, resource by resource, in readable lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WIDTH = 160
_ABSENT = object()


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines: each resource that differs, with the paths and both values; other sections of a template, too."""
    for section in sorted(old.keys() | new.keys()):
        before, after = old.get(section), new.get(section)
        if before == after:
            continue
        names = {*_names(before), *_names(after)}
        if not names:
            yield from _changed(section, before, after, "")
        for name in sorted(names):
            yield from _item(section, name, _one(before, name), _one(after, name))


def changes(old: object, new: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield each path at which two values differ; a value that one side does not have is None there."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not (_is_expression(old) or _is_expression(new)):
        for key in sorted(old.keys() | new.keys()):
            yield from changes(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from changes(before, after, (*path, str(index)))
    else:
        yield path, old, new


def short(value: object) -> str:
    """Return a value as JSON, cut to a readable line."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 4]} ..."


def _names(section: object) -> Iterable[str]:
    return section if isinstance(section, dict) else ()


def _one(section: object, name: str) -> object:
    return section.get(name, _ABSENT) if isinstance(section, dict) else _ABSENT


def _item(section: str, name: str, before: object, after: object) -> Iterator[str]:
    if before == after:
        return
    title = f"{section} {name}{_kind(after if before is _ABSENT else before)}"
    if before is _ABSENT:
        yield f"+ {title}: new"
    elif after is _ABSENT:
        yield f"- {title}: gone"
    else:
        yield f"~ {title}"
        for path, was, now in changes(before, after):
            yield from _changed(".".join(path), was, now, "    ")


def _changed(path: str, was: object, now: object, indent: str) -> Iterator[str]:
    yield f"{indent}{path}: {_shown(was)} -> {_shown(now)}"


def _shown(value: object) -> str:
    return "absent" if value is None else short(value)


def _kind(item: object) -> str:
    kind = item.get("Type") if isinstance(item, dict) else None
    return f" ({kind})" if isinstance(kind, str) else ""


def _is_expression(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))

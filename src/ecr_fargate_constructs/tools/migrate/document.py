"""YAML as values that know their place in the file.

Scalars are resolved as go-yaml v3 resolves them, because Docker Compose and Copilot use it: ``on`` is a word, ``22:22``
is not a number, ``0755`` is octal and ``1_000`` is a thousand. Tags are refused, so that a document
cannot choose the Python types of its values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from ecr_fargate_constructs.tools.migrate.errors import MigrationError

Scalar: TypeAlias = str | int | float | bool | None
Path: TypeAlias = tuple[str | int, ...]
"""Keys and positions from the top of a document."""

_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "float", "int", "null", "str", "timestamp", "value")}
_MAPPING, _SEQUENCE, _MERGE = (f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "merge"))
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9]\d*)", re.ASCII)
_BASED = re.compile(r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9A-Fa-f]+)|0[oO]?(?P<octal>[0-7]+)|0[bB](?P<binary>[01]+))")
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?", re.ASCII)
_LONGEST_NUMBER = 18  # digits; a longer one is an identifier that lost its quotes, and stays text
_MOST_NODES = 20_000
_DEEPEST = 60


@dataclass(frozen=True)
class Node:
    """A value of a document.

    Attributes:
        value: A scalar, the entries of a mapping, or the items of a list.
        line: Line of its key, or of the item itself in a list; from 1.
        path: Keys and positions that lead to it.
        written: A scalar as the file writes it; None for anything else.
    """

    value: Scalar | dict[str, Node] | list[Node]
    line: int
    path: Path
    written: str | None = None

    @property
    def entries(self) -> dict[str, Node]:
        """The entries of a mapping; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """The items of a list; none for anything else."""
        return self.value if isinstance(self.value, list) else []

    @property
    def children(self) -> list[Node]:
        """The values directly below it."""
        return [*self.entries.values(), *self.items]

    @property
    def place(self) -> str:
        """The path in the usual notation: ``services.web.ports[0]``."""
        return place(self.path)


def place(path: Path) -> str:
    """Return a path in the usual notation."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the whole file"


def as_written(node: Node) -> Node:
    """Return a document in which every scalar is the text that the file has.

    Copilot decodes into fields of the type string, and go-yaml then keeps ``1.10``, ``1e3``, ``0x1F`` and ``+1``.
    """
    if isinstance(node.value, dict):
        return Node({key: as_written(entry) for key, entry in node.value.items()}, node.line, node.path)
    if isinstance(node.value, list):
        return Node([as_written(item) for item in node.value], node.line, node.path)
    return node if node.value is None else Node(node.written, node.line, node.path, node.written)


def parse(text: str) -> Node:
    """Read a document.

    Raises:
        MigrationError: The text is not YAML or not a mapping, uses tags, has a duplicate key, or is too large.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else None
        raise MigrationError(f"it is not YAML: {error.problem or error.context}", line=line) from error
    except yaml.YAMLError as error:
        raise MigrationError(f"it is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise MigrationError("it is nested deeper than such files are") from error
    if root is None:
        raise MigrationError("it is empty")
    if not isinstance(root, yaml.MappingNode):
        raise MigrationError("it is not a mapping of keys to values", line=root.start_mark.line + 1)
    try:
        return _Reader().read(root, line=1, path=())
    except RecursionError as error:
        raise MigrationError("an alias contains itself") from error


class _Reader:
    """Creates nodes. A value with an anchor becomes a new node for each use, so that each has its own path."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, node: yaml.Node, *, line: int, path: Path) -> Node:
        self._count_one(line)
        if len(path) > _DEEPEST:
            raise MigrationError("it is nested deeper than such files are, or an alias contains itself", line=line)
        if isinstance(node, yaml.ScalarNode):
            return Node(_scalar(node, line), line, path, node.value)
        if isinstance(node, yaml.SequenceNode):
            _check_tag(node, _SEQUENCE, line)
            items = [
                self.read(item, line=item.start_mark.line + 1, path=(*path, position))
                for position, item in enumerate(node.value)
            ]
            return Node(items, line, path)
        _check_tag(node, _MAPPING, line)
        return Node(self._entries(node, path), line, path)

    def _count_one(self, line: int) -> None:
        self._count += 1
        if self._count > _MOST_NODES:
            raise MigrationError(f"it has more than {_MOST_NODES} values once its aliases are written out", line=line)

    def _entries(self, node: yaml.Node, path: Path) -> dict[str, Node]:
        merged: dict[str, Node] = {}
        own: dict[str, Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == _MERGE:
                merged = {**self._merged(value, line, path), **merged}  # the first of several wins
                continue
            name = _key(key, line)
            if name in own:
                raise MigrationError(f"the key {name!r} is there twice", line=line)
            own[name] = self.read(value, line=line, path=(*path, name))
        return {**merged, **own}

    def _merged(self, value: yaml.Node, line: int, path: Path) -> dict[str, Node]:
        if len(path) > _DEEPEST:
            raise MigrationError("an alias contains itself", line=line)
        self._count_one(line)
        sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
        entries: dict[str, Node] = {}
        for source in reversed(sources):
            if not isinstance(source, yaml.MappingNode):
                raise MigrationError("'<<' merges mappings, and this is not a mapping", line=line)
            entries.update(self._entries(source, path))
        return entries


def _key(node: yaml.Node, line: int) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise MigrationError("a key is not a word", line=line)
    _check_tag(node, *_PLAIN_TAGS, line)
    return str(node.value)


def _scalar(node: yaml.ScalarNode, line: int) -> Scalar:
    _check_tag(node, *_PLAIN_TAGS, _MERGE, line)
    text: str = node.value
    if node.style is not None:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    return text if len(text) > _LONGEST_NUMBER or text[0] not in "+-.0123456789" else _number(text)


def _number(text: str) -> Scalar:
    """Return a number as go-yaml v3 resolves it, or the text itself when it is none."""
    digits = text.replace("_", "")
    if _DECIMAL.fullmatch(digits):
        return int(digits)
    based = _BASED.fullmatch(digits)
    if based is not None:
        for base, group in ((16, "hex"), (8, "octal"), (2, "binary")):
            if based[group] is not None:
                return int(f"{based['sign']}{based[group]}", base)
    return float(digits) if _FLOAT.fullmatch(digits) else text


def _check_tag(node: yaml.Node, *allowed_and_line: str | int) -> None:
    *allowed, line = allowed_and_line
    if node.tag not in allowed:
        tag = str(node.tag).replace("tag:yaml.org,2002:", "!!")
        raise MigrationError(f"the tag {tag} is not supported; write the value itself", line=int(line))

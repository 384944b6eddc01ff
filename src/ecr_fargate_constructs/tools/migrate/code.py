"""Python code as text: values by ``repr``, names from a register, line breaks as in ``ruff format``."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 120
_STEP = 4
_HEAD = re.compile(r"(?<![.\w\"])[A-Za-z_]\w*")


@dataclass(frozen=True)
class Name:
    """An identifier, or several joined by dots, that the command has chosen."""

    text: str


class Call:
    """A call of a name, without the keyword arguments that are None."""

    def __init__(self, name: str, /, *arguments: Expression, **keywords: Expression | None) -> None:
        """Create the call."""
        self.name = name
        self.arguments = arguments
        self.keywords = {key: value for key, value in keywords.items() if value is not None}


Expression: TypeAlias = "Name | Call | str | int | float | bool | list[Expression] | dict[str, Expression]"


def literal(value: str | float) -> str:
    """Return a value as Python code; text is in double quotes unless single ones need fewer backslashes."""
    if not isinstance(value, str):
        return repr(value)
    if value.count('"') > value.count("'"):
        # With a double quotation mark in it and no single one, repr chooses single quotation marks.
        return "'" + "\\'".join(repr('"' + part)[2:-1] for part in value.split("'")) + "'"
    return '"' + '\\"'.join(repr("'" + part)[2:-1] for part in value.split('"')) + '"'


def flat(value: Expression) -> str:
    """Return an expression on one line."""
    if isinstance(value, Name):
        return value.text
    if isinstance(value, Call):
        return f"{value.name}({', '.join(_arguments(value))})"
    if isinstance(value, list):
        return f"[{', '.join(map(flat, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {flat(item)}' for key, item in value.items())}}}"
    return literal(value)


def laid_out(value: Expression, *, indent: int, used: int, after: int = 0) -> str:
    """Return an expression, with line breaks where it does not fit.

    Args:
        value: The expression.
        indent: Indentation of its first line.
        used: Number of characters before it on its first line, with the indentation.
        after: Number of characters after it on its last line.
    """
    line = flat(value)
    if used + len(line) + after <= WIDTH:
        return line
    inner, close = " " * (indent + _STEP), " " * indent
    if isinstance(value, Call) and (value.arguments or value.keywords):
        arguments = ", ".join(_arguments(value))
        if indent + _STEP + len(arguments) <= WIDTH:
            return f"{value.name}(\n{inner}{arguments}\n{close})"
        parts = [_part("", argument, indent) for argument in value.arguments]
        parts += [_part(f"{key}=", item, indent) for key, item in value.keywords.items()]
        return f"{value.name}(\n{''.join(parts)}{close})"
    if isinstance(value, list) and value:
        return f"[\n{''.join(_part('', item, indent) for item in value)}{close}]"
    if isinstance(value, dict) and value:
        items = "".join(_part(f"{literal(key)}: ", item, indent) for key, item in value.items())
        return f"{{\n{items}{close}}}"
    return line


def heads(value: Expression) -> set[str]:
    """Return the first part of every name in an expression."""
    if isinstance(value, Name):
        return set(_HEAD.findall(value.text))
    if isinstance(value, Call):
        inner = [*value.arguments, *value.keywords.values()]
        return set(_HEAD.findall(value.name)).union(*map(heads, inner))
    if isinstance(value, (list, dict)):
        return set().union(*map(heads, value.values() if isinstance(value, dict) else value))
    return set()


def assignment(target: str, value: Expression, *, indent: int = _STEP) -> str:
    """Return a statement that assigns a value to a variable."""
    begin = f"{' ' * indent}{target} = "
    return begin + laid_out(value, indent=indent, used=len(begin))


def statement(value: Call, *, indent: int = _STEP) -> str:
    """Return a call as a statement."""
    return " " * indent + laid_out(value, indent=indent, used=indent)


def from_import(module: str, names: list[str]) -> str:
    """Return an import of several names, sorted as ruff sorts classes."""
    ordered = sorted(names, key=str.lower)  # all are classes here
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n{''.join(f'    {name},{chr(10)}' for name in ordered)})"


def _arguments(call: Call) -> list[str]:
    return [*map(flat, call.arguments), *(f"{key}={flat(item)}" for key, item in call.keywords.items())]


def _part(before: str, value: Expression, indent: int) -> str:
    begin = " " * (indent + _STEP) + before
    return f"{begin}{laid_out(value, indent=indent + _STEP, used=len(begin), after=1)},\n"


class Register:
    """The names in use; no name is given twice."""

    def __init__(self, taken: frozenset[str]) -> None:
        """Begin with the names that every program has."""
        self._taken = {*taken, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
        self._ids: set[str] = set()

    def variable(self, text: str) -> str:
        """Return a name for a variable, from any text."""
        words = _words(text)
        name = "_".join(words).lower() or "service"
        name = f"service_{name}" if name[0].isdigit() else name
        return self._free(name, self._taken, "_")

    def construct_id(self, text: str) -> str:
        """Return a construct id, from any text."""
        return self._free(pascal_case(text), self._ids, "")

    @staticmethod
    def _free(name: str, taken: set[str], separator: str) -> str:
        number = 2
        free = name
        while free in taken:
            free = f"{name}{separator}{number}"
            number += 1
        taken.add(free)
        return free


def pascal_case(text: str) -> str:
    """Return a text as a construct id: letters and digits, the first a letter."""
    words = [word.lower() if word.isupper() and len(word) > 1 else word for word in _words(text)]
    name = "".join(word[0].upper() + word[1:] for word in words) or "Service"
    return f"Service{name}" if name[0].isdigit() else name


def kebab_case(text: str) -> str:
    """Return a text as a name in lower case with hyphens."""
    return "-".join(_words(text)).lower() or "service"


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.findall(r"[A-Za-z0-9]+", plain)

"""Metric math: parse expressions such as ``100 * FILL(errors, 0) / requests`` and compute them.

Source: "Using math expressions with CloudWatch metrics" in the Amazon CloudWatch user guide. A value is a number, a
series (a number for some of the times) or a list of series. An operation on two series has a value where both have
one. Functions that search for metrics, and anomaly detection, are refused.
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from ecr_fargate_constructs.local.metrics.functions import FUNCTIONS, ExpressionError, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ecr_fargate_constructs.local.metrics.functions import Series

_Node: TypeAlias = "_Number | _Text | _Name | _Operation | _List | _Call"

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z]\w*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))"
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR", "||"),
    ("AND", "&&"),
    ("==", "!=", "<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/"),
)


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        result = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return result if isinstance(result, float | int) and math.isfinite(result) else None


_OPERATIONS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}
_OPERATIONS |= {"&&": _OPERATIONS["AND"], "||": _OPERATIONS["OR"]}


@dataclass(frozen=True)
class Context:
    """The names that an expression may refer to.

    Attributes:
        values: The other queries by id.
        metrics: The series of metrics, without those of expressions: what ``METRICS()`` returns.
        times: The start of each period.
        period: Seconds per period.
    """

    values: Mapping[str, Value]
    metrics: Mapping[str, Series]
    times: Sequence[int]
    period: int


@dataclass(frozen=True)
class Expression:
    """A parsed expression."""

    _root: _Node
    names: frozenset[str]
    """Ids of the queries that it refers to."""

    def value(self, context: Context) -> Value:
        """Compute the expression.

        Raises:
            ExpressionError: A function does not accept its arguments.
        """
        return self._root.value(context)


@lru_cache(maxsize=256)  # alarms are evaluated each minute, which --clock makes short
def parse(text: str) -> Expression:
    """Parse an expression.

    Raises:
        ExpressionError: It is not an expression, or uses a function that is not emulated.
    """
    parser = _Parser(text)
    return Expression(parser.whole(), frozenset(parser.names))


def combine(compute: Callable[[float, float], float | None], left: Value, right: Value) -> Value:
    """Apply an operation to numbers, series, or lists of series with one of the others."""
    if isinstance(left, list) and isinstance(right, list):
        raise ExpressionError("an operation on two lists of time series")
    if isinstance(left, list):
        return [_series(combine(compute, each, right)) for each in left]
    if isinstance(right, list):
        return [_series(combine(compute, left, each)) for each in right]
    if isinstance(left, dict):
        others = right if isinstance(right, dict) else dict.fromkeys(left, right)
        return _known({time: compute(value, others[time]) for time, value in left.items() if time in others})
    if isinstance(right, dict):
        return _known({time: compute(left, value) for time, value in right.items()})
    result = compute(left, right)
    return math.nan if result is None else result


def _known(values: Mapping[int, float | None]) -> Series:
    return {time: value for time, value in values.items() if value is not None and math.isfinite(value)}


def _series(value: Value) -> Series:
    if not isinstance(value, dict):
        raise ExpressionError("a list of something other than time series")
    return value


@dataclass(frozen=True)
class _Number:
    number: float

    def value(self, _context: Context) -> Value:
        return self.number


@dataclass(frozen=True)
class _Text:
    text: str

    def value(self, _context: Context) -> Value:
        raise ExpressionError(f"the text {self.text!r} where a number or a time series belongs")


@dataclass(frozen=True)
class _Name:
    name: str

    def value(self, context: Context) -> Value:
        if self.name not in context.values:
            raise ExpressionError(f"{self.name}, which is not the id of a query")
        return context.values[self.name]


@dataclass(frozen=True)
class _Operation:
    sign: str
    left: _Node
    right: _Node

    def value(self, context: Context) -> Value:
        return combine(_OPERATIONS[self.sign], self.left.value(context), self.right.value(context))


@dataclass(frozen=True)
class _List:
    items: tuple[_Node, ...]

    def value(self, context: Context) -> Value:
        return [_series(item.value(context)) for item in self.items]


@dataclass(frozen=True)
class _Call:
    name: str
    arguments: tuple[_Node, ...]

    def value(self, context: Context) -> Value:
        if self.name == "METRICS":
            part = self.arguments[0].text if self.arguments and isinstance(self.arguments[0], _Text) else ""
            return [series for identifier, series in context.metrics.items() if part in identifier]
        # FILL's second argument may be the word REPEAT or LINEAR.
        words = [
            each.name if isinstance(each, _Name) and each.name in ("REPEAT", "LINEAR") else each.value(context)
            for each in self.arguments
        ]
        return FUNCTIONS[self.name](words, context.times, context.period)


class _Parser:
    """A parser by recursive descent; the words of operators are upper or lower case."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._tokens = self._split()
        self.names: set[str] = set()

    def whole(self) -> _Node:
        node = self._level(0)
        if self._peek() is not None:
            raise ExpressionError(f"{self._text!r}, which does not end at {self._peek()!r}")
        return node

    def _split(self) -> list[str]:
        tokens, at, text = [], 0, self._text.rstrip()
        while at < len(text):
            matched = _TOKEN.match(text, at)
            if matched is None:
                raise ExpressionError(f"{text!r}, with {text[at:].strip()[:1]!r} in it")
            tokens.append(matched[0].strip())
            at = matched.end()
        return tokens

    def _peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if token is None or (expected is not None and token != expected):
            raise ExpressionError(f"{self._text!r}, where {expected or 'more'} is missing")
        self._at += 1
        return token

    def _level(self, level: int) -> _Node:
        if level == len(_LEVELS):
            return self._signed()
        node = self._level(level + 1)
        while (token := self._peek()) is not None and token.upper() in _LEVELS[level]:
            self._at += 1
            node = _Operation(token.upper(), node, self._level(level + 1))
        return node

    def _signed(self) -> _Node:
        if self._peek() == "-":
            self._at += 1
            return _Operation("*", _Number(-1), self._signed())
        base = self._operand()
        if self._peek() == "^":
            self._at += 1
            return _Operation("^", base, self._signed())
        return base

    def _operand(self) -> _Node:
        word = self._take()
        if word == "(":
            node = self._level(0)
            self._take(")")
            return node
        if word == "[":
            return _List(self._items("]"))
        if word[0] in "\"'":
            return _Text(word[1:-1])
        if word[0].isdigit():
            return _Number(float(word))
        if not word[0].isalpha():
            raise ExpressionError(f"{self._text!r}, with {word!r} where a value belongs")
        if self._peek() == "(":
            self._at += 1
            name, arguments = word.upper(), self._items(")")
            if name not in FUNCTIONS and name != "METRICS":
                raise ExpressionError(f"the function {name}, which is not emulated")
            return _Call(name, arguments)
        if word not in ("REPEAT", "LINEAR"):
            self.names.add(word)
        return _Name(word)

    def _items(self, end: str) -> tuple[_Node, ...]:
        items: list[_Node] = []
        while self._peek() != end:
            if items:
                self._take(",")
            items.append(self._level(0))
        self._take(end)
        return tuple(items)

"""The functions of metric math.

Source: "Functions supported for metric math" in the Amazon CloudWatch user guide. Each gets its arguments, the start of
each period, and the seconds per period.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias

Series: TypeAlias = dict[int, float]
"""A number for some of the periods, by the start of the period."""
Value: TypeAlias = "float | Series | list[Series]"
_Arguments: TypeAlias = "Sequence[Value | str]"
_Function: TypeAlias = Callable[[_Arguments, Sequence[int], int], Value]


class ExpressionError(ValueError):
    """An expression that cannot be computed; the text says what is in it."""


def _fill(arguments: _Arguments, times: Sequence[int], _period: int) -> Value:
    """Give each period a value: a number, that of another series, the last one, or one in between."""
    first, filler = _two(arguments)
    if isinstance(first, list):
        return [_filled(each, filler, times) for each in first]
    if not isinstance(first, dict):
        raise ExpressionError("FILL of something other than a time series")
    return _filled(first, filler, times)


def _filled(series: Series, filler: Value | str, times: Sequence[int]) -> Series:
    if filler == "REPEAT":
        return _repeated(series, times)
    if filler == "LINEAR":
        return _linear(series, times)
    if isinstance(filler, dict):
        return {time: value for time, value in ({**filler, **series}).items() if time in set(times) | set(series)}
    if isinstance(filler, (int, float)):
        return {**dict.fromkeys(times, float(filler)), **series}
    raise ExpressionError(f"FILL with {filler!r}")


def _repeated(series: Series, times: Sequence[int]) -> Series:
    filled, last = dict(series), None
    for time in sorted({*times, *series}):
        last = series.get(time, last)
        if last is not None:
            filled[time] = last
    return filled


def _linear(series: Series, times: Sequence[int]) -> Series:
    filled, known = dict(series), sorted(series)
    for time in times:
        before = max((each for each in known if each < time), default=None)
        after = min((each for each in known if each > time), default=None)
        if time not in series and before is not None and after is not None:
            share = (time - before) / (after - before)
            filled[time] = series[before] + share * (series[after] - series[before])
    return filled


def _if(arguments: _Arguments, times: Sequence[int], _period: int) -> Value:
    """Choose between two values, for each period if anything is a series; without a third there is no value."""
    if len(arguments) not in (2, 3):
        raise ExpressionError("IF without two or three arguments")
    condition, chosen, *rest = arguments
    other = rest[0] if rest else None
    if isinstance(condition, (int, float)):
        result = chosen if condition else other
        if result is None or isinstance(result, str):
            return {}
        return result
    if not isinstance(condition, dict):
        raise ExpressionError("IF of a list of time series")
    result = {}
    for time in times:
        source = None if time not in condition else chosen if condition[time] else other
        value = source.get(time) if isinstance(source, dict) else source
        if isinstance(value, (int, float)):
            result[time] = float(value)
    return result


def _reduced(name: str, compute: Callable[[list[float]], float]) -> _Function:
    """Return a function of all values of a series, or, for each period, of a list of series."""

    def reduce(arguments: _Arguments, times: Sequence[int], _period: int) -> Value:
        value = arguments[0] if len(arguments) == 1 else _as_list(name, arguments)
        if isinstance(value, list):
            columns = {time: [each[time] for each in value if time in each] for time in times}
            return {time: compute(column) for time, column in columns.items() if column}
        if isinstance(value, dict):
            return compute(list(value.values())) if value else {}
        raise ExpressionError(f"{name} of something other than time series")

    return reduce


def _each(name: str, compute: Callable[[float], float]) -> _Function:
    """Return a function of each value."""

    def apply(arguments: _Arguments, _times: Sequence[int], _period: int) -> Value:
        (value,) = arguments if len(arguments) == 1 else (None,)
        if isinstance(value, (int, float)):
            return compute(value)
        if isinstance(value, dict):
            return _finite({time: compute(number) for time, number in value.items()})
        if isinstance(value, list):
            return [_finite({time: compute(number) for time, number in each.items()}) for each in value]
        raise ExpressionError(f"{name} without one argument")

    return apply


def _followed(name: str, compute: Callable[[float, float, int], float]) -> _Function:
    """Return a function of each value, the one before it, and the seconds between the two."""

    def along(series: Series) -> Series:
        times = sorted(series)
        return {time: compute(series[before], series[time], time - before) for before, time in pairwise(times)}

    def apply(arguments: _Arguments, _times: Sequence[int], _period: int) -> Value:
        (value,) = arguments if len(arguments) == 1 else (None,)
        if isinstance(value, dict):
            return along(value)
        if isinstance(value, list):
            return [along(each) for each in value]
        raise ExpressionError(f"{name} of something other than a time series")

    return apply


def _running_sum(arguments: _Arguments, _times: Sequence[int], _period: int) -> Value:
    (value,) = arguments if len(arguments) == 1 else (None,)
    if not isinstance(value, dict):
        raise ExpressionError("RUNNING_SUM of something other than a time series")
    total, sums = 0.0, {}
    for time in sorted(value):
        total += value[time]
        sums[time] = total
    return sums


def _time_series(arguments: _Arguments, times: Sequence[int], _period: int) -> Value:
    (value,) = arguments if len(arguments) == 1 else (None,)
    if not isinstance(value, (int, float)):
        raise ExpressionError("TIME_SERIES of something other than a number")
    return dict.fromkeys(times, float(value))


def _ends(name: str, index: int) -> _Function:
    def pick(arguments: _Arguments, _times: Sequence[int], _period: int) -> Value:
        (value,) = arguments if len(arguments) == 1 else (None,)
        if not isinstance(value, list) or not value:
            raise ExpressionError(f"{name} of something other than a list of time series")
        return value[index]

    return pick


def _metric_count(arguments: _Arguments, _times: Sequence[int], _period: int) -> Value:
    return float(len(_as_list("METRIC_COUNT", arguments)))


def _period(_arguments: _Arguments, _times: Sequence[int], period: int) -> Value:
    return float(period)


def _two(arguments: _Arguments) -> tuple[Value | str, Value | str]:
    if len(arguments) != 2:  # noqa: PLR2004 - as the sentence says
        raise ExpressionError("FILL without two arguments")
    return arguments[0], arguments[1]


def _as_list(name: str, arguments: _Arguments) -> list[Series]:
    if len(arguments) == 1 and isinstance(arguments[0], list):
        return arguments[0]
    series = [each for each in arguments if isinstance(each, dict)]
    if not series or len(series) != len(arguments):
        raise ExpressionError(f"{name} of something other than time series")
    return series


def _finite(series: Series) -> Series:
    return {time: value for time, value in series.items() if math.isfinite(value)}


def _logarithm(compute: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: compute(value) if value > 0 else math.nan


FUNCTIONS: dict[str, _Function] = {
    "ABS": _each("ABS", abs),
    "AVG": _reduced("AVG", statistics.fmean),
    "CEIL": _each("CEIL", math.ceil),
    "DATAPOINT_COUNT": _reduced("DATAPOINT_COUNT", lambda values: float(len(values))),
    "DIFF": _followed("DIFF", lambda before, value, _seconds: value - before),
    "DIFF_TIME": _followed("DIFF_TIME", lambda _before, _value, seconds: float(seconds)),
    "FILL": _fill,
    "FIRST": _ends("FIRST", 0),
    "FLOOR": _each("FLOOR", math.floor),
    "IF": _if,
    "LAST": _ends("LAST", -1),
    "LOG": _each("LOG", _logarithm(math.log)),
    "LOG10": _each("LOG10", _logarithm(math.log10)),
    "MAX": _reduced("MAX", max),
    "METRIC_COUNT": _metric_count,
    "MIN": _reduced("MIN", min),
    "PERIOD": _period,
    "RATE": _followed("RATE", lambda before, value, seconds: (value - before) / seconds),
    "RUNNING_SUM": _running_sum,
    "STDDEV": _reduced("STDDEV", statistics.pstdev),
    "SUM": _reduced("SUM", math.fsum),
    "TIME_SERIES": _time_series,
}
"""The emulated functions by name; ``METRICS`` is the parser's."""

"""Type checks of values against annotations.

Annotations are read as text, and classes are identified by module and name, so that nothing has to be imported. CDK's
interfaces (``ec2.IVpc``) are identified by jsii's records of an object.

Accepted values are converted: a mapping becomes a dict, a sequence a list, a member of an IntEnum its number. jsii
accepts nothing else, and later changes of the caller's original have no effect.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from enum import Enum
from functools import cache, wraps
from inspect import BoundArguments, Parameter, Signature, signature
from typing import Any, ParamSpec, TypeAlias, TypeVar

from ecr_fargate_constructs._rules.jsii_types import has_interface, is_interface, is_of_class
from ecr_fargate_constructs._rules.refusal import refused_by_cdk
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.wrong_type import Either, Kind, Many, Named, Pairs, describe, instead
from ecr_fargate_constructs.errors import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")

ALIASES = {
    "Action": "sns.ITopic | sns.TopicBase | cloudwatch.IAlarmAction",
    "Authentication": "OidcAuthentication | CognitoAuthentication | JwtValidation",
    "Response": "FixedResponse | Redirect",
    "Deployment": "Rolling | BlueGreen | Canary | Linear",
    "FargateCapacity": "OnDemand | Spot | Mixed",
    "Gate": "Scanned | NoFindings | SignedBy | DeployedTo",
    "Image": "ImageForArchitecture | ecs.ContainerImage | str",
    "Ingress": "PublicHttp | PublicHttps | InternalHttp | InternalHttps",
    "Logging": "CloudWatchLogs | ecs.LogDriver",
    "Number": "float",
    "TestTraffic": "TestTrafficPort | TestTrafficHeader",
    "RetentionRule": "KeepNewest | ExpireOlderThan | ArchiveOlderThan | ExpireUntagged | ArchiveUnpulled | "
    "ExpireArchived",
    "Severities": "Mapping[str, Number]",
    "Tags": "Sequence[str] | AllOf",
    "Values": "str | Sequence[str]",
    "Volume": "SharedVolume | EfsVolume | EbsVolume",
}
"""The library's own names for several types; ``tests/contract/test_types.py`` compares them with their definitions."""

_SHAPES = {
    "BalancedService": ("service", "target_group"),
    "ImageForArchitecture": ("container_image", "architecture"),
    "SharesOfTask": ("cpu", "memory_limit_mib", "memory_reservation_mib"),
}
"""The library's protocols, each with the attributes that an object needs."""

_NUMBERS = {"Number", "float", "int"}  # the checks of their ranges include their types
_VALUES = {"float", "int", "str"}  # types that members of an enumeration may have
_MANY: dict[str, type] = {
    "Sequence": Sequence,
    "Collection": Collection,
    "Iterable": Iterable,
    "tuple": Sequence,
    "set": set,
}

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

Fault: TypeAlias = tuple[str, object, Kind]
"""Place within a value, the wrong part, and the type that it should have."""


def refuse_wrong_type(name: str, annotation: str, value: object) -> None:
    """Refuse a value that does not have its annotation's type."""
    fault = _fault(parsed(annotation), value)
    if fault is not None:
        where, wrong, kind = fault
        place = f"{name}{where}"
        fits = any(isinstance(each, Many) and _fault(each.of, wrong) is None for each in _each(kind))
        raise ConfigurationError(f"{place}{describe(place, wrong, kind)}; use {instead(wrong, kind, fits=fits)}")


def plain(annotation: str, value: Any) -> Any:  # noqa: ANN401 - of any type
    """Return a value as jsii accepts it, converted by its annotation, independent of the caller's original."""
    return _plain(parsed(annotation), value)


def _plain(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - as above
    if value is None or type(value) is str:
        return value
    if isinstance(kind, Either):
        kind = next((each for each in kind.kinds if _fault(each, value) is None), kind)
    if isinstance(kind, Named):
        return value.value if isinstance(value, Enum) and kind.name in _VALUES else value
    if isinstance(kind, Pairs) and isinstance(value, Mapping):
        return {_plain(kind.keys, name): _plain(kind.values, each) for name, each in value.items()}
    if isinstance(kind, Many) and isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        if isinstance(value, tuple) and type(value) is not tuple:
            return value  # an instance of a subclass, which has more than its elements
        return [_plain(kind.of, each) for each in value]
    return value


def _each(kind: Kind) -> tuple[Kind, ...]:
    return kind.kinds if isinstance(kind, Either) else (kind,)


def typed(cls: type[T]) -> type[T]:
    """Make a value object refuse values that do not have the types of its fields.

    The class's own checks run first, because their messages are better; if they fail on a wrong type, that is reported.
    """
    init: Callable[..., None] = cls.__init__

    @cache
    def options() -> list[tuple[str, str, object]]:
        return [(field.name, str(field.type), _settled(field)) for field in fields(cls) if field.init]  # type: ignore[arg-type]

    @wraps(init)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the caller gives
        try:
            init(self, *args, **kwargs)
        except ConfigurationError:
            raise
        except Exception as error:
            refuse_unknown_options(init, kwargs, what=cls.__name__)
            _blame_types(f"{cls.__name__}.", _given(init, _bound(init, (self, *args), kwargs)), error)
            if (refused := refused_by_cdk(error, what=cls.__name__)) is not None:
                raise refused from error
            raise
        for name, annotation, settled in options():
            value = getattr(self, name)
            if value is settled:
                continue
            refuse_wrong_type(f"{cls.__name__}.{name}", annotation, value)
            converted = plain(annotation, value)
            if converted is not value:
                object.__setattr__(self, name, converted)

    cls.__init__ = checked  # type: ignore[method-assign]
    return cls


def _settled(field: Field[Any]) -> object:
    """Return the default of a field if it has the field's type and stays as it is; else ``MISSING``, which no value is.

    Most options of most objects are such defaults, ``None`` or ``False``.
    """
    annotation, default = str(field.type), field.default
    right = default is not MISSING and _fault(parsed(annotation), default) is None
    return default if right and plain(annotation, default) is default else MISSING


def _blame_types(owner: str, given: Iterable[tuple[str, str, object]], error: Exception) -> None:
    """Raise the error about a wrong type that caused ``error``, if there is one."""
    try:
        for name, annotation, value in given:
            refuse_wrong_type(f"{owner}{name}", annotation, value)
    except ConfigurationError as refused:
        raise refused from error


def admitted(
    function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object], *, what: str, owner: str = ""
) -> BoundArguments | None:
    """Return the arguments of a call as jsii accepts them; None if Python itself refuses the call.

    Numbers are not checked here: the checks of their ranges have better messages.

    Args:
        function: The called function.
        args: Positional arguments.
        kwargs: Keyword arguments.
        what: The name of the function in the message about an unknown option.
        owner: Text before the name of the argument in the message about a wrong type.

    Raises:
        ConfigurationError: An argument has a wrong type, or the function has no such option.
    """
    bound = _bound(function, args, kwargs)
    if bound is None:
        refuse_unknown_options(function, kwargs, what=what)
        return None
    for name, annotation, value in _given(function, bound):
        if annotation.removesuffix(" | None") not in _NUMBERS:
            refuse_wrong_type(f"{owner}{name}", annotation, value)
        bound.arguments[name] = plain(annotation, value)
    return bound


def refuse_unknown_options(function: Callable[..., object], options: Mapping[str, object], *, what: str) -> None:
    """Refuse a keyword argument that a function does not have; call it when Python has refused the call."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for an error

    from ecr_fargate_constructs._rules.pattern_options import replacement  # noqa: PLC0415 - as above

    parameters = _signature(function).parameters
    if any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values()):
        return
    for name in options:
        if name in parameters:
            continue
        names = [each for each in parameters if each != "self"]
        near = get_close_matches(_CAPITAL.sub("_", name).lower(), names, n=1, cutoff=0.7)  # CDK uses camel case
        fix = f"did you mean {near[0]}=?" if near else f"use {', '.join(names) or 'none'}"
        raise ConfigurationError(f"{what} has no option {name!r}; {replacement(name, names) or fix}")


def typed_call(function: Callable[P, T]) -> Callable[P, T]:
    """Make a method refuse arguments of wrong types before it does anything."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        bound = admitted(function, args, kwargs, what=function.__qualname__, owner=f"{function.__qualname__}: ")
        if bound is None:
            return function(*args, **kwargs)  # raises Python's own error about the call
        return function(*bound.args, **bound.kwargs)

    return checked


def _bound(
    function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> BoundArguments | None:
    try:
        return _signature(function).bind(*args, **kwargs)
    except TypeError:
        return None


def _given(function: Callable[..., object], bound: BoundArguments | None) -> list[tuple[str, str, object]]:
    """Return the given arguments with their annotations; none if Python itself refuses the call."""
    given, annotations = {} if bound is None else bound.arguments, function.__annotations__
    return [(name, annotations[name], value) for name, value in given.items() if isinstance(annotations.get(name), str)]


@cache
def _signature(function: Callable[..., object]) -> Signature:
    return signature(function)


@cache
def parsed(annotation: str) -> Kind:
    """Parse the type that an annotation names."""
    return _kind(ast.parse(annotation, mode="eval").body)


def _kind(node: ast.expr) -> Kind:
    match node:
        case ast.BinOp(left=left, right=right):
            kinds = [_kind(side) for side in (left, right)]
            return Either(
                tuple(each for kind in kinds for each in (kind.kinds if isinstance(kind, Either) else (kind,)))
            )
        case ast.Subscript(value=outer, slice=ast.Tuple(elts=[first, second])) if ast.unparse(outer) == "Mapping":
            return Pairs(_kind(first), _kind(second))
        case ast.Subscript(value=outer, slice=inside) if ast.unparse(outer) in _MANY:
            element = inside.elts[0] if isinstance(inside, ast.Tuple) else inside
            return Many(_MANY[ast.unparse(outer)], _kind(element))
        case ast.Subscript(value=outer):
            return _kind(outer)
        case ast.Name(id=name) if name in ALIASES:
            return parsed(ALIASES[name])
        case _:
            written = ast.unparse(node)
            return Named(written.rpartition(".")[2], written)


def _fault(kind: Kind, value: object) -> Fault | None:
    if isinstance(kind, Named):
        return None if _is(kind, value) or _is_deferred(value) else ("", value, kind)
    if isinstance(kind, Either):
        faults = []
        for each in kind.kinds:
            fault = _fault(each, value)
            if fault is None:
                return None
            faults.append(fault)
        return next((fault for fault in faults if fault[0]), ("", value, kind))
    outer = Mapping if isinstance(kind, Pairs) else kind.outer
    if not isinstance(value, outer) or isinstance(value, (str, bytes)):
        return None if _is_deferred(value) else ("", value, kind)
    return _fault_in_pairs(kind, value) if isinstance(kind, Pairs) else _fault_in_many(kind, value)


def _fault_in_many(kind: Many, value: object) -> Fault | None:
    if isinstance(value, Collection):  # iterating over a generator would exhaust it
        for number, each in enumerate(value):
            if (fault := _fault(kind.of, each)) is not None:
                return _at(f"[{number}]", fault)
    return None


def _fault_in_pairs(kind: Pairs, value: Any) -> Fault | None:  # noqa: ANN401 - a mapping, checked before
    for name in value:
        if (fault := _fault(kind.keys, name)) is not None:
            return _at(" (a name)", fault)
    for name, each in value.items():
        if (fault := _fault(kind.values, each)) is not None:
            return _at(f"[{name!r}]", fault)
    return None


def _at(where: str, fault: Fault) -> Fault:
    return f"{where}{fault[0]}", fault[1], fault[2]


def _is_deferred(value: object) -> bool:
    return not isinstance(value, type) and is_token(value)


def _is(named: Named, value: object) -> bool:
    """Return whether a value is of the class, or has the interface, of this name."""
    if named.name in _PLAIN:
        return _PLAIN[named.name](value)
    kind = type(value)
    if named.name in _SHAPES:
        return all(hasattr(kind, each) or each in getattr(value, "__dict__", ()) for each in _SHAPES[named.name])
    return has_interface(named.written, value) if is_interface(named.name) else is_of_class(named.written, value)


_PLAIN: dict[str, Callable[[object], bool]] = {
    "Any": lambda _: True,
    "Callable": callable,
    "None": lambda value: value is None,
    "PathLike": lambda value: isinstance(value, os.PathLike),
    "bool": lambda value: isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "object": lambda _: True,
    "str": lambda value: isinstance(value, str),
}

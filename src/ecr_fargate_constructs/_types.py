"""Whether values are of the types that annotations name.

Annotations are read as they are written, and classes are told by their names, so that nothing is imported for it. CDK's
interfaces (``ec2.IVpc``) take any object of CDK's, because jsii hands those out under many classes.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, wraps
from inspect import signature
from typing import Any, ParamSpec, TypeAlias, TypeVar

from ecr_fargate_constructs._secret_names import is_secret_value
from ecr_fargate_constructs._tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")

ALIASES = {
    "Action": "sns.ITopic | sns.TopicBase | cloudwatch.IAlarmAction",
    "Answer": "FixedAnswer | Redirect",
    "Deployment": "Rolling | BlueGreen | Canary | Linear",
    "FargateCapacity": "OnDemand | Spot | Mixed",
    "Image": "ImageForArchitecture | ecs.ContainerImage | str",
    "Ingress": "PublicHttp | PublicHttps | InternalHttp | InternalHttps",
    "Logging": "CloudWatchLogs | ecs.LogDriver",
    "Preview": "PreviewPort | PreviewHeader",
    "RetentionRule": "KeepNewest | ExpireOlderThan | ArchiveOlderThan | ExpireUntagged | ArchiveUnpulled | "
    "ExpireArchived",
    "Severities": "Mapping[str, float]",
    "Tags": "Sequence[str] | AllOf",
    "Values": "str | Sequence[str]",
    "Volume": "SharedVolume | EfsVolume | EbsVolume",
}
"""The library's own names for several types; ``tests/contract/test_types.py`` holds them to what they stand for."""

_WORDS = {"str": "a string", "float": "a number", "int": "a whole number", "bool": "True or False"}
_SHAPES = {
    "BalancedService": ("service", "target_group"),
    "ImageForArchitecture": ("container_image", "architecture"),
    "SharesOfTask": ("cpu", "memory_limit_mib", "memory_reservation_mib"),
}
"""What an object has that is of one of the library's protocols."""

_NO_INTERFACE = {"Duration", "Size", "Enum"}  # objects of CDK's that implement none
_PROXIES = {"InterfaceDynamicProxy"}  # what jsii makes of several interfaces at once
_NUMBERS = {"float", "int"}  # which the checks of their ranges judge
_MANY: dict[str, type] = {
    "Sequence": Sequence,
    "Collection": Collection,
    "Iterable": Iterable,
    "tuple": Sequence,
    "set": set,
}
_SECRETS = {"Secret", "ISecret", "SecretValue"}
_LONGEST = 60


@dataclass(frozen=True)
class Named:
    """A class, by its name."""

    name: str
    written: str


@dataclass(frozen=True)
class Many:
    """A list or the like."""

    outer: type
    of: Kind


@dataclass(frozen=True)
class Pairs:
    """A mapping."""

    keys: Kind
    values: Kind


@dataclass(frozen=True)
class Either:
    """One of several types."""

    kinds: tuple[Kind, ...]


Kind: TypeAlias = "Named | Many | Pairs | Either"
Fault: TypeAlias = tuple[str, object, Kind]
"""Where in a value, what is there, and what should be."""


def refuse_wrong_type(name: str, annotation: str, value: object, *, path: str | None = None) -> None:
    """Refuse a value that is not what its annotation says.

    Raises:
        ConfigurationError: It is of another type, or something in it is.
    """
    found = _fault(parsed(annotation), value)
    if found is not None:
        where, wrong, kind = found
        if isinstance(wrong, str) and _takes_strings(kind):
            raise ConfigurationError(f"{name}{where}={wrong!r} is one string; use [{wrong!r}]", path=path)
        raise ConfigurationError(
            f"{name}{where}{_said(wrong, hidden=_holds_secret(kind, wrong))}; use {_words(kind)}", path=path
        )


def _takes_strings(kind: Kind) -> bool:
    kinds = kind.kinds if isinstance(kind, Either) else (kind,)
    return any(isinstance(each, Many) and each.of == Named("str", "str") for each in kinds)


def typed(cls: type[T]) -> type[T]:
    """Have a value object refuse what is not of the type that a field names.

    What its own checks say comes first, since they know more; where they stumble over a type, it is named here.
    """
    init: Callable[..., None] = cls.__init__

    @cache
    def annotations() -> list[tuple[str, str]]:
        return [(field.name, str(field.type)) for field in fields(cls) if field.init]  # type: ignore[arg-type]

    @wraps(init)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the caller gives
        try:
            init(self, *args, **kwargs)
        except ConfigurationError:
            raise
        except Exception as error:
            _blame_types(f"{cls.__name__}.", _given(init, (self, *args), kwargs), error)
            raise
        for name, annotation in annotations():
            refuse_wrong_type(f"{cls.__name__}.{name}", annotation, getattr(self, name))

    cls.__init__ = checked  # type: ignore[method-assign]
    return cls


def _blame_types(owner: str, given: Iterable[tuple[str, str, object]], error: Exception) -> None:
    """Say of an error which type it comes from, where there is one."""
    try:
        for name, annotation, value in given:
            refuse_wrong_type(f"{owner}{name}", annotation, value)
    except ConfigurationError as refused:
        raise refused from error


def refuse_wrong_arguments(
    function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object], *, path: str | None = None
) -> None:
    """Refuse arguments that are not of the types that a function names.

    Numbers are left to those that check their ranges, who know more.

    Raises:
        ConfigurationError: One is of another type.
    """
    for name, annotation, value in _given(function, args, kwargs):
        if annotation.removesuffix(" | None") not in _NUMBERS:
            refuse_wrong_type(name, annotation, value, path=path)


def typed_call(function: Callable[P, T]) -> Callable[P, T]:
    """Have a method refuse arguments of other types than it names, before it does anything."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            refuse_wrong_arguments(function, args, kwargs)
        except ConfigurationError as error:
            node = getattr(args[0], "node", None) if args and not isinstance(args[0], type) else None
            raise ConfigurationError(f"{function.__name__}: {error}", path=node and node.path) from None
        return function(*args, **kwargs)

    return checked


def _given(
    function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> list[tuple[str, str, object]]:
    """What was given, with the annotations; nothing where Python itself refuses the call."""
    try:
        bound = signature(function).bind(*args, **kwargs).arguments
    except TypeError:
        return []
    annotations = function.__annotations__
    return [(name, annotations[name], value) for name, value in bound.items() if isinstance(annotations.get(name), str)]


@cache
def parsed(annotation: str) -> Kind:
    """The type that an annotation names."""
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
    if isinstance(kind, Either):
        found = [_fault(each, value) for each in kind.kinds]
        inside = (fault for fault in found if fault is not None and fault[0])
        return None if None in found else next(inside, ("", value, kind))
    if isinstance(kind, Named):
        right = _is(kind.name, value)
    else:
        right = isinstance(value, Mapping if isinstance(kind, Pairs) else kind.outer) and not isinstance(
            value, (str, bytes)
        )
    if not right:
        return None if _is_deferred(value) else ("", value, kind)
    return next((fault for where, each, of in _parts(kind, value) if (fault := _at(where, _fault(of, each)))), None)


def _parts(kind: Kind, value: Any) -> Iterator[tuple[str, object, Kind]]:  # noqa: ANN401 - looked at before
    """What is in a value, where, and what it has to be."""
    if isinstance(kind, Many) and isinstance(value, Collection):  # a generator would be used up
        yield from ((f"[{number}]", each, kind.of) for number, each in enumerate(value))
    elif isinstance(kind, Pairs):
        yield from ((" (a name)", key, kind.keys) for key in value)
        yield from ((f"[{name!r}]", each, kind.values) for name, each in value.items())


def _at(where: str, fault: Fault | None) -> Fault | None:
    return None if fault is None else (f"{where}{fault[0]}", fault[1], fault[2])


def _is_deferred(value: object) -> bool:
    return not isinstance(value, type) and is_token(value)


def _is(name: str, value: object) -> bool:
    """Whether a value is of a class of this name."""
    if name in _PLAIN:
        return _PLAIN[name](value)
    kind = type(value)
    if name in _SHAPES:
        return all(hasattr(kind, each) or each in getattr(value, "__dict__", ()) for each in _SHAPES[name])
    if name[:1] == "I" and name[1:2].isupper():
        names = {base.__name__ for base in kind.__mro__}
        of_cdk = names & _PROXIES or hasattr(kind, "__jsii_type__") or hasattr(kind, "__jsii_ifaces__")
        return bool(of_cdk) and not names & _NO_INTERFACE
    return any(base.__name__ == name for base in kind.__mro__)


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


def _holds_secret(kind: Kind, value: object) -> bool:
    """Whether a value is, or stands for, a secret, which no message shows."""
    if isinstance(kind, Either):
        return any(_holds_secret(each, value) for each in kind.kinds)
    if isinstance(kind, Pairs):
        return _holds_secret(kind.values, value)
    return (isinstance(kind, Named) and kind.name in _SECRETS) or is_secret_value(str(value))


def _said(value: object, *, hidden: bool) -> str:
    if isinstance(value, type):
        return f" is the class {value.__name__} itself, and takes an object: {value.__name__}(…)"
    kind = type(value)
    noun = f"{'an' if kind.__name__[0].lower() in 'aeiou' else 'a'} {kind.__name__}"
    if kind.__module__ != "builtins":
        return f" is {noun}"
    text = repr(value)
    if hidden and value is not None:
        return f" is {noun}"
    return f"={text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}{'' if value is None else f' is {noun}'}"


def _words(kind: Kind) -> str:
    match kind:
        case Named():
            return _WORDS.get(kind.name, kind.written)
        case Many(_, of):
            return f"a list of {_words(of)}"
        case Pairs(_, values):
            return f"a mapping of names to {_words(values)}"
        case Either(kinds):
            return " or ".join(_words(each) for each in kinds)

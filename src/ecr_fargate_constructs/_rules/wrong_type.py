"""Messages about a value of a wrong type: a description of it, and a value to use instead."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from ecr_fargate_constructs._rules.jsii_types import is_construct, is_interface, module_of, name_of
from ecr_fargate_constructs._rules.secret_names import is_secret_value

_WORDS = {"str": "a string", "float": "a number", "int": "a whole number", "bool": "True or False"}
_LONGEST = 60
_SECRET = re.compile(r"secret|password|passwd|token|credential|api_?key", re.IGNORECASE)
_SECRETS = {"Secret", "ISecret", "SecretValue"}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_MADE_FROM = {
    ("ecs.Secret", "aws_secretsmanager"): "ecs.Secret.from_secrets_manager(secret)",
    ("ecs.Secret", "aws_ssm"): "ecs.Secret.from_ssm_parameter(parameter)",
    ("ecs.Secret", "SecretValue"): "ecs.Secret.from_secrets_manager(secret)",
    ("ecs.Secret", "builtins"): "ecs.Secret.from_secrets_manager(secret) or ecs.Secret.from_ssm_parameter(parameter)",
    (
        "appscaling.Schedule",
        "aws_events",
    ): "aws_applicationautoscaling.Schedule.cron(…), rate(…) or at(…)",
    ("cdk.SecretValue", "builtins"): "cdk.SecretValue.secrets_manager(…)",
}
"""Ways to make the required object, by its class and the module or the class of the given object."""


class Named(NamedTuple):
    """A class, by its name."""

    name: str
    written: str


class Many(NamedTuple):
    """A list or another collection."""

    outer: type
    of: Kind


class Pairs(NamedTuple):
    """A mapping."""

    keys: Kind
    values: Kind


class Either(NamedTuple):
    """One of several types."""

    kinds: tuple[Kind, ...]


Kind: TypeAlias = "Named | Many | Pairs | Either"


def describe(place: str, value: object, kind: Kind) -> str:
    """Return a description of a value, which follows its place in the message; a possible secret is not shown."""
    if isinstance(value, type):
        return f" is the class {value.__name__} itself, not an object of it: {value.__name__}(…)"
    module, name = name_of(value)
    noun = f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
    if module != "builtins":
        return f" is {module}.{name}" if name in _names(kind) else f" is {noun}"
    if value is not None and (
        _names(kind) & _SECRETS or _SECRET.search(place) is not None or is_secret_value(str(value))
    ):
        return f" is {noun}"
    if isinstance(value, str) and _takes_strings(kind):
        return f"={_short(value)} is a string, not a list"
    return f"={_short(value)}{'' if value is None else f' is {noun}'}"


def instead(value: object, kind: Kind, *, fits: bool) -> str:
    """Return the advice on what to use instead; ``fits`` is True if a list with the value would be accepted."""
    module, name = name_of(value)
    for named in _named(kind):
        for origin in (module.rpartition(".")[2], name):
            if (named.written, origin) in _MADE_FROM:
                return _MADE_FROM[named.written, origin]
        if (attribute := _attribute(value, named)) is not None:
            return attribute
    if fits:
        shown = "…" if is_secret_value(str(value)) else repr(value)
        return f"[{shown}]" if module == "builtins" else f"a list: [{_noun(name)}]"
    if isinstance(value, (int, float)) and kind == Named("str", "str"):
        return f"a string, for example {str(value)!r}"
    return _words(kind, same=name)


def _attribute(value: object, named: Named) -> str | None:
    """Return the attribute of a construct that has the required type, if there is one: ``vpc`` of a ``Network``."""
    if not is_construct(value):
        return None
    words = _CAPITAL.sub("_", named.name[1:] if is_interface(named.name) else named.name).lower().split("_")
    for start in range(len(words)):
        attribute = "_".join(words[start:])
        if isinstance(getattr(type(value), attribute, None), property):
            return f"{_noun(name_of(value)[1])}.{attribute}"
    return None


def _noun(name: str) -> str:
    """Return the last word of a class's name, as an example of a variable name."""
    return _CAPITAL.sub("_", name).lower().rpartition("_")[2]


def _words(kind: Kind, *, same: str) -> str:
    match kind:
        case Named():
            if kind.name == same and same not in _WORDS:
                return f"{module_of(kind.written) or 'ecr_fargate_constructs'}.{kind.name}"
            return _WORDS.get(kind.name, kind.written)
        case Many(_, of):
            return f"a list of {_words(of, same=same)}"
        case Pairs(_, values):
            return f"a mapping of names to {_words(values, same=same)}"
        case Either(kinds):
            return " or ".join(_words(each, same=same) for each in kinds)


def _named(kind: Kind) -> list[Named]:
    if isinstance(kind, Either):
        return [named for each in kind.kinds for named in _named(each)]
    return [kind] if isinstance(kind, Named) else []


def _names(kind: Kind) -> set[str]:
    return {each.name for each in _named(kind)}


def _takes_strings(kind: Kind) -> bool:
    kinds = kind.kinds if isinstance(kind, Either) else (kind,)
    return any(isinstance(each, Many) and each.of == Named("str", "str") for each in kinds)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

"""The classes and interfaces of an object, from jsii's records. Pure: does not import CDK."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODULES = {
    "acm": "aws_certificatemanager",
    "appscaling": "aws_applicationautoscaling",
    "cloudmap": "aws_servicediscovery",
    "elbv2": "aws_elasticloadbalancingv2",
    "lambda_": "aws_lambda",
}
"""Modules of CDK that this library imports under other names than ``aws_<name>``."""

_OWN = {"ecr_fargate_constructs", "constructs", "datetime"}
"""Packages whose classes are named in annotations without a module."""


def module_of(written: str) -> str | None:
    """Return the CDK module of an annotation such as ``ec2.IVpc``; None for a name without a module."""
    alias, dot, _ = written.rpartition(".")
    if not dot:
        return None
    return "aws_cdk" if alias == "cdk" else f"aws_cdk.{_MODULES.get(alias, f'aws_{alias}')}"


def is_interface(name: str) -> bool:
    """Return whether a name is that of a CDK interface, which has no class in Python."""
    return name[:1] == "I" and name[1:2].isupper()


def kinds_of(value: object) -> tuple[type, ...]:
    """Return the class of an object; for one that jsii combines from several interfaces, the classes of its parts."""
    delegates = vars(value).get("_delegates", ()) if type(value).__name__ == "InterfaceDynamicProxy" else ()
    return tuple(type(each) for each in delegates) or (type(value),)


def is_of_class(written: str, value: object) -> bool:
    """Return whether an object is of the annotated class, and not of one of the same name elsewhere."""
    return any(_derives(kind, written) for kind in kinds_of(value))


def has_interface(written: str, value: object) -> bool:
    """Return whether an object implements one of CDK's interfaces."""
    return any(_implements(kind, written) for kind in kinds_of(value))


def is_construct(value: object) -> bool:
    """Return whether an object is in a construct tree, made or imported."""
    return not isinstance(value, type) and any("constructs.IConstruct" in _interfaces(kind) for kind in kinds_of(value))


def is_imported(value: object) -> bool:
    """Return whether an object is CDK's reference to an existing resource: such classes are not public."""
    return len(kinds_of(value)) > 1 or type(value).__name__.startswith("_")


def name_of(value: object) -> tuple[str, str]:
    """Return the module and the public name of an object's class."""
    kind = kinds_of(value)[-1]
    public = next((base for base in kind.__mro__ if not base.__name__.startswith("_")), kind)
    if public is object:  # an interface has only its proxy class
        return kind.__module__, kind.__name__.strip("_").removesuffix("Proxy")
    return public.__module__, public.__name__


@cache
def _derives(kind: type, written: str) -> bool:
    module, name = module_of(written), written.rpartition(".")[2]
    return any(
        base.__name__ == name
        and (base.__module__.partition(".")[0] in _OWN if module is None else base.__module__ == module)
        for base in kind.__mro__
    )


@cache
def _implements(kind: type, written: str) -> bool:
    module, name = module_of(written), written.rpartition(".")[2]
    ending = f".{name}" if module is None else f"{module.replace('aws_cdk', 'aws-cdk-lib', 1)}.{name}"
    return any(each.endswith(ending) for each in _interfaces(kind))


@cache
def _interfaces(kind: type) -> frozenset[str]:
    """Return the full names of all interfaces of a class, as jsii writes them."""
    return frozenset(_recorded(kind))


def _recorded(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        own = vars(base)
        if own.get("__jsii_type__"):
            yield own["__jsii_type__"]
        for interface in own.get("__jsii_ifaces__", ()):
            for each in interface.__mro__:
                if full_name := vars(each).get("__jsii_type__"):
                    yield full_name

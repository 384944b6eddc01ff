"""Checks that the constructs in a construct's options are of its app and stage, and of its account and region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.site import environment_of, in_stack, node_of, path_of_construct, root_of, stack_of
from ecr_fargate_constructs._rules.jsii_types import has_interface, is_construct, is_imported
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import Construct, IConstruct

    Found = tuple[str, str, object]

_BOTH, _REGION = ("account", "region"), ("region",)
_HAS_TO_MEET = {
    "vpc": _BOTH,
    "cluster": _BOTH,
    "load_balancer": _BOTH,
    "listener": _BOTH,
    "encryption_key": _BOTH,
    "certificate": _BOTH,
    "certificates": _BOTH,
    "existing": _BOTH,
    "access_logs": _REGION,
    "log_bucket": _REGION,
    "file_system": _REGION,
    "access_point": _REGION,
    "namespace": _REGION,
    "function": _REGION,
    "actions": _REGION,
    "signing_profile": _REGION,
    "web_acl": _REGION,
    "ServiceAlarms.observed": _BOTH,
    "ScanAlarm.repository": _BOTH,
    "SignatureCheck.repositories": _BOTH,
    "ImageRepository.signing_profile": (),  # that of the registry from which a locked image is copied
    "PullThroughCache.credentials": _BOTH,
}
"""The parts of its environment, region or both, that an option's object has to share with the stack."""

_WHOLE = {"vpc", "cluster", "load_balancer", "encryption_key"}
"""Options whose stack must have a known region if the construct's has, and none if it has none; imported ones too."""

_ARNS = {
    "cloudmap.INamespace": "namespace_arn",
    "cloudwatch.IAlarm": "alarm_arn",
    "efs.IFileSystem": "file_system_arn",
    "elbv2.IApplicationListener": "listener_arn",
}
"""Attributes with the ARN of imported objects whose environment CDK does not derive from the ARN."""

_PLAIN = (str, bytes, int, float, Enum, type, type(None))
_PARTS_OF_ARN = 6


def check_neighbours(scope: Construct, options: Mapping[str, object], *, owner: str) -> None:
    """Refuse constructs of another app or stage, and of another account or region where AWS requires the same.

    Args:
        scope: The parent of the new construct.
        options: Its options by their names.
        owner: Name of its class.
        path: Its path.
    """
    for name, value in options.items():
        if name in {"scope", "construct_id"}:
            continue
        for place, option, found in _inside(name, name, value):
            wanted = _HAS_TO_MEET.get(f"{owner}.{option}", _HAS_TO_MEET.get(option, ()))
            if isinstance(found, str):
                if wanted and in_stack(scope):
                    _check_arn(scope, place, found)
                continue
            construct = cast("IConstruct", found)
            _check_tree(scope, place, construct)
            if wanted and in_stack(scope):
                _check_place(scope, place, construct, wanted, whole=name in _WHOLE)


def _inside(place: str, option: str, value: Any) -> Iterator[Found]:  # noqa: ANN401 - of any type
    """Yield the constructs and ARNs in a value, each with its place and its option."""
    if isinstance(value, str) and value.startswith("arn:"):
        yield place, option, value
    elif isinstance(value, _PLAIN):
        return
    elif is_construct(value):
        yield place, option, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _inside(f"{place}[{name!r}]", option, each)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for number, each in enumerate(value):
            yield from _inside(f"{place}[{number}]", option, each)
    else:
        for name, each in _parts(value):
            yield from _inside(f"{type(value).__name__}.{name}", name, each)


def _parts(value: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401 - of any type
    """Yield the fields of one of this library's values, or of one of CDK's structs."""
    if is_dataclass(value):
        yield from ((field.name, getattr(value, field.name)) for field in fields(value))
    elif type(value).__module__.startswith("ecr_fargate_constructs."):
        yield from ((name, each) for name, each in vars(value).items() if not name.startswith("_"))
    elif isinstance(given := getattr(value, "__dict__", {}).get("_values"), dict):
        yield from given.items()


def _check_tree(scope: Construct, place: str, value: IConstruct) -> None:
    imported = is_imported(value)
    # Imported objects consist of plain text, except that the URI of a repository refers to its stack.
    if (not imported or has_interface("ecr.IRepository", value)) and root_of(value) is not root_of(scope):
        raise ConfigurationError(
            f"{place} is {path_of_construct(value)} in another cdk.App, and apps cannot refer to each other; create "
            "both in one app"
        )
    if imported or not in_stack(scope) or not in_stack(value):
        return
    here, home = stack_of(scope), stack_of(value)
    if here is home or hasattr(type(home), "pushed_name"):  # the command line pushes to such a stack from any stage
        return
    stage, other = cdk.Stage.of(here), cdk.Stage.of(home)
    if stage is not other:
        raise ConfigurationError(
            f"{place} is {path_of_construct(value)} in {_stage(other)}, and stacks in {_stage(stage)} cannot refer to "
            "it; create one there, or import it by its name or ARN"
        )
    if place == "PublishedImage.repository":
        check_reachable(scope, value)


def check_reachable(scope: IConstruct, repository: IConstruct) -> None:
    """Refuse a repository whose generated name is unknown in the account or region of the stack of ``scope``."""
    stack, owner = stack_of(scope), stack_of(repository)
    if stack is owner or environment_of(stack) == environment_of(owner):
        return
    named = next((each for each in node_of(repository).find_all() if has_interface("ecr.IRepository", each)), None)
    try:
        stack.resolve(getattr(named, "repository_arn", None))
    except RuntimeError as error:
        if "CannotUseCrossEnvironment" not in str(error):
            raise
        raise ConfigurationError(
            f"the repository {path_of_construct(repository).removesuffix('/Default')} is in {owner.environment} and "
            f"the stack {path_of_construct(stack)} in {stack.environment}, where the repository's generated name is "
            "unknown; give the repository a repository_name=, or use one in the stack's own environment"
        ) from error


def _stage(stage: cdk.Stage | None) -> str:
    path = "" if stage is None else stage.node.path
    return f"the stage {path}" if path else "the app, outside of any stage"


def _check_place(scope: Construct, place: str, value: IConstruct, wanted: tuple[str, ...], *, whole: bool) -> None:
    here, home = stack_of(scope), stack_of(value)
    imported = is_imported(value)
    if here is home and not imported:
        return
    own = dict(zip(_BOTH, environment_of(here), strict=True))
    there = dict(zip(_BOTH, _environment(value, home, imported=imported), strict=True))
    for what in wanted:
        one, other = own[what], there[what]
        if one and other and not is_token(one) and not is_token(other) and one != other:
            raise ConfigurationError(
                f"{place} is in the {what} {other}, but stack {here.node.path} is in {one}, where it cannot be used; "
                f"use one in the stack's {what}, or give the stack the same env"
            )
    if (whole or not imported) and is_token(own["region"]) != is_token(environment_of(home)[1]):
        raise ConfigurationError(
            f"{place} belongs to stack {home.node.path} in {home.environment}, but stack {here.node.path} is in "
            f"{here.environment}, and the two may be different regions; give both stacks the same env"
        )


def _environment(value: Any, home: cdk.Stack, *, imported: bool) -> tuple[str, str]:  # noqa: ANN401 - a construct
    """Return account and region of a construct; for an imported one, those in its ARN."""
    if not imported or not has_interface("cdk.IResource", value):
        return environment_of(home)
    for interface, attribute in _ARNS.items():
        if has_interface(interface, value):
            arn = str(getattr(value, attribute))
            parts = arn.split(":")
            if len(parts) >= _PARTS_OF_ARN and not is_token(arn):
                return parts[4], parts[3]
    return value.env.account, value.env.region


def _check_arn(scope: Construct, place: str, arn: str) -> None:
    parts, own = arn.split(":"), environment_of(stack_of(scope))[1]
    if len(parts) < _PARTS_OF_ARN or is_token(parts[3]) or is_token(own) or parts[3] in {"", own}:
        return
    raise ConfigurationError(
        f"{place}={arn!r} is in {parts[3]}, but stack {stack_of(scope).node.path} is in {own}; use one in {own}"
    )

"""Guards for constructors and methods: they check the place of a construct, and undo everything on failure."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import aws_cdk as cdk

from ecr_fargate_constructs._cdk.attempt import attempt, claim, is_under_way
from ecr_fargate_constructs._cdk.context import posture_word
from ecr_fargate_constructs._cdk.neighbours import check_neighbours
from ecr_fargate_constructs._cdk.site import in_stack, node_of, path_of, path_of_construct
from ecr_fargate_constructs._rules.refusal import located, refused_by_cdk
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import admitted, refuse_wrong_type
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs import Construct

P = ParamSpec("P")
T = TypeVar("T")


def all_or_nothing(init: Callable[P, None]) -> Callable[P, None]:
    """Make a constructor refuse an impossible place, and remove its construct from the tree if it fails.

    CDK's own errors are a ``RuntimeError`` that mostly does not name the construct; they become a
    ``ConfigurationError`` with its path.
    """

    @wraps(init)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        if is_under_way(args[0]):  # the constructor of a base class
            init(*args, **kwargs)
            return
        made, scope, construct_id = _place(args, kwargs)
        check_place(scope, construct_id, needs_stack=not isinstance(made, cdk.Stack))
        path = path_of(scope, construct_id)
        with located(path):
            given = admitted(init, args, kwargs, what=_owner(init))
            if given is None:
                init(*args, **kwargs)  # raises Python's own error about the call
                return
            if not is_under_way(scope):  # otherwise the outer construct has checked them
                check_neighbours(scope, kwargs, owner=_owner(init))
            with _whole(made):
                claim(scope, construct_id)
                posture_word(scope, path=path)
                init(*given.args, **given.kwargs)

    return guarded


def whole_call(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method of a construct refuse arguments of wrong types and neighbours, and undo everything if it fails.

    A ``construct_id`` among the arguments is the id of the child that the method makes.
    """
    name = method.__name__

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        itself: Any = args[0]
        with located(path_of_construct(itself)):
            given = admitted(method, args, kwargs, what=name, owner=f"{name}: ")
            if given is None:
                return method(*args, **kwargs)  # raises Python's own error about the call
            options = {option: value for option, value in given.arguments.items() if option != "self"}
            check_neighbours(itself, options, owner=_owner(method))
            with _whole(None):
                if "construct_id" not in options:
                    return method(*given.args, **given.kwargs)
                check_place(itself, options["construct_id"])
                claim(itself, options["construct_id"])
                with located(path_of(itself, options["construct_id"])):
                    return method(*given.args, **given.kwargs)

    return guarded


@contextmanager
def _whole(made: object) -> Iterator[None]:
    """Run an attempt, and turn CDK's errors into those of this library."""
    try:
        with attempt(made):
            yield
    except Exception as error:
        if (refused := refused_by_cdk(error)) is not None:
            raise refused from error
        raise


def _owner(function: Callable[..., object]) -> str:
    """Return the name of the class that defines a method."""
    return function.__qualname__.partition(".")[0]


def check_place(scope: Construct, construct_id: str, *, needs_stack: bool = True) -> None:
    """Refuse an id that is invalid or taken, and a scope outside of any stack."""
    refuse_wrong_type("scope", "Construct", scope)
    refuse_wrong_type("construct_id", "str", construct_id)
    parent = path_of_construct(scope) or "the app"
    if is_token(construct_id):
        raise ConfigurationError(
            f"construct_id is a CDK token, but ids must be known before the deployment; use a plain string in {parent}",
            path=scope.node.path or None,
        )
    if not construct_id:
        raise ConfigurationError(
            f"construct_id='' is empty; use an id that is unique in {parent}, for example 'Web'",
            path=scope.node.path or None,
        )
    path = path_of(scope, construct_id)
    if not is_under_way(scope) and node_of(scope).try_find_child(construct_id) is not None:
        raise ConfigurationError(
            f"construct_id={construct_id!r} is already the id of a construct in {parent}; use another one", path=path
        )
    if needs_stack and not in_stack(scope):
        raise ConfigurationError(
            f"scope is {parent}, which is not in a stack; create a stack and pass it as scope: cdk.Stack(app, …)",
            path=path,
        )


def _place(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[object, Construct, str]:
    names = ("scope", "construct_id")
    given = {**dict(zip(names, args[1:], strict=False)), **{name: kwargs[name] for name in names if name in kwargs}}
    for name in names:
        if name not in given:
            raise TypeError(f"{type(args[0]).__name__} takes {name}")
    return args[0], given["scope"], given["construct_id"]

"""The base class of this library's constructs: each is created completely or not at all, alike in every app.

A constructor checks its options, calls ``super().__init__(scope, construct_id)``, and builds. The steps that all
constructors share happen around it and in that call.
"""

from __future__ import annotations

from inspect import isfunction
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from ecr_fargate_constructs._cdk.context import POSTURE, REGULATED, pin_feature_flags, posture_word
from ecr_fargate_constructs._cdk.scopes import all_or_nothing, whole_call
from ecr_fargate_constructs._cdk.site import adopt, path_of
from ecr_fargate_constructs._rules.typed import typed_call

_LIBRARY = __name__.partition(".")[0]


class Whole:
    """A mixin for ``Construct`` and for ``cdk.Stack``, whose ``__init__`` it calls.

    It checks place, argument types, neighbours and posture, in this order, before a constructor runs, and undoes what
    the constructor made if it fails. Public methods are guarded in the same way, without place and posture. Of class
    and static methods, only the argument types are checked. Classes that users derive are not changed.
    """

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - passed on
        """Guard the constructor and the public methods of a class of this library."""
        super().__init_subclass__(**options)
        if cls.__module__.partition(".")[0] != _LIBRARY:
            return
        for name, member in list(vars(cls).items()):
            if name == "__init__":
                setattr(cls, name, all_or_nothing(member))
            elif name.startswith("_"):
                continue
            elif isfunction(member):
                setattr(cls, name, whole_call(member))
            elif isinstance(member, (classmethod, staticmethod)):
                setattr(cls, name, type(member)(typed_call(member.__func__)))

    def __init__(self, scope: Construct, construct_id: str, **options: Any) -> None:  # noqa: ANN401 - of a stack
        """Put the construct into the tree, pin the feature flags, and add the posture's tag."""
        super().__init__(scope, construct_id, **options)  # type: ignore[call-arg]  # that of Construct or Stack
        construct: Any = self
        adopt(construct, scope, path_of(scope, construct_id))
        if isinstance(scope, Whole):
            return  # the flags and tags of the outer construct apply to this one
        pin_feature_flags(construct, scope)
        if posture_word(construct) == REGULATED:
            cdk.Tags.of(construct).add(POSTURE, REGULATED)


class LibraryConstruct(Whole, Construct):
    """A construct of this library."""

"""What every construct of this library is: made whole or not at all, and the same in every app.

A constructor checks its options, calls ``super().__init__(scope, construct_id)``, and builds. Everything that is the
same for all of them happens around it and in that call.
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
    """What is added to ``Construct``, or to ``cdk.Stack``, whose ``__init__`` it calls.

    Around the constructor: place, types of the arguments, neighbours and posture are checked, in this order, and
    whatever was made is undone when it fails. Around each public method: types and neighbours are checked, and what it
    made is undone; around class and static methods: types are checked. Classes that users derive are left as they are.
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
        """Put the construct into the tree, and everything below it under the same flags, and the tag of its posture."""
        super().__init__(scope, construct_id, **options)  # type: ignore[call-arg]  # that of Construct or Stack
        made: Any = self
        adopt(made, scope, path_of(scope, construct_id))
        if isinstance(scope, Whole):
            return  # whose flags and tags go on to what is in it
        pin_feature_flags(made, scope)
        if posture_word(made) == REGULATED:
            cdk.Tags.of(made).add(POSTURE, REGULATED)


class LibraryConstruct(Whole, Construct):
    """A construct of this library."""

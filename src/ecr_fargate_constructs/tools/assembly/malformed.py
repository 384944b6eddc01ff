"""Report malformed templates as one error, whatever exception they cause."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")
MALFORMED = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""Exceptions that a malformed template causes, for example a list where CloudFormation has a string."""


def refuses_malformed(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function that reads templates raise a ``ToolError`` when they are malformed."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except MALFORMED as error:
            raise ToolError(
                f"CloudFormation would refuse a template of this app ({type(error).__name__}: {str(error)[:200]})",
                fix="validate the templates, for example with cfn-lint, and run 'cdk synth' again",
            ) from error

    return checked

"""The error that a command on a cloud assembly ends with."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")
MALFORMED = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)
"""What comes of a template that has a list where CloudFormation has a text, or the like."""


class AssemblyError(Exception):
    """There is no cloud assembly that can be read: what is wrong, and what to do."""

    def __init__(self, cause: str, *, fix: str) -> None:
        """Create the error."""
        super().__init__(cause)
        self.cause = cause
        self.fix = fix


def refuses_malformed(function: Callable[P, T]) -> Callable[P, T]:
    """Have a function that reads somebody's templates say that they are malformed, instead of stumbling over it."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except MALFORMED as error:
            what = str(error)[:200]
            raise AssemblyError(
                f"the app has something that CloudFormation would refuse ({type(error).__name__}: {what})",
                fix="validate its templates, for example with cfn-lint, and run 'cdk synth' again",
            ) from error

    return checked

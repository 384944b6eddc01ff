"""Turn CDK's errors into errors of this library."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING

from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_JSII = {"jsii", "typeguard"}


@contextmanager
def located(path: str | None) -> Iterator[None]:
    """Add the path of a construct to every ``ConfigurationError`` raised inside, unless it has one."""
    try:
        yield
    except ConfigurationError as error:
        if path and error.path is None:
            error.path, error.args = path, (f"[{path}] {error}",)
        raise


def refused_by_cdk(error: BaseException, *, what: str | None = None) -> ConfigurationError | None:
    """Return an error that CDK raised as a ``ConfigurationError``; None for an error from elsewhere.

    CDK's own errors are a ``RuntimeError``. For values that jsii cannot pass on, it raises a TypeError or an
    AttributeError of its own.
    """
    if isinstance(error, ConfigurationError):
        return None
    if not isinstance(error, RuntimeError) and not _comes_from_jsii(error):
        return None
    owner = "" if what is None else f"{what}: "
    lines = str(error).splitlines() or [type(error).__name__]
    return ConfigurationError(f"{owner}CDK refuses it: {lines[0]}")


def _comes_from_jsii(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and not _OF_JSII.isdisjoint(PurePath(frames[-1].filename).parts)

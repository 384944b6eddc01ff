"""Turn CDK's errors into errors of this library."""

from __future__ import annotations

import traceback
from pathlib import PurePath

from ecr_fargate_constructs.errors import ConfigurationError

_OF_JSII = {"jsii", "typeguard"}


def refused_by_cdk(
    error: BaseException, *, path: str | None = None, what: str | None = None
) -> ConfigurationError | None:
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
    return ConfigurationError(f"{owner}CDK refuses it: {lines[0]}", path=path)


def _comes_from_jsii(error: BaseException) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and not _OF_JSII.isdisjoint(PurePath(frames[-1].filename).parts)

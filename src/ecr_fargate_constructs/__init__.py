"""A private ECR repository, an image that lives in it, and a load-balanced Fargate service that runs it."""

from __future__ import annotations

from ecr_fargate_constructs._lazy import attach

_public_name, __dir__, __all__ = attach(__name__, __file__)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - it reads mail headers, and few ask

        return version("ecr-fargate-constructs")
    return _public_name(name)

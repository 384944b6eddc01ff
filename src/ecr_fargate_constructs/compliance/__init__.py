"""cdk-nag's rule packs on any CDK app, and an inventory of acknowledged findings for a reviewer.

``enable(app)`` makes ``app.synth()`` fail on every finding that is not acknowledged; ``inventory(app)`` lists the
acknowledgements. Neither depends on this package's constructs. Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecr_fargate_constructs.compliance.checks import ALL_PACKS, DEFAULT_PACKS, Pack, enable, inventory
    from ecr_fargate_constructs.compliance.report import Acknowledgement, Inventory

__all__ = ["ALL_PACKS", "DEFAULT_PACKS", "Acknowledgement", "Inventory", "Pack", "enable", "inventory"]

_MODULES = {
    "ALL_PACKS": "checks",
    "Acknowledgement": "report",
    "DEFAULT_PACKS": "checks",
    "Inventory": "report",
    "Pack": "checks",
    "enable": "checks",
    "inventory": "checks",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]

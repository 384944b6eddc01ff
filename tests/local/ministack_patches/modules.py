"""MiniStack's modules, given back to other tests as they were."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def restored(monkeypatch: pytest.MonkeyPatch, name: str) -> Any:  # noqa: ANN401 - an untyped module
    """Return a module of MiniStack's services, without records; what a test patches in it is undone."""
    module = import_module(f"ministack.services.{name}")
    for attribute, value in list(vars(module).items()):
        if callable(value) or attribute in {"_RESOURCE_HANDLERS", "_ACTION_MAP"}:
            monkeypatch.setattr(module, attribute, dict(value) if isinstance(value, dict) else value)
    if hasattr(module, "_get_docker"):
        monkeypatch.setattr(module, "_get_docker", lambda: None)  # no test of these needs an engine
    if hasattr(module, "reset"):
        module.reset()
    return module

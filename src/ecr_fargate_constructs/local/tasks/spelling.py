"""Spell the properties of a template's task definition as the API of ECS does, and read its words and numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

_Properties: TypeAlias = dict[str, Any]

_FREE = frozenset({"dockerLabels", "options", "labels", "driverOpts", "tags"})
"""Fields whose keys are the user's own."""

_DIFFERENT = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FSxWindowsFileServerVolumeConfiguration": "fsxWindowsFileServerVolumeConfiguration",
    "FilesystemId": "fileSystemId",
    "IAM": "iam",
}
"""Names that CloudFormation and the API spell differently, beyond the first letter."""


def api_spelling(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return properties of a template with the names of the API; keys that are the user's own stay as they are."""
    if isinstance(value, dict):
        spelled = {}
        for key, each in value.items():
            name = _DIFFERENT.get(key) or key[:1].lower() + key[1:]
            spelled[name] = each if name in _FREE else api_spelling(each)
        return spelled
    return [api_spelling(each) for each in value] if isinstance(value, list) else value


def is_true(value: object, *, default: bool = False) -> bool:
    """Return whether a value is true; templates have strings, too."""
    return default if value is None else str(value).lower() == "true"


def number(value: object, default: int) -> int:
    """Return a whole number; templates have strings, too."""
    return default if value in (None, "") else int(float(str(value)))


def task_size(value: object) -> int | None:
    """Return a task's CPU units or MiB, which may be written as ``1 vCPU`` and ``2 GB``; None without a size."""
    text = str(value or "").lower().replace(" ", "")
    for unit in ("vcpu", "gb"):
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * 1024)
    return number(text, 0) or None


def named(container: _Properties, field: str) -> dict[str, str]:
    """Return a list of names and values, such as ``environment``, as a dictionary."""
    return {str(each["name"]): str(each.get("value", "")) for each in container.get(field) or ()}

"""ECR's account setting that lets repositories of one registry share layers; CloudFormation has no type for it."""

from __future__ import annotations

from .login import client

_SETTING = "BLOB_MOUNTING"


def set_mounting(request: str, physical_id: str | None) -> str:
    """Switch mounting on; on deletion restore the earlier value.

    Args:
        request: ``Create``, ``Update`` or ``Delete``.
        physical_id: Physical id that ``Create`` returned.

    Returns:
        The physical id, which stores the earlier value.
    """
    ecr = client("ecr")
    if request == "Delete":
        if physical_id == f"{_SETTING}:was:DISABLED":
            ecr.put_account_setting(name=_SETTING, value="DISABLED")
        return physical_id or _SETTING
    before = ecr.get_account_setting(name=_SETTING).get("value") or "DISABLED"
    ecr.put_account_setting(name=_SETTING, value="ENABLED")
    return physical_id if request == "Update" and physical_id else f"{_SETTING}:was:{before}"

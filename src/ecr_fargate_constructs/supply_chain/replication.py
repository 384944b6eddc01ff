"""Registries to which ECR replicates images."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.partitions import partition_of
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}")
_MOST = 25
"""Source: "ReplicationRule" in the Amazon ECR API reference."""


@typed
@dataclass(frozen=True, kw_only=True)
class ReplicationDestination:
    """The registry of another account, to which ECR replicates images.

    Its owner has to allow that: ``RegistrySettings(replicate_from=["your account"])`` in that account and region.
    Otherwise ECR replicates nothing, and no deployment fails. A region of this account is just its name.

    Attributes:
        account: Account id, 12 digits.
        region: Region of the registry; it may be that of this registry.

    Raises:
        ConfigurationError: The account is no account id, or the region no region.
    """

    account: str
    region: str

    def __post_init__(self) -> None:
        if not is_token(self.account) and not _ACCOUNT.fullmatch(self.account):
            raise ConfigurationError(
                f"ReplicationDestination.account={self.account!r} is not an account id; use a string of 12 digits"
            )
        _check_region("ReplicationDestination.region", self.region)


def check_destinations(destinations: Sequence[str | ReplicationDestination], *, region: str, account: str) -> None:
    """Refuse registries to which ECR cannot replicate: its own, another partition's, unknown names, and too many."""
    if len(destinations) > _MOST:
        raise ConfigurationError(f"replicate_to has {len(destinations)} registries; ECR accepts at most {_MOST}")
    registries = [(account, each) if isinstance(each, str) else (each.account, each.region) for each in destinations]
    for each, registry in zip(destinations, registries, strict=True):
        owner, there = registry
        if isinstance(each, str):
            _check_region("replicate_to", there, inside=True)
        written = repr(each) if isinstance(each, str) else f"{there!r} of the account {owner}"
        if not is_token(there) and not is_token(each) and registries.count(registry) > 1:
            raise ConfigurationError(f"replicate_to has {written} twice; name each registry once")
        if is_token(there) or is_token(region):
            continue
        if there == region and (owner == account or isinstance(each, str)):
            raise ConfigurationError(f"replicate_to has {written}, the region of this registry; name other regions")
        other, own = partition_of(there), partition_of(region)
        if other != own:
            raise ConfigurationError(
                f"replicate_to has {written}, which is in the partition {other}, but this registry, in {region}, is in "
                f"{own}; ECR replicates within a partition only"
            )


def _check_region(option: str, region: str, *, inside: bool = False) -> None:
    if is_token(region) or _REGION.fullmatch(region):
        return
    verb = f"{option} has {region!r}, which" if inside else f"{option}={region!r}"
    raise ConfigurationError(f"{verb} is not a region; use for example 'eu-central-1'")

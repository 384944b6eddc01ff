"""Make stubs for what an app looks up during synthesis (``from_lookup``, ``value_from_lookup``)."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.seeds.model import Seeds, Zone
from ecr_fargate_constructs.tools.assembly import stacks as assembly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_YET = "vpc-12345"  # the id that CDK uses for a VPC until it is looked up


def lookups(assembly_directory: Path, account: str, region: str) -> Seeds:
    """Return stubs for the missing lookups of a cloud assembly: zones and VPCs by name, and parameters.

    Lookups in another account or region get none.
    """
    zones, parameters, vpcs = [], {}, []
    with contextlib.suppress(FileNotFoundError):  # an app that failed leaves no manifest
        for provider, query in _missing(assembly_directory):
            if (query.get("account"), query.get("region")) != (account, region):
                continue
            match provider, query:
                case "hosted-zone", {"domainName": str(name)} if query.get("vpcId") != _NOT_YET:
                    zones.append(Zone(name.rstrip("."), vpc=query.get("vpcId")))
                case "ssm", {"parameterName": str(name)}:
                    parameters[name] = secrets.token_urlsafe(24)
                case "vpc-provider", {"filter": {"tag:Name": str(name)}}:
                    vpcs.append(name)
    return Seeds(zones=tuple(zones), parameters=parameters, vpcs=tuple(vpcs), stubs=True)


def asks_elsewhere(assembly_directory: Path, account: str, region: str) -> bool:
    """Return whether a cloud assembly has missing lookups in another account or region."""
    with contextlib.suppress(FileNotFoundError):
        return any(
            (query.get("account"), query.get("region")) != (account, region)
            for _, query in _missing(assembly_directory)
        )
    return False


def _missing(assembly_directory: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in assembly.read(assembly_directory / "manifest.json").get("missing", []):
        yield each["provider"], each["props"]


@contextlib.contextmanager
def context_kept(app_directory: Path) -> Iterator[None]:
    """Restore ``cdk.context.json`` afterwards: results from the embedded AWS must not reach deployments to AWS."""
    file = app_directory / "cdk.context.json"
    before = file.read_bytes() if file.is_file() else None
    try:
        yield
    finally:
        if before is None:
            file.unlink(missing_ok=True)
        elif file.read_bytes() != before:
            file.write_bytes(before)

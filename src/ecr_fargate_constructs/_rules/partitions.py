"""The partitions of AWS, by the regions that are in them. Pure: no CDK objects."""

from __future__ import annotations

from ecr_fargate_constructs._rules.data import table
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError


def partition_of(region: str) -> str:
    """Return the partition that a region is in."""
    partitions = table("partitions").items()
    return next((name for name, of in partitions if of["regions"] and region.startswith(of["regions"])), "aws")


def check_partition(option: str, arn: str, region: str, *, path: str | None = None) -> None:
    """Refuse an ARN of another partition than that of a stack, whatever region it names."""
    if is_token(arn) or is_token(region) or not arn.startswith("arn:"):
        return
    found, own = arn.split(":")[1], partition_of(region)
    if found != own and not is_token(found):
        raise ConfigurationError(
            f"{option} {arn} is in the partition {found}, and the stack in {own}, of {region}; use one that begins "
            f"with 'arn:{own}:'",
            path=path,
        )

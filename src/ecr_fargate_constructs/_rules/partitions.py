"""The partitions of AWS, by their regions. Pure: no CDK objects."""

from __future__ import annotations

from ecr_fargate_constructs._rules.data import table
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.errors import ConfigurationError


def partition_of(region: str) -> str:
    """Return the partition of a region."""
    partitions = table("partitions").items()
    return next((name for name, of in partitions if of["regions"] and region.startswith(of["regions"])), "aws")


def check_partition(option: str, arn: str, region: str) -> None:
    """Refuse an ARN of another partition than the stack's, whatever region it names."""
    if is_token(arn) or is_token(region) or not arn.startswith("arn:"):
        return
    partition, own = arn.split(":")[1], partition_of(region)
    if partition != own and not is_token(partition):
        raise ConfigurationError(
            f"{option} {arn} is in the partition {partition}, but the stack, in {region}, is in {own}; use one that "
            f"begins with 'arn:{own}:'"
        )

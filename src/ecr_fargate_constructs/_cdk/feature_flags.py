"""The old place of ``pin_feature_flags``."""

from ecr_fargate_constructs._cdk.context import pin_feature_flags

__all__ = ["pin_feature_flags"]

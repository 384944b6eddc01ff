"""The old place of ``adopt`` and ``path_of``."""

from ecr_fargate_constructs._cdk.site import adopt, path_of

__all__ = ["adopt", "path_of"]

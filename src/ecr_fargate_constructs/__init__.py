"""A private ECR repository, an image that lives in it, and a load-balanced Fargate service that runs it."""

from ecr_fargate_constructs.errors import ConfigurationError

__all__ = ["ConfigurationError"]

"""The command ``ecr-fargate``."""

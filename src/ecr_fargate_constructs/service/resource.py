"""The CloudFormation resource behind a service, for what only it has."""

from __future__ import annotations

from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs.errors import ConfigurationError


def cfn_service(service: ecs.BaseService) -> ecs.CfnService:
    """The ``AWS::ECS::Service``."""
    resource = resource_of(service)
    if not isinstance(resource, ecs.CfnService):  # the service of a later CDK would have to change for this
        raise ConfigurationError("the service has no AWS::ECS::Service; this version of aws-cdk-lib is not supported")
    return resource

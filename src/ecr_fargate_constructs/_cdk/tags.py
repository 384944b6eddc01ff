"""Tags that say what belongs together: on clusters, services and task definitions, and nowhere else.

Security Hub's ECS.13, ECS.14 and ECS.15 ask for a tag on each. Listener rules and target groups get none of it: a
change of a rule's tags writes its weights anew (aws-cdk#36649).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

SERVICE = "ecr-fargate-constructs:service"
"""The key of the tag on services and task definitions: the path of the service in the app. Its tasks get it too."""

CLUSTER = "ecr-fargate-constructs:cluster"
"""The key of the tag on clusters: the path of the cluster in the app."""

_TYPES = ["AWS::ECS::Service", "AWS::ECS::TaskDefinition"]
_NOT_IN_A_TAG = re.compile(r"[^\w\s+\-=.:/@]", re.ASCII)
_LONGEST = 256


def tag_service(construct: Construct, path: str) -> None:
    """Tag the service and the task definition in ``construct``, which stands at ``path``."""
    cdk.Tags.of(construct).add(SERVICE, _value(path), include_resource_types=_TYPES)


def tag_cluster(cluster: ecs.Cluster, path: str) -> None:
    """Tag a cluster."""
    cdk.Tags.of(cluster).add(CLUSTER, _value(path), include_resource_types=["AWS::ECS::Cluster"])


def _value(path: str) -> str:
    return _NOT_IN_A_TAG.sub("-", path.removesuffix("/Default"))[-_LONGEST:]

"""The two roles of Amazon ECS Managed Instances: by which ECS manages instances, and by which those report to ECS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import IAM4, IAM5_EVERY_RESOURCE, acknowledge, iam5_resource
from ecr_fargate_constructs._regulated.findings import expect_grants

if TYPE_CHECKING:
    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

_POLICY = "AmazonECSInfrastructureRolePolicyForManagedInstances"


def passing_role(scope: Construct, profile: iam.IInstanceProfile) -> iam.Role:
    """Create the role by which ECS manages the instances.

    AWS's policy lets ECS pass roles whose names begin with ``ecsInstanceRole``. A name that is set is taken in every
    region of the account, so the instances' role has none, and this role may pass exactly that one.

    Source: "Amazon ECS Managed Instances instance profile" in the Amazon ECS developer guide.
    """
    passed = [] if profile.role is None else [profile.role.role_arn]
    role = iam.Role(
        scope,
        "InfrastructureRole",
        description="Amazon ECS starts, stops and replaces Managed Instances",
        assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"),
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_POLICY)],
        inline_policies=_inline(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=passed,
                conditions={"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}},  # .cn in China
            )
        ),
    )
    acknowledge(
        role,
        {
            IAM4.format(_POLICY): "AWS keeps the permissions up to date that its own service needs; they hold for "
            "instances that ECS manages, and for no others."
        },
    )
    expect_grants(role)
    return role


def instance_profile(scope: Construct, cluster: ecs.ICluster) -> iam.InstanceProfile:
    """Create the instance profile: its role may register with one cluster and report to it, and nothing else.

    Images are pulled and logs are written with the execution role of each task. Source:
    "AmazonECSInstanceRolePolicyForManagedInstances" in the AWS managed policy reference, narrowed to the cluster.
    """
    instances = cdk.Stack.of(scope).format_arn(
        service="ecs", resource="container-instance", resource_name=f"{cluster.cluster_name}/*"
    )
    of_cluster = ["ecs:RegisterContainerInstance", "ecs:SubmitAttachmentStateChanges", "ecs:SubmitTaskStateChange"]
    of_instance = ["ecs:Poll", "ecs:PutSystemLogEvents", "ecs:StartTelemetrySession"]
    role = iam.Role(
        scope,
        "InstanceRole",
        description="Managed Instances report to Amazon ECS",
        assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
        inline_policies=_inline(
            iam.PolicyStatement(actions=["ecs:DiscoverPollEndpoint"], resources=["*"]),
            iam.PolicyStatement(actions=of_cluster, resources=[cluster.cluster_arn]),
            iam.PolicyStatement(actions=of_instance, resources=[instances]),
        ),
    )
    acknowledge(
        role,
        {
            IAM5_EVERY_RESOURCE: "ecs:DiscoverPollEndpoint takes no resource.",
            iam5_resource(scope, instances): "The instances of this one cluster, whose ids only ECS knows.",
        },
    )
    expect_grants(role)
    return iam.InstanceProfile(scope, "InstanceProfile", role=role)


def _inline(*statements: iam.PolicyStatement) -> dict[str, iam.PolicyDocument]:
    """Return a policy that is part of its role: instances start as soon as the role exists, and stop before it goes."""
    return {"ManagedInstances": iam.PolicyDocument(statements=list(statements))}

"""A bucket for the logs of load balancers and networks only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs._cdk.balancer_logs import write_logs
from ecr_fargate_constructs._regulated.findings import acknowledge_log_bucket
from ecr_fargate_constructs._rules import previews

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from constructs import IConstruct

ACCESS_LOGS = "load-balancers"
FLOW_LOGS = "networks"
_TLS = 1.2
_YEAR = 365


def make_log_bucket(stack: cdk.Stack, construct_id: str) -> s3.Bucket:
    """Make the bucket: with SSE-S3, TLS only, versioned, not public; it is retained, its logs for a year.

    In the stack of a preview, of which nothing is left, it is deleted with its logs: CloudFormation cannot delete a
    bucket that has any.
    """
    temporary = previews.TAG in stack.tags.tag_values()
    bucket = s3.Bucket(
        stack,
        construct_id,
        encryption=s3.BucketEncryption.S3_MANAGED,  # the only one that load balancers write with
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=_TLS,
        versioned=True,
        removal_policy=cdk.RemovalPolicy.DESTROY if temporary else cdk.RemovalPolicy.RETAIN,
        auto_delete_objects=temporary,
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=cdk.Duration.days(_YEAR),
                noncurrent_version_expiration=cdk.Duration.days(30),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
            )
        ],
    )
    acknowledge_log_bucket(bucket)
    return bucket


def write_access_logs(balancer: elbv2.ApplicationLoadBalancer, bucket: s3.IBucket) -> None:
    """Make a load balancer log its requests to the bucket."""
    write_logs(balancer, "access_logs", bucket, prefix=ACCESS_LOGS)


def write_flow_logs(vpc: ec2.Vpc, bucket: s3.IBucket) -> None:
    """Make a VPC log all its traffic to the bucket.

    With an L1: a feature flag of the app decides whether the L2 writes the bucket's policy, and if CloudFormation does
    not, AWS does.
    """
    stack = cdk.Stack.of(vpc)
    conditions = {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "ArnLike": {"aws:SourceArn": stack.format_arn(service="logs", resource="*")},
    }
    for action, resource in (
        ("s3:PutObject", bucket.arn_for_objects(f"{FLOW_LOGS}/AWSLogs/{stack.account}/*")),
        ("s3:GetBucketAcl", bucket.bucket_arn),
    ):
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=[action],
                resources=[resource],
                conditions=conditions,
            )
        )
    flow_log = ec2.CfnFlowLog(
        vpc,
        "RegulatedFlowLog",
        resource_id=vpc.vpc_id,
        resource_type="VPC",
        traffic_type="ALL",
        log_destination_type="s3",
        log_destination=bucket.arn_for_objects(FLOW_LOGS),
    )
    _wait_for_policy(flow_log, bucket)


def _wait_for_policy(construct: IConstruct, bucket: s3.IBucket) -> None:
    """Wait for the bucket's policy: AWS checks the permission when a log is enabled."""
    if bucket.policy is not None:
        construct.node.add_dependency(bucket.policy)

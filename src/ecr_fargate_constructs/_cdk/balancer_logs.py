"""The logs of load balancers in buckets, in a stack of any region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_s3 as s3


def write_logs(
    balancer: elbv2.ApplicationLoadBalancer,
    kind: Literal["access_logs", "connection_logs", "health_check_logs"],
    bucket: s3.IBucket,
    *,
    prefix: str = "",
) -> None:
    """Make a load balancer log to a bucket, and allow it in the bucket's policy.

    CDK's ``log_access_logs`` and ``log_connection_logs`` require the region, because they allow the region's own AWS
    account, and CDK has none for health checks. The service principal serves all regions, and AWS recommends it:
    "Enable access logs", "Enable connection logs" and "Enable health check logs for your Application Load Balancer".
    """
    folder = f"{prefix}/" if prefix else ""
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"{folder}AWSLogs/{cdk.Stack.of(balancer).account}/*")],
        )
    )
    balancer.set_attribute(f"{kind}.s3.enabled", "true")
    balancer.set_attribute(f"{kind}.s3.bucket", bucket.bucket_name)
    if prefix:
        balancer.set_attribute(f"{kind}.s3.prefix", prefix)
    if bucket.policy is not None:  # AWS checks the permission when a log is enabled
        balancer.node.add_dependency(bucket.policy)

"""The AWS Distro for OpenTelemetry as a sidecar: image, configuration and permissions."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs._cdk.acknowledge import IAM5_EVERY_RESOURCE, acknowledge_policy, iam5_resource

ADOT_IMAGE = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0"
"""A fixed version, because ``latest`` changes under running services."""

CONFIG_VARIABLE = "AOT_CONFIG_CONTENT"
"""Environment variable that the image reads its configuration from."""

PORTS = (4317, 4318, 13133)
"""OTLP by gRPC and HTTP, which OpenTelemetry's libraries use on ``localhost`` by default, and the health check."""

_LOG_GROUP = "/aws/ecs/otel"

CONFIG = f"""\
extensions:
  health_check:
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:4317
      http:
        endpoint: 127.0.0.1:4318
processors:
  resourcedetection:
    detectors: [env, ecs]
  batch/traces:
    timeout: 1s
    send_batch_size: 50
  batch/metrics:
    timeout: 60s
exporters:
  awsxray:
  awsemf:
    namespace: ECS/OpenTelemetry
    log_group_name: {_LOG_GROUP}
    log_stream_name: "{{TaskId}}"
    log_retention: 30
service:
  extensions: [health_check]
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      processors: [resourcedetection, batch/traces]
      exporters: [awsxray]
    metrics:
      receivers: [otlp]
      processors: [resourcedetection, batch/metrics]
      exporters: [awsemf]
"""
"""OTLP in, on ``localhost`` only; traces to X-Ray, metrics to CloudWatch through a log group that is kept 30 days.

Its metrics about itself are off: they would use port 8888, which the application may well use.
"""


class CollectorPermissions(tuple[iam.PolicyStatement, ...]):
    """The permissions that ``CONFIG`` needs, as opposed to those that a user gives for another configuration."""

    __slots__ = ()


def permissions() -> CollectorPermissions:
    """Return the permissions that ``CONFIG`` needs. X-Ray supports no resources for these actions."""
    return CollectorPermissions(
        (
            iam.PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"]),
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                    "logs:PutRetentionPolicy",
                ],
                resources=[_log_group_arn(), f"{_log_group_arn()}:*"],
            ),
        )
    )


def acknowledge_permissions(task_role: iam.IRole) -> None:
    """Acknowledge the wildcards in these permissions."""
    acknowledge_policy(
        task_role,
        {
            IAM5_EVERY_RESOURCE: "X-Ray takes no resource for writing traces; nothing can be read with it.",
            iam5_resource(task_role, f"{_log_group_arn()}:*"): "The collector makes a log stream for each task, in "
            "the one log group that it writes to.",
        },
    )


def _log_group_arn() -> str:
    """Return the ARN; not a constant, because at import it would make the Node process load all of CDK."""
    return f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:log-group:{_LOG_GROUP}"

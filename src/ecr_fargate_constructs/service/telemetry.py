"""The AWS Distro for OpenTelemetry as a sidecar: image, configuration and the permissions that it needs."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

ADOT_IMAGE = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0"
"""A version by number: ``latest`` changes under running services."""

CONFIG_VARIABLE = "AOT_CONFIG_CONTENT"
"""Environment variable that the image reads its configuration from."""

PORTS = (4317, 4318, 13133)
"""OTLP by gRPC and HTTP, which OpenTelemetry's libraries ask on ``localhost`` by themselves, and the health check."""

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

Its metrics of itself are off: they would take port 8888, which is an application's as likely as not.
"""


def permissions() -> list[iam.PolicyStatement]:
    """What ``CONFIG`` needs. X-Ray has no resources to name for these actions."""
    here = f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:log-group:{_LOG_GROUP}"
    return [
        iam.PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"]),
        iam.PolicyStatement(
            actions=[
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
                "logs:PutRetentionPolicy",
            ],
            resources=[here, f"{here}:*"],
        ),
    ]

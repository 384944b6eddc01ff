"""The tasks cannot reach S3, which holds the layers of images in ECR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.doctor.readers.pulling import gaps
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.doctor.rule import Finding


class S3GatewayMissing(Rule):
    """The tasks cannot reach S3, which holds the layers of images in ECR."""

    id = "s3-gateway-missing"
    severity = Severity.ERROR
    title = "The tasks cannot reach S3, which holds the layers of images in ECR"
    why = (
        "Their subnets have neither a route to the internet nor the gateway endpoint for S3, so no image can be pulled."
    )
    fix = "Add vpc.add_gateway_endpoint('S3', service=ec2.GatewayVpcEndpointAwsService.S3), which is free of charge."
    source = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
    tags = ("network", "endpoints")

    def _check(self, app: App) -> Iterator[Finding]:
        for gap in gaps(app):
            if gap.layers:
                yield self.found(gap.service.resource, f"{gap.subnet.path} has no route to S3")

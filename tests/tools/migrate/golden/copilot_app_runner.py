"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_route53 as route53

from ecr_fargate_constructs import (
    AppContainer,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttps,
    TargetHealthCheck,
    TaskSize,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Frontend")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image("./frontend")
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0000000000EXAMPLE", zone_name="example.com"
    )
    frontend = LoadBalancedFargateService(
        stack,
        "Frontend",
        container=AppContainer(
            image,
            80,
            environment={"COPILOT_SERVICE_NAME": "frontend", "LOG_LEVEL": "info"},
            readonly_root_filesystem=False,
        ),
        size=TaskSize(cpu=1024, memory_mib=2048),
        ingress=PublicHttps(
            domain_name="web.example.com",
            hosted_zone=zone,
            health_check=TargetHealthCheck(
                path="/_healthcheck",
                interval=cdk.Duration.seconds(5),
                timeout=cdk.Duration.seconds(2),
                healthy_threshold=3,
                unhealthy_threshold=10,
            ),
        ),
    )
    cdk.Tags.of(frontend).add("owner", "frontend-team")
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

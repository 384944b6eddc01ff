"""The parts, composed: HTTPS on a domain, a larger task, a table that the service may read."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_route53 as route53

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ImageBuild,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttps,
    Retention,
    Rolling,
    TargetHealthCheck,
    TaskSize,
)

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789EXAMPLE", zone_name="example.com"
    )
    table = dynamodb.TableV2(
        stack, "Table", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    )
    repository = PrivateRepository(stack, "Repo", retention=Retention.keep_last(50))
    image = repository.build_and_push_image(APP, build=ImageBuild(architecture=Architecture.ARM64))
    service = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 8080, environment={"TABLE": table.table_name}),
        size=TaskSize(cpu=512, memory_mib=1024),
        desired_count=3,
        ingress=PublicHttps(
            domain_name="shop.example.com", hosted_zone=zone, health_check=TargetHealthCheck(path="/healthz")
        ),
        deployment=Rolling(failure_threshold=2),
    )
    table.grant_read_data(service)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""What an App Runner service becomes: the same image, size, port, variables and limits, with a domain of your own."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import EcrFargateService, PublicHttps, Scaling, TargetHealthCheck, TaskSize

APP = Path(__file__).parent.parent / "app"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "FromAppRunner")
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789EXAMPLE", zone_name="example.com"
    )
    database = secretsmanager.Secret.from_secret_name_v2(stack, "Database", "shop/database")
    EcrFargateService(
        stack,
        "Web",
        directory=APP,  # the source directory, with a Dockerfile
        container_port=8080,  # Port
        environment={"LOG_LEVEL": "info"},  # RuntimeEnvironmentVariables
        secrets={"DATABASE": ecs.Secret.from_secrets_manager(database)},  # RuntimeEnvironmentSecrets
        size=TaskSize(cpu=1024, memory_mib=2048),  # Cpu and Memory: 1 vCPU and 2 GB were the default
        ingress=PublicHttps(  # a custom domain
            domain_name="shop.example.com", hosted_zone=zone, health_check=TargetHealthCheck(path="/healthz")
        ),
        scaling=Scaling(
            min_capacity=2, max_capacity=25, requests_per_target=3000
        ),  # MinSize, MaxSize, and for MaxConcurrency
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

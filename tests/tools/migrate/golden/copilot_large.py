"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    ImageBuild,
    LoadBalancedFargateService,
    Mixed,
    PrivateRepository,
    PublicHttps,
    Scaling,
    Sidecar,
    Stickiness,
    TargetGroupSettings,
    TargetHealthCheck,
    TaskSize,
)


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Checkout")

    repository = PrivateRepository(stack, "Repository")
    image = repository.build_and_push_image(
        "./checkout",
        build=ImageBuild(
            dockerfile="docker/Dockerfile.release",
            target="release",
            args={"GIT_COMMIT": "abc123"},
            architecture=Architecture.ARM64,
            cache_from=[ecr_assets.DockerCacheOption(type="registry", params={"ref": "checkout:cache"})],
        ),
    )
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0873220N255IR3MTNR4", zone_name="example.com"
    )
    checkout = LoadBalancedFargateService(
        stack,
        "Checkout",
        container=AppContainer(
            image,
            8080,
            environment={"COPILOT_SERVICE_NAME": "checkout"},
            health_check=ecs.HealthCheck(
                command=["CMD-SHELL", "curl -f http://localhost:8080/_deep || exit 1"],
                interval=cdk.Duration.seconds(10),
                timeout=cdk.Duration.seconds(5),
                retries=2,
                start_period=cdk.Duration.seconds(0),
            ),
        ),
        sidecars=[Sidecar.adot()],
        size=TaskSize(cpu=1024, memory_mib=3072, ephemeral_storage_gib=100),
        log_retention=logs.RetentionDays.TWO_WEEKS,
        scaling=Scaling(
            min_capacity=2,
            max_capacity=10,
            cpu_percent=70,
            memory_percent=80,
            requests_per_target=1000,
            scale_out_cooldown=cdk.Duration.seconds(30),
            scale_in_cooldown=cdk.Duration.minutes(1),
            capacity=Mixed(base=3, on_demand_weight=0),
        ),
        ingress=PublicHttps(
            domain_name="checkout.example.com",
            hosted_zone=zone,
            allow_from=[ec2.Peer.ipv4("192.0.2.0/24"), ec2.Peer.ipv4("198.51.100.10/32")],
            health_check=TargetHealthCheck(
                path="/_deep",
                port=8081,
                codes="200,301",
                interval=cdk.Duration.seconds(15),
                timeout=cdk.Duration.seconds(10),
                healthy_threshold=4,
                unhealthy_threshold=2,
            ),
            deregistration_delay=cdk.Duration.seconds(50),
            target_group=TargetGroupSettings(
                protocol_version=elbv2.ApplicationProtocolVersion.HTTP2,
                stickiness=Stickiness(duration=cdk.Duration.days(1)),
            ),
        ),
        health_check_grace_period=cdk.Duration.minutes(2),
    )
    checkout.container.add_environment("COPILOT_LB_DNS", checkout.load_balancer.load_balancer_dns_name)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

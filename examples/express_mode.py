"""A service of ECS Express Mode that runs an image of a private repository, and the same service with this library."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53

from ecr_fargate_constructs import (
    AppContainer,
    Canary,
    LoadBalancedFargateService,
    PrivateRepository,
    PublicHttps,
    Scaling,
    TargetHealthCheck,
    TaskSize,
)

APP = Path(__file__).parent.parent / "app"


def before(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    repo = PrivateRepository(stack, "Repository")
    image = repo.build_and_push_image(APP)
    log_group = logs.LogGroup(stack, "Logs", retention=logs.RetentionDays.ONE_MONTH)
    execution = iam.Role(stack, "Execution", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    repo.repository.grant_pull(execution)
    log_group.grant_write(execution)
    infrastructure = iam.Role(
        stack,
        "Infrastructure",
        assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"),
        managed_policies=[
            iam.ManagedPolicy.from_aws_managed_policy_name(
                "service-role/AmazonECSInfrastructureRoleforExpressGatewayServices"
            )
        ],
    )
    express = ecs.CfnExpressGatewayService
    container = express.ExpressGatewayContainerProperty(
        image=image.image_uri,
        container_port=8080,
        environment=[express.KeyValuePairProperty(name="LOG_LEVEL", value="info")],
        aws_logs_configuration=express.ExpressGatewayServiceAwsLogsConfigurationProperty(
            log_group=log_group.log_group_name,
            log_stream_prefix="web",
        ),
    )
    web = ecs.CfnExpressGatewayService(
        stack,
        "Express",
        execution_role_arn=execution.role_arn,
        infrastructure_role_arn=infrastructure.role_arn,
        cpu="1024",
        memory="2048",
        health_check_path="/healthz",
        primary_container=container,
        scaling_target=express.ExpressGatewayScalingTargetProperty(
            min_task_count=2, max_task_count=20, auto_scaling_metric="AVERAGE_CPU", auto_scaling_target_value=60
        ),
    )
    if image.delivery is not None:
        web.node.add_dependency(image.delivery)  # otherwise the first task would look for an image that is not there
    web.node.add_dependency(execution, infrastructure)  # their policies too
    return stack


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789EXAMPLE", zone_name="example.com"
    )
    repo = PrivateRepository(stack, "Repository")
    image = repo.build_and_push_image(APP)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 8080, environment={"LOG_LEVEL": "info"}),  # PrimaryContainer
        size=TaskSize(cpu=1024, memory_mib=2048),  # Cpu and Memory
        ingress=PublicHttps(
            domain_name="shop.example.com",
            hosted_zone=zone,
            health_check=TargetHealthCheck(path="/healthz"),  # HealthCheckPath
        ),
        scaling=Scaling(min_capacity=2, max_capacity=20, cpu_percent=60),  # ScalingTarget
        deployment=Canary(  # as Express deploys
            percent=5, canary_bake_time=cdk.Duration.minutes(3), bake_time=cdk.Duration.minutes(3)
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

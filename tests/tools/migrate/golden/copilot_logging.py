"""Made from a Copilot manifest by ecr-fargate migrate: read it before you deploy it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp, Sidecar, TargetHealthCheck


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Logs")

    logs_2 = LoadBalancedFargateService(
        stack,
        "Logs",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            80,
            environment={"COPILOT_SERVICE_NAME": "logs"},
            readonly_root_filesystem=False,
            logging=ecs.LogDrivers.firelens(options={"Name": "cloudwatch"}),
        ),
        sidecars=[
            Sidecar.log_router(
                image="public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.15",
                config=ecs.FirelensOptions(
                    enable_ecs_log_metadata=False,
                    config_file_type=ecs.FirelensConfigFileType.FILE,
                    config_file_value="/extra.conf",
                ),
            ),
        ],
        log_retention=logs.RetentionDays.TWO_WEEKS,
        ingress=PublicHttp(
            health_check=TargetHealthCheck(
                path="/health", interval=cdk.Duration.seconds(5), timeout=cdk.Duration.seconds(4)
            ),
        ),
    )
    logs_2.container.add_environment("COPILOT_LB_DNS", logs_2.load_balancer.load_balancer_dns_name)
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

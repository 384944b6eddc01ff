"""Canary: a tenth of the traffic for half an hour, with thresholds of your own and an alarm that you have."""

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    Canary,
    LoadBalancedFargateService,
    PublicHttp,
    RollbackAlarms,
    TestTrafficHeader,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Canary")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        deployment=Canary(
            percent=10,
            canary_bake_time=cdk.Duration.minutes(30),
            bake_time=cdk.Duration.minutes(15),
            test_traffic=TestTrafficHeader(name="X-Preview", values=["yes"]),
            alarms=RollbackAlarms(error_percent=1, latency=cdk.Duration.millis(800), existing=["checkout-failures"]),
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

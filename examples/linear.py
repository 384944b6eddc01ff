"""Linear: a fifth of the traffic every five minutes."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, Linear, LoadBalancedFargateService, PublicHttp

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Linear")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        deployment=Linear(step_percent=20, step_bake_time=cdk.Duration.minutes(5)),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""Two tasks that stay; of every four beyond them, three on Spot."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, Mixed, PublicHttp, Scaling

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Spot")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        scaling=Scaling(min_capacity=2, max_capacity=10, cpu_percent=60, capacity=Mixed(base=2, spot_weight=3)),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""Shells in running tasks (``aws ecs execute-command``), with an audit log."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Sessions")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        enable_execute_command=True,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

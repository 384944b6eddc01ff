"""Rolling, for a service with many tasks: done when nine of ten run, the rest follows."""

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    EarlySuccess,
    LoadBalancedFargateService,
    PublicHttp,
    Rolling,
    SourceRevisionCleanup,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Rolling")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        desired_count=40,
        deployment=Rolling(
            min_healthy_percent=80,
            failure_threshold=5,
            early_success=EarlySuccess(healthy_percent=90, source_revision_cleanup=SourceRevisionCleanup.DEFERRED),
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

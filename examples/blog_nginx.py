"""The first program of the blog post: nginx from a public registry behind a load balancer, two tasks, 128 MiB."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Nginx")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            80,
            memory_limit_mib=128,
            # nginx writes its cache and its pid file; everything else stays read-only.
            writable_paths=["/var/cache/nginx", "/run"],
        ),
        desired_count=2,
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

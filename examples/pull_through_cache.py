"""A public image through a cache in the account's own registry."""

import aws_cdk as cdk

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp, PullThroughCache, Upstream


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Cached")
    cache = PullThroughCache(stack, "Cache", upstream=Upstream.ECR_PUBLIC)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(cache.image("nginx/nginx:1.29"), 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""Two tools of a team behind one load balancer: each runs only while somebody uses it."""

from __future__ import annotations

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    PublicHttp,
    Route,
    RoutedFargateService,
    Scaling,
    SharedLoadBalancer,
    Wake,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def build(app: cdk.App) -> cdk.Stack:
    """Return a stack with two services that sleep while they are idle."""
    stack = cdk.Stack(app, "Tools")
    balancer = SharedLoadBalancer(stack, "Balancer", ingress=PublicHttp())
    RoutedFargateService(
        stack,
        "Wiki",
        load_balancer=balancer,
        route=Route(path="/wiki/*"),
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        scaling=Scaling(min_capacity=0, max_capacity=1, wake=Wake()),
    )
    RoutedFargateService(
        stack,
        "Reports",
        load_balancer=balancer,
        route=Route(path="/reports/*"),
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        scaling=Scaling(
            min_capacity=0,
            max_capacity=4,
            cpu_percent=60,
            wake=Wake(idle_after=cdk.Duration.minutes(30), hold=cdk.Duration.seconds(20)),
        ),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""Services of this library behind one load balancer, each with its own repository and image."""

from __future__ import annotations

import aws_cdk as cdk

from bench.peers.program import APP, finish, services
from ecr_fargate_constructs import (
    AppContainer,
    PrivateRepository,
    PublicHttp,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
    TargetHealthCheck,
)

app = cdk.App()
stack = cdk.Stack(app, "Bench")
balancer = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(health_check=TargetHealthCheck(path="/healthz")))
for number in range(services()):
    image = PrivateRepository(stack, f"Repository{number}").build_and_push_image(APP)
    RoutedFargateService(
        stack,
        f"Web{number}",
        load_balancer=balancer,
        route=Route(path=f"/web{number}/*"),
        container=AppContainer(image, 8080),
    )
finish(app)

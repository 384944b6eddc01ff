"""Services of this library in stacks of at most 25, each stack with a load balancer and a network of its own."""

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

SIZE = 25  # CloudFormation accepts 500 resources in a stack

app = cdk.App()
for number in range(services()):
    if number % SIZE == 0:
        stack = cdk.Stack(app, f"Bench{number // SIZE}")
        ingress = PublicHttp(health_check=TargetHealthCheck(path="/healthz"))
        balancer = SharedLoadBalancer(stack, "Shared", ingress=ingress)
    image = PrivateRepository(stack, f"Repository{number}").build_and_push_image(APP)
    RoutedFargateService(
        stack,
        f"Web{number}",
        load_balancer=balancer,
        route=Route(path=f"/web{number}/*"),
        container=AppContainer(image, 8080),
    )
finish(app)

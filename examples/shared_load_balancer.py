"""Three services behind one load balancer, the third in a stack of its own."""

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    FixedResponse,
    PublicHttp,
    Redirect,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"


def container() -> AppContainer:
    return AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"])


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Shop")
    shared = SharedLoadBalancer(
        stack, "Shared", ingress=PublicHttp(), default_action=FixedResponse(status=404, body="Nothing here.\n")
    )
    RoutedFargateService(stack, "Home", load_balancer=shared, route=Route(path="/"), container=container())
    api = RoutedFargateService(
        stack, "Api", load_balancer=shared, route=Route(path=["/api", "/api/*"]), container=container()
    )
    api.add_route("Legacy", Route(host="api.example.com"))
    shared.add_response("Moved", Route(path="/v1/*"), Redirect(path="/api/#{path}", permanent=True))

    admin = cdk.Stack(app, "Admin")
    RoutedFargateService(
        admin,
        "Admin",
        load_balancer=shared,
        route=Route(path="/api/admin/*", source="10.0.0.0/8"),  # more specific than /api/*, so it comes first
        container=container(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

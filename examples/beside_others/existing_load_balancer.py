"""A service behind a load balancer that another team owns: it shares the listener and adds a route."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import AppContainer, Route, RoutedFargateService, SharedLoadBalancer

NGINX = "public.ecr.aws/nginx/nginx:1.29"
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Existing", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-0123456789abcdef0",
        availability_zones=["eu-west-1a", "eu-west-1b"],
        private_subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        private_subnet_route_table_ids=["rtb-0123456789abcdef0", "rtb-0123456789abcdef1"],
    )
    listener = elbv2.ApplicationListener.from_application_listener_attributes(
        stack,
        "Listener",
        listener_arn=LISTENER,
        security_group=ec2.SecurityGroup.from_security_group_id(stack, "Balancer", "sg-0123456789abcdef0"),
    )
    shared = SharedLoadBalancer.from_listener(listener, vpc=vpc, url="https://shop.example.com")
    RoutedFargateService(
        stack,
        "Orders",
        load_balancer=shared,
        route=Route(path="/orders/*"),
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""AWS Solutions Constructs: a load balancer and a Fargate service with their defaults, in a VPC that all share.

It runs in an environment of its own, with ``bench/solutions.txt``, whose aws-cdk-lib may be older. It uses an
existing image. Access logs, which need a bucket each, are off, as in the other programs.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_solutions_constructs.aws_alb_fargate import AlbToFargate

from bench.peers.program import finish, services

app = cdk.App()
stack = cdk.Stack(app, "Bench")
vpc = ec2.Vpc(stack, "Network", max_azs=2)
for number in range(services()):
    AlbToFargate(
        stack,
        f"Web{number}",
        public_api=True,
        existing_vpc=vpc,
        log_alb_access_logs=False,
        listener_props={"protocol": "HTTP"},
        container_definition_props={
            "image": ecs.ContainerImage.from_registry("public.ecr.aws/nginx/nginx:1.29"),
            "portMappings": [{"containerPort": 8080}],
        },
    )
finish(app)

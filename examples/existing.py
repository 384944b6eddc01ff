"""A service that uses an existing VPC, cluster, repository, hosted zone and secret."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager

from ecr_fargate_constructs import AppContainer, ExistingRepository, LoadBalancedFargateService, PublicHttps


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "Existing")
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-0123456789abcdef0",
        vpc_cidr_block="10.0.0.0/16",
        availability_zones=["a", "b"],
        public_subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        private_subnet_ids=["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
        public_subnet_route_table_ids=["rtb-0123456789abcdef0", "rtb-0123456789abcdef0"],
        private_subnet_route_table_ids=["rtb-0123456789abcdef1", "rtb-0123456789abcdef2"],
    )
    cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="shop", vpc=vpc)
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
    )
    password = secretsmanager.Secret.from_secret_name_v2(stack, "Password", "shop/password")

    home = ecr.Repository.from_repository_name(stack, "Home", "shop/web")
    repository = ExistingRepository(stack, "Repository", repository=home)
    image = repository.build_and_push_image("./app")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 8080, secrets={"PASSWORD": ecs.Secret.from_secrets_manager(password)}),
        ingress=PublicHttps(domain_name="shop.example.com", hosted_zone=zone),
        cluster=cluster,
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

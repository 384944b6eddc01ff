"""The app of ``test_networks.py``: VPCs that differ in what they let pass, and one task definition.

Each output is what ``RunTask`` needs to place a task: a subnet, a security group, and whether it has a public address.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from ecr_fargate_constructs import PrivateRepository

ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3")
PRIVATE = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
PUBLIC = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
ISOLATED = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)


def place(scope: Construct, name: str, vpc: ec2.IVpc, subnets: ec2.SubnetSelection, **more: object) -> None:
    """Write down where a task may be placed."""
    group = more.get("group") or ec2.SecurityGroup(scope, f"{name}Group", vpc=vpc)
    assert isinstance(group, ec2.SecurityGroup)
    placement = {
        "subnets": [vpc.select_subnets(subnet_type=subnets.subnet_type).subnet_ids[0]],
        "securityGroups": [group.security_group_id],
        "assignPublicIp": "ENABLED" if more.get("public") else "DISABLED",
    }
    cdk.CfnOutput(scope, name, value=cdk.Stack.of(scope).to_json_string(placement))


def with_endpoints(stack: cdk.Stack, name: str, *, without: str = "", closed: bool = False) -> None:
    """Add an isolated VPC with endpoints."""
    isolated = [ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)]
    vpc = ec2.Vpc(stack, f"{name}Vpc", max_azs=1, nat_gateways=0, subnet_configuration=isolated)
    endpoints = ec2.SecurityGroup(stack, f"{name}Endpoints", vpc=vpc)
    if not closed:
        endpoints.add_ingress_rule(ec2.Peer.ipv4(vpc.vpc_cidr_block), ec2.Port.tcp(443))
    for service in ENDPOINTS:
        if service == "s3" != without:
            vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        elif service not in {"s3", without}:
            vpc.add_interface_endpoint(
                service.replace(".", ""),
                service=ec2.InterfaceVpcEndpointAwsService(service),
                security_groups=[endpoints],
                open=False,
            )
    place(stack, name, vpc, ISOLATED)


def acl(stack: cdk.Stack, name: str, vpc: ec2.Vpc, *, answers: bool) -> None:
    """Give the private subnets of a VPC a network ACL: everything out, and answers in, or not."""
    acl = ec2.NetworkAcl(stack, f"{name}Acl", vpc=vpc, subnet_selection=PRIVATE)
    anywhere, everything = ec2.AclCidr.any_ipv4(), ec2.AclTraffic.all_traffic()
    acl.add_entry("Out", cidr=anywhere, rule_number=100, traffic=everything, direction=ec2.TrafficDirection.EGRESS)
    span = ec2.AclTraffic.tcp_port_range(1024, 65535) if answers else ec2.AclTraffic.tcp_port(8080)
    acl.add_entry("In", cidr=anywhere, rule_number=100, traffic=span, direction=ec2.TrafficDirection.INGRESS)


def balancer(stack: cdk.Stack, name: str, vpc: ec2.Vpc, *, fault: str = "") -> None:
    """Add a load balancer, and where a task behind it is placed."""
    front, task = (ec2.SecurityGroup(stack, f"{name}{each}", vpc=vpc) for each in ("Front", "Task"))
    egress = ec2.SecurityGroup(stack, f"{name}Closed", vpc=vpc, allow_all_outbound=False)
    if fault != "ingress":
        task.add_ingress_rule(front, ec2.Port.tcp(8080))
        task.add_ingress_rule(egress, ec2.Port.tcp(8080))
    used = egress if fault == "egress" else front
    if fault != "clients":
        used.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(80))
    subnets = PRIVATE if fault == "subnets" else PUBLIC
    alb = elbv2.ApplicationLoadBalancer(
        stack, name, vpc=vpc, internet_facing=True, security_group=used, vpc_subnets=subnets, load_balancer_name=name
    )
    group = elbv2.ApplicationTargetGroup(
        stack, f"{name}Targets", vpc=vpc, port=8080, target_type=elbv2.TargetType.IP, target_group_name=name
    )
    alb.add_listener("Http", port=80, open=False, default_target_groups=[group])
    place(stack, f"{name}Place", vpc, PRIVATE, group=task)


def secure(stack: cdk.Stack, vpc: ec2.Vpc) -> None:
    """Add a load balancer with HTTPS for shop.example.com, whose HTTP listener redirects."""
    front, task = (ec2.SecurityGroup(stack, f"Secure{each}", vpc=vpc) for each in ("Front", "Task"))
    task.add_ingress_rule(front, ec2.Port.tcp(8080))
    certificate = acm.Certificate(
        stack, "Certificate", domain_name="shop.example.com", validation=acm.CertificateValidation.from_dns()
    )
    alb = elbv2.ApplicationLoadBalancer(
        stack, "Secure", vpc=vpc, internet_facing=True, security_group=front, load_balancer_name="Secure"
    )
    group = elbv2.ApplicationTargetGroup(
        stack, "SecureTargets", vpc=vpc, port=8080, target_type=elbv2.TargetType.IP, target_group_name="Secure"
    )
    alb.add_listener("Https", port=443, certificates=[certificate], default_target_groups=[group])
    alb.add_redirect()
    place(stack, "SecurePlace", vpc, PRIVATE, group=task)


app = cdk.App()
stack = cdk.Stack(app, "Web")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")
cluster_vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
cluster = ecs.Cluster(stack, "Cluster", vpc=cluster_vpc, cluster_name="networks")
secret = secretsmanager.Secret(stack, "Key")
definition = ecs.FargateTaskDefinition(stack, "Definition", family="probe")
definition.add_container(
    "web",
    image=image.container_image,
    logging=ecs.LogDrivers.aws_logs(stream_prefix="web", log_group=logs.LogGroup(stack, "Logs")),
    secrets={"KEY": ecs.Secret.from_secrets_manager(secret)},
)

place(stack, "Nat", cluster_vpc, PRIVATE)
place(stack, "PublicAddress", cluster_vpc, PUBLIC, public=True)
place(stack, "NoPublicAddress", cluster_vpc, PUBLIC)
closed = ec2.SecurityGroup(stack, "EgressClosedGroup", vpc=cluster_vpc, allow_all_outbound=False)
place(stack, "EgressClosed", cluster_vpc, PRIVATE, group=closed)
https = ec2.SecurityGroup(stack, "EgressHttpsGroup", vpc=cluster_vpc, allow_all_outbound=False)
https.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443))
place(stack, "EgressHttps", cluster_vpc, PRIVATE, group=https)

for name, answers in (("AclOpen", True), ("AclWithoutAnswers", False)):
    vpc = ec2.Vpc(stack, f"{name}Vpc", max_azs=1, nat_gateways=1)
    acl(stack, name, vpc, answers=answers)
    place(stack, name, vpc, PRIVATE)

nowhere = ec2.Vpc(stack, "NatNowhereVpc", max_azs=1, nat_gateways=1)
for child in nowhere.public_subnets:
    child.node.try_remove_child("DefaultRoute")  # the NAT gateway is left in a subnet without an internet gateway
for each in nowhere.node.find_all():
    if isinstance(each, ec2.CfnNatGateway):
        each.add_property_deletion_override("DependsOn")
        for dependency in each.obtain_dependencies():
            assert isinstance(dependency, cdk.CfnResource)
            each.remove_dependency(dependency)
place(stack, "NatNowhere", nowhere, PRIVATE)

with_endpoints(stack, "Endpoints")
for service in ENDPOINTS:
    with_endpoints(stack, f"Without{service.replace('.', '').title()}", without=service)
with_endpoints(stack, "EndpointsClosed", closed=True)

for fault in ("", "ingress", "egress", "clients", "subnets"):
    balancer(stack, f"lb-{fault or 'open'}".title().replace("-", ""), cluster_vpc, fault=fault)
secure(stack, cluster_vpc)
app.synth()

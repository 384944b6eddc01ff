"""The app of ``test_existing.py``: its image, a zone, secrets and parameters are there already, and no stack's."""

import os

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp

NAMES = ("BY_NAME", "BY_ARN", "FIELD", "PARAMETER", "PLAIN", "LOOKED_UP")
SERVER = f"""
import http.server, json, os
class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({{name: os.environ[name] for name in {NAMES}}}).encode())
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Server).serve_forever()
"""
OTHER = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/other-AbCdEf"

app = cdk.App()
logs.LogGroup(cdk.Stack(app, "Base"), "Log")  # deployed first: with it the embedded AWS starts
environment = cdk.Environment(account=os.environ["CDK_DEFAULT_ACCOUNT"], region=os.environ["CDK_DEFAULT_REGION"])
stack = cdk.Stack(app, "Web", env=environment)
zone = route53.HostedZone.from_hosted_zone_attributes(
    stack, "Zone", hosted_zone_id="Z0123456789EXAMPLE", zone_name="example.com"
)
route53.ARecord(
    stack, "Record", zone=zone, record_name="shop", target=route53.RecordTarget.from_ip_addresses("192.0.2.1")
)
found = route53.HostedZone.from_lookup(stack, "Found", domain_name="example.org")
route53.ARecord(stack, "FoundRecord", zone=found, target=route53.RecordTarget.from_ip_addresses("192.0.2.1"))
vpc = ec2.Vpc.from_lookup(stack, "Vpc", vpc_name="prod")
private = route53.HostedZone.from_lookup(
    stack, "Private", domain_name="corp.example", private_zone=True, vpc_id=vpc.vpc_id
)
route53.ARecord(stack, "PrivateRecord", zone=private, target=route53.RecordTarget.from_ip_addresses("192.0.2.1"))
key = secretsmanager.Secret.from_secret_name_v2(stack, "Key", "prod/key")
other = secretsmanager.Secret.from_secret_complete_arn(stack, "Other", OTHER)
fields = secretsmanager.Secret.from_secret_name_v2(stack, "Fields", "prod/fields")
parameter = ssm.StringParameter.from_string_parameter_name(stack, "Parameter", "/prod/parameter")
LoadBalancedFargateService(
    stack,
    "Web",
    container=AppContainer(
        ecs.ContainerImage.from_ecr_repository(ecr.Repository.from_repository_name(stack, "Repo", "shop"), "1.2"),
        8080,
        command=["python", "-c", SERVER],
        environment={
            "PLAIN": ssm.StringParameter.value_for_string_parameter(stack, "/prod/plain"),
            "LOOKED_UP": ssm.StringParameter.value_from_lookup(stack, "/prod/looked/up"),
        },
        secrets={
            "BY_NAME": ecs.Secret.from_secrets_manager(key),
            "BY_ARN": ecs.Secret.from_secrets_manager(other),
            "FIELD": ecs.Secret.from_secrets_manager(fields, "password"),
            "PARAMETER": ecs.Secret.from_ssm_parameter(parameter),
        },
    ),
    vpc=vpc,
    ingress=PublicHttp(),
)
app.synth()

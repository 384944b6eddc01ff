"""Blue/green: a function asks the new version on a port of its own, then a person lets users reach it."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    DeploymentHook,
    LoadBalancedFargateService,
    PublicHttp,
    TestTrafficPort,
)

NGINX = "public.ecr.aws/nginx/nginx:1.29"
PROBE = """
import os, urllib.request

def handler(event, context):
    with urllib.request.urlopen(os.environ["URL"], timeout=5) as answer:
        return {"hookStatus": "SUCCEEDED" if answer.status == 200 else "FAILED"}
"""


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "BlueGreen")
    probe = lambda_.Function(
        stack,
        "Probe",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline(PROBE),
        timeout=cdk.Duration.seconds(30),
    )
    cdk.Validations.of(probe).acknowledge(
        cdk.Acknowledgment(
            id="AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AWSLambdaBasicExecutionRole]",
            reason="An example: the policy lets the function write its own log, and nothing else.",
        )
    )
    service = LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80, writable_paths=["/var/cache/nginx", "/run"]),
        ingress=PublicHttp(),
        deployment=BlueGreen(
            bake_time=cdk.Duration.minutes(30),
            test_traffic=TestTrafficPort(port=8080),
            hooks=[DeploymentHook(function=probe, stages=[ecs.DeploymentLifecycleStage.POST_TEST_TRAFFIC_SHIFT])],
            approval=Approval(timeout=cdk.Duration.hours(8)),
        ),
    )
    probe.add_environment("URL", f"{service.url}:8080/")
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""Log lines through FireLens: Fluent Bit runs next to the application and sends them to a Firehose stream."""

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam

from ecr_fargate_constructs import AppContainer, LoadBalancedFargateService, PublicHttp, Sidecar

STREAM = "shop-logs"


def build(app: cdk.App) -> cdk.Stack:
    stack = cdk.Stack(app, "LogRouter")
    stream = stack.format_arn(service="firehose", resource="deliverystream", resource_name=STREAM)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(
            "public.ecr.aws/nginx/nginx:1.29",
            80,
            writable_paths=["/run", "/var/cache/nginx"],
            depends_on={"log-router": ecs.ContainerDependencyCondition.START},
            logging=ecs.LogDrivers.firelens(
                options={"Name": "firehose", "region": stack.region, "delivery_stream": STREAM}
            ),
        ),
        sidecars=[
            Sidecar.log_router(
                permissions=[iam.PolicyStatement(actions=["firehose:PutRecordBatch"], resources=[stream])]
            )
        ],
        ingress=PublicHttp(),
    )
    return stack


if __name__ == "__main__":
    app = cdk.App()
    build(app)
    app.synth()

"""The app of ``test_adopted.py``: CDK's bare pattern, and the same with mixins."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns

from ecr_fargate_constructs import FastRollout, Hardened, LifecyclePolicy, NonBlockingLogs, Rolling, SafeDeployment

MIXED = False

app = cdk.App()
stack = cdk.Stack(app, "Web")
ecs_patterns.ApplicationLoadBalancedFargateService(
    stack,
    "Web",
    task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
        image=ecs.ContainerImage.from_asset(str(Path(__file__).parent / "app")), container_port=8080
    ),
)
ecr.Repository(stack, "Images")
if MIXED:
    mixins = cdk.Mixins.of(app).require_any()
    for each in (SafeDeployment(Rolling()), FastRollout(), NonBlockingLogs(), Hardened(), LifecyclePolicy()):
        mixins.apply(each)
app.synth()

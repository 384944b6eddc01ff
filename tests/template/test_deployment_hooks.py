"""What may stop a deployment: functions, and a person."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    Deployment,
    DeploymentHook,
    Linear,
    LoadBalancedFargateService,
    PublicHttp,
    TestTrafficPort,
)
from support import of_type, only, template_of

NGINX = "public.ecr.aws/nginx/nginx:1.29"
MINUTES = cdk.Duration.minutes
STAGE = ecs.DeploymentLifecycleStage


def _build(deployment: Deployment) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=deployment
    )
    return template_of(stack)


def _configuration(template: dict[str, Any]) -> dict[str, Any]:
    service = only(template, "AWS::ECS::Service")["Properties"]
    configuration: dict[str, Any] = service["DeploymentConfiguration"]
    return configuration


def test_hooks_are_invoked_with_a_role_that_may_invoke_them_alone() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    function = lambda_.Function(
        stack,
        "Probe",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return {'hookStatus': 'SUCCEEDED'}"),
    )
    hook = DeploymentHook(
        function=function, stages=[STAGE.PRE_SCALE_UP, STAGE.PRODUCTION_TRAFFIC_SHIFT], details={"path": "/"}
    )
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttp(),
        deployment=Linear(hooks=[hook], approval=Approval(timeout=MINUTES(30), stage=STAGE.PRE_SCALE_UP)),
    )
    template = template_of(stack)
    [(probe, _)] = of_type(template, "AWS::Lambda::Function").items()
    called, pause = _configuration(template)["LifecycleHooks"]
    role = called["RoleArn"]["Fn::GetAtt"][0]
    assert called == {
        "HookTargetArn": {"Fn::GetAtt": [probe, "Arn"]},
        "RoleArn": {"Fn::GetAtt": [role, "Arn"]},
        "LifecycleStages": ["PRE_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT"],
        "TargetType": "AWS_LAMBDA",
        "HookDetails": '{"path": "/"}',
    }
    assert pause == {
        "TargetType": "PAUSE",
        "LifecycleStages": ["PRE_SCALE_UP"],
        "TimeoutConfiguration": {"TimeoutInMinutes": 30, "Action": "ROLLBACK"},
    }
    [statement] = [
        each
        for policy in of_type(template, "AWS::IAM::Policy").values()
        if policy["Properties"]["Roles"] == [{"Ref": role}]
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert [
        part["Fn::GetAtt"][0] if "Fn::GetAtt" in part else part["Fn::Join"][1][0]["Fn::GetAtt"][0]
        for part in statement["Resource"]
    ] == [probe, probe]
    assert role in only(template, "AWS::ECS::Service")["DependsOn"]


@pytest.mark.parametrize(
    ("preview", "stage"), [(None, "POST_SCALE_UP"), (TestTrafficPort(port=8080), "POST_TEST_TRAFFIC_SHIFT")]
)
def test_an_approval_waits_where_the_new_version_serves_no_user(preview: TestTrafficPort | None, stage: str) -> None:
    [pause] = _configuration(_build(BlueGreen(approval=Approval(), test_traffic=preview)))["LifecycleHooks"]
    assert (pause["TargetType"], pause["LifecycleStages"]) == ("PAUSE", [stage])
    assert pause["TimeoutConfiguration"] == {"TimeoutInMinutes": 1440, "Action": "ROLLBACK"}

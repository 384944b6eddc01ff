"""Property injectors: options that CDK's constructors were not given."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_elasticloadbalancingv2_targets as targets
from aws_cdk import aws_lambda as lambda_

from ecr_fargate_constructs import property_injectors
from ecr_fargate_constructs.testing import assert_no_replacement
from tests.mixins import bare
from tests.support import ROOT, example_apps
from tests.support.templates import attributes, only, template_of

FLAG = "@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker"


def _made(injected: bool, **options: Any) -> dict[str, Any]:  # noqa: ANN401, FBT001 - passed on
    injectors = property_injectors() if injected else []
    scope = bare.stack(property_injectors=injectors, context={FLAG: True})
    bare.pattern(scope, **options)
    ecr.Repository(scope, "Repository")
    return template_of(scope)


def test_the_bare_pattern_gets_what_it_has_options_for() -> None:
    before, after = _made(injected=False), _made(injected=True)
    deployment = bare.service(after)["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert bare.service(after)["AvailabilityZoneRebalancing"] == "ENABLED"
    group = bare.target_group(after)
    assert (group["HealthCheckIntervalSeconds"], group["Matcher"]) == (10, {"HttpCode": "200-299"})
    balancer = only(after, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert attributes(balancer, "LoadBalancerAttributes")["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert only(after, "AWS::ECR::Repository")["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert_no_replacement(before, after)


def test_what_the_app_sets_stays() -> None:
    template = _made(
        injected=True, min_healthy_percent=50, circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=False)
    )
    deployment = bare.service(template)["DeploymentConfiguration"]
    assert deployment["MinimumHealthyPercent"] == 50
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": False}


def test_a_maximum_of_the_app_that_lets_no_task_start_gets_no_minimum() -> None:
    template = _made(injected=True, max_healthy_percent=100)
    assert "AvailabilityZoneRebalancing" not in bare.service(template)
    assert bare.service(template)["DeploymentConfiguration"]["MinimumHealthyPercent"] == 50  # CDK's


def test_a_maximum_of_the_app_that_replaces_too_few_tasks_gets_no_minimum() -> None:
    template = _made(injected=True, max_healthy_percent=149, desired_count=2)
    assert bare.service(template)["AvailabilityZoneRebalancing"] == "ENABLED"
    deployment = bare.service(template)["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (50, 149)  # CDK's, and the app's


def test_https_gets_a_tls_policy() -> None:
    scope = bare.stack(property_injectors=property_injectors())
    certificate = cdk.aws_certificatemanager.Certificate.from_certificate_arn(
        scope, "Certificate", "arn:aws:acm:eu-west-1:111122223333:certificate/a1b2c3d4"
    )
    bare.pattern(scope, certificate=certificate, protocol_version=elbv2.ApplicationProtocolVersion.GRPC)
    template = template_of(scope)
    listener = only(template, "AWS::ElasticLoadBalancingV2::Listener")["Properties"]
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert bare.target_group(template)["Matcher"] == {"GrpcCode": "12"}


def test_a_service_with_another_controller_and_functions_behind_a_load_balancer_stay_as_they_are() -> None:
    def make(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
        scope = bare.stack(**options)
        vpc = ec2.Vpc(scope, "Vpc", nat_gateways=0)
        bare.worker(
            scope, deployment_controller=ecs.DeploymentController(type=ecs.DeploymentControllerType.CODE_DEPLOY)
        )
        code = lambda_.Code.from_inline("def handler(event, context): return {'statusCode': 200}")
        function = lambda_.Function(
            scope, "Function", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code
        )
        balancer = elbv2.NetworkLoadBalancer(scope, "Network", vpc=vpc)
        balancer.add_listener("Listener", port=80).add_targets("Targets", port=80)
        elbv2.ApplicationTargetGroup(scope, "Group", targets=[targets.LambdaTarget(function)])
        return template_of(scope)

    assert make(property_injectors=property_injectors()) == make()


def test_constructs_of_this_library_do_not_change() -> None:
    file = ROOT / "examples" / "from_pattern.py"
    app = cdk.App(property_injectors=property_injectors())
    assert template_of(example_apps.load(file).build(app)) == example_apps.templates(file)["Shop"]

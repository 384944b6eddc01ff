"""Deployments: what each strategy makes, what an image change touches, what a change of strategy replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    Approval,
    BlueGreen,
    Canary,
    Deployment,
    EarlySuccess,
    EcrFargateService,
    InternalHttp,
    Linear,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PublicHttp,
    PublicHttps,
    Rolling,
    SourceRevisionCleanup,
    TargetGroupSettings,
    TargetHealthCheck,
    TestTrafficHeader,
    TestTrafficPort,
)
from support import make_app, of_type, only, template_of

if TYPE_CHECKING:
    from pathlib import Path

NGINX = "public.ecr.aws/nginx/nginx:1.29"
MINUTES = cdk.Duration.minutes
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
STRATEGIES: dict[str, Deployment] = {
    "rolling": Rolling(),
    "blue/green": BlueGreen(),
    "canary": Canary(test_traffic=TestTrafficPort(port=8080)),
    "linear": Linear(test_traffic=TestTrafficHeader(name="X-Preview")),
}


def _build(deployment: Deployment, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on as they are
    stack = cdk.Stack(cdk.App(), "Stack")
    options.setdefault("ingress", PublicHttp())
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), deployment=deployment, **options)
    return template_of(stack)


def _front_door(directory: Path, deployment: Deployment) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp(), deployment=deployment)
    return template_of(stack)


def _service(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = only(template, "AWS::ECS::Service")["Properties"]
    return properties


def _configuration(template: dict[str, Any]) -> dict[str, Any]:
    configuration: dict[str, Any] = _service(template)["DeploymentConfiguration"]
    return configuration


def _weights(rule: dict[str, Any]) -> list[tuple[str, int]]:
    [action] = rule["Properties"]["Actions"]
    return [(each["TargetGroupArn"]["Ref"], each["Weight"]) for each in action["ForwardConfig"]["TargetGroups"]]


@pytest.fixture(scope="module")
def templates() -> dict[str, dict[str, Any]]:
    return {name: _build(deployment) for name, deployment in STRATEGIES.items()}


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_image_change_touches_task_definition_and_copy_alone(name: str, tmp_path: Path) -> None:
    """Must show 1: a rule that changed would reset the weights while they are being moved (aws-cdk#36649)."""
    directory = make_app(tmp_path / "app")
    before = _front_door(directory, STRATEGIES[name])["Resources"]
    (directory / "server.txt").write_text("two\n", encoding="utf-8")
    after = _front_door(directory, STRATEGIES[name])["Resources"]
    assert set(before) == set(after)
    changed = {before[key]["Type"] for key in before if before[key] != after[key]}
    assert changed == {"AWS::ECS::TaskDefinition", "Custom::EcrFargateImageCopy"}


def test_changes_of_strategy_replace_nothing_that_holds_state(directory: Path) -> None:
    """Must show 3."""
    kept = (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ECR::Repository",
        "AWS::Logs::LogGroup",
        "AWS::ECS::Cluster",
        "AWS::EC2::VPC",
    )
    walk: list[Deployment] = [Rolling(), BlueGreen(), Canary(), Linear(), Canary(), Rolling()]
    found = [_front_door(directory, deployment) for deployment in walk]
    for template in found[1:]:
        for kind in kept:
            assert of_type(template, kind) == of_type(found[0], kind)
        [listener] = of_type(template, LISTENER).items()
        assert listener == next(iter(of_type(found[0], LISTENER).items()))
        first = of_type(found[0], GROUP)
        assert {name: group for name, group in of_type(template, GROUP).items() if name in first} == first
        assert list(of_type(template, "AWS::ECS::Service")) == list(of_type(found[0], "AWS::ECS::Service"))
        service, service_before = _service(template), _service(found[0])
        # All that AWS::ECS::Service cannot change without being replaced.
        for name in ("Cluster", "LaunchType", "ServiceName", "Role", "SchedulingStrategy", "DeploymentController"):
            assert service.get(name) == service_before.get(name)
    assert found[-1] == found[0]
    assert found[2] == found[4]


def test_shifting_strategies_share_groups_and_rules(templates: dict[str, dict[str, Any]]) -> None:
    for kind in (GROUP,):
        assert of_type(templates["blue/green"], kind) == of_type(templates["linear"], kind)
    production = "WebLBPublicListenerProductionRule648D36F0"
    for name in ("canary", "linear"):
        assert templates[name]["Resources"][production] == templates["blue/green"]["Resources"][production]


@pytest.mark.parametrize("name", ["blue/green", "canary", "linear"])
def test_every_rule_holds_both_groups_from_the_first_deployment(
    templates: dict[str, dict[str, Any]], name: str
) -> None:
    template = templates[name]
    groups = of_type(template, GROUP)
    service = _service(template)["LoadBalancers"][0]
    blue, green = service["TargetGroupArn"]["Ref"], service["AdvancedConfiguration"]["AlternateTargetGroupArn"]["Ref"]
    assert {blue, green} == set(groups)
    rules = of_type(template, RULE)
    assert rules
    for rule in rules.values():
        assert _weights(rule) == [(blue, 100), (green, 0)]
    assert service["AdvancedConfiguration"]["ProductionListenerRule"]["Ref"] in rules


def test_both_groups_are_checked_and_drained_alike() -> None:
    check = TargetHealthCheck(path="/healthz", codes="204", interval=cdk.Duration.seconds(15), healthy_threshold=4)
    template = _build(
        BlueGreen(), ingress=PublicHttp(health_check=check, deregistration_delay=cdk.Duration.seconds(45))
    )
    blue, green = (group["Properties"] for group in of_type(template, GROUP).values())
    assert blue["HealthCheckPath"] == "/healthz"
    assert green["VpcId"] == blue["VpcId"]
    for name in (*(key for key in blue if key.startswith("Health")), "Matcher", "Port", "Protocol", "TargetType"):
        assert green[name] == blue[name], name
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "45"}
    assert delay in green["TargetGroupAttributes"]
    assert delay in blue["TargetGroupAttributes"]


def test_both_groups_speak_the_same_protocol_version() -> None:
    http2 = TargetGroupSettings(protocol_version=elbv2.ApplicationProtocolVersion.HTTP2)
    stack = cdk.Stack(cdk.App(), "Stack")
    certificate = acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:us-east-1:123456789012:certificate/a")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttps(certificate=certificate, target_group=http2),
        deployment=BlueGreen(),
    )
    template = template_of(stack)
    assert [group["Properties"]["ProtocolVersion"] for group in of_type(template, GROUP).values()] == ["HTTP2"] * 2


def test_the_production_rule_comes_after_rules_of_yours(templates: dict[str, dict[str, Any]]) -> None:
    rule = only(templates["blue/green"], RULE)["Properties"]
    assert rule["Priority"] == 50000
    assert rule["Conditions"] == [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]


def test_blue_green(templates: dict[str, dict[str, Any]]) -> None:
    configuration = _configuration(templates["blue/green"])
    assert configuration["Strategy"] == "BLUE_GREEN"
    assert configuration["BakeTimeInMinutes"] == 10
    assert configuration["DeploymentCircuitBreaker"] == {"Enable": False, "Rollback": False}
    assert configuration["LifecycleHooks"] == []
    assert "EarlySuccessCriteria" not in configuration, "ECS has it for rolling deployments only"
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 200)


def test_canary() -> None:
    configuration = _configuration(_build(Canary(percent=2.5, canary_bake_time=MINUTES(7), bake_time=MINUTES(3))))
    assert configuration["Strategy"] == "CANARY"
    assert configuration["CanaryConfiguration"] == {"CanaryPercent": 2.5, "CanaryBakeTimeInMinutes": 7}
    assert configuration["BakeTimeInMinutes"] == 3


def test_linear() -> None:
    configuration = _configuration(_build(Linear(step_percent=20, step_bake_time=MINUTES(7), bake_time=MINUTES(3))))
    assert configuration["Strategy"] == "LINEAR"
    assert configuration["LinearConfiguration"] == {"StepPercent": 20, "StepBakeTimeInMinutes": 7}
    assert configuration["BakeTimeInMinutes"] == 3


def test_rolling_is_said(templates: dict[str, dict[str, Any]]) -> None:
    configuration = _configuration(templates["rolling"])
    assert configuration["Strategy"] == "ROLLING"
    assert configuration["LifecycleHooks"] == []
    assert "BakeTimeInMinutes" not in configuration
    assert configuration["EarlySuccessCriteria"] == {"Enable": False}
    assert "AdvancedConfiguration" not in _service(templates["rolling"])["LoadBalancers"][0]
    assert not of_type(templates["rolling"], RULE)


@pytest.mark.parametrize(
    ("source_revision_cleanup", "cleanup"),
    [(SourceRevisionCleanup.BLOCKING, "BLOCKING"), (SourceRevisionCleanup.DEFERRED, "DEFERRED")],
)
def test_early_success(source_revision_cleanup: SourceRevisionCleanup, cleanup: str) -> None:
    rolling = Rolling(
        min_healthy_percent=50,
        early_success=EarlySuccess(healthy_percent=75, source_revision_cleanup=source_revision_cleanup),
    )
    assert _configuration(_build(rolling))["EarlySuccessCriteria"] == {
        "Enable": True,
        "HealthyPercent": 75,
        "SourceServiceRevisionCleanup": cleanup,
    }


def test_ecs_may_move_this_traffic_and_no_other() -> None:
    template = _build(BlueGreen(test_traffic=TestTrafficPort(port=8080)))
    roles = {
        name: role for name, role in of_type(template, "AWS::IAM::Role").items() if name.startswith("WebInfrastructure")
    }
    [(name, role)] = roles.items()
    [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecs.amazonaws.com"}
    assert "ManagedPolicyArns" not in role["Properties"]
    [(policy_name, policy)] = [
        (key, item)
        for key, item in of_type(template, "AWS::IAM::Policy").items()
        if item["Properties"]["Roles"] == [{"Ref": name}]
    ]
    look, move, turn = policy["Properties"]["PolicyDocument"]["Statement"]
    assert look["Resource"] == "*"
    assert all(action.startswith("elasticloadbalancing:Describe") for action in look["Action"])
    assert move["Action"] == ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
    assert {item["Ref"] for item in move["Resource"]} == set(of_type(template, GROUP))
    assert turn["Action"] == "elasticloadbalancing:ModifyRule"
    assert {item["Ref"] for item in turn["Resource"]} == set(of_type(template, RULE))
    # ECS takes the role up while the service is made: the permissions have to be there.
    assert {name, policy_name} <= set(only(template, "AWS::ECS::Service")["DependsOn"])


def test_a_preview_port_is_a_listener_for_those_who_may_come() -> None:
    here = ec2.Peer.ipv4("192.0.2.0/24")
    template = _build(BlueGreen(test_traffic=TestTrafficPort(port=8080, allow_from=[here])))
    [(name, listener)] = [
        (key, item) for key, item in of_type(template, LISTENER).items() if item["Properties"]["Port"] == 8080
    ]
    assert listener["Properties"]["Protocol"] == "HTTP"
    assert listener["Properties"]["DefaultActions"][0]["Type"] == "fixed-response"
    rule = of_type(template, RULE)[
        _service(template)["LoadBalancers"][0]["AdvancedConfiguration"]["TestListenerRule"]["Ref"]
    ]
    assert rule["Properties"]["ListenerArn"] == {"Ref": name}
    ingress = [
        (item["FromPort"], item["CidrIp"])
        for group in of_type(template, "AWS::EC2::SecurityGroup").values()
        for item in group["Properties"].get("SecurityGroupIngress", [])
    ]
    assert sorted(ingress) == [(80, "0.0.0.0/0"), (8080, "192.0.2.0/24")]


def test_a_preview_port_speaks_what_the_listener_speaks() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    certificate = acm.Certificate.from_certificate_arn(stack, "C", "arn:aws:acm:us-east-1:123456789012:certificate/a")
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 80),
        ingress=PublicHttps(certificate=certificate),
        deployment=Canary(test_traffic=TestTrafficPort(port=8443)),
    )
    listeners = {
        item["Properties"]["Port"]: item["Properties"] for item in of_type(template_of(stack), LISTENER).values()
    }
    for name in ("Protocol", "Certificates", "SslPolicy"):
        assert listeners[8443][name] == listeners[443][name]


def test_a_preview_header_is_asked_first(templates: dict[str, dict[str, Any]]) -> None:
    template = templates["linear"]
    rules = of_type(template, RULE)
    advanced = _service(template)["LoadBalancers"][0]["AdvancedConfiguration"]
    preview, production = rules[advanced["TestListenerRule"]["Ref"]], rules[advanced["ProductionListenerRule"]["Ref"]]
    assert preview["Properties"]["Priority"] < production["Properties"]["Priority"]
    assert preview["Properties"]["ListenerArn"] == production["Properties"]["ListenerArn"]
    assert {
        "Field": "http-header",
        "HttpHeaderConfig": {"HttpHeaderName": "X-Preview", "Values": ["*"]},
    } in preview["Properties"]["Conditions"]


def test_the_length_is_said_at_synth() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=Canary()
    )
    [said] = cdk.assertions.Annotations.from_stack(stack).find_info("/Stack/Web", cdk.assertions.Match.any_value())
    assert "1 x 10 min of waiting + 10 min of baking = 20 min in all" in str(said.entry.data)


def test_the_second_group_changes_its_id_with_the_scheme() -> None:
    """Row 31."""
    public, internal = _build(BlueGreen()), _build(BlueGreen(), ingress=InternalHttp())
    for kind in (GROUP, RULE, LISTENER):
        assert not set(of_type(public, kind)) & set(of_type(internal, kind))


def test_a_service_on_machines_deploys_in_the_same_ways() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    LoadBalancedEc2Service(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=Canary(approval=Approval())
    )
    template = template_of(stack)
    assert _configuration(template)["Strategy"] == "CANARY"
    assert len(of_type(template, GROUP)) == 2


def test_tokens_pass() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    canary = Canary(percent=number, canary_bake_time=MINUTES(number), bake_time=MINUTES(number), approval=Approval())
    linear = Linear(
        step_percent=number,
        step_bake_time=MINUTES(number),
        approval=Approval(timeout=MINUTES(number)),
        test_traffic=TestTrafficPort(port=number),
    )
    assert canary.schedule is None
    assert linear.schedule is None
    for name, deployment in (("A", canary), ("B", linear), ("C", BlueGreen(bake_time=MINUTES(number)))):
        LoadBalancedFargateService(
            stack, name, container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=deployment
        )
    early = EarlySuccess(healthy_percent=number)
    LoadBalancedFargateService(
        stack, "D", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=Rolling(early_success=early)
    )
    text = str(of_type(template_of(stack), "AWS::ECS::Service"))
    assert text.count("{'Ref': 'Number'}") == 8

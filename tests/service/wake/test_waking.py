"""The template of a service that sleeps, and what it cannot be combined with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as appscaling
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_sqs as sqs

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    Canary,
    CognitoAuthentication,
    ConfigurationError,
    Ec2Container,
    ExistingLoadBalancer,
    InternalHttps,
    JwtValidation,
    ListenerSettings,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PublicHttp,
    PublicHttps,
    QueueScaling,
    Rewrite,
    Rolling,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    ScheduledCapacity,
    SharedLoadBalancer,
    TargetGroupSettings,
    Wake,
    WorkerContainer,
    WorkerService,
)
from ecr_fargate_constructs.service.wake import function
from tests.support.templates import attributes, of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
SLEEPY = Scaling(min_capacity=0, max_capacity=1, wake=Wake())
EIGHT = appscaling.Schedule.cron(hour="8", minute="0")
KINDS = (LoadBalancedFargateService, LoadBalancedEc2Service, RoutedFargateService, RoutedEc2Service)


def _made(kind: Any, scaling: Scaling = SLEEPY, **options: Any) -> Any:  # noqa: ANN401 - any of the four
    stack = cdk.Stack(cdk.App(), "Web")
    if kind in (RoutedFargateService, RoutedEc2Service):
        shared = SharedLoadBalancer(stack, "Shared", ingress=options.pop("ingress", None) or PublicHttp())
        options = {"load_balancer": shared, "route": Route(path="/a/*"), **options}
    else:
        options.setdefault("ingress", PublicHttp())
    container = (Ec2Container if "Ec2" in kind.__name__ else AppContainer)(NGINX, 8080)
    return kind(stack, "Web", container=container, scaling=scaling, **options)


def _template(kind: Any, scaling: Scaling = SLEEPY, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return template_of(cdk.Stack.of(_made(kind, scaling, **options)))


def _needs(resources: Mapping[str, Any], name: str) -> set[str]:
    """The resources that CloudFormation makes before another one."""
    item = resources[name]
    depends = item.get("DependsOn") or []
    text = json.dumps(item.get("Properties", {}))
    found = set(re.findall(r'"Ref": "(\w+)"', text)) | set(re.findall(r'"Fn::GetAtt": \["(\w+)"', text))
    return (found | set([depends] if isinstance(depends, str) else depends)) & set(resources)


@pytest.mark.parametrize("kind", KINDS)
def test_cloudformation_can_make_it(kind: Any) -> None:  # noqa: ANN401 - any of the four
    """The function names the service, which waits for its rule: together with the function's rule it was a circle."""
    resources = _template(kind)["Resources"]
    made: set[str] = set()
    while len(made) < len(resources):
        possible = {name for name in resources if name not in made and _needs(resources, name) <= made}
        assert possible, sorted(set(resources) - made)
        made |= possible


@pytest.mark.parametrize("kind", KINDS)
def test_the_function_comes_first_in_the_template_so_that_a_deployment_never_leads_to_no_task(kind: Any) -> None:  # noqa: ANN401 - as above
    template = _template(kind)
    [function_group] = [
        name for name, item in of_type(template, GROUP).items() if item["Properties"]["TargetType"] == "lambda"
    ]
    rules = sorted(of_type(template, RULE).values(), key=lambda item: item["Properties"]["Priority"])
    assert [item["Properties"]["Actions"][0]["TargetGroupArn"]["Ref"] == function_group for item in rules] == [
        True,
        False,
    ]
    assert rules[0]["Properties"]["Conditions"] == rules[1]["Properties"]["Conditions"]
    first, last = (item["Properties"]["Priority"] for item in rules)
    assert last == first + 1
    variables = only(template, "AWS::Lambda::Function")["Properties"]["Environment"]["Variables"]
    assert (variables["FIRST_PRIORITY"], variables["LAST_PRIORITY"]) == (str(first - 1), str(last))
    assert attributes(template["Resources"][function_group], "TargetGroupAttributes") == {
        "lambda.multi_value_headers.enabled": "true"
    }


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_but_the_function_sets_the_number_of_tasks(kind: Any) -> None:  # noqa: ANN401 - as above
    template = _template(kind)
    assert "DesiredCount" not in only(template, "AWS::ECS::Service")["Properties"]
    assert not of_type(template, TARGET)


def test_while_it_is_awake_the_autoscaler_keeps_one_task_at_least() -> None:
    scaling = Scaling(min_capacity=0, max_capacity=4, cpu_percent=60, wake=Wake())
    limits = only(_template(LoadBalancedFargateService, scaling), TARGET)["Properties"]
    assert (limits["MinCapacity"], limits["MaxCapacity"]) == (1, 4)


def test_no_request_for_as_long_as_wanted_is_idle_also_without_any_data() -> None:
    wake = Wake(idle_after=cdk.Duration.hours(1), hold=cdk.Duration.seconds(10))
    template = _template(LoadBalancedFargateService, Scaling(min_capacity=0, max_capacity=1, wake=wake))
    [alarm] = [
        item["Properties"] for name, item in of_type(template, "AWS::CloudWatch::Alarm").items() if "Idle" in name
    ]
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"], alarm["Period"]) == (60, 60, 60)
    assert (alarm["MetricName"], alarm["Statistic"], alarm["TreatMissingData"]) == ("RequestCount", "Sum", "breaching")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "LessThanThreshold")
    properties = only(template, "AWS::Lambda::Function")["Properties"]
    assert properties["Environment"]["Variables"]["HOLD_SECONDS"] == "10"
    assert properties["Timeout"] == 25


def test_it_is_looked_at_every_minute() -> None:
    schedule = only(_template(RoutedFargateService), "AWS::Scheduler::Schedule")["Properties"]
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 minute)", "ENABLED")
    assert json.loads(schedule["Target"]["Input"]) == {"graceSeconds": 300}
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_the_function_changes_nothing_but_its_service_and_the_priority_of_its_rule() -> None:
    template = _template(RoutedFargateService)
    [policy] = [
        item["Properties"] for name, item in of_type(template, "AWS::IAM::Policy").items() if "WakePolicy" in name
    ]
    allowed = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    changes = {
        action: where for action, where in allowed.items() if ":Describe" not in action and ":List" not in action
    }
    [service] = of_type(template, "AWS::ECS::Service")
    assert set(changes) == {"ecs:UpdateService", "elasticloadbalancing:SetRulePriorities"}
    assert changes["ecs:UpdateService"] == {"Ref": service}
    assert changes["elasticloadbalancing:SetRulePriorities"]["Ref"].startswith("WebRule")
    permission = only(template, "AWS::Lambda::Permission")["Properties"]
    assert permission["Principal"] == "elasticloadbalancing.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_a_paused_service_says_so_to_the_function() -> None:
    scaling = Scaling(min_capacity=0, max_capacity=1, wake=Wake(), paused=True)
    variables = only(_template(LoadBalancedFargateService, scaling), "AWS::Lambda::Function")["Properties"][
        "Environment"
    ]
    assert variables["Variables"]["PAUSED"] == "true"


def test_the_function_imports_nothing_of_the_package() -> None:
    for file in Path(function.__file__).parent.glob("*.py"):
        assert "ecr_fargate_constructs" not in file.read_text(encoding="utf-8"), file


@pytest.mark.parametrize("kind", [LoadBalancedFargateService, RoutedFargateService])
def test_a_sign_in_comes_before_the_function_too(kind: Any) -> None:  # noqa: ANN401 - as above
    stack = cdk.Stack(cdk.App(), "Pool")
    pool = cognito.UserPool(stack, "Users")
    sign_in = CognitoAuthentication(
        user_pool=pool,
        client=pool.add_client("Client", generate_secret=True),
        domain=pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix="zero")),
    )
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE)
    ingress = PublicHttps(certificate=certificate, listener=ListenerSettings(authentication=sign_in))
    options: dict[str, Any] = {"ingress": ingress}
    if kind is RoutedFargateService:
        options = {"load_balancer": SharedLoadBalancer(stack, "Shared", ingress=ingress), "route": Route(path="/a/*")}
    kind(stack, "Web", container=AppContainer(NGINX, 8080), scaling=SLEEPY, **options)
    for name, rule in of_type(template_of(stack), RULE).items():
        assert [each["Type"] for each in rule["Properties"]["Actions"]] == ["authenticate-cognito", "forward"], name


@pytest.mark.parametrize("kind", [LoadBalancedFargateService, RoutedFargateService])
def test_an_access_token_is_asked_for_before_the_function_too(kind: Any) -> None:  # noqa: ANN401 - as above
    stack = cdk.Stack(cdk.App(), "Web")
    token = JwtValidation(issuer="https://id.example.com", jwks_endpoint="https://id.example.com/keys")
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE)
    options: dict[str, Any] = {
        "ingress": PublicHttps(certificate=certificate, listener=ListenerSettings(authentication=token))
    }
    if kind is RoutedFargateService:
        shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttps(certificate=certificate))
        options = {"load_balancer": shared, "route": Route(path="/a/*", authentication=token)}
    kind(stack, "Web", container=AppContainer(NGINX, 8080), scaling=SLEEPY, **options)
    rules = of_type(template_of(stack), RULE)
    assert len(rules) == 2
    for name, rule in rules.items():
        assert [each["Type"] for each in rule["Properties"]["Actions"]] == ["jwt-validation", "forward"], name


def test_the_function_sees_the_request_as_it_came_for_it_sends_the_client_to_that_url() -> None:
    rules = of_type(_template(RoutedFargateService, route=Route(path="/a/*", url_rewrite=Rewrite("^/a", ""))), RULE)
    rewritten = [name for name, rule in rules.items() if "Transforms" in rule["Properties"]]
    assert len(rules) == 2
    assert [name.startswith("WebRule") for name in rewritten] == [True], rewritten


def test_services_that_sleep_beside_others_keep_their_priorities() -> None:
    def priorities(names: list[str]) -> dict[str, int]:
        stack = cdk.Stack(cdk.App(), "Web")
        shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
        for name in names:
            RoutedFargateService(
                stack,
                name,
                load_balancer=shared,
                route=Route(host=f"{name.lower()}.example.com"),
                container=AppContainer(NGINX, 8080),
                scaling=SLEEPY,
            )
        return {name: item["Properties"]["Priority"] for name, item in of_type(template_of(stack), RULE).items()}

    few, many = priorities(["B"]), priorities(["A", "B", "C"])
    assert few.items() <= many.items()
    assert len(set(many.values())) == 6


def _refused(match: str, kind: Any, **options: Any) -> None:  # noqa: ANN401 - as above
    with pytest.raises(ConfigurationError, match=match):
        _made(kind, **options)


@pytest.mark.parametrize("deployment", [BlueGreen(), Canary(percent=10), Rolling(ready_for=BlueGreen())])
@pytest.mark.parametrize("kind", [LoadBalancedFargateService, RoutedFargateService])
def test_a_shift_is_refused(kind: Any, deployment: Any) -> None:  # noqa: ANN401 - as above
    _refused("wake cannot be combined with .*deploy with Rolling", kind, deployment=deployment)


def test_grpc_is_refused() -> None:
    certificate = acm.Certificate.from_certificate_arn(cdk.Stack(cdk.App(), "C"), "Certificate", CERTIFICATE)
    settings = TargetGroupSettings(protocol_version=elbv2.ApplicationProtocolVersion.GRPC)
    ingress = InternalHttps(certificate=certificate, target_group=settings)
    _refused("a gRPC client does not understand", LoadBalancedFargateService, ingress=ingress)


@pytest.mark.parametrize("kind", [LoadBalancedFargateService, RoutedFargateService])
def test_a_request_is_not_held_for_longer_than_its_connection_lives(kind: Any) -> None:  # noqa: ANN401 - as above
    short = PublicHttp(idle_timeout=cdk.Duration.seconds(45))
    _refused(r"Wake.hold is 45 seconds, .* after 45 \(idle_timeout\)", kind, ingress=short)
    assert _made(kind, ingress=PublicHttp(idle_timeout=cdk.Duration.seconds(46)))


def test_the_idle_timeout_of_an_existing_load_balancer_is_not_known() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    existing = ExistingLoadBalancer(shared.load_balancer, port=8081)
    wake = Wake(hold=cdk.Duration.seconds(100))
    assert LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(NGINX, 8080),
        ingress=PublicHttp(load_balancer=existing),
        scaling=Scaling(min_capacity=0, max_capacity=1, wake=wake),
    )


def test_a_second_route_is_refused() -> None:
    service = _made(RoutedFargateService)
    with pytest.raises(ConfigurationError, match="put its values into the first route"):
        service.add_route("More", Route(path="/b/*"))


def test_a_route_without_three_priorities_is_refused() -> None:
    _refused("three in a row.*1 to 49998", RoutedFargateService, route=Route(path="/*"))
    assert _made(RoutedFargateService, route=Route(path="/*", priority=49_998))


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_another_service_gets_none_of_the_three_priorities(offset: int) -> None:
    service = _made(RoutedFargateService, route=Route(path="/a/*", priority=100))
    with pytest.raises(ConfigurationError, match="priority"):
        RoutedFargateService(
            cdk.Stack.of(service),
            "Other",
            load_balancer=service._plan.shared,
            route=Route(path="/b/*", priority=100 + offset),
            container=AppContainer(NGINX, 8080),
        )


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"min_capacity": 1, "wake": Wake()}, "use min_capacity=0, or omit wake"),
        ({"min_capacity": 0}, r"to let it sleep while idle, wake=Wake\(\)"),
        ({"min_capacity": 0, "max_capacity": 2, "wake": Wake()}, "has no signal to scale by"),
        (
            {
                "min_capacity": 0,
                "wake": Wake(),
                "schedule": [ScheduledCapacity(name="n", at=EIGHT, min_capacity=1)],
            },
            "requests decide",
        ),
    ],
)
def test_limits_that_contradict_waking_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        Scaling(**{"max_capacity": 1, **options})


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"idle_after": cdk.Duration.minutes(4)}, "5 minutes to 24 hours"),
        ({"idle_after": cdk.Duration.hours(25)}, "5 minutes to 24 hours"),
        ({"idle_after": cdk.Duration.seconds(301)}, "whole minutes"),
        ({"idle_after": cdk.Duration.minutes(cdk.Token.as_number({"Ref": "P"}))}, "is a CDK token"),
        ({"hold": cdk.Duration.seconds(301)}, "0 to 300"),
        ({"hold": cdk.Duration.millis(1500)}, "whole seconds"),
    ],
)
def test_times_outside_their_limits_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        Wake(**options)


def test_workers_are_woken_by_their_queue() -> None:
    stack = cdk.Stack(cdk.App(), "Jobs")
    with pytest.raises(ConfigurationError, match="the first message starts a task"):
        QueueScaling(sqs.Queue(stack, "Queue"), 10, min_capacity=0, wake=Wake())
    with pytest.raises(ConfigurationError, match="a worker gets none"):
        WorkerService(stack, "Worker", container=WorkerContainer(NGINX), scaling=SLEEPY)

"""Alarms that tell people, and the dashboard: for ours, for CDK's patterns, for a bare ECS service."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as ecs_patterns
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_sns as sns

from dashboard_picture import PICTURE, dashboard_body, draw
from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    Deployment,
    LoadBalancedFargateService,
    PublicHttp,
    Rolling,
    ServiceAlarms,
    ServiceDashboard,
    ServiceThresholds,
)
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ALARM = "AWS::CloudWatch::Alarm"
NO_ROLLBACK = Rolling(alarms=None)


def _ours(stack: cdk.Stack, deployment: Deployment = NO_ROLLBACK) -> LoadBalancedFargateService:
    return LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), deployment=deployment
    )


def _pattern(stack: cdk.Stack, **cluster: Any) -> ecs_patterns.ApplicationLoadBalancedFargateService:  # noqa: ANN401
    return ecs_patterns.ApplicationLoadBalancedFargateService(
        stack,
        "Web",
        cluster=ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"), **cluster),
        min_healthy_percent=100,
        circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True),
        task_image_options=ecs_patterns.ApplicationLoadBalancedTaskImageOptions(
            image=ecs.ContainerImage.from_registry(NGINX)
        ),
    )


def _alarms(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    prefix = "WebAlarms"
    return {
        name.removeprefix(prefix)[:-8]: item["Properties"]
        for name, item in of_type(template, ALARM).items()
        if name.startswith(prefix)
    }


def _metric(alarm: dict[str, Any]) -> dict[str, Any]:
    """The one metric of an alarm: CDK writes a metric with a label as a list of one."""
    [query] = alarm["Metrics"]
    metric: dict[str, Any] = query["MetricStat"]["Metric"]
    return metric


def _body(template: dict[str, Any]) -> dict[str, Any]:
    parts = only(template, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"]["Fn::Join"][1]
    text = "".join(
        part if isinstance(part, str) else str(next(iter(part.values()))).replace('"', "'") for part in parts
    )
    found: dict[str, Any] = json.loads(text)
    return found


def _titles(template: dict[str, Any]) -> list[str]:
    return [each["properties"]["title"] for each in _body(template)["widgets"] if each["type"] == "metric"]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    web = _ours(stack)
    alarms = ServiceAlarms.of(web)
    ServiceDashboard.of(web, alarms=alarms)
    return template_of(stack)


def test_the_golden_signals_at_two_severities(template: dict[str, Any]) -> None:
    assert {name: alarm["Threshold"] for name, alarm in _alarms(template).items()} == {
        "CpuCritical": 90,
        "CpuWarning": 70,
        "ErrorsCritical": 5,
        "ErrorsWarning": 1,
        "LatencyCritical": 3,
        "LatencyWarning": 1,
        "MemoryCritical": 95,
        "MemoryWarning": 80,
        "UnhealthyCritical": 1,
    }
    for alarm in _alarms(template).values():
        assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (3, 5)
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert "AlarmActions" not in alarm


def test_saturation_is_that_of_the_service(template: dict[str, Any]) -> None:
    alarm = _metric(_alarms(template)["CpuWarning"])
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ECS", "CPUUtilization")
    service = next(iter(of_type(template, "AWS::ECS::Service")))
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert dimensions["ServiceName"] == {"Fn::GetAtt": [service, "Name"]}
    assert set(dimensions) == {"ClusterName", "ServiceName"}


def test_severities_are_words_of_yours_and_say_who_hears() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    topic, other = sns.Topic(stack, "Topic"), sns.Topic(stack, "Other")
    ServiceAlarms.of(
        _ours(stack),
        thresholds=ServiceThresholds(
            cpu_percent={"Page": 95},
            memory_percent={"Ticket": 80},
            error_percent={},
            latency={"Page": cdk.Duration.millis(250)},
            unhealthy_hosts={},
            requests_below={"Ticket": 10},
        ),
        actions={"Page": [topic, actions.SnsAction(other)]},
    )
    alarms = _alarms(template_of(stack))
    assert set(alarms) == {"CpuPage", "MemoryTicket", "LatencyPage", "TrafficTicket"}
    topics = [{"Ref": name} for name in ("TopicBFC7AF6E", "Other34654A52")]
    for name in ("CpuPage", "LatencyPage"):
        assert alarms[name]["AlarmActions"] == alarms[name]["OKActions"] == topics
    assert "AlarmActions" not in alarms["MemoryTicket"]
    assert alarms["LatencyPage"]["Threshold"] == 0.25
    assert alarms["TrafficTicket"]["TreatMissingData"] == "breaching"
    assert alarms["TrafficTicket"]["ComparisonOperator"] == "LessThanThreshold"


def test_two_groups_are_added_up() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    web = _ours(stack, BlueGreen())
    assert len(web.target_groups) == 2
    ServiceAlarms.of(web)
    ServiceDashboard.of(web)
    alarms = _alarms(template_of(stack))
    [expression] = [each["Expression"] for each in alarms["ErrorsWarning"]["Metrics"] if "Expression" in each]
    assert expression == "100 * (FILL(e0, 0) + FILL(e1, 0)) / (FILL(r0, 0) + FILL(r1, 0))"
    [slower] = [each["Expression"] for each in alarms["LatencyWarning"]["Metrics"] if "Expression" in each]
    assert slower == "MAX([p90of0, p90of1])"


def test_a_pattern_of_cdk_is_observed_alike() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    pattern = _pattern(stack)
    ServiceAlarms.of(pattern)
    ServiceDashboard.of(pattern, name="web")
    template = template_of(stack)
    assert len(of_type(template, ALARM)) == 9
    assert only(template, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardName"] == "web"
    assert _titles(template) == ["Traffic", "Errors", "Latency", "CPU", "Memory", "Health"]


def test_an_ecs_service_is_observed_with_its_target_groups() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    pattern = _pattern(stack)
    ServiceAlarms(stack, "Alarms", observed=pattern.service, target_groups=[pattern.target_group])
    ServiceDashboard.of(pattern.service, target_groups=[pattern.target_group])
    template = template_of(stack)
    assert len(of_type(template, ALARM)) == 9
    [alarm] = [item for name, item in of_type(template, ALARM).items() if name.startswith("AlarmsUnhealthy")]
    names = {each["Name"] for each in _metric(alarm["Properties"])["Dimensions"]}
    assert names == {"LoadBalancer", "TargetGroup"}


@pytest.mark.parametrize(
    ("insights", "seen"),
    [
        (None, False),
        (ecs.ContainerInsights.DISABLED, False),
        (ecs.ContainerInsights.ENABLED, True),
        (ecs.ContainerInsights.ENHANCED, True),
    ],
)
def test_container_insights_are_shown_when_they_are_on(insights: ecs.ContainerInsights | None, *, seen: bool) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    ServiceDashboard.of(_pattern(stack, container_insights_v2=insights))
    assert ("Tasks" in _titles(template_of(stack))) is seen


def test_container_insights_of_an_imported_cluster_can_be_said() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    vpc = ec2.Vpc(stack, "Vpc")
    cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="theirs", vpc=vpc)
    web = LoadBalancedFargateService(
        stack, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(), cluster=cluster
    )
    few = ServiceThresholds(running_tasks_below={"Critical": 2})
    with pytest.raises(
        ConfigurationError, match=r"\[Stack/Web/Alarms\] running_tasks_below requires Container Insights"
    ):
        ServiceAlarms.of(web, thresholds=few)
    ServiceAlarms.of(web, thresholds=few, container_insights=True)
    alarm = _alarms(template_of(stack))["TasksCritical"]
    metric = _metric(alarm)
    assert (metric["Namespace"], metric["MetricName"]) == ("ECS/ContainerInsights", "RunningTaskCount")
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("LessThanThreshold", "breaching")


def test_the_dashboard_draws_the_thresholds(template: dict[str, Any]) -> None:
    graphs = {
        each["properties"]["title"]: each["properties"]
        for each in _body(template)["widgets"]
        if each["type"] == "metric"
    }
    lines = {(line["label"], line["value"]) for line in graphs["CPU"]["annotations"]["horizontal"]}
    assert lines == {("Warning", 70), ("Critical", 90)}
    [states] = [each for each in _body(template)["widgets"] if each["type"] == "alarm"]
    assert len(states["properties"]["alarms"]) == 9
    assert len(graphs["Latency"]["metrics"]) == 3


def test_the_dashboard_fits_its_grid() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard_body()["widgets"]:
        cells = {
            (widget["x"] + column, widget["y"] + row)
            for column in range(widget["width"])
            for row in range(widget["height"])
        }
        assert not taken & cells
        assert max(column for column, _ in cells) < 24
        taken |= cells


def test_the_picture_in_the_documents_is_of_this_dashboard() -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(dashboard_body()), "run python scripts/dashboard_picture.py"


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("percent", {"cpu_percent": {"Warning": 101}}, "cpu_percent['Warning']=101 is not a percentage", "0 to 100"),
    ("unit", {"latency": {"Warning": 1}}, "latency['Warning']=1 has no unit", "Duration.seconds(1)"),
    ("text", {"memory_percent": {"Warning": "80"}}, "memory_percent['Warning']='80' is not a number", "for example 70"),
    ("never", {"unhealthy_hosts": {"Critical": 0}}, "unhealthy_hosts['Critical']=0", "more than 0"),
    ("no time", {"latency": {"Warning": cdk.Duration.seconds(0)}}, "latency['Warning'] is zero", "is zero"),
    ("no name", {"cpu_percent": {"": 1}}, "cpu_percent has the severity ''", "'Warning'"),
    ("bad name", {"cpu_percent": {"on call": 1}}, "cpu_percent has the severity 'on call'", "letters and digits"),
    ("no severity", {"cpu_percent": 70}, "cpu_percent=70 has no severity", "{'Warning'"),
]


@pytest.mark.parametrize(("options", "wrong", "fix"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_thresholds_that_judge_nothing_are_refused(options: dict[str, Any], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ServiceThresholds(**options)
    assert f"ServiceThresholds.{wrong}" in str(caught.value)
    assert fix in str(caught.value)


@pytest.mark.parametrize("ssl", [1, 0])
def test_a_topic_with_a_policy_lets_alarms_in_by_it(ssl: int) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    topic = sns.Topic(stack, "Topic", enforce_ssl=bool(ssl))
    ServiceAlarms.of(_ours(stack), actions={"Critical": [topic], "Warning": [topic]})
    policies = of_type(template_of(stack), "AWS::SNS::TopicPolicy").values()
    assert len(policies) == ssl, "by its default policy the account may publish, which another would replace"
    for policy in policies:
        [refused, let] = policy["Properties"]["PolicyDocument"]["Statement"]
        assert (refused["Effect"], let["Effect"]) == ("Deny", "Allow")
        assert (let["Action"], let["Principal"]) == ("sns:Publish", {"Service": "cloudwatch.amazonaws.com"})
        assert let["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_actions_of_a_severity_that_nothing_has_are_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    web = _ours(stack)
    with pytest.raises(ConfigurationError, match=r"actions has 'critical'.*use one of Critical, Warning"):
        ServiceAlarms.of(web, actions={"critical": [sns.Topic(stack, "Topic")]})
    assert web.node.try_find_child("Alarms") is None


def test_one_topic_in_place_of_a_list_is_told_so_by_the_name_of_the_call() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    one: Any = {"Critical": sns.Topic(stack, "Topic")}
    with pytest.raises(ConfigurationError, match=r"^ServiceAlarms\.of: actions\['Critical'\] is a Topic; use a list"):
        ServiceAlarms.of(_ours(stack), actions=one)


def test_what_cannot_be_observed_is_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    service = _pattern(stack).service
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web/Service\].*set target_groups="):
        ServiceDashboard.of(service)
    nothing: Any = elbv2.Protocol.HTTP
    with pytest.raises(ConfigurationError, match=r"observed is a Protocol; use BalancedService or ecs\.BaseService"):
        ServiceAlarms.of(nothing)


def test_tokens_pass() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    thresholds = ServiceThresholds(cpu_percent={"Warning": number}, requests_below={"Warning": number})
    ServiceAlarms.of(_ours(stack), thresholds=thresholds)
    assert _alarms(template_of(stack))["CpuWarning"]["Threshold"] == {"Ref": "Number"}


def test_a_latency_that_only_the_deployment_knows_is_passed_on_unread() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    service = LoadBalancedFargateService(
        stack, "Web", container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80), ingress=PublicHttp()
    )
    later = cdk.Duration.seconds(cdk.CfnParameter(stack, "Limit", type="Number").value_as_number)
    ServiceAlarms.of(service, thresholds=ServiceThresholds(latency={"Warning": later}))
    thresholds = [alarm["Properties"]["Threshold"] for alarm in of_type(template_of(stack), ALARM).values()]
    assert {"Ref": "Limit"} in thresholds

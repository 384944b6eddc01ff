"""Many services behind one load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    FixedResponse,
    InternalHttp,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    SharedListener,
    SharedLoadBalancer,
    TargetHealthCheck,
)
from tests.support.templates import attributes, of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


def _shared(stack: cdk.Stack, **options: Any) -> SharedLoadBalancer:  # noqa: ANN401 - passed on
    return SharedLoadBalancer(stack, "Shared", **{"ingress": PublicHttp(), **options})


def _add(scope: cdk.Stack, name: str, load_balancer: Any, route: Route, **options: Any) -> RoutedFargateService:  # noqa: ANN401 - passed on
    container = AppContainer(NGINX, 8080)
    return RoutedFargateService(
        scope, name, load_balancer=load_balancer, route=route, **{"container": container, **options}
    )


def _fleet(names: list[str]) -> dict[str, Any]:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = _shared(stack)
    for name in names:
        _add(stack, name, shared, Route(path="/") if name == "Home" else Route(path=f"/{name.lower()}/*"))
    return template_of(stack)


@pytest.fixture(scope="module")
def two() -> dict[str, Any]:
    return _fleet(["Home", "Api"])


def test_two_services_share_a_load_balancer(two: dict[str, Any]) -> None:
    only(two, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    only(two, "AWS::ECS::Cluster")
    only(two, "AWS::EC2::VPC")
    conditions = [rule["Properties"]["Conditions"] for rule in of_type(two, RULE).values()]
    assert sorted(str(condition) for condition in conditions) == [
        "[{'Field': 'path-pattern', 'PathPatternConfig': {'Values': ['/']}}]",
        "[{'Field': 'path-pattern', 'PathPatternConfig': {'Values': ['/api/*']}}]",
    ]
    targets = [rule["Properties"]["Actions"][0]["TargetGroupArn"]["Ref"] for rule in of_type(two, RULE).values()]
    assert sorted(targets) == sorted(of_type(two, GROUP))


def test_an_unknown_path_gets_the_default_answer(two: dict[str, Any]) -> None:
    [action] = only(two, LISTENER)["Properties"]["DefaultActions"]
    assert action["FixedResponseConfig"] == {
        "ContentType": "text/plain",
        "MessageBody": "Not found\n",
        "StatusCode": "404",
    }


@pytest.mark.parametrize("names", [["Home", "Api", "Cart"], ["Cart", "Api", "Home"], ["Api", "Cart", "Home"]])
def test_a_third_service_changes_nothing_of_the_others(two: dict[str, Any], names: list[str]) -> None:
    three = _fleet(names)
    added = three["Resources"].keys() - two["Resources"].keys()
    assert all("Cart" in name for name in added)
    assert {name: three["Resources"][name] for name in two["Resources"]} == two["Resources"]


def test_a_service_costs_at_most_15_resources_and_25_fit_a_stack(directory: Path) -> None:
    counts = {}
    for services in (2, 3, 25):
        stack = cdk.Stack(cdk.App(), "Stack")
        shared = _shared(stack)
        for number in range(services):
            image = PrivateRepository(stack, f"Repo{number}").build_and_push_image(directory)
            container = AppContainer(image, 8080)
            _add(stack, f"Service{number}", shared, Route(path=f"/service-{number}/*"), container=container)
        counts[services] = len(template_of(stack)["Resources"])
    assert counts[3] - counts[2] == 15
    assert counts[25] == counts[2] + 23 * 15
    assert counts[25] < 500


def test_it_has_the_defaults_of_the_load_balanced_service(two: dict[str, Any]) -> None:
    """Rows 9 to 16 and 28."""
    for service in of_type(two, "AWS::ECS::Service").values():
        properties = service["Properties"]
        configuration = properties["DeploymentConfiguration"]
        assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 200)
        assert configuration["DeploymentCircuitBreaker"]["ResetOnHealthyTask"] is False
        assert (properties["DesiredCount"], properties["HealthCheckGracePeriodSeconds"]) == (2, 60)
        assert properties["AvailabilityZoneRebalancing"] == "ENABLED"
        assert properties["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    for group in of_type(two, GROUP).values():
        assert attributes(group, "TargetGroupAttributes")["deregistration_delay.timeout_seconds"] == "30"
        assert group["Properties"]["HealthCheckIntervalSeconds"] == 10
    for log_group in of_type(two, "AWS::Logs::LogGroup").values():
        assert (log_group["DeletionPolicy"], log_group["Properties"]["RetentionInDays"]) == ("Retain", 30)


def test_a_service_may_stand_in_another_stack() -> None:
    app = cdk.App()
    home, other = cdk.Stack(app, "Home"), cdk.Stack(app, "Other")
    shared = _shared(home)
    check = TargetHealthCheck(port=9000)
    _add(other, "Api", shared, Route(path="/api/*"), health_check=check)
    template = template_of(other)
    assert [stack.node.path for stack in other.dependencies] == ["Home"]
    assert home.dependencies == []
    assert "Fn::GetStackOutput" in str(only(template, RULE)["Properties"]["ListenerArn"])
    for kind in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
        assert {rule["Properties"]["FromPort"] for rule in of_type(template, kind).values()} == {8080, 9000}
    with pytest.raises(ConfigurationError, match="is also the route of Other/Api"):
        _add(home, "Second", shared, Route(path="/api/*"))


def test_a_service_may_join_an_imported_listener() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = _imported(stack)
    service = _add(stack, "Api", shared, Route(path="/api/*"))
    assert service.url == "https://shop.example.com/api/"
    assert service.load_balancer is None
    template = template_of(stack)
    assert not of_type(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert only(template, RULE)["Properties"]["ListenerArn"].endswith("listener/app/lb/1/2")
    assert only(template, "AWS::EC2::SecurityGroupIngress")["Properties"]["SourceSecurityGroupId"] == "sg-1"
    # CDK takes it that an imported group lets everything out, unless allow_all_outbound=False is said with it.
    assert not of_type(template, "AWS::EC2::SecurityGroupEgress")
    assert cdk.assertions.Annotations.from_stack(stack).find_error("*", cdk.assertions.Match.any_value()) == []


def _imported(stack: cdk.Stack) -> SharedListener:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        availability_zones=["a", "b"],
        private_subnet_ids=["subnet-1", "subnet-2"],
        private_subnet_route_table_ids=["rtb-1", "rtb-2"],
    )
    listener = elbv2.ApplicationListener.from_application_listener_attributes(
        stack,
        "Listener",
        listener_arn="arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/lb/1/2",
        security_group=ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1"),
    )
    return SharedLoadBalancer.from_listener(listener, vpc=vpc, url="https://shop.example.com/")


def test_an_imported_listener_is_one_however_often_an_app_imports_it() -> None:
    app = cdk.App()
    one, other = cdk.Stack(app, "One"), cdk.Stack(app, "Other")
    _add(one, "Api", _imported(one), Route(path="/api/*"))
    with pytest.raises(ConfigurationError, match="is also the route of One/Api"):
        _add(other, "Api", _imported(other), Route(path="/api/*"))
    elsewhere = cdk.Stack(cdk.App(), "Elsewhere")
    _add(elsewhere, "Api", _imported(elsewhere), Route(path="/api/*"))


def test_a_wrapped_listener_knows_the_routes_of_its_load_balancer(stack: cdk.Stack) -> None:
    shared = _shared(stack)
    _add(stack, "Api", shared, Route(path="/api/*"))
    wrapped = SharedLoadBalancer.from_listener(shared.listener, vpc=shared.vpc, url=shared.url)
    with pytest.raises(ConfigurationError, match="is also the route of Stack/Api"):
        _add(stack, "Other", wrapped, Route(path="/api/*"))


def test_more_rules_than_a_security_group_takes_warn_once(stack: cdk.Stack) -> None:
    shared = _shared(stack).shared_listener
    scopes = [Construct(stack, f"Scope{number}") for number in range(62)]
    for scope in scopes[:60]:
        shared.count_ports(scope, 1)
    assert not _warnings(stack, "securityGroupRules")
    for scope in scopes[60:]:
        shared.count_ports(scope, 2)
    [path] = _warnings(stack, "securityGroupRules")
    assert path == "/Stack/Scope60"


def _warnings(stack: cdk.Stack, name: str) -> list[str]:
    return [
        f"/{child.node.path}"
        for child in stack.node.find_all()
        for entry in child.node.metadata
        if f"ecr-fargate-constructs:{name}" in str(entry.data)
    ]


def test_every_condition_reaches_the_rule() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    route = Route(
        host="shop.example.com", header={"X-Tenant": "acme"}, method="GET", query={"v": "2"}, source="10.0.0.0/8"
    )
    _add(stack, "Api", _shared(stack), route)
    fields = {item.pop("Field"): item for item in only(template_of(stack), RULE)["Properties"]["Conditions"]}
    assert fields == {
        "host-header": {"HostHeaderConfig": {"Values": ["shop.example.com"]}},
        "http-header": {"HttpHeaderConfig": {"HttpHeaderName": "x-tenant", "Values": ["acme"]}},
        "http-request-method": {"HttpRequestMethodConfig": {"Values": ["GET"]}},
        "query-string": {"QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
        "source-ip": {"SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    }


def test_https_terminates_at_the_shared_listener() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    zone = route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id="Z1", zone_name="example.com")
    shared = _shared(stack, ingress=PublicHttps(domain_name="example.com", hosted_zone=zone))
    service = _add(stack, "Api", shared, Route(path=["/api", "/api/*"]))
    assert (shared.url, service.url) == ("https://example.com", "https://example.com/api")
    template = template_of(stack)
    listeners = {item["Properties"]["Port"]: item["Properties"] for item in of_type(template, LISTENER).values()}
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert listeners[80]["DefaultActions"][0]["Type"] == "redirect"
    assert only(template, "AWS::CertificateManager::Certificate")["Properties"]["DomainName"] == "example.com"
    assert only(template, "AWS::Route53::RecordSet")["Properties"]["Name"] == "example.com."


def test_a_certificate_alone_is_enough() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE)
    shared = _shared(stack, ingress=PublicHttps(certificate=certificate))
    _add(stack, "Api", shared, Route(host="api.example.com"))
    template = template_of(stack)
    assert not of_type(template, "AWS::Route53::RecordSet")
    assert CERTIFICATE in str(of_type(template, LISTENER))


def test_an_internal_load_balancer_has_other_target_groups() -> None:
    """Row 31."""
    found = []
    for ingress in (PublicHttp(), InternalHttp()):
        stack = cdk.Stack(cdk.App(), "Stack")
        _add(stack, "Api", _shared(stack, ingress=ingress), Route(path="/api/*"))
        found.append(of_type(template_of(stack), GROUP).keys())
    assert not found[0] & found[1]


def test_a_service_may_have_several_routes_and_answer_what_no_other_takes() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = _shared(stack, default_action=FixedResponse(status=503, body="{}", content_type="application/json"))
    service = _add(stack, "Api", shared, Route(path="/api/*"))
    service.add_route("Rest", Route(path="/*"))
    assert len(service.rules) == 2
    with pytest.raises(ConfigurationError, match="is also the route of Stack/Api/Rest"):
        _add(stack, "Other", shared, Route(path="/*"))
    template = template_of(stack)
    only(template, GROUP)
    assert max(rule["Properties"]["Priority"] for rule in of_type(template, RULE).values()) == 50_000


def test_the_twin_on_machines_takes_the_same_values() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = _shared(stack)
    twin = RoutedEc2Service(
        stack, "Api", load_balancer=shared, route=Route(path="/api/*"), container=AppContainer(NGINX, 80)
    )
    assert twin.auto_scaling_group is not None
    template = template_of(stack)
    service = only(template, "AWS::ECS::Service")["Properties"]
    assert "CapacityProviderStrategy" in service
    assert service["LoadBalancers"][0]["TargetGroupArn"]["Ref"] in of_type(template, GROUP)
    assert only(template, "AWS::ECS::TaskDefinition")["Properties"]["Memory"] == "512"


def test_an_autoscaler_counts_the_requests_of_the_route() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    scaling = Scaling(min_capacity=2, max_capacity=4, requests_per_target=100)
    _add(stack, "Api", _shared(stack), Route(path="/api/*"), scaling=scaling)
    template = template_of(stack)
    assert "DesiredCount" not in only(template, "AWS::ECS::Service")["Properties"]
    policy = only(template, "AWS::ApplicationAutoScaling::ScalingPolicy")["Properties"]
    label = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]["ResourceLabel"]
    assert "ApiTargetGroup" in str(label)


def test_it_is_grantable_and_connectable_and_has_sessions() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    service = _add(stack, "Api", _shared(stack), Route(path="/api/*"), enable_execute_command=True)
    database = ec2.SecurityGroup(stack, "Database", vpc=service.vpc)
    database.connections.allow_from(service, ec2.Port.tcp(5432))
    role = iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())
    role.grant_assume_role(service.grant_principal)
    template = template_of(stack)
    assert only(template, "AWS::ECS::Service")["Properties"]["EnableExecuteCommand"] is True
    assert 5432 in {
        rule["Properties"]["FromPort"] for rule in of_type(template, "AWS::EC2::SecurityGroupIngress").values()
    }
    assert service.service.cluster is service.cluster
    assert service.container.container_name == "web"


def _cluster_elsewhere(stack: cdk.Stack) -> ecs.Cluster:
    return ecs.Cluster(stack, "Elsewhere", vpc=ec2.Vpc(stack, "Vpc"))


def test_a_cluster_passes_whose_vpc_may_be_that_of_the_load_balancer(stack: cdk.Stack) -> None:
    """The load balancer's VPC has an id that only the deployment knows."""
    known, unknown = (
        ec2.Vpc.from_vpc_attributes(
            stack,
            name,
            vpc_id=vpc_id,
            availability_zones=["a", "b"],
            public_subnet_ids=["p1", "p2"],
            private_subnet_ids=["q1", "q2"],
        )
        for name, vpc_id in (("Known", "vpc-1"), ("Unknown", cdk.Fn.import_value("Vpc")))
    )
    cluster = ecs.Cluster.from_cluster_attributes(stack, "Cluster", cluster_name="shop", vpc=known)
    service = _add(stack, "Api", _shared(stack, vpc=unknown), Route(path="/a"), cluster=cluster)
    assert service.cluster is cluster


def _isolated(stack: cdk.Stack) -> ec2.Vpc:
    subnets = [ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)]
    return ec2.Vpc(stack, "Vpc", subnet_configuration=subnets)


def _twice(stack: cdk.Stack) -> None:
    shared = _shared(stack)
    _add(stack, "One", shared, Route(path="/api/*"))
    _add(stack, "Two", shared, Route(path=["/api/*", "/v2/*"]))


REFUSED: list[tuple[str, Callable[[cdk.Stack], object], str, str]] = [
    (
        "shadowed",
        _twice,
        "[Stack/Two] Route(path=['/api/*', '/v2/*']) and Route(path='/api/*') of Stack/One can both match a request",
        "priority=",
    ),
    (
        "cluster",
        lambda stack: _add(stack, "Api", _shared(stack), Route(path="/a"), cluster=_cluster_elsewhere(stack)),
        "[Stack/Api] the cluster is in the VPC Stack/Vpc and the load balancer in Stack/EcrFargateNetwork",
        "omit cluster",
    ),
    (
        "no public subnets",
        lambda stack: _shared(stack, vpc=_isolated(stack)),
        "[Stack/Shared] the VPC has no public subnets",
        "InternalHttp(…)",
    ),
    ("status", lambda _: FixedResponse(status=99), "FixedResponse.status=99", "use 200 to 599"),
    ("redirection", lambda _: FixedResponse(status=301), "FixedResponse.status=301", "400 to 599"),
    ("type", lambda _: FixedResponse(content_type="text/xml"), "FixedResponse.content_type='text/xml'", "text/html"),
    ("body", lambda _: FixedResponse(body="x" * 1025), "FixedResponse.body has 1025 characters", "at most 1024"),
    (
        "delay",
        lambda s: _add(s, "Api", _shared(s), Route(path="/*"), deregistration_delay=cdk.Duration.hours(2)),
        "deregistration_delay is 7200 seconds",
        "0 to 3600",
    ),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_work_is_refused(
    stack: cdk.Stack, make: Callable[[cdk.Stack], object], wrong: str, fix: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(stack)
    assert wrong in str(caught.value)
    assert fix in str(caught.value)

"""What every service can be told, and has, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    CloudMap,
    ConfigurationError,
    EcrFargateService,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    PublicHttp,
    Rolling,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    Scaling,
    ServiceConnect,
    SharedLoadBalancer,
)
from tests.support.inputs import make_app
from tests.support.templates import only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Any]

KINDS = [
    EcrFargateService,
    LoadBalancedFargateService,
    LoadBalancedEc2Service,
    RoutedFargateService,
    RoutedEc2Service,
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def make(request: pytest.FixtureRequest, tmp_path: Path, stack: cdk.Stack) -> Make:
    """Make a service of each kind, ``Web`` in the stack, with the options that it cannot be without."""
    kind, options = request.param, {}
    if kind is EcrFargateService:
        options = {"directory": make_app(tmp_path / "app"), "container_port": 80, "ingress": PublicHttp()}
    elif kind in (LoadBalancedFargateService, LoadBalancedEc2Service):
        options = {"container": AppContainer("nginx:1.29", 80), "ingress": PublicHttp()}
    else:
        options = {"container": AppContainer("nginx:1.29", 80), "route": Route(path="/*")}

    def made(*, vpc: ec2.Vpc | None = None, **further: Any) -> Any:  # noqa: ANN401 - of one of five classes
        if "route" in options:
            shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), vpc=vpc)
            further["load_balancer"] = shared
        elif vpc is not None:
            further["vpc"] = vpc
        return kind(stack, "Web", **options, **further)

    return made


def _service(stack: cdk.Stack) -> dict[str, Any]:
    properties: dict[str, Any] = only(template_of(stack), "AWS::ECS::Service")["Properties"]
    return properties


def test_a_number_of_tasks(make: Make, stack: cdk.Stack) -> None:
    make(desired_count=5)
    assert _service(stack)["DesiredCount"] == 5


def test_a_number_of_tasks_of_the_deployment(make: Make, stack: cdk.Stack) -> None:
    make(desired_count=cdk.CfnParameter(stack, "Count", type="Number").value_as_number)
    assert _service(stack)["DesiredCount"] == {"Ref": "Count"}


def test_two_tasks_unless_it_is_said(make: Make, stack: cdk.Stack) -> None:
    make()
    assert _service(stack)["DesiredCount"] == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"desired_count": 0}, r"\[Stack/Web\] desired_count=0 is not a number of tasks .*use 1 or more"),
        (
            {"desired_count": 3, "scaling": Scaling(min_capacity=2, max_capacity=4, cpu_percent=60)},
            r"\[Stack/Web\] desired_count=3 and scaling are both given",
        ),
        (
            {"deployment": Rolling(max_healthy_percent=125), "desired_count": 3},
            r"\[Stack/Web\] .*never replaces 3 tasks",
        ),
        (
            {"health_check_grace_period": cdk.Duration.millis(1500)},
            r"\[Stack/Web\] health_check_grace_period is 1.5 seconds; AWS takes whole seconds, 0 to 2147483647",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_the_path_of_the_service(
    make: Make, stack: cdk.Stack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make(**options)
    assert stack.node.try_find_child("Web") is None


def test_a_time_before_failed_checks_count(make: Make, stack: cdk.Stack) -> None:
    make(health_check_grace_period=cdk.Duration.minutes(5))
    assert _service(stack)["HealthCheckGracePeriodSeconds"] == 300


def test_subnets(make: Make, stack: cdk.Stack) -> None:
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    subnet = vpc.private_subnets[1]
    make(vpc=vpc, subnets=ec2.SubnetSelection(subnets=[subnet]))
    network = _service(stack)["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["Subnets"] == [stack.resolve(subnet.subnet_id)]
    assert network["AssignPublicIp"] == "DISABLED"


def test_machines_are_in_the_subnets_of_their_tasks(stack: cdk.Stack) -> None:
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    RoutedEc2Service(
        stack,
        "Web",
        load_balancer=SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), vpc=vpc),
        route=Route(path="/*"),
        container=AppContainer("nginx:1.29", 80),
        subnets=ec2.SubnetSelection(subnets=[vpc.private_subnets[1]]),
    )
    group = only(template_of(stack), "AWS::AutoScaling::AutoScalingGroup")["Properties"]
    assert group["VPCZoneIdentifier"] == [stack.resolve(vpc.private_subnets[1].subnet_id)]


def test_public_subnets_for_machines_behind_a_shared_load_balancer_are_refused(stack: cdk.Stack) -> None:
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), vpc=ec2.Vpc(stack, "Vpc"))
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web\] instances and their tasks get no public addresses"):
        RoutedEc2Service(
            stack,
            "Web",
            load_balancer=shared,
            route=Route(path="/*"),
            container=AppContainer("nginx:1.29", 80),
            subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        )


def test_one_target_group(make: Make) -> None:
    made = make()
    assert list(made.target_groups) == [made.target_group]


def test_two_target_groups_where_traffic_shifts(make: Make) -> None:
    made = make(deployment=BlueGreen())
    assert len(made.target_groups) == 2
    assert made.target_groups[0] is made.target_group


def test_service_connect(make: Make, stack: cdk.Stack) -> None:
    made = make()
    connect = ServiceConnect(namespace="apps", name="web")
    made.enable_service_connect(connect)
    configuration = _service(stack)["ServiceConnectConfiguration"]
    assert configuration["Enabled"] is True
    assert [each["DiscoveryName"] for each in configuration["Services"]] == ["web"]
    with pytest.raises(ConfigurationError, match="is already in a Service Connect namespace"):
        made.enable_service_connect(connect)


def test_cloud_map(make: Make, stack: cdk.Stack) -> None:
    made = make()
    namespace = cloudmap.PrivateDnsNamespace(stack, "Namespace", name="apps.internal", vpc=made.vpc)
    made.enable_cloud_map(CloudMap(namespace=namespace, name="web"))
    assert len(_service(stack)["ServiceRegistries"]) == 1
    with pytest.raises(ConfigurationError, match=r"\[Stack/Web\] enable_cloud_map: name='web' is a str; use CloudMap"):
        made.enable_cloud_map("web")


def test_connections_are_made_once_and_have_the_port_of_the_application(make: Make) -> None:
    made = make()
    assert made.connections is made.connections
    assert made.connections.default_port.to_string() == "80"

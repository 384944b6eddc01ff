"""Services that find each other: Service Connect and Cloud Map. Rows are those of docs/defaults.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    CloudMap,
    ConfigurationError,
    InternalHttp,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    ServiceConnect,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
Service = LoadBalancedFargateService | LoadBalancedEc2Service
KINDS: list[Callable[..., Service]] = [LoadBalancedFargateService, LoadBalancedEc2Service]


@pytest.fixture(params=KINDS, ids=["Fargate", "EC2"])
def service(request: pytest.FixtureRequest, stack: cdk.Stack) -> Service:
    made: Service = request.param(stack, "Orders", container=AppContainer(NGINX, 8080), ingress=InternalHttp())
    return made


def _configuration(stack: cdk.Stack) -> dict[str, Any]:
    service = only(template_of(stack), "AWS::ECS::Service")
    found: dict[str, Any] = service["Properties"]["ServiceConnectConfiguration"]
    return found


def test_a_service_is_offered_by_name(stack: cdk.Stack, service: Service) -> None:
    """Row 44."""
    namespace = cloudmap.HttpNamespace(stack, "Namespace", name="apps")
    service.enable_service_connect(ServiceConnect(namespace=namespace, name="orders", port=80))
    configuration = _configuration(stack)
    assert configuration["Enabled"] is True
    assert configuration["Namespace"] == {"Fn::GetAtt": [stack.get_logical_id(_resource(namespace)), "Arn"]}
    [offered] = configuration["Services"]
    assert offered == {
        "PortName": "web",
        "DiscoveryName": "orders",
        "ClientAliases": [{"DnsName": "orders", "Port": 80}],
        "Timeout": {"PerRequestTimeoutSeconds": 15, "IdleTimeoutSeconds": 300},
    }
    options = configuration["LogConfiguration"]["Options"]
    [group] = of_type(template_of(stack), "AWS::Logs::LogGroup")
    assert (options["awslogs-group"], options["awslogs-stream-prefix"]) == ({"Ref": group}, "service-connect")
    assert options["mode"] == "non-blocking"
    [mapping] = only(template_of(stack), "AWS::ECS::TaskDefinition")["Properties"]["ContainerDefinitions"][0][
        "PortMappings"
    ]
    assert (mapping["Name"], mapping["AppProtocol"]) == ("web", "http")


def _resource(namespace: cloudmap.HttpNamespace) -> cdk.CfnElement:
    resource = namespace.node.default_child
    assert isinstance(resource, cdk.CfnElement)
    return resource


def test_what_a_service_calls_is_deployed_first(stack: cdk.Stack, service: Service) -> None:
    """Row 44: a task learns the names that exist when it starts."""
    web = LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=InternalHttp())
    service.enable_service_connect(ServiceConnect(namespace="apps", name="orders"))
    web.enable_service_connect(ServiceConnect(namespace="apps", calls=[service.service]))
    service.connections.allow_default_port_from(web)
    services = of_type(template_of(stack), "AWS::ECS::Service")
    [orders] = [name for name in services if name.startswith("Orders")]
    [caller] = [item for name, item in services.items() if name.startswith("Web")]
    assert orders in caller["DependsOn"]
    # CDK warns of an egress rule when the object that it gets is another one at each look.
    assert not cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())


def test_left_out_the_port_is_the_containers(stack: cdk.Stack, service: Service) -> None:
    service.enable_service_connect(
        ServiceConnect(
            namespace="apps",
            name="orders",
            request_timeout=cdk.Duration.minutes(1),
            idle_timeout=cdk.Duration.seconds(0),
        )
    )
    configuration = _configuration(stack)
    assert configuration["Namespace"] == "apps"
    [offered] = configuration["Services"]
    assert offered["ClientAliases"] == [{"DnsName": "orders", "Port": 8080}]
    assert offered["Timeout"] == {"PerRequestTimeoutSeconds": 60, "IdleTimeoutSeconds": 0}


def test_a_service_without_a_name_is_a_client(stack: cdk.Stack, service: Service) -> None:
    service.enable_service_connect(ServiceConnect(namespace="apps"))
    assert "Services" not in _configuration(stack)


def test_a_log_driver_of_the_users_leaves_the_proxy_without_logs(stack: cdk.Stack) -> None:
    container = AppContainer(NGINX, 80, logging=ecs.LogDrivers.syslog())
    service = LoadBalancedFargateService(stack, "Web", container=container, ingress=InternalHttp())
    service.enable_service_connect(ServiceConnect(namespace="apps", name="web"))
    assert "LogConfiguration" not in _configuration(stack)


def test_a_service_gets_a_dns_name(stack: cdk.Stack, service: Service) -> None:
    """Row 45."""
    namespace = cloudmap.PrivateDnsNamespace(stack, "Namespace", name="internal", vpc=service.vpc)
    service.enable_cloud_map(CloudMap(namespace=namespace, name="orders"))
    template = template_of(stack)
    found = only(template, "AWS::ServiceDiscovery::Service")["Properties"]
    assert found["Name"] == "orders"
    assert found["DnsConfig"]["DnsRecords"] == [{"TTL": 10, "Type": "A"}]
    [registry] = only(template, "AWS::ECS::Service")["Properties"]["ServiceRegistries"]
    assert registry["RegistryArn"]["Fn::GetAtt"][0] == next(iter(of_type(template, "AWS::ServiceDiscovery::Service")))


def test_others_are_let_in_on_the_applications_port(stack: cdk.Stack, service: Service) -> None:
    """Discovery opens nothing."""
    client = ec2.SecurityGroup(stack, "Client", vpc=service.vpc)
    service.connections.allow_default_port_from(client)
    rules = of_type(template_of(stack), "AWS::EC2::SecurityGroupIngress").values()
    [rule] = [item["Properties"] for item in rules if "Client" in str(item["Properties"]["SourceSecurityGroupId"])]
    assert (rule["FromPort"], rule["ToPort"]) == (8080, 8080)


def test_a_service_joins_and_registers_once(stack: cdk.Stack, service: Service) -> None:
    namespace = cloudmap.PrivateDnsNamespace(stack, "Namespace", name="internal", vpc=service.vpc)
    service.enable_service_connect(ServiceConnect(namespace=namespace))
    service.enable_cloud_map(CloudMap(namespace=namespace, name="orders"))
    with pytest.raises(ConfigurationError, match=r"\[Stack/Orders.*is already in a Service Connect namespace"):
        service.enable_service_connect(ServiceConnect(namespace=namespace))
    with pytest.raises(ConfigurationError, match=r"\[Stack/Orders.*already has a name in Cloud Map"):
        service.enable_cloud_map(CloudMap(namespace=namespace, name="orders"))


def test_names_and_ports_may_be_tokens(stack: cdk.Stack, service: Service) -> None:
    name = cdk.CfnParameter(stack, "Name").value_as_string
    port = cdk.CfnParameter(stack, "Port", type="Number").value_as_number
    service.enable_service_connect(ServiceConnect(namespace="apps", name=name, port=port))
    [offered] = _configuration(stack)["Services"]
    assert offered["ClientAliases"] == [{"DnsName": {"Ref": "Name"}, "Port": {"Ref": "Port"}}]

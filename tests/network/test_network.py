"""A network in which a private image can be pulled, and those in which it cannot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    Egress,
    Feature,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Network,
    PublicHttp,
    Sidecar,
)
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
OURS = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
TYPES = ec2.SubnetType
ENDPOINT = "AWS::EC2::VPCEndpoint"


def _network(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
    stack = cdk.Stack(cdk.App(), "Stack")
    Network(stack, "Net", **options)
    return template_of(stack)


def _serve(stack: cdk.Stack, *, vpc: ec2.IVpc, subnets: ec2.SubnetSelection | None = None, **options: Any) -> None:  # noqa: ANN401 - passed on
    container = options.pop("container", AppContainer(OURS, 80))
    LoadBalancedFargateService(
        stack, "Web", container=container, ingress=PublicHttp(), vpc=vpc, subnets=subnets, **options
    )


def _names(template: dict[str, Any]) -> set[str]:
    """Interface endpoints without their prefix."""
    found = set()
    for endpoint in of_type(template, ENDPOINT).values():
        properties = endpoint["Properties"]
        if properties["VpcEndpointType"] == "Interface":
            name = properties["ServiceName"]
            text = (
                name
                if isinstance(name, str)
                else "".join(part for part in name["Fn::Join"][1] if isinstance(part, str))
            )
            found.add(re.sub(r"^(com\.amazonaws)?\.+", "", text))
            assert properties["PrivateDnsEnabled"] is True
    return found


@pytest.mark.parametrize("egress", Egress)
def test_image_layers_always_come_through_the_gateway_for_s3(egress: Egress) -> None:
    """Row 21."""
    gateways = [
        endpoint["Properties"]
        for endpoint in of_type(_network(egress=egress), ENDPOINT).values()
        if endpoint["Properties"]["VpcEndpointType"] == "Gateway"
    ]
    assert len(gateways) == 1
    assert ".s3" in str(gateways[0]["ServiceName"])


def test_nat_gives_each_zone_a_gateway() -> None:
    template = _network(max_azs=3)
    zones = len(of_type(template, "AWS::EC2::Subnet")) // 2
    assert len(of_type(template, "AWS::EC2::NatGateway")) == zones
    assert _names(template) == set()
    assert len(of_type(_network(nat_gateways=1), "AWS::EC2::NatGateway")) == 1


@pytest.mark.parametrize(
    "features", [(), (Feature.LOGS,), (Feature.SECRETS, Feature.EXEC), tuple(Feature)], ids=lambda each: f"{len(each)}"
)
def test_endpoints_are_exactly_those_of_the_features(features: tuple[Feature, ...]) -> None:
    expected = {"ecr.api", "ecr.dkr"}
    documented = {
        Feature.LOGS: {"logs"},
        Feature.SECRETS: {"secretsmanager"},
        Feature.PARAMETERS: {"ssm"},
        Feature.EXEC: {"ssmmessages"},
        Feature.TELEMETRY: {"xray", "logs"},
        Feature.CONTAINER_INSTANCES: {"ecs", "ecs-agent", "ecs-telemetry"},
    }
    template = _network(egress=Egress.ENDPOINTS, features=features)
    assert _names(template) == expected.union(*(documented[feature] for feature in features))
    assert not of_type(template, "AWS::EC2::NatGateway")
    [rule] = only(template, "AWS::EC2::SecurityGroup")["Properties"]["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert "CidrBlock" in str(rule["CidrIp"])


def test_public_has_neither_gateways_nor_endpoints_and_tasks_get_addresses() -> None:
    """Row 23."""
    stack = cdk.Stack(cdk.App(), "Stack")
    network = Network(stack, "Net", egress=Egress.PUBLIC)
    assert network.egress is Egress.PUBLIC
    _serve(stack, vpc=network.vpc, subnets=network.task_subnets)
    template = template_of(stack)
    assert not of_type(template, "AWS::EC2::NatGateway")
    placement = only(template, "AWS::ECS::Service")["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert placement["AssignPublicIp"] == "ENABLED"
    for subnet in of_type(template, "AWS::EC2::Subnet").values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False


def test_ipv6() -> None:
    template = _network(ip_protocol=ec2.IpProtocol.DUAL_STACK)
    assert of_type(template, "AWS::EC2::VPCCidrBlock")
    assert all(subnet["Properties"]["Ipv6CidrBlock"] for subnet in of_type(template, "AWS::EC2::Subnet").values())


@pytest.mark.parametrize("egress", Egress)
def test_a_task_reaches_its_image_in_each_network(egress: Egress) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    network = Network(stack, "Net", egress=egress)
    _serve(stack, vpc=network.vpc, subnets=network.task_subnets)
    only(template_of(stack), "AWS::ECS::Service")


def _everything(stack: cdk.Stack) -> AppContainer:
    secret = secretsmanager.Secret(stack, "Secret")
    parameter = ssm.StringParameter(stack, "Parameter", string_value="x")
    secrets = {
        "A": ecs.Secret.from_secrets_manager(secret),
        "B": ecs.Secret.from_ssm_parameter(parameter),
    }
    return AppContainer(OURS, 80, secrets=secrets)


@pytest.mark.parametrize("missing", [Feature.LOGS, Feature.SECRETS, Feature.PARAMETERS, Feature.EXEC])
def test_a_feature_without_its_endpoint_is_refused(stack: cdk.Stack, missing: Feature) -> None:
    features = {Feature.LOGS, Feature.SECRETS, Feature.PARAMETERS, Feature.EXEC} - {missing}
    network = Network(stack, "Net", egress=Egress.ENDPOINTS, features=features)
    container = _everything(stack)
    _serve(stack, vpc=network.vpc, subnets=network.task_subnets, container=container, enable_execute_command=True)
    names = {Feature.LOGS: "logs", Feature.SECRETS: "secretsmanager", Feature.PARAMETERS: "ssm"}
    message = f"no endpoints for {names.get(missing, 'ssmmessages')}; use Network"
    with pytest.raises(RuntimeError, match=message) as caught:
        template_of(stack)
    assert "[Stack/Web] tasks in Stack/Net/Default/PrivateSubnet1 cannot start" in str(caught.value)
    assert "Feature.LOGS, Feature.SECRETS, Feature.PARAMETERS, Feature.EXEC" in str(caught.value)


def test_everything_with_its_endpoints_passes(stack: cdk.Stack) -> None:
    network = Network(stack, "Net", egress=Egress.ENDPOINTS, features=set(Feature) - {Feature.CONTAINER_INSTANCES})
    container = _everything(stack)
    sidecars = [Sidecar.adot(image=OURS)]
    _serve(
        stack,
        vpc=network.vpc,
        subnets=network.task_subnets,
        container=container,
        sidecars=sidecars,
        enable_execute_command=True,
    )
    assert set(network.endpoints) >= {"ecr.api", "xray"}
    template_of(stack)


def _vpc(stack: cdk.Stack, *types: ec2.SubnetType, **options: Any) -> ec2.Vpc:  # noqa: ANN401 - passed on
    subnets = [
        ec2.SubnetConfiguration(name=each.name.capitalize().replace("_", ""), subnet_type=each) for each in types
    ]
    return ec2.Vpc(stack, "Vpc", **{"nat_gateways": 0, "subnet_configuration": subnets, **options})


def _only(kind: ec2.SubnetType) -> ec2.SubnetSelection:
    return ec2.SubnetSelection(subnet_type=kind)


WRONG: list[tuple[str, Callable[[cdk.Stack], object], str, str]] = [
    (
        "public only",
        lambda stack: _serve(stack, vpc=_vpc(stack, TYPES.PUBLIC)),
        "[Stack/Web] the VPC has no private subnets with internet access",
        "subnet_type=ec2.SubnetType.PUBLIC",
    ),
    (
        "public only, for machines",
        lambda stack: LoadBalancedEc2Service(
            stack, "Web", container=AppContainer(NGINX, 80), vpc=_vpc(stack, TYPES.PUBLIC)
        ),
        "instances and their tasks get no public addresses",
        "add NAT",
    ),
    (
        "isolated only",
        lambda stack: _serve(stack, vpc=_vpc(stack, TYPES.PUBLIC, TYPES.PRIVATE_ISOLATED)),
        "[Stack/Web] the VPC has no private subnets with internet access",
        "Network(egress=…)",
    ),
    (
        "one zone",
        lambda stack: _serve(stack, vpc=_vpc(stack, TYPES.PUBLIC, TYPES.PRIVATE_WITH_EGRESS, max_azs=1)),
        "[Stack/Web] the VPC has one availability zone",
        "max_azs=2",
    ),
    (
        "isolated by name",
        lambda stack: _serve(
            stack,
            vpc=_vpc(stack, TYPES.PUBLIC, TYPES.PRIVATE_ISOLATED),
            subnets=_only(TYPES.PRIVATE_ISOLATED),
        ),
        "pull their image: the subnet has no route to the internet, and its VPC has no endpoints for ecr.api",
        "Network(egress=Egress.ENDPOINTS, features=[Feature.LOGS])",
    ),
    (
        "private, but no NAT",
        lambda stack: _serve(stack, vpc=_vpc(stack, TYPES.PUBLIC, TYPES.PRIVATE_WITH_EGRESS)),
        "[Stack/Web] tasks in Stack/Vpc/PrivatewithegressSubnet1 cannot pull their image",
        "use subnets with a route to the internet",
    ),
]


@pytest.mark.parametrize(("make", "wrong", "fix"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_task_with_no_route_to_ecr_is_refused(
    stack: cdk.Stack, make: Callable[[cdk.Stack], object], wrong: str, fix: str
) -> None:
    def synthesize() -> None:
        make(stack)
        template_of(stack)

    with pytest.raises((ConfigurationError, RuntimeError)) as caught:
        synthesize()
    assert wrong in str(caught.value)
    assert fix in str(caught.value)


def test_a_route_of_ones_own_is_a_way_out(stack: cdk.Stack) -> None:
    vpc = _vpc(stack, TYPES.PUBLIC, TYPES.PRIVATE_WITH_EGRESS)
    for subnet in vpc.private_subnets:
        assert isinstance(subnet, ec2.PrivateSubnet)
        subnet.add_route("Out", router_id="tgw-1", router_type=ec2.RouterType.TRANSIT_GATEWAY)
    _serve(stack, vpc=vpc)
    template_of(stack)


def test_endpoints_of_ones_own_are_found_wherever_they_stand(stack: cdk.Stack) -> None:
    vpc = _vpc(stack, TYPES.PUBLIC, TYPES.PRIVATE_ISOLATED)
    vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
    services = ec2.InterfaceVpcEndpointAwsService
    vpc.add_interface_endpoint("Logs", service=services.CLOUDWATCH_LOGS)
    ec2.InterfaceVpcEndpoint(stack, "Api", vpc=vpc, service=services.ECR)
    ec2.CfnVPCEndpoint(
        stack,
        "Docker",
        vpc_id=vpc.vpc_id,
        service_name="com.amazonaws.eu-west-1.ecr.dkr",
        vpc_endpoint_type="Interface",
    )
    _serve(stack, vpc=vpc, subnets=_only(TYPES.PRIVATE_ISOLATED))
    template_of(stack)


def _app(stack: cdk.Stack) -> cdk.App:
    app = stack.node.root
    assert isinstance(app, cdk.App)
    return app


def test_endpoints_in_another_stack_than_their_vpc_count(stack: cdk.Stack) -> None:
    home, other = (cdk.Stack(_app(stack), name) for name in ("Home", "Endpoints"))
    vpc = _vpc(home, TYPES.PUBLIC, TYPES.PRIVATE_ISOLATED)
    vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
    services = ec2.InterfaceVpcEndpointAwsService
    for name, service in (("Api", services.ECR), ("Docker", services.ECR_DOCKER), ("Logs", services.CLOUDWATCH_LOGS)):
        ec2.InterfaceVpcEndpoint(other, name, vpc=vpc, service=service)
    _serve(stack, vpc=vpc, subnets=_only(TYPES.PRIVATE_ISOLATED))
    template_of(stack)


@pytest.mark.parametrize("home", ["Stack", "Elsewhere"])
def test_endpoints_of_another_vpc_do_not_count(stack: cdk.Stack, home: str) -> None:
    Network(stack if home == "Stack" else cdk.Stack(_app(stack), home), "Other", egress=Egress.ENDPOINTS)
    vpc = _vpc(stack, TYPES.PUBLIC, TYPES.PRIVATE_ISOLATED)
    _serve(stack, vpc=vpc, subnets=_only(TYPES.PRIVATE_ISOLATED))
    with pytest.raises(RuntimeError, match=r"no endpoints for ecr\.api, ecr\.dkr, logs"):
        template_of(stack)


def test_each_network_of_a_stack_has_a_cluster_of_its_own(stack: cdk.Stack) -> None:
    scopes = [Construct(stack, name) for name in ("One", "Two")]
    networks = [Network(stack, "Net"), *(Network(scope, "Net") for scope in scopes)]
    for number, network in enumerate([*networks, *networks]):
        LoadBalancedFargateService(
            stack, f"Web{number}", container=AppContainer(NGINX, 80), ingress=PublicHttp(), vpc=network.vpc
        )
    assert len(of_type(template_of(stack), "AWS::ECS::Cluster")) == 3


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"max_azs": 1}, "[Stack/Net] max_azs=1 is not a number of zones that a load balancer accepts", "2 or more"),
    ({"nat_gateways": 0}, "[Stack/Net] nat_gateways=0", "use 1 or more"),
    ({"nat_gateways": 3}, "nat_gateways=3 is above max_azs=2", "use at most one per zone"),
    ({"egress": Egress.PUBLIC, "nat_gateways": 1}, "nat_gateways=1 with egress=Egress.PUBLIC", "omit one of the two"),
]


@pytest.mark.parametrize(("options", "wrong", "fix"), REFUSED)
def test_a_network_that_cannot_work_is_refused(options: dict[str, Any], wrong: str, fix: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _network(**options)
    assert wrong in str(caught.value)
    assert fix in str(caught.value)

"""Images that no endpoint leads to, in networks without internet access."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs

from ecr_fargate_constructs import (
    AppContainer,
    Architecture,
    Ec2Capacity,
    Egress,
    Feature,
    InternalHttp,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    Network,
    PrivateRepository,
    PullThroughCache,
    Sidecar,
    Upstream,
)
from ecr_fargate_constructs._rules.registry_reach import out_of_reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.service.container.images import Image

pytestmark = pytest.mark.integration

OURS = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
ADOT = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0"
WARNING = "ecr-fargate-constructs:registryOutOfReach"


def _network(stack: cdk.Stack, *, features: Any = (Feature.LOGS,)) -> Network:  # noqa: ANN401 - passed on
    return Network(stack, "Net", egress=Egress.ENDPOINTS, features=features)


def _serve(stack: cdk.Stack, image: Image, network: Network, **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401 - passed on
    return LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, 80),
        ingress=InternalHttp(),
        vpc=network.vpc,
        subnets=network.task_subnets,
        **options,
    )


def _warnings(stack: cdk.Stack) -> str:
    app = stack.node.root
    assert isinstance(app, cdk.App)
    return json.dumps([message.entry.data for message in app.synth().get_stack_by_name(stack.stack_name).messages])


def _errors(stack: cdk.Stack) -> str:
    with pytest.raises(RuntimeError) as caught:
        _warnings(stack)
    return str(caught.value)


@pytest.fixture
def west() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Stack", env=cdk.Environment(account="111122223333", region="eu-west-1"))


@pytest.mark.parametrize(
    "image", ["nginx:1.29", "public.ecr.aws/nginx/nginx:1.29", "ghcr.io/org/app:1", "quay.io/a/b:1"]
)
def test_a_public_image_is_refused_with_the_way_on(stack: cdk.Stack, image: str) -> None:
    _serve(stack, image, _network(stack))
    message = _errors(stack)
    assert f"[Stack/Web] tasks in Stack/Net/Default/PrivateSubnet1 cannot pull '{image}' of container 'web'" in message
    assert f"use PrivateRepository.mirror_image('{image}') or PullThroughCache" in message


@pytest.mark.parametrize("sidecar", [Sidecar.adot, Sidecar.log_router])
def test_a_preset_whose_image_is_public_is_refused(stack: cdk.Stack, sidecar: Callable[[], Sidecar]) -> None:
    """``Feature.TELEMETRY`` is made for the first one."""
    each = sidecar()
    _serve(stack, OURS, _network(stack, features=(Feature.LOGS, Feature.TELEMETRY)), sidecars=[each])
    message = _errors(stack)
    assert f"'{each.image}' of container '{each.name}'" in message
    assert "of container 'web'" not in message


def test_what_is_mirrored_or_cached_passes(stack: cdk.Stack) -> None:
    adot = PrivateRepository(stack, "Adot").mirror_image(ADOT)
    cache = PullThroughCache(stack, "Cache", upstream=Upstream.ECR_PUBLIC)
    cached = cache.image("public.ecr.aws/nginx/nginx:1.29", architecture=Architecture.X86_64)
    network = _network(stack, features=(Feature.LOGS, Feature.TELEMETRY))
    _serve(stack, cached, network, sidecars=[Sidecar.adot(image=adot)])
    assert "cannot pull" not in _warnings(stack)


def test_an_image_asset_and_a_parameter_pass(stack: cdk.Stack, directory: Any) -> None:  # noqa: ANN401 - a folder
    parameter = cdk.CfnParameter(stack, "Image")
    sidecar = Sidecar("beside", ecs.ContainerImage.from_asset(str(directory)))
    _serve(stack, parameter.value_as_string, _network(stack), sidecars=[sidecar])
    assert "cannot pull" not in _warnings(stack)


@pytest.mark.parametrize("region", ["eu-west-1", "eu-central-1"])
def test_endpoints_lead_to_repositories_of_their_own_region(west: cdk.Stack, region: str) -> None:
    arn = f"arn:aws:ecr:{region}:111122223333:repository/shop"
    repository = ecr.Repository.from_repository_arn(west, "Repository", arn)
    _serve(west, ecs.ContainerImage.from_ecr_repository(repository, "1"), _network(west))
    if region == "eu-west-1":
        assert "cannot pull" not in _warnings(west)
    else:
        message = _errors(west)
        assert "is in a repository of eu-central-1, but the VPC's endpoints lead to those of eu-west-1" in message
        assert "a repository of eu-west-1" in message


def test_an_endpoint_that_leads_to_another_region_counts(west: cdk.Stack) -> None:
    network = _network(west)
    ec2.CfnVPCEndpoint(
        west,
        "Far",
        vpc_id=network.vpc.vpc_id,
        service_name="com.amazonaws.eu-central-1.ecr.dkr",
        service_region="eu-central-1",
        vpc_endpoint_type="Interface",
    )
    _serve(west, "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop:1", network)
    assert "cannot pull" not in _warnings(west)


def test_a_registry_that_may_stand_inside_is_a_warning(stack: cdk.Stack) -> None:
    _serve(stack, "registry.corp.example/shop:1", _network(stack))
    found = _warnings(stack)
    assert WARNING in found
    assert "comes from registry.corp.example" in found


def test_a_route_to_somewhere_makes_it_a_warning(stack: cdk.Stack) -> None:
    """A peered network may have the registry, or a proxy for it."""
    network = _network(stack)
    for subnet in network.vpc.isolated_subnets:
        assert isinstance(subnet, ec2.Subnet)
        subnet.add_route(
            "Corp",
            router_id="tgw-1",
            router_type=ec2.RouterType.TRANSIT_GATEWAY,
            destination_cidr_block="10.0.0.0/8",
        )
    _serve(stack, "nginx:1.29", network)
    assert WARNING in _warnings(stack)


def test_a_default_route_for_ipv6_leads_tasks_with_ipv4_to_no_registry(stack: cdk.Stack) -> None:
    network = _network(stack)
    for subnet in network.vpc.isolated_subnets:
        assert isinstance(subnet, ec2.Subnet)
        subnet.add_route(
            "Ipv6",
            router_id="eigw-1",
            router_type=ec2.RouterType.EGRESS_ONLY_INTERNET_GATEWAY,
            destination_ipv6_cidr_block="::/0",
        )
    _serve(stack, "nginx:1.29", network)
    assert "cannot pull 'nginx:1.29' of container 'web'" in _errors(stack)


def test_a_machine_may_hold_the_image_and_so_is_a_warning(stack: cdk.Stack) -> None:
    network = _network(stack, features=(Feature.LOGS, Feature.CONTAINER_INSTANCES))
    LoadBalancedEc2Service(
        stack,
        "Web",
        container=AppContainer("nginx:1.29", 80),
        capacity=Ec2Capacity(),
        ingress=InternalHttp(),
        vpc=network.vpc,
        subnets=network.task_subnets,
    )
    assert WARNING in _warnings(stack)


@pytest.mark.parametrize("native", [False, True])
def test_ipv6_is_a_way_out_for_subnets_without_ipv4_alone(stack: cdk.Stack, *, native: bool) -> None:
    """An egress-only gateway leads tasks with IPv4 addresses to no registry."""
    kinds = (ec2.SubnetType.PUBLIC, ec2.SubnetType.PRIVATE_WITH_EGRESS)
    groups = [ec2.SubnetConfiguration(name=kind.name.title(), subnet_type=kind) for kind in kinds]
    protocol = ec2.IpProtocol.DUAL_STACK
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, ip_protocol=protocol, subnet_configuration=groups)
    for subnet in vpc.private_subnets:
        resource = subnet.node.find_child("Subnet")
        assert isinstance(resource, ec2.CfnSubnet)
        resource.ipv6_native = native
    subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
    container = AppContainer(OURS, 80)
    LoadBalancedFargateService(stack, "Web", container=container, ingress=InternalHttp(), vpc=vpc, subnets=subnets)
    if native:
        assert "cannot pull" not in _warnings(stack)
    else:
        assert (
            "the subnet has no route to the internet, and its VPC has no endpoints for ecr.api, ecr.dkr, logs"
            in _errors(stack)
        )


@pytest.mark.parametrize(
    ("image", "region", "regions", "reached"),
    [
        ("1.dkr.ecr.eu-west-1.amazonaws.com/a:1", "eu-west-1", set(), True),
        ("1.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1", "cn-north-1", set(), True),
        ("1.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a:1", "us-gov-west-1", set(), True),
        ("1.dkr-ecr.eu-west-1.on.aws/a:1", "eu-west-1", set(), True),
        ("1.dkr.ecr.eu-west-1.amazonaws.com/a:1", None, set(), True),
        (".dkr.ecr../a:1", "eu-west-1", set(), True),
        ("1.dkr.ecr.eu-west-2.amazonaws.com/a:1", "eu-west-1", {None}, False),
        ("1.dkr.ecr.eu-west-2.amazonaws.com/a:1", "eu-west-1", {"eu-west-2"}, True),
        ("corp.example/1.dkr.ecr.eu-west-1/a:1", "eu-west-1", set(), False),
        ("", "eu-west-1", set(), True),
        ("us-docker.pkg.dev/a/b:1", "eu-west-1", set(), False),
    ],
)
def test_what_endpoints_lead_to(image: str, region: str | None, regions: set[str | None], *, reached: bool) -> None:
    assert (out_of_reach(image, region=region, regions=regions) is None) is reached

"""Names that AWS takes once in an account and region, a zone or a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_servicediscovery as cloudmap

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    CloudMap,
    ConfigurationError,
    EcrFargateService,
    ExistingLoadBalancer,
    ImageRepositoryStack,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    Network,
    PrivateRepository,
    PublicHttp,
    PublicHttps,
    PullThroughCache,
    ServiceConnect,
    ServiceDashboard,
    SharedLoadBalancer,
    TestTrafficPort,
    Upstream,
)
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[[cdk.Stack, str], object]

IMAGE = "public.ecr.aws/nginx/nginx:1.29"
IRELAND, OREGON = (cdk.Environment(account="123456789012", region=each) for each in ("eu-west-1", "us-west-2"))


def _service(stack: cdk.Stack, construct_id: str = "Web", **options: Any) -> LoadBalancedFargateService:  # noqa: ANN401
    return LoadBalancedFargateService(
        stack, construct_id, **{"container": AppContainer(IMAGE, 80), "ingress": PublicHttp(), **options}
    )


def _zone(stack: cdk.Stack, construct_id: str, zone_id: str = "Z1") -> route53.IHostedZone:
    return route53.HostedZone.from_hosted_zone_attributes(
        stack, f"Zone{construct_id}", hosted_zone_id=zone_id, zone_name="example.com"
    )


def _domain(stack: cdk.Stack, construct_id: str, name: str = "shop.example.com", zone: str = "Z1") -> PublicHttps:
    return PublicHttps(domain_name=name, hosted_zone=_zone(stack, construct_id, zone))


ONCE: dict[str, tuple[Make, str]] = {
    "load balancer": (
        lambda s, i: _service(s, i, ingress=PublicHttp(load_balancer=LoadBalancerSettings(name="shop"))),
        r"LoadBalancerSettings\.name='shop' is already used by One/A; an account and region has each name once",
    ),
    "repository": (
        lambda s, i: PrivateRepository(s, i, repository_name="shop"),
        r"repository_name='shop' is already used by One/A",
    ),
    "prefix": (
        lambda s, i: PullThroughCache(s, i, upstream=Upstream.QUAY),
        r"prefix='quay' is already used by One/A",
    ),
    "dashboard": (
        lambda s, i: ServiceDashboard(s, f"{i}D", observed=_service(s, i), name="shop"),
        r"name='shop' is already used by One/AD",
    ),
}


@pytest.mark.parametrize("what", ONCE)
def test_a_name_is_taken_once_in_an_account_and_region(what: str) -> None:
    make, said = ONCE[what]
    app = cdk.App()
    make(cdk.Stack(app, "One", env=IRELAND), "A")
    with pytest.raises(ConfigurationError, match=said):
        make(cdk.Stack(app, "Two", env=IRELAND), "B")
    make(cdk.Stack(app, "Far", env=OREGON), "B")
    make(cdk.Stack(app, "Unknown"), "B")  # deployed to nobody knows where
    make(cdk.Stack(app, "AlsoUnknown"), "B")
    make(cdk.Stack(cdk.App(), "One", env=IRELAND), "A")


def test_a_name_is_taken_once_in_a_stack_without_an_environment_too() -> None:
    stack = cdk.Stack(cdk.App(), "One")
    PrivateRepository(stack, "A", repository_name="shop")
    with pytest.raises(ConfigurationError, match="is already used by One/A"):
        PrivateRepository(stack, "B", repository_name="shop")
    assert stack.node.try_find_child("B") is None
    stack.node.try_remove_child("A")
    PrivateRepository(stack, "B", repository_name="shop")
    token = cdk.CfnParameter(stack, "Name").value_as_string
    for each in "CD":
        PrivateRepository(stack, each, repository_name=token)


def test_a_domain_leads_to_one_load_balancer(tmp_path: Path) -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "One")
    folder = make_app(tmp_path)
    EcrFargateService(stack, "A", directory=folder, container_port=80, ingress=_domain(stack, "A"))
    with pytest.raises(
        ConfigurationError, match=r"domain_name='SHOP\.example\.com' is already used by One/A; a zone has"
    ):
        _service(stack, "B", ingress=_domain(stack, "B", "SHOP.example.com"))
    other = cdk.Stack(app, "Two")
    with pytest.raises(ConfigurationError, match="is already used by One/A"):
        SharedLoadBalancer(other, "B", ingress=_domain(other, "C"))
    _service(stack, "C", ingress=_domain(stack, "D", "api.example.com"))
    _service(stack, "D", ingress=_domain(stack, "E", zone="Z2"))  # another zone of the name


def test_the_names_of_image_repository_stacks_differ_in_more_than_case() -> None:
    app = cdk.App()
    ImageRepositoryStack(app, "Images")
    with pytest.raises(ConfigurationError, match="repository_name='images' is already used by Images/Repository"):
        ImageRepositoryStack(app, "images")
    assert app.node.try_find_child("images") is None
    ImageRepositoryStack(cdk.Stage(app, "Prod"), "Images", stack_name="Images")
    ImageRepositoryStack(app, "images", repository_name="others")


def test_a_service_has_a_name_of_its_own_in_a_namespace() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    one, two, three = (_service(stack, each) for each in ("One", "Two", "Three"))
    apps = cloudmap.PrivateDnsNamespace(stack, "Apps", name="apps", vpc=one.vpc)
    one.enable_service_connect(ServiceConnect(namespace=apps, name="orders"))
    with pytest.raises(
        ConfigurationError, match=r"\[Stack/Two/Default/Service\] ServiceConnect\.name='orders' is already used by"
    ):
        two.enable_service_connect(ServiceConnect(namespace=apps, name="orders"))
    two.enable_service_connect(ServiceConnect(namespace=apps, name="invoices"))
    three.enable_service_connect(ServiceConnect(namespace="others", name="orders"))
    one.enable_cloud_map(CloudMap(namespace=apps, name="orders"))
    with pytest.raises(ConfigurationError, match=r"CloudMap\.name='orders' is already used by Stack/One"):
        two.enable_cloud_map(CloudMap(namespace=apps, name="orders"))
    two.enable_cloud_map(CloudMap(namespace=apps, name="invoices"))


def test_calls_that_form_a_circle_are_refused() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    one, two, three = (_service(stack, each) for each in ("One", "Two", "Three"))
    one.enable_service_connect(ServiceConnect(namespace="apps", name="one", calls=[two.service]))
    two.enable_service_connect(ServiceConnect(namespace="apps", name="two", calls=[three.service]))
    with pytest.raises(
        ConfigurationError, match=r"ServiceConnect\.calls has Stack/One.*, which in turn calls Stack/Three"
    ):
        three.enable_service_connect(ServiceConnect(namespace="apps", name="three", calls=[one.service]))
    with pytest.raises(ConfigurationError, match="which in turn calls Stack/Three"):
        three.enable_service_connect(ServiceConnect(namespace="apps", name="three", calls=[three.service]))
    three.enable_service_connect(ServiceConnect(namespace="apps", name="three"))


def test_an_empty_namespace_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="namespace='' is empty"):
        ServiceConnect(namespace="", name="web")


def test_test_traffic_has_a_port_of_its_own_on_an_existing_load_balancer() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    network = Network(stack, "Network")
    balancer = elbv2.ApplicationLoadBalancer(stack, "Balancer", vpc=network.vpc, internet_facing=True)
    answer = elbv2.ListenerAction.fixed_response(404)
    balancer.add_listener("Other", port=8443, protocol=elbv2.ApplicationProtocol.HTTP, default_action=answer)
    way = PublicHttp(load_balancer=ExistingLoadBalancer(balancer))
    with pytest.raises(
        ConfigurationError, match=r"TestTrafficPort\.port=8443 already has a listener on ExistingLoadBalancer"
    ):
        _service(stack, ingress=way, deployment=BlueGreen(test_traffic=TestTrafficPort(port=8443)))
    _service(stack, ingress=way, deployment=BlueGreen(test_traffic=TestTrafficPort(port=9443)))


def test_a_stack_whose_name_is_no_name_of_a_repository_is_told_so() -> None:
    app = cdk.App()
    with pytest.raises(
        ConfigurationError, match=r"\[I\] the repository would be named 'i', after the stack 'I'.*set repository_name="
    ):
        ImageRepositoryStack(app, "I")
    ImageRepositoryStack(app, "I", repository_name="shop/web")

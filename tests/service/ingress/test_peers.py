"""Who may connect: ranges that fit the load balancer's addresses, as many as its security group takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    EcrFargateService,
    InternalHttp,
    LoadBalancedEc2Service,
    LoadBalancedFargateService,
    LoadBalancerSettings,
    Network,
    PublicHttp,
    PublicHttps,
    SharedLoadBalancer,
)
from tests.support.templates import only, template_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration

CONTAINER = AppContainer("public.ecr.aws/nginx/nginx:1.29", 80)
WARNING = "ecr-fargate-constructs:securityGroupRules"
BOTH = LoadBalancerSettings(ip_address_type=elbv2.IpAddressType.DUAL_STACK)


def _ranges(count: int) -> list[ec2.IPeer]:
    return [ec2.Peer.ipv4(f"10.0.{number}.0/24") for number in range(count)]


def _warned(stack: cdk.Stack) -> str:
    app = stack.node.root
    assert isinstance(app, cdk.App)
    return json.dumps([each.entry.data for each in app.synth().get_stack_by_name(stack.stack_name).messages])


@pytest.mark.parametrize("way", [PublicHttp, InternalHttp])
@pytest.mark.parametrize("peers", [["::/0"], ["2001:db8::/32", "::/0"]])
def test_ipv6_alone_is_refused_where_nobody_could_come_by_it(way: Any, peers: list[str]) -> None:  # noqa: ANN401 - a class
    with pytest.raises(ConfigurationError, match=rf"{way.__name__}\.allow_from has only IPv6 ranges \({peers[0]}\)"):
        way(allow_from=[ec2.Peer.ipv6(peer) for peer in peers])


def test_ipv6_beside_others_a_token_and_a_group_pass(stack: cdk.Stack) -> None:
    text = cdk.CfnParameter(stack, "Range").value_as_string
    group = ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-0123456789abcdef0")
    for peers in (
        [ec2.Peer.any_ipv6(), ec2.Peer.any_ipv4()],
        [ec2.Peer.ipv6(text)],
        [ec2.Peer.prefix_list("pl-1")],
        [ec2.Peer.security_group_id(group.security_group_id)],
        [group],
    ):
        PublicHttp(allow_from=peers)
    PublicHttp(allow_from=[ec2.Peer.any_ipv6()], load_balancer=BOTH)


@pytest.mark.parametrize(("count", "warned"), [(60, False), (61, True)])
def test_more_peers_than_rules_are_a_warning(stack: cdk.Stack, count: int, *, warned: bool) -> None:
    ingress = PublicHttp(allow_from=_ranges(count))
    LoadBalancedFargateService(stack, "Web", container=CONTAINER, ingress=ingress)
    found = _warned(stack)
    assert (WARNING in found) is warned
    assert (f"{count} inbound rules, but AWS allows 60" in found) is warned


@pytest.mark.parametrize(("count", "warned"), [(30, False), (31, True)])
def test_a_listener_that_redirects_takes_rules_too(stack: cdk.Stack, count: int, *, warned: bool) -> None:
    certificate = cdk.aws_certificatemanager.Certificate.from_certificate_arn(
        stack, "Certificate", "arn:aws:acm:us-east-1:111122223333:certificate/a"
    )
    SharedLoadBalancer(stack, "Shared", ingress=PublicHttps(certificate=certificate, allow_from=_ranges(count)))
    assert (WARNING in _warned(stack)) is warned


def test_rules_of_both_kinds_are_counted_apart_and_one_range_once(stack: cdk.Stack) -> None:
    other = [ec2.Peer.ipv6(f"2001:db8:{number}::/48") for number in range(40)]
    ingress = InternalHttp(allow_from=[*_ranges(40), *_ranges(40), *other])
    LoadBalancedFargateService(stack, "Web", container=CONTAINER, ingress=ingress)
    assert WARNING not in _warned(stack)


_MAKE: dict[str, Callable[[cdk.Stack, ec2.IVpc | None], object]] = {
    "Web": lambda stack, vpc: LoadBalancedFargateService(
        stack, "Web", container=CONTAINER, ingress=PublicHttp(load_balancer=BOTH), vpc=vpc
    ),
    "Machines": lambda stack, vpc: LoadBalancedEc2Service(
        stack, "Machines", container=CONTAINER, ingress=PublicHttp(load_balancer=BOTH), vpc=vpc
    ),
    "Shared": lambda stack, vpc: SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(load_balancer=BOTH), vpc=vpc),
}


@pytest.mark.parametrize("name", _MAKE)
@pytest.mark.parametrize("given", [False, True])
def test_two_stacks_of_addresses_in_a_network_with_one_are_refused(stack: cdk.Stack, name: str, *, given: bool) -> None:
    vpc = Network(stack, "Net").vpc if given else None
    which = "Stack/Net/Default" if given else "the network that the stack's services share"
    message = rf"^\[Stack/{name}\] LoadBalancerSettings\.ip_address_type=DUAL_STACK .* {which} has none"
    with pytest.raises(ConfigurationError, match=message):
        _MAKE[name](stack, vpc)
    assert stack.node.try_find_child(name) is None


def test_the_front_door_refuses_them_itself(stack: cdk.Stack, directory: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^\[Stack/Web\] LoadBalancerSettings\.ip_address_type=DUAL_STACK"):
        EcrFargateService(stack, "Web", directory=directory, container_port=80, ingress=PublicHttp(load_balancer=BOTH))
    assert [child.node.id for child in stack.node.children] == []


@pytest.mark.parametrize("name", _MAKE)
@pytest.mark.parametrize("ours", [True, False])
def test_networks_with_ipv6_pass_and_others_are_taken_at_their_word(stack: cdk.Stack, name: str, *, ours: bool) -> None:
    vpc = Network(stack, "Net", ip_protocol=ec2.IpProtocol.DUAL_STACK).vpc if ours else ec2.Vpc(stack, "Vpc")
    _MAKE[name](stack, vpc)
    balancer = only(template_of(stack), "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["Properties"]["IpAddressType"] == "dualstack"

"""Rules of routes: rewrites and access tokens, and where they contradict the load balancer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_certificatemanager as acm

from ecr_fargate_constructs import (
    AppContainer,
    BlueGreen,
    ConfigurationError,
    FixedResponse,
    InternalHttps,
    JwtClaim,
    JwtClaimFormat,
    JwtValidation,
    ListenerSettings,
    LoadBalancedFargateService,
    PublicHttp,
    PublicHttps,
    Rewrite,
    Route,
    RoutedEc2Service,
    RoutedFargateService,
    SharedLoadBalancer,
    TargetGroupSettings,
    TargetHealthCheck,
    TestTrafficHeader,
)
from tests.support.inputs import sign_in
from tests.support.templates import of_type, only, template_of

if TYPE_CHECKING:
    from ecr_fargate_constructs.service.ingress.values import Ingress

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
ELB = "AWS::ElasticLoadBalancingV2::"
VALIDATION = JwtValidation(
    issuer="https://id.example.com",
    jwks_endpoint="https://id.example.com/jwks.json",
    claims=[JwtClaim("scope", ["read", "write"], JwtClaimFormat.SPACE_SEPARATED_VALUES), JwtClaim("client_id", ["a"])],
)
ACTION = {
    "Type": "jwt-validation",
    "Order": 1,
    "JwtValidationConfig": {
        "Issuer": "https://id.example.com",
        "JwksEndpoint": "https://id.example.com/jwks.json",
        "AdditionalClaims": [
            {"Name": "scope", "Format": "space-separated-values", "Values": ["read", "write"]},
            {"Name": "client_id", "Format": "single-string", "Values": ["a"]},
        ],
    },
}
STRIP = Rewrite("^/api/(.*)$", "/$1")


@pytest.fixture
def stack() -> cdk.Stack:
    """An empty stack."""
    return cdk.Stack(cdk.App(), "Stack")


def _https(stack: cdk.Stack, kind: type[PublicHttps | InternalHttps] = PublicHttps, **listener: Any) -> Ingress:  # noqa: ANN401
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/one"
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", arn)
    return kind(certificate=certificate, listener=ListenerSettings(**listener))


def _routed(stack: cdk.Stack, ingress: Ingress, route: Route, **options: Any) -> RoutedFargateService:  # noqa: ANN401
    shared = SharedLoadBalancer(stack, "Shared", ingress=ingress)
    return RoutedFargateService(
        stack, "Web", load_balancer=shared, route=route, container=AppContainer(NGINX, 80), **options
    )


def _outbound(stack: cdk.Stack) -> list[str]:
    groups = of_type(template_of(stack), "AWS::EC2::SecurityGroup")
    [balancer] = [group["Properties"] for name, group in groups.items() if "LBSecurityGroup" in name]
    return [each["Description"] for each in balancer["SecurityGroupEgress"]]


def test_a_rule_has_the_rewrites_of_its_route(stack: cdk.Stack) -> None:
    web = _routed(stack, PublicHttp(), Route(path="/api/*", url_rewrite=STRIP))
    host = Rewrite("^shop[.](.+)$", "internal.$1")
    web.add_route("Host", Route(host="shop.example.com", host_header_rewrite=host))
    rules = {name: each["Properties"] for name, each in of_type(template_of(stack), f"{ELB}ListenerRule").items()}
    transforms = {name.rstrip("0123456789ABCDEF"): rule["Transforms"] for name, rule in rules.items()}
    assert [*transforms.values()] == [
        [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/api/(.*)$", "Replace": "/$1"}]}}],
        [
            {
                "Type": "host-header-rewrite",
                "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": "^shop[.](.+)$", "Replace": "internal.$1"}]},
            }
        ],
    ]


def test_a_rewrite_changes_no_priority_and_test_traffic_is_rewritten_too(stack: cdk.Stack) -> None:
    header = TestTrafficHeader(name="X-Test", values=["1"])
    _routed(stack, PublicHttp(), Route(path="/api/*", url_rewrite=STRIP), deployment=BlueGreen(test_traffic=header))
    plain = cdk.Stack(cdk.App(), "Stack")
    _routed(plain, PublicHttp(), Route(path="/api/*"), deployment=BlueGreen(test_traffic=header))
    rewriting, others = (
        [each["Properties"] for each in of_type(template_of(each), f"{ELB}ListenerRule").values()]
        for each in (stack, plain)
    )
    assert [rule["Priority"] for rule in rewriting] == [rule["Priority"] for rule in others]
    assert len(rewriting) == 2
    assert rewriting[0]["Transforms"] == rewriting[1]["Transforms"]


def test_without_a_rewrite_nothing_is_set(stack: cdk.Stack) -> None:
    _routed(stack, PublicHttp(), Route(path="/api/*"))
    assert "Transforms" not in only(template_of(stack), f"{ELB}ListenerRule")["Properties"]


def test_tokens_pass_wherever_there_are_texts(stack: cdk.Stack) -> None:
    later = [cdk.CfnParameter(stack, name).value_as_string for name in ("One", "Two", "Three", "Four")]
    validation = JwtValidation(issuer=later[2], jwks_endpoint=later[3], claims=[JwtClaim("scope", [later[0]])])
    route = Route(path="/api/*", url_rewrite=Rewrite(later[0], later[1]), authentication=validation)
    port = cdk.CfnParameter(stack, "Port", type="Number").value_as_number
    _routed(stack, _https(stack), route, target_group=TargetGroupSettings(target_control_port=port))
    assert only(template_of(stack), f"{ELB}TargetGroup")["Properties"]["TargetControlPort"] == {"Ref": "Port"}
    rule = only(template_of(stack), f"{ELB}ListenerRule")["Properties"]
    assert rule["Transforms"][0]["UrlRewriteConfig"]["Rewrites"] == [
        {"Regex": {"Ref": "One"}, "Replace": {"Ref": "Two"}}
    ]
    assert rule["Actions"][0]["JwtValidationConfig"]["JwksEndpoint"] == {"Ref": "Four"}


@pytest.mark.parametrize("kind", [PublicHttps, InternalHttps])
def test_nobody_without_a_token_reaches_a_task(stack: cdk.Stack, kind: type[PublicHttps | InternalHttps]) -> None:
    ingress = _https(stack, kind, authentication=VALIDATION)
    LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=ingress)
    listeners = [each["Properties"] for each in of_type(template_of(stack), f"{ELB}Listener").values()]
    [actions] = [each["DefaultActions"] for each in listeners if each["Port"] == 443]
    assert actions[0] == ACTION
    assert (actions[1]["Type"], actions[1]["Order"]) == ("forward", 2)
    assert _outbound(stack) == ["Keys of the issuer of tokens"]


def test_a_route_can_have_a_token_of_its_own_instead_of_the_sign_in_of_the_listener(stack: cdk.Stack) -> None:
    web = _routed(stack, _https(stack, authentication=sign_in()), Route(path="/api/*", authentication=VALIDATION))
    web.add_route("Pages", Route(path="/pages/*"))
    rules = [each["Properties"]["Actions"] for each in of_type(template_of(stack), f"{ELB}ListenerRule").values()]
    assert [[action["Type"] for action in actions] for actions in rules] == [
        ["jwt-validation", "forward"],
        ["authenticate-oidc", "forward"],
    ]
    assert rules[0][0] == ACTION


def test_a_response_without_a_service_can_require_a_token(stack: cdk.Stack) -> None:
    shared = SharedLoadBalancer(stack, "Shared", ingress=_https(stack))
    shared.add_response("Who", Route(path="/who", authentication=VALIDATION), FixedResponse(status=200))
    rule = only(template_of(stack), f"{ELB}ListenerRule")["Properties"]
    assert [action["Type"] for action in rule["Actions"]] == ["jwt-validation", "fixed-response"]


def test_what_contradicts_the_load_balancer_is_refused_and_leaves_nothing(stack: cdk.Stack) -> None:
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    before = [each.node.path for each in stack.node.find_all()]
    for route in (Route(path="/a", authentication=VALIDATION), Route(path="/a", authentication=sign_in())):
        for make in (RoutedFargateService, RoutedEc2Service):
            with pytest.raises(
                ConfigurationError, match=r"\[Stack/Web\] Route\.authentication=.* requires a listener with"
            ):
                make(stack, "Web", load_balancer=shared, route=route, container=AppContainer(NGINX, 80))
        with pytest.raises(ConfigurationError, match="requires a listener with HTTPS"):
            shared.add_response("Text", route, FixedResponse())
    with pytest.raises(ConfigurationError, match=r"Route\.url_rewrite changes requests for a task"):
        shared.add_response("Text", Route(path="/api/*", url_rewrite=STRIP), FixedResponse())
    with pytest.raises(ConfigurationError, match=r"authentication=JwtValidation.* requires a listener with HTTPS"):
        SharedLoadBalancer.from_listener(
            shared.listener, vpc=shared.vpc, url="http://shop.example.com", authentication=VALIDATION
        )
    assert [each.node.path for each in stack.node.find_all()] == before
    secured = _https(stack)
    with pytest.raises(ConfigurationError, match="cannot be combined with BlueGreen"):
        _routed(
            cdk.Stack(cdk.App(), "Other"), secured, Route(path="/a", authentication=VALIDATION), deployment=BlueGreen()
        )


def test_the_load_balancer_reaches_the_target_control_agent(stack: cdk.Stack) -> None:
    settings = TargetGroupSettings(target_control_port=3000)
    _routed(stack, PublicHttp(target_group=settings, health_check=TargetHealthCheck(port=3000)), Route(path="/*"))
    own = cdk.Stack(cdk.App(), "Own")
    LoadBalancedFargateService(own, "Web", container=AppContainer(NGINX, 80), ingress=PublicHttp(target_group=settings))
    for each in (stack, own):
        template = template_of(each)
        assert only(template, f"{ELB}TargetGroup")["Properties"]["TargetControlPort"] == 3000
        opened = [
            item["Properties"]["FromPort"] for item in of_type(template, "AWS::EC2::SecurityGroupIngress").values()
        ]
        assert sorted(opened) == [80, 3000]


@pytest.mark.parametrize("shared", [False, True])
def test_another_target_control_port_makes_another_target_group(*, shared: bool) -> None:
    """Elastic Load Balancing cannot change the port, and CloudFormation would not replace the group."""

    def groups(port: int | None) -> dict[str, Any]:
        stack = cdk.Stack(cdk.App(), "Stack")
        ingress = PublicHttp(target_group=TargetGroupSettings(target_control_port=port))
        if shared:
            _routed(stack, ingress, Route(path="/*"))
        else:
            LoadBalancedFargateService(stack, "Web", container=AppContainer(NGINX, 80), ingress=ingress)
        template = template_of(stack)
        found = of_type(template, f"{ELB}TargetGroup")
        for name in found:
            assert json.dumps(template).count(json.dumps({"Ref": name})) >= 2  # of the service, and of a rule
        return found

    names = [next(iter(groups(port))) for port in (None, 3000, 3001)]
    assert len(set(names)) == 3

"""What a shared load balancer answers without a service."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs import (
    AppContainer,
    ConfigurationError,
    FixedResponse,
    PublicHttp,
    PublicHttps,
    Redirect,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
)
from tests.support.inputs import certificate
from tests.support.templates import of_type, only, template_of

pytestmark = pytest.mark.integration


def test_redirects_and_texts_take_their_place_among_the_routes() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp())
    shop = RoutedFargateService(
        stack,
        "Shop",
        load_balancer=shared,
        route=Route(path="/*"),
        container=AppContainer("public.ecr.aws/nginx/nginx:1.29", 80),
    )
    shared.add_response("Moved", Route(path="/old/*"), Redirect(host="new.example.com", port=8443, permanent=True))
    shared.add_response("Robots", Route(path="/robots.txt"), FixedResponse(status=200, body="User-agent: *\n"))
    rules = of_type(template_of(stack), "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    actions: dict[str, dict[str, Any]] = {
        rule["Properties"]["Conditions"][0]["PathPatternConfig"]["Values"][0]: rule["Properties"] for rule in rules
    }
    assert actions["/old/*"]["Actions"] == [
        {
            "Type": "redirect",
            "RedirectConfig": {"Host": "new.example.com", "Port": "8443", "StatusCode": "HTTP_301"},
        }
    ]
    assert actions["/robots.txt"]["Actions"][0]["FixedResponseConfig"]["MessageBody"] == "User-agent: *\n"
    assert actions["/robots.txt"]["Priority"] < actions["/*"]["Priority"] == 50000
    assert actions["/old/*"]["Priority"] < 50000
    with pytest.raises(ConfigurationError, match=r"\[Stack/Shared/Again\] .* is also the route of Stack/Shop"):
        shared.add_response("Again", Route(path="/*"), FixedResponse())
    assert shop.rules


def test_the_default_answer_may_be_a_redirect() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    to = Redirect(path="/shop/#{path}", query="from=#{host}", protocol=elbv2.ApplicationProtocol.HTTPS)
    SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), default_action=to)
    listener = only(template_of(stack), "AWS::ElasticLoadBalancingV2::Listener")["Properties"]
    assert listener["DefaultActions"] == [
        {
            "Type": "redirect",
            "RedirectConfig": {
                "Path": "/shop/#{path}",
                "Query": "from=#{host}",
                "Protocol": "HTTPS",
                "StatusCode": "HTTP_302",
            },
        }
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "changes nothing"),
        ({"permanent": True}, "changes nothing"),
        ({"port": 0}, r"Redirect\.port=0 is not a TCP port"),
        ({"path": "shop"}, r"Redirect\.path='shop' does not begin with '/'"),
        ({"host": "https://a.example.com"}, r"Redirect\.host='https://a\.example\.com' is not a host name"),
        ({"host": ""}, r"Redirect\.host='' is not a host name"),
        ({"query": "a" * 129}, r"Redirect\.query has 129 characters; use at most 128"),
    ],
)
def test_redirects_that_cannot_be(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Redirect(**options)


def test_tokens_pass() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    text = cdk.CfnParameter(stack, "Text")
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    to = Redirect(host=text.value_as_string, path=text.value_as_string, query=text.value_as_string, port=number)
    SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), default_action=to)
    config = only(template_of(stack), "AWS::ElasticLoadBalancingV2::Listener")["Properties"]["DefaultActions"][0]
    assert str(config).count("{'Ref': ") == 4


HTTP, HTTPS = elbv2.ApplicationProtocol.HTTP, elbv2.ApplicationProtocol.HTTPS


@pytest.mark.parametrize(
    "options",
    [{"host": "#{host}"}, {"path": "/#{path}"}, {"query": "#{query}"}, {"host": "#{host}", "path": "/#{path}"}],
)
def test_a_redirect_in_other_words_for_nothing_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"Redirect\(.+\) changes nothing"):
        Redirect(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("encrypted", "route", "redirect", "said"),
    [
        (False, None, Redirect(port=80), "leads to the same address"),
        (False, None, Redirect(protocol=HTTP, host="#{host}"), "leads to the same address"),
        (True, None, Redirect(protocol=HTTPS, port=443), "leads to the same address"),
        (True, None, Redirect(protocol=HTTP, port=80), "leads from HTTPS to HTTP"),
        (True, Route(path="/a"), Redirect(protocol=HTTP), "leads from HTTPS to HTTP"),
        (False, Route(path="/a"), Redirect(path="/a"), "leads to the same address"),
        (False, Route(host="a.example.com"), Redirect(host="a.example.com"), "leads to the same address"),
    ],
)
def test_redirects_without_an_end_are_refused(
    *, encrypted: bool, route: Route | None, redirect: Redirect, said: str
) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    ingress = PublicHttps(certificate=certificate(stack)) if encrypted else PublicHttp()
    if route is None:
        with pytest.raises(ConfigurationError, match=rf"\[Stack/Shared\] Redirect.*{said}"):
            SharedLoadBalancer(stack, "Shared", ingress=ingress, default_action=redirect)
        assert stack.node.try_find_child("Shared") is None
        return
    shared = SharedLoadBalancer(stack, "Shared", ingress=ingress)
    with pytest.raises(ConfigurationError, match=rf"\[Stack/Shared/Away\] Redirect.*{said}"):
        shared.add_response("Away", route, redirect)
    assert shared.node.try_find_child("Away") is None


@pytest.mark.parametrize(
    ("route", "redirect"),
    [
        (Route(path="/a"), Redirect(path="/b")),
        (Route(path="/a/*"), Redirect(path="/a/b")),  # a service may have the narrower route
        (Route(path="/*"), Redirect(query="v=2")),  # and one with that query
        (Route(host="*.example.com"), Redirect(host="www.example.com")),
        (Route(path="/a"), Redirect(port=8080)),
        (Route(path="/a"), Redirect(protocol=HTTPS, port=443)),
    ],
)
def test_redirects_that_lead_on_are_taken(route: Route, redirect: Redirect) -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    shared = SharedLoadBalancer(stack, "Shared", ingress=PublicHttp(), default_action=redirect)
    shared.add_response("Away", route, redirect)

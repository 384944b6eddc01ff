"""Rewrites, access tokens, certificates of clients, and logs of load balancers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3

from ecr_fargate_constructs import (
    AppContainer,
    FixedResponse,
    JwtClaim,
    JwtClaimFormat,
    JwtValidation,
    ListenerSettings,
    LoadBalancerSettings,
    PublicHttp,
    Rewrite,
    Route,
    RoutedFargateService,
    SharedLoadBalancer,
    TargetGroupSettings,
)
from tests.bad_input import here
from tests.bad_input.case import NGINX, Case, Expected, Passes, Place, Refused
from tests.bad_input.cases_addresses import CERTIFICATE

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = "Rules and listeners of load balancers"
MODE = elbv2.MutualAuthenticationMode
ADDRESSES: dict[str, Any] = {"issuer": "https://id.example.com", "jwks_endpoint": "https://id.example.com/jwks.json"}


def _bare_rule(place: Place, regex: str, replace: str) -> elbv2.CfnListenerRule:
    """A rule with a rewrite, for which CDK has an L1 only."""
    rule = elbv2.CfnListenerRule
    rewrites = [rule.RewriteConfigProperty(regex=regex, replace=replace)]
    return rule(
        place.stack,
        "Rule",
        priority=1,
        actions=[rule.ActionProperty(type="forward")],
        conditions=[rule.RuleConditionProperty(field="path-pattern", values=["/api/*"])],
        transforms=[
            rule.TransformProperty(
                type="url-rewrite", url_rewrite_config=rule.RewriteConfigObjectProperty(rewrites=rewrites)
            )
        ],
    )


def _bare_balancer(place: Place) -> elbv2.ApplicationLoadBalancer:
    return elbv2.ApplicationLoadBalancer(place.stack, "Balancer", vpc=ec2.Vpc(place.stack, "Vpc"))


def _rewrite(what: str, expected: Expected, regex: str, replace: str = "/") -> Case:
    return Case(
        FAMILY,
        what,
        lambda _: Route(path="/api/*", url_rewrite=Rewrite(regex, replace)),
        lambda p: _bare_rule(p, regex, replace),
        expected,
    )


def _token(what: str, expected: Expected, *, bare_has_it: bool = True, **options: Any) -> Case:  # noqa: ANN401
    values = {**ADDRESSES, **options}
    then = elbv2.ListenerAction.fixed_response(200)
    return Case(
        FAMILY,
        what,
        lambda _: JwtValidation(**values),
        (lambda _: elbv2.ListenerAction.authenticate_jwt(next=then, **values)) if bare_has_it else None,
        expected,
    )


def _mutual(what: str, expected: Expected, given: Callable[[Place], Any], **options: Any) -> Case:  # noqa: ANN401
    def settings(place: Place) -> elbv2.MutualAuthentication:
        stores = {} if place.given is None else {"trust_store": place.given}
        return elbv2.MutualAuthentication(**stores, **options)

    def listener(place: Place) -> elbv2.ApplicationListener:
        certificate = acm.Certificate.from_certificate_arn(place.stack, "Certificate", CERTIFICATE)
        return _bare_balancer(place).add_listener(
            "Https",
            port=443,
            certificates=[certificate],
            default_action=elbv2.ListenerAction.fixed_response(200),
            mutual_authentication=settings(place),
        )

    return Case(
        FAMILY,
        what,
        lambda p: ListenerSettings(mutual_authentication=settings(p)),
        listener,
        expected,
        given=given,
    )


def _store(place: Place) -> elbv2.TrustStore:
    return elbv2.TrustStore(place.stack, "Store", bucket=s3.Bucket(place.stack, "Bucket"), key="authorities.pem")


def _nothing(_: Place) -> None:
    return None


def _shared(place: Place) -> SharedLoadBalancer:
    return SharedLoadBalancer(place.stack, "Shared", ingress=PublicHttp())


def _behind_plain_http(place: Place, **options: Any) -> RoutedFargateService:  # noqa: ANN401
    return RoutedFargateService(
        place.stack,
        "Web",
        load_balancer=place.given,
        route=Route(path="/*", **options),
        container=AppContainer(NGINX, 80),
    )


CASES = [
    _rewrite(
        "A rewrite that keeps the rest of the path", Passes("that is how a prefix is removed"), "^/api/(.*)$", "/$1"
    ),
    _rewrite("A rewrite with a lookahead", Refused("has lookaheads", "groups, classes"), "^/api(?=/)"),
    _rewrite("A rewrite with a backreference", Refused("has backreferences", "groups, classes"), "^/(a)\\1"),
    _rewrite(
        "A rewrite whose parenthesis does not end",
        Refused("is not a regular expression", "groups, classes"),
        "^/api/(.*$",
    ),
    _rewrite("A rewrite with a space", Refused("has white space", "%20"), "^/my files"),
    _rewrite("A rewrite of nothing", Refused("Rewrite.regex=''", "1 to 1024"), ""),
    _rewrite(
        "A rewrite that names a group that is not there",
        Refused("names $1, but regex='^/api/.*$' has no such group", "parentheses"),
        "^/api/.*$",
        "/$1",
    ),
    _rewrite(
        "A rewrite that makes no path: `/api/x` becomes `x`",
        Refused("makes 'a' of the path '/api/a', which does not begin with '/'", "begin the replacement with '/'"),
        "^/api/(.*)$",
        "$1",
    ),
    _rewrite("A rewrite to an umlaut", Refused("is not a replacement", "printable ASCII"), "^/api/", "/ä/"),
    Case(
        FAMILY,
        "A rewrite of a request that no task gets",
        lambda p: p.given.add_response(
            "Gone", Route(path="/api/*", url_rewrite=Rewrite("^/api/(.*)$", "/$1")), FixedResponse(status=410)
        ),
        None,
        Refused("Route.url_rewrite changes requests for a task", "use a Redirect"),
        given=_shared,
    ),
    _token("Keys over plain HTTP", Refused("is not an HTTPS address", "jwks_uri"), jwks_endpoint="http://a/jwks"),
    _token("Keys at an address without a path", Refused("with host and path", "jwks_uri"), jwks_endpoint="https://a"),
    _token("An issuer of 257 characters", Refused("issuer has 257 characters", "1 to 256"), issuer="a" * 257),
    _token("An empty issuer", Refused("issuer has 0 characters", "1 to 256"), issuer=""),
    _token(
        "11 claims",
        Refused("claims has 11 claims", "at most 10"),
        bare_has_it=False,
        claims=[JwtClaim(f"c{number}", ["a"]) for number in range(11)],
    ),
    _token(
        "A claim twice",
        Refused("has 'scope' 2 times", "one JwtClaim with all its values"),
        bare_has_it=False,
        claims=[JwtClaim("scope", ["a"]), JwtClaim("scope", ["b"])],
    ),
    Case(
        FAMILY,
        "A claim that is always validated",
        lambda _: JwtClaim("iss", ["https://id.example.com"]),
        None,
        Refused("JwtClaim.name='iss' is a claim that is always validated", "set JwtValidation.issuer"),
    ),
    Case(
        FAMILY,
        "Two scopes in one value",
        lambda _: JwtClaim("scope", ["read write"], JwtClaimFormat.SPACE_SEPARATED_VALUES),
        None,
        Refused("a blank separates the values of 'scope'", "use ['read', 'write']"),
    ),
    Case(
        FAMILY,
        "Access tokens over plain HTTP",
        lambda p: _behind_plain_http(p, authentication=JwtValidation(**ADDRESSES)),
        lambda p: _bare_balancer(p).add_listener(
            "Http",
            port=80,
            default_action=elbv2.ListenerAction.authenticate_jwt(
                next=elbv2.ListenerAction.fixed_response(200), **ADDRESSES
            ),
        ),
        Refused("Route.authentication=JwtValidation(…) requires a listener with HTTPS", "PublicHttps(…)"),
        given=_shared,
    ),
    _mutual(
        "Certificates of clients to be verified without authorities",
        Refused("has the mode VERIFY without a trust store", "trust_store="),
        _nothing,
        mutual_authentication_mode=MODE.VERIFY,
    ),
    _mutual(
        "Authorities for certificates that are passed through",
        Refused("has trust_store, which counts only with the mode VERIFY", "omit trust_store"),
        _store,
        mutual_authentication_mode=MODE.PASS_THROUGH,
    ),
    _mutual(
        "Certificates of clients, verified",
        Passes("that is mutual TLS"),
        _store,
        mutual_authentication_mode=MODE.VERIFY,
    ),
    Case(
        FAMILY,
        "A log of health checks in a bucket with a KMS key",
        lambda p: LoadBalancerSettings(health_check_logs=p.given),
        None,
        Refused("health_check_logs is encrypted with a KMS key", "S3_MANAGED"),
        given=lambda p: s3.Bucket(p.stack, "Logs", encryption=s3.BucketEncryption.KMS),
    ),
    Case(
        FAMILY,
        "The target control port 70000",
        lambda _: TargetGroupSettings(target_control_port=70_000),
        None,
        Refused("TargetGroupSettings.target_control_port=70000 is not a TCP port", "1 to 65535"),
    ),
    Case(
        FAMILY,
        "The target control port that is also the application's",
        lambda p: here.service(p, ingress=PublicHttp(target_group=TargetGroupSettings(target_control_port=80))),
        None,
        Refused("target_control_port=80 is also the port of the requests", "use another"),
    ),
]

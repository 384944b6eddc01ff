"""The load balancer of an ingress, open only to the peers that the ingress names."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from ecr_fargate_constructs._cdk.acknowledge import acknowledge
from ecr_fargate_constructs._cdk.arns import arn_of_web_acl
from ecr_fargate_constructs._cdk.attempt import watch, when_made
from ecr_fargate_constructs._cdk.balancer_logs import write_logs
from ecr_fargate_constructs._cdk.durations import seconds_in, unless_token
from ecr_fargate_constructs._cdk.site import resource_of
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import (
    acknowledge_for_checkov,
    acknowledge_redirect,
    acknowledge_unread_range,
)
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs.posture import is_regulated
from ecr_fargate_constructs.service.ingress.peers import warn_of_rules
from ecr_fargate_constructs.service.ingress.settings import ExistingLoadBalancer, Stickiness
from ecr_fargate_constructs.service.ingress.targets import further_ports
from ecr_fargate_constructs.service.ingress.values import PublicHttp, PublicHttps, https_of, own_port, speaks_ipv6

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_ecs as ecs
    from constructs import Construct

    from ecr_fargate_constructs.service.ingress.settings import LoadBalancerSettings
    from ecr_fargate_constructs.service.ingress.targets import Targets
    from ecr_fargate_constructs.service.ingress.values import Ingress, TargetHealthCheck
    from ecr_fargate_constructs.service.parts import Parts

    AnyParts: TypeAlias = Parts[ecs.FargateService | ecs.Ec2Service]


def is_public(ingress: Ingress) -> bool:
    """Return whether the load balancer is internet-facing."""
    return isinstance(ingress, (PublicHttp, PublicHttps))


def load_balancer(scope: Construct, ingress: Ingress, vpc: ec2.IVpc) -> elbv2.ApplicationLoadBalancer:
    """Make the load balancer of an ingress, or return the existing one.

    Its id, and with it the ids of its listeners and target group, depends on the scheme. A load balancer cannot change
    its scheme, and a target group cannot serve the old and the new load balancer at once: with the same id the change
    would fail half way (aws-cdk#33253).
    """
    public = is_public(ingress)
    settings = ingress.load_balancer
    if isinstance(settings, ExistingLoadBalancer):
        watch(settings.load_balancer)  # which gets its listeners as children
        return settings.load_balancer
    balancer = elbv2.ApplicationLoadBalancer(
        scope,
        "LB" if public else "InternalLB",
        vpc=vpc,
        internet_facing=public,
        vpc_subnets=None if public else ec2.SubnetSelection(subnet_type=_internal_subnets(vpc)),
        idle_timeout=ingress.idle_timeout,
        ip_address_type=settings.ip_address_type,
        desync_mitigation_mode=elbv2.DesyncMitigationMode.DEFENSIVE,
        drop_invalid_header_fields=True,
        http2_enabled=settings.http2_enabled,
        client_keep_alive=unless_token(settings.client_keep_alive),
        deletion_protection=_protected(scope, settings.deletion_protection),
        load_balancer_name=settings.name,
        preserve_host_header=settings.preserve_host_header,
        preserve_xff_client_port=settings.preserve_client_port,
        x_amzn_tls_version_and_cipher_suite_headers=settings.tls_headers,
        xff_header_processing_mode=settings.forwarded_for,
        waf_fail_open=settings.waf_fail_open,
    )
    _write_logs(balancer, settings)
    if settings.zonal_shift is not None:
        balancer.set_attribute("zonal_shift.config.enabled", str(settings.zonal_shift).lower())
    acknowledged: dict[str, str] = {}
    if settings.client_keep_alive is not None and unless_token(settings.client_keep_alive) is None:
        balancer.set_attribute("client_keep_alive.seconds", text_of(settings.client_keep_alive))
    if ingress.access_logs is not None:
        when_made(partial(balancer.log_access_logs, ingress.access_logs))  # it changes the bucket's policy
    elif is_regulated(scope):
        from ecr_fargate_constructs._regulated.log_bucket import write_access_logs  # noqa: PLC0415 - STANDARD needs no S3

        write_access_logs(balancer, parts.log_bucket(scope))
    else:
        acknowledged["AwsSolutions::AwsSolutions-ELB2"] = (
            "Access logs are stored at a charge, in a bucket that their readers choose; requests are counted in "
            "CloudWatch. access_logs= of the ingress turns them on."
        )
    if isinstance(ingress, PublicHttp):
        # Either named in the app or warned of at synth, so the command ecr-fargate doctor need not repeat it.
        reason = "The app uses PublicHttp explicitly, or gets a warning at synth; PublicHttps encrypts."
        acknowledged["ecr-fargate-doctor::plain-http"] = reason
    if acknowledged:
        acknowledge(balancer, acknowledged)
    acl = None if ingress.web_acl is None else arn_of_web_acl(ingress.web_acl)
    if acl is None and is_regulated(scope):
        acl = parts.web_acl(scope)
    if acl is not None:
        from aws_cdk import aws_wafv2 as wafv2  # noqa: PLC0415 - a large module, needed by few services

        wafv2.CfnWebACLAssociation(scope, "WebAcl", resource_arn=balancer.load_balancer_arn, web_acl_arn=acl)
    return balancer


def _write_logs(balancer: elbv2.ApplicationLoadBalancer, settings: LoadBalancerSettings) -> None:
    """Enable the logs of connections and health checks."""
    if settings.connection_logs is not None:
        when_made(partial(write_logs, balancer, "connection_logs", settings.connection_logs))
    if settings.health_check_logs is not None:
        when_made(partial(write_logs, balancer, "health_check_logs", settings.health_check_logs))


def warn_of_plain_http(scope: Construct) -> None:
    """Warn that no ingress was given, and that traffic is not encrypted."""
    warn(
        scope,
        "plainHttp",
        "traffic between clients and the load balancer is not encrypted; use "
        "ingress=PublicHttps(domain_name=…, hosted_zone=…), or set ingress=PublicHttp() if that is intended",
    )


def url_of(balancer: elbv2.ApplicationLoadBalancer, ingress: Ingress) -> str:
    """Return the URL of a load balancer."""
    https = https_of(ingress)
    name = https.domain_name if https is not None and https.domain_name is not None else balancer.load_balancer_dns_name
    if name.startswith("*."):
        name = f"www{name[1:]}"  # one of the names that certificate and record are for
    own = own_port(ingress)
    port = "" if own is None else f":{cdk.Tokenization.stringify_number(own)}"
    return f"{'http' if https is None else 'https'}://{name}{port}"


def _protected(scope: Construct, option: bool | None) -> bool | None:  # noqa: FBT001 - an option of the user's
    """Return whether the load balancer refuses to be deleted; None for AWS's default, which is no."""
    return is_regulated(scope) or None if option is None else option or None


def open_to_peers(parts: AnyParts, ingress: Ingress) -> None:
    """Open the ingress's ports to its peers."""
    acknowledge_redirect(parts.redirect_listener)
    open_listeners(parts.scope, [parts.listener, parts.redirect_listener], ingress, parts.vpc)


def open_listeners(
    scope: Construct, listeners: Sequence[elbv2.ApplicationListener | None], ingress: Ingress, vpc: ec2.IVpc
) -> None:
    """Open the port of each listener to the ingress's peers."""
    peers = peers_of(ingress, vpc)
    if ingress.allow_from is not None:
        warn_of_rules(scope, peers, sum(listener is not None for listener in listeners))
    for listener in listeners:
        if listener is not None:
            allow = partial(_allow_peers, scope, listener.connections, peers, ingress, vpc)
            if isinstance(ingress.load_balancer, ExistingLoadBalancer):
                when_made(allow)  # the security group is the user's, and a rule cannot be removed from it
            else:
                allow()


def _allow_peers(
    scope: Construct, connections: ec2.Connections, peers: Sequence[ec2.IPeer], ingress: Ingress, vpc: ec2.IVpc
) -> None:
    for peer in peers:
        connections.allow_default_port_from(peer)
    if ingress.allow_from is None:
        _acknowledge_peers(scope, connections, ingress, vpc)


def _acknowledge_peers(scope: Construct, connections: ec2.Connections, ingress: Ingress, vpc: ec2.IVpc) -> None:
    for group in connections.security_groups:
        if is_public(ingress):
            reason = (
                "A public load balancer is there for the internet; allow_from narrows who may connect, and tasks are "
                "reached by the load balancer only."
            )
            acknowledge(group, {"AwsSolutions::AwsSolutions-EC23": reason})
            if is_regulated(scope):  # cached for the scope; else it is read for each group
                acknowledge_for_checkov(group, {"CKV_AWS_260": reason})
        elif is_token(vpc.vpc_cidr_block):
            acknowledge_unread_range(group)


def peers_of(ingress: Ingress, vpc: ec2.IVpc) -> list[ec2.IPeer]:
    """Return the ingress's peers; default, every address for a public load balancer, the VPC for an internal one."""
    if ingress.allow_from is not None:
        return list(ingress.allow_from)
    if not is_public(ingress):
        return [ec2.Peer.ipv4(vpc.vpc_cidr_block)]
    everyone = [_any_ipv4()]
    return [*everyone, ec2.Peer.any_ipv6()] if speaks_ipv6(ingress) else everyone


def tune_targets(parts: AnyParts, targets: Targets, port: float) -> None:
    """Set the options on targets, and allow the load balancer to reach all ports that it needs."""
    tune_group(parts.target_group, targets)
    for number, description in further_ports(targets, port).items():
        # CDK opens only the traffic port (aws-cdk#18093).
        parts.service.connections.allow_from(parts.load_balancer, ec2.Port.tcp(number), description)


def tune_group(group: elbv2.ApplicationTargetGroup, targets: Targets) -> None:
    """Set the health check, the deregistration delay and the distribution of requests of a target group."""
    check, settings = targets.health_check, targets.target_group
    grpc = settings.protocol_version is elbv2.ApplicationProtocolVersion.GRPC
    # CDK compares interval and timeout at synth, which it cannot if one of them is a token.
    comparable = seconds_in(check.interval) is not None and seconds_in(check.timeout) is not None
    group.configure_health_check(
        enabled=True,
        protocol=elbv2.Protocol.HTTP,
        path=check.path,
        port="traffic-port" if check.port is None else cdk.Tokenization.stringify_number(check.port),
        healthy_http_codes=None if grpc else check.codes,
        healthy_grpc_codes=grpc_codes_of(check) if grpc else None,
        interval=check.interval if comparable else None,
        timeout=check.timeout if comparable else None,
        healthy_threshold_count=check.healthy_threshold,
        unhealthy_threshold_count=check.unhealthy_threshold,
    )
    if settings.target_control_port is not None:
        _set_control_port(_resource(group), settings.target_control_port)
    if not comparable:
        resource = _resource(group)
        resource.health_check_interval_seconds = check.interval.to_seconds()
        resource.health_check_timeout_seconds = check.timeout.to_seconds()
    group.set_attribute("deregistration_delay.timeout_seconds", text_of(targets.deregistration_delay))
    if settings.stickiness is not None:
        _stick(group, settings.stickiness)
    if settings.slow_start is not None:
        group.set_attribute(
            "slow_start.duration_seconds", cdk.Tokenization.stringify_number(settings.slow_start.to_seconds())
        )
    if settings.algorithm is not None:
        group.set_attribute("load_balancing.algorithm.type", settings.algorithm.name.lower())
        if settings.algorithm is elbv2.TargetGroupLoadBalancingAlgorithmType.WEIGHTED_RANDOM:
            group.set_attribute("load_balancing.algorithm.anomaly_mitigation", "on")


def _set_control_port(resource: elbv2.CfnTargetGroup, port: float) -> None:
    """Set the target control port, in a target group with a logical id of its own for it.

    ModifyTargetGroup cannot change the port, and CloudFormation does not know that it has to replace the target group:
    TargetControlPort is not among the create-only properties of the resource's schema of October 2026.
    """
    before = cdk.Stack.of(resource).get_logical_id(resource)
    suffix = "" if is_token(port) else f"{port:g}"
    resource.target_control_port = port
    resource.override_logical_id(f"TargetControl{suffix}{before[-200:]}")  # an id has at most 255 characters


def _resource(group: elbv2.ApplicationTargetGroup) -> elbv2.CfnTargetGroup:
    resource = resource_of(group)
    assert isinstance(resource, elbv2.CfnTargetGroup)  # noqa: S101 - CDK's documented shape, for the type checker
    return resource


def grpc_codes_of(check: TargetHealthCheck) -> str:
    """Return the codes of gRPC that count as healthy."""
    return check.grpc_codes or "12"


def _stick(group: elbv2.ApplicationTargetGroup, stickiness: Stickiness) -> None:
    """Enable stickiness; as attributes if the time is a token, which CDK cannot check."""
    name, duration = stickiness.cookie_name, unless_token(stickiness.duration)
    if duration is not None:
        group.enable_cookie_stickiness(duration, name)
        return
    kind = "lb_cookie" if name is None else "app_cookie"
    group.set_attribute("stickiness.enabled", "true")
    group.set_attribute("stickiness.type", kind)
    group.set_attribute(f"stickiness.{kind}.duration_seconds", text_of(stickiness.duration))
    if name is not None:
        group.set_attribute("stickiness.app_cookie.cookie_name", name)


@cache
def _any_ipv4() -> ec2.IPeer:
    return ec2.Peer.any_ipv4()


def _internal_subnets(vpc: ec2.IVpc) -> ec2.SubnetType:
    return ec2.SubnetType.PRIVATE_WITH_EGRESS if vpc.private_subnets else ec2.SubnetType.PRIVATE_ISOLATED


def text_of(duration: cdk.Duration) -> str:
    """Return whole seconds as an attribute's text; CDK renders those of a token."""
    whole = seconds_in(duration)
    return cdk.Tokenization.stringify_number(duration.to_seconds()) if whole is None else str(int(whole))

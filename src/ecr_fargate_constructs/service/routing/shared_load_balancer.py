"""A load balancer that several services share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets

from ecr_fargate_constructs._cdk.attempt import on_failure
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.names import notes_of, stands
from ecr_fargate_constructs._cdk.references import weaken, weaken_network
from ecr_fargate_constructs._cdk.site import path_of, path_of_construct
from ecr_fargate_constructs._cdk.warning import warn
from ecr_fargate_constructs._regulated.findings import acknowledge_redirect
from ecr_fargate_constructs._rules.refusal import located
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed_call
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.ingress.addresses import check_ipv6, check_way_in
from ecr_fargate_constructs.service.ingress.existing import check_existing, vpc_for
from ecr_fargate_constructs.service.ingress.listener import add_ipv6_record, tune_listener
from ecr_fargate_constructs.service.ingress.load_balancer import (
    is_public,
    load_balancer,
    open_listeners,
    url_of,
    warn_of_plain_http,
)
from ecr_fargate_constructs.service.ingress.peers import RULES_OF_A_GROUP
from ecr_fargate_constructs.service.ingress.responses import FixedResponse, action_of
from ecr_fargate_constructs.service.ingress.settings import ExistingLoadBalancer
from ecr_fargate_constructs.service.ingress.targets import Targets, targets_of
from ecr_fargate_constructs.service.ingress.values import PublicHttp, https_of, port_of, redirects
from ecr_fargate_constructs.service.placement import check_shared_network, network_for
from ecr_fargate_constructs.service.routing.priorities import (
    FUNCTION_RULE,
    MOST_GROUPS,
    RULE,
    SleepingRoute,
    check_beside,
    priority,
)
from ecr_fargate_constructs.service.routing.redirects import check_redirect
from ecr_fargate_constructs.service.routing.route import LAST_PRIORITY
from ecr_fargate_constructs.service.routing.rules import add_rule, check_encrypted, check_listener, check_response

if TYPE_CHECKING:
    import aws_cdk as cdk
    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct

    from ecr_fargate_constructs.service.ingress.authentication import Authentication
    from ecr_fargate_constructs.service.ingress.responses import Response
    from ecr_fargate_constructs.service.ingress.settings import TargetGroupSettings
    from ecr_fargate_constructs.service.ingress.values import Ingress, InternalHttps, PublicHttps, TargetHealthCheck
    from ecr_fargate_constructs.service.routing.route import Route


class SharedListener:
    """A listener with the routes of the services on it."""

    @typed_call
    def __init__(
        self,
        listener: elbv2.IApplicationListener,
        *,
        vpc: ec2.IVpc,
        base_url: str,
        targets: Targets,
        group_id: str,
        load_balancer: elbv2.ApplicationLoadBalancer | None = None,
        authentication: Authentication | None = None,
        domain: str | None = None,
        idle_timeout: cdk.Duration | None = None,
    ) -> None:
        self.listener = listener
        self.vpc = vpc
        self.base_url = base_url
        self.targets = targets
        self.group_id = group_id
        self.load_balancer = load_balancer
        self.authentication = authentication
        self.idle_timeout = idle_timeout
        self._domain = domain
        self._routes = _routes_on(listener)
        self._ports = 0
        self._groups = 0
        self._full_name: str | None = None

    @property
    def full_name(self) -> str:
        """Name of the load balancer in metrics, cached."""
        if self._full_name is None:
            assert self.load_balancer is not None  # noqa: S101 - callers have checked it; for the type checker
            self._full_name = self.load_balancer.load_balancer_full_name
        return self._full_name

    def admit(self, route: Route, *, path: str) -> float:
        """Add a route, and return the priority of its rule."""
        routes = self._routes
        routes.pop(path, None)  # of an earlier construct at this path
        try:
            check_beside(route, routes, path=path)
        except ConfigurationError:
            removed = [each for each in routes if not stands(self.listener, each)]
            if not removed:
                raise
            for each in removed:
                del routes[each]
            check_beside(route, routes, path=path)
        routes[path] = route
        on_failure(lambda: routes.pop(path, None))
        return priority(route)

    def admit_waking(self, route: Route, *, path: str) -> float:
        """Add the route of a service that sleeps, and return the first of its three priorities in a row."""
        number = self.admit(SleepingRoute.of(route), path=path)
        if is_token(number) or number > LAST_PRIORITY - 2:
            raise ConfigurationError(
                f"{route} has the priority {'of a token' if is_token(number) else f'{number:g}'}, but a service that "
                "sleeps takes three in a row, for its rule while it is awake, for the function that wakes it and for "
                f"its rule while it sleeps; add priority=, 1 to {LAST_PRIORITY - 2}"
            )
        # Paths of constructs: an entry whose construct is gone is forgotten.
        self.admit(replace(route, priority=number + 1), path=f"{path}/{FUNCTION_RULE}")
        self.admit(replace(route, priority=number + 2), path=f"{path}/{RULE}")
        return number

    def warn_of_hosts(self, scope: Construct, route: Route) -> None:
        """Warn of hosts that a certificate made here does not cover; the names of a given one are unknown."""
        if self._domain is None or is_token(self._domain):
            return
        uncovered = [host for host in route.hosts if not is_token(host) and not _is_covered(host, self._domain)]
        if uncovered:
            warn(
                scope,
                "hostWithoutCertificate",
                f"{route} has {', '.join(uncovered)}, but the certificate and the DNS record made here are for "
                f"{self._domain}; set the ingress's certificate= to one with all names and add records, or use a "
                "domain_name with a wildcard, such as '*.example.com'",
            )

    def count_group(self) -> None:
        """Count a target group of the load balancer."""
        if self._groups >= MOST_GROUPS:
            raise ConfigurationError(
                f"the load balancer already has {MOST_GROUPS} target groups, the most that AWS allows (a deployment "
                "that shifts traffic uses two); use a second SharedLoadBalancer"
            )
        self._groups += 1
        on_failure(lambda: setattr(self, "_groups", self._groups - 1))

    def count_ports(self, scope: Construct, ports: int) -> None:
        """Count the ports that the load balancer's security group opens outbound, one rule for each."""
        if self.load_balancer is None:
            return  # a given security group allows all outbound traffic, or is its owner's concern
        before, self._ports = self._ports, self._ports + ports
        on_failure(lambda: setattr(self, "_ports", self._ports - ports))
        if before <= RULES_OF_A_GROUP < self._ports:
            warn(
                scope,
                "securityGroupRules",
                f"with this service the load balancer's security group has {self._ports} outbound rules, but AWS "
                f"allows {RULES_OF_A_GROUP} unless the account's quota (inbound or outbound rules per security group) "
                "is raised, and the deployment fails; raise it, or use a second SharedLoadBalancer",
            )


def _is_covered(host: str, domain: str) -> bool:
    """Return whether a domain's certificate covers a host: a wildcard stands for one label."""
    host, domain = host.lower(), domain.lower()
    return host == domain or (domain.startswith("*.") and host.partition(".")[2] == domain[2:])


def _routes_on(listener: elbv2.IApplicationListener) -> dict[str, Route]:
    """Return the app's routes on a listener, however often the listener is wrapped or imported."""
    arn = listener.listener_arn
    routes: dict[str, Route] = notes_of(listener, "routes").setdefault(
        path_of_construct(listener) if is_token(arn) else arn, {}
    )
    return routes


class SharedLoadBalancer(LibraryConstruct):
    """One load balancer for many services, each with its own route.

    A load balancer costs about 16 US dollars a month before any traffic; this one has up to 100 routes. Services join
    with ``RoutedFargateService`` and ``RoutedEc2Service``, in this stack or in others of the same account and region:
    rule and target group are in the service's stack, which depends on this one and never the other way round. The
    references between the stacks are weak, so that one ``cdk deploy --all`` can remove the last service in another
    stack, unless the app's context sets ``@aws-cdk/core:defaultCrossStackReferences``.

    Requests that no route matches get ``default_action``; to send them to a service, give it the route
    ``Route(path="/*")``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc | None = None,
        ingress: Ingress | None = None,
        default_action: Response | None = None,
    ) -> None:
        """Create the load balancer and its listener.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            vpc: VPC of the load balancer and of its services; default, the VPC that the services of the stack share.
            ingress: Kind and settings of the load balancer; default, ``PublicHttp()``, with a warning that traffic is
                not encrypted. Its health check and deregistration delay apply to services that set none.
            default_action: Response to requests that no route matches: a ``FixedResponse`` or a ``Redirect``; default,
                ``FixedResponse()``, a 404.

        Raises:
            ConfigurationError: The VPC lacks the subnets that the load balancer needs, or the default response
                redirects to itself.
        """
        path = path_of(scope, construct_id)
        vpc = vpc_for(ingress, cluster=None, vpc=vpc)
        check_shared_network(vpc, ingress)
        check_existing(scope, ingress, cluster=None, vpc=vpc, listener_id="Listener")
        check_way_in(scope, ingress, path=path)
        check_ipv6(ingress, cluster=None, vpc=vpc)
        effective = ingress or PublicHttp()
        https = https_of(effective)
        self._https, self._port = https is not None, port_of(effective)
        check_redirect(default_action, None, https=self._https, port=self._port)
        super().__init__(scope, construct_id)
        if ingress is None:
            warn_of_plain_http(self)
        network = vpc if vpc is not None else network_for(self)
        balancer = load_balancer(self, effective, network)
        response = default_action or FixedResponse()
        listener = balancer.add_listener(
            "Listener",
            port=port_of(effective),
            protocol=elbv2.ApplicationProtocol.HTTP if https is None else elbv2.ApplicationProtocol.HTTPS,
            open=False,
            certificates=None if https is None else [self._certificate(https)],
            ssl_policy=None if https is None else https.listener.tls_policy,
            default_action=action_of(response),
        )
        redirect = balancer.add_redirect(open=False) if redirects(effective) else None
        acknowledge_redirect(redirect)
        open_listeners(self, [listener, redirect], effective, network)
        if https is not None and https.domain_name is not None and https.hosted_zone is not None:
            route53.ARecord(
                self,
                "Record",
                zone=https.hosted_zone,
                record_name=https.domain_name,
                target=route53.RecordTarget.from_alias(route53_targets.LoadBalancerTarget(balancer)),
            )
        tune_listener(listener, effective)
        add_ipv6_record(self, balancer, effective)
        weaken(listener)
        if not isinstance(effective.load_balancer, ExistingLoadBalancer):
            weaken(balancer, *balancer.connections.security_groups)
        if vpc is None:
            weaken_network(network)
        self._balancer = balancer
        self._shared = SharedListener(
            listener,
            vpc=network,
            base_url=url_of(balancer, effective),
            targets=targets_of(effective),
            authentication=None if https is None else https.listener.authentication,
            # A target group serves one load balancer, so another scheme needs another group (aws-cdk#33253).
            group_id="TargetGroup" if is_public(effective) else "InternalTargetGroup",
            load_balancer=balancer,
            domain=None if https is None or https.certificate is not None else https.domain_name,
            idle_timeout=None if isinstance(effective.load_balancer, ExistingLoadBalancer) else effective.idle_timeout,
        )

    @staticmethod
    def from_listener(
        listener: elbv2.IApplicationListener,
        *,
        vpc: ec2.IVpc,
        url: str,
        health_check: TargetHealthCheck | None = None,
        deregistration_delay: cdk.Duration | None = None,
        target_group: TargetGroupSettings | None = None,
        authentication: Authentication | None = None,
    ) -> SharedListener:
        """Share a load balancer that exists: your own construct, or an imported one.

        Rules of other apps on the listener are unknown; if a priority is taken, the deployment fails, and
        ``Route(priority=…)`` sets another.

        Args:
            listener: Its listener. An imported one needs the load balancer's security group, so that it can be allowed
                to reach the tasks.
            vpc: The VPC of the load balancer.
            url: URL of the listener, for example ``"https://shop.example.com"``.
            health_check: Health check of services that set none; default, ``TargetHealthCheck()``.
            deregistration_delay: Time for requests to finish on a task that stops, 0 to 3600 seconds, for services that
                set none; default, 30 seconds.
            target_group: Distribution of requests, for services that set none; default, ``TargetGroupSettings()``.
            authentication: Sign-in, or a valid token, before a request reaches a task; requires a listener with HTTPS;
                default, none.

        Raises:
            ConfigurationError: A value cannot be, or the URL is not HTTPS, which an authentication requires.
        """
        with located(listener.node.path):
            check_encrypted("authentication", authentication, url)
            targets = Targets().replaced(health_check, deregistration_delay, target_group)
        return SharedListener(
            listener,
            vpc=vpc,
            base_url=url.rstrip("/"),
            targets=targets,
            group_id="TargetGroup",
            authentication=authentication,
        )

    def _certificate(self, https: PublicHttps | InternalHttps) -> acm.ICertificate:
        if https.certificate is not None:
            return https.certificate
        assert https.domain_name is not None  # noqa: S101 - the ingress has checked it; for the type checker
        return acm.Certificate(
            self,
            "Certificate",
            domain_name=https.domain_name,
            validation=acm.CertificateValidation.from_dns(https.hosted_zone),
        )

    def add_response(self, construct_id: str, route: Route, response: Response) -> elbv2.ApplicationListenerRule:
        """Answer a route without a service: with a redirect, or with a text.

        Args:
            construct_id: Id of the rule within the load balancer.
            route: The requests that get the response. Its priority is derived as that of a service's route.
            response: The response. It requires no authentication, unless the route has one.

        Raises:
            ConfigurationError: The route cannot be on the load balancer with the existing ones, or the redirect leads
                to itself, or the route has rewrites.
        """
        check_redirect(response, route, https=self._https, port=self._port)
        check_response(route)
        check_listener(route, self._shared.base_url)
        number = self._shared.admit(route, path=path_of(self, construct_id))
        return add_rule(
            self,
            construct_id,
            self._shared.listener,
            route,
            priority=number,
            authentication=route.authentication,
            action=action_of(response),
        )

    @property
    def shared_listener(self) -> SharedListener:
        """The listener with the routes of the services on it."""
        return self._shared

    @property
    def load_balancer(self) -> elbv2.ApplicationLoadBalancer:
        """The load balancer."""
        return self._balancer

    @property
    def listener(self) -> elbv2.IApplicationListener:
        """The listener for the traffic: port 443 with HTTPS, otherwise 80."""
        return self._shared.listener

    @property
    def vpc(self) -> ec2.IVpc:
        """The VPC."""
        return self._shared.vpc

    @property
    def url(self) -> str:
        """URL of the load balancer."""
        return self._shared.base_url


def listener_of(load_balancer: SharedLoadBalancer | SharedListener) -> SharedListener:
    """Return the listener of a shared load balancer, or the listener itself."""
    return load_balancer if isinstance(load_balancer, SharedListener) else load_balancer.shared_listener

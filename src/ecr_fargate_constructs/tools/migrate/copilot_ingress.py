"""The load balancer of a Copilot manifest: ``http``."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.bounds import Bound, bounded
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.model import Domain, Ingress, TargetCheck

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.document import Node

_LONGEST_GRACE = 2**31 - 1  # seconds; healthCheckGracePeriodSeconds in the Amazon ECS API reference
_SEGMENTS = re.compile(r"[A-Za-z0-9_\-.$~\"'@:+&]+(?:/[A-Za-z0-9_\-.$~\"'@:+&]+)*")
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z]{2,}", re.IGNORECASE)
_ZONE = re.compile(r"Z[A-Z0-9]+")
_CODES = re.compile(r"[2-4]\d\d(?:-[2-4]\d\d)?(?:,[2-4]\d\d(?:-[2-4]\d\d)?)*")
_PROTOCOLS = {"http1": None, "http2": "HTTP2", "grpc": "GRPC"}


_ONE_GROUP = "this library sends all requests of a service to one target group"
_RULE = {
    "alias": (
        "the rules of a service have one host",
        "add a route of its own for the path: .add_route(…, Route(host=…))",
    ),
    "hosted_zone": ("the rules of a service have one host", "see alias"),
    "allowed_source_ips": (
        "the rules of a service have the same source addresses",
        "add a route of its own for the path: .add_route(…, Route(source=…))",
    ),
    **dict.fromkeys(
        ("healthcheck", "deregistration_delay", "stickiness", "target_container", "target_port", "version"),
        (_ONE_GROUP, "make it a service of its own, with a route"),
    ),
    "redirect_to_https": ("HTTP is always redirected to HTTPS", "add a listener to .load_balancer"),
}
_NEVER = {
    "alb": (
        "the program creates a load balancer",
        "use the existing one with PublicHttps(load_balancer=ExistingLoadBalancer(…))",
    ),
    "ssl_policy": ("the program has this library's policy", "use ListenerSettings(tls_policy=…)"),
}


def read_ingress(
    http: Fields, *, public: bool, app_runner: bool = False, service: str = ""
) -> tuple[Ingress, int | None]:
    """Return the load balancer, and the port of its target if it is not the image's.

    Args:
        http: The section.
        public: Whether it can be reached from the internet.
        app_runner: Whether it is one of App Runner.
        service: Name of the service, which is also that of its first container.
    """
    first = "target_container" not in http or http.text("target_container") == service
    domain = _domain(http)
    protocol = _protocol(http, https=domain is not None)
    redirect = http.flag("redirect_to_https")
    if redirect is False:
        http.drop("redirect_to_https", "HTTP is always redirected to HTTPS", "add a listener to .load_balancer")
    http.leave_out(_NEVER)
    return (
        Ingress(
            public=public and not _private(http),
            shared=not app_runner,  # each service of App Runner has an address of its own
            paths=_path(http),
            domain=domain,
            check=_check(http, app_runner=app_runner),
            deregistration_delay=bounded(http, "deregistration_delay", Bound(0, 3600)),
            sticky=http.flag("stickiness") or False,
            allow_from=_peers(http),
            protocol=protocol,
        ),
        http.number("target_port", minimum=1, maximum=65535) if first else None,
    )


def _private(http: Fields) -> bool:
    """Return whether a Request-Driven Web Service can be reached only from its environment."""
    node = http.node("private")
    if node is None:
        return False
    if not isinstance(node.value, dict):
        return http.flag("private") or False
    inner = Fields(node, http.ledger)
    inner.leave_out({"endpoint": ("the load balancer is inside the VPC", "nothing to do")})
    return True


def additional_rules(http: Fields, *, any_path: bool) -> tuple[str, ...]:
    """Return the additional paths of the service.

    Args:
        http: The section.
        any_path: Whether the service gets all paths anyway, so that further rules add none.
    """
    node = http.node("additional_rules")
    paths: list[str] = []
    for item in node.items if node is not None else ():
        if not isinstance(item.value, dict):
            continue
        rule = Fields(item, http.ledger)
        rule.leave_out(_RULE)
        paths.extend(_path(rule))
        if any_path and "path" in rule:
            rule.check("path", "the service gets the requests for all paths", "nothing to do")
    if node is not None and not isinstance(node.value, list):
        http.drop("additional_rules", "it is not a list", "correct it, and run the command again")
    return tuple(paths)


def _path(http: Fields) -> tuple[str, ...]:
    text = http.text("path")
    if text is None or text.strip("/") == "":
        return ()
    segments = text.strip("/")
    if not _SEGMENTS.fullmatch(segments) or len(segments) > 100:  # noqa: PLR2004 - a rule's value has 128 characters
        http.drop("path", "the command writes routes for plain paths only", "use Route(path=…)")
        return ()
    return (f"/{segments}",)


def _domain(http: Fields) -> Domain | None:
    alias = http.node("alias")
    if alias is None:
        http.leave_out({"hosted_zone": ("it has no effect without an alias", "nothing to do")})
        return None
    entries: list[tuple[Node, str, str | None]] = []
    default = http.text("hosted_zone")
    for item in alias.items or [alias]:
        if isinstance(item.value, dict):
            inner = Fields(item, http.ledger)
            entries.append((item, inner.text("name") or "", inner.text("hosted_zone") or default))
        else:
            entries.append((item, text_of(item) or "", default))
            http.ledger.carry(item)
    usable = [entry for entry in entries if _NAME.fullmatch(entry[1])]
    for item, _, _ in [entry for entry in entries if entry not in usable]:
        http.ledger.leave_out(item, "it is not a domain name", "use PublicHttps(domain_name=…, hosted_zone=…)")
    for item, _, _ in usable[1:]:
        http.ledger.leave_out(
            item,
            "the program gives a load balancer one domain name",
            "add its certificate to ListenerSettings(certificates=…), and add a record",
        )
    if not usable:
        return None
    node, name, zone = usable[0]
    if zone is not None and not _ZONE.fullmatch(zone):
        zone = None
    reason = "the program derives the zone's name" if zone else "the file does not name the id of its hosted zone"
    fix = "see zone_name" if zone else "replace Z0000000000EXAMPLE in the program by it"
    http.ledger.check(node, reason, fix)
    return Domain(name=name.lower(), zone_id=zone)


def _protocol(http: Fields, *, https: bool) -> str | None:
    version = http.text("version")
    if version is None:
        return None
    if version.lower() not in _PROTOCOLS:
        http.drop("version", f"{version} is not one of {', '.join(_PROTOCOLS)}", "use TargetGroupSettings(…)")
        return None
    protocol = _PROTOCOLS[version.lower()]
    if protocol is not None and not https:
        http.drop("version", "a load balancer takes it from clients over HTTPS only", "add an alias to the service")
        return None
    return protocol


def _check(http: Fields, *, app_runner: bool) -> TargetCheck:
    node = http.node("healthcheck")
    if node is None:
        return TargetCheck()
    if not isinstance(node.value, dict):
        path = http.text("healthcheck")
        return TargetCheck(path=_check_path(http, "healthcheck", path))
    check = Fields(node, http.ledger)
    interval = bounded(check, "interval", Bound(5, 300))
    timeout = bounded(check, "timeout", Bound(2, 120))
    if timeout is not None and timeout >= (interval or 10):
        interval = timeout + 1
        check.check(
            "timeout",
            f"it has to be shorter than the interval, which is {interval} seconds",
            "check that this is acceptable",
        )
    elif interval == 5 and timeout is None:  # noqa: PLR2004 - the library's own timeout
        timeout = 4
    codes = check.text("success_codes")
    if codes is not None and not _CODES.fullmatch(codes):
        check.drop("success_codes", "they are not status codes", "use TargetHealthCheck(codes=…)")
        codes = None
    most = 20 if app_runner else 10
    return TargetCheck(
        path=_check_path(check, "path", check.text("path")),
        port=check.number("port", minimum=1, maximum=65535),
        codes=codes,
        interval=interval,
        timeout=timeout,
        healthy=_threshold(check, "healthy_threshold", most),
        unhealthy=_threshold(check, "unhealthy_threshold", most),
        grace=bounded(check, "grace_period", Bound(0, _LONGEST_GRACE)),
    )


def _threshold(check: Fields, name: str, most: int) -> int | None:
    figure = check.number(name, minimum=1, maximum=most)
    if figure is None or 2 <= figure <= 10:  # noqa: PLR2004 - the bounds of a target group
        return figure
    wanted = min(max(figure, 2), 10)
    check.check(name, f"a target group takes 2 to 10, so the program has {wanted}", "check that this is acceptable")
    return wanted


def _check_path(fields: Fields, name: str, path: str | None) -> str | None:
    if path is not None and not path.startswith("/"):
        fields.check(name, "the program adds the leading slash", "nothing to do")
        return f"/{path}"
    return path


def _peers(http: Fields) -> tuple[str, ...]:
    node = http.node("allowed_source_ips")
    networks: list[str] = []
    for item in node.items if node is not None else ():
        network = _network(text_of(item) or "")
        if network is None:
            http.ledger.leave_out(item, "it is not a range of IPv4 addresses", "set allow_from=[ec2.Peer.…]")
        else:
            http.ledger.carry(item)
            networks.append(network)
    return tuple(networks)


def _network(text: str) -> str | None:
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError:
        return None

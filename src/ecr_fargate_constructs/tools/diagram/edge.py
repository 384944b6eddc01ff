"""Draw what requests pass before the network: CDNs, APIs and web ACLs, with arrows to the load balancers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.assembly.network import openings
from ecr_fargate_constructs.tools.diagram.entrances import is_public
from ecr_fargate_constructs.tools.diagram.labels import anchor_of, kind_of, tip_of, title_of
from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource

INTERNET = "internet"
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_BUCKET = "AWS::S3::Bucket"
_CDN, _REST, _HTTP = "AWS::CloudFront::Distribution", "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"
_LINKS = {
    "AWS::ApiGateway::VpcLink": ("TargetArns",),
    "AWS::CloudFront::VpcOrigin": ("VpcOriginEndpointConfig", "Arn"),
}
"""Types that lead into a network, and the property that names the load balancer."""


@dataclass
class Edge:
    """The boxes beside the clients.

    Attributes:
        boxes: The boxes.
        arrows: The arrows between them, and to the load balancers.
        drawn: The resources of the boxes.
    """

    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    drawn: set[Resource] = field(default_factory=set)

    def put(self, resource: Resource, rows: tuple[Row, ...] = ()) -> None:
        """Add a box, once."""
        if resource in self.drawn:
            return
        self.drawn.add(resource)
        kind, tone = kind_of(resource)
        self.boxes.append(
            Box(
                anchor=anchor_of(resource),
                title=title_of(resource),
                kind=kind,
                rows=rows,
                tone=tone,
                tip=tip_of(resource),
            )
        )


def edge_of(app: App, used: set[Resource]) -> Edge:
    """Return the boxes beside the clients.

    Args:
        app: The app.
        used: The resources that services use, which are drawn elsewhere.
    """
    edge = Edge()
    behind = _cdns(app, edge, used)
    for api in app.of(_REST, _HTTP):
        edge.put(api)
        if "PRIVATE" not in (api.get("EndpointConfiguration", "Types") or ()):
            edge.arrows.append(Arrow(INTERNET, anchor_of(api)))
        edge.arrows += [Arrow(anchor_of(api), anchor_of(each)) for each in _behind_api(app, api)]
    for balancer in app.of(_BALANCER):
        if is_public(balancer) and (balancer not in behind or _open(app, balancer)):
            edge.arrows.append(Arrow(INTERNET, anchor_of(balancer)))
    _acls(app, edge)
    return edge


def _cdns(app: App, edge: Edge, used: set[Resource]) -> set[Resource]:
    """Add the CDNs, and below them the buckets that only they read; return the load balancers behind them."""
    targets = {cdn: _origins(app, cdn) for cdn in app.of(_CDN)}
    for cdn, origins in targets.items():
        edge.put(cdn, tuple(_behaviours(app, cdn, origins)))
        edge.arrows.append(Arrow(INTERNET, anchor_of(cdn)))
    ways = [(cdn, target) for cdn, origins in targets.items() for target in dict.fromkeys(origins.values())]
    for cdn, target in ways:
        if target.kind == _BUCKET and target not in used:
            edge.put(target)
        edge.arrows.append(Arrow(anchor_of(cdn), anchor_of(target)))
    return {target for _, target in ways if target.kind == _BALANCER}


def _origins(app: App, cdn: Resource) -> dict[str, Resource]:
    """Return the load balancer, bucket or API behind each origin of a CDN."""
    targets: dict[str, Resource] = {}
    for origin in cdn.get("DistributionConfig", "Origins") or []:
        value = [origin.get("VpcOriginConfig"), origin.get("DomainName")]
        target = next(iter(_led(app, value, cdn)), None)
        if target is not None:
            targets[str(origin.get("Id"))] = target
    return targets


def _led(app: App, value: Any, home: Resource) -> Iterator[Resource]:  # noqa: ANN401 - whatever CloudFormation has
    """Yield the resources that a value refers to, through VPC links and VPC origins."""
    for target in app.targets(value, home.template):
        if target.kind in _LINKS:
            yield from _led(app, target.get(*_LINKS[target.kind]), target)
        elif target.kind == _LISTENER:
            yield from _led(app, target.get("LoadBalancerArn"), target)
        else:
            yield target


def _behaviours(app: App, cdn: Resource, origins: dict[str, Resource]) -> Iterator[Row]:
    config = cdn.get("DistributionConfig") or {}
    others = [(app.text(each.get("PathPattern"), cdn.template), each) for each in config.get("CacheBehaviors") or []]
    for pattern, behaviour in [("*", config.get("DefaultCacheBehavior") or {}), *others]:
        target = origins.get(str(behaviour.get("TargetOriginId")))
        if target is not None and others:
            yield Row(f"{pattern} to {title_of(target)}", framed=True)


def _behind_api(app: App, api: Resource) -> Iterator[Resource]:
    parts = app.referring(api, "AWS::ApiGateway::Method", "RestApiId")
    values = [(part, [part.get("Integration", "ConnectionId"), part.get("Integration", "Uri")]) for part in parts]
    parts = app.referring(api, "AWS::ApiGatewayV2::Integration", "ApiId")
    values += [(part, [part.get("IntegrationUri")]) for part in parts]
    for part, value in values:
        yield from (each for each in _led(app, value, part) if each.kind in {_BALANCER, "AWS::Lambda::Function"})


def _open(app: App, balancer: Resource) -> bool:
    """Return whether a load balancer admits every address, and not only those of the CDN."""
    groups = app.targets(balancer.get("SecurityGroups"), balancer.template)
    return not groups or any(each.to_the_world for each in openings(app, groups))


def _acls(app: App, edge: Edge) -> None:
    """Add the web ACLs, which see each request first, with dashed arrows to what they guard."""
    guarded = [
        (app.target(each.get("WebACLArn"), each.template), app.target(each.get("ResourceArn"), each.template))
        for each in app.of("AWS::WAFv2::WebACLAssociation")
    ]
    guarded += [(app.target(cdn.get("DistributionConfig", "WebACLId"), cdn.template), cdn) for cdn in app.of(_CDN)]
    for acl, target in guarded:
        if acl is not None and target is not None:
            edge.put(acl)
            edge.arrows.append(Arrow(anchor_of(acl), anchor_of(target), dashed=True))

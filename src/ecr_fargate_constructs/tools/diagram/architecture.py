"""Turn an app into a scene: the resources of each network, and the arrows between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.assembly.model import as_json
from ecr_fargate_constructs.tools.assembly.network import Reach, endpoint_service, reach, vpc_of
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.diagram.entrances import balancer_box, entrance_arrows, is_public
from ecr_fargate_constructs.tools.diagram.labels import anchor_of, is_plumbing, kind_of, tip_of, title_of
from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Group, Row, Scene, Tone
from ecr_fargate_constructs.tools.diagram.services import service_box, used_by

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service

_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_INSIDE = ("AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::NatGateway", "AWS::EC2::VPCEndpoint")
_DRAWN_ELSEWHERE = (
    *_INSIDE,
    *_ALARMS,
    _BALANCER,
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ServiceDiscovery::Service",
    "AWS::CloudFormation::Stack",
)
_SUBNET_KEYS = ("DBSubnetGroupName", "CacheSubnetGroupName", "SubnetIds", "SubnetId", "VpcConfig")
_INTERNET = "internet"


@dataclass
class _Draft:
    """A scene in the making: boxes by VPC and reach of their subnets, boxes beside the clients, and arrows."""

    app: App
    inside: dict[tuple[str, Reach | None], list[Box]] = field(default_factory=dict)
    outside: list[Box] = field(default_factory=list)
    guards: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)

    def put(self, vpc: Resource | None, far: Reach | None, box: Box) -> None:
        self.inside.setdefault((anchor_of(vpc) if vpc is not None else "", far), []).append(box)


@refuses_malformed
def scene_of(app: App) -> Scene:
    """Return the scene of an app."""
    draft = _Draft(app)
    rows: dict[str, int] = {}
    for balancer in sorted(app.of(_BALANCER), key=lambda each: not is_public(each)):
        vpc, far = _place(app, app.targets(balancer.get("Subnets"), balancer.template))
        box = balancer_box(app, balancer)
        for row in box.rows:
            rows.setdefault(row.anchor, len(rows))
        draft.put(vpc, far, box)
        if is_public(balancer):
            draft.arrows.append(Arrow(_INTERNET, anchor_of(balancer)))
    # In the order of the listener rules that forward to them, so that few arrows cross.
    ordered = sorted(services(app), key=lambda each: _first_row(rows, entrance_arrows(each)))
    for service in ordered:
        vpc, far = _place(app, list(service.subnets))
        draft.put(vpc, far, service_box(service, several_stacks=len(app.stacks) > 1))
        draft.arrows += entrance_arrows(service)
    _nat(draft, app.of("AWS::EC2::NatGateway"))
    _endpoints(draft, app.of("AWS::EC2::VPCEndpoint"))
    _machines(draft, app.of("AWS::AutoScaling::AutoScalingGroup"))
    _satellites(draft, ordered)
    _alarms(draft, ordered)
    vpcs = tuple(_vpc(draft, vpc) for vpc in app.of("AWS::EC2::VPC") if _holds(draft, vpc))
    elsewhere = tuple(_areas(draft, ""))
    networks = [*vpcs]
    if elsewhere:
        networks.append(Group(title="a network of another app", children=elsewhere, beside=True, name="vpc"))
    clients = (_internet(app),) if any(arrow.start == _INTERNET for arrow in draft.arrows) else ()
    left = (Group(children=(*clients, *draft.guards)),) if draft.guards else clients
    right = (Group(title="outside the network", children=tuple(draft.outside), name="outside"),)
    root = Group(
        children=(*left, Group(children=tuple(networks)), *(right if draft.outside else ())),
        beside=True,
    )
    names = ", ".join(stack.display for stack in app.stacks)
    hidden = sum(is_plumbing(resource) for resource in app.resources)
    return Scene(f"Architecture of {names}", root, tuple(dict.fromkeys(_between_drawn(draft.arrows, root))), hidden)


def _first_row(rows: dict[str, int], arrows: list[Arrow]) -> int:
    return min((rows[arrow.start] for arrow in arrows if arrow.start in rows), default=len(rows))


def _place(app: App, subnets: list[Resource]) -> tuple[Resource | None, Reach | None]:
    for subnet in subnets:
        if subnet.kind == "AWS::EC2::Subnet":
            return vpc_of(app, subnet), reach(app, subnet)
    return None, None


def _internet(app: App) -> Box:
    names = sorted(
        {
            name.rstrip(".")
            for record in app.of("AWS::Route53::RecordSet")
            if (name := app.literal(record.get("Name"), record.template)) is not None
        }
    )
    return Box(anchor=_INTERNET, title="internet", kind="clients", rows=tuple(map(Row, names)), tone=Tone.NETWORK)


def _nat(draft: _Draft, gateways: list[Resource]) -> None:
    by_vpc: dict[Resource | None, list[Resource]] = {}
    for gateway in gateways:
        vpc, _ = _place(draft.app, draft.app.targets(gateway.get("SubnetId"), gateway.template))
        by_vpc.setdefault(vpc, []).append(gateway)
    for vpc, several in by_vpc.items():
        title = "NAT gateway" if len(several) == 1 else f"{len(several)} NAT gateways"
        tip = ", ".join(tip_of(gateway) for gateway in several)
        box = Box(anchor=anchor_of(several[0]), title=title, kind="egress", tone=Tone.NETWORK, tip=tip)
        draft.put(vpc, Reach.PUBLIC, box)


def _endpoints(draft: _Draft, endpoints: list[Resource]) -> None:
    by_vpc: dict[Resource | None, list[Resource]] = {}
    for endpoint in endpoints:
        by_vpc.setdefault(vpc_of(draft.app, endpoint), []).append(endpoint)
    for vpc, several in by_vpc.items():
        names = sorted(
            endpoint_service(draft.app, each) + (" (gateway)" if each.get("VpcEndpointType") != "Interface" else "")
            for each in several
        )
        subnets = [subnet for each in several for subnet in draft.app.targets(each.get("SubnetIds"), each.template)]
        far = next((reach(draft.app, subnet) for subnet in subnets if subnet.kind == "AWS::EC2::Subnet"), None)
        box = Box(
            anchor=anchor_of(several[0]),
            title="endpoint" if len(several) == 1 else "endpoints",
            kind="access to AWS",
            rows=tuple(map(Row, names)),
            tone=Tone.NETWORK,
            tip=", ".join(tip_of(each) for each in several),
        )
        draft.put(vpc, far or _deepest(draft, vpc), box)


def _deepest(draft: _Draft, vpc: Resource | None) -> Reach | None:
    """Return the reach of the most isolated subnets of a VPC that already have a box."""
    name = anchor_of(vpc) if vpc is not None else ""
    return next((far for far in (Reach.ISOLATED, Reach.PRIVATE, Reach.PUBLIC) if (name, far) in draft.inside), None)


def _satellites(draft: _Draft, ordered: list[Service]) -> None:
    """Add the resources that services use, in the order of the services, and then all others."""
    app = draft.app
    users: dict[Resource, list[str]] = {}
    for service in ordered:
        for used in used_by(service):
            if not is_plumbing(used) and not used.kind.startswith(_DRAWN_ELSEWHERE):
                users.setdefault(used, []).append(anchor_of(service.resource))
    guards = _guards(draft)
    rest = [
        resource
        for resource in app.resources
        if resource not in users
        and resource not in guards
        and not is_plumbing(resource)
        and not resource.kind.startswith(_DRAWN_ELSEWHERE)
    ]
    for resource in [*users, *rest]:
        kind, tone = kind_of(resource)
        box = Box(anchor=anchor_of(resource), title=title_of(resource), kind=kind, tone=tone, tip=tip_of(resource))
        vpc, far = _place(app, _subnets(app, resource))
        if far is None:
            draft.outside.append(box)
        else:
            draft.put(vpc, far, box)
        draft.arrows += [Arrow(user, box.anchor) for user in users.get(resource, ())]


def _guards(draft: _Draft) -> list[Resource]:
    """Add the web ACLs beside the clients, since they see each request first, and return them."""
    app, acls = draft.app, []
    for association in app.of("AWS::WAFv2::WebACLAssociation"):
        acl = app.target(association.get("WebACLArn"), association.template)
        balancer = app.target(association.get("ResourceArn"), association.template)
        if acl is None or balancer is None:
            continue
        draft.arrows.append(Arrow(anchor_of(acl), anchor_of(balancer), dashed=True))
        if acl not in acls:
            acls.append(acl)
            kind, tone = kind_of(acl)
            draft.guards.append(Box(anchor=anchor_of(acl), title=title_of(acl), kind=kind, tone=tone, tip=tip_of(acl)))
    return acls


def _subnets(app: App, resource: Resource) -> list[Resource]:
    """Return the subnets of a database, a cache, a file system or a function."""
    direct = [app.targets(resource.get(key), resource.template) for key in _SUBNET_KEYS]
    groups = [group for targets in direct for group in targets if group.kind.endswith("SubnetGroup")]
    mounts = app.referring(resource, "AWS::EFS::MountTarget", "FileSystemId")
    parts = [app.targets(part.properties, part.template) for part in (*groups, *mounts)]
    return [each for targets in (*direct, *parts) for each in targets if each.kind == "AWS::EC2::Subnet"]


def _machines(draft: _Draft, groups: list[Resource]) -> None:
    app = draft.app
    for group in groups:
        vpc, far = _place(app, app.targets(group.get("VPCZoneIdentifier"), group.template))
        template = app.target(group.get("LaunchTemplate", "LaunchTemplateId"), group.template)
        kind = None if template is None else template.get("LaunchTemplateData", "InstanceType")
        least, most = (app.text(group.get(key), group.template) for key in ("MinSize", "MaxSize"))
        rows = [Row(f"{least} to {most} instances" if least != most else f"{least} instances")]
        if template is not None and kind is not None:
            rows.append(Row(app.text(kind, template.template)))
        box = Box(
            anchor=anchor_of(group),
            title=title_of(group),
            kind="EC2 capacity",
            rows=tuple(rows),
            tone=Tone.COMPUTE,
            tip=tip_of(group),
        )
        draft.put(vpc, far, box)


def _alarms(draft: _Draft, ordered: list[Service]) -> None:
    """Add the alarms: one box for those of each service."""
    app = draft.app
    owners = {
        watched: service for service in reversed(ordered) for watched in (service.resource, *service.target_groups)
    }
    counts: Counter[str] = Counter()
    by_owner: dict[str, list[Resource]] = {}
    for alarm in app.of(*_ALARMS):
        watched = app.targets(alarm.properties, alarm.template)
        owner = next((owners[each] for each in watched if each in owners), None)
        anchor = anchor_of(owner.resource) if owner is not None else ""
        counts[anchor] += 1
        by_owner.setdefault(anchor, []).append(alarm)
    positions = {box.anchor: position for position, box in enumerate(draft.outside)}
    ends: dict[str, list[str]] = {}
    for arrow in draft.arrows:
        if not arrow.dashed:
            ends.setdefault(arrow.start, []).append(arrow.end)
    after: dict[int, list[Box]] = {}
    last: list[Box] = []
    for anchor, alarms in by_owner.items():
        count = counts[anchor]
        box = Box(
            anchor=f"alarms:{anchor}",
            title=f"{count} alarm" if count == 1 else f"{count} alarms",
            kind="CloudWatch",
            tone=Tone.WATCH,
            tip=", ".join(alarm.path for alarm in alarms),
        )
        used_positions = [positions[each] for each in ends.get(anchor, ()) if each in positions]
        if used_positions:
            after.setdefault(max(used_positions), []).insert(0, box)
        else:
            last.append(box)
        if anchor:
            draft.arrows.append(Arrow(anchor, box.anchor, dashed=True))
    merged = ((box, *after.get(position, ())) for position, box in enumerate(draft.outside))
    draft.outside[:] = [*(each for boxes in merged for each in boxes), *last]


def _holds(draft: _Draft, vpc: Resource) -> bool:
    return any(name == anchor_of(vpc) for name, _ in draft.inside)


def _vpc(draft: _Draft, vpc: Resource) -> Group:
    cidr = draft.app.literal(vpc.get("CidrBlock"), vpc.template)
    title = f"VPC {title_of(vpc)}" + (f" {cidr}" if cidr else "")
    return Group(title=title, children=tuple(_areas(draft, anchor_of(vpc), vpc)), beside=True, name="vpc")


def _areas(draft: _Draft, name: str, vpc: Resource | None = None) -> list[Group]:
    """Return the areas of a VPC: its public subnets, and beside them the others, stacked."""
    areas: list[Group] = []
    for far in (Reach.PUBLIC, Reach.PRIVATE, Reach.ISOLATED, None):
        boxes = draft.inside.get((name, far), [])
        if not boxes:
            continue
        title = "subnets" if far is None else f"{far.value} subnets"
        zones = _zones(draft.app, vpc, far)
        title += f", {zones} zones" if zones > 1 else ", 1 zone" if zones == 1 else ""
        areas.append(Group(title=title, children=_ordered(draft, boxes), name=far.value if far else "plain"))
    front = [area for area in areas if area.name == Reach.PUBLIC.value]
    behind = [area for area in areas if area not in front]
    return [*front, *([Group(children=tuple(behind))] if behind else [])]


def _ordered(draft: _Draft, boxes: list[Box]) -> tuple[Box | Group, ...]:
    """Return boxes with arrows from outside, then load balancers beside their services, then all others.

    In this order no arrow from outside crosses a load balancer.
    """
    starts = {arrow.start for arrow in draft.arrows}
    balancers = [box for box in boxes if any(row.anchor in starts for row in box.rows)]
    rows = {row.anchor for box in balancers for row in box.rows}
    balancer_anchors = {box.anchor for box in balancers}
    forwarded = {arrow.end for arrow in draft.arrows if arrow.start in rows}
    entered = {arrow.end for arrow in draft.arrows} - forwarded
    behind = [box for box in boxes if box.anchor in forwarded and box.anchor not in balancer_anchors]
    before = [box for box in boxes if box.anchor in entered and box.anchor not in balancer_anchors]
    rest = [box for box in boxes if box.anchor not in balancer_anchors | forwarded | entered]
    if balancers and behind:
        pair = Group(children=(Group(children=tuple(balancers)), Group(children=tuple(behind))), beside=True)
        return (*before, pair, *rest)
    return (*balancers, *before, *rest)


def _zones(app: App, vpc: Resource | None, far: Reach | None) -> int:
    """Return the number of zones of a VPC's subnets with this reach."""
    return len(
        {
            as_json(subnet.get("AvailabilityZone"))
            for subnet in app.of("AWS::EC2::Subnet")
            if vpc is not None and vpc_of(app, subnet) is vpc and reach(app, subnet) is far
        }
    )


def _between_drawn(arrows: list[Arrow], root: Group) -> list[Arrow]:
    """Return the arrows whose two ends are drawn."""
    anchors: set[str] = set()
    pending: list[Box | Group] = [root]
    for each in pending:  # the loop appends to the list
        if isinstance(each, Group):
            pending.extend(each.children)
        else:
            anchors |= {each.anchor, *(row.anchor for row in each.rows)}
    return [arrow for arrow in arrows if {arrow.start, arrow.end} <= anchors]

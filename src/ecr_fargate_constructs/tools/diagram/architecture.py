"""Turn an app into a scene: the resources of each network, and the arrows between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.assembly.machines import GROUP, Machines
from ecr_fargate_constructs.tools.assembly.malformed import refuses_malformed
from ecr_fargate_constructs.tools.assembly.model import as_json
from ecr_fargate_constructs.tools.assembly.network import Reach, endpoint_service, reach, vpc_of
from ecr_fargate_constructs.tools.assembly.workload import services
from ecr_fargate_constructs.tools.diagram.alarms import ALARMS, with_alarms
from ecr_fargate_constructs.tools.diagram.edge import INTERNET, edge_of
from ecr_fargate_constructs.tools.diagram.entrances import balancer_box, entrance_arrows, target_arrows
from ecr_fargate_constructs.tools.diagram.helpers import hidden
from ecr_fargate_constructs.tools.diagram.jobs import job_box, jobs
from ecr_fargate_constructs.tools.diagram.labels import anchor_of, kind_of, tip_of, title_of
from ecr_fargate_constructs.tools.diagram.placement import place, place_of, place_of_service
from ecr_fargate_constructs.tools.diagram.scene import Arrow, Box, Group, Row, Scene, Tone
from ecr_fargate_constructs.tools.diagram.services import may, service_box, used_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.assembly.workload import Service, Task
    from ecr_fargate_constructs.tools.diagram.jobs import Job

_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_DRAWN_ELSEWHERE = (
    "AWS::EC2::VPC",
    "AWS::EC2::Subnet",
    "AWS::EC2::NatGateway",
    "AWS::EC2::VPCEndpoint",
    *ALARMS,
    GROUP,
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::",
    "AWS::ServiceDiscovery::Service",
    "AWS::CloudFormation::Stack",
)


@dataclass
class _Draft:
    """A scene in the making: boxes by VPC and reach of their subnets, boxes outside, arrows, and the services."""

    app: App
    inside: dict[tuple[str, Reach | None], list[Box]] = field(default_factory=dict)
    outside: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def put(self, vpc: Resource | None, far: Reach | None, box: Box) -> None:
        self.inside.setdefault((anchor_of(vpc) if vpc is not None else "", far), []).append(box)


@refuses_malformed
def scene_of(app: App) -> Scene:
    """Return the scene of an app."""
    draft = _Draft(app)
    rows: dict[str, int] = {}
    for balancer in sorted(app.of(_BALANCER), key=lambda each: each.get("Scheme") != "internet-facing"):
        # A load balancer always has subnets: those that the app does not create are in a VPC of another app.
        vpc, far = place(app, app.targets([balancer.get("Subnets"), balancer.get("SubnetMappings")], balancer.template))
        box = balancer_box(app, balancer)
        for row in box.rows:
            rows.setdefault(row.anchor, len(rows))
        draft.put(vpc, far, box)
    # In the order of the listener rules that forward to them, so that few arrows cross.
    ordered = sorted(services(app), key=lambda each: _first_row(rows, entrance_arrows(each)))
    for service in ordered:
        vpc, far = place_of_service(app, service)
        draft.put(vpc, far, service_box(service, several_stacks=len(app.stacks) > 1))
        draft.services.add(anchor_of(service.resource))
        draft.arrows += entrance_arrows(service)
    scheduled = jobs(app)
    for job in scheduled:
        draft.put(*job.place, job_box(job, several_stacks=len(app.stacks) > 1))
        draft.services.add(job.anchor)
    _nat(draft, app.of("AWS::EC2::NatGateway"))
    _endpoints(draft, app.of("AWS::EC2::VPCEndpoint"))
    for group in app.of(GROUP):
        _machines(draft, Machines(app, group))
    draft.arrows += target_arrows(app)
    users = _users(app, ordered, scheduled)
    edge = edge_of(app, set(users))
    draft.arrows += edge.arrows
    in_jobs = {each for job in scheduled for each in (job.machine, *job.schedules)}
    _satellites(draft, {used: by for used, by in users.items() if used not in edge.drawn}, edge.drawn | in_jobs)
    draft.outside, watching = with_alarms(app, _watched(ordered, scheduled), draft.outside, draft.arrows)
    draft.arrows += watching
    networks = [_vpc(draft, vpc) for vpc in app.of("AWS::EC2::VPC") if _holds(draft, vpc)]
    elsewhere = tuple(_areas(draft, ""))
    if elsewhere:
        networks.append(Group(title="a network of another app", children=elsewhere, beside=True, name="vpc"))
    clients = [_internet(app)] if any(arrow.start == INTERNET for arrow in draft.arrows) else []
    columns: list[Box | Group] = [*clients] if not edge.boxes else [Group(children=(*clients, *edge.boxes))]
    columns.append(Group(children=tuple(networks)))
    if draft.outside:
        title = "outside the network" if networks else "without a network"
        ends = {anchor for arrow in draft.arrows for anchor in (arrow.start, arrow.end)}
        joined = max((place for place, box in enumerate(draft.outside, start=1) if box.anchor in ends), default=0)
        outside = Group(title=title, children=tuple(draft.outside), grid=True, joined=joined, name="outside")
        columns.append(Group(children=(outside,)))
    root = Group(children=tuple(columns), beside=True)
    names = ", ".join(stack.display for stack in app.stacks)
    arrows = tuple(dict.fromkeys(_between_drawn(draft.arrows, root)))
    return Scene(f"Architecture of {names}", root, arrows, len(hidden(app)))


def _grid(boxes: list[Box]) -> Group:
    return Group(children=tuple(boxes), grid=True, joined=len(boxes))


def _first_row(rows: dict[str, int], arrows: list[Arrow]) -> int:
    return min((rows[arrow.start] for arrow in arrows if arrow.start in rows), default=len(rows))


def _internet(app: App) -> Box:
    names = sorted(
        {
            name.rstrip(".")
            for record in app.of("AWS::Route53::RecordSet")
            if (name := app.literal(record.get("Name"), record.template)) is not None
        }
    )
    return Box(anchor=INTERNET, title="internet", kind="clients", rows=tuple(map(Row, names)), tone=Tone.NETWORK)


def _nat(draft: _Draft, gateways: list[Resource]) -> None:
    by_vpc: dict[Resource | None, list[Resource]] = {}
    for gateway in gateways:
        vpc, _ = place(draft.app, draft.app.targets(gateway.get("SubnetId"), gateway.template))
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


def _users(app: App, ordered: list[Service], scheduled: list[Job]) -> dict[Resource, list[Arrow]]:
    """Return the resources that services and jobs use, in the order of these, with the arrows between them."""
    users: dict[Resource, list[Arrow]] = {}
    using: list[tuple[str, Sequence[Task], list[Resource]]] = [
        (anchor_of(each.resource), () if each.task is None else (each.task,), used_by(each)) for each in ordered
    ]
    using += [(job.anchor, job.tasks, job.used) for job in scheduled]
    for anchor, tasks, used in using:
        receives, sends = (
            set().union(*(may(task, action) for task in tasks)) for action in ("sqs:ReceiveMessage", "sqs:SendMessage")
        )
        for each in dict.fromkeys(_cluster_of(app, part) or part for part in used):
            if each in hidden(app) or each.kind.startswith(_DRAWN_ELSEWHERE):
                continue
            arrows = users.setdefault(each, [])
            if each in receives:
                arrows.append(Arrow(anchor, anchor_of(each), back=True))
            if each in sends or each not in receives:
                arrows.append(Arrow(anchor, anchor_of(each)))
    return users


def _watched(ordered: list[Service], scheduled: list[Job]) -> dict[Resource, str]:
    """Return the anchors of services and jobs, by the resources whose alarms are theirs."""
    owners = {
        watched: anchor_of(service.resource)
        for service in reversed(ordered)
        for watched in (service.resource, *service.target_groups)
    }
    for job in scheduled:
        owners |= dict.fromkeys((job.machine, *job.dead_letters), job.anchor)
    return owners


def _satellites(draft: _Draft, users: dict[Resource, list[Arrow]], drawn: set[Resource]) -> None:
    """Add the resources that services use, and then all others."""
    app = draft.app
    rest = [
        resource
        for resource in app.resources
        if resource not in users
        and resource not in drawn
        and resource not in hidden(app)
        and not resource.kind.startswith(_DRAWN_ELSEWHERE)
        and _cluster_of(app, resource) is None
    ]
    for resource in [*users, *rest]:
        kind, tone = kind_of(resource)
        instances = app.referring(resource, resource.kind.replace("::DBCluster", "::DBInstance"), "DBClusterIdentifier")
        box = Box(
            anchor=anchor_of(resource),
            title=title_of(resource),
            kind=kind,
            rows=_instance_rows(app, instances),
            tone=tone,
            tip=", ".join(map(tip_of, (resource, *instances))),
        )
        found = place_of(app, resource)
        if found is None:
            draft.outside.append(box)
        else:
            draft.put(*found, box)
        draft.arrows += users.get(resource, ())


def _cluster_of(app: App, resource: Resource) -> Resource | None:
    """Return the cluster of a database instance."""
    if not resource.kind.endswith("::DBInstance"):
        return None
    return app.target(resource.get("DBClusterIdentifier"), resource.template)


def _instance_rows(app: App, instances: list[Resource]) -> tuple[Row, ...]:
    """Return the rows of a database cluster: how many instances of each class it has."""
    classes = [app.text(each.get("DBInstanceClass"), each.template) for each in instances]
    return tuple(Row(f"{_count(classes.count(each), 'instance')}, {each}") for each in dict.fromkeys(classes))


def _machines(draft: _Draft, machines: Machines) -> None:
    app, group = draft.app, machines.resource
    vpc, far = place(app, app.targets(group.get("VPCZoneIdentifier"), group.template))
    least, most = machines.least, machines.most
    size = "instances" if least is None or most is None else f"{least} to {_count(most, 'instance')}"
    rows = [Row(_count(most, "instance") if most is not None and least == most else size)]
    rows += [Row(each) for each in machines.types]
    box = Box(
        anchor=anchor_of(group),
        title=title_of(group),
        kind="EC2 capacity",
        rows=tuple(rows),
        tone=Tone.COMPUTE,
        tip=tip_of(group),
    )
    draft.put(vpc, far, box)


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _holds(draft: _Draft, vpc: Resource) -> bool:
    return any(name == anchor_of(vpc) for name, _ in draft.inside)


def _vpc(draft: _Draft, vpc: Resource) -> Group:
    cidr = draft.app.literal(vpc.get("CidrBlock"), vpc.template)
    name = title_of(vpc)
    title = " ".join(each for each in ("VPC", name if name.lower() != "vpc" else "", cidr) if each)
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
        areas.append(Group(title=title, children=tuple(_ordered(draft, boxes)), name=far.value if far else "plain"))
    front = [area for area in areas if area.name == Reach.PUBLIC.value]
    behind = [area for area in areas if area not in front]
    return [*front, *([Group(children=tuple(behind))] if behind else [])]


def _ordered(draft: _Draft, boxes: list[Box]) -> list[Group]:
    """Return boxes with arrows from outside, then load balancers beside their services, then all others.

    In this order no arrow from outside crosses a load balancer.
    """
    starts = {arrow.start for arrow in draft.arrows}
    balancers = [box for box in boxes if any(row.anchor in starts for row in box.rows)]
    rows = {anchor: place for place, anchor in enumerate(row.anchor for box in balancers for row in box.rows)}
    balancer_anchors = {box.anchor for box in balancers}
    forwarded = {arrow.end for arrow in draft.arrows if arrow.start in rows}
    used = {arrow.end for arrow in draft.arrows if arrow.start in draft.services}
    entered = {arrow.end for arrow in draft.arrows} - forwarded - used
    behind = [box for box in boxes if box.anchor in forwarded and box.anchor not in balancer_anchors]
    places = {arrow.end: rows[arrow.start] for arrow in reversed(draft.arrows) if arrow.start in rows}
    behind.sort(key=lambda box: places[box.anchor])
    before = [box for box in boxes if box.anchor in entered and box.anchor not in balancer_anchors]
    rest = [box for box in boxes if box.anchor not in balancer_anchors | forwarded | entered]
    rest.sort(key=lambda box: box.anchor in used)
    if balancers and behind:
        pair = Group(children=(_grid(balancers), _grid(behind)), beside=True)
        return [*_grids(before), pair, *_grids(rest)]
    return _grids([*balancers, *before, *rest])


def _grids(boxes: list[Box]) -> list[Group]:
    return [_grid(boxes)] if boxes else []


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

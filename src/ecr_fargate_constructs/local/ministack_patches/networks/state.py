"""The networks as MiniStack keeps them, and who has which interface. Written for MiniStack 1.5.33."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.networks import Interface, Networks, Reachability

_SERVICE = "service:"
_STORES = {
    "vpcs": "_vpcs",
    "subnets": "_subnets",
    "groups": "_security_groups",
    "acls": "_network_acls",
    "tables": "_route_tables",
    "internet_gateways": "_internet_gateways",
    "nat_gateways": "_nat_gateways",
    "endpoints": "_vpc_endpoints",
    "peerings": "_vpc_peering",
    "prefix_lists": "_prefix_lists",
}


class Placement(str):
    """The id of a task's subnet, with the rest of its network configuration.

    MiniStack keeps the subnet with the task, and nothing else of the configuration that the task was started with.

    Attributes:
        subnets: Ids of all subnets that the task may be placed in.
        groups: Ids of its security groups.
        public: Whether it has a public address.
    """

    __slots__ = ("groups", "public", "subnets")

    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    public: bool

    @classmethod
    def of(cls, configuration: Properties) -> Placement | None:
        """Read an ``awsvpcConfiguration``; None without a subnet."""
        subnets = tuple(configuration.get("subnets") or ())
        if not subnets:
            return None
        placement = cls(subnets[0])
        placement.subnets = subnets
        placement.groups = tuple(configuration.get("securityGroups") or ())
        placement.public = configuration.get("assignPublicIp") == "ENABLED"
        return placement


class State:
    """Reads MiniStack's state."""

    def __init__(self) -> None:
        """Look up MiniStack's internals, and keep the network configuration of tasks."""
        ec2, ecs, alb = (import_module(f"ministack.services.{name}") for name in ("ec2", "ecs", "alb"))
        self._stores = {name: find(ec2, store) for name, store in _STORES.items()}
        self._tags = find(ec2, "_tags")
        self.region = find(ec2, "get_region")
        self._tasks, self._address = find(ecs, "_tasks"), find(ecs, "_task_ip")
        self._balancers, self._listeners, self._rules = (find(alb, name) for name in ("_lbs", "_listeners", "_rules"))
        find(ecs, "_requested_subnet")
        ecs._requested_subnet = _placement  # type: ignore[attr-defined]  # noqa: SLF001 - what this module is for

    @property
    def reachability(self) -> Reachability:
        """Decides about the networks as they are now."""
        stores: dict[str, Any] = {name: dict(store.items()) for name, store in self._stores.items()}
        for name, subnet in stores["subnets"].items():
            stores["subnets"][name] = {**subnet, "Tags": self._tags.get(name) or ()}
        return Reachability(Networks(region=self.region(), **stores))

    def interfaces_of_task(self, task: Properties) -> list[Interface]:
        """Return the interfaces that a task may have: one for each subnet that it may be placed in."""
        placement = task.get("_subnet")
        if not isinstance(placement, Placement):
            return []
        name = name_of(task)
        return [Interface(name, each, placement.groups, placement.public) for each in placement.subnets]

    def interfaces_of_balancer(self, balancer: Properties) -> list[Interface]:
        """Return the interfaces of a load balancer's nodes."""
        name, groups = f"load balancer {balancer['LoadBalancerName']}", tuple(balancer.get("SecurityGroups") or ())
        public = balancer.get("Scheme") == "internet-facing"
        return [Interface(name, each, groups, public) for each in balancer.get("Subnets") or ()]

    def task_at(self, address: str) -> Properties | None:
        """Return the running task with an address."""
        return next((each for each in list(self._tasks.values()) if self._address(each) == address), None)

    def task_named(self, identifier: str) -> Properties | None:
        """Return the task with an id, the last part of its ARN."""
        ending = f"/{identifier}"
        return next((task for arn, task in list(self._tasks.items()) if arn.endswith(ending)), None)

    def balancers_before(self, group: str) -> list[Properties]:
        """Return the load balancers whose listeners or rules forward to a target group."""
        listeners = {
            rule.get("ListenerArn")
            for rule in list(self._rules.values())
            if any(_forwards_to(action, group) for action in rule.get("Actions") or ())
        }
        arns = {
            each["LoadBalancerArn"]
            for each in list(self._listeners.values())
            if each["ListenerArn"] in listeners
            or any(_forwards_to(action, group) for action in each.get("DefaultActions") or ())
        }
        return [each for arn, each in list(self._balancers.items()) if arn in arns]


def service_of(task: Properties) -> str:
    """Return the name of a task's service; empty if it has none."""
    group = str(task.get("group") or "")
    return group.removeprefix(_SERVICE) if group.startswith(_SERVICE) else ""


def name_of(task: Properties) -> str:
    """Return a name for a task that stays the same when its service replaces it."""
    service = service_of(task)
    return f"a task of {service}" if service else f"task {str(task.get('taskArn')).rpartition('/')[2]}"


def _forwards_to(action: Properties, group: str) -> bool:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
    return group in {action.get("TargetGroupArn"), *(each.get("TargetGroupArn") for each in groups)}


def _placement(request: Properties) -> Placement | None:
    configuration = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    return Placement.of(configuration) if isinstance(configuration, dict) else None

"""Let networks decide what load balancers reach, and what reaches them. Written for MiniStack 1.5.33."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.networks.state import name_of, service_of
from ecr_fargate_constructs.local.networks.network_acls import EPHEMERAL_ANY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.ministack_patches.networks.state import State
    from ecr_fargate_constructs.local.networks import Blocked
    from ecr_fargate_constructs.local.networks.barriers import Barriers

_TIMED_OUT = 504


class Balancers:
    """Decides about connections to and from load balancers."""

    def __init__(self, state: State, barriers: Barriers) -> None:
        """Take what decides.

        Args:
            state: MiniStack's state.
            barriers: The record.
        """
        self._state, self._barriers = state, barriers

    def blocks(self, group: Properties, address: str, port: int) -> bool:
        """Return whether no load balancer of a target group can connect to a target."""
        task = self._state.task_at(address)
        balancers = self._state.balancers_before(str(group.get("TargetGroupArn"))) if task is not None else []
        if task is None or not balancers:
            return False
        decisions = [self._to_task(balancer, task, port) for balancer in balancers]
        return all(decision is not None for decision in decisions)

    def _to_task(self, balancer: Properties, task: Properties, port: int) -> Blocked | None:
        reachability = self._state.reachability
        decisions = (
            reachability.between(node, each, port, EPHEMERAL_ANY)
            for node in self._state.interfaces_of_balancer(balancer)
            for each in self._state.interfaces_of_task(task)
        )
        blocked = next((each for each in decisions if each is not None), None)
        source = f"load balancer {balancer['LoadBalancerName']}"
        return self._barriers.note(source, f"{name_of(task)} on port {port}", blocked, service=service_of(task))

    def from_clients(self, balancer: Properties, port: int) -> Blocked | None:
        """Return why no client can connect to a port of a load balancer; None if one can."""
        if balancer.get("Type", "application") != "application":
            return None
        internet = balancer.get("Scheme", "internet-facing") == "internet-facing"
        reachability = self._state.reachability
        decisions: Iterator[Blocked | None] = (
            reachability.from_clients(node, port, internet=internet)
            for node in self._state.interfaces_of_balancer(balancer)
        )
        blocked = next((each for each in decisions if each is not None), None)
        destination = f"port {port} of load balancer {balancer['LoadBalancerName']}"
        source = "a client on the internet" if internet else "a client in the VPC"
        return self._barriers.note(source, destination, blocked)

    def admit_clients(self, alb: Any) -> None:  # noqa: ANN401 - an untyped package
        """Answer no request that could not arrive at the load balancer on AWS.

        There the connection times out; here there is one, because the ports are shared, so 504 and the reason stand for
        the timeout.
        """
        dispatch, listeners = find(alb, "dispatch_request"), find(alb, "_listeners")

        async def dispatch_request(
            balancer: Properties,
            method: str,
            path: str,
            headers: dict[str, str],
            body: bytes,
            query: Properties,
            port: int = 80,
            *rest: Any,  # noqa: ANN401 - passed on as it is
            **more: Any,  # noqa: ANN401 - passed on as it is
        ) -> Any:  # noqa: ANN401 - passed on as it is
            own = [each for each in listeners.values() if each["LoadBalancerArn"] == balancer["LoadBalancerArn"]]
            listener = next((each for each in own if each.get("Port") == port), next(iter(own), None))
            if listener is not None:
                blocked = self.from_clients(balancer, int(listener.get("Port") or port))
                if blocked is not None:
                    text = f"On AWS this connection times out: {blocked.why}. Fix: {blocked.fix}.\n"
                    return _TIMED_OUT, {"Content-Type": "text/plain; charset=utf-8"}, text.encode()
            return await dispatch(balancer, method, path, headers, body, query, port, *rest, **more)

        alb.dispatch_request = dispatch_request


def decide_about_balancers(state: State, barriers: Barriers) -> Balancers:
    """Let the networks decide which requests load balancers get, and return what decides about their targets."""
    balancers = Balancers(state, barriers)
    balancers.admit_clients(import_module("ministack.services.alb"))
    return balancers

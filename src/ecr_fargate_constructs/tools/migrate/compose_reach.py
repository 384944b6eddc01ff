"""Connections between the services of a compose file, with their ports and names.

In Docker Compose a service reaches all ports of each service on a common network, by the service's name. In the program
security groups let the services of a network reach each other at the ports that the file names, and Service Connect
resolves the names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.compose_hosts import links_of, mentions, names_of
from ecr_fargate_constructs.tools.migrate.compose_reasons import ATTACHMENT
from ecr_fargate_constructs.tools.migrate.fields import Fields, container_name, text_of
from ecr_fargate_constructs.tools.migrate.model import Shape
from ecr_fargate_constructs.tools.migrate.order import callees_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ecr_fargate_constructs.tools.migrate.compose_hosts import Mention
    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger
    from ecr_fargate_constructs.tools.migrate.model import Service

_DEFAULT = "default"


@dataclass(frozen=True, kw_only=True)
class Compose:
    """The services of a file.

    Attributes:
        sections: All services, including those that are not in the program.
        tasks: For each service in the program, the services whose containers run in its task.
        waits: For each service, those that have to start before it.
        exposed: Returns the ports that the image of a service exposes.
        read: Reads a file by its path from the folder of the compose file; returns None if it cannot.
        ledger: The ledger of the document.
    """

    sections: Mapping[str, Fields]
    tasks: Mapping[str, tuple[str, ...]]
    waits: Mapping[str, Iterable[str]]
    exposed: Callable[[str], tuple[int, ...]]
    read: Callable[[str], str | None]
    ledger: Ledger


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A call of one service by another, which names it, or waits for it if ``mention`` is None."""

    caller: str
    called: str
    node: Node
    mention: Mention | None = None


def connect(services: Mapping[str, Service], compose: Compose) -> dict[str, Service]:
    """Return the services with their networks, names and calls, and list the calls that work differently."""
    calls = _calls(services, compose)
    joined = {name: replace(each, networks=_networks(compose.sections[name])) for name, each in services.items()}
    joined = _with_ports(joined, calls, compose)
    on_network: dict[str, list[str]] = {}
    for name, each in joined.items():
        for network in each.networks:
            on_network.setdefault(network, []).append(name)
    _mark_networks(joined, on_network, compose)
    members = dict.fromkeys(
        name
        for names in on_network.values()
        if len(names) > 1 and any(joined[each].ports for each in names)
        for name in names
    )
    known_as = {name: _known_as(name, calls, compose) for name in joined}
    known_as = _distinct(known_as, members, compose)
    used = {call.mention.name for call in calls if call.mention is not None}
    for name in joined:
        _mark_names(name, known_as[name] if name in members else name, compose, used)
    ordered = _in_order(joined, [call for call in calls if _share(joined, call)], compose)
    return {
        name: replace(each, calls=ordered[name], connect_name=known_as[name].lower() if name in members else None)
        for name, each in joined.items()
    }


def _share(services: Mapping[str, Service], call: _Call) -> bool:
    return not set(services[call.caller].networks).isdisjoint(services[call.called].networks)


def _calls(services: Mapping[str, Service], compose: Compose) -> list[_Call]:
    """Find the calls between services of the program, and list the hosts that are not in it."""
    names = names_of(compose.sections)
    calls: list[_Call] = []
    for caller in services:
        for part in (caller, *compose.tasks[caller]):
            section = compose.sections[part]
            by_name = {**names, **links_of(section)}
            for mention in mentions(section, part, compose.read):
                called = by_name.get(mention.name)
                if called is None or called == caller:
                    continue
                if called in services:
                    calls.append(_Call(caller=caller, called=called, node=mention.node, mention=mention))
                elif called not in compose.tasks[caller]:
                    _list_missing(mention, compose.ledger)
            calls += [
                _Call(caller=caller, called=called, node=node)
                for called, node in _waits(section)
                if called in services and called != caller
            ]
        noted = {call.called for call in calls if call.caller == caller}
        calls += [  # those of the containers beside it
            _Call(caller=caller, called=called, node=compose.sections[caller].mapping)
            for called in compose.waits[caller]
            if called in services and called not in noted and called != caller
        ]
    return calls


def _list_missing(mention: Mention, ledger: Ledger) -> None:
    if ledger.carries(mention.node):
        ledger.check(
            mention.node,
            f"{mention.name} is not in the program",
            f"write the address of its replacement into {mention.option}",
        )


def _waits(section: Fields) -> list[tuple[str, Node]]:
    """Return the services that a service waits for or links to, each with its place in the file."""
    waits: list[tuple[str, Node]] = []
    for option in ("depends_on", "links"):
        node = section.mapping.entries.get(option)
        if node is not None:
            waits += [(name, each) for name, each in node.entries.items()]
            waits += [((text_of(each) or "").partition(":")[0], each) for each in node.items]
    return waits


def _networks(section: Fields) -> tuple[str, ...]:
    """Return the networks that a service is on; none if it uses the network of another."""
    if "network_mode" in section:
        return ()
    node = section.node("networks")
    if node is None:
        return (_DEFAULT,)
    return tuple(node.entries or [text_of(item) or "" for item in node.items])


def _with_ports(services: dict[str, Service], calls: list[_Call], compose: Compose) -> dict[str, Service]:
    """Add the ports that callers name, or else those that the image exposes; list a called service without a port."""
    named: dict[str, dict[int, None]] = {name: dict.fromkeys(each.ports) for name, each in services.items()}
    unreached: dict[str, str] = {}
    for call in calls:
        apart = not _share(services, call)
        if apart and call.mention is not None and compose.ledger.carries(call.node):
            compose.ledger.check(
                call.node,
                f"{call.caller} and {call.called} share no network, so neither Docker Compose nor the program "
                "connects them",
                "put both on one network, and run the command again",
            )
        elif not apart and call.mention is not None and call.mention.port is not None:
            named[call.called].setdefault(call.mention.port)
        if not apart:
            unreached.setdefault(call.called, call.caller)
    named = {name: ports or dict.fromkeys(compose.exposed(name)) for name, ports in named.items()}
    for name, caller in unreached.items():
        if not named[name]:
            compose.ledger.check(
                compose.sections[name].mapping,
                f"{caller} refers to it, but nothing in the file names a port of it, so no other service reaches it",
                'add expose: ["PORT"] to it and run the command again, unless it serves nothing',
            )
    return {name: _with_port(each, tuple(named[name])) for name, each in services.items()}


def _with_port(service: Service, ports: tuple[int, ...]) -> Service:
    main = service.port if service.port is not None else next(iter(ports), None)
    shape = Shape.PRIVATE if service.shape is Shape.WORKER and ports else service.shape
    return replace(service, shape=shape, port=main, more_ports=tuple(port for port in ports if port != main))


def _mark_networks(services: Mapping[str, Service], on_network: Mapping[str, list[str]], compose: Compose) -> None:
    """Mark the networks of each service; one that it shares with another service is carried over."""
    for name in services:
        section = compose.sections[name]
        node = section.node("networks")
        if "network_mode" in section:
            section.drop("networks", "network_mode is set too", "remove one of the two")
            continue
        if node is None:
            continue
        if not node.children:
            section.drop("networks", "it is neither a mapping nor a list", "correct it, and run the command again")
            continue
        compose.ledger.enter(node)
        for key, entry in [*node.entries.items(), *((text_of(item) or "", item) for item in node.items)]:
            inner = Fields(entry, compose.ledger)
            inner.leave_out(ATTACHMENT)
            inner.node("aliases")
            if len(on_network[key]) > 1:
                if not entry.entries:
                    compose.ledger.carry(entry)
            elif entry.entries:
                compose.ledger.check(entry, "no other service of the program is on it", "nothing to do")
            else:
                compose.ledger.leave_out(entry, "no other service of the program is on it", "nothing to do")


def _known_as(name: str, calls: list[_Call], compose: Compose) -> str:
    """Return the one name of a service: its own, or an alias if callers use no other name.

    Service Connect takes one client alias per port: ServiceConnectService in the Amazon ECS API reference.
    """
    used = dict.fromkeys(call.mention.name for call in calls if call.called == name and call.mention is not None)
    known_as = name if name in used or not used else next(iter(used))
    for call in calls:
        if call.called != name or call.mention is None or call.mention.name == known_as:
            continue
        if compose.ledger.carries(call.node):
            compose.ledger.check(
                call.node,
                f"the program gives {name} one name, {known_as}, and not {call.mention.name}",
                f"write {known_as} into {call.mention.option}",
            )
    return known_as


def _distinct(known_as: dict[str, str], members: Iterable[str], compose: Compose) -> dict[str, str]:
    """Return names that differ in Cloud Map, which ignores case and dots."""
    taken: dict[str, str] = {}
    distinct = dict(known_as)
    for name in members:
        key = first = container_name(known_as[name]).lower()
        number = 2
        while key in taken:
            key = f"{first}-{number}"
            number += 1
        if key != first:
            distinct[name] = key
            compose.ledger.check(
                compose.sections[name].mapping,
                f"the program calls it {key}: for Cloud Map it has the same name as {taken[first]}",
                "rename it, and run the command again",
            )
        taken[key] = name
    return distinct


def _mark_names(name: str, known_as: str, compose: Compose, used: set[str]) -> None:
    """Mark the names of a service; the one that the program uses is carried over."""
    section = compose.sections[name]
    networks = section.mapping.entries.get("networks")
    nodes = [section.mapping.entries.get(option) for option in ("container_name", "hostname")]
    for entry in networks.entries.values() if networks is not None else ():
        aliases = entry.entries.get("aliases")
        nodes += aliases.items if aliases is not None else []
    for node in nodes:
        if node is None:
            continue
        if text_of(node) == known_as != name:
            compose.ledger.carry(node)
        elif text_of(node) in used:
            compose.ledger.leave_out(node, f"the program gives {name} one name, {known_as}", "see where it is used")
        else:
            compose.ledger.leave_out(node, "no service of the file calls it by this name", "nothing to do")


def _in_order(services: Mapping[str, Service], calls: list[_Call], compose: Compose) -> dict[str, tuple[str, ...]]:
    """Return the calls of each service, without those to a service that is deployed after it, which are listed."""
    called = {name: [call.called for call in calls if call.caller == name] for name in services}
    position = {name: place for place, name in enumerate(callees_first(called))}
    kept: dict[str, dict[str, None]] = {name: {} for name in services}
    for call in calls:
        if position[call.called] < position[call.caller]:
            kept[call.caller].setdefault(call.called)
        elif services[call.called].ports:
            compose.ledger.check(
                call.node,
                f"{call.called} also refers to {call.caller} and is deployed after it, so the first tasks of "
                f"{call.caller} do not resolve {call.called}",
                f"after the first deployment, start new tasks: aws ecs update-service --force-new-deployment for "
                f"{call.caller}",
            )
    return {name: tuple(each) for name, each in kept.items()}

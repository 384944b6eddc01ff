"""Read the Service Connect configurations of services.

A task knows the endpoints of its namespace that existed when it started: developer guide, "Amazon ECS Service Connect
components". ECS writes their names into its hosts file, with addresses of the loopback where the proxy listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_Properties: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True)
class Endpoint:
    """A name and port that clients call.

    Attributes:
        name: The name.
        port: The port.
        service: ARN of the service that answers.
        port_name: Name of its port mapping.
        address: Where the proxy listens in each task.
    """

    name: str
    port: int
    service: str
    port_name: str
    address: str


def name_of_namespace(configuration: _Properties, names: Mapping[str, str]) -> str:
    """Return the name of the namespace of a configuration; empty if it is not enabled.

    Args:
        configuration: A ``serviceConnectConfiguration``.
        names: The name of each namespace, by its ARN.
    """
    if str(configuration.get("enabled")).lower() != "true":
        return ""
    namespace = str(configuration.get("namespace") or "")
    return names.get(namespace, namespace)


def endpoints_for(service: _Properties, services: Iterable[_Properties], names: Mapping[str, str]) -> list[Endpoint]:
    """Return the endpoints that tasks of a service know; none if it does not use Service Connect.

    Args:
        service: The service, as ECS describes it.
        services: All services.
        names: The name of each namespace, by its ARN.
    """
    namespace = name_of_namespace(service.get("serviceConnectConfiguration") or {}, names)
    if not namespace:
        return []
    addresses: dict[str, str] = {}
    return [
        Endpoint(
            name, port, str(each["serviceArn"]), port_name, addresses.setdefault(name, _address(len(addresses) + 1))
        )
        for each in services
        if name_of_namespace(each.get("serviceConnectConfiguration") or {}, names) == namespace
        for name, port, port_name in _aliases(each["serviceConnectConfiguration"], namespace)
    ]


def _aliases(configuration: _Properties, namespace: str) -> Iterator[tuple[str, int, str]]:
    for offered in configuration.get("services") or ():
        port_name = str(offered["portName"])
        discovery_name = offered.get("discoveryName") or port_name
        for alias in offered.get("clientAliases") or ():
            yield str(alias.get("dnsName") or f"{discovery_name}.{namespace}"), int(alias["port"]), port_name


def _address(number: int) -> str:
    return f"127.255.{number // 256}.{number % 256}"  # as ECS does; a task has all of 127.0.0.0/8

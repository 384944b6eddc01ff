"""The names in each task. Written for MiniStack 1.5.33."""

from __future__ import annotations

import contextlib
import itertools
import threading
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.discovery import Endpoint, endpoints_for, with_names
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find
from ecr_fargate_constructs.local.ministack_patches.networks.state import service_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ecr_fargate_constructs.local.ministack_patches.relay import Address, Relay

_TASK = "com.amazonaws.ecs.task-arn"


@dataclass(frozen=True)
class _Joined:
    """A task's hosts file, its VPC, and the names that it has from its start on."""

    scope: tuple[str, str]
    hosts: Path
    vpc: str
    names: tuple[tuple[str, str], ...]


class Discovery:
    """Gives tasks the names of other services."""

    def __init__(self, ecs: Any, passes: Callable[[Properties, Properties, int], bool]) -> None:  # noqa: ANN401 - untyped
        """Look up MiniStack's internals, and follow the tasks of services.

        Args:
            ecs: MiniStack's module for ECS.
            passes: Returns whether the networks let a task connect to a port of another one.
        """
        responses, cloud_map = (
            import_module(f"ministack.{name}") for name in ("core.responses", "services.servicediscovery")
        )
        self._passes, self._turns = passes, itertools.count()
        self._account, self._region = find(responses, "get_account_id"), find(responses, "get_region")
        self._enter = find(responses, "request_scope")
        self._services, self._tasks, self._address = (find(ecs, n) for n in ("_services", "_tasks", "_task_ip"))
        self._definitions, self._key_of = find(ecs, "_task_defs"), find(ecs, "_resolve_td_key")
        self._zones = find(import_module("ministack.services.route53"), "_zones")
        self._subnets = find(import_module("ministack.services.ec2"), "_subnets")
        self._namespaces, self._entries, self._instances, self._register, self._deregister = (
            find(cloud_map, name)
            for name in ("_namespaces", "_services", "_instances", "_register_instance", "_deregister_instance")
        )
        self._joined: dict[str, _Joined] = {}
        self._lock = threading.Lock()
        sync = find(ecs, "_sync_service_targets")

        def sync_service_targets(cluster: str, record: Properties) -> None:
            sync(cluster, record)
            self.follow(record)

        ecs._sync_service_targets = sync_service_targets  # noqa: SLF001 - what this module is for

    def join(self, container: Any, process: int, relay: Relay) -> None:  # noqa: ANN401 - docker's
        """Give the container that holds a task's network the names that the task knows."""
        task = self._tasks.get(container.labels.get(_TASK))
        hosts = container.attrs.get("HostsPath")
        if task is None or not hosts:
            return
        scope, service = (self._account(), self._region()), self._service_of(task)
        endpoints = endpoints_for(service, self._active(), self._names()) if service else []
        for each in endpoints:
            relay.redirect(container.id, process, (each.address, each.port), self._targets(scope, task, each))
        vpc = str((self._subnets.get(str(task.get("_subnet"))) or {}).get("VpcId", ""))
        names = tuple(dict.fromkeys((each.address, each.name) for each in endpoints))
        with self._lock:
            self._joined[container.id] = _Joined(scope, Path(hosts), vpc, names)
            self._write()

    def leave(self, container: str) -> None:
        """Forget a container."""
        with self._lock:
            self._joined.pop(container, None)

    def follow(self, record: Properties) -> None:
        """Register the running tasks of a service in Cloud Map, and deregister all others."""
        registries = {str(each.get("registryArn")) for each in record.get("serviceRegistries") or ()}
        if not registries:
            return
        with self._lock:
            for entry in [each for each in list(self._entries.values()) if each["Arn"] in registries]:
                addresses = {name: self._address(task) for name, task in self._running(record)}
                service, known = {"ServiceId": entry["Id"]}, self._instances.get(entry["Id"]) or {}
                for name in [each for each in known if each not in addresses]:
                    self._deregister({**service, "InstanceId": name})
                for name, address in addresses.items():
                    if address and name not in known:
                        attributes = {"AWS_INSTANCE_IPV4": address, "ECS_SERVICE_NAME": record["serviceName"]}
                        self._register({**service, "InstanceId": name, "Attributes": attributes})
            self._write()

    def _write(self) -> None:
        """Write the hosts files of this account and region; whole lines only, as programs read them at any time."""
        scope = (self._account(), self._region())
        for each in self._joined.values():
            if each.scope != scope:
                continue
            with contextlib.suppress(FileNotFoundError):  # the container is being removed
                before = each.hosts.read_text(encoding="utf-8")
                text = with_names(before, [*each.names, *self._records(each.vpc)])
                if text != before:
                    with each.hosts.open("r+", encoding="utf-8") as opened:  # the same file: it is mounted
                        opened.write(text)
                        opened.truncate()

    def _records(self, vpc: str) -> Iterator[tuple[str, str]]:
        """Yield the A records of the private namespaces of a VPC."""
        for entry in list(self._entries.values()):
            namespace = self._namespaces.get(entry["NamespaceId"]) or {}
            zone = ((namespace.get("Properties") or {}).get("DnsProperties") or {}).get("HostedZoneId")
            vpcs = {each["VPCId"] for each in (self._zones.get(zone) or {}).get("vpcs") or ()}
            records = (entry.get("DnsConfig") or {}).get("DnsRecords") or ()
            if vpc not in vpcs or not any(each.get("Type") == "A" for each in records):
                continue
            for instance in list((self._instances.get(entry["Id"]) or {}).values()):
                address = (instance.get("Attributes") or {}).get("AWS_INSTANCE_IPV4")
                if address:
                    yield address, f"{entry['Name']}.{namespace['Name']}"

    def _targets(self, scope: tuple[str, str], client: Properties, endpoint: Endpoint) -> Callable[[], list[Address]]:
        """Return a function that finds the tasks behind an endpoint, each time beginning with another one."""

        def targets() -> list[Address]:
            with self._enter(*scope):
                record = next((each for each in self._active() if each["serviceArn"] == endpoint.service), None)
                found = [
                    (str(self._address(task)), port)
                    for _, task in (self._running(record) if record else ())
                    for port in self._ports(task, endpoint.port_name)
                    if self._passes(client, task, port)
                ]
            first = next(self._turns) % len(found) if found else 0
            return found[first:] + found[:first]

        return targets

    def _ports(self, task: Properties, name: str) -> Iterator[int]:
        definition = self._definitions.get(self._key_of(task["taskDefinitionArn"])) or {}
        for container in definition.get("containerDefinitions") or ():
            for mapping in container.get("portMappings") or ():
                if mapping.get("name") == name:
                    yield int(mapping["containerPort"])

    def _running(self, record: Properties) -> Iterator[tuple[str, Properties]]:
        """Yield the ids and tasks of a service that are running, and healthy if they have health checks."""
        for arn, task in list(self._tasks.items()):
            if (
                record.get("status") == "ACTIVE"
                and task.get("clusterArn") == record["clusterArn"]
                and service_of(task) == record["serviceName"]
                and (task.get("lastStatus"), task.get("desiredStatus")) == ("RUNNING", "RUNNING")
                and (not task.get("_has_health_check") or task.get("healthStatus") == "HEALTHY")
            ):
                yield arn.rpartition("/")[2], task

    def _active(self) -> list[Properties]:
        return [each for each in list(self._services.values()) if each.get("status") == "ACTIVE"]

    def _service_of(self, task: Properties) -> Properties | None:
        name, cluster = service_of(task), task.get("clusterArn")
        return next((e for e in self._active() if (e["serviceName"], e["clusterArn"]) == (name, cluster)), None)

    def _names(self) -> dict[str, str]:
        return {each["Arn"]: each["Name"] for each in list(self._namespaces.values())}

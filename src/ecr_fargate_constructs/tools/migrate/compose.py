"""Compose files: https://github.com/compose-spec/compose-spec/blob/main/spec.md."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.dockerfile import Dockerfile
from ecr_fargate_constructs.tools.migrate import compose_reasons as reasons
from ecr_fargate_constructs.tools.migrate import compose_stores
from ecr_fargate_constructs.tools.migrate.compose_container import container
from ecr_fargate_constructs.tools.migrate.compose_deploy import deploy
from ecr_fargate_constructs.tools.migrate.compose_network import Ports, ports
from ecr_fargate_constructs.tools.migrate.compose_reach import Compose, connect
from ecr_fargate_constructs.tools.migrate.compose_release import releases, with_releases
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import Fields, container_name, text_of
from ecr_fargate_constructs.tools.migrate.model import (
    Build,
    Container,
    Ingress,
    Project,
    Service,
    Shape,
    SidecarContainer,
    TargetCheck,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.interpolation import Interpolation
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_CHECKED = re.compile(
    r"(?P<scheme>https?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?P<port>\d+))?(?P<path>/[\w./~-]*)?"
)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")
_OF_A_SERVICE = ("cpus", "deploy", "expose", "healthcheck", "mem_limit", "mem_reservation", "ports", "scale")
_CONDITIONS = {
    "service_started": "start",
    "service_healthy": "healthy",
    "service_completed_successfully": "success",
}
_CORRECT = "correct it, and run the command again"
_ENDS = {
    "no": "ECS starts a task again when it ends",
    "on-failure": "ECS starts a task again when it ends, also after a success",
}


@dataclass(frozen=True, kw_only=True)
class _File:
    """A compose file, and the functions that read it.

    Attributes:
        interpolation: Fills in variables.
        secrets: The secrets that it declares.
        volumes: The volumes that it declares.
        read: Reads a file by its path from the folder of the compose file; returns None if it cannot.
    """

    interpolation: Interpolation
    secrets: Mapping[str, Fields]
    volumes: Mapping[str, Fields]
    read: Callable[[str], str | None]


def read_project(
    root: Node,
    ledger: Ledger,
    interpolation: Interpolation,
    *,
    default_name: str,
    read: Callable[[str], str | None],
) -> Project:
    """Read the services of a compose file.

    Args:
        root: The document, with its variables filled in.
        ledger: The ledger of the document.
        interpolation: The variables.
        default_name: The project's name, unless the file has one.
        read: Reads a file by its path from the folder of the compose file; returns None if it cannot.

    Raises:
        MigrationError: The file has no services, or none that can run.
    """
    fields = Fields(root, ledger)
    name = fields.text("name") or default_name
    fields.leave_out(reasons.TOP)
    for key, node in root.entries.items():
        if key.startswith("x-"):
            ledger.check(node, *reasons.EXTENSION)
    file = _File(interpolation=interpolation, secrets=_secrets(fields), volumes=_volumes(fields), read=read)
    fields.carry("version")
    _networks(fields)
    services: dict[str, Service] = {}
    sections: dict[str, Fields] = {}
    waits: dict[str, dict[str, str]] = {}
    for section, key, node in fields.each("services"):
        if not isinstance(node.value, dict) or not _NAME.fullmatch(key):
            section.drop(key, "it is not a service", _CORRECT)
            continue
        sections[key] = Fields(node, ledger)
        if not _leave_out_whole(sections[key]):
            services[key], waits[key] = _service(key, sections[key], file)
    if not services:
        raise MigrationError("it has no services that could run on Fargate")
    used = {mount.volume.name for service in services.values() for mount in service.mounts}
    for volume, inner in file.volumes.items():
        if container_name(volume) not in used:
            ledger.leave_out(inner.mapping, "no service in the program mounts it", "see the service that does")
    one_off = {other for each in waits.values() for other, condition in each.items() if condition == "success"}
    one_off = one_off if one_off != set(services) else set()
    found = releases(services, waits, one_off, sections, read)
    _list_missing(sections, ledger, services, one_off - set(found))
    kept = _with_one_off_tasks(services, waits, one_off, set(found))
    for each in kept:
        _restart(sections[each])
    compose = Compose(
        sections=sections,
        tasks={
            name: tuple(other for other in waits[name] if other in one_off and found.get(other, name) == name)
            for name in kept
        },
        waits=waits,
        exposed=lambda name: _exposed(services[name].container, read),
        read=read,
        ledger=ledger,
    )
    connected = with_releases(connect(kept, compose), found, waits, services, sections)
    return Project(
        name=name,
        source="a compose file",
        services=tuple(_once(each, sections[each.name]) for each in connected.values()),
    )


def _secrets(fields: Fields) -> dict[str, Fields]:
    """Return the secrets that the file declares; the program has only their names."""
    section = fields.section("secrets")
    if section is None:
        return {}
    declared = {key: Fields(node, fields.ledger) for key, node in section.mapping.entries.items()}
    for key, each in declared.items():
        node = each.mapping.entries.get("name")
        name = (text_of(node) if node is not None else None) or key
        section.check(
            key,
            "its value is not in the program",
            f"put it into Secrets Manager under the name {name!r}, or write another name into the program",
        )
        each.carry("environment", "external", "file", "name")
        each.leave_out(reasons.SECRET)
    return declared


def _volumes(fields: Fields) -> dict[str, Fields]:
    """Return the volumes that the file declares."""
    section = fields.section("volumes")
    if section is None:
        return {}
    declared = {key: Fields(node, fields.ledger) for key, node in section.mapping.entries.items()}
    for key, each in declared.items():
        if each.mapping.value is None or each.mapping.value == {}:
            section.carry(key)
        elif not isinstance(each.mapping.value, dict):
            section.drop(key, "it is not a volume", _CORRECT)
        each.leave_out(reasons.VOLUME)
        if "name" in each:
            each.check("name", f"the program names the volume {key}", "nothing to do")
    return declared


def _networks(fields: Fields) -> None:
    """List the networks that the file declares; the program has security group rules instead."""
    fields.leave_out({"networks": reasons.NETWORKS})
    section = fields.section("networks")
    for node in section.mapping.entries.values() if section is not None else ():
        Fields(node, fields.ledger).leave_out(reasons.NETWORK)


def _leave_out_whole(fields: Fields) -> bool:
    """Leave out a service that is a store, has a profile, or is not a container; return whether it was left out."""
    image = fields.node("image")
    store = compose_stores.store_of((text_of(image) or "") if image is not None else "")
    if "profiles" in fields:
        fields.ledger.leave_out(fields.mapping, *reasons.PROFILE)
    elif "provider" in fields:
        fields.ledger.leave_out(fields.mapping, *reasons.PROVIDER)
    elif store is not None and "build" not in fields:
        fields.ledger.leave_out(fields.mapping, *compose_stores.why_left_out(store))
    else:
        return False
    return True


def _service(name: str, fields: Fields, file: _File) -> tuple[Service, dict[str, str]]:
    """Return a service, and the services that it waits for, with ECS's names of the conditions."""
    fields.leave_out(reasons.SERVICE)
    fields.carry("restart")
    fields.leave_out({key: reasons.EXTENSION for key in fields.mapping.entries if key.startswith("x-")})
    arm = _arm(fields)
    main = container(
        name, fields, file.interpolation, secrets=file.secrets, volumes=file.volumes, arm=arm, read=file.read
    )
    reached = ports(fields, file.interpolation)
    balanced, private = reached.balanced is not None, bool(reached.private)
    sized = deploy(fields)
    service = Service(
        name=name,
        shape=Shape.WEB if balanced else Shape.PRIVATE if private else Shape.WORKER,
        container=main,
        port=next(iter(reached.all), None),
        more_ports=reached.all[1:],
        ingress=_ingress(fields, main, reached) if balanced else None,
        arm=arm,
        cpu=sized.cpu,
        memory=sized.memory,
        count=sized.count,
    )
    return service, _waits(fields)


def _restart(fields: Fields) -> None:
    """List a restart policy that ECS does not have, because it always keeps a number of tasks running."""
    node = fields.node("restart")
    policy = (text_of(node) or "").partition(":")[0] if node is not None else ""
    if policy in {*_ENDS, "false"}:  # no without quotes is a word in YAML 1.2, and false in YAML 1.1
        fields.check(
            "restart",
            _ENDS.get(policy, _ENDS["no"]),
            "if it ends by itself, make it a ScheduledJob, or run it with 'ecr-fargate run' when it is needed",
        )


def _arm(fields: Fields) -> bool:
    text = fields.text("platform")
    if text is None:
        return False
    system, _, architecture = text.partition("/")
    if system != "linux" or architecture.partition("/")[0] not in {"amd64", "x86_64", "arm64"}:
        fields.drop("platform", "this library runs Linux on x86-64 and Arm", "choose one of the two")
        return False
    return architecture.startswith("arm64")


def _ingress(fields: Fields, main: Container, reached: Ports) -> Ingress:
    """Return the load balancer; its health check has the path of the container's own check of the same port."""
    check = main.health_check
    match = _CHECKED.search(" ".join(check.command)) if check is not None else None
    path = match["path"] if match is not None else None
    if match is None or path in {None, "/"}:
        return Ingress(public=reached.public)
    port = int(match["port"] or (80 if match["scheme"] == "http" else 443))
    if match["scheme"] == "http" and port == reached.balanced:
        return Ingress(public=reached.public, check=TargetCheck(path=path))
    section = fields.section("healthcheck")
    if section is not None:
        section.check(
            "test",
            f"it requests {match[0]}; the load balancer requests / over HTTP from port {reached.balanced}",
            "set TargetHealthCheck(path=…) to a path that answers with 200",
        )
    return Ingress(public=reached.public)


def _waits(fields: Fields) -> dict[str, str]:
    """Return the services to wait for, with ECS's names of the conditions; a link waits for the start."""
    waits: dict[str, str] = {}
    node = fields.node("depends_on")
    if node is not None and isinstance(node.value, list):
        waits |= dict.fromkeys(fields.texts("depends_on"), "start")
    else:
        for section, name, entry in fields.each("depends_on"):
            if not isinstance(entry.value, dict):
                section.drop(name, "it has no condition", _CORRECT)
                continue
            inner = Fields(entry, section.ledger)
            condition = inner.text("condition") or "service_started"
            inner.leave_out(
                {
                    "restart": ("ECS does not restart a service with another", "nothing to do"),
                    "required": ("a service in the program is always deployed", "nothing to do"),
                }
            )
            if condition not in _CONDITIONS:
                inner.drop("condition", f"{condition} is not a condition", _CORRECT)
            waits[name] = _CONDITIONS.get(condition, "start")
            if not entry.children:
                section.carry(name)
    for text in fields.texts("links"):
        waits.setdefault(text.partition(":")[0], "start")
    return waits


def _list_missing(
    sections: Mapping[str, Fields], ledger: Ledger, services: Mapping[str, Service], one_off: set[str]
) -> None:
    """List dependencies that are not in the program, and options that have no effect on a sidecar."""
    for name in services:
        entries = sections[name].mapping.entries
        for option in ("depends_on", "links"):
            node = entries.get(option)
            for each in node.children if node is not None else ():
                other = str(each.path[-1]) if node is not None and node.entries else text_of(each) or ""
                other = other.partition(":")[0] if option == "links" else other
                if other not in services:
                    ledger.leave_out(each, f"{other} is not in the program", f"see services.{other}")
        for key in _OF_A_SERVICE if name in one_off else ():
            if key in entries:
                ledger.leave_out(entries[key], *reasons.BESIDE)


def _with_one_off_tasks(
    services: dict[str, Service], waits: dict[str, dict[str, str]], one_off: set[str], released: set[str]
) -> dict[str, Service]:
    """Turn services whose completion others wait for into containers that end before the application starts."""
    kept = {name: service for name, service in services.items() if name not in one_off}
    for name, service in kept.items():
        first = [
            services[each]
            for each, condition in waits[name].items()
            if condition == "success" and each in services and each not in released
        ]
        if not first:
            continue
        beside = tuple(
            SidecarContainer(
                name=_beside(each.name), container=replace(each.container, health_check=None), essential=False
            )
            for each in first
        )
        depends_on = {_beside(each.name): "success" for each in first}
        kept[name] = replace(service, sidecars=beside, container=replace(service.container, depends_on=depends_on))
        for each in first:
            waits[name] = {**waits[each.name], **waits[name]}
    return kept


def _beside(name: str) -> str:
    """Return the name of a sidecar; the name web is the application's."""
    return f"{name}-task" if name == "web" else container_name(name)


def _exposed(main: Container, read: Callable[[str], str | None]) -> tuple[int, ...]:
    """Return the ports that the Dockerfile of an image exposes; none for an image that is not built."""
    if not isinstance(main.image, Build):
        return ()
    text = read(posixpath.join(main.image.directory, main.image.dockerfile))
    return () if text is None else Dockerfile.parse(text, main.image.args).settings(main.image.target).ports


def _once(service: Service, section: Fields) -> Service:
    """Return the service; with one task if it writes to a volume and the file sets no number."""
    if not service.writes_to_files:
        return service
    if service.count is None or service.count.maximum == 1:
        return service.run_once
    node = section.node("volumes")
    if node is not None:
        section.ledger.check(
            node,
            f"{service.count.maximum} tasks write to the same files",
            "for a store, set desired_count=1 and Rolling(min_healthy_percent=0, max_healthy_percent=101)",
        )
    return service


def is_compose(root: Node) -> bool:
    """Return whether a document looks like a compose file."""
    services = root.entries.get("services")
    return services is not None and isinstance(services.value, dict)

"""Compose files: https://github.com/compose-spec/compose-spec/blob/main/spec.md."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate import compose_reasons as reasons
from ecr_fargate_constructs.tools.migrate.compose_container import container
from ecr_fargate_constructs.tools.migrate.compose_deploy import deploy
from ecr_fargate_constructs.tools.migrate.compose_network import exposed, published
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of, texts_of
from ecr_fargate_constructs.tools.migrate.images import pairs
from ecr_fargate_constructs.tools.migrate.model import Project, Service, Shape, SidecarContainer, TargetCheck, WayIn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.interpolation import Interpolation
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

_STORES = re.compile(
    r"(?:.*/)?(?P<kind>postgres(?:ql)?|postgis|timescaledb|mysql|mariadb|percona|mongo|redis|valkey|memcached|rabbitmq"
    r"|elasticsearch|opensearch|cassandra|minio|localstack|dynamodb-local|mssql/server)"
)
_TAG = re.compile(r":[^/:]+$")  # a colon before a slash is that of a registry's port
_CHECKED_PATH = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?(?P<path>/[\w./~-]*)")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_OF_A_SERVICE = ("cpus", "deploy", "expose", "healthcheck", "mem_limit", "mem_reservation", "ports", "scale")
_CONDITIONS = {
    "service_started": "start",
    "service_healthy": "healthy",
    "service_completed_successfully": "success",
}


def read_project(root: Node, ledger: Ledger, interpolation: Interpolation, *, default_name: str) -> Project:
    """The services of a compose file.

    Raises:
        MigrationError: It has no services, or none that can run.
    """
    fields = Fields(root, ledger)
    name = fields.text("name") or default_name
    fields.leave_out(reasons.TOP)
    for key, node in root.entries.items():
        if key.startswith("x-"):
            ledger.check(node, reasons.EXTENSION[0], reasons.EXTENSION[1])
    secrets = _declared(fields, "secrets")
    volumes = _declared(fields, "volumes")
    fields.carry("version")
    fields.leave_out({"networks": reasons.NETWORKS})
    services: dict[str, Service] = {}
    one_off: set[str] = set()
    waits: dict[str, dict[str, str]] = {}
    for section, key, node in fields.each("services"):
        if not isinstance(node.value, dict) or not _NAME.fullmatch(key):
            section.drop(key, "it is not a service", "correct it, and run the command again")
            continue
        inner = Fields(node, ledger)
        if _leave_out_whole(inner):
            continue
        services[key], waits[key] = _service(key, inner, interpolation, secrets=secrets, volumes=volumes)
        one_off |= {other for other, condition in waits[key].items() if condition == "success"}
    if not services:
        raise MigrationError("it has no services that could run on Fargate")
    used = {mount.volume.name for service in services.values() for mount in service.mounts}
    for volume, inner in volumes.items():
        if volume not in used:
            ledger.leave_out(inner.here, "no service in the program mounts it", "look at the service that does")
    _list_missing(root, ledger, services, one_off if one_off != set(services) else set())
    _list_hosts(root, ledger, services)
    made = _connected(_with_migrations(services, waits, one_off), waits)
    return Project(name=name, source="a compose file", services=tuple(made.values()))


def _declared(fields: Fields, name: str) -> dict[str, Fields]:
    """What the file declares at its top, by name; what is used is carried there."""
    section = fields.section(name)
    if section is None:
        return {}
    for key, node in section.here.entries.items():
        if name == "secrets":
            name_there = node.entries.get("name")
            known = (text_of(name_there) if name_there is not None else None) or key
            section.check(
                key,
                "its value is not in the program",
                f"put it into Secrets Manager under the name {known!r}, or write another name into the program",
            )
        elif not node.children:
            section.carry(key)
        elif isinstance(node.value, dict):
            inner = Fields(node, fields.ledger)
            inner.carry("name")
            inner.leave_out(reasons.VOLUME)
        if name == "secrets":
            Fields(node, fields.ledger).carry("environment", "external", "file", "name")
    return {key: Fields(node, fields.ledger) for key, node in section.here.entries.items()}


def _leave_out_whole(fields: Fields) -> bool:
    """Whether a service is left out as a whole: a data store, one of another profile, or one that is no container."""
    if "profiles" in fields:
        fields.ledger.leave_out(fields.here, *reasons.PROFILE)
        return True
    if "provider" in fields:
        fields.ledger.leave_out(
            fields.here, "it is no container, but something that compose asks a provider for", "make it in CDK"
        )
        return True
    image = fields.node("image")
    text = (text_of(image) or "") if image is not None else ""
    match = _STORES.fullmatch(_TAG.sub("", text.partition("@")[0]))
    if match is None or "build" in fields:
        return False
    reason, fix = reasons.store(match["kind"])
    fields.ledger.leave_out(fields.here, reason, fix)
    return True


def _service(
    name: str,
    fields: Fields,
    interpolation: Interpolation,
    *,
    secrets: Mapping[str, Fields],
    volumes: Mapping[str, Fields],
) -> tuple[Service, dict[str, str]]:
    fields.leave_out(reasons.SERVICE)
    fields.leave_out({key: reasons.EXTENSION for key in fields.here.entries if key.startswith("x-")})
    fields.carry("restart", "pull_policy", "attach")
    restart = fields.node("restart")
    if restart is not None and restart.value == "no":
        fields.check("restart", "ECS starts a task anew that ends", "use an EventBridge schedule for what runs once")
    arm = _arm(fields)
    made = container(name, fields, interpolation, secrets=secrets, volumes=volumes, arm=arm)
    public, private = published(fields), exposed(fields)
    shape = Shape.WEB if public else Shape.PRIVATE if private else Shape.WORKER
    port = public or private
    sized = deploy(fields)
    service = Service(
        name=name,
        shape=shape,
        container=made,
        port=port,
        way_in=WayIn(check=TargetCheck(path=_checked_path(made.health_check.command if made.health_check else ())))
        if shape is Shape.WEB
        else None,
        arm=arm,
        cpu=sized.cpu,
        memory=sized.memory,
        count=sized.count,
    )
    return service, _waits(fields)


def _arm(fields: Fields) -> bool:
    text = fields.text("platform")
    if text is None:
        return False
    system, _, architecture = text.partition("/")
    if system != "linux" or architecture.partition("/")[0] not in {"amd64", "x86_64", "arm64"}:
        fields.drop("platform", "this library runs Linux on x86-64 and Arm", "choose one of the two")
        return False
    return architecture.startswith("arm64")


def _checked_path(command: tuple[str, ...]) -> str | None:
    """The path that the container's own check asks for: the load balancer asks for the same."""
    match = _CHECKED_PATH.search(" ".join(command))
    return None if match is None or match["path"] == "/" else match["path"]


def _waits(fields: Fields) -> dict[str, str]:
    """Services that have to get somewhere first, with ECS's word for where; a link is a wait for a start."""
    found: dict[str, str] = {}
    node = fields.node("depends_on")
    if node is not None and isinstance(node.value, list):
        found |= dict.fromkeys(fields.texts("depends_on"), "start")
    else:
        for section, name, entry in fields.each("depends_on"):
            if not isinstance(entry.value, dict):
                section.drop(name, "it has no condition", "correct it, and run the command again")
                continue
            inner = Fields(entry, section.ledger)
            condition = inner.text("condition") or "service_started"
            inner.carry("required")
            inner.leave_out({"restart": ("ECS does not restart a service with another", "nothing to do")})
            if condition not in _CONDITIONS:
                inner.drop("condition", f"{condition} is not a condition", "correct it, and run the command again")
            found[name] = _CONDITIONS.get(condition, "start")
    links = fields.node("links")
    for text, item in zip(
        texts_of(links) or () if links is not None else (), links.items if links else (), strict=False
    ):
        fields.ledger.check(item, "the name is that of the service, without an alias", "look at how it is called")
        found.setdefault(text.partition(":")[0], "start")
    return found


def _list_missing(root: Node, ledger: Ledger, services: Mapping[str, Service], one_off: set[str]) -> None:
    """List the waits for services that are not in the program, and what a container beside another has no use for."""
    for name in services:
        entries = root.entries["services"].entries[name].entries
        waits = entries.get("depends_on")
        for each in waits.children if waits is not None else ():
            other = each.path[-1] if waits is not None and waits.entries else text_of(each)
            if other not in services:
                ledger.leave_out(each, f"{other} is not in the program", f"look at services.{other}")
        for key in _OF_A_SERVICE if name in one_off else ():
            if key in entries:
                ledger.leave_out(
                    entries[key], "it runs beside the service that waits for it, in the same task", "look at its size"
                )


def _list_hosts(root: Node, ledger: Ledger, services: Mapping[str, Service]) -> None:
    """List the variables that name a host which is not in the program."""
    sections = root.entries["services"].entries
    gone = [name for name in sections if name not in services]
    if not gone:
        return
    host = re.compile(rf"(?:^|//|@)(?P<name>{'|'.join(map(re.escape, gone))})(?=[:/]|$)")
    for name in services:
        for variable, node, value in pairs(Fields(sections[name], ledger), "environment"):
            found = host.search(value or "")
            if found is not None and ledger.carries(node):
                ledger.check(
                    node,
                    f"{found['name']} is not in the program",
                    f"set {variable} to the address of what you use instead",
                )


def _with_migrations(
    services: dict[str, Service], waits: dict[str, dict[str, str]], one_off: set[str]
) -> dict[str, Service]:
    """Services that others wait for to end become containers that end before the application starts."""
    kept = {name: service for name, service in services.items() if name not in one_off}
    if not kept:
        return services
    for name, service in kept.items():
        first = [
            services[each] for each, condition in waits[name].items() if condition == "success" and each in services
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
    """The name of a container beside the application, whose own is web."""
    return f"{name}-task" if name == "web" else name


def _connected(services: dict[str, Service], waits: dict[str, dict[str, str]]) -> dict[str, Service]:
    """The services with the others that they call: those that they wait for, and those that their variables name."""
    found: dict[str, Service] = {}
    for name, service in services.items():
        named = {
            other
            for other in services
            for value in service.container.environment.values()
            if isinstance(value, str) and re.search(rf"(?:^|[/@,;=\s]){re.escape(other)}(?::\d+|/|$)", value)
        }
        calls = tuple(other for other in services if other != name and (other in waits[name] or other in named))
        found[name] = replace(service, calls=calls)
    members = {name for name, service in found.items() if service.calls}
    members |= {called for service in found.values() for called in service.calls}
    for name in members:
        found[name] = replace(found[name], connect_name=name.lower())
    return found


def is_compose(root: Node) -> bool:
    """Whether a document looks like a compose file."""
    services = root.entries.get("services")
    return services is not None and isinstance(services.value, dict)

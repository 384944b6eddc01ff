"""Copilot manifests: https://aws.github.io/copilot-cli/docs/manifest/overview/."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.copilot_container import container, image, sidecars, volumes
from ecr_fargate_constructs.tools.migrate.copilot_count import count
from ecr_fargate_constructs.tools.migrate.copilot_http import additional_rules, way_in
from ecr_fargate_constructs.tools.migrate.copilot_target import with_target
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.model import Container, Count, LogRouter, Service, Shape
from ecr_fargate_constructs.tools.migrate.values import fargate_size, schedule

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

LOAD_BALANCED, BACKEND = "Load Balanced Web Service", "Backend Service"
WORKER, APP_RUNNER, JOB = "Worker Service", "Request-Driven Web Service", "Scheduled Job"
TYPES = (LOAD_BALANCED, BACKEND, WORKER, APP_RUNNER, JOB)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,254}")
_CONNECT_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
_RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_STATE_MACHINE = "Copilot runs jobs in a state machine, and the program starts the task itself"
_NEVER = {
    "nlb": (
        "this library's way in is an Application Load Balancer",
        "add an elbv2.NetworkLoadBalancer that has .service among its targets",
    ),
    "publish": (
        "topics are no part of this library",
        "add sns.Topic(…), topic.grant_publish(service), and its ARN to the environment",
    ),
    "subscribe": (
        "queues are no part of this library",
        "add sqs.Queue(…) that subscribes to the topic, and grant_consume_messages to the task's role",
    ),
    "taskdef_overrides": (
        "they change Copilot's template, whose shape is another one",
        "look for the option in docs/options.md; else .task_definition.node.default_child.add_property_override(…)",
    ),
    "retries": (_STATE_MACHINE, "retry in the job, or add a Step Functions state machine"),
    "timeout": (_STATE_MACHINE, "end the job by itself, or add a Step Functions state machine"),
    "cdn": ("CloudFront is no part of this library", "add a cloudfront.Distribution with .load_balancer as its origin"),
    "start_on_creation": (
        "it is App Runner's or Copilot's own",
        "nothing to do: the service starts when it is deployed",
    ),
}


def read_service(root: Node, ledger: Ledger) -> Service:
    """The service, or the job, of a manifest.

    Raises:
        MigrationError: It is not a manifest, or says too little to run anything.
    """
    fields = Fields(root, ledger)
    kind, name = fields.text("type"), fields.text("name")
    if kind is None:
        raise MigrationError("it is no compose file, which has services, and no Copilot manifest, which has a type")
    if kind not in TYPES:
        raise MigrationError(f"type {kind!r} is not one of {', '.join(TYPES)}", line=root.entries["type"].line)
    if not name or not _NAME.fullmatch(name):
        raise MigrationError(f"name {name!r} is not the name of a service: letters, digits and hyphens")
    fields.leave_out(_NEVER)
    fields.node("environments")  # which choose_environment has read
    arm = _arm(fields)
    service = _with_image(fields, name, kind, arm=arm)
    service = _with_network(fields, service, kind)
    service = _with_size(fields, service)
    service = replace(service, count=_tasks(fields, service, kind), enable_execute_command=fields.flag("exec") or False)
    service = _with_logging(fields, service)
    service = _with_observability(fields, service)
    return with_target(fields, _with_dependencies(fields, _with_deployment(fields, service)))


def _arm(fields: Fields) -> bool:
    node = fields.node("platform")
    if node is None:
        return False
    if isinstance(node.value, dict):
        inner = Fields(node, fields.ledger)
        system, architecture = inner.text("osfamily") or "linux", inner.text("architecture") or "x86_64"
    else:
        system, _, architecture = (fields.text("platform") or "").partition("/")
    if system.lower() != "linux" or architecture not in {"x86_64", "amd64", "arm64", "arm"}:
        fields.drop("platform", "this library runs Linux on x86-64 and Arm", "use CDK's pattern for Windows")
        return False
    return architecture.startswith("arm")


def _with_image(fields: Fields, name: str, kind: str, *, arm: bool) -> Service:
    """The service with its containers."""
    main = fields.section("image")
    if main is None:
        raise MigrationError("it has no image")
    storage = fields.section("storage")
    known, mounts = volumes(storage, owner=name)
    made = container(fields, main, image(main, arm=arm), main=True, volumes=known)
    read_only = storage.flag("readonly_fs") if storage is not None else None
    return Service(
        name=name,
        shape={BACKEND: Shape.PRIVATE, WORKER: Shape.WORKER, JOB: Shape.JOB}.get(kind, Shape.WEB),
        container=replace(made, mounts=mounts, read_only_root=read_only or False),
        port=main.number("port", minimum=1, maximum=65535),
        sidecars=sidecars(fields, main=name, arm=arm, known=known),
        storage=_ephemeral(storage),
        arm=arm,
        schedule=_schedule(fields) if kind == JOB else None,
        tags={key: section.text(key) or "" for section, key, _ in fields.each("tags")},
    )


def _ephemeral(storage: Fields | None) -> int | None:
    size = None if storage is None else storage.number("ephemeral", minimum=20, maximum=200)
    return None if size == 20 else size  # noqa: PLR2004 - GiB that every task has


def _schedule(fields: Fields) -> str | None:
    """When a job starts; None when it is started by hand."""
    section = fields.section("on")
    text = None if section is None else section.text("schedule")
    if section is None or text is None or text == "none":
        return None
    found = schedule(text)
    if found is None:
        section.drop(
            "schedule",
            f"{text!r} is not a schedule that EventBridge has",
            "give events.Schedule.cron(…) in the program; until then the job is started by hand",
        )
    return found


def _with_network(fields: Fields, service: Service, kind: str) -> Service:
    """The service with its way in and its place in the network."""
    http = fields.node("http")
    if http is not None and kind in {WORKER, JOB}:
        fields.drop("http", f"a {kind} has none", "nothing to do")
    elif isinstance(http.value if http is not None else None, dict):
        section = Fields(http, fields.ledger) if http is not None else fields
        way, port = way_in(section, public=kind != BACKEND, app_runner=kind == APP_RUNNER)
        extra = additional_rules(section)
        if extra and way.paths:
            way = replace(way, paths=(*way.paths, *extra))
        service = replace(service, shape=Shape.WEB, way_in=way, port=port or service.port)
    elif http is not None and fields.flag("http"):
        fields.check("http", "it says nothing of the way in", "look at the load balancer's health check")
    if service.shape is Shape.WEB and service.way_in is None:
        if kind == LOAD_BALANCED and http is not None:  # http: false
            service = replace(service, shape=Shape.PRIVATE if service.port else Shape.WORKER)
        else:
            service = replace(service, way_in=way_in(Fields(_nothing(fields), fields.ledger), public=True)[0])
    if service.shape is Shape.WEB and service.port is None:
        raise MigrationError("a service behind a load balancer needs image.port")
    if service.shape is Shape.PRIVATE and service.port is None:
        service = replace(service, shape=Shape.WORKER)
    return _placed(fields, service)


def _nothing(fields: Fields) -> Node:
    """An empty mapping where the manifest says nothing."""
    return replace(fields.here, value={})


def _placed(fields: Fields, service: Service) -> Service:
    network = fields.section("network")
    if network is None:
        return service
    vpc, connect = network.section("vpc"), network.node("connect")
    if vpc is not None:
        placement = vpc.node("placement")
        text = text_of(placement) if placement is not None else None
        if text in {"public", "private"}:
            vpc.carry("placement")
            service = replace(service, public_subnets=text == "public")
        elif placement is not None:
            vpc.drop("placement", "it names subnets", "bring the VPC, and give subnets=ec2.SubnetSelection(…)")
        vpc.leave_out(
            {
                "security_groups": (
                    "the tasks have a security group of their own",
                    "let them in where they have to go: database.connections.allow_default_port_from(service)",
                )
            }
        )
    if connect is not None:
        alias = Fields(connect, fields.ledger).text("alias") if isinstance(connect.value, dict) else None
        if isinstance(connect.value, dict) or network.flag("connect"):
            wanted = (alias or service.name).lower()
            if not _CONNECT_NAME.fullmatch(wanted):
                network.check("connect", "the alias is not a name that Service Connect takes", "look at name=…")
                wanted = service.name.lower()[:64]
            service = replace(service, connect_name=wanted)
    return service


def _with_size(fields: Fields, service: Service) -> Service:
    cpu, memory = fields.number("cpu", minimum=1), fields.number("memory", minimum=1)
    if cpu is None and memory is None:
        return service
    size = fargate_size(cpu or 256, memory or 512)
    if size is None:
        fields.drop("memory", "Fargate has no task as large as this", "choose a size of docs/defaults.md")
        return service
    if size != (cpu or 256, memory or 512):
        name = "memory" if memory is not None else "cpu"
        fields.check(name, f"Fargate does not have this size; it is {size[0]} units and {size[1]} MiB", "look at it")
    return replace(service, cpu=size[0], memory=size[1])


def _tasks(fields: Fields, service: Service, kind: str) -> Count | None:
    if kind in {JOB, APP_RUNNER}:
        fields.leave_out({"count": (f"a {kind} has none that Fargate knows", "give scaling=Scaling(…)")})
        return None
    return count(fields, requests_known=service.way_in is not None)


def _with_logging(fields: Fields, service: Service) -> Service:
    logging = fields.section("logging")
    if logging is None:
        return service
    days = logging.number("retention", minimum=1)
    if days is not None and days not in _RETENTION:
        longer = next((each for each in _RETENTION if each > days), _RETENTION[-1])
        logging.check("retention", f"CloudWatch keeps logs for {longer} days, not for {days}", "look at it")
        days = longer
    service = replace(service, log_days=days)
    destination = {key: section.text(key) or "" for section, key, _ in logging.each("destination")}
    logging.leave_out(
        {
            "secretOptions": (
                "they are secrets of the log driver",
                "give ecs.LogDrivers.firelens(options=…, secret_options=…)",
            ),
            "env_file": ("the log router takes variables one by one", "give Sidecar.log_router(environment=…)"),
        }
    )
    if not destination:
        logging.leave_out(
            dict.fromkeys(
                ("image", "configFilePath", "enableMetadata"),
                (
                    "there is no destination, so no log router runs",
                    "add Sidecar.log_router(…) and logging=ecs.LogDrivers.firelens(options=…)",
                ),
            )
        )
        return service
    logging.check(
        "destination",
        "the task's role has to be allowed to write there",
        "give Sidecar.log_router(permissions=…) what the destination needs",
    )
    metadata = logging.flag("enableMetadata")
    router = LogRouter(
        image=logging.text("image"),
        config_file=logging.text("configFilePath"),
        metadata=True if metadata is None else metadata,
    )
    return replace(service, log_router=router, container=replace(service.container, firelens=destination))


def _with_observability(fields: Fields, service: Service) -> Service:
    section = fields.section("observability")
    if section is None:
        return service
    if service.shape is not Shape.WEB:
        section.leave_out({"tracing": ("the program has plain CDK for this service", "add a collector's container")})
        return service
    traces = section.text("tracing")
    if traces not in {None, "awsxray"}:
        section.drop("tracing", f"{traces} is not known", "give Sidecar.adot(config=…)")
    if traces == "awsxray":
        section.check(
            "tracing",
            "a collector takes OTLP on localhost, and sends to X-Ray",
            "nothing to do, if that is what the application speaks",
        )
    return replace(service, traces=traces == "awsxray")


def _with_deployment(fields: Fields, service: Service) -> Service:
    section = fields.section("deployment")
    if section is None:
        return service
    section.leave_out(
        {
            "rollback_alarms": (
                "this library makes alarms that roll back by itself",
                "look at RollbackAlarms(…), and give Rolling(alarms=…) others",
            )
        }
    )
    rolling = section.text("rolling")
    if rolling not in {None, "default", "recreate"}:
        section.drop("rolling", f"{rolling} is not a way to deploy", "give deployment=Rolling(…)")
    if rolling == "recreate":
        section.check("rolling", "old tasks may go first, and need not: ECS balances zones above 100 %", "look at it")
    return replace(service, recreate=rolling == "recreate")


def _with_dependencies(fields: Fields, service: Service) -> Service:
    """The service without the waits that could never end."""
    checks = {"web": service.container.health_check is not None}
    checks |= {each.name: each.container.health_check is not None for each in service.sidecars}
    essential = {"web": True, **{each.name: each.essential for each in service.sidecars}}

    def kept(container: Container, *path: str) -> Container:
        found = {}
        for name, condition in container.depends_on.items():
            reason = ""
            if name not in checks:
                reason = "there is no such container"
            elif condition in {"complete", "success"} and essential[name]:
                reason = f"{name} is essential, so the task ends when it does"
            elif condition == "healthy" and not checks[name]:
                reason = f"{name} has no health check"
            if reason:
                written = service.name if name == "web" else name
                fields.ledger.leave_out(_at(fields.here, *path, "depends_on", written), reason, "correct it")
            else:
                found[name] = condition
        return replace(container, depends_on=found)

    sidecars_kept = tuple(
        replace(each, container=kept(each.container, "sidecars", each.name)) for each in service.sidecars
    )
    return replace(service, container=kept(service.container, "image"), sidecars=sidecars_kept)


def _at(node: Node, *path: str) -> Node:
    """The node at a path, or the last one on the way."""
    for part in path:
        node = node.entries.get(part, node)
    return node

"""Copilot manifests: https://aws.github.io/copilot-cli/docs/manifest/overview/."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ecr_fargate_constructs.tools.migrate.copilot_container import container, image, sidecars, volumes
from ecr_fargate_constructs.tools.migrate.copilot_count import count
from ecr_fargate_constructs.tools.migrate.copilot_ingress import additional_rules, read_ingress
from ecr_fargate_constructs.tools.migrate.copilot_job import with_runs
from ecr_fargate_constructs.tools.migrate.copilot_reach import ENVIRONMENT, list_alone, with_variables
from ecr_fargate_constructs.tools.migrate.copilot_target import with_target
from ecr_fargate_constructs.tools.migrate.copilot_topics import with_topics
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.model import Container, Count, LogRouter, Service, Shape
from ecr_fargate_constructs.tools.migrate.values import fargate_size, schedule

if TYPE_CHECKING:
    from ecr_fargate_constructs.tools.migrate.copilot_reach import Names
    from ecr_fargate_constructs.tools.migrate.document import Node
    from ecr_fargate_constructs.tools.migrate.ledger import Ledger

LOAD_BALANCED, BACKEND = "Load Balanced Web Service", "Backend Service"
WORKER, APP_RUNNER, JOB = "Worker Service", "Request-Driven Web Service", "Scheduled Job"
TYPES = (LOAD_BALANCED, BACKEND, WORKER, APP_RUNNER, JOB)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,254}")
_CONNECT_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,63}")
_RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
_NEVER = {
    "nlb": (
        "this library has Application Load Balancers",
        "add an elbv2.NetworkLoadBalancer with the ECS service among its targets",
    ),
    "taskdef_overrides": (
        "they change Copilot's template, which has another structure",
        "look for an option in docs/options.md, or use .task_definition.node.default_child.add_property_override(…)",
    ),
    "cdn": ("this library has no CloudFront", "add a cloudfront.Distribution with .load_balancer as its origin"),
    "start_on_creation": ("only App Runner has it", "nothing to do: the service starts when it is deployed"),
}
_SECURITY_GROUPS = (
    "the tasks have a security group of their own",
    "allow them at their destinations: database.connections.allow_default_port_from(service)",
)
_NOT_OF_A_JOB = dict.fromkeys(("deployment", "exec", "observability"), ("jobs have no such option", "nothing to do"))


def read_service(root: Node, ledger: Ledger, names: Names) -> Service:
    """Read the service, or the job, of a manifest.

    Raises:
        MigrationError: The document is not a manifest, or describes nothing that can run.
    """
    fields = Fields(root, ledger)
    kind, name = fields.text("type"), fields.text("name")
    if kind is None:
        raise MigrationError(
            "it is neither a compose file, which has services, nor a Copilot manifest, which has a type"
        )
    if kind not in TYPES:
        raise MigrationError(f"type {kind!r} is not one of {', '.join(TYPES)}", line=root.entries["type"].line)
    if not name or not _NAME.fullmatch(name):
        raise MigrationError(f"name {name!r} is not the name of a service: letters, digits and hyphens")
    fields.leave_out(_NEVER)
    if kind == JOB:
        fields.leave_out(_NOT_OF_A_JOB)
    fields.node("environments")  # which choose_environment has read
    arm = _arm(fields)
    service = _with_image(fields, name, kind, arm=arm)
    service = with_topics(fields, service, worker=kind == WORKER, job=kind == JOB)
    service = _with_ingress(fields, service, kind)
    if kind == JOB:
        service = with_runs(fields, service)
    service = _with_network(fields, service, kind)
    service = _with_size(fields, service)
    service = replace(service, count=_tasks(fields, service, kind), enable_execute_command=_exec(fields, kind))
    service = _with_logging(fields, service)
    service = _with_observability(fields, service, kind)
    service = with_target(fields, _with_dependencies(fields, _with_deployment(fields, service, kind)))
    list_alone(fields, service, names)
    return with_variables(fields, _once(fields, service), names)


def _exec(fields: Fields, kind: str) -> bool:
    return kind != JOB and (fields.flag("exec") or False)


def _once(fields: Fields, service: Service) -> Service:
    """Return the service; with one task if it writes to a file system and the manifest sets no number."""
    if service.shape is Shape.JOB or not service.writes_to_files:
        return service
    if service.count is None or (service.count.fixed and service.count.maximum == 1):
        return service.run_once
    fields.check(
        "count",
        "several tasks write to the same files",
        "for a store, use one task and Rolling(min_healthy_percent=0, max_healthy_percent=101)",
    )
    return service


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
    """Return the service with its containers."""
    main = fields.section("image")
    if main is None:
        raise MigrationError("it has no image")
    storage = fields.section("storage")
    by_name, mounts = volumes(storage, owner=name)
    main_container = container(fields, main, image(main, arm=arm), main=True, volumes=by_name)
    read_only = storage.flag("readonly_fs") if storage is not None else None
    return Service(
        name=name,
        shape={BACKEND: Shape.PRIVATE, WORKER: Shape.WORKER, JOB: Shape.JOB}.get(kind, Shape.WEB),
        container=replace(main_container, mounts=mounts, read_only_root=read_only or False),
        port=main.number("port", minimum=1, maximum=65535),
        sidecars=sidecars(fields, main=name, arm=arm, volumes=by_name),
        storage=_ephemeral(storage),
        arm=arm,
        schedule=_schedule(fields) if kind == JOB else None,
        tags={key: section.text(key) or "" for section, key, _ in fields.each("tags")},
    )


def _ephemeral(storage: Fields | None) -> int | None:
    size = None if storage is None else storage.number("ephemeral", minimum=20, maximum=200)
    return None if size == 20 else size  # noqa: PLR2004 - GiB that every task has


def _schedule(fields: Fields) -> str | None:
    """Return the schedule of a job; None if it is started by hand."""
    section = fields.section("on")
    text = None if section is None else section.text("schedule")
    if section is None or text is None or text == "none":
        return None
    expression = schedule(text)
    if expression is None:
        section.drop(
            "schedule",
            f"EventBridge cannot express {text!r}",
            "add ScheduledJob(schedule=…) with another schedule; until then, start the job by hand",
        )
    return expression


def _with_ingress(fields: Fields, service: Service, kind: str) -> Service:
    """Return the service with its load balancer."""
    http = fields.node("http")
    if http is not None and kind in {WORKER, JOB}:
        fields.drop("http", f"a {kind} has none", "nothing to do")
    elif isinstance(http.value if http is not None else None, dict):
        section = Fields(http, fields.ledger) if http is not None else fields
        ingress, port = read_ingress(
            section, public=kind != BACKEND, app_runner=kind == APP_RUNNER, service=service.name
        )
        extra = additional_rules(section, any_path=not ingress.paths)
        if extra and ingress.paths:
            ingress = replace(ingress, paths=(*ingress.paths, *extra))
        more = () if port in {None, service.port} or service.port is None else (service.port,)
        service = replace(service, shape=Shape.WEB, ingress=ingress, port=port or service.port, more_ports=more)
    elif http is not None and fields.flag("http"):
        fields.check("http", "it has no settings", "see the load balancer's health check")
    if service.shape is Shape.WEB and service.ingress is None:
        if kind == LOAD_BALANCED and http is not None:  # http: false
            service = replace(service, shape=Shape.PRIVATE if service.port else Shape.WORKER)
        else:
            nothing = Fields(replace(fields.mapping, value={}), fields.ledger)
            service = replace(service, ingress=read_ingress(nothing, public=True, app_runner=kind == APP_RUNNER)[0])
    if service.shape is Shape.WEB and service.port is None:
        raise MigrationError("a service behind a load balancer needs image.port")
    if service.shape is Shape.PRIVATE and service.port is None:
        service = replace(service, shape=Shape.WORKER)
    balanced = kind == LOAD_BALANCED and service.ingress is not None
    return replace(service, load_balancer_variable="COPILOT_LB_DNS" if balanced else None)


def _with_network(fields: Fields, service: Service, kind: str) -> Service:
    """Return the service with its place in the network of the environment."""
    network = fields.section("network")
    vpc = None if network is None else network.section("vpc")
    outside = kind == APP_RUNNER and (vpc is None or "placement" not in vpc)  # App Runner's own network
    service = replace(service, networks=() if outside else (ENVIRONMENT,))
    if vpc is not None:
        service = _placed(vpc, service)
    connect = None if network is None else network.node("connect")
    if network is None or connect is None:
        return service
    if kind in {JOB, APP_RUNNER}:
        network.drop("connect", f"a {kind} has no Service Connect", "nothing to do")
        return service
    alias = Fields(connect, fields.ledger).text("alias") if isinstance(connect.value, dict) else None
    if isinstance(connect.value, dict) or network.flag("connect"):
        name = (alias or service.name).lower()
        if not _CONNECT_NAME.fullmatch(name):
            network.check("connect", "Service Connect does not take this alias", "use the service's name")
            name = service.name.lower()[:64]
        service = replace(service, connect_name=name)
    return service


def _placed(vpc: Fields, service: Service) -> Service:
    """Return the service with its subnets and its security groups."""
    placement = vpc.node("placement")
    text = text_of(placement) if placement is not None else None
    if text in {"public", "private"}:
        vpc.carry("placement")
        service = replace(service, public_subnets=text == "public")
    elif placement is not None:
        vpc.drop("placement", "it names subnets", "import the VPC, and set subnets=ec2.SubnetSelection(…)")
    groups = vpc.node("security_groups")
    if groups is not None and isinstance(groups.value, dict):
        section = Fields(groups, vpc.ledger)
        if section.flag("deny_default"):
            service = replace(service, networks=())
        section.leave_out({"groups": _SECURITY_GROUPS})
    else:
        vpc.leave_out({"security_groups": _SECURITY_GROUPS})
    return service


def _with_size(fields: Fields, service: Service) -> Service:
    cpu, memory = fields.number("cpu", minimum=1), fields.number("memory", minimum=1)
    if cpu is None and memory is None:
        return service
    size = fargate_size(cpu or 256, memory or 512)
    if size is None:
        fields.drop("memory", "Fargate has no task as large as this", "choose a size from docs/task-size.md")
        return service
    if size != (cpu or 256, memory or 512):
        name = "memory" if memory is not None else "cpu"
        fields.check(
            name,
            f"Fargate has fixed sizes; the task has {size[0]} CPU units and {size[1]} MiB",
            "check that this is acceptable",
        )
    return replace(service, cpu=size[0], memory=size[1])


def _tasks(fields: Fields, service: Service, kind: str) -> Count | None:
    if kind in {JOB, APP_RUNNER}:
        fields.leave_out({"count": (f"the count of a {kind} has no counterpart on Fargate", "set scaling=Scaling(…)")})
        return None
    return count(fields, balanced=service.ingress is not None, queue=service.queue is not None)


def _with_logging(fields: Fields, service: Service) -> Service:
    logging = fields.section("logging")
    if logging is None:
        return service
    days = logging.number("retention", minimum=1)
    if days is not None and days not in _RETENTION:
        longer = next((each for each in _RETENTION if each > days), _RETENTION[-1])
        logging.check("retention", f"CloudWatch Logs takes {longer} days, not {days}", "check that this is acceptable")
        days = longer
    service = replace(service, log_days=days)
    destination = {key: section.text(key) or "" for section, key, _ in logging.each("destination")}
    logging.leave_out(
        {
            "secretOptions": (
                "they are secrets of the log driver",
                "use ecs.LogDrivers.firelens(options=…, secret_options=…)",
            ),
            "env_file": ("the log router takes no file of variables", "use Sidecar.log_router(environment=…)"),
        }
    )
    if not destination:
        logging.leave_out(
            dict.fromkeys(
                ("image", "configFilePath", "enableMetadata"),
                (
                    "without a destination no log router runs",
                    "add Sidecar.log_router(…) and logging=ecs.LogDrivers.firelens(options=…)",
                ),
            )
        )
        return service
    logging.check(
        "destination",
        "the task role needs permission to write there",
        "use Sidecar.log_router(permissions=…)",
    )
    metadata = logging.flag("enableMetadata")
    router = LogRouter(
        image=logging.text("image"),
        config_file=logging.text("configFilePath"),
        metadata=True if metadata is None else metadata,
    )
    return replace(service, log_router=router, container=replace(service.container, firelens=destination))


def _with_observability(fields: Fields, service: Service, kind: str) -> Service:
    section = fields.section("observability")
    if section is None or kind == JOB:
        return service
    if service.shape is not Shape.WEB:
        section.leave_out({"tracing": ("this service is plain CDK in the program", "add a collector as a container")})
        return service
    traces = section.text("tracing")
    if traces not in {None, "awsxray"}:
        section.drop("tracing", f"the command does not know {traces}", "use Sidecar.adot(config=…)")
    if traces == "awsxray":
        section.check(
            "tracing",
            "a collector takes OTLP on localhost and sends it to X-Ray",
            "let the application send OTLP",
        )
    return replace(service, traces=traces == "awsxray")


def _with_deployment(fields: Fields, service: Service, kind: str) -> Service:
    section = fields.section("deployment")
    if section is None or kind == JOB:
        return service
    section.leave_out(
        {
            "rollback_alarms": (
                "this library creates alarms of its own that roll back",
                "see RollbackAlarms(…); use Rolling(alarms=…) for others",
            )
        }
    )
    rolling = section.text("rolling")
    if rolling not in {None, "default", "recreate"}:
        section.drop("rolling", f"{rolling} is not a rolling deployment in Copilot", "set deployment=Rolling(…)")
    return replace(service, recreate=rolling == "recreate")


def _with_dependencies(fields: Fields, service: Service) -> Service:
    """Return the service without dependencies that could never be met."""
    checks = {"web": service.container.health_check is not None}
    checks |= {each.name: each.container.health_check is not None for each in service.sidecars}
    essential = {"web": True, **{each.name: each.essential for each in service.sidecars}}

    def kept(container: Container, *path: str) -> Container:
        conditions = {}
        for name, condition in container.depends_on.items():
            reason = ""
            if name not in checks:
                reason = "the task has no such container"
            elif condition in {"complete", "success"} and essential[name]:
                reason = f"{name} is essential, so the task ends when it does"
            elif condition == "healthy" and not checks[name]:
                reason = f"{name} has no health check"
            if reason:
                written = service.name if name == "web" else name
                fields.ledger.leave_out(_at(fields.mapping, *path, "depends_on", written), reason, "correct it")
            else:
                conditions[name] = condition
        return replace(container, depends_on=conditions)

    sidecars_kept = tuple(
        replace(each, container=kept(each.container, "sidecars", each.name)) for each in service.sidecars
    )
    return replace(service, container=kept(service.container, "image"), sidecars=sidecars_kept)


def _at(node: Node, *path: str) -> Node:
    """Return the node at a path, or the last one before it ends."""
    for part in path:
        node = node.entries.get(part, node)
    return node

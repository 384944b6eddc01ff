"""Services as plain values, the same for both formats, from which the program is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class Build:
    """An image that is built from a directory."""

    directory: str
    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: dict[str, str] = field(default_factory=dict)
    cache_from: tuple[str, ...] = ()
    arm: bool = False


@dataclass(frozen=True, kw_only=True)
class PublicImage:
    """An image in a registry, by its name."""

    reference: str
    credentials_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class EcrImage:
    """An image in a repository of ECR."""

    account: str
    region: str
    repository: str
    version: str


Image: TypeAlias = Build | PublicImage | EcrImage
Condition: TypeAlias = "str | int | float | bool | list[Condition] | dict[str, Condition]"
"""A condition of a filter policy, as JSON has it."""


@dataclass(frozen=True)
class Imported:
    """A value that another CloudFormation stack exports."""

    name: str


@dataclass(frozen=True)
class Parameter:
    """A secret in Parameter Store, by its name."""

    name: str


@dataclass(frozen=True)
class Secret:
    """A secret in Secrets Manager, by its name or ARN, or a field of a JSON secret."""

    name: str
    field: str | None = None


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A command inside the container; times in seconds."""

    command: tuple[str, ...]
    interval: int | None = None
    timeout: int | None = None
    retries: int | None = None
    start_period: int | None = None


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A directory: of the task, or of a file system that the program creates."""

    name: str
    owner: str = ""
    """Service to which it belongs; empty when services share it."""
    efs: bool = False
    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A volume at a place in a container."""

    path: str
    volume: Volume
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Ulimit:
    """A resource limit, by ECS's name for it."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container of a task."""

    image: Image
    environment: dict[str, str | Imported] = field(default_factory=dict)
    secrets: dict[str, Parameter | Secret] = field(default_factory=dict)
    environment_files: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None
    entry_point: tuple[str, ...] | None = None
    user: str | None = None
    working_directory: str | None = None
    health_check: HealthCheck | None = None
    stop_timeout: int | None = None
    depends_on: dict[str, str] = field(default_factory=dict)
    read_only_root: bool = False
    writable_paths: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    ulimits: tuple[Ulimit, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    firelens: dict[str, str] = field(default_factory=dict)
    system_controls: dict[str, str] = field(default_factory=dict)
    added_capabilities: tuple[str, ...] = ()
    dropped_capabilities: tuple[str, ...] = ()
    terminal: bool = False
    interactive: bool = False


@dataclass(frozen=True, kw_only=True)
class SidecarContainer:
    """A sidecar."""

    name: str
    container: Container
    essential: bool = True
    port: int | None = None


@dataclass(frozen=True, kw_only=True)
class LogRouter:
    """Fluent Bit."""

    image: str | None = None
    config_file: str | None = None
    metadata: bool = True


@dataclass(frozen=True, kw_only=True)
class TargetCheck:
    """The health check of a target group; times in seconds."""

    path: str | None = None
    port: int | None = None
    codes: str | None = None
    interval: int | None = None
    timeout: int | None = None
    healthy: int | None = None
    unhealthy: int | None = None
    grace: int | None = None


@dataclass(frozen=True, kw_only=True)
class Domain:
    """A domain name with the id of its hosted zone; None if the file does not have it."""

    name: str
    zone_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ingress:
    """A load balancer in front of a service."""

    public: bool = True
    shared: bool = True
    """Whether services of a project may share the load balancer."""
    paths: tuple[str, ...] = ()
    """First segments of the paths that reach the service; empty for all paths."""
    domain: Domain | None = None
    check: TargetCheck = field(default_factory=TargetCheck)
    deregistration_delay: int | None = None
    sticky: bool = False
    allow_from: tuple[str, ...] = ()
    protocol: str | None = None


class Shape(Enum):
    """The way in which a service is reached."""

    WEB = "web"
    """Through a load balancer."""

    PRIVATE = "private"
    """By the other services, under its name."""

    WORKER = "worker"
    """By nobody."""

    JOB = "job"
    """Not at all: a schedule starts it."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic of a service."""

    name: str
    publisher: str
    fifo: bool = False
    deduplicates: bool = False
    """True if messages with the same content are delivered once."""

    @property
    def key(self) -> tuple[str, str]:
        """Publisher and name, which identify it."""
        return self.publisher, self.name


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A topic whose messages go to a queue, if their attributes meet the conditions."""

    topic: Topic
    filters: dict[str, list[Condition]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The queue of a worker; times in seconds."""

    subscriptions: tuple[Subscription, ...] = ()
    retention: int | None = None
    timeout: int | None = None
    tries: int | None = None
    fifo: bool = False


@dataclass(frozen=True, kw_only=True)
class Count:
    """The number of tasks; times in seconds."""

    minimum: int
    maximum: int
    cpu_percent: int | None = None
    memory_percent: int | None = None
    requests: int | None = None
    backlog: int | None = None
    """Messages in the queue for each task."""
    cooldown_in: int | None = None
    cooldown_out: int | None = None
    spot_after: int | None = None
    """Number of tasks beyond which tasks run on Spot; None for no Spot."""

    @property
    def fixed(self) -> bool:
        """Whether it is a fixed number on regular capacity."""
        return self.minimum == self.maximum and self.spot_after is None


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service, or a job."""

    name: str
    shape: Shape
    container: Container
    port: int | None = None
    """The container's main port: that of the load balancer, or the first that others call."""
    more_ports: tuple[int, ...] = ()
    """Its other ports, which the other services call."""
    ingress: Ingress | None = None
    sidecars: tuple[SidecarContainer, ...] = ()
    log_router: LogRouter | None = None
    traces: bool = False
    cpu: int | None = None
    memory: int | None = None
    storage: int | None = None
    arm: bool = False
    count: Count | None = None
    enable_execute_command: bool = False
    public_subnets: bool = False
    log_days: int | None = None
    recreate: bool = False
    """Whether a deployment stops the old tasks first."""
    networks: tuple[str, ...] = ()
    """Names of the networks whose members reach each other."""
    connect_name: str | None = None
    """Its name in Service Connect; None if it is not in the namespace."""
    calls: tuple[str, ...] = ()
    """Names of services that it calls, and that are deployed before it."""
    after: tuple[str, ...] = ()
    """Names of further services that are deployed before it."""
    release_command: tuple[str, ...] | None = None
    """Command that runs once before each version of a web service."""
    discovery_name: str | None = None
    """Its name in the project's DNS namespace; None if it has none."""
    load_balancer_variable: str | None = None
    """Variable that gets the load balancer's DNS name."""
    schedule: str | None = None
    queue: Queue | None = None
    topics: tuple[Topic, ...] = ()
    """Those that it publishes to."""
    retries: int | None = None
    """Further attempts of a job's run that failed."""
    timeout: int | None = None
    """Seconds that an attempt may take."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that the other services may call, the main one first."""
        beside = [each.port for each in self.sidecars if each.port is not None]
        return tuple(dict.fromkeys([*([] if self.port is None else [self.port]), *self.more_ports, *beside]))

    @property
    def writes_to_files(self) -> bool:
        """Whether one of its containers writes to a file system that its tasks would share."""
        return any(mount.volume.efs and not mount.read_only for mount in self.mounts)

    @property
    def run_once(self) -> Service:
        """The service with one task, which stops before the next one starts."""
        return replace(self, count=Count(minimum=1, maximum=1), recreate=True)

    @property
    def mounts(self) -> list[Mount]:
        """The mounts of all its containers."""
        return [*self.container.mounts, *(mount for each in self.sidecars for mount in each.container.mounts)]


@dataclass(frozen=True, kw_only=True)
class Project:
    """The content of one program."""

    name: str
    source: str
    """The files from which the program was made, in a few words."""
    services: tuple[Service, ...]
    one_load_balancer: bool = False
    """Whether the services share a load balancer, each with its own route."""
    discovery: str | None = None
    """The DNS namespace in which services have names; None for no namespace."""

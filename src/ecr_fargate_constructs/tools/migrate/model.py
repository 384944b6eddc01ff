"""What is to be run, whichever file says it. Plain values: what the program is written from."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    """An image of a registry, by its name."""

    reference: str
    credentials_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class EcrImage:
    """An image that lies in a repository of ECR."""

    account: str
    region: str
    repository: str
    version: str


Image: TypeAlias = Build | PublicImage | EcrImage


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
    """A secret in Secrets Manager, by its name or ARN; a field of it when it is JSON."""

    name: str
    field: str | None = None


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A command inside the container; seconds."""

    command: tuple[str, ...]
    interval: int | None = None
    timeout: int | None = None
    retries: int | None = None
    start_period: int | None = None


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A directory: of the task, or of a file system that the program makes."""

    name: str
    owner: str = ""
    """Service that it belongs to; empty when services share it."""
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
    """A container beside the application."""

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
    """How a load balancer checks a task; seconds."""

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
    """A name with its zone; the zone's id is filled in by hand where it is not known."""

    name: str
    zone_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class WayIn:
    """A load balancer in front of a service."""

    public: bool = True
    paths: tuple[str, ...] = ()
    """First segments of the paths that come here; none for all."""
    domain: Domain | None = None
    check: TargetCheck = field(default_factory=TargetCheck)
    deregistration_delay: int | None = None
    sticky: bool = False
    allow_from: tuple[str, ...] = ()
    protocol: str | None = None


class Shape(Enum):
    """What a service is to the network."""

    WEB = "web"
    """Behind a load balancer."""

    PRIVATE = "private"
    """Called by the others, by its name."""

    WORKER = "worker"
    """Called by nobody."""

    JOB = "job"
    """Started by the clock."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many tasks run; seconds."""

    minimum: int
    maximum: int
    cpu_percent: int | None = None
    memory_percent: int | None = None
    requests: int | None = None
    cooldown_in: int | None = None
    cooldown_out: int | None = None
    spot_after: int | None = None
    """Tasks beyond this many are on Spot; None for none."""

    @property
    def fixed(self) -> bool:
        """Whether it is a number and nothing else."""
        return self.minimum == self.maximum and self.spot_after is None


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service, or a job."""

    name: str
    shape: Shape
    container: Container
    port: int | None = None
    way_in: WayIn | None = None
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
    connect_name: str | None = None
    """Its name in the namespace of Service Connect; None when it is not a member."""
    calls: tuple[str, ...] = ()
    """Names of services that it calls, and which start before it."""
    schedule: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def mounts(self) -> list[Mount]:
        """The mounts of all its containers."""
        return [*self.container.mounts, *(mount for each in self.sidecars for mount in each.container.mounts)]


@dataclass(frozen=True, kw_only=True)
class Project:
    """All that one program makes."""

    name: str
    source: str
    """What the program was made from, in a few words."""
    services: tuple[Service, ...]
    one_load_balancer: bool = False
    """Whether the services share a load balancer, each with its route."""

"""What task definitions say: sizes, options, secrets, logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs._rules.task_size import FARGATE_SIZES
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, ECS, ECS_CONTROLS, error, found, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container, Task
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_PARAMETERS = ECS + "task_definition_parameters.html"
_FARGATE = "https://docs.aws.amazon.com/AmazonECS/latest/userguide/fargate-task-defs.html"
_LOGS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html"
_LONGEST_STOP = 120
_LEAST_STORAGE, _MOST_STORAGE = 21, 200
_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_REFUSED = (
    "Privileged",
    "Links",
    "DnsServers",
    "DnsSearchDomains",
    "ExtraHosts",
    "DockerSecurityOptions",
    "Hostname",
    "DisableNetworking",
)
_REFUSED_LINUX = ("Devices", "SharedMemorySize", "Tmpfs")
_OPEN = re.compile(r"\$\{[^}]*\}")
_WINDOWS_ONLY = frozenset({256, 512})  # CPU sizes that Windows does not have

SIZE_UNKNOWN = error(
    "task-size-unknown",
    "Fargate has no size with this CPU and memory, and refuses the task definition in the middle of the deployment.",
    "Choose a pair of Fargate's table, for example 256 CPU units with 512, 1024 or 2048 MiB.",
    CDK_ISSUE + "31106",
)
STORAGE_UNKNOWN = error(
    "ephemeral-storage-unknown",
    f"Fargate takes {_LEAST_STORAGE} to {_MOST_STORAGE} GiB of ephemeral storage; 20 come with every task.",
    "Stay within, or leave it out.",
    _PARAMETERS,
)
OPTION_UNSUPPORTED = error(
    "fargate-option-unsupported",
    "Fargate refuses task definitions with this option.",
    "Leave it out, or run the service on EC2.",
    _FARGATE,
)
CONTAINERS_TOO_LARGE = error(
    "containers-exceed-task",
    "The containers ask for more CPU or memory than their task has, and ECS refuses the task definition.",
    "Make the task larger, or the containers' shares smaller.",
    _PARAMETERS,
)
STOP_TOO_LONG = error(
    "stop-timeout-too-long",
    f"Fargate waits {_LONGEST_STOP} seconds at most for a container to stop, and refuses more.",
    f"stop_timeout of {_LONGEST_STOP} seconds or less.",
    _PARAMETERS,
)
EXECUTION_ROLE_MISSING = error(
    "execution-role-missing",
    "ECS may neither pull a private image, nor write logs, nor read secrets for the task.",
    "Give the task definition an execution role; CDK makes one when images, logs and secrets are given as its classes.",
    ECS + "task_execution_IAM_role.html",
)
SECRET_IN_ENVIRONMENT = warning(
    "secret-in-environment",
    "Who may read the task definition, the template or the image reads the secret.",
    "secrets={name: ecs.Secret.from_secrets_manager(…)} of the container.",
    ECS_CONTROLS,
)
DOCKER_HUB = warning(
    "docker-hub-image",
    "Docker Hub limits pulls, and a scale-out that meets the limit starts no task.",
    "Take the image from public.ecr.aws, or mirror it into a repository of yours.",
    "https://docs.docker.com/docker-hub/usage/pulls/",
)
IMAGE_NOT_PINNED = warning(
    "image-not-pinned",
    "The tag is moved with every release, so that two tasks of a service may run different code and a rollback does "
    "not bring the old one back.",
    "Name a version, or better a digest.",
    "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
)
LOGS_BLOCK = warning(
    "log-driver-blocking",
    "In blocking mode the application stands still when CloudWatch Logs is slow. Without a mode the account's setting "
    "decides.",
    "mode=ecs.AwsLogDriverMode.NON_BLOCKING, with a max_buffer_size",
    _LOGS,
)
NO_LOGS = warning(
    "no-logs",
    "What the container prints is lost, and with it the reason why it ended.",
    "logging=ecs.LogDriver.aws_logs(…)",
    _LOGS,
)
NO_INIT = warning(
    "no-init-process",
    "As process 1 an application gets no default handling of SIGTERM and reaps no child: it is killed at the timeout.",
    "linux_parameters=ecs.LinuxParameters(scope, id, init_process_enabled=True)",
    ECS + "load-balancer-connection-draining.html",
)

RULES = (
    SIZE_UNKNOWN,
    STORAGE_UNKNOWN,
    OPTION_UNSUPPORTED,
    CONTAINERS_TOO_LARGE,
    STOP_TOO_LONG,
    EXECUTION_ROLE_MISSING,
    SECRET_IN_ENVIRONMENT,
    DOCKER_HUB,
    IMAGE_NOT_PINNED,
    LOGS_BLOCK,
    NO_LOGS,
    NO_INIT,
)


def check(app: App) -> Iterator[Finding]:
    """Look at each task definition."""
    for task in tasks(app):
        if task.fargate:
            yield from _size(task)
            yield from _options(task)
        yield from _shares(task)
        yield from _role(task)
        for container in task.containers:
            yield from _image(container)
            yield from _secrets(container)
            yield from _logs(container)
            yield from _process(container)


def _size(task: Task) -> Iterator[Finding]:
    cpu, memory = task.cpu, task.memory
    sizes = {} if cpu is None else FARGATE_SIZES
    if cpu is not None and memory is not None:
        has = sizes.get(cpu, ())
        if memory not in has or (task.windows and cpu in _WINDOWS_ONLY):
            allowed = f"{cpu} has {', '.join(map(str, has))} MiB" if has else f"no size has {cpu} CPU units"
            yield found(SIZE_UNKNOWN, task.resource, f"Cpu {cpu} with Memory {memory}; {allowed}")
    storage = task.app.number(task.resource.get("EphemeralStorage", "SizeInGiB"), task.resource.template)
    if storage is not None and not _LEAST_STORAGE <= storage <= _MOST_STORAGE:
        yield found(STORAGE_UNKNOWN, task.resource, f"SizeInGiB is {storage}")


def _options(task: Task) -> Iterator[Finding]:
    for name in _unsupported(task):
        yield found(OPTION_UNSUPPORTED, task.resource, name)
    for container in task.containers:
        stop = container.number(container.definition.get("StopTimeout"))
        if stop is not None and stop > _LONGEST_STOP:
            yield found(STOP_TOO_LONG, task.resource, f"container {container.name}: StopTimeout is {stop}")


def _unsupported(task: Task) -> Iterator[str]:
    mode = task.resource.get("NetworkMode")
    if mode != "awsvpc":
        yield f"NetworkMode {mode or 'bridge'}; Fargate has awsvpc only"
    if task.resource.get("PlacementConstraints"):
        yield "PlacementConstraints"
    for volume in task.resource.get("Volumes") or []:
        if (volume.get("Host") or {}).get("SourcePath") or volume.get("DockerVolumeConfiguration"):
            yield f"volume {volume.get('Name')} on the host"
    for container in task.containers:
        definition, where = container.definition, f"container {container.name}: "
        yield from (where + name for name in _REFUSED if definition.get(name))
        linux = definition.get("LinuxParameters") or {}
        yield from (f"{where}LinuxParameters.{name}" for name in _REFUSED_LINUX if linux.get(name))
        if any(each.get("Type") == "GPU" for each in definition.get("ResourceRequirements") or []):
            yield where + "a GPU"
        driver = (definition.get("LogConfiguration") or {}).get("LogDriver")
        if driver is not None and driver not in _DRIVERS:
            yield f"{where}log driver {driver}; Fargate has {', '.join(_DRIVERS)}"
        for mapping in definition.get("PortMappings") or []:
            host = container.number(mapping.get("HostPort"))
            if host not in {None, 0, container.number(mapping.get("ContainerPort"))}:
                yield f"{where}host port {host} differs from the container's"


def _shares(task: Task) -> Iterator[Finding]:
    for name, keys, whole in (("Memory", ("Memory", "MemoryReservation"), task.memory), ("Cpu", ("Cpu",), task.cpu)):
        if whole is None:
            continue
        limits = [container.number(container.definition.get(name)) or 0 for container in task.containers]
        asked = [
            next((value for key in reversed(keys) if (value := container.number(container.definition.get(key)))), 0)
            for container in task.containers
        ]
        if max(limits, default=0) > whole or sum(asked) > whole:
            detail = f"{name}: {max(*limits, sum(asked))} asked for, {whole} there"
            yield found(CONTAINERS_TOO_LARGE, task.resource, detail)


def _role(task: Task) -> Iterator[Finding]:
    if task.resource.get("ExecutionRoleArn") is not None:
        return
    for container in task.containers:
        if (container.definition.get("LogConfiguration") or {}).get("LogDriver") == "awslogs":
            yield found(EXECUTION_ROLE_MISSING, task.resource, f"container {container.name} logs to CloudWatch")
            return
        if container.definition.get("Secrets") or ".dkr.ecr." in container.image:
            yield found(EXECUTION_ROLE_MISSING, task.resource, f"container {container.name} needs it")
            return


def _image(container: Container) -> Iterator[Finding]:
    if container.built is not None:
        return
    try:
        reference = ImageReference.parse(_OPEN.sub("x", container.image), name="image")
    except ConfigurationError:
        return
    resource = container.task.resource
    if reference.on_docker_hub and not container.image.startswith("${"):
        yield found(DOCKER_HUB, resource, f"container {container.name}: {container.image}")
    if not reference.pinned and not container.image.endswith("}"):
        yield found(IMAGE_NOT_PINNED, resource, f"container {container.name}: {container.image}")


def _secrets(container: Container) -> Iterator[Finding]:
    for entry in container.definition.get("Environment") or []:
        name = str(entry.get("Name"))
        value = container.task.app.literal(entry.get("Value"), container.task.resource.template)
        if value and seems_secret(name, value):
            yield found(SECRET_IN_ENVIRONMENT, container.task.resource, f"container {container.name}: variable {name}")


def _logs(container: Container) -> Iterator[Finding]:
    logging = container.definition.get("LogConfiguration")
    resource = container.task.resource
    if not logging:
        yield found(NO_LOGS, resource, f"container {container.name}")
    elif logging.get("LogDriver") == "awslogs":
        mode = (logging.get("Options") or {}).get("mode")
        if mode != "non-blocking":
            yield found(LOGS_BLOCK, resource, f"container {container.name}: mode is {mode or 'not set'}")


def _process(container: Container) -> Iterator[Finding]:
    if container.task.windows or not container.essential:
        return
    if (container.definition.get("LinuxParameters") or {}).get("InitProcessEnabled") is not True:
        yield found(NO_INIT, container.task.resource, f"container {container.name}")

"""What Dockerfiles and build contexts show."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.image_reference import ImageReference
from ecr_fargate_constructs._rules.secret_files import is_secret_file
from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.tools.assembly.workload import attribute, services, tasks
from ecr_fargate_constructs.tools.doctor.base_images import end_of_life
from ecr_fargate_constructs.tools.doctor.rule import CDK_ISSUE, ECS_CONTROLS, ELB, error, found, found_in, warning
from ecr_fargate_constructs.tools.doctor.servers import keep_alive_of, listens_on_loopback
from ecr_fargate_constructs.tools.doctor.task_rules import SECRET_IN_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs._rules.dockerfile import Dockerfile
    from ecr_fargate_constructs.tools.assembly.model import App
    from ecr_fargate_constructs.tools.assembly.workload import Container, Service
    from ecr_fargate_constructs.tools.doctor.rule import Finding, Rule

_PLATFORMS = {"X86_64": "amd64", "ARM64": "arm64"}
_IDLE_DEFAULT = 60
_SOURCES = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts")
_SETTINGS = re.compile(r"gunicorn.*\.py$")
_MOST_FILES = 50_000  # looked at in a build context: cdk.out may come from anybody, and name /
_MOST_READ = 2_000
_LARGEST = 1_000_000  # bytes of a file that is read
_ROOT = re.compile(r"(?:root|0)(?::\S*)?")
_WITH_USER = re.compile(r"nonroot|unprivileged|rootless")
_CONTEXT = "https://docs.docker.com/build/building/context/#dockerignore-files"

ARCHITECTURE_MISMATCH = error(
    "architecture-mismatch",
    "The image is built for another processor than the task runs on: exec format error.",
    "One architecture for both: platform of the image asset, and cpu_architecture of the task's runtime platform.",
    CDK_ISSUE + "25362",
)
PLATFORM_OPEN = warning(
    "image-platform-unset",
    "The image is built for whatever machine builds it; from a laptop with an ARM processor it does not start.",
    "platform=ecr_assets.Platform.LINUX_AMD64 of the image asset, or LINUX_ARM64 with an ARM task.",
    CDK_ISSUE + "12472",
)
DOCKERFILE_MISSING = error(
    "dockerfile-missing",
    "The build context has no such Dockerfile, and the deployment ends at the build.",
    "Correct file= of the image asset, and look at .dockerignore.",
    _CONTEXT,
)
LISTENS_ON_LOOPBACK = error(
    "listens-on-loopback",
    "The application is reached from inside its container only, so that every health check fails.",
    "Listen on 0.0.0.0.",
    ELB + "load-balancer-troubleshooting.html",
)
SHELL_FORM = warning(
    "shell-form-command",
    "A shell is process 1 and passes no SIGTERM on: each task is killed at its stop timeout, with its requests.",
    'Write the exec form: CMD ["program", "argument"], or begin the line with exec.',
    "https://docs.docker.com/reference/build-checks/json-args-recommended",
)
RUNS_AS_ROOT = warning(
    "runs-as-root",
    "Whoever breaks into the application is root in its container.",
    "USER 10001 in the Dockerfile, or user= of the container.",
    ECS_CONTROLS,
)
BASE_NOT_PINNED = warning(
    "base-image-not-pinned",
    "The next build may stand on another version, and the hash of the build context does not notice.",
    "Name a version in FROM, or a digest.",
    "https://docs.docker.com/build/building/best-practices/",
)
BASE_AT_END = warning(
    "base-image-end-of-life",
    "The base image gets no security fixes any more.",
    "Go to a version that is maintained.",
    "https://endoflife.date",
)
PORT_NOT_EXPOSED = warning(
    "expose-mismatch",
    "The Dockerfile says that the application listens on another port than the load balancer asks.",
    "Make container port and EXPOSE the same.",
    ELB + "load-balancer-troubleshooting.html",
)
KEEP_ALIVE_SHORT = warning(
    "keep-alive-below-idle-timeout",
    "The application closes idle connections before the load balancer does, which then answers 502 now and then.",
    "Keep connections longer than the load balancer's idle timeout, for example 75 seconds to its 60.",
    ELB + "load-balancer-troubleshooting.html",
)
SECRET_FILE = warning(
    "secret-file-in-context",
    "Files that look like secrets travel into the build, and with one COPY into the image.",
    "Name them in .dockerignore.",
    _CONTEXT,
)
SECRET_ARGUMENT = warning(
    "secret-in-build-argument",
    "Build arguments stand in the cloud assembly and in the image's history.",
    "build_secrets of the image asset.",
    _CONTEXT,
)

RULES = (
    ARCHITECTURE_MISMATCH,
    PLATFORM_OPEN,
    DOCKERFILE_MISSING,
    LISTENS_ON_LOOPBACK,
    SHELL_FORM,
    RUNS_AS_ROOT,
    BASE_NOT_PINNED,
    BASE_AT_END,
    PORT_NOT_EXPOSED,
    KEEP_ALIVE_SHORT,
    SECRET_FILE,
    SECRET_ARGUMENT,
)


def check(app: App) -> Iterator[Finding]:
    """Look at each image that the app builds, and at the commands of all containers."""
    entered = {
        (service.task.resource, str(entry.get("ContainerName"))): service
        for service in services(app)
        if service.task is not None
        for entry in service.resource.get("LoadBalancers") or []
    }
    for task in tasks(app):
        for container in task.containers:
            yield from _image(container)
            service = entered.get((task.resource, container.name))
            if service is not None:
                yield from _served(container, service)


def _image(container: Container) -> Iterator[Finding]:
    image, dockerfile = container.built, container.dockerfile
    if image is None:
        return
    wanted = _PLATFORMS.get(container.task.architecture, "")
    if image.platform is None and (dockerfile is None or not all(s.platform for s in dockerfile.chain(image.target))):
        detail = f"container {container.name} runs on {wanted}, and its image is for the machine that builds"
        yield found(PLATFORM_OPEN, container.task.resource, detail)
    elif image.platform is not None and image.platform.split("/")[1:2] != [wanted]:
        detail = f"container {container.name} runs on {wanted}, and its image is built for {image.platform}"
        yield found(ARCHITECTURE_MISMATCH, container.task.resource, detail)
    for name, value in sorted(image.arguments.items()):
        if seems_secret(name, value):
            yield found(SECRET_ARGUMENT, container.task.resource, f"container {container.name}: argument {name}")
    if dockerfile is None:
        yield found(DOCKERFILE_MISSING, container.task.resource, f"container {container.name}: {image.dockerfile.name}")
        return
    for file in _secret_files(image.context):
        yield found_in(SECRET_FILE, container, file, str(file.relative_to(image.context)))
    yield from _written(container, dockerfile)


def _written(container: Container, dockerfile: Dockerfile) -> Iterator[Finding]:
    image = container.built
    if image is None or not (chain := dockerfile.chain(image.target)):
        return
    file, definition = image.dockerfile, container.definition
    for name, override in (("ENTRYPOINT", "EntryPoint"), ("CMD", "Command")):
        instruction = dockerfile.last(name, image.target)
        if instruction is None or override in definition or "EntryPoint" in definition:
            continue
        if instruction.words is None and not instruction.value.startswith("exec "):
            yield found_in(SHELL_FORM, container, file, f"{name} {instruction.value}", line=instruction.line)
    yield from _user(container, dockerfile)
    yield from _base(container, file, chain[0].image, chain[0].source.line)
    for instruction in (each for stage in chain for each in stage.instructions if each.name == "ENV"):
        secret = next((name for name, value in instruction.assignments if seems_secret(name, value)), None)
        if secret is not None:
            yield found_in(SECRET_IN_ENVIRONMENT, container, file, f"ENV {secret}", line=instruction.line)


def _user(container: Container, dockerfile: Dockerfile) -> Iterator[Finding]:
    image = container.built
    if image is None or container.definition.get("User"):
        return
    chain, user = dockerfile.chain(image.target), dockerfile.last("USER", image.target)
    if not chain or _WITH_USER.search(chain[0].image):
        return
    if user is None:
        yield found_in(RUNS_AS_ROOT, container, image.dockerfile, "no USER", line=chain[-1].source.line)
    elif _ROOT.fullmatch(user.value):
        yield found_in(RUNS_AS_ROOT, container, image.dockerfile, f"USER {user.value}", line=user.line)


def _base(container: Container, file: Path, name: str, line: int) -> Iterator[Finding]:
    try:
        reference = ImageReference.parse(name, name="FROM")
    except ConfigurationError:
        return
    if name == "scratch":
        return
    if not reference.pinned:
        yield found_in(BASE_NOT_PINNED, container, file, f"FROM {name}", line=line)
    elif (ended := end_of_life(reference)) is not None:
        yield found_in(BASE_AT_END, container, file, f"FROM {name}: {ended}", line=line)


def _served(container: Container, service: Service) -> Iterator[Finding]:
    command, environment = container.command, container.environment
    image, dockerfile = container.built, container.dockerfile
    instruction = None
    if dockerfile is not None and image is not None and "Command" not in container.definition:
        instruction = dockerfile.last("CMD", image.target) or dockerfile.last("ENTRYPOINT", image.target)

    def seen(rule: Rule, detail: str) -> Finding:
        if instruction is None or image is None:
            return found(rule, container.task.resource, f"container {container.name}: {detail}")
        return found_in(rule, container, image.dockerfile, detail, line=instruction.line)

    if (why := listens_on_loopback(command, environment)) is not None:
        yield seen(LISTENS_ON_LOOPBACK, why)
    idle = max(_idle_timeouts(service), default=None)
    settings = "" if image is None else _settings(image.context)
    kept = keep_alive_of(command, environment, settings)
    if idle is not None and kept is not None and kept[1] is not None and kept[1] <= idle:
        detail = f"{kept[0].name} keeps idle connections for {kept[1]} s, the load balancer for {idle} s"
        yield seen(KEEP_ALIVE_SHORT, detail)
    if dockerfile is not None and image is not None:
        exposed = dockerfile.ports(image.target)
        ports = [
            service.app.number(entry.get("ContainerPort"), service.resource.template)
            for entry in service.resource.get("LoadBalancers") or []
            if entry.get("ContainerName") == container.name
        ]
        missing = [port for port in ports if port is not None and port not in exposed]
        if exposed and missing:
            line = dockerfile.last("EXPOSE", image.target)
            detail = f"EXPOSE {', '.join(map(str, exposed))}, and the load balancer asks port {missing[0]}"
            yield found_in(PORT_NOT_EXPOSED, container, image.dockerfile, detail, line=line.line if line else None)


def _idle_timeouts(service: Service) -> list[int]:
    found_timeouts = []
    for balancer in service.load_balancers:
        if balancer.get("Type") in {None, "application"}:
            text = attribute(balancer, "idle_timeout.timeout_seconds")
            value = _IDLE_DEFAULT if text is None else service.app.number(text, balancer.template)
            found_timeouts += [value] if value is not None else []
    return found_timeouts


def _files(context: Path) -> Iterator[Path]:
    files = (Path(folder) / name for folder, folders, names in _walk(context) for name in sorted(names))
    yield from islice(files, _MOST_FILES)


def _walk(context: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, folders, names in os.walk(context):
        folders[:] = sorted(name for name in folders if name not in {"node_modules", ".git"})
        yield folder, folders, names


def _secret_files(context: Path) -> list[Path]:
    whole = [context / name for name in (".git", ".aws", ".ssh") if (context / name).is_dir()]
    return whole + [file for file in _files(context) if is_secret_file(file.name)]


def _is_small(file: Path) -> bool:
    """Whether a file can be read: a pipe has no end, and a link may lead nowhere."""
    return file.is_file() and file.stat().st_size <= _LARGEST


def _settings(context: Path) -> str:
    """The files of a build context that may say how long connections are kept."""
    files = (
        file for file in _files(context) if (file.suffix in _SOURCES or _SETTINGS.search(file.name)) and _is_small(file)
    )
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in islice(files, _MOST_READ))

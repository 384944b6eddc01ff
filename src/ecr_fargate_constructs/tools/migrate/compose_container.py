"""The container of a service in a compose file: its image, variables, secrets and limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.checks import is_environment_file
from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs.tools.migrate.bounds import Bound, bounded
from ecr_fargate_constructs.tools.migrate.compose_reasons import BUILD
from ecr_fargate_constructs.tools.migrate.compose_volumes import storage
from ecr_fargate_constructs.tools.migrate.copilot_container import health_check
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import Fields, number_of, text_of
from ecr_fargate_constructs.tools.migrate.images import build_args, build_paths, image_named, pairs
from ecr_fargate_constructs.tools.migrate.model import Build, Container, HealthCheck, Image, Imported, Secret, Ulimit
from ecr_fargate_constructs.tools.migrate.values import ENV_FILE, SECRET_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ecr_fargate_constructs.tools.migrate.interpolation import Interpolation
    from ecr_fargate_constructs.tools.migrate.model import Parameter

_SYSTEM = re.compile(
    r"net\.[\w.*-]+|fs\.mqueue\.\w+|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)"
)
_LIMITS = {
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
}  # fmt: skip
_CAPABILITIES = {
    "ALL", "AUDIT_CONTROL", "AUDIT_WRITE", "BLOCK_SUSPEND", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER",
    "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD",
    "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN",
    "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE",
    "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG", "WAKE_ALARM",
}  # fmt: skip
_CORRECT = "correct it, and run the command again"
_NO_FILE = ("ECS mounts no file of a secret", "nothing to do")
_QUOTED = re.compile(r"=\s*[\"']")
_COMMENT = re.compile(r"\s#")


def container(
    name: str,
    fields: Fields,
    interpolation: Interpolation,
    *,
    secrets: Mapping[str, Fields],
    volumes: Mapping[str, Fields],
    arm: bool,
    read: Callable[[str], str | None],
) -> Container:
    """Return the container of a service."""
    read_only = fields.flag("read_only") or False
    mounts, writable = storage(fields, volumes, read_only=read_only)
    environment = _environment(fields, interpolation)
    if fields.flag("init") is False:
        fields.check("init", "an init process always runs and forwards signals", "nothing to do")
    from_secrets = _secrets(fields, secrets)
    return Container(
        image=_image(name, fields, arm=arm),
        environment={key: value for key, value in environment.items() if key not in from_secrets},
        secrets=from_secrets,
        environment_files=_env_files(fields, read),
        command=fields.words("command"),
        entry_point=fields.words("entrypoint"),
        user=fields.text("user"),
        working_directory=_absolute(fields, "working_dir"),
        health_check=_health_check(fields),
        stop_timeout=bounded(fields, "stop_grace_period", Bound(2, 120)),
        read_only_root=read_only,
        writable_paths=writable,
        mounts=mounts,
        ulimits=_ulimits(fields),
        labels=_labels(fields),
        system_controls=_sysctls(fields),
        added_capabilities=_capabilities(fields, "cap_add"),
        dropped_capabilities=_capabilities(fields, "cap_drop"),
        terminal=fields.flag("tty") or False,
        interactive=fields.flag("stdin_open") or False,
    )


def _image(name: str, fields: Fields, *, arm: bool) -> Image:
    build, image = fields.node("build"), fields.node("image")
    if build is None:
        if image is None:
            raise _no_image(name, fields)
        return image_named(fields.text("image") or "", image)
    fields.leave_out({"image": ("the image is built, and CDK derives its name from its input", "nothing to do")})
    if not isinstance(build.value, dict):
        directory, _ = build_paths(fields.text("build") or ".", None)
        _refuse_remote(directory, build.line)
        return Build(directory=directory, arm=arm)
    inner = Fields(build, fields.ledger)
    inner.leave_out(BUILD)
    directory, inside = build_paths(inner.text("context") or ".", inner.text("dockerfile"))
    _refuse_remote(directory, build.line)
    if inside is None:
        inner.drop("dockerfile", "it is outside of the context", "move it into the context")
    return Build(
        directory=directory,
        dockerfile=inside or "Dockerfile",
        target=inner.text("target"),
        args=build_args(inner),
        cache_from=inner.texts("cache_from"),
        arm=arm,
    )


def _no_image(name: str, fields: Fields) -> MigrationError:
    """Return the error for a service without an image, which is probably in another file."""
    why = "it extends another service" if "extends" in fields else "perhaps the file overrides another one"
    return MigrationError(
        f"services.{name} has neither image nor build; {why}: run the command on the output of 'docker compose config'",
        line=fields.mapping.line,
    )


def _refuse_remote(directory: str, line: int) -> None:
    if ":/" in directory or directory.startswith(("./git@", "./http:")):
        raise MigrationError("the build context is not a directory; clone it, and name the clone", line=line)


def _environment(fields: Fields, interpolation: Interpolation) -> dict[str, str | Imported]:
    environment: dict[str, str | Imported] = {}
    for name, node, value in pairs(fields, "environment"):
        if value is None or interpolation.missing(node):
            names = interpolation.missing(node) or [name]
            fields.ledger.leave_out(
                node,
                f"its value comes from the shell or from .env: {', '.join(names)}",
                f"run the command again with --variable {names[0]}=…, or pass it as a secret: AppContainer(secrets=…)",
            )
        elif seems_secret(name, value):
            fields.ledger.leave_out(
                node,
                *SECRET_VARIABLE,
            )
        else:
            fields.ledger.carry(node)
            environment[name] = value
    return environment


def _env_files(fields: Fields, read: Callable[[str], str | None]) -> tuple[str, ...]:
    node = fields.node("env_file")
    if node is None:
        return ()
    files: list[str] = []
    for item in node.items or [node]:
        if isinstance(item.value, dict):
            inner = Fields(item, fields.ledger)
            path = inner.text("path")
            inner.leave_out({"format": ("ECS reads all such files in the same way", "nothing to do")})
            if inner.flag("required") is False:
                inner.drop("required", "CDK needs the file", "remove it from the program if there is none")
        else:
            path = text_of(item)
        if path is None:
            fields.ledger.leave_out(item, "it has no path", _CORRECT)
        elif not is_environment_file(path):
            fields.ledger.leave_out(item, *ENV_FILE)
        elif files:
            fields.ledger.leave_out(
                item, "CDK takes one local file per container", "put it into S3: ecs.EnvironmentFile.from_bucket(…)"
            )
        else:
            files.append(path if path.startswith(("/", ".")) and path != ".env" else f"./{path}")
            fields.ledger.check(item, *_as_ecs_reads(read(path)))
    return tuple(files)


def _as_ecs_reads(text: str | None) -> tuple[str, str]:
    """Return the finding for a file of variables; ECS does not interpret quotes, ``export``, ``$`` and comments.

    Source: "Pass environment variables to an Amazon ECS container" in the Amazon ECS developer guide.
    """
    upload = "the file is uploaded to CDK's bootstrap bucket, with every secret in it"
    if text is None:
        return (
            f"{upload}; ECS expands no variables and removes no quotes",
            "write it as plain NAME=value lines, and put secrets into Secrets Manager",
        )
    changed = [
        f"{number} ({cause})"
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#") and (cause := _cause(line)) is not None
    ]
    if not changed:
        return upload, "put the secrets in it into Secrets Manager: AppContainer(secrets=…)"
    return (
        f"unlike Docker Compose, ECS does not interpret these lines: {', '.join(changed)}; {upload}",
        "write them as plain NAME=value lines, and put secrets into Secrets Manager",
    )


def _cause(line: str) -> str | None:
    """Return why ECS reads a line differently from Docker Compose; None if it does not."""
    if line.lstrip().startswith("export "):
        return "export"
    if _QUOTED.search(line):
        return "quotes"
    if "$" in line:
        return "a variable"
    return "a comment" if _COMMENT.search(line) else None


def _secrets(fields: Fields, declared: Mapping[str, Fields]) -> dict[str, Parameter | Secret]:
    """Return secrets as variables, because ECS does not mount secrets as files."""
    node = fields.node("secrets")
    secrets: dict[str, Parameter | Secret] = {}
    for item in node.items if node is not None else ():
        inner = Fields(item, fields.ledger) if isinstance(item.value, dict) else None
        source = inner.text("source") if inner is not None else text_of(item)
        if inner is not None:
            inner.leave_out(dict.fromkeys(("uid", "gid", "mode", "target"), _NO_FILE))
        if source is None or source not in declared:
            fields.ledger.leave_out(item, "the file declares no such secret", _CORRECT)
            continue
        variable = re.sub(r"\W", "_", source, flags=re.ASCII).upper()
        fields.ledger.check(
            item,
            f"ECS passes secrets as variables, and does not mount /run/secrets/{source}",
            f"let the application read the variable {variable}",
        )
        declared[source].carry("name", "external")
        secrets[variable] = Secret(declared[source].text("name") or source)
    return secrets


def _health_check(fields: Fields) -> HealthCheck | None:
    section = fields.section("healthcheck")
    if section is None:
        return None
    section.leave_out({"start_interval": ("ECS has one interval for the whole time", "nothing to do")})
    node = section.node("test")
    if section.flag("disable") or node is None:
        _leave_out_figures(section, "the program has no health check for the container")
        return None
    words = section.words("test") if isinstance(node.value, list) else None
    text = None if isinstance(node.value, list) else section.text("test")
    command = words or (("CMD-SHELL", text) if text else ())
    if command[:1] == ("NONE",) or not command:
        _leave_out_figures(section, "the program has no health check for the container")
        return None
    if command[0] not in {"CMD", "CMD-SHELL"}:
        section.drop("test", "a list begins with CMD, CMD-SHELL or NONE", _CORRECT)
        _leave_out_figures(section, "test is left out")
        return None
    return health_check(section, command)


def _leave_out_figures(section: Fields, reason: str) -> None:
    """List the settings of a health check that the program does not have."""
    names = ("interval", "timeout", "retries", "start_period", "start_interval")
    section.leave_out(dict.fromkeys(names, (reason, "nothing to do")))


def _ulimits(fields: Fields) -> tuple[Ulimit, ...]:
    limits: list[Ulimit] = []
    for section, name, node in fields.each("ulimits"):
        if name not in _LIMITS:
            section.drop(name, "ECS has no such limit", "do without it")
            continue
        if isinstance(node.value, dict):
            inner = Fields(node, section.ledger)
            soft, hard = inner.number("soft", minimum=-1), inner.number("hard", minimum=-1)
        else:
            soft = hard = number_of(node, -1, 2**31 - 1)
            section.carry(name)
        if soft is None or hard is None:
            section.drop(name, "it has no soft and hard limit", _CORRECT)
        else:
            limits.append(Ulimit(name=name.upper(), soft=soft, hard=hard))
    return tuple(limits)


def _labels(fields: Fields) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name, node, value in pairs(fields, "labels"):
        fields.ledger.carry(node)
        labels[name] = value or ""
    return labels


def _sysctls(fields: Fields) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, node, value in pairs(fields, "sysctls"):
        if not _SYSTEM.fullmatch(name) or value is None:
            fields.ledger.leave_out(node, "a container cannot set this kernel parameter", "do without it")
        else:
            fields.ledger.carry(node)
            parameters[name] = value
    return parameters


def _capabilities(fields: Fields, key: str) -> tuple[str, ...]:
    node = fields.node(key)
    capabilities: list[str] = []
    for item in node.items if node is not None else ():
        name = (text_of(item) or "").upper().removeprefix("CAP_")
        if name not in _CAPABILITIES:
            fields.ledger.leave_out(item, "CDK has no such capability", "do without it")
        elif key == "cap_add" and name != "SYS_PTRACE":
            fields.ledger.leave_out(
                item, "Fargate grants only SYS_PTRACE", "use LoadBalancedEc2Service, or do without it"
            )
        else:
            fields.ledger.carry(item)
            capabilities.append(name)
    return tuple(capabilities)


def _absolute(fields: Fields, name: str) -> str | None:
    text = fields.text(name)
    if text is not None and not text.startswith("/"):
        fields.drop(name, "it is not an absolute path", _CORRECT)
        return None
    return text

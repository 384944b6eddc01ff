"""Containers, images, secrets and volumes of a compose file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecr_fargate_constructs._rules.checks import is_environment_file
from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs.tools.migrate.bounds import Bound, bounded
from ecr_fargate_constructs.tools.migrate.compose_volumes import storage
from ecr_fargate_constructs.tools.migrate.copilot_container import health_check
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import Fields, number_of, text_of
from ecr_fargate_constructs.tools.migrate.images import build_args, build_paths, image_named, pairs
from ecr_fargate_constructs.tools.migrate.model import Build, Container, HealthCheck, Image, Imported, Secret, Ulimit
from ecr_fargate_constructs.tools.migrate.values import ENV_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_BUILD = {
    "labels": ("CDK's image assets set none", "write LABEL into the Dockerfile"),
    "network": ("it is the builder's own here", "give ImageBuild(network_mode=…)"),
    "no_cache": ("an image is built when what goes into it changes", "give ImageBuild(cache_disabled=True)"),
    "additional_contexts": ("its paths are not followed here", "give ImageBuild(contexts={…})"),
    "ssh": ("it is a matter of the machine that builds", "give ImageBuild(ssh='default')"),
    "secrets": ("they are files or variables of the machine that builds", "give ImageBuild(secrets={'id': 'src=…'})"),
    "cache_to": ("it is a matter of the machine that builds", "give ImageBuild(cache_to=…)"),
    "platforms": ("an image is built for one architecture", "give ImageBuild(architecture=…)"),
    "dockerfile_inline": ("a Dockerfile has to be a file", "write it into the directory, and run the command again"),
}


def container(
    name: str,
    fields: Fields,
    interpolation: Interpolation,
    *,
    secrets: Mapping[str, Fields],
    volumes: Mapping[str, Fields],
    arm: bool,
) -> Container:
    """The container of a service."""
    read_only = fields.flag("read_only") or False
    mounts, writable = storage(fields, volumes, read_only=read_only)
    environment = _environment(fields, interpolation)
    if fields.flag("init") is False:
        fields.check("init", "an init process always runs, which forwards signals", "nothing to do")
    handed = _secrets(fields, secrets)
    return Container(
        image=_image(name, fields, arm=arm),
        environment={key: value for key, value in environment.items() if key not in handed},
        secrets=handed,
        environment_files=_env_files(fields),
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
            raise MigrationError(f"services.{name} has neither image nor build", line=fields.here.line)
        return image_named(fields.text("image") or "", image)
    fields.leave_out({"image": ("the image is built, and named by CDK after what goes into it", "nothing to do")})
    if not isinstance(build.value, dict):
        directory, _ = build_paths(fields.text("build") or ".", None)
        _refuse_remote(directory, build.line)
        return Build(directory=directory, arm=arm)
    inner = Fields(build, fields.ledger)
    inner.leave_out(_BUILD)
    directory, inside = build_paths(inner.text("context") or ".", inner.text("dockerfile"))
    _refuse_remote(directory, build.line)
    if inside is None:
        inner.drop("dockerfile", "it stands outside of the context", "move it into the context")
    return Build(
        directory=directory,
        dockerfile=inside or "Dockerfile",
        target=inner.text("target"),
        args=build_args(inner),
        cache_from=inner.texts("cache_from"),
        arm=arm,
    )


def _refuse_remote(directory: str, line: int) -> None:
    if ":/" in directory or directory.startswith(("./git@", "./http:")):
        raise MigrationError("a build context in another place than a directory is not taken; clone it", line=line)


def _environment(fields: Fields, interpolation: Interpolation) -> dict[str, str | Imported]:
    found: dict[str, str | Imported] = {}
    for name, node, value in pairs(fields, "environment"):
        if value is None or interpolation.missing(node):
            names = interpolation.missing(node) or [name]
            fields.ledger.leave_out(
                node,
                f"its value comes from the shell or from .env: {', '.join(names)}",
                f"run the command again with --variable {names[0]}=…, or hand it over with AppContainer(secrets=…)",
            )
        elif seems_secret(name, value):
            fields.ledger.leave_out(
                node,
                "it seems to be a secret, and here it would stand in the template for all to read",
                "put it into Secrets Manager and hand it over with AppContainer(secrets=…)",
            )
        else:
            fields.ledger.carry(node)
            found[name] = value
    return found


def _env_files(fields: Fields) -> tuple[str, ...]:
    node = fields.node("env_file")
    if node is None:
        return ()
    found: list[str] = []
    for item in node.items or [node]:
        if isinstance(item.value, dict):
            inner = Fields(item, fields.ledger)
            path = inner.text("path")
            inner.leave_out(dict.fromkeys(("format", "required"), ("ECS reads such files in one way", "nothing to do")))
        else:
            path = text_of(item)
            fields.ledger.carry(item)
        if path is None or not is_environment_file(path):
            fields.ledger.leave_out(item, *ENV_FILE)
        elif found:
            fields.ledger.leave_out(
                item,
                "CDK takes one file of a container's from the disk",
                "put it into S3: ecs.EnvironmentFile.from_bucket",
            )
        else:
            found.append(path if path.startswith(("/", ".")) and path != ".env" else f"./{path}")
    return tuple(found)


def _secrets(fields: Fields, declared: Mapping[str, Fields]) -> dict[str, Parameter | Secret]:
    """Secrets as variables: ECS has no files of secrets."""
    node = fields.node("secrets")
    found: dict[str, Parameter | Secret] = {}
    for item in node.items if node is not None else ():
        inner = Fields(item, fields.ledger) if isinstance(item.value, dict) else None
        source = inner.text("source") if inner is not None else text_of(item)
        if inner is not None:
            inner.leave_out(dict.fromkeys(("uid", "gid", "mode", "target"), ("there is no file", "nothing to do")))
        if source is None or source not in declared:
            fields.ledger.leave_out(item, "the file declares no such secret", "correct it, and run the command again")
            continue
        variable = re.sub(r"\W", "_", source, flags=re.ASCII).upper()
        fields.ledger.check(
            item,
            f"ECS hands secrets over as variables, and mounts no /run/secrets/{source}",
            f"let the application read the variable {variable}",
        )
        declared[source].carry("name", "external")
        found[variable] = Secret(declared[source].text("name") or source)
    return found


def _health_check(fields: Fields) -> HealthCheck | None:
    section = fields.section("healthcheck")
    if section is None:
        return None
    section.leave_out({"start_interval": ("ECS has one interval", "nothing to do")})
    node = section.node("test")
    if section.flag("disable") or node is None:
        return None
    words = section.words("test") if isinstance(node.value, list) else None
    text = None if isinstance(node.value, list) else section.text("test")
    command = words or (("CMD-SHELL", text) if text else ())
    if command[:1] == ("NONE",) or not command:
        return None
    if command[0] not in {"CMD", "CMD-SHELL"}:
        section.drop("test", "a list begins with CMD, CMD-SHELL or NONE", "correct it, and run the command again")
        return None
    return health_check(section, command)


def _ulimits(fields: Fields) -> tuple[Ulimit, ...]:
    found: list[Ulimit] = []
    for section, name, node in fields.each("ulimits"):
        if name not in _LIMITS:
            section.drop(name, "ECS has no such limit", "leave it out")
            continue
        if isinstance(node.value, dict):
            inner = Fields(node, section.ledger)
            soft, hard = inner.number("soft", minimum=-1), inner.number("hard", minimum=-1)
        else:
            soft = hard = number_of(node, -1, 2**31 - 1)
            section.carry(name)
        if soft is None or hard is None:
            section.drop(name, "it has no two figures", "correct it, and run the command again")
        else:
            found.append(Ulimit(name=name.upper(), soft=soft, hard=hard))
    return tuple(found)


def _labels(fields: Fields) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, node, value in pairs(fields, "labels"):
        fields.ledger.carry(node)
        found[name] = value or ""
    return found


def _sysctls(fields: Fields) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, node, value in pairs(fields, "sysctls"):
        if not _SYSTEM.fullmatch(name) or value is None:
            fields.ledger.leave_out(node, "it is not a parameter of a container", "leave it out")
        else:
            fields.ledger.carry(node)
            found[name] = value
    return found


def _capabilities(fields: Fields, key: str) -> tuple[str, ...]:
    node = fields.node(key)
    found: list[str] = []
    for item in node.items if node is not None else ():
        name = (text_of(item) or "").upper().removeprefix("CAP_")
        if name not in _CAPABILITIES:
            fields.ledger.leave_out(item, "CDK knows no such capability", "leave it out")
        elif key == "cap_add" and name != "SYS_PTRACE":
            fields.ledger.leave_out(
                item, "Fargate grants SYS_PTRACE alone", "use LoadBalancedEc2Service, or leave it out"
            )
        else:
            fields.ledger.carry(item)
            found.append(name)
    return tuple(found)


def _absolute(fields: Fields, name: str) -> str | None:
    text = fields.text(name)
    if text is not None and not text.startswith("/"):
        fields.drop(name, "it is not an absolute path", "write it in full")
        return None
    return text

"""Containers, images, secrets and volumes of a Copilot manifest."""

from __future__ import annotations

import re
from dataclasses import replace

from ecr_fargate_constructs._rules.checks import is_environment_file
from ecr_fargate_constructs._rules.secret_names import seems_secret
from ecr_fargate_constructs.tools.migrate.bounds import Bound, bounded
from ecr_fargate_constructs.tools.migrate.errors import MigrationError
from ecr_fargate_constructs.tools.migrate.fields import Fields, text_of
from ecr_fargate_constructs.tools.migrate.images import build_args, build_paths, image_named
from ecr_fargate_constructs.tools.migrate.model import (
    Build,
    Container,
    HealthCheck,
    Image,
    Imported,
    Mount,
    Parameter,
    Secret,
    SidecarContainer,
    Volume,
)
from ecr_fargate_constructs.tools.migrate.values import ENV_FILE, SECRET_VARIABLE

CONDITIONS = ("start", "healthy", "complete", "success")
_ARN = re.compile(
    r"arn:aws[\w-]*:(?P<service>ssm|secretsmanager):[a-z0-9-]*:\d*:(?P<kind>parameter|secret)[:/](?P<name>.+)"
)
_VERSION = re.compile(r":(?:[^:]+:[^:]*|:[^:]+)$")
_CONTAINER_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NEW_FILES = ("the program creates a new and empty file system", "copy the files with AWS DataSync")
_VOLUME_PATH = re.compile(r"/[\w./-]*[\w.-][\w./-]*")


def image(fields: Fields, *, arm: bool, credentials_arn: str | None = None) -> Image:
    """Return the image, built or named.

    Raises:
        MigrationError: The manifest has no image.
    """
    location = fields.node("location")
    if location is not None and "build" not in fields:
        name, credentials = fields.text("location"), fields.text("credentials")
        return image_named(name or "", location, credentials_arn=credentials or credentials_arn)
    build = fields.node("build")
    if build is None:
        raise MigrationError(f"{fields.mapping.place} has neither build nor location", line=fields.mapping.line)
    fields.leave_out({"location": ("the manifest also has build, which takes precedence", "keep one of the two")})
    fields.leave_out({"credentials": ("the image is built, and pulled with the execution role", "nothing to do")})
    if isinstance(build.value, dict):
        return _build(Fields(build, fields.ledger), arm=arm)
    text = fields.text("build") or "Dockerfile"
    directory, _, dockerfile = text.rpartition("/")
    where, inside = build_paths(directory or ".", dockerfile)
    return Build(directory=where, dockerfile=inside or "Dockerfile", arm=arm)


def _build(fields: Fields, *, arm: bool) -> Build:
    dockerfile, context = fields.text("dockerfile"), fields.text("context")
    if context is None:
        context, _, dockerfile = (dockerfile or "Dockerfile").rpartition("/")
    elif dockerfile is not None:
        dockerfile = _inside(context, dockerfile)
    directory, inside = build_paths(context or ".", dockerfile)
    if inside is None:
        fields.drop("dockerfile", "it is outside of the context", "move it into the context")
    return Build(
        directory=directory,
        dockerfile=inside or "Dockerfile",
        target=fields.text("target"),
        args=build_args(fields),
        cache_from=fields.texts("cache_from"),
        arm=arm,
    )


def _inside(context: str, dockerfile: str) -> str:
    """Return a path from the context: Copilot's paths begin at the workspace, the library's at the context."""
    begin = context.removeprefix("./").rstrip("/")
    path = dockerfile.removeprefix("./")
    if begin in {"", "."}:
        return path
    return path.removeprefix(f"{begin}/") if path.startswith(f"{begin}/") else f"../{path}"


def container(
    fields: Fields, image_fields: Fields, chosen: Image, *, main: bool, volumes: dict[str, Volume]
) -> Container:
    """Return a container: the main one from the top level of the manifest, or a sidecar from its section."""
    own = image_fields if main else fields
    depends_on = _depends_on(image_fields if main else fields)
    if not main and image_fields.mapping is not fields.mapping:
        depends_on |= _depends_on(image_fields)
    labels = {**_labels(image_fields), **({} if main else _labels(fields))}
    return Container(
        image=chosen,
        environment=_variables(fields),
        secrets=_secrets(fields),
        environment_files=_env_file(fields),
        command=fields.words("command"),
        entry_point=fields.words("entrypoint"),
        health_check=_health_check(own),
        depends_on=depends_on,
        labels=labels,
        mounts=() if main else _mount_points(fields, volumes),
    )


def _env_file(fields: Fields) -> tuple[str, ...]:
    file = fields.text("env_file")
    if file is None:
        return ()
    if not is_environment_file(file):
        fields.drop("env_file", *ENV_FILE)
        return ()
    return (file if file.startswith(("/", ".")) else f"./{file}",)


def _labels(fields: Fields) -> dict[str, str]:
    return {key: section.text(key) or "" for section, key, _ in fields.each("labels")}


def _depends_on(fields: Fields) -> dict[str, str]:
    conditions: dict[str, str] = {}
    for section, name, _ in fields.each("depends_on"):
        condition = section.text(name)
        if condition is None:
            continue
        if condition.lower() not in CONDITIONS:
            section.drop(name, f"{condition} is not a condition", f"use one of {', '.join(CONDITIONS)}")
        else:
            conditions[name] = condition.lower()
    return conditions


def _variables(fields: Fields) -> dict[str, str | Imported]:
    variables: dict[str, str | Imported] = {}
    for section, name, node in fields.each("variables"):
        export = Fields(node, fields.ledger).text("from_cfn") if isinstance(node.value, dict) else None
        if export is not None:
            variables[name] = Imported(export)
        elif (value := text_of(node)) and seems_secret(name, value):
            section.drop(name, *SECRET_VARIABLE)
        else:
            text = section.text(name)
            if text is not None:
                variables[name] = text
    return variables


def _secrets(fields: Fields) -> dict[str, Parameter | Secret]:
    secrets: dict[str, Parameter | Secret] = {}
    for section, name, node in fields.each("secrets"):
        if isinstance(node.value, dict):
            inner = Fields(node, fields.ledger)
            inner.leave_out(
                {
                    "from_cfn": (
                        "another stack exports it",
                        "read it with cdk.Fn.import_value(…), and import the secret by that value",
                    )
                }
            )
            text = inner.text("secretsmanager")
            if text == "":
                inner.drop("secretsmanager", "it is empty", "name the secret")
            if text:
                secrets[name] = _secret(text)
                if _VERSION.search(text):
                    inner.check(
                        "secretsmanager",
                        "the current version is read",
                        "nothing to do, unless you pinned one",
                    )
            continue
        text = section.text(name)
        if text == "":
            section.drop(name, "it is empty", "name the parameter")
        if text:
            secrets[name] = _secret(text) if ":secretsmanager:" in text else _parameter(text)
    return secrets


def _parameter(text: str) -> Parameter:
    match = _ARN.fullmatch(text)
    if match is None or match["service"] != "ssm":
        return Parameter(text)
    # In an ARN the slash before a name with a path belongs to "parameter/".
    return Parameter(f"/{match['name']}" if "/" in match["name"] else match["name"])


def _secret(text: str) -> Secret:
    """Return a secret by its name or ARN; a suffix ``:field:stage:version`` names a field of a JSON secret."""
    arn = _ARN.fullmatch(text)
    begin, rest = (text[: arn.start("name")], arn["name"]) if arn is not None else ("", text)
    name, _, version = rest.partition(":")
    return Secret(begin + name, version.partition(":")[0] or None)


def _health_check(fields: Fields) -> HealthCheck | None:
    section = fields.section("healthcheck")
    if section is None:
        return None
    command = section.words("command")
    if not command:
        section.drop("command", "it is empty", "write a command")
        return None
    if command[0] not in {"CMD", "CMD-SHELL"}:
        command = ("CMD", *command)
    return health_check(section, command)


def health_check(section: Fields, command: tuple[str, ...]) -> HealthCheck:
    """Return a container's health check, with its numbers within the bounds of HealthCheck in the Amazon ECS API."""
    interval = bounded(section, "interval", Bound(5, 300))
    timeout = bounded(section, "timeout", Bound(2, 60))
    if timeout is not None and timeout >= (interval or 30):
        limit = (interval or 30) - 1
        section.check(
            "timeout",
            f"it has to be shorter than the interval, so the program has {limit} seconds",
            "check that this is acceptable",
        )
        timeout = limit
    return HealthCheck(
        command=command,
        interval=interval,
        timeout=timeout,
        retries=bounded(section, "retries", Bound(1, 10), unit=""),
        start_period=bounded(section, "start_period", Bound(0, 300)),
    )


def volumes(storage: Fields | None, *, owner: str) -> tuple[dict[str, Volume], tuple[Mount, ...]]:
    """Return the volumes of ``storage``, and their mounts in the main container."""
    by_name: dict[str, Volume] = {}
    mounts: list[Mount] = []
    for section, name, node in storage.each("volumes") if storage is not None else ():
        if not isinstance(node.value, dict) or not _CONTAINER_NAME.fullmatch(name):
            section.drop(name, "it is not a volume", "correct it, and run the command again")
            continue
        fields = Fields(node, section.ledger)
        volume = _volume(name, fields, owner)
        if volume is None:
            continue
        by_name[name] = volume
        mount = _mount(fields, volume)
        if mount is not None:
            mounts.append(mount)
    return by_name, tuple(mounts)


def _mount(fields: Fields, volume: Volume) -> Mount | None:
    path, read_only = fields.text("path"), fields.flag("read_only")
    if path is None:
        return None
    if not _VOLUME_PATH.fullmatch(path):
        fields.drop("path", "it is not an absolute path in a container", "correct it, and run the command again")
        return None
    return Mount(path=path, volume=volume, read_only=volume.efs if read_only is None else read_only)


def _volume(name: str, fields: Fields, owner: str) -> Volume | None:
    efs = fields.node("efs")
    if efs is None:
        return Volume(name=name, owner=owner)
    if isinstance(efs.value, dict):
        inner = Fields(efs, fields.ledger)
        if "id" in inner:
            fields.ledger.leave_out(
                fields.mapping,
                "the file system exists, and the manifest does not have its security group, which CDK needs",
                "import it with efs.FileSystem.from_file_system_attributes(…), then Mount(path, EfsVolume(…))",
            )
            return None
        fields.check("efs", *_NEW_FILES)
        return Volume(
            name=name,
            owner=owner,
            efs=True,
            uid=inner.number("uid", maximum=2**32 - 1),
            gid=inner.number("gid", maximum=2**32 - 1),
        )
    if fields.flag("efs") is not True:
        return Volume(name=name, owner=owner)
    fields.check("efs", *_NEW_FILES)
    return Volume(name=name, owner=owner, efs=True)


def _mount_points(fields: Fields, by_name: dict[str, Volume]) -> tuple[Mount, ...]:
    points = fields.node("mount_points")
    mounts: list[Mount] = []
    for item in points.items if points is not None else ():
        if not isinstance(item.value, dict):
            continue
        point = Fields(item, fields.ledger)
        name = point.text("source_volume")
        volume = by_name.get(name or "")
        if volume is None:
            fields.ledger.leave_out(item, "its volume is not in the program", "see the volume in storage.volumes")
            continue
        mount = _mount(point, volume)
        if mount is not None:
            mounts.append(mount)
    return tuple(mounts)


def sidecars(fields: Fields, *, main: str, arm: bool, volumes: dict[str, Volume]) -> tuple[SidecarContainer, ...]:
    """Return the sidecars."""
    containers: list[SidecarContainer] = []
    for section, name, node in fields.each("sidecars"):
        if not isinstance(node.value, dict) or not _CONTAINER_NAME.fullmatch(name) or name == "web":
            section.drop(name, "it is not a container, or its name is web, which is taken", "rename it")
            continue
        inner = Fields(node, section.ledger)
        containers.append(_sidecar(name, inner, main=main, arm=arm, volumes=volumes))
    return tuple(containers)


def _sidecar(name: str, fields: Fields, *, main: str, arm: bool, volumes: dict[str, Volume]) -> SidecarContainer:
    node = fields.node("image")
    if node is None:
        raise MigrationError(f"{fields.mapping.place} has no image", line=fields.mapping.line)
    credentials = fields.text("credentialsParameter") if "credentialsParameter" in fields else None
    if isinstance(node.value, dict):
        image_fields = Fields(node, fields.ledger)
        chosen = image(image_fields, arm=arm, credentials_arn=credentials)
    else:
        image_fields, chosen = fields, image_named(fields.text("image") or "", node, credentials_arn=credentials)
    beside = container(fields, image_fields, chosen, main=False, volumes=volumes)
    essential = fields.flag("essential")
    port = fields.node("port")
    number = None
    if port is not None:
        first, _, protocol = (text_of(port) or "").partition("/")
        valid = first.isascii() and first.isdigit() and 0 < int(first) < 65536 and protocol in {"", "tcp"}  # noqa: PLR2004 - ports
        number = int(first) if valid else None
        if number is None:
            fields.drop("port", "it is not a TCP port", "add it to .task_definition.find_container(…)")
        else:
            fields.carry("port")
    depends_on = {"web" if each == main else each: condition for each, condition in beside.depends_on.items()}
    return SidecarContainer(
        name=name,
        container=replace(beside, depends_on=depends_on),
        essential=True if essential is None else essential,
        port=number,
    )

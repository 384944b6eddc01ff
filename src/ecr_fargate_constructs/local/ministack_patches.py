"""Everything that MiniStack lacks for our templates: in one place, with ``ministack_types`` for the resource types.

Written for MiniStack 1.5.33. These patches reach into a third-party package: each names what it expects to find, and
``apply`` fails with that name when a newer version has moved it. Only what is missing is added, so a version that has
learnt it is left alone. All of it is meant to be offered upstream.
"""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from ecr_fargate_constructs.local.ministack_types import ADDED_TYPES, WRITTEN_FOR, MovedError
from ecr_fargate_constructs.local.ministack_types import Module as _Module
from ecr_fargate_constructs.local.ministack_types import Properties as _Properties
from ecr_fargate_constructs.local.ministack_types import add_missing_types as _add_missing_types
from ecr_fargate_constructs.local.ministack_types import find as _find

__all__ = ["ADDED_TYPES", "WRITTEN_FOR", "MovedError", "accept_absolute_targets", "apply"]

_Message: TypeAlias = MutableMapping[str, Any]
_Application: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]

_TASK_ARN = 5  # of the arguments that follow the container's and the task's definition
_REGISTRY_NAME = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)


def apply(*, endpoint: str, rewrite_pulls: bool) -> frozenset[str]:
    """Patch the MiniStack of this process, and say which CloudFormation types it knows then.

    Args:
        endpoint: Where this MiniStack will answer, for example ``http://localhost:4566``.
        rewrite_pulls: Whether the engine has to be asked for ``localhost`` instead of AWS's name of the registry:
            docker has no registry map.

    Raises:
        MovedError: MiniStack's inside has moved.
    """
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    handlers = _find(provisioners, "_RESOURCE_HANDLERS")
    ec2, ecs = import_module("ministack.services.ec2"), import_module("ministack.services.ecs")
    _add_missing_types(handlers, ec2, ecs, _find(provisioners, "_ec2_sg_permissions"))
    _read_secrets_of_containers(provisioners)
    _refer_to_secrets_by_arn(handlers, import_module("ministack.services.secretsmanager"))
    _say_image_not_found(import_module("ministack.services.ecr"))
    _ask_own_registry_for_digests(endpoint)
    _publish_on_loopback()
    _share_the_network_of_a_task(import_module("ministack.services.ecs"))
    _remove_joined_containers_first(import_module("ministack.core.container_reaper"))
    if rewrite_pulls:
        _pull_from_localhost(endpoint)
    application = import_module("ministack.app")
    application.app = accept_absolute_targets(_find(application, "app"))  # type: ignore[attr-defined]
    return frozenset(handlers)


def _read_secrets_of_containers(provisioners: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Containers get their secrets by the names of the API; MiniStack leaves those of a template as they are."""
    normalize, lower = _find(provisioners, "_normalize_container_defs"), _find(provisioners, "_cfn_to_camel")

    def normalize_container_defs(definitions: list[_Properties]) -> list[_Properties]:
        found: list[_Properties] = normalize(definitions)
        for each in found:
            each["secrets"] = [
                {lower(name): value for name, value in secret.items()} for secret in each.get("secrets") or []
            ]
        return found

    provisioners._normalize_container_defs = normalize_container_defs  # noqa: SLF001


def _refer_to_secrets_by_arn(handlers: dict[str, Any], secretsmanager: _Module) -> None:
    """``Ref`` of a secret is its ARN in AWS; MiniStack's is the name, which ECS takes for a parameter's."""
    kept, handler = _find(secretsmanager, "_secrets"), handlers.get("AWS::SecretsManager::Secret")
    if handler is None:
        raise MovedError("type AWS::SecretsManager::Secret")

    def name_of(arn: str) -> str:
        return next((name for name, secret in kept.items() if secret["ARN"] == arn), arn)

    def create(*arguments: Any) -> tuple[str, _Properties]:  # noqa: ANN401
        _, attributes = handler["create"](*arguments)
        return attributes["Arn"], attributes

    def update(arn: str, *arguments: Any, **options: Any) -> tuple[str, _Properties]:  # noqa: ANN401
        _, attributes = handler["update"](name_of(arn), *arguments, **options)
        return attributes["Arn"], attributes

    def delete(arn: str, properties: _Properties) -> None:
        handler["delete"](name_of(arn), properties)

    handlers["AWS::SecretsManager::Secret"] = {**handler, "create": create, "update": update, "delete": delete}


def _say_image_not_found(ecr: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """An unknown tag is an error in AWS; MiniStack's empty list makes the CDK command line believe it is there."""
    describe, find = _find(ecr, "_describe_images"), _find(ecr, "_find_image")
    repositories, error = _find(ecr, "_repositories"), _find(ecr, "error_response_json")

    def describe_images(request: _Properties) -> object:
        name = request.get("repositoryName", "")
        for image in request.get("imageIds") or []:
            if name in repositories and not find(name, image):
                message = f"The image with imageId {image} does not exist within the repository with name '{name}'"
                return error("ImageNotFoundException", message, 400)
        return describe(request)

    ecr._describe_images = describe_images  # noqa: SLF001 - what this module is for


def _ask_own_registry_for_digests(endpoint: str) -> None:
    """ECS pins an image's digest through an engine call that podman does not serve: ask the registry itself."""
    images = import_module("docker.models.images").ImageCollection
    original = _find(images, "get_registry_data")

    def get_registry_data(self: object, name: str, auth_config: object = None) -> object:
        host, _, rest = name.partition("/")
        if not _REGISTRY_NAME.fullmatch(host):
            return original(self, name, auth_config)
        repository, _, tag = rest.rpartition(":")
        request = urllib.request.Request(  # noqa: S310 - our own endpoint
            f"{endpoint}/v2/{repository}/manifests/{tag}", method="HEAD", headers={"Host": host, "Accept": _MANIFESTS}
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            return SimpleNamespace(id=answer.headers["Docker-Content-Digest"])

    images.get_registry_data = get_registry_data


def _publish_on_loopback() -> None:
    """Ports that a container publishes (bridge networks) would be open on every interface of this machine."""
    containers = import_module("docker.models.containers").ContainerCollection
    run = _find(containers, "run")

    def run_on_loopback(self: object, image: object, *arguments: object, **options: Any) -> object:  # noqa: ANN401
        ports = options.get("ports") or {}
        options["ports"] = {
            inside: ("127.0.0.1", outside) if isinstance(outside, int) else outside for inside, outside in ports.items()
        } or None
        return run(self, image, *arguments, **options)

    containers.run = run_on_loopback


def _share_the_network_of_a_task(ecs: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Containers of a task reach each other on ``localhost``: MiniStack gives each a network of its own.

    The first one has the task's network, and the others join it. It also starts containers by their image alone; their
    entry point and working directory are passed on here. An engine does not remove a container that others have
    joined: they go in reverse. When an essential container exits, MiniStack forgets the others, which would run on.
    """
    build, cleanup = _find(ecs, "_build_run_kwargs"), _find(ecs, "_cleanup_task_resources")
    tasks, client_of, remove = _find(ecs, "_tasks"), _find(ecs, "_get_docker"), _find(ecs, "_remove_docker_container")

    def build_run_kwargs(container: _Properties, task_definition: _Properties, *rest: Any) -> _Properties:  # noqa: ANN401
        options: _Properties = build(container, task_definition, *rest)
        options["entrypoint"] = container.get("entryPoint") or None
        options["working_dir"] = container.get("workingDirectory") or None
        first = (tasks.get(rest[_TASK_ARN]) or {}).get("_docker_ids")
        if task_definition.get("networkMode") == "awsvpc" and first:
            for option in ("network", "ports", "extra_hosts"):
                options.pop(option, None)
            options["network_mode"] = f"container:{first[0]}"
        return options

    def cleanup_task_resources(task: _Properties, client: Any, extra_container: Any = None) -> None:  # noqa: ANN401
        started = task["_docker_ids"] = list(reversed(task.get("_docker_ids") or []))
        cleanup(task, client, extra_container)
        if client is None and len(started) > 1:
            for identifier in started:
                remove(client_of(), identifier)

    ecs._build_run_kwargs, ecs._cleanup_task_resources = build_run_kwargs, cleanup_task_resources  # noqa: SLF001


def _remove_joined_containers_first(reaper: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Emptying everything removes containers at once, and an engine refuses while others are joined to one."""
    drop = _find(reaper, "drop_containers")

    def drop_containers(containers: list[Any], **options: Any) -> int:  # noqa: ANN401
        joined = [each for each in containers if each.attrs["HostConfig"]["NetworkMode"].startswith("container:")]
        rest = [each for each in containers if each not in joined]
        return int(drop(joined, **options)) + int(drop(rest, **options))

    reaper.drop_containers = drop_containers


def _pull_from_localhost(endpoint: str) -> None:
    """Ask docker for the name under which the registry answers. Not tried: it was written without a Docker engine."""
    local = endpoint.removeprefix("http://")
    images = import_module("docker.models.images").ImageCollection
    containers = import_module("docker.models.containers").ContainerCollection
    pull, run = _find(images, "pull"), _find(containers, "run")

    def here(name: object) -> object:
        if not isinstance(name, str):
            return name
        host, slash, rest = name.partition("/")
        return f"{local}/{rest}" if slash and _REGISTRY_NAME.fullmatch(host) else name

    def pull_here(self: object, repository: str, *arguments: object, **options: object) -> object:
        return pull(self, here(repository), *arguments, **options)

    def run_here(self: object, image: object, *arguments: object, **options: object) -> object:
        return run(self, here(image), *arguments, **options)

    images.pull, containers.run = pull_here, run_here


def accept_absolute_targets(application: _Application) -> _Application:
    """Let an application be its own forward proxy: servers must accept absolute request targets (RFC 9112, 3.2.2).

    The copy function reaches the registry by AWS's name through ``HTTP_PROXY``, which then is MiniStack itself.
    """

    async def proxy(
        scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("http://", "https://")):
            scope = {
                **scope,
                "path": urlsplit(scope["path"]).path or "/",
                "raw_path": (urlsplit(scope["raw_path"]).path or b"/"),
            }
        if scope["type"] == "http" and scope["path"].startswith("/v2/"):
            print(f"registry: {scope['method']} {scope['path']}", flush=True)
        await application(scope, receive, send)

    return proxy

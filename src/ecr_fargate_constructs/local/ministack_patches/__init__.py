"""Everything that MiniStack lacks for our templates.

Resource types are in ``types``, tasks of several containers in ``tasks``, health checks in ``health``, questions about
stacks in ``stacks``.

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

from ecr_fargate_constructs.local.ministack_patches import tasks as task_patches
from ecr_fargate_constructs.local.ministack_patches.health import check_targets, wait_for_health
from ecr_fargate_constructs.local.ministack_patches.inside import WRITTEN_FOR, MovedError
from ecr_fargate_constructs.local.ministack_patches.inside import find as _find
from ecr_fargate_constructs.local.ministack_patches.stacks import answer_when_settled
from ecr_fargate_constructs.local.ministack_patches.types import ADDED_TYPES, add_missing_types

__all__ = ["ADDED_TYPES", "WRITTEN_FOR", "MovedError", "accept_absolute_targets", "apply"]

_Properties: TypeAlias = dict[str, Any]
_Message: TypeAlias = MutableMapping[str, Any]
_Application: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]

_REGISTRY_NAME = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
_HOTSWAPPED = re.compile(r"^(\d{12}\.dkr\.ecr\.[a-z0-9-]+)\.localhost/")
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
    add_missing_types(handlers, ec2, ecs, _find(provisioners, "_ec2_sg_permissions"))
    task_patches.read_secrets_of_containers(provisioners)
    task_patches.refer_to_secrets_by_arn(handlers, import_module("ministack.services.secretsmanager"))
    _accept_alarms_on_expressions(provisioners)
    _say_image_not_found(import_module("ministack.services.ecr"))
    _refuse_taken_tags(import_module("ministack.services.ecr"))
    _name_hotswapped_images(import_module("ministack.services.ecs"))
    _ask_own_registry_for_digests(endpoint)
    _publish_on_loopback()
    task_patches.share_the_network_of_a_task(import_module("ministack.services.ecs"))
    task_patches.remove_joined_containers_first(import_module("ministack.core.container_reaper"))
    alb = import_module("ministack.services.alb")
    check_targets(alb, _find)
    wait_for_health(ecs, alb, _find)
    answer_when_settled(import_module("ministack.services.cloudformation"))
    if rewrite_pulls:
        _pull_from_localhost(endpoint)
    application = import_module("ministack.app")
    application.app = accept_absolute_targets(_find(application, "app"))  # type: ignore[attr-defined]
    return frozenset(handlers)


def _accept_alarms_on_expressions(provisioners: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Alarms on metric math are refused; let them exist, on a metric that nobody writes, and say that they are mute."""
    record = _find(provisioners, "_cw_metric_alarm_record")

    def take_note(name: str, properties: _Properties) -> object:
        if properties.get("Metrics"):
            print(f"not emulated: the alarm {name} is on an expression, and never goes off", flush=True)
            properties = {key: value for key, value in properties.items() if key != "Metrics"}
            properties |= {"Namespace": "NotEmulated", "MetricName": name}
        return record(name, properties)

    provisioners._cw_metric_alarm_record = take_note  # noqa: SLF001 - what this module is for


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


def _refuse_taken_tags(ecr: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """AWS refuses a second push of an immutable tag, of the same image too (containers-roadmap#2179)."""
    put, images = _find(ecr, "_v2_put_manifest"), _find(ecr, "_images")
    repositories, error = _find(ecr, "_repositories"), _find(ecr, "_registry_error")

    def put_manifest(name: str, ref: str, headers: _Properties, body: object) -> object:
        immutable = name in repositories and repositories[name].get("imageTagMutability") == "IMMUTABLE"
        if immutable and any(ref in image.get("imageTags", ()) for image in images.get(name, ())):
            message = (
                f"The image tag '{ref}' already exists in the '{name}' repository and cannot be overwritten because "
                "the repository is immutable."
            )
            return error(400, "TAG_INVALID", message, {"tag": ref})
        return put(name, ref, headers, body)

    ecr._v2_put_manifest = put_manifest  # noqa: SLF001 - what this module is for


def _name_hotswapped_images(ecs: object) -> None:
    """A hotswap works out AWS's domain from the endpoint, which here is localhost; give images their name back."""
    actions = _find(ecs, "_ACTION_MAP")
    if "RegisterTaskDefinition" not in actions:
        raise MovedError("ministack.services.ecs._ACTION_MAP['RegisterTaskDefinition']")
    register = actions["RegisterTaskDefinition"]

    def register_task_definition(request: _Properties) -> object:
        for container in request.get("containerDefinitions") or []:
            container["image"] = _HOTSWAPPED.sub(r"\1.amazonaws.com/", container.get("image", ""))
        return register(request)

    actions["RegisterTaskDefinition"] = register_task_definition


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

    The copy function reaches the registry by AWS's name through ``HTTP_PROXY``, which then is MiniStack itself. What
    the registry is asked, and how much it is brought, goes to the log.
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
        if scope["type"] != "http" or not scope["path"].startswith("/v2/"):
            await application(scope, receive, send)
            return
        request = f"registry: {scope['method']} {scope['path']}"
        print(request, flush=True)
        arrived = 0

        async def count() -> _Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            return message

        await application(scope, count, send)
        if arrived:
            print(f"{request} brought {arrived} bytes", flush=True)

    return proxy

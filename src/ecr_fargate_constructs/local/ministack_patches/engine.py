"""Change MiniStack's calls to the container engine where the engine or this machine differs from AWS.

Written for MiniStack 1.5.33, and applied by ``ministack_patches``.
"""

from __future__ import annotations

import base64
import re
import urllib.request
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from ecr_fargate_constructs.local.ministack_patches.accounts import REGISTRY_NAME
from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, Properties, find

_HOTSWAPPED = re.compile(r"^(\d{12}\.dkr\.ecr\.[a-z0-9-]+)\.localhost/")
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)


def name_hotswapped_images(ecs: object) -> None:
    """Restore the image names of hotswaps, which derive AWS's domain from the endpoint, here localhost."""
    actions = find(ecs, "_ACTION_MAP")
    if "RegisterTaskDefinition" not in actions:
        raise MovedError("ministack.services.ecs._ACTION_MAP['RegisterTaskDefinition']")
    register = actions["RegisterTaskDefinition"]

    def register_task_definition(request: Properties) -> object:
        for container in request.get("containerDefinitions") or []:
            container["image"] = _HOTSWAPPED.sub(r"\1.amazonaws.com/", container.get("image", ""))
        return register(request)

    actions["RegisterTaskDefinition"] = register_task_definition


def ask_own_registry_for_digests(endpoint: str, password: str) -> None:
    """Get the digests of images from the registry: ECS uses a call of the engine that podman does not have."""
    images = import_module("docker.models.images").ImageCollection
    original = find(images, "get_registry_data")
    login = base64.b64encode(f"AWS:{password}".encode()).decode()

    def get_registry_data(self: object, name: str, auth_config: object = None) -> object:
        host, _, rest = name.partition("/")
        if not REGISTRY_NAME.fullmatch(host):
            return original(self, name, auth_config)
        repository, _, tag = rest.rpartition(":")
        request = urllib.request.Request(  # noqa: S310 - the embedded AWS itself
            f"{endpoint}/v2/{repository}/manifests/{tag}",
            method="HEAD",
            headers={"Host": host, "Accept": _MANIFESTS, "Authorization": f"Basic {login}"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            return SimpleNamespace(id=answer.headers["Docker-Content-Digest"])

    images.get_registry_data = get_registry_data


def log_in_to_own_registry(endpoint: str, password: str, *, podman: bool) -> None:
    """Give the engine the login of the private registry for the images of tasks.

    podman maps AWS's host name of the registry to the local one, and does not send a login there that was given for
    AWS's name. It accepts logins by host name instead, which Docker does not.
    """
    images = import_module("docker.models.images").ImageCollection
    pull, own = find(images, "pull"), endpoint.removeprefix("http://")
    login = {"username": "AWS", "password": password}

    def pull_with_login(self: object, repository: str, *arguments: object, **options: Any) -> object:  # noqa: ANN401
        host = repository.partition("/")[0]
        if host == own or REGISTRY_NAME.fullmatch(host):
            options["auth_config"] = {own: login} if podman else login
        return pull(self, repository, *arguments, **options)

    images.pull = pull_with_login


def publish_on_loopback() -> None:
    """Publish the ports of containers in bridge networks on loopback only, instead of on every interface."""
    containers = import_module("docker.models.containers").ContainerCollection
    run = find(containers, "run")

    def run_on_loopback(self: object, image: object, *arguments: object, **options: Any) -> object:  # noqa: ANN401
        ports = options.get("ports") or {}
        options["ports"] = {
            port: ("127.0.0.1", host_port) if isinstance(host_port, int) else host_port
            for port, host_port in ports.items()
        } or None
        return run(self, image, *arguments, **options)

    containers.run = run_on_loopback


def use_local_names(endpoint: str, *, mapped: str = "") -> None:
    """Make the engine pull and run images of private registries by the address of the registry on this machine.

    Docker cannot map registries; that part is untested, since it was written without a Docker engine. Podman maps only
    those of the instance's own account: which others are used is not known when the instance starts.

    Args:
        endpoint: URL of the embedded AWS.
        mapped: Account whose registries the engine maps by itself; none by default.
    """
    local = endpoint.removeprefix("http://")
    models = import_module("docker.models.images")
    images, image = models.ImageCollection, models.Image
    containers = import_module("docker.models.containers").ContainerCollection
    pull, get, tag = find(images, "pull"), find(images, "get"), find(image, "tag")
    run = find(containers, "run")

    def local_name(name: object) -> object:
        host, slash, _ = str(name).partition("/")
        there = isinstance(name, str) and slash and REGISTRY_NAME.fullmatch(host)
        return f"{local}/{name}" if there and host.partition(".")[0] != mapped else name

    def pull_local(self: object, repository: str, *arguments: object, **options: object) -> object:
        return pull(self, local_name(repository), *arguments, **options)

    def get_local(self: object, name: str) -> object:
        return get(self, local_name(name))

    def run_local(self: object, used: object, /, *arguments: object, **options: object) -> object:
        return run(self, local_name(used), *arguments, **options)

    def tag_local(self: object, repository: str, *arguments: object, **options: object) -> object:
        return tag(self, local_name(repository), *arguments, **options)

    images.pull, images.get, image.tag, containers.run = pull_local, get_local, tag_local, run_local

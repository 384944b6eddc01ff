"""Start a task only if it reaches its secrets, registry and log service. Written for MiniStack 1.5.33.

On Fargate the task's own interface is used to read secrets, to log in to the registry, to create log streams and to
pull images. MiniStack and the engine of this machine do that without a VPC. Here the networks decide first, and the
task stops with the reason that ECS gives: developer guide, "Amazon ECS stopped tasks error messages". ECS waits minutes
for a connection that cannot be made; here the task stops at once.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.networks.state import name_of, service_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.ministack_patches.networks.state import State
    from ecr_fargate_constructs.local.networks import Blocked
    from ecr_fargate_constructs.local.networks.barriers import Barriers

_Properties: TypeAlias = dict[str, Any]

_PRIVATE = re.compile(
    r"(?P<host>\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)/(?P<name>[^:@]+)(?P<reference>.*)"
)
_TIMEOUT = "dial tcp 192.0.2.1:443: i/o timeout"  # an address for documentation, RFC 5737
_INITIALIZATION = "ResourceInitializationError: unable to pull secrets or registry auth: "
_SECRETS = (
    _INITIALIZATION
    + "unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets "
    "Manager. Check your task network configuration. failed to fetch secret {} from secrets manager: operation error "
    "Secrets Manager: GetSecretValue, https response error StatusCode: 0, RequestID: , canceled, context deadline "
    "exceeded"
)
_PARAMETERS = (
    _INITIALIZATION
    + "unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There "
    "is a connection issue between the task and AWS Systems Manager Parameter Store. Check your task network "
    "configuration. RequestCanceled: request context canceled caused by: context deadline exceeded"
)
_LOGIN = (
    _INITIALIZATION
    + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task "
    "and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post "
    f'"https://api.ecr.{{}}.amazonaws.com/": {_TIMEOUT}'
)
_LOGS = (
    "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group "
    "defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your "
    "network configuration. : signal: killed"
)
_PULL = (
    "CannotPullContainerError: The task cannot pull {0} from the registry {0}. There is a connection issue between the "
    "task and the registry. Check your task network configuration. : "
)
_MANIFEST = _PULL + f'failed to resolve ref {{0}}: failed to do request: Head "{{1}}": {_TIMEOUT}'
_LAYERS = _PULL + f"failed to copy: httpReadSeeker: failed open: failed to do request: Get {{0}}: {_TIMEOUT}"


class _Need(NamedTuple):
    """Something to reach.

    Attributes:
        destination: Name of a service in names of VPC endpoints, or a host.
        reason: ECS's reason if it cannot be reached.
        internet: Whether it is a host on the internet.
    """

    destination: str
    reason: str
    internet: bool = False


class TaskStarts:
    """Lets a task start only if it can reach what that takes."""

    def __init__(self, state: State, barriers: Barriers) -> None:
        """Look up MiniStack's internals."""
        ecs: Any = import_module("ministack.services.ecs")
        self._state, self._barriers = state, barriers
        self._start, self._fail = find(ecs, "_start_task_worker"), find(ecs, "_fail_task_start")
        ecs._start_task_worker = self.start  # noqa: SLF001 - what this module is for

    def start(self, task: _Properties, definition: _Properties, overrides: object, client: object) -> None:
        """Start a task, or stop it with ECS's reason."""
        if "FARGATE" in (definition.get("requiresCompatibilities") or ()):
            for need in dict.fromkeys(_needs(definition, self._state.region())):
                if self._blocked(task, need) is not None:
                    self._fail(task, client, need.reason)
                    return
        self._start(task, definition, overrides, client)

    def _blocked(self, task: _Properties, need: _Need) -> Blocked | None:
        reachability = self._state.reachability
        decide = reachability.to_internet if need.internet else reachability.to_service
        decisions = (decide(each, need.destination) for each in self._state.interfaces_of_task(task))
        blocked = next((each for each in decisions if each is not None), None)
        return self._barriers.note(name_of(task), need.destination, blocked, service=service_of(task))


def _needs(definition: _Properties, region: str) -> Iterator[_Need]:
    """Yield what a task has to reach, in the order in which ECS tries it."""
    containers = definition.get("containerDefinitions") or []
    for container in containers:
        yield from _secrets(container)
        if container.get("environmentFiles"):
            yield _Need("s3", _INITIALIZATION + f"failed to download env files: context deadline exceeded: {_TIMEOUT}")
    images = [str(each.get("image", "")) for each in containers]
    if any(_PRIVATE.fullmatch(image) for image in images):
        yield _Need("ecr.api", _LOGIN.format(region))
    for container in containers:
        log = container.get("logConfiguration") or {}
        if log.get("logDriver") == "awslogs":
            yield _Need("logs", _LOGS)
    for image in images:
        yield from _pull(image, region)


def _secrets(container: _Properties) -> Iterator[_Need]:
    login = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
    for name in [*(str(each.get("valueFrom", "")) for each in container.get("secrets") or ()), *filter(None, [login])]:
        if "secretsmanager" in name or name == login:
            yield _Need("secretsmanager", _SECRETS.format(name))
        else:
            yield _Need("ssm", _PARAMETERS)


def _pull(image: str, region: str) -> Iterator[_Need]:
    match = _PRIVATE.fullmatch(image)
    if match is None:
        host = _host(image)
        yield _Need(host, _MANIFEST.format(image, f"https://{host}/v2/"), internet=True)
        return
    reference = match["reference"].rpartition("@" if "@" in match["reference"] else ":")[2] or "latest"
    manifest = _MANIFEST.format(image, f"https://{match['host']}/v2/{match['name']}/manifests/{reference}")
    if match["region"] == region:
        yield _Need("ecr.dkr", manifest)
        yield _Need("s3", _LAYERS.format(image))
    else:  # endpoints are for their own region
        yield _Need(match["host"], manifest, internet=True)


def _host(image: str) -> str:
    """Return the host of an image's registry; without one in the name it is Docker Hub."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first) else "registry-1.docker.io"

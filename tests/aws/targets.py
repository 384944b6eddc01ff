"""Where the examples are deployed to: the account of the caller's credentials, or an embedded AWS."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from ecr_fargate_constructs.local import base_images, lifecycle, seeds
from ecr_fargate_constructs.local.aws_clients import session_of
from ecr_fargate_constructs.local.instance import Memory, instance_at
from ecr_fargate_constructs.local.podman import podman_environment
from ecr_fargate_constructs.local.progress import Progress
from ecr_fargate_constructs.local.refusals import refuse_unsupported
from ecr_fargate_constructs.local.toolkit import toolkit_environment
from ecr_fargate_constructs.tools.assembly import stacks as assembly
from ecr_fargate_constructs.tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ecr_fargate_constructs.local.instance import Instance
    from tests.aws.cases import Case

_CLOCK = (
    10.0  # a minute of a bake time takes six seconds; CloudFormation waits for deployments, and alarms for two minutes
)
_SECONDS = 30


@dataclass(frozen=True)
class Reached:
    """The answer of a load balancer.

    Attributes:
        status: HTTP status; 0 if there is none.
        media_type: Its Content-Type, without parameters.
        scheme: Scheme of its Location; empty without one.
    """

    status: int
    media_type: str = ""
    scheme: str = ""


@dataclass(frozen=True)
class Listening:
    """A listener to ask.

    Attributes:
        name: Name of the load balancer.
        host: Its DNS name.
        protocol: ``HTTP`` or ``HTTPS``.
        port: The listener's port.
        domain: Name in its certificate; empty for the load balancer's own.
    """

    name: str
    host: str
    protocol: str
    port: int
    domain: str = ""


class Target(Protocol):
    """An account and a region with the API of AWS."""

    account: str
    region: str
    previews: bool
    """Whether ECR calculates previews of lifecycle policies here; this library's own simulation does it otherwise."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Return a client."""

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the CDK command line."""

    def impediment(self, case: Case, out: Path) -> str:
        """Get ready for a synthesized example; return why it cannot be deployed here."""

    def put_stubs(self, out: Path) -> None:
        """Create what a synthesized example imports and nobody has created."""

    def registry(self, endpoint: str) -> str:
        """Return the URL of the registry that ECR calls ``endpoint``."""

    def ask(self, listener: Listening, path: str) -> Reached:
        """Send ``GET`` to a listener."""

    def close(self) -> None:
        """End what was started."""


class Account:
    """The account of the caller's credentials, and no other."""

    previews = True

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region
        self._clients: dict[str, Any] = {}
        found = self.client("sts").get_caller_identity()["Account"]
        if found != account:
            raise pytest.UsageError(f"the credentials are those of account {found}, not of {account}: nothing is done")

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        if service not in self._clients:
            retries: Any = {"mode": "adaptive", "max_attempts": 10}
            self._clients[service] = boto3.client(service, region_name=self.region, config=Config(retries=retries))
        return self._clients[service]

    def environment(self) -> Mapping[str, str]:
        own = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region, "NO_COLOR": "1"}
        return {**os.environ, **own, "CDK_DEFAULT_ACCOUNT": self.account, "CDK_DEFAULT_REGION": self.region}

    def impediment(self, case: Case, out: Path) -> str:
        del case, out
        return ""

    def put_stubs(self, out: Path) -> None:
        """Leave an account as it is."""

    def registry(self, endpoint: str) -> str:
        return endpoint

    def ask(self, listener: Listening, path: str) -> Reached:
        host = listener.domain or listener.host
        if listener.protocol != "HTTPS":
            return _get(http.client.HTTPConnection(listener.host, listener.port, timeout=_SECONDS), path, host)
        context = ssl.create_default_context()
        return _get(http.client.HTTPSConnection(host, listener.port, timeout=_SECONDS, context=context), path, host)

    def close(self) -> None:
        self._clients.clear()


@dataclass
class Embedded:
    """An embedded AWS of its own, for one session."""

    folder: Path
    port: int
    region: str
    account: str = field(init=False)
    previews: bool = field(init=False, default=False)
    _instance: Instance = field(init=False)
    _memory: Memory = field(init=False)
    _stand_ins: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "cdk.json").write_text("{}\n", encoding="utf-8")  # an instance belongs to an app
        self._instance, left = instance_at(self.folder, self.port, None, self.region)
        self.account = self._instance.account
        self._memory = lifecycle.start(self._instance, left, Progress(), clock=_CLOCK)
        self._session = session_of(self._instance)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        return self._session.client(service, endpoint_url=self._instance.endpoint, config=Config(proxies={}))

    def environment(self) -> Mapping[str, str]:
        return toolkit_environment(self._instance, self._memory, self._stand_ins)

    def impediment(self, case: Case, out: Path) -> str:
        """Pull the images that builds and tasks name, or make stand-ins."""
        supported = set(json.loads(self._instance.types_file.read_text(encoding="utf-8")))
        try:
            refuse_unsupported(assembly.stacks(out), supported)
        except ToolError as error:
            return error.cause
        named = {name for stack in assembly.stacks(out) for built in stack.built_images() for name in _names(built)}
        wanted = sorted({*named, *_public_images(out), *case.upstream})
        environment = podman_environment(self._instance)
        try:
            made = base_images.provide(self._memory.engine, wanted, environment, lambda _: None)
        except ToolError as error:
            return error.cause
        self._stand_ins = made
        missing = [image for image in case.upstream if image in made]
        if missing:
            return f"the registry of {', '.join(missing)} cannot be reached, and a stand-in is not enough"
        return ""

    def put_stubs(self, out: Path) -> None:
        seeds.put(self._instance, seeds.stubs(out))

    def registry(self, endpoint: str) -> str:
        del endpoint
        return f"http://{self._instance.local_registry}"

    def ask(self, listener: Listening, path: str) -> Reached:
        if listener.protocol == "HTTPS":
            context = ssl.create_default_context(cafile=str(self._instance.authority.file))
            return _get(_Elsewhere(listener.domain, self._memory.https_port, context), path, listener.domain)
        name = f"{listener.port}.{listener.name.lower()}.alb.localhost"
        return _get(http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS), path, name)

    def close(self) -> None:
        lifecycle.down(self._instance, self._memory)


class _Elsewhere(http.client.HTTPSConnection):
    """A connection to this machine, with the certificate of a domain."""

    def __init__(self, domain: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(domain, port, timeout=_SECONDS, context=context)
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _get(connection: http.client.HTTPConnection, path: str, host: str) -> Reached:
    try:
        with closing(connection):
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            answer.read()
    except (OSError, http.client.HTTPException):
        return Reached(0)
    media_type = (answer.getheader("Content-Type") or "").partition(";")[0]
    return Reached(answer.status, media_type, urlsplit(answer.getheader("Location") or "").scheme)


def _names(built: Any) -> list[str]:  # noqa: ANN401 - a build of the assembly
    return list(base_images.images_of(built).values())


def _public_images(out: Path) -> set[str]:
    """Images of task definitions that are written as text: those that nobody pushes."""
    found = set()
    for file in out.glob("**/*.template.json"):
        for resource in json.loads(file.read_text(encoding="utf-8")).get("Resources", {}).values():
            if resource["Type"] == "AWS::ECS::TaskDefinition":
                images = [each.get("Image") for each in resource["Properties"]["ContainerDefinitions"]]
                found |= {image for image in images if isinstance(image, str) and ".dkr.ecr." not in image}
    return found

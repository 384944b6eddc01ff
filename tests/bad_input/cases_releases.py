"""Release commands, which CDK has nothing like."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from ecr_fargate_constructs import (
    AppContainer,
    EbsVolume,
    LoadBalancedEc2Service,
    Mount,
    PublicHttp,
    ReleaseCommand,
    RestartPolicy,
    TaskSize,
    WorkerContainer,
    WorkerService,
)
from tests.bad_input.case import NGINX, Case, Expected, Place, Refused, Warned

FAMILY = "Release commands"
MIGRATE = ["manage.py", "migrate"]


def _worker(place: Place, command: ReleaseCommand | None = None, **options: Any) -> WorkerService:  # noqa: ANN401 - bad input
    container = WorkerContainer(NGINX, **options)
    return WorkerService(place.stack, "Web", container=container, release_command=command or ReleaseCommand(MIGRATE))


def _case(what: str, expected: Expected, command: Any, timeout: int = 15) -> Case:  # noqa: ANN401 - bad input
    def make(place: Place) -> WorkerService:
        return _worker(place, ReleaseCommand(command, timeout=cdk.Duration.minutes(timeout)))

    return Case(FAMILY, what, make, None, expected)


CASES = [
    _case("an empty command", Refused("ReleaseCommand.command is empty", "use for example ["), []),
    _case(
        "a command as one text",
        Refused("is one string, but a command is a list", "use ['manage.py', 'migrate']"),
        "manage.py migrate",
    ),
    _case(
        "a command that runs for an hour",
        Refused("ReleaseCommand.timeout is 3600 seconds", "60 to 3300"),
        MIGRATE,
        timeout=60,
    ),
    _case(
        "a command with a password in it",
        Warned("plainSecretInCommand"),
        ["load", "postgres://app:hunter2secret@db/shop"],
    ),
    Case(
        FAMILY,
        "a size on EC2",
        lambda p: LoadBalancedEc2Service(
            p.stack,
            "Web",
            container=AppContainer(NGINX, 80),
            ingress=PublicHttp(),
            release_command=ReleaseCommand(MIGRATE, size=TaskSize(1024, 2048)),
        ),
        None,
        Refused("is for Fargate, but this service runs on EC2", "omit it"),
    ),
    Case(
        FAMILY,
        "a size that its containers do not fit into",
        lambda p: WorkerService(
            p.stack,
            "Web",
            container=WorkerContainer(NGINX, memory_limit_mib=1024),
            size=TaskSize(512, 2048),
            release_command=ReleaseCommand(MIGRATE, size=TaskSize(256, 512)),
        ),
        None,
        Refused("ReleaseCommand.size: ", "1024"),
    ),
    Case(
        FAMILY,
        "a container that would start the command again",
        lambda p: _worker(p, restart=RestartPolicy()),
        None,
        Refused("the agent would start the command again", "omit restart"),
    ),
    Case(
        FAMILY,
        "a disk that only the service makes",
        lambda p: _worker(p, mounts=[Mount("/disk", EbsVolume("disk", 20))]),
        None,
        Refused("EbsVolume 'disk' is made by the service", "use an EfsVolume"),
    ),
]

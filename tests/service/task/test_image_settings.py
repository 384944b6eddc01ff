"""What a Dockerfile says, and the service that contradicts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_efs as efs

from ecr_fargate_constructs import (
    AppContainer,
    EbsVolume,
    EcrFargateService,
    EfsVolume,
    ImageBuild,
    LoadBalancedFargateService,
    Mount,
    PrivateRepository,
    PublicHttp,
    SharedVolume,
    Sidecar,
)
from tests.support import ROOT
from tests.support.inputs import make_app

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

NGINX = "public.ecr.aws/nginx/nginx:1.29"
DENIED, PORT = "writablePathOwnedByRoot", "containerPortNotExposed"
SHARED = SharedVolume("scratch")
OTHER = "FROM scratch\nUSER 10001:10001\n"


def _warnings(stack: cdk.Stack, name: str) -> list[str]:
    entries = assertions.Annotations.from_stack(stack).find_warning("*", assertions.Match.any_value())
    return [text for each in entries if name in (text := str(each.entry.data))]


def _service(
    folder: Path,
    dockerfile: str | None,
    *,
    sidecars: tuple[Sidecar, ...] = (),
    build: ImageBuild | None = None,
    **options: Any,  # noqa: ANN401 - passed on
) -> cdk.Stack:
    stack = cdk.Stack(cdk.App(), "Web")
    image: Any = NGINX
    if dockerfile is not None:
        repository = PrivateRepository(stack, "Repo")
        image = repository.build_and_push_image(make_app(folder / "app", dockerfile=dockerfile), build=build)
    port = options.pop("port", 80)
    sessions = options.pop("enable_execute_command", False)
    LoadBalancedFargateService(
        stack,
        "Web",
        container=AppContainer(image, port, **options),
        sidecars=sidecars,
        ingress=PublicHttp(),
        enable_execute_command=sessions,
    )
    return stack


@pytest.mark.parametrize(
    ("dockerfile", "options"),
    [
        (OTHER, {"writable_paths": ["/var/scratch"]}),
        ("FROM scratch\nUSER nobody\n", {"writable_paths": ["/var/scratch"]}),
        ("FROM a AS base\nUSER 1000\nFROM base\n", {"writable_paths": ["/var/scratch"]}),
        ("FROM scratch\nVOLUME /data\nUSER 1000\n", {"writable_paths": ["/var/scratch", "/data"]}),
        ("FROM scratch\nUSER root\n", {"writable_paths": ["/var/scratch"], "user": "10001"}),
        (None, {"writable_paths": ["/var/scratch"], "user": "10001:10001"}),
        (OTHER, {"mounts": [Mount("/var/scratch", SHARED)]}),
        (OTHER, {"mounts": [Mount("/var/scratch", EbsVolume("disk", size_gib=20))]}),
    ],
)
def test_a_path_that_only_root_may_write(tmp_path: Path, dockerfile: str | None, options: dict[str, Any]) -> None:
    [warning] = _warnings(_service(tmp_path, dockerfile, **options), DENIED)
    assert warning.startswith("/var/scratch of web: ECS makes the directories of volumes with root as owner")
    assert "VOLUME" in warning
    assert "Sidecar" in warning


@pytest.mark.parametrize(
    ("dockerfile", "options"),
    [
        (OTHER, {}),
        (OTHER, {"readonly_root_filesystem": False}),
        ("FROM scratch\n", {"writable_paths": ["/var/scratch"]}),
        ("FROM scratch\nUSER 0:0\n", {"writable_paths": ["/var/scratch"]}),
        ("FROM scratch\nUSER 1000\nUSER root\n", {"writable_paths": ["/var/scratch"]}),
        (OTHER, {"writable_paths": ["/var/scratch"], "user": "root"}),
        ("FROM scratch\nUSER $NAME\n", {"writable_paths": ["/var/scratch"]}),
        ('FROM scratch\nVOLUME ["/var/scratch", "/run"]\nUSER 1000\n', {"writable_paths": ["/var/scratch", "/run/"]}),
        ("FROM scratch\nVOLUME /var/scratch /run\nUSER 1000\n", {"writable_paths": ["/var/scratch", "/run"]}),
        ("FROM a AS base\nVOLUME /var/scratch\nFROM base\nUSER 1000\n", {"writable_paths": ["/var/scratch"]}),
        ("FROM scratch\nVOLUME /var/scratch\nUSER 1000\n", {"mounts": [Mount("/var/scratch", SHARED)]}),
        (OTHER, {"mounts": [Mount("/var/scratch", SHARED, read_only=True)]}),
        (None, {"writable_paths": ["/var/scratch"]}),
        (OTHER, {"enable_execute_command": True}),
    ],
)
def test_a_path_that_the_user_may_write_or_nobody_knows(
    tmp_path: Path, dockerfile: str | None, options: dict[str, Any]
) -> None:
    assert _warnings(_service(tmp_path, dockerfile, **options), DENIED) == []


def test_the_stage_that_is_built_counts(tmp_path: Path) -> None:
    text = "FROM scratch AS first\nUSER 1000\nFROM scratch\n"
    for target, expected in (("first", 1), (None, 0)):
        stack = _service(tmp_path, text, build=ImageBuild(target=target), writable_paths=["/var/scratch"])
        assert len(_warnings(stack, DENIED)) == expected


def test_a_container_that_ends_and_chowns_is_a_way_out(tmp_path: Path) -> None:
    def prepare(user: str) -> Sidecar:
        return Sidecar(
            "prepare", NGINX, essential=False, user=user, command=["chown", "10001:10001", "/var/scratch"],
            mounts=[Mount("/var/scratch", SHARED)],
        )  # fmt: skip

    for user, expected in (("0", 0), ("10001", 1)):
        stack = _service(
            tmp_path,
            OTHER,
            sidecars=(prepare(user),),
            mounts=[Mount("/var/scratch", SHARED)],
            depends_on={"prepare": ecs.ContainerDependencyCondition.SUCCESS},
        )
        assert len(_warnings(stack, DENIED)) == expected


def test_efs_has_owners_of_its_own(tmp_path: Path) -> None:
    stack = cdk.Stack(cdk.App(), "Files")
    system = efs.FileSystem.from_file_system_attributes(
        stack,
        "Files",
        file_system_id="fs-1",
        security_group=cdk.aws_ec2.SecurityGroup.from_security_group_id(stack, "S", "sg-1"),
    )
    image = PrivateRepository(stack, "Repo").build_and_push_image(make_app(tmp_path / "app", dockerfile=OTHER))
    container = AppContainer(image, 80, mounts=[Mount("/var/scratch", EfsVolume("files", system))])
    LoadBalancedFargateService(stack, "Web", container=container, ingress=PublicHttp())
    assert _warnings(stack, DENIED) == []


@pytest.mark.parametrize(
    ("exposed", "expected"),
    [
        ("EXPOSE 8080\n", 1),
        ("EXPOSE 8080/tcp 8443\n", 1),
        ("EXPOSE 8000-8100\n", 1),
        ("EXPOSE 9090\n", 0),
        ("EXPOSE 8080 9090/TCP\n", 0),
        ("EXPOSE 9000-9100\n", 0),
        ("EXPOSE $PORT\n", 0),
        ("EXPOSE 53/udp\n", 0),
        ("", 0),
    ],
)
def test_a_port_that_the_dockerfile_does_not_expose(tmp_path: Path, exposed: str, expected: int) -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    folder = make_app(tmp_path / "app", dockerfile=f"FROM scratch\n{exposed}")
    EcrFargateService(stack, "Web", directory=folder, container_port=9090, ingress=PublicHttp())
    found = _warnings(stack, PORT)
    assert len(found) == expected
    if found:
        assert "web receives traffic on port 9090, but its Dockerfile says EXPOSE 80" in found[0]


def test_the_sample_is_warned_of_neither() -> None:
    stack = cdk.Stack(cdk.App(), "Web")
    EcrFargateService(stack, "Web", directory=ROOT / "app", container_port=8080, ingress=PublicHttp())
    assert _warnings(stack, DENIED) == _warnings(stack, PORT) == []

"""Tasks that do not reach what their start takes, and ECS's reasons."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ecr_fargate_constructs.local.ministack_patches.networks.state import Placement, name_of
from ecr_fargate_constructs.local.ministack_patches.networks.task_starts import _needs

REGION = "eu-west-1"
OWN = f"111122223333.dkr.ecr.{REGION}.amazonaws.com/web@sha256:00"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key-AbCdEf"  # noqa: S105 - its ARN


def _destinations(*containers: dict[str, Any]) -> list[str]:
    return [each.destination for each in _needs({"containerDefinitions": list(containers)}, REGION)]


def test_the_order_is_that_of_ecs() -> None:
    container = {
        "image": OWN,
        "secrets": [{"valueFrom": SECRET}, {"valueFrom": "/shop/flags"}],
        "logConfiguration": {"logDriver": "awslogs"},
        "environmentFiles": [{"type": "s3"}],
    }
    assert _destinations(container) == ["secretsmanager", "ssm", "s3", "ecr.api", "logs", "ecr.dkr", "s3"]


@pytest.mark.parametrize(
    ("image", "destinations"),
    [
        ("nginx", ["registry-1.docker.io"]),
        ("library/nginx:1", ["registry-1.docker.io"]),
        ("public.ecr.aws/nginx/nginx:1.29", ["public.ecr.aws"]),
        (OWN.replace(REGION, "us-east-1"), ["ecr.api", "111122223333.dkr.ecr.us-east-1.amazonaws.com"]),
    ],
)
def test_other_registries_are_on_the_internet(image: str, destinations: list[str]) -> None:
    assert _destinations({"image": image}) == destinations


def test_a_login_for_another_registry_is_a_secret() -> None:
    container = {"image": "ghcr.io/a/b", "repositoryCredentials": {"credentialsParameter": SECRET}}
    assert _destinations(container) == ["secretsmanager", "ghcr.io"]


def test_the_reason_names_image_and_manifest() -> None:
    manifest, layers = list(_needs({"containerDefinitions": [{"image": OWN}]}, REGION))[1:]
    assert manifest.reason.startswith(f"CannotPullContainerError: The task cannot pull {OWN} from the registry {OWN}.")
    assert f'Head "https://{OWN.partition("/")[0]}/v2/web/manifests/sha256:00": dial tcp' in manifest.reason
    assert "failed to copy: httpReadSeeker: failed open" in layers.reason


def test_a_placement_is_the_first_subnet_and_keeps_the_rest() -> None:
    configuration = {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}
    placement = copy.deepcopy(Placement.of(configuration))
    assert placement == "subnet-1"
    assert placement is not None
    assert (placement.subnets, placement.groups, placement.public) == (("subnet-1", "subnet-2"), ("sg-1",), True)
    assert Placement.of({}) is None


def test_a_task_of_a_service_has_the_name_of_the_service() -> None:
    assert name_of({"group": "service:web", "taskArn": "a/b/1"}) == "a task of web"
    assert name_of({"group": "family:web", "taskArn": "a/b/1"}) == "task 1"

"""The image to lock: that of a service whose deployment has completed, or one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.image.copier import reference
from ecr_fargate_constructs.tools.errors import ToolError
from ecr_fargate_constructs.tools.lock.sources import FoundImage, PrivateImage, image_of_service, look_up
from tests.image.copier.fake_registry import FakeRegistry
from tests.image.copier.images import Image, image, index

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
URI = f"{HOST}/shop/web:v1"


class Aws:
    """CloudFormation and ECS with one stack, whose services have one task definition."""

    def __init__(self, *services: str, images: dict[str, str] | None = None, **deployment: object) -> None:
        self.services, self.images = services, images or {"app": URI}
        self.service = {
            "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
            "runningCount": 2,
            "desiredCount": 2,
            **deployment,
        }

    def __call__(self, _name: str) -> Any:  # noqa: ANN401 - as boto3
        return self

    def get_paginator(self, operation: str) -> Aws:
        assert operation == "list_stack_resources"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        """A stack of more than 100 resources, the services on the second page."""
        role = {"ResourceType": "AWS::IAM::Role", "LogicalResourceId": "Role", "PhysicalResourceId": "role"}
        arn = "arn:aws:ecs:eu-west-1:111122223333:service/cluster/"
        services = [
            {
                "ResourceType": "AWS::ECS::Service",
                "LogicalResourceId": f"{name}Service9571FDD8",
                "PhysicalResourceId": f"{arn}Stack-{name}Service-1",
            }
            for name in self.services
        ]
        return [{"StackResourceSummaries": [role] * 100}, {"StackResourceSummaries": [role, *services]}]

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        assert cluster == "cluster"
        return {
            "services": [{"serviceName": services[0].rpartition("/")[2], "taskDefinition": "web:3", **self.service}]
        }

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert taskDefinition == "web:3"
        containers = [{"name": name, "image": each} for name, each in self.images.items()]
        return {"taskDefinition": {"containerDefinitions": containers}}


def test_the_only_service_with_the_only_private_image_needs_no_name() -> None:
    aws = Aws("Web", images={"app": URI, "proxy": "public.ecr.aws/nginx/nginx:1.29"})
    assert image_of_service(aws, "Stack", None, None) == URI


def test_a_service_and_a_container_are_chosen_by_name() -> None:
    aws = Aws("Web", "Worker", images={"app": URI, "proxy": f"{HOST}/proxy:v2"})
    assert image_of_service(aws, "Stack", "Web", "proxy") == f"{HOST}/proxy:v2"
    with pytest.raises(ToolError, match=r"Stack has more than one service to lock: Web\w+, Worker\w+") as error:
        image_of_service(aws, "Stack", None, None)
    assert error.value.fix == "name one with --service"
    with pytest.raises(ToolError, match="has more than one container to lock: app, proxy"):
        image_of_service(aws, "Stack", "Web", None)
    with pytest.raises(ToolError, match="the stack Stack has no service 'Api'") as error:
        image_of_service(aws, "Stack", "Api", None)
    assert error.value.fix == "it has WebService9571FDD8, WorkerService9571FDD8"


def test_a_stack_without_a_service_and_a_task_without_a_private_image_are_refused() -> None:
    with pytest.raises(ToolError, match=r"the stack Stack has no service$"):
        image_of_service(Aws(), "Stack", None, None)
    with pytest.raises(ToolError, match="has no container with a private image"):
        image_of_service(Aws("Web", images={"app": "nginx:1.29"}), "Stack", None, None)


@pytest.mark.parametrize(
    "state",
    [
        {"deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS"}]},
        {"deployments": [{"status": "PRIMARY", "rolloutState": "FAILED"}]},
        {"deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}, {"status": "ACTIVE"}]},
        {"runningCount": 1},
    ],
)
def test_a_service_that_is_not_steady_is_no_evidence(state: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match="has not completed a deployment"):
        image_of_service(Aws("Web", **state), "Stack", None, None)


def test_a_service_without_a_task_is_no_evidence() -> None:
    with pytest.raises(ToolError, match="no task of the service Stack-WebService-1 runs") as error:
        image_of_service(Aws("Web", runningCount=0, desiredCount=0), "Stack", None, None)
    assert error.value.fix == "lock it while a task runs, or by its name with --image"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nginx:1.29", "nginx:1.29 is not an image in a private repository of ECR"),
        ("public.ecr.aws/nginx/nginx:1.29", "is not an image in a private repository"),
        (f"{HOST}/shop/web", "names no version"),
        (f"{HOST}/shop/web@sha256:abc", "is not an image in a private repository"),
        (f"{HOST}.example.com/shop/web:v1", "is not an image in a private repository"),  # it would get ECR's login
    ],
)
def test_a_name_that_cannot_be_locked_is_refused(text: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        PrivateImage.parse(text)


def test_a_name_has_its_parts() -> None:
    named = PrivateImage.parse(f"{HOST.replace('.amazonaws.com', '.amazonaws.com.cn')}/a/b:v1@sha256:{'a' * 64}")
    assert (named.account, named.region, named.name, named.tag) == ("111122223333", "eu-west-1", "a/b", "v1")
    assert named.digest == f"sha256:{'a' * 64}"


@pytest.mark.parametrize("domain", [*reference._SUFFIXES, *reference._DUAL_STACK])
def test_every_registry_that_the_copier_logs_in_to_can_be_locked(domain: str) -> None:
    kind = "dkr-ecr" if domain in reference._DUAL_STACK else "dkr.ecr"
    host = f"111122223333.{kind}.eu-west-1.{domain}"
    assert PrivateImage.parse(f"{host}/a:v1").region == reference.Reference.parse(f"{host}/a:v1").ecr_region


class Ecr:
    """ECR's API in front of a registry."""

    def __init__(self, registry: FakeRegistry) -> None:
        self.registry = registry

    def batch_get_image(self, *, imageIds: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: ANN401, N803 - boto3's
        held, [wanted] = self.registry.at(HOST, "shop/web"), imageIds
        digest = wanted.get("imageDigest") or held.tags.get(wanted.get("imageTag", ""), "")
        if digest not in held.manifests:
            return {"images": [], "failures": [{"failureReason": "Requested image not found"}]}
        body = held.manifests[digest][1]
        return {"images": [{"imageId": {"imageDigest": digest}, "imageManifest": body.decode()}]}

    def describe_images(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        return {"imageDetails": [{"imageTags": sorted(self.registry.at(HOST, "shop/web").tags)}]}

    def get_authorization_token(self) -> dict[str, Any]:
        return {"authorizationData": [{"authorizationToken": self.registry.issue_token()}]}


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry().serving() as fake:
        yield fake


def _look_up(registry: FakeRegistry, held: Image, text: str) -> FoundImage:
    registry.named(URI).hold(held, "v1")
    return look_up(Ecr(registry), PrivateImage.parse(text), registry.url)


def test_an_image_has_the_architecture_of_its_configuration(registry: FakeRegistry) -> None:
    held = image(b"layer", architecture="arm64")
    found = _look_up(registry, held, URI)
    assert found == FoundImage(f"{HOST}/shop/web", held.digest, "v1", ("arm64",), None)
    assert _look_up(registry, held, f"{HOST}/shop/web@{held.digest}") == found, "the tag is ECR's"


def test_an_index_has_those_that_tasks_can_run(registry: FakeRegistry) -> None:
    held = index(image(b"amd"), image(b"arm", architecture="arm64"), image(b"other", architecture="s390x"))
    assert _look_up(registry, held, URI).architectures == ("amd64", "arm64")
    assert _look_up(registry, held, URI).digest == held.digest


def test_an_image_for_something_else_and_one_that_is_gone_are_refused(registry: FakeRegistry) -> None:
    with pytest.raises(ToolError, match="is built for s390x"):
        _look_up(registry, image(b"layer", architecture="s390x"), URI)
    with pytest.raises(ToolError, match="shop/web has no image v2: Requested image not found"):
        _look_up(registry, image(b"layer"), f"{HOST}/shop/web:v2")

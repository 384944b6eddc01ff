"""What the tests of the copier share: no test asks AWS, and none waits as long as the function would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.image.copier import cloudformation, deadline, login, registry
from tests.image.copier.aws import Aws
from tests.image.copier.fake_cloudformation import FakeCloudFormation
from tests.image.copier.fake_registry import FakeRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Empty registries and CloudFormation."""
    monkeypatch.setattr(deadline, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(deadline, "_LONGEST_WAIT", 0.1)
    monkeypatch.setattr(registry, "COMMIT_SECONDS", 10)
    monkeypatch.setattr(cloudformation, "_FIRST_WAIT", 0.01)
    with FakeRegistry().serving() as fake, FakeCloudFormation().serving() as waiting:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", fake.url)
        give_tokens_of(fake, monkeypatch)
        yield Aws(fake, waiting)


def give_tokens_of(fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ECR's API be the fake's."""

    def client(service: str, region: str | None = None) -> Any:  # noqa: ANN401 - boto3's
        assert (service, region) == ("ecr", "eu-west-1")
        token = {"authorizationToken": fake.issue_token()}
        return SimpleNamespace(get_authorization_token=lambda: {"authorizationData": [token]})

    monkeypatch.setattr(login, "client", client)

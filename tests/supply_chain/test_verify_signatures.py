"""The function that asks whether images are signed."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import boto3
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MODULE = "ecr_fargate_constructs.supply_chain.verify_signatures"
PROFILE = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop"
REGISTRY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
REVISION = "arn:aws:ecs:eu-west-1:111122223333:service-revision/c/s/1"
DIGEST = "sha256:" + "a" * 64


class _Ecs:
    def __init__(self, containers: list[dict[str, str]]) -> None:
        self._containers = containers

    def describe_service_revisions(self, *, serviceRevisionArns: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert serviceRevisionArns == [REVISION]
        return {"serviceRevisions": [{"containerImages": self._containers}]}


class _Ecr:
    def __init__(self, statuses: list[list[dict[str, str]]]) -> None:
        self._statuses = iter(statuses)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def describe_image_signing_status(
        self,
        *,
        repositoryName: str,  # noqa: N803 - boto3's
        imageId: dict[str, str],  # noqa: N803 - boto3's
    ) -> dict[str, Any]:
        self.asked.append((repositoryName, imageId))
        return {"signingStatuses": next(self._statuses)}


def _status(state: str, profile: str = PROFILE) -> list[dict[str, str]]:
    return [{"signingProfileArn": profile, "status": state}]


def _ask(
    monkeypatch: pytest.MonkeyPatch,
    containers: list[dict[str, str]],
    *statuses: list[dict[str, str]],
    event: dict[str, Any] | None = None,
) -> tuple[str, _Ecr]:
    ecr = _Ecr(list(statuses))
    clients: dict[str, object] = {"ecr": ecr, "ecs": _Ecs(containers)}
    monkeypatch.setattr(boto3, "client", clients.__getitem__)
    monkeypatch.setenv("REPOSITORIES", "shop/web,shop/api")
    monkeypatch.setenv("PROFILE", PROFILE)
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    handler: Callable[..., dict[str, str]] = importlib.import_module(MODULE).handler
    answer = handler(event or {"executionDetails": {"targetServiceRevisionArn": REVISION}}, None)
    return answer["hookStatus"], ecr


WEB = {"image": f"{REGISTRY}/shop/web:1", "imageDigest": DIGEST}
API = {"image": f"{REGISTRY}/shop/api:1", "imageDigest": DIGEST}


def test_a_signed_image_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    status, ecr = _ask(monkeypatch, [WEB], _status("COMPLETE"))
    assert status == "SUCCEEDED"
    assert ecr.asked == [("shop/web", {"imageDigest": DIGEST})]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([_status("COMPLETE"), _status("COMPLETE")], "SUCCEEDED"),
        ([_status("COMPLETE"), _status("IN_PROGRESS")], "IN_PROGRESS"),
        ([_status("FAILED"), _status("IN_PROGRESS")], "FAILED"),
        ([_status("COMPLETE"), []], "FAILED"),
        ([_status("COMPLETE"), _status("COMPLETE", "arn:aws:signer:eu-west-1:1:/signing-profiles/other")], "FAILED"),
    ],
)
def test_every_image_counts(
    monkeypatch: pytest.MonkeyPatch, statuses: list[list[dict[str, str]]], expected: str
) -> None:
    assert _ask(monkeypatch, [WEB, API], *statuses)[0] == expected


def test_images_from_elsewhere_are_not_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        {"image": "public.ecr.aws/shop/web:1"},
        {"image": f"{REGISTRY}/other:1", "imageDigest": DIGEST},
    ]
    status, ecr = _ask(monkeypatch, [*others, WEB], _status("COMPLETE"))
    assert status == "SUCCEEDED"
    assert len(ecr.asked) == 1
    assert _ask(monkeypatch, others)[0] == "FAILED"


@pytest.mark.parametrize(
    ("image", "identifier"),
    [
        (f"{REGISTRY}/shop/web@{DIGEST}", {"imageDigest": DIGEST}),
        (f"{REGISTRY}/shop/web:1@{DIGEST}", {"imageDigest": DIGEST}),
        (f"{REGISTRY}/shop/web:1.4.2", {"imageTag": "1.4.2"}),
    ],
)
def test_an_image_is_named_by_digest_before_tag(
    monkeypatch: pytest.MonkeyPatch, image: str, identifier: dict[str, str]
) -> None:
    status, ecr = _ask(monkeypatch, [{"image": image}], _status("COMPLETE"))
    assert (status, ecr.asked) == ("SUCCEEDED", [("shop/web", identifier)])


def test_the_details_may_stand_at_the_top(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"targetServiceRevisionArn": REVISION}
    assert _ask(monkeypatch, [WEB], _status("COMPLETE"), event=event)[0] == "SUCCEEDED"

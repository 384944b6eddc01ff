"""ECR's account setting: switched on, and set back to what it was before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ecr_fargate_constructs.image.copier import mounting

if TYPE_CHECKING:
    from tests.image.copier.aws import Aws, Outcome

pytestmark = pytest.mark.integration

DENIED = RuntimeError("AccessDeniedException: ecr:PutAccountSetting")


class Account:
    """Account settings of ECR."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
        """Stand for ECR's API."""
        self.value = value
        self.calls: list[str] = []
        self.failure: Exception | None = None
        monkeypatch.setattr(mounting, "client", self._client)

    def _client(self, service: str) -> Any:  # noqa: ANN401 - boto3's
        assert service == "ecr"
        return SimpleNamespace(get_account_setting=self._get, put_account_setting=self._put)

    def _get(self, name: str) -> dict[str, str]:
        assert name == "BLOB_MOUNTING"
        self.calls.append("get")
        return {} if self.value is None else {"name": name, "value": self.value}

    def _put(self, name: str, value: str) -> None:
        assert name == "BLOB_MOUNTING"
        self.calls.append(f"put {value}")
        if self.failure is not None:
            raise self.failure
        self.value = value


def _run(aws: Aws, request: str, physical_id: str | None = None) -> Outcome:
    event = {
        "ResourceType": "Custom::EcrFargateBlobMounting",
        "RequestType": request,
        "ResourceProperties": {},
        **({} if physical_id is None else {"PhysicalResourceId": physical_id}),
    }
    return aws.run(event)


@pytest.mark.parametrize("before", ["DISABLED", "ENABLED", None])
def test_what_was_before_comes_back(aws: Aws, monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    account = Account(monkeypatch, before)
    [created] = _run(aws, "Create").answers
    assert (created["Status"], account.value) == ("SUCCESS", "ENABLED")
    known = created["PhysicalResourceId"]
    assert known == f"BLOB_MOUNTING:was:{before or 'DISABLED'}"
    [updated] = _run(aws, "Update", known).answers
    assert (updated["PhysicalResourceId"], account.value) == (known, "ENABLED")
    [deleted] = _run(aws, "Delete", known).answers
    assert (deleted["Status"], deleted["PhysicalResourceId"]) == ("SUCCESS", known)
    assert account.value == (before or "DISABLED")


def test_an_update_switches_on_what_somebody_has_switched_off(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, "DISABLED")
    _run(aws, "Update", "BLOB_MOUNTING:was:ENABLED")
    assert account.value == "ENABLED"


def test_a_setting_that_was_on_is_not_touched_by_its_deletion(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, "ENABLED")
    _run(aws, "Delete", "BLOB_MOUNTING:was:ENABLED")
    assert account.calls == []


def test_a_creation_that_failed_is_deleted_without_a_call(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, "DISABLED")
    account.failure = DENIED
    outcome = _run(aws, "Create")
    assert outcome.reason.startswith("RuntimeError: AccessDeniedException: ecr:PutAccountSetting")
    account.calls.clear()
    _run(aws, "Delete", outcome.answers[0]["PhysicalResourceId"])
    assert account.calls == []


def test_a_right_that_counts_in_a_moment_is_waited_for(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, "DISABLED")
    account.failure = ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutAccountSetting")
    put = account._put

    def put_later(name: str, value: str) -> None:
        if len(account.calls) > 4:
            account.failure = None
        put(name, value)

    monkeypatch.setattr(account, "_put", put_later)
    [created] = _run(aws, "Create").answers
    assert (created["PhysicalResourceId"], account.value) == ("BLOB_MOUNTING:was:DISABLED", "ENABLED")
    assert account.calls == ["get", "put ENABLED"] * 3


def test_a_deletion_that_is_denied_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(monkeypatch, "ENABLED")
    account.failure = DENIED
    assert "AccessDenied" in _run(aws, "Delete", "BLOB_MOUNTING:was:DISABLED").reason

"""What a stack leaves is deleted, and what belongs to others is not."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from tests.aws.answers.asking import Resource, created_in
from tests.aws.removal import delete, kept

TEMPLATES = {
    "Web": {
        "Resources": {
            "Repo": {"Type": "AWS::ECR::Repository", "DeletionPolicy": "Retain"},
            "Theirs": {"Type": "AWS::ECR::Repository", "DeletionPolicy": "Retain"},
            "Role": {"Type": "AWS::IAM::Role"},
        }
    }
}
RESOURCES = [
    Resource("Web", "Repo", "AWS::ECR::Repository", "shop/web", "CREATE_COMPLETE"),
    Resource("Web", "Theirs", "AWS::ECR::Repository", "theirs", "CREATE_FAILED"),
    Resource("Web", "Role", "AWS::IAM::Role", "role", "CREATE_COMPLETE"),
]


class Client:
    """Remembers what was asked of it."""

    def __init__(self, asked: list[tuple[str, dict[str, Any]]], code: str = "") -> None:
        self.asked, self.code = asked, code

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as boto3
        def call(**options: Any) -> None:  # noqa: ANN401
            self.asked.append((name, options))
            if self.code:
                raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, name)

        return call


class Aws:
    """A target."""

    def __init__(self, code: str = "") -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._code = code

    def client(self, _: str) -> Client:
        return Client(self.asked, self._code)


def _delete(aws: Aws, *resources: Resource) -> list[str]:
    target: Any = aws
    return delete(target, resources)


def test_only_what_the_stack_created_and_keeps_is_deleted() -> None:
    found = kept(RESOURCES, TEMPLATES, frozenset({("Web", "Repo"), ("Web", "Role")}))
    assert [each.physical for each in found] == ["shop/web"]
    aws = Aws()
    assert _delete(aws, *found) == []
    assert aws.asked == [("delete_repository", {"repositoryName": "shop/web", "force": True})]


def test_a_repository_that_was_there_before_is_not_deleted() -> None:
    events = [
        {"LogicalResourceId": "Theirs", "ResourceStatus": "CREATE_FAILED"},
        {"LogicalResourceId": "Repo", "ResourceStatus": "CREATE_COMPLETE"},
    ]

    class CloudFormation:
        def get_paginator(self, _: str) -> CloudFormation:
            return self

        def paginate(self, **_: str) -> list[dict[str, Any]]:
            return [{"StackEvents": events}]

    created = created_in(CloudFormation(), {"Web": "efc-1-Web"})
    assert [each.logical for each in kept(RESOURCES, TEMPLATES, created)] == ["Repo"]


def test_what_is_gone_already_is_no_problem_and_what_stays_is_said() -> None:
    assert _delete(Aws("RepositoryNotFoundException"), RESOURCES[0]) == []
    [left] = _delete(Aws("AccessDeniedException"), RESOURCES[0])
    assert left.startswith("AWS::ECR::Repository shop/web: ")
    [unknown] = _delete(Aws(), RESOURCES[2])
    assert "cannot delete" in unknown

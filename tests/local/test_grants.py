"""What roles were granted beside what they used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.local import decisions as module
from ecr_fargate_constructs.local.decisions import Decision, Decisions, from_json
from ecr_fargate_constructs.local.grants import compare
from tests.local.recorded_cloud import RecordedCloud, write_app

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "arn:aws:sts::111122223333:assumed-role/Web/0123"
BUCKET = "arn:aws:s3:::files"
POLICIES: dict[str, list[dict[str, Any]]] = {
    "Web": [
        {"Effect": "Allow", "Action": ["s3:GetObject*", "s3:PutObject"], "Resource": [BUCKET, f"{BUCKET}/*"]},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Condition": {"Bool": {"a": "true"}}},
        {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"},
    ]
}


def test_decisions_are_counted_by_role_action_resource_and_outcome() -> None:
    record = Decisions()
    assert record.add(SESSION, "s3:GetObject", f"{BUCKET}/a")
    assert not record.add("arn:aws:sts::111122223333:assumed-role/Web/4567", "s3:GetObject", f"{BUCKET}/a")
    assert record.add(SESSION, "s3:GetObject", f"{BUCKET}/a", refusal="no")
    assert from_json(json.loads(json.dumps(record.as_json()))) == [
        Decision("Web", SESSION, "s3:GetObject", f"{BUCKET}/a", "", 2),
        Decision("Web", SESSION, "s3:GetObject", f"{BUCKET}/a", "no", 1),
    ]
    record.add(SESSION, "s3:GetObject", f"{BUCKET}/a")
    assert [(each["refusal"], each["times"]) for each in record.as_json()] == [("", 3)]
    record.clear()
    assert record.as_json() == []


def test_the_record_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    record = Decisions()
    for number in range(9):
        record.add(SESSION, "s3:GetObject", f"{BUCKET}/{number}")
    assert [each["times"] for each in record.as_json()] == [1, 1, 7]


def test_each_action_of_each_statement_is_compared_with_what_was_used() -> None:
    found = compare(
        POLICIES,
        [
            Decision("Web", SESSION, "s3:GetObject", f"{BUCKET}/a", "", 2),
            Decision("Web", SESSION, "s3:GetObjectTagging", f"{BUCKET}/b", "", 1),
            Decision("Web", SESSION, "s3:PutObject", "arn:aws:s3:::other/a", "", 5),
            Decision("Web", SESSION, "sqs:SendMessage", "arn:aws:sqs:x:1:jobs", "no", 3),
            Decision("Other", SESSION, "s3:PutObject", f"{BUCKET}/a", "no", 1),
        ],
    )
    assert [(each.action, each.times, each.conditional) for each in found.grants] == [
        ("s3:GetObject*", 3, False),
        ("s3:PutObject", 0, False),
        ("sqs:SendMessage", 0, True),
    ]
    assert [each.action for each in found.never_used] == ["s3:PutObject", "sqs:SendMessage"]
    assert [each.action for each in found.refusals] == ["sqs:SendMessage"]


def test_other_resources_count_for_a_pattern_only() -> None:
    """When the record is full, resources are not told apart: what names one must not count as used."""
    many = Decision("Web", SESSION, "s3:PutObject", module._OTHERS, "", 7)
    named = {"Web": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{BUCKET}/*"}]}
    every = {"Web": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}
    assert compare(named, [many]).grants[0].times == 0
    assert compare(every, [many]).grants[0].times == 7


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command about the recorded app, with a role."""
    write_app(tmp_path)
    answers: dict[str, Any] = {
        'cloudformation.describe_stack_resources {"StackName": "Web"}': {
            "StackResources": [
                {"ResourceType": "AWS::IAM::Role", "PhysicalResourceId": "Web"},
                {"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": "jobs"},
            ]
        },
        "iam.list_role_policies": {"PolicyNames": ["own"]},
        "iam.get_role_policy": {"PolicyDocument": {"Statement": POLICIES["Web"][0]}},
        "iam.list_attached_role_policies": {"AttachedPolicies": [{"PolicyArn": "arn:policy"}]},
        "iam.get_policy": {"Policy": {"DefaultVersionId": "v2"}},
        "iam.get_policy_version": {"PolicyVersion": {"Document": {"Statement": POLICIES["Web"][1:]}}},
    }
    home = "ecr_fargate_constructs.cli.local_grants"
    monkeypatch.setattr(f"{home}.Cloud", lambda instance: RecordedCloud(instance, answers))
    monkeypatch.setattr("ecr_fargate_constructs.local.lifecycle.runs", lambda _, memory: memory is not None)
    decided = [
        Decision("Web", SESSION, "s3:GetObject", f"{BUCKET}/a", "", 2),
        Decision("Web", SESSION, "sqs:SendMessage", "arn:aws:sqs:x:1:jobs", "User: x is not authorized", 3),
    ]
    monkeypatch.setattr(f"{home}.read_decisions", lambda *_: decided)
    return ["local", "grants", "--app-dir", str(tmp_path)]


def test_the_table_shows_what_was_never_used_and_what_was_refused(command: list[str]) -> None:
    done = CliRunner().invoke(app, command, env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    assert "3 grants, 2 never used" in done.output
    rows = [line.split("│") for line in done.output.splitlines() if line.startswith("│")]
    assert [(row[2].strip(), row[4].strip()) for row in rows if row[2].strip()] == [
        ("s3:GetObject*", "2"),
        ("s3:PutObject", "never"),
        ("sqs:SendMessage", "never"),
    ]
    assert "refused User: x is not authorized (3 times)" in done.output


def test_with_unused_only_those_are_shown(command: list[str]) -> None:
    done = CliRunner().invoke(app, [*command, "--unused"], env={"COLUMNS": "160"})
    assert "s3:GetObject*" not in done.output
    assert "s3:PutObject" in done.output


def test_json_holds_the_same(command: list[str]) -> None:
    done = CliRunner().invoke(app, [*command, "--format", "json"])
    found = json.loads(done.output)
    assert [(each["action"], each["times"]) for each in found["grants"]] == [
        ("s3:GetObject*", 2),
        ("s3:PutObject", 0),
        ("sqs:SendMessage", 0),
    ]
    assert [each["times"] for each in found["refusals"]] == [3]

"""Which statement would allow what AWS refuses."""

from __future__ import annotations

import json

import pytest

from ecr_fargate_constructs.tools.explain.explain import explain
from ecr_fargate_constructs.tools.explain.refusals import refusal_in

SESSION = "arn:aws:sts::111122223333:assumed-role/Web-TaskRole/0123"
ROLE = "arn:aws:iam::111122223333:role/Web-TaskRole"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:jobs"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234"
ABOUT = f"User: {SESSION} is not authorized to perform: sqs:SendMessage on resource: {QUEUE}"


def _statement(action: str, resource: str, **more: object) -> str:
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": resource, **more})


SEND, DECRYPT = _statement("sqs:SendMessage", QUEUE), _statement("kms:Decrypt", KEY, Principal={"AWS": ROLE})
READ = _statement("s3:GetObject", "arn:aws:s3:::bucket/key")


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        (
            "because no identity-based policy allows the sqs:SendMessage action",
            f"add to the policy of Web-TaskRole: {SEND}",
        ),
        (
            "because no permissions boundary allows the sqs:SendMessage action",
            f"add to the permissions boundary of Web-TaskRole: {SEND}",
        ),
        (
            "with an explicit deny in an identity-based policy",
            f"take sqs:SendMessage on {QUEUE} out of the statement of the identity-based policy that denies it",
        ),
        (
            "with an explicit deny in a resource-based policy: 400",
            f"take sqs:SendMessage on {QUEUE} out of the statement of the resource-based policy that denies it",
        ),
    ],
)
def test_the_statement_is_named(why: str, advice: str) -> None:
    found = refusal_in(f"AccessDeniedException: {ABOUT} {why}")
    assert found is not None
    assert found.advice == advice


def test_the_policy_of_a_key_has_to_name_the_role() -> None:
    asked = f"User: {SESSION} is not authorized to perform: kms:Decrypt on resource: {KEY}"
    found = refusal_in(f"{asked} because no resource-based policy allows the kms:Decrypt action")
    assert found is not None
    assert found.advice == f"add to the policy of {KEY}: {DECRYPT}"


def test_the_resource_may_stand_in_quotation_marks() -> None:
    asked = f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: "
    found = refusal_in(f'{asked}"arn:aws:s3:::bucket/key" because no identity-based policy allows the action')
    assert found is not None
    assert found.advice == f"add to the policy of Web-TaskRole: {READ}"


def test_where_aws_names_no_resource_it_is_every_one() -> None:
    found = refusal_in(f"User: {SESSION} is not authorized to perform: ecs:ListTasks")
    assert found is not None
    assert found.resource == "*"


def test_other_failures_are_no_refusals() -> None:
    assert refusal_in("CannotPullContainerError: 403 Forbidden") is None


def test_a_refusal_of_the_embedded_aws_is_explained_with_its_role_and_statement() -> None:
    text = f"{ABOUT} because no identity-based policy allows the sqs:SendMessage action"
    [found] = explain({"refusals": [{"role": "Web-TaskRole", "refusal": text}]})
    assert found.rule.cause == "not allowed"
    assert found.sentence.startswith("role Web-TaskRole: ")
    assert json.dumps(QUEUE) in found.fix


def test_each_refusal_is_explained() -> None:
    texts = [f"User: {SESSION} is not authorized to perform: sqs:{name} on resource: {QUEUE}" for name in ("A", "B")]
    found = explain({"refusals": [{"role": "Web-TaskRole", "refusal": text} for text in texts]})
    assert [each.observation.text for each in found] == texts


def test_a_secret_that_an_application_may_not_read_is_not_one_of_the_execution_role() -> None:
    text = f"User: {SESSION} is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:x"
    [found] = explain({"refusals": [{"role": "Web-TaskRole", "refusal": text}]})
    assert found.rule.cause == "not allowed"


def test_what_a_task_tells_of_already_is_told_once() -> None:
    text = f"User: {SESSION} is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:x"
    task = {
        "taskArn": "arn:aws:ecs:eu-west-1:111122223333:task/main/0123",
        "lastStatus": "STOPPED",
        "stopCode": "TaskFailedToStart",
        "stoppedReason": f"ResourceInitializationError: unable to pull secrets or registry auth: {text}",
    }
    [found] = explain({"tasks": [task], "refusals": [{"role": "Web-TaskRole", "refusal": text}]})
    assert found.rule.cause == "secret not allowed"
    assert "add to the policy of Web-TaskRole" in found.fix

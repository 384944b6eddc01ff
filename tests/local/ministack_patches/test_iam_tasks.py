"""The agent of ECS, which may do for a task what its execution role may do."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.ministack_patches.test_guard import ACCOUNT, Emulator, emulator
from tests.local.ministack_patches.test_iam import Role, aws, decisions, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aws", "emulator"]

IMAGE = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/web:1"
REPOSITORY = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/web"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:Key-AbCdEf"
PARAMETER = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/prod/url"
STREAM = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/web:log-stream:web/app/0123"
GROUP = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/web:log-stream:"
TASK = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/main/0123"
LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/web", "awslogs-stream-prefix": "web", "awslogs-create-group": "true"},
}
CONTAINER = {
    "name": "app",
    "image": IMAGE,
    "secrets": [{"name": "KEY", "valueFrom": f"{SECRET}:key::"}, {"name": "URL", "valueFrom": "/prod/url"}],
    "logConfiguration": LOGS,
}
NEEDED = {
    "ecr:GetAuthorizationToken": ("*", "unable to retrieve ecr registry auth"),
    "secretsmanager:GetSecretValue": (SECRET, "unable to retrieve secret from asm"),
    "ssm:GetParameters": (PARAMETER, "unable to retrieve secrets from ssm"),
    "ecr:BatchGetImage": (REPOSITORY, "CannotPullContainerError: pull image manifest"),
    "ecr:GetDownloadUrlForLayer": (REPOSITORY, "CannotPullContainerError: ref pull"),
    "logs:CreateLogGroup": (GROUP, "failed to create Cloudwatch log group"),
    "logs:CreateLogStream": (STREAM, "failed to create Cloudwatch log stream"),
}


class Ecs:
    """MiniStack's ECS, without an engine."""

    def __init__(self, inside: Any, scope: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
        """Note what starts, and why something does not."""
        self._inside, self._scope = inside, scope
        self.reason = ""

    def run(self, role: str, container: dict[str, Any]) -> bool:
        """Start a task as MiniStack does, and return whether it did."""
        task = {"taskArn": TASK, "overrides": {}, "lastStatus": "PENDING"}
        definition = {"executionRoleArn": role, "containerDefinitions": [container]}
        self.reason = ""
        self._inside._run_task_worker(task, definition, {}, None, ACCOUNT, "us-east-1")
        return not self.reason

    def logs(self, container: dict[str, Any]) -> bool:
        """Whether what a container prints is kept."""
        with self._scope(ACCOUNT, "us-east-1"):
            return bool(self._inside._ensure_awslogs_stream(self._inside._awslogs_config(container, "0123", "id")))


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Ecs:
    """ECS, before IAM is put in front of it."""
    inside: Any = import_module("ministack.services.ecs")
    made = Ecs(inside, import_module("ministack.core.responses").request_scope)
    monkeypatch.setattr(inside, "_start_task_worker", lambda *_: None)
    monkeypatch.setattr(inside, "_fail_task_start", lambda _, __, reason: setattr(made, "reason", reason))
    return made


@pytest.fixture
def empty_logs() -> Iterator[None]:
    """No log group is left behind."""
    yield
    import_module("ministack.services.cloudwatch_logs").reset()


def _statements(leave_out: str = "") -> list[dict[str, Any]]:
    return [{"Action": action, "Resource": resource} for action, (resource, _) in NEEDED.items() if action != leave_out]


def test_a_task_starts_with_what_its_role_may_do(ecs: Ecs, aws: Emulator) -> None:
    assert ecs.run(Role(aws, "Execution", *_statements()).arn, CONTAINER), ecs.reason
    assert [each["action"] for each in decisions(aws)] == list(NEEDED)


@pytest.mark.parametrize("action", NEEDED)
def test_a_task_does_not_start_without(action: str, ecs: Ecs, aws: Emulator) -> None:
    resource, words = NEEDED[action]
    assert not ecs.run(Role(aws, "Execution", *_statements(action)).arn, CONTAINER)
    assert words in ecs.reason
    assert ecs.reason.startswith(("ResourceInitializationError: ", "CannotPullContainerError: "))
    assert ecs.reason.endswith(
        f"AccessDeniedException: User: arn:aws:sts::{ACCOUNT}:assumed-role/Execution/0123 is not authorized to "
        f"perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
    )


def test_a_role_that_does_not_exist_may_do_nothing(ecs: Ecs, aws: Emulator) -> None:
    assert decisions(aws) == []
    assert not ecs.run(f"arn:aws:iam::{ACCOUNT}:role/Gone", CONTAINER)


def test_a_public_image_takes_no_right(ecs: Ecs, aws: Emulator) -> None:
    assert ecs.run(Role(aws, "Execution").arn, {"name": "app", "image": "public.ecr.aws/nginx/nginx:1.29"})


def test_the_login_of_another_registry_is_a_secret_too(ecs: Ecs, aws: Emulator) -> None:
    login = {"repositoryCredentials": {"credentialsParameter": SECRET}}
    container = {"name": "app", "image": "registry.example/web", **login}
    assert not ecs.run(Role(aws, "Execution").arn, container)
    assert f"secretsmanager:GetSecretValue on resource: {SECRET} " in ecs.reason


@pytest.mark.parametrize("missing", ["s3:GetObject", "s3:GetBucketLocation", ""])
def test_environment_files_are_read_with_the_role(ecs: Ecs, aws: Emulator, missing: str) -> None:
    file = "arn:aws:s3:::settings/web.env"
    rights = {"s3:GetObject": file, "s3:GetBucketLocation": "arn:aws:s3:::settings"}
    statements = [{"Action": each, "Resource": resource} for each, resource in rights.items() if each != missing]
    container = {"name": "app", "image": "public.ecr.aws/nginx/nginx:1.29", "environmentFiles": [{"value": file}]}
    assert ecs.run(Role(aws, "Execution", *statements).arn, container) is not bool(missing)
    if missing:
        assert ecs.reason.startswith("ResourceInitializationError: failed to download env files: ")
        assert f"is not authorized to perform: {missing} on resource: {rights[missing]} " in ecs.reason


@pytest.mark.usefixtures("empty_logs")
def test_without_the_right_to_write_them_lines_are_lost(ecs: Ecs, aws: Emulator) -> None:
    role = Role(aws, "Execution", *_statements())
    assert ecs.run(role.arn, CONTAINER)
    assert not ecs.logs(CONTAINER)
    role.allow(*_statements(), {"Action": "logs:PutLogEvents", "Resource": STREAM})
    assert ecs.logs(CONTAINER)


FAMILY = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/shop"
CLUSTER = f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/main"
ROLES = [f"arn:aws:iam::{ACCOUNT}:role/ShopTask", f"arn:aws:iam::{ACCOUNT}:role/ShopExecution"]
IN_CLUSTER = {"ArnEquals": {"ecs:cluster": CLUSTER}}
RUN = {"Action": "ecs:RunTask", "Resource": f"{FAMILY}:*", "Condition": IN_CLUSTER}
PASS = {
    "Action": "iam:PassRole",
    "Resource": ROLES,
    "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
}
TAG = {
    "Action": "ecs:TagResource",
    "Resource": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/main/*",
    "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
}


@pytest.fixture
def shop(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Two clusters and a task definition with two roles, without an engine."""
    ecs: Any = import_module("ministack.services.ecs")
    monkeypatch.setattr(ecs, "_get_docker", lambda: None)
    client = aws.client("ecs")
    for name in ("main", "other"):
        client.create_cluster(clusterName=name)
    for name in ("ShopTask", "ShopExecution"):
        Role(aws, name)
    client.register_task_definition(
        family="shop",
        taskRoleArn=ROLES[0],
        executionRoleArn=ROLES[1],
        containerDefinitions=[{"name": "app", "image": "app", "memory": 128}],
    )
    yield aws
    ecs.reset()


def test_a_task_runs_with_what_running_it_takes(shop: Emulator) -> None:
    role = Role(shop, "Releases", RUN, PASS, TAG)
    ecs = role.client("ecs")
    assert ecs.run_task(cluster="main", taskDefinition="shop:1", propagateTags="TASK_DEFINITION")["tasks"]
    assert "ecs:RunTask" in refused(ecs.run_task, cluster="other", taskDefinition="shop:1")
    role.allow(RUN, {**PASS, "Resource": ROLES[:1]}, TAG)
    assert f"iam:PassRole on resource: {ROLES[1]}" in refused(ecs.run_task, cluster="main", taskDefinition="shop:1")
    elsewhere = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    role.allow(RUN, {**PASS, "Condition": elsewhere})
    assert f"iam:PassRole on resource: {ROLES[0]}" in refused(ecs.run_task, cluster="main", taskDefinition="shop:1")
    role.allow(RUN, PASS)
    assert ecs.run_task(cluster="main", taskDefinition="shop:1")["tasks"]
    tagged = {"cluster": "main", "taskDefinition": "shop:1", "propagateTags": "TASK_DEFINITION"}
    assert "ecs:TagResource" in refused(ecs.run_task, **tagged)


def test_tasks_are_listed_and_described_in_the_cluster_of_the_condition(shop: Emulator) -> None:
    statements = [
        {"Action": "ecs:ListTasks", "Resource": "*", "Condition": IN_CLUSTER},
        {"Action": "ecs:DescribeTasks", "Resource": "*", "Condition": IN_CLUSTER},
    ]
    ecs = Role(shop, "Reader", *statements).client("ecs")
    assert ecs.list_tasks(cluster="main")["taskArns"] == []
    assert ecs.describe_tasks(cluster=CLUSTER, tasks=["0123"])["failures"]
    assert "ecs:ListTasks" in refused(ecs.list_tasks, cluster="other")
    assert "ecs:DescribeTasks" in refused(ecs.describe_tasks, cluster="other", tasks=["0123"])

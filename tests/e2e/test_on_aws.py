"""A task that uses AWS, for real: by its role, with boto3 as it comes; and nothing else gets in by that way."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ecr_fargate_constructs.local.engine import find_engine
from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.e2e.vendored import vendor
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def on_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The app, deployed; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("on-aws") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "aws_app.py", folder / "app.py")
    vendor(folder / "app" / "packages")
    with (folder / "app" / "Dockerfile").open("a", encoding="utf-8") as dockerfile:
        dockerfile.write("COPY packages /packages\nENV PYTHONPATH=/packages\n")
    app = LocalApp(folder, free_port())
    done = app.run("up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield app
    finally:
        app.run("down")
    assert not app.leftovers()


def _seen(app: LocalApp, path: str = "/") -> dict[str, Any]:
    status, body = app.get(path)
    assert status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


def test_a_table_a_queue_and_a_bucket_are_used(on_aws: LocalApp) -> None:
    seen = _seen(on_aws)
    assert (seen["item"], seen["message"], seen["object"]) == ("stored", ["sent"], "kept")
    [bucket] = [each for each in on_aws.ask("s3", "list_buckets")["Buckets"] if each["Name"].startswith("onaws")]
    assert on_aws.ask("s3", "get_object", Bucket=bucket["Name"], Key="a/b")["Body"].read() == b"kept"


def test_it_is_the_role_of_the_task_that_asks(on_aws: LocalApp) -> None:
    seen = _seen(on_aws)
    [role] = [role for role in on_aws.ask("iam", "list_roles")["Roles"] if "TaskRole" in role["RoleName"]]
    task = seen["task"].rpartition("/")[2]
    assert seen["identity"] == f"arn:aws:sts::{on_aws.port:012d}:assumed-role/{role['RoleName']}/{task}"


def test_the_container_beside_has_the_same_role_and_metadata_of_its_own(on_aws: LocalApp) -> None:
    seen, beside = _seen(on_aws), _seen(on_aws, "/beside")
    assert beside["identity"].rpartition("/")[0] == seen["identity"].rpartition("/")[0]
    assert [each["container"][0] for each in (seen, beside)] == ["web", "beside"]
    [cluster] = on_aws.ask("ecs", "list_clusters")["clusterArns"]
    tasks = on_aws.ask("ecs", "describe_tasks", cluster=cluster, tasks=[seen["task"], beside["task"]])["tasks"]
    arns = {each["containerArn"] for task in tasks for each in task["containers"]}
    assert {seen["container"][1], beside["container"][1]} <= arns
    assert beside["identity"].rpartition("/")[2] == beside["task"].rpartition("/")[2]


def test_the_variables_are_those_of_ecs(on_aws: LocalApp) -> None:
    seen = _seen(on_aws)
    assert seen["region"] == ["us-east-1", "us-east-1"]
    assert seen["platform"] == "AWS_ECS_FARGATE"


def test_a_generated_secret_has_the_length_that_cloudformation_gives_it(on_aws: LocalApp) -> None:
    [secret] = on_aws.ask("secretsmanager", "list_secrets")["SecretList"]
    value = on_aws.ask("secretsmanager", "get_secret_value", SecretId=secret["ARN"])["SecretString"]
    assert len(value) == 32
    assert _seen(on_aws)["secret"] == value


def _refused(address: str, port: int) -> bool:
    connection = http.client.HTTPConnection(address, port, timeout=5)
    try:
        connection.connect()
    except ConnectionRefusedError:
        return True
    finally:
        connection.close()
    return False


def _connect(addresses: list[str], port: int) -> str:
    """A program that prints whether each address refuses."""
    return (
        "import socket\n"
        f"for address in {addresses!r}:\n"
        "    with socket.socket() as attempt:\n"
        "        attempt.settimeout(5)\n"
        f"        print('refused' if attempt.connect_ex((address, {port})) == 111 else 'open')\n"
    )


def test_nobody_but_the_task_reaches_aws_by_its_address(on_aws: LocalApp) -> None:
    [address] = set(re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", _seen(on_aws)["addresses"])) - {"127.0.0.1"}
    assert not _refused(address, 8080)
    assert _refused(address, on_aws.port)
    # A container of the same engine, on the same network, that is no task of this instance.
    limits = on_aws.state / "containers.conf"
    environment = {**os.environ, **({"CONTAINERS_CONF": str(limits)} if limits.exists() else {})}
    program = ["python", "-c", _connect(["127.0.0.1", address], on_aws.port)]
    done = subprocess.run(  # noqa: S603 - the engine, no shell
        [find_engine().name, "run", "--rm", on_aws.containers()[0], *program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.stdout.split() == ["refused", "refused"], done.stderr

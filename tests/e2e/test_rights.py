"""Every right that the templates grant is needed, or it is known why nothing fails here without it.

Each action of each role's policy is taken away from the running app, one at a time, and what the role is for has to
fail with the words of IAM: the application, the start of a task, the copy of an image, a push.
"""

from __future__ import annotations

import json
import shutil
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.e2e.rights import Publisher, Right, answer, copy_image, granted, refused, start_task, without
from tests.e2e.test_direct_delivery import PROGRAM
from tests.e2e.vendored import vendor
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKS: dict[str, Callable[[LocalApp], str]] = {"task": answer, "execution": start_task, "copier": copy_image}
NEEDED = (
    *(Right("task", f"dynamodb:{name}") for name in ("GetItem", "PutItem")),
    *(Right("task", f"sqs:{name}") for name in ("SendMessage", "ReceiveMessage", "DeleteMessage")),
    Right("task", "s3:GetObject*"),
    Right("task", "s3:PutObject"),
    *(
        Right("execution", f"ecr:{name}")
        for name in ("GetAuthorizationToken", "BatchGetImage", "GetDownloadUrlForLayer")
    ),
    Right("execution", "secretsmanager:GetSecretValue"),
    Right("execution", "logs:CreateLogStream"),
    Right("copier", "ecr:GetAuthorizationToken"),
    *(Right("copier", f"ecr:{name}", "assets") for name in ("BatchGetImage", "GetDownloadUrlForLayer")),
    *(
        Right("copier", f"ecr:{name}")
        for name in (
            "BatchCheckLayerAvailability",
            "BatchGetImage",
            "InitiateLayerUpload",
            "UploadLayerPart",
            "CompleteLayerUpload",
            "PutImage",
        )
    ),
)
_LOG = "a task runs on without the lines that it cannot write, on AWS too"
_FUNCTION_LOG = "a function runs without its log, on AWS too"
_GRANT = "CDK grants it with the others; the application of this test does not ask for it"
_NETWORK = "the embedded AWS closes the default security group itself, and does not run CDK's function for it"
SURVIVORS = {
    Right("execution", "ecr:BatchCheckLayerAvailability"): "CDK's grant_pull has it, and no pull asks for it",
    Right("execution", "secretsmanager:DescribeSecret"): "CDK's grant_read has it; the agent reads the value alone",
    Right("execution", "logs:PutLogEvents"): _LOG,
    Right("copier", "ecr:GetDownloadUrlForLayer"): "for layers that another copy has mounted, and for a retry",
    **{Right("copier", f"logs:{name}"): _FUNCTION_LOG for name in ("CreateLogStream", "PutLogEvents")},
    **{
        Right("network", f"ec2:{verb}SecurityGroup{way}"): _NETWORK
        for verb in ("Authorize", "Revoke")
        for way in ("Ingress", "Egress")
    },
    **{Right("network", f"logs:{name}"): _NETWORK for name in ("CreateLogGroup", "CreateLogStream", "PutLogEvents")},
    **{
        Right("task", f"dynamodb:{name}"): _GRANT
        for name in (
            "BatchGetItem",
            "BatchWriteItem",
            "ConditionCheckItem",
            "DeleteItem",
            "DescribeTable",
            "GetRecords",
            "GetShardIterator",
            "Query",
            "Scan",
            "UpdateItem",
        )
    },
    **{
        Right("task", f"sqs:{name}"): _GRANT
        for name in ("ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl")
    },
    **{
        Right("task", f"s3:{name}"): _GRANT
        for name in (
            "Abort*",
            "DeleteObject*",
            "GetBucket*",
            "List*",
            "PutObjectLegalHold",
            "PutObjectRetention",
            "PutObjectTagging",
            "PutObjectVersionTagging",
        )
    },
}
PUBLISHING = (
    "BatchCheckLayerAvailability",
    "CompleteLayerUpload",
    "DescribeImages",
    "DescribeRepositories",
    "InitiateLayerUpload",
    "PutImage",
    "UploadLayerPart",
)
PUSHED_WITHOUT = {"BatchGetImage": "podman does not look for the image first; Docker does, and AWS asks for the right"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The app of ``test_on_aws.py``: a copied image, a secret, a table, a queue and a bucket."""
    folder = copy_sample(tmp_path_factory.mktemp("rights") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "aws_app.py", folder / "app.py")
    vendor(folder / "app" / "packages")
    with (folder / "app" / "Dockerfile").open("a", encoding="utf-8") as dockerfile:
        dockerfile.write("COPY packages /packages\nENV PYTHONPATH=/packages\n")
    made = LocalApp(folder, free_port())
    done = made.run("up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield made
    finally:
        made.run("down")


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalApp, Publisher]]:
    """An app that is delivered directly, and the role that pushes its image."""
    folder = copy_sample(tmp_path_factory.mktemp("direct") / "sample")
    (folder / "app.py").write_text(PROGRAM, encoding="utf-8")
    made = LocalApp(folder, free_port())
    done = made.run("up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        names = [each["repositoryName"] for each in made.ask("ecr", "describe_repositories")["repositories"]]
        [repository] = [name for name in names if "container-assets" not in name]
        yield made, Publisher(made, repository, tmp_path_factory.mktemp("image"))
    finally:
        made.run("down")


def test_the_deployment_and_the_app_do_with_what_the_template_grants(app: LocalApp) -> None:
    assert answer(app) == ""
    refusals = json.loads(app.run("grants", "--format", "json").stdout)["refusals"]
    assert refusals == []
    assert {*NEEDED, *SURVIVORS} == granted(app)


@pytest.mark.parametrize("right", NEEDED, ids=str)
def test_nothing_goes_without(right: Right, app: LocalApp) -> None:
    check = CHECKS[right.role]
    with without(app, right):
        reason = check(app)
    assert reason
    assert fnmatch(refused(app, right.role)[-1], right.action), reason


def test_what_a_role_can_do_without(app: LocalApp) -> None:
    with without(app, *SURVIVORS):
        assert {role: check(app) for role, check in CHECKS.items()} == dict.fromkeys(CHECKS, "")


def test_explain_names_the_statement_to_add(app: LocalApp) -> None:
    right = Right("task", "sqs:SendMessage")
    with without(app, right):
        assert answer(app)
        done = app.run("explain", "--format", "json")
    [found] = [each for each in json.loads(done.stdout) if "sqs:SendMessage" in each["said"]]
    [queue] = app.ask("sqs", "list_queues")["QueueUrls"]
    statement = json.dumps(
        {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": f"arn:aws:sqs:us-east-1:{app.port:012d}:{queue.rpartition('/')[2]}",
        }
    )
    assert found["cause"] == "not allowed"
    assert found["fix"].endswith(statement)


def test_a_push_takes_what_the_repository_grants_the_bootstrap(publisher: tuple[LocalApp, Publisher]) -> None:
    made, role = publisher
    assert role.push() == ""
    text = made.ask("ecr", "get_repository_policy", repositoryName=role.repository)["policyText"]
    actions = [action for each in json.loads(text)["Statement"] for action in each["Action"]]
    assert sorted(actions) == sorted(f"ecr:{name}" for name in (*PUBLISHING, *PUSHED_WITHOUT))


@pytest.mark.parametrize("name", PUBLISHING)
def test_no_push_goes_without(name: str, publisher: tuple[LocalApp, Publisher]) -> None:
    reason = _push_without(name, *publisher)
    assert reason
    # HEAD is answered without words, and who still sends a layer may find the connection closed before the refusal.
    wordless = name == "BatchCheckLayerAvailability" or (name == "UploadLayerPart" and "broken pipe" in reason)
    assert f"ecr:{name}" in reason or wordless, reason


@pytest.mark.parametrize("name", PUSHED_WITHOUT)
def test_what_a_push_can_do_without(name: str, publisher: tuple[LocalApp, Publisher]) -> None:
    assert _push_without(name, *publisher) == ""


def _push_without(name: str, made: LocalApp, role: Publisher) -> str:
    """Take an action out of the repository's policy, push, and say why that did not work."""
    text = made.ask("ecr", "get_repository_policy", repositoryName=role.repository)["policyText"]
    less = json.loads(text)
    for each in less["Statement"]:
        each["Action"] = [action for action in each["Action"] if action != f"ecr:{name}"]
    made.ask("ecr", "set_repository_policy", repositoryName=role.repository, policyText=json.dumps(less))
    try:
        return role.push()
    finally:
        made.ask("ecr", "set_repository_policy", repositoryName=role.repository, policyText=text)

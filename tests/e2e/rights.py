"""Rights taken from roles, one at a time, and what fails then. For ``test_rights.py``."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.e2e.local_app import LocalApp

REGION = "us-east-1"
ROLES = {"copier": "ImageCopierRole", "execution": "ExecutionRole", "task": "TaskRole", "network": "VpcRestrictDefault"}


@dataclass(frozen=True, order=True)
class Right:
    """An action that a template grants.

    Attributes:
        role: Whose: a key of ``ROLES``, or ``publishing`` for what a repository's policy allows the bootstrap's role.
        action: The action, as the policy writes it.
        where: ``assets`` where the resource is the repository of all assets.
    """

    role: str
    action: str
    where: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.role, self.action, self.where)))


def granted(app: LocalApp) -> set[Right]:
    """All rights of the app's roles."""
    done = app.run("grants", "--format", "json")
    assert done.returncode == 0, done.stderr
    return {_right(each) for each in json.loads(done.stdout)["grants"]}


def refused(app: LocalApp, role: str) -> list[str]:
    """The actions that were refused to a role, the newest kind of refusal last."""
    done = app.run("grants", "--format", "json")
    return [each["action"] for each in json.loads(done.stdout)["refusals"] if ROLES[role] in each["role"]]


def _right(grant: Mapping[str, Any]) -> Right:
    role = next(kind for kind, part in ROLES.items() if part in grant["role"])
    return Right(role, grant["action"], _where(grant["resources"]))


def _where(resources: Any) -> str:  # noqa: ANN401 - one or several
    return "assets" if "container-assets" in str(resources) else ""


@contextlib.contextmanager
def without(app: LocalApp, *rights: Right) -> Iterator[None]:
    """Take rights from the policies of the running app's roles, and give them back."""
    names = [each["RoleName"] for each in app.ask("iam", "list_roles")["Roles"]]
    kept: list[dict[str, str]] = []
    for kind in {each.role for each in rights}:
        for role in (name for name in names if ROLES[kind] in name):
            for policy in app.ask("iam", "list_role_policies", RoleName=role)["PolicyNames"]:
                document = app.ask("iam", "get_role_policy", RoleName=role, PolicyName=policy)["PolicyDocument"]
                same = {"RoleName": role, "PolicyName": policy}
                kept.append({**same, "PolicyDocument": json.dumps(document)})
                less = {**document, "Statement": _less(document["Statement"], kind, rights)}
                app.ask("iam", "put_role_policy", **same, PolicyDocument=json.dumps(less))
    try:
        yield
    finally:
        for each in kept:
            app.ask("iam", "put_role_policy", **each)


def _less(statements: list[dict[str, Any]], kind: str, rights: tuple[Right, ...]) -> list[dict[str, Any]]:
    found = []
    for each in statements:
        actions = [each["Action"]] if isinstance(each["Action"], str) else each["Action"]
        left = [action for action in actions if Right(kind, action, _where(each["Resource"])) not in rights]
        found.append({**each, "Action": left or ["none:Left"]})
    return found


def answer(app: LocalApp) -> str:
    """What the application says went wrong; empty if nothing did."""
    status, body = app.get()
    return "" if status == 200 else body


def start_task(app: LocalApp) -> str:
    """Run a task of the service's definition, and say why it did not start; empty if it did."""
    [cluster] = app.ask("ecs", "list_clusters")["clusterArns"]
    [arn] = app.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    [service] = app.ask("ecs", "describe_services", cluster=cluster, services=[arn])["services"]
    [task] = app.ask(
        "ecs",
        "run_task",
        cluster=cluster,
        launchType="FARGATE",
        taskDefinition=service["taskDefinition"],
        networkConfiguration=service["networkConfiguration"],
    )["tasks"]
    deadline = time.monotonic() + 60
    while task["lastStatus"] not in {"RUNNING", "STOPPED"}:
        assert time.monotonic() < deadline, task
        time.sleep(0.1)
        [task] = app.ask("ecs", "describe_tasks", cluster=cluster, tasks=[task["taskArn"]])["tasks"]
    if task["lastStatus"] == "STOPPED":
        return str(task["stoppedReason"])
    app.ask("ecs", "stop_task", cluster=cluster, task=task["taskArn"])
    return ""


def copy_image(app: LocalApp) -> str:
    """Empty the app's repository, let the copier fill it again, and return why it did not; empty if it did."""
    [stack] = [
        each["StackName"]
        for each in app.ask("cloudformation", "describe_stacks")["Stacks"]
        if each["StackName"] != "CDKToolkit"
    ]
    template = app.ask("cloudformation", "get_template", StackName=stack)["TemplateBody"]
    resources = (template if isinstance(template, dict) else json.loads(template))["Resources"].values()
    [copy] = [each for each in resources if each["Type"] == "Custom::EcrFargateImageCopy"]
    repositories = app.ask("ecr", "describe_repositories")["repositories"]
    [assets] = [each for each in repositories if "container-assets" in each["repositoryName"]]
    [own] = [each for each in repositories if "container-assets" not in each["repositoryName"]]
    [image] = app.ask("ecr", "describe_images", repositoryName=assets["repositoryName"])["imageDetails"]
    app.ask("ecr", "delete_repository", repositoryName=own["repositoryName"], force=True)
    app.ask("ecr", "create_repository", repositoryName=own["repositoryName"])
    functions = [each["FunctionName"] for each in app.ask("lambda", "list_functions")["Functions"]]
    [function] = [each for each in functions if "ImageCopierFunction" in each]
    with _cloudformation() as (url, answers):
        event = {
            "RequestType": "Create",
            "ResourceType": copy["Type"],
            "ResponseURL": url,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Copy",
            "ResourceProperties": {
                "Source": f"{assets['repositoryUri']}:{image['imageTags'][0]}",
                "Destination": f"{own['repositoryUri']}:copied",
                "Architecture": copy["Properties"]["Architecture"],
            },
        }
        app.ask("lambda", "invoke", FunctionName=function, Payload=json.dumps(event))
        [found] = answers
    return "" if found["Status"] == "SUCCESS" else str(found["Reason"])


@contextlib.contextmanager
def _cloudformation() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Where a custom resource answers."""
    answers: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", answers
        server.shutdown()


class Publisher:
    """What the CDK command line does with the bootstrap's role before and while it pushes an image."""

    def __init__(self, app: LocalApp, repository: str, folder: Path) -> None:
        """Take the role."""
        self._app, self.repository, self._folder = app, repository, folder
        account = f"{app.port:012d}"
        role = f"arn:aws:iam::{account}:role/cdk-hnb659fds-image-publishing-role-{account}-{REGION}"
        self._given = app.ask("sts", "assume_role", RoleArn=role, RoleSessionName="push")["Credentials"]
        self._pushed = 0
        self._blank = folder / "Dockerfile"

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3's
        """A client of the role."""
        return boto3.client(
            service,
            endpoint_url=f"http://localhost:{self._app.port}",
            region_name=REGION,
            aws_access_key_id=self._given["AccessKeyId"],
            aws_secret_access_key=self._given["SecretAccessKey"],
            aws_session_token=self._given["SessionToken"],
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )

    def push(self) -> str:
        """Look the repository and the image up, push, and say why it did not work; empty if it did."""
        ecr = self.client("ecr")
        try:
            ecr.describe_repositories(repositoryNames=[self.repository])
            with contextlib.suppress(ecr.exceptions.ImageNotFoundException):
                ecr.describe_images(repositoryName=self.repository, imageIds=[{"imageTag": "none"}])
        except ecr.exceptions.ClientError as error:
            return str(error)
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        login = base64.b64decode(token).decode()
        self._pushed += 1
        image = f"localhost:{self._app.port}/{self.repository}:{self._pushed}"  # tags are immutable
        self._blank.write_text(f"FROM scratch\nCOPY Dockerfile /\n# {self._pushed}\n", encoding="utf-8")
        for command in (
            ["build", "--quiet", "--tag", image, str(self._folder)],
            ["push", "--tls-verify=false", f"--creds={login}", image],
            ["rmi", image],
        ):
            done = subprocess.run(["podman", *command], capture_output=True, text=True, check=False)  # noqa: S603, S607
            if done.returncode:
                return done.stderr
        return ""

"""Requests of the agent of ECS, with a task's execution role, before the task starts. Written for MiniStack 1.5.33.

The agent pulls images, reads secrets and parameters and creates log streams with the execution role; MiniStack does all
of it by itself. Here IAM is asked first, and a refusal stops the task with the reason that ECS gives: developer guide,
"Amazon ECS stopped tasks error messages".
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from ecr_fargate_constructs.local.ministack_patches.iam.resources import log_stream, parameter
from ecr_fargate_constructs.local.ministack_patches.internals import Properties, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.local.ministack_patches.iam.evaluator import Evaluator


_PRIVATE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<name>[^:@]+)(?P<ref>.*)"
)
_AGENT = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
_SECRET_FIELDS = 7  # of an ARN; a JSON key, a stage and a version may follow


class _Need(NamedTuple):
    """Something that the agent asks for.

    Attributes:
        action: The action.
        resource: ARN of the resource.
        region: Where it is asked.
        before: What ECS says before the refusal.
    """

    action: str
    resource: str
    region: str
    before: str


class Agent:
    """The agent of ECS, as far as it uses execution roles."""

    def __init__(self, ecs: Any, evaluator: Evaluator) -> None:  # noqa: ANN401 - the inside of an untyped package
        self._evaluator = evaluator
        self._start, self._fail = find(ecs, "_start_task_worker"), find(ecs, "_fail_task_start")
        self._config, self._ensure = find(ecs, "_awslogs_config"), find(ecs, "_ensure_awslogs_stream")
        self._failed = find(ecs, "_ImagePullError")
        self._account, self._region = find(ecs, "get_account_id"), find(ecs, "get_region")
        self._secrets = find(import_module("ministack.services.secretsmanager"), "_resolve")
        self._groups = find(import_module("ministack.services.cloudwatch_logs"), "_log_groups")
        self._reasons: dict[str, str] = {}
        self._roles: dict[str, str] = {}

    def start(self, task: Properties, definition: Properties, *rest: Any) -> None:  # noqa: ANN401
        """Start a task if its execution role may do what that takes.

        Raises:
            ecs._ImagePullError: It may not; MiniStack then stops the task.
        """
        overrides = task.get("overrides") or {}
        role = overrides.get("executionRoleArn") or definition.get("executionRoleArn")
        identifier = task["taskArn"].rpartition("/")[2]
        if role:
            if not role.startswith("arn:"):  # ECS takes the name, too
                role = f"arn:aws:iam::{self._account()}:role/{role}"
            self._roles[identifier] = role
            key = self._evaluator.agent(role, identifier)
            for need in dict.fromkeys(self._needs(definition, identifier)):
                refusal = self._evaluator.refusal(key, need.action, need.resource, region=need.region)
                if refusal is not None:
                    reason = f"{need.before}AccessDeniedException: {refusal}"
                    self._reasons[task["taskArn"]] = reason
                    raise self._failed(reason)
        self._start(task, definition, *rest)

    def fail(self, task: Properties, client: Any, reason: str) -> None:  # noqa: ANN401
        """Stop a task that could not start, with the reason that ECS would give."""
        self._fail(task, client, self._reasons.pop(task["taskArn"], reason))

    def log_configuration(self, container: Properties, identifier: str, container_id: str) -> Properties | None:
        """Return where a container logs to, with the role that writes there."""
        found: Properties | None = self._config(container, identifier, container_id)
        return None if found is None else {**found, "role": self._roles.get(identifier), "session": identifier}

    def ensure_stream(self, configuration: Properties) -> bool:
        """Create a log stream, and return whether the role may write to it."""
        if not self._ensure(configuration):
            return False
        role = configuration.get("role")
        if not role:
            return True
        region = configuration.get("region") or self._region()
        resource = log_stream(region, self._account(), configuration["group"], configuration["stream"])
        key = self._evaluator.agent(role, configuration["session"])
        return self._evaluator.refusal(key, "logs:PutLogEvents", resource, region=region) is None

    def _needs(self, definition: Properties, identifier: str) -> Iterator[_Need]:
        containers = definition.get("containerDefinitions", [])
        images = [match for match in (_PRIVATE.fullmatch(each.get("image", "")) for each in containers) if match]
        if images:
            before = _AGENT + "unable to retrieve ecr registry auth: service call has been retried 3 time(s): "
            yield _Need("ecr:GetAuthorizationToken", "*", images[0]["region"], before)
        for container in containers:
            yield from self._secrets_of(container)
            yield from self._files_of(container)
        for image in images:
            yield from _pull(image)
        for container in containers:
            yield from self._log_of(container, identifier)

    def _secrets_of(self, container: Properties) -> Iterator[_Need]:
        login = (container.get("repositoryCredentials") or {}).get("credentialsParameter")
        named = [each.get("valueFrom", "") for each in container.get("secrets") or []]
        for name in [*named, *([login] if login else [])]:
            if "secretsmanager" in name or name == login:
                arn = ":".join(name.split(":")[:_SECRET_FIELDS])
                _, secret = self._secrets(arn, use_arn_scope=True)
                arn = secret["ARN"] if secret else arn
                before = (
                    f"{_AGENT}unable to retrieve secret from asm: service call has been retried 1 time(s): "
                    f"failed to fetch secret {arn} from secrets manager: "
                )
                yield _Need("secretsmanager:GetSecretValue", arn, arn.split(":")[3], before)
            elif name:
                arn = parameter(name, f"ssm:{self._region()}:{self._account()}")
                before = f"{_AGENT}unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
                yield _Need("ssm:GetParameters", arn, arn.split(":")[3], before)

    def _files_of(self, container: Properties) -> Iterator[_Need]:
        for each in container.get("environmentFiles") or ():
            arn = str(each.get("value", ""))
            bucket, _, key = arn.rpartition(":::")[2].partition("/")
            before = (
                "ResourceInitializationError: failed to download env files: file download command: non empty error "
                f"stream: unable to download env file with key {key} from bucket {bucket}: "
            )
            for action, resource in (("s3:GetBucketLocation", arn.partition("/")[0]), ("s3:GetObject", arn)):
                yield _Need(action, resource, self._region(), before)

    def _log_of(self, container: Properties, identifier: str) -> Iterator[_Need]:
        found = self._config(container, identifier, "")
        if not found:
            return
        region = found["region"] or self._region()
        before = (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
            "failed to create Cloudwatch log {}: "
        )
        group, stream = found["group"], found["stream"]
        if found["create_group"] and group not in self._groups:
            yield _Need(
                "logs:CreateLogGroup", log_stream(region, self._account(), group), region, before.format("group")
            )
        yield _Need(
            "logs:CreateLogStream",
            log_stream(region, self._account(), group, stream),
            region,
            before.format("stream"),
        )


def _pull(image: re.Match[str]) -> Iterator[_Need]:
    arn = f"arn:aws:ecr:{image['region']}:{image['account']}:repository/{image['name']}"
    host = image[0].partition("/")[0]
    tag = image["ref"].rpartition("@" if "@" in image["ref"] else ":")[2] or "latest"
    yield _Need(
        "ecr:BatchGetImage",
        arn,
        image["region"],
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        f"{image[0]}: unexpected status from HEAD request to https://{host}/v2/{image['name']}/manifests/{tag}: "
        "403 Forbidden: ",
    )
    yield _Need(
        "ecr:GetDownloadUrlForLayer",
        arn,
        image["region"],
        f"CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy {image[0]}: "
        "httpReadSeeker: failed open: unexpected status code 403 Forbidden: ",
    )


def ask_before_tasks_start(evaluator: Evaluator) -> None:
    """Let no task start whose execution role may not do what that takes."""
    ecs: Any = import_module("ministack.services.ecs")
    agent = Agent(ecs, evaluator)
    ecs._start_task_worker, ecs._fail_task_start = agent.start, agent.fail  # noqa: SLF001 - what this module is for
    ecs._awslogs_config, ecs._ensure_awslogs_stream = agent.log_configuration, agent.ensure_stream  # noqa: SLF001

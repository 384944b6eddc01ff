"""The embedded AWS as it was recorded: an app of three services behind one HTTPS load balancer, and a worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ecr_fargate_constructs.local.instance import Instance, Memory
from ecr_fargate_constructs.local.processes import Process
from ecr_fargate_constructs.local.services import Cloud

if TYPE_CHECKING:
    import pytest

PORT = 4571
FILE = Path(__file__).parent / "recorded" / "shared_https.json"
BALANCER = "web-sharedlb42680507749b47c0fd9e.alb.localhost:4571"
TASKS = {"Head": "b3f9690a", "Home": "cba4ed0c", "Host": "b6d3a9c7", "Worker": "ae6f30f1"}


class RecordedClient:
    """Answers as it was recorded, and with what is added."""

    def __init__(self, service: str, answers: dict[str, Any]) -> None:
        """Answer for one service."""
        self._service = service
        self._answers = answers

    def get_paginator(self, operation: str) -> RecordedClient:
        """The pages are recorded as a list."""
        pages = RecordedClient(self._service, self._answers)
        pages.paginate = lambda **options: pages._answer(operation, options)  # type: ignore[attr-defined]
        return pages

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - as boto3's clients
        return lambda **options: self._answer(operation, options)

    def _answer(self, operation: str, options: dict[str, Any]) -> Any:  # noqa: ANN401 - as boto3's clients
        if operation == "list_stack_resources":  # the other operation was recorded, with the same resources
            return [{"StackResourceSummaries": self._answer("describe_stack_resources", options)["StackResources"]}]
        answer = self._answers.get(f"{self._service}.{operation} {json.dumps(options, sort_keys=True)}")
        answer = self._answers.get(f"{self._service}.{operation}") if answer is None else answer
        if answer is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": str(options)}}, operation)
        return answer(**options) if callable(answer) else answer


class RecordedCloud(Cloud):
    """The embedded AWS, recorded."""

    def __init__(self, instance: Instance, answers: dict[str, Any] | None = None) -> None:
        """Answer as it was recorded, but for what is given."""
        super().__init__(instance)
        self._recorded = {**json.loads(FILE.read_text(encoding="utf-8")), **(answers or {})}

    def client(self, name: str) -> Any:  # noqa: ANN401 - as boto3's clients
        """Return a client that replays."""
        return RecordedClient(name, self._recorded)


def write_app(directory: Path) -> Instance:
    """The directory of the recorded app, as a command finds it while the app runs."""
    instance = Instance(directory.resolve(), PORT, f"{PORT:012d}", "us-east-1")
    instance.make_state()
    instance.assembly.mkdir()
    paths = {
        "HomeService02EC96EF": "Web/Home/Service/Service",
        "HostServiceBD75402F": "Web/Host/Service/Service",
        "HeadServiceF70EB1B2": "Web/Head/Service/Service",
    }
    services = {name: {"Type": "AWS::ECS::Service", "Metadata": {"aws:cdk:path": path}} for name, path in paths.items()}
    worker = {"WorkerService9FFC549A": {"Type": "AWS::ECS::Service"}}  # a template without paths
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "Web.json"},
    }
    for file, content in (
        ("manifest.json", {"artifacts": {"Web": stack}}),
        ("Web.json", {"Resources": {**services, **worker}}),
    ):
        (instance.assembly / file).write_text(json.dumps(content), encoding="utf-8")
    gone = {"aws": Process(2**22 + 1, 1)}  # no process has an id beyond 2**22
    Memory(instance.account, instance.region, "podman", "", processes=gone).save(instance)
    return instance


def play(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any] | None = None) -> None:
    """Let the commands meet the recorded AWS, and no engine."""
    for module in ("aws_options", "local_status", "local_logs", "explain"):
        home = f"ecr_fargate_constructs.cli.{module}"
        monkeypatch.setattr(f"{home}.Cloud", lambda instance: RecordedCloud(instance, answers))
    monkeypatch.setattr("ecr_fargate_constructs.cli.local_status.containers", lambda *_: [])
    for name in ("read_decisions", "read_barriers"):
        monkeypatch.setattr(f"ecr_fargate_constructs.cli.explain.{name}", lambda *_: [])
    monkeypatch.setattr("ecr_fargate_constructs.local.lifecycle.runs", lambda _, memory: memory is not None)

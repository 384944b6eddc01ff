"""IAM of the embedded AWS, put together; a part of ``ministack_patches``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.decisions import Decisions
from ecr_fargate_constructs.local.ministack_patches.iam.ecs_requests import tell_iam_about_ecs_requests
from ecr_fargate_constructs.local.ministack_patches.iam.evaluator import Evaluator
from ecr_fargate_constructs.local.ministack_patches.iam.functions import run_functions_as_their_roles
from ecr_fargate_constructs.local.ministack_patches.iam.jobs import ask_before_tasks_of_state_machines
from ecr_fargate_constructs.local.ministack_patches.iam.registry import ask_at_the_registry
from ecr_fargate_constructs.local.ministack_patches.iam.resources import name_resources_as_aws_does
from ecr_fargate_constructs.local.ministack_patches.iam.serving import serve_decisions
from ecr_fargate_constructs.local.ministack_patches.iam.tasks import ask_before_tasks_start
from ecr_fargate_constructs.local.ministack_patches.internals import find

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.ministack_patches.asgi import Application

__all__ = ["Policies"]


class Policies:
    """IAM, enforced."""

    def __init__(self) -> None:
        application: Any = import_module("ministack.app")
        find(application, "AUTH")
        application.AUTH = True
        _call_every_transport_secure(application)
        self._decisions = Decisions()
        self._evaluator = Evaluator(self._decisions)
        name_resources_as_aws_does()
        tell_iam_about_ecs_requests()
        run_functions_as_their_roles(self._evaluator)
        ask_before_tasks_start(self._evaluator)
        ask_before_tasks_of_state_machines(self._evaluator)

    def refusal_of_task(self, role: str, task: str, action: str, resource: str) -> str | None:
        """Return why a task may not do something with its role; None if it may.

        Args:
            role: Name or ARN of the role.
            task: ARN of the task.
            action: For example ``ecs:UpdateTaskProtection``.
            resource: ARN of the resource.
        """
        region, account = task.split(":")[3:5]
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role}"
        session = self._evaluator.agent(arn, task.rpartition("/")[2])
        return self._evaluator.refusal(session, action, resource, region=region)

    def behind_the_guard(self, application: Application) -> Application:
        """Return what answers requests that may pass."""
        return serve_decisions(application, self._evaluator, self._decisions)

    def before_the_guard(self, application: Application, password: str) -> Application:
        """Return what answers requests to the private registry with tokens of roles, and all others."""
        return ask_at_the_registry(application, self._evaluator, password)


def _call_every_transport_secure(application: Any) -> None:  # noqa: ANN401 - the inside of an untyped package
    """Evaluate plain HTTP on loopback as what it stands for: a request to AWS over TLS (``aws:SecureTransport``)."""
    pin: Callable[[str, bool], None] = find(application, "pin_request_origin")
    application.pin_request_origin = lambda address, _: pin(address, True)

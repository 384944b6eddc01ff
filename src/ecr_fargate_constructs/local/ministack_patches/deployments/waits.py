"""Let CloudFormation wait for a service's deployment, as on AWS, unless the stack is deployed in express mode."""

from __future__ import annotations

import time
import uuid
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.ministack_patches.internals import MovedError, Properties, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.deployments.records import Deployment
    from ecr_fargate_constructs.local.ministack_patches.deployments.service import ControlledService
    from ecr_fargate_constructs.local.ministack_patches.deployments.services import Controlled

_TYPE = "AWS::ECS::Service"
_LONGEST = 36 * 3600.0  # "CloudFormation enforces a 36-hour limit": "Lifecycle stages", ECS developer guide
_DEPLOYING = ("CreateStack", "UpdateStack", "CreateChangeSet", "RollbackStack")  # they take a DeploymentConfig
_BREAKER = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'."


def wait_in_stacks(handlers: dict[str, Any], controlled: Controlled, clock: Clock) -> None:
    """Let the creation and the update of a service end with its deployment, and fail with it.

    Args:
        handlers: MiniStack's resource types.
        controlled: The services.
        clock: The time of deployments.
    """
    stacks: Any = import_module("ministack.services.cloudformation.stacks")
    cloudformation = import_module("ministack.services.cloudformation")
    on_worker, handler = find(stacks, "_runs_on_worker_thread"), handlers.get(_TYPE)
    actions = find(cloudformation, "_ACTION_HANDLERS")
    if handler is None:
        raise MovedError(f"type {_TYPE}")
    waiting = _Waiting(handler, controlled, clock, find(cloudformation, "_stacks"), _express_stacks(cloudformation))
    handlers[_TYPE] = {**handler, "create": waiting.create, "update": waiting.update}
    actions["DeleteStack"] = partial(waiting.delete_stack, actions["DeleteStack"])
    stacks._runs_on_worker_thread = lambda kind: kind == _TYPE or on_worker(kind)  # noqa: SLF001 - it blocks now


class _Waiting:
    """The services of stacks.

    MiniStack does not know a resource whose creation failed. So a service whose first deployment failed is deleted
    here; with ``--no-rollback`` it stays, until the next deployment or the deletion of its stack.
    """

    def __init__(
        self,
        handler: dict[str, Any],
        controlled: Controlled,
        clock: Clock,
        stacks: dict[str, Properties],
        express: set[str],
    ) -> None:
        """Begin without services.

        Args:
            handler: MiniStack's functions for the type.
            controlled: The services.
            clock: The time of deployments.
            stacks: MiniStack's records of stacks.
            express: Names of the stacks in express mode.
        """
        self._handler, self._controlled, self._clock = handler, controlled, clock
        self._stacks, self._express = stacks, express
        self._left: dict[tuple[str, str], Callable[[], object]] = {}

    def create(self, logical_id: str, properties: Properties, stack: str) -> Any:  # noqa: ANN401 - passed on
        """Create a service, and wait for its first deployment."""
        self._delete_left(stack, logical_id)
        result = self._handler["create"](logical_id, properties, stack)
        if stack not in self._express:
            try:
                _wait(self._controlled, result[0], self._clock, None)
            except ValueError:
                self._left[stack, logical_id] = partial(self._handler["delete"], result[0], properties)
                if not (self._stacks.get(stack) or {}).get("DisableRollback"):
                    self._delete_left(stack, logical_id)
                raise
        return result

    def update(self, arn: str, old: Properties, new: Properties, stack: str) -> Any:  # noqa: ANN401
        """Update a service, and wait for the deployment, if there is one."""
        before = _newest(_service(self._controlled, arn))
        over = before if before is not None and before.ended else None
        result = self._handler["update"](arn, old, new, stack)
        if stack not in self._express:
            try:
                _wait(self._controlled, arn, self._clock, over)
            except ValueError:
                # MiniStack's rollback takes what has failed for unchanged.
                self._handler["update"](arn, new, old, stack)
                raise
        return result

    def delete_stack(self, delete: Callable[[Properties], object], parameters: Properties) -> object:
        """Delete a stack, and what is left of it."""
        name = _stack_name(parameters)
        for stack, logical_id in [key for key in self._left if key[0] == name]:
            self._delete_left(stack, logical_id)
        return delete(parameters)

    def _delete_left(self, stack: str, logical_id: str) -> None:
        self._left.pop((stack, logical_id), lambda: None)()


def _express_stacks(cloudformation: Any) -> set[str]:  # noqa: ANN401 - an untyped package
    """Return a set that always has the names of the stacks whose last deployment is in express mode."""
    handlers, express = find(cloudformation, "_ACTION_HANDLERS"), set[str]()

    def noting(handler: Callable[[Properties], object]) -> Callable[[Properties], object]:
        def handle(parameters: Properties) -> object:
            name, mode = _stack_name(parameters), parameters.get("DeploymentConfig.Mode", [""])[0]
            (express.add if mode == "EXPRESS" else express.discard)(name)
            return handler(parameters)

        return handle

    for action in _DEPLOYING:
        if action not in handlers:
            raise MovedError(f"action {action}")
        handlers[action] = noting(handlers[action])
    return express


def _stack_name(parameters: Properties) -> str:
    """Return the name of the stack that a request is about, which it may give as an ARN."""
    name = str(parameters.get("StackName", [""])[0])
    return name.partition(":stack/")[2].partition("/")[0] or name


def _service(controlled: Controlled, arn: str) -> ControlledService | None:
    key = arn.partition(":service/")[2]
    return controlled.get(key.partition("/")[0], key)


def _newest(service: ControlledService | None) -> Deployment | None:
    if service is None:
        return None
    return service.controller.current or (service.controller.past[-1] if service.controller.past else None)


def _wait(controlled: Controlled, arn: str, clock: Clock, over: Deployment | None) -> None:
    """Wait for the end of a service's deployment.

    Args:
        controlled: The services.
        arn: The service.
        clock: The time of deployments.
        over: A deployment that was over before: if no other has begun, there is nothing to wait for.

    Raises:
        ValueError: It failed; CloudFormation shows the text.
    """
    service = _service(controlled, arn)
    deployment = _newest(service)
    if service is None or deployment is None or deployment is over:
        return
    deadline = time.monotonic() + _LONGEST / clock.speed
    with service.changed:
        while service.alive and not deployment.ended:
            if time.monotonic() > deadline:
                raise ValueError(_message(f"Resource timed out waiting for completion of {arn}", "NotStabilized"))
            service.changed.wait(1)
    if deployment.status != "SUCCESSFUL":
        raise ValueError(_message(_why(deployment), "GeneralServiceException"))


def _why(deployment: Deployment) -> str:
    return _BREAKER if deployment.cause == "circuit breaker" else deployment.reason


def _message(text: str, code: str) -> str:
    return f'Resource handler returned message: "{text}" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})'

"""Tasks receive messages from a queue without a dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.tools.assembly.workload import tasks
from ecr_fargate_constructs.tools.doctor.rule import Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecr_fargate_constructs.tools.assembly.model import App, Resource
    from ecr_fargate_constructs.tools.doctor.rule import Finding

_QUEUE, _RECEIVE = "AWS::SQS::Queue", "sqs:ReceiveMessage"


class QueueWithoutDeadLetters(Rule):
    """Tasks receive messages from a queue without a dead-letter queue."""

    id = "queue-without-dead-letters"
    severity = Severity.WARNING
    title = "Tasks receive messages from a queue without a dead-letter queue"
    why = "A message that always fails comes back until it expires, takes the time of the others, and then is lost."
    fix = "Use a WorkQueue, or sqs.Queue(dead_letter_queue=…)."
    source = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
    tags = ("task", "queue")

    def _check(self, app: App) -> Iterator[Finding]:
        roles = {
            role
            for task in tasks(app)
            for role in app.targets(task.resource.get("TaskRoleArn"), task.resource.template)
        }
        dead = {each for queue in app.of(_QUEUE) for each in app.targets(queue.get("RedrivePolicy"), queue.template)}
        for queue in dict.fromkeys(_received(app, roles)):
            if not queue.get("RedrivePolicy") and queue not in dead:
                yield self.found(queue, "RedrivePolicy is not set")


def _received(app: App, roles: set[Resource]) -> Iterator[Resource]:
    """Yield the queues whose messages a role may receive."""
    for policy in app.of("AWS::IAM::Policy"):
        if roles.isdisjoint(app.targets(policy.get("Roles"), policy.template)):
            continue
        for statement in _list((policy.get("PolicyDocument") or {}).get("Statement")):
            if statement.get("Effect") == "Allow" and _RECEIVE in _list(statement.get("Action")):
                for each in app.targets(statement.get("Resource"), policy.template):
                    if each.kind == _QUEUE:
                        yield each


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - whatever CloudFormation has
    return value if isinstance(value, list) else [] if value is None else [value]

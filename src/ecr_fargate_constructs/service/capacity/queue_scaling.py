"""Scaling by the messages that wait in a queue."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from ecr_fargate_constructs._rules.checks import whole_number
from ecr_fargate_constructs._rules.tokens import is_token
from ecr_fargate_constructs._rules.typed import typed
from ecr_fargate_constructs.errors import ConfigurationError
from ecr_fargate_constructs.service.capacity.scaling import Scaling

if TYPE_CHECKING:
    from aws_cdk import aws_sqs as sqs

    from ecr_fargate_constructs._rules.tokens import Number
    from ecr_fargate_constructs.service.work_queue import WorkQueue


@typed
@dataclass(frozen=True)
class QueueScaling(Scaling):
    """As many tasks as the messages in a queue need: the autoscaler keeps the messages per running task near a target.

    The number to aim at is the time that a message may wait, divided by the time that a task takes for one: if a
    message may wait 100 seconds and takes 2, it is 50.

    The tasks may read the queue: the task role gets the permission to receive, delete and postpone its messages, and to
    decrypt them. The number of running tasks comes from Container Insights, which the library's clusters have enabled.

    With ``min_capacity=0`` no task runs while the queue is empty; the first message starts one, after about two
    minutes. CloudWatch learns of a queue that was idle for more than six hours up to 15 minutes late. Messages that
    tasks are working on do not count, so with 0 a task may be stopped in the middle of the last message: protect it
    (see ``WorkerService``), or finish within the stop timeout.

    Defaults: 1 to 10 tasks, and all others as for ``Scaling``, whose other signals and schedules can be added.

    Source: "Create a target tracking scaling policy for Application Auto Scaling using metric math" in the Application
    Auto Scaling user guide, and "Available CloudWatch metrics for Amazon SQS" in its developer guide.

    Attributes:
        queue: A ``WorkQueue``, or a queue of your own.
        messages_per_task: Waiting messages per running task to aim at, 1 or more.
        min_capacity: Least number of tasks, 0 or more; default, 1.
        max_capacity: Greatest number of tasks, more than ``min_capacity``; default, 10.

    Raises:
        ConfigurationError: The limits contradict each other or leave no room to scale, or a figure cannot be reached.
    """

    _least: ClassVar[int] = 0
    _hint: ClassVar[str] = ""

    queue: sqs.IQueue | sqs.QueueBase | WorkQueue
    messages_per_task: Number
    _: KW_ONLY
    min_capacity: Number = 1
    max_capacity: Number = 10

    def __post_init__(self) -> None:
        whole_number(
            "QueueScaling.messages_per_task", self.messages_per_task, minimum=1, what="a number of waiting messages"
        )
        super().__post_init__()

    def _check_wake(self) -> None:
        if self.wake is not None:
            raise ConfigurationError(
                "QueueScaling.wake starts a service at a request of a load balancer, and a worker gets none; omit it: "
                "with min_capacity=0 the first message starts a task"
            )

    def _check_signals(self) -> None:
        if not self._has_room and not is_token(self.min_capacity) and not is_token(self.max_capacity):
            raise ConfigurationError(
                f"QueueScaling(min_capacity={self.min_capacity:g}, max_capacity={self.max_capacity:g}) leaves no room "
                f"to scale; raise max_capacity, or use desired_count={self.max_capacity:g}"
            )
        self._check_resolution()

    @property
    def source(self) -> sqs.IQueue:
        """The queue itself."""
        return cast("sqs.IQueue", getattr(self.queue, "queue", self.queue))

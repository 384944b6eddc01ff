"""A queue for workers, with a dead-letter queue and alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from ecr_fargate_constructs._cdk.alarm_actions import bound
from ecr_fargate_constructs._cdk.construct import LibraryConstruct
from ecr_fargate_constructs._cdk.duration_checks import seconds
from ecr_fargate_constructs._cdk.durations import number_of_seconds, of_minutes
from ecr_fargate_constructs._regulated import parts
from ecr_fargate_constructs._regulated.findings import acknowledge_dead_letters
from ecr_fargate_constructs._rules.checks import whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_iam as iam
    from constructs import Construct

    from ecr_fargate_constructs._cdk.alarm_actions import Action
    from ecr_fargate_constructs._rules.tokens import Number

_DAY = 86_400  # seconds
_LONGEST_VISIBILITY = 43_200  # seconds, 12 hours: "SetQueueAttributes" in the Amazon SQS API reference
_LONGEST_RETENTION = 14 * _DAY  # the same
_MOST_RECEIVES = 1_000  # the same


class WorkQueue(LibraryConstruct):
    """An SQS queue for a worker: with a dead-letter queue, encrypted, over TLS only, and with two alarms.

    A message that a worker received ``max_receive_count`` times and never deleted goes to the dead-letter queue, so
    that a message that always fails does not stop the others. One alarm is on when such a message is there, another one
    when the oldest message waits for too long. CloudWatch charges about 0.20 US dollars a month for the two.

    ``queue.grant_send_messages(web)`` allows a service to send messages. A topic sends its messages to every queue that
    is subscribed to it: ``topic.add_subscription(subscriptions.SqsSubscription(queue.queue))``.

    Both queues and their messages stay when they are removed from the app; ``removal_policy`` changes that.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        visibility_timeout: cdk.Duration | None = None,
        max_receive_count: Number = 5,
        retention: cdk.Duration | None = None,
        fifo: bool = False,
        longest_wait: cdk.Duration | None = None,
        actions: Sequence[Action] = (),
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        """Create the queues and the alarms.

        Args:
            scope: Parent construct.
            construct_id: Id within the parent.
            visibility_timeout: Time that a worker has for a message before another one gets it, 0 seconds to 12 hours,
                and at least the worker's stop timeout; default, 5 minutes.
            max_receive_count: Number of attempts before a message goes to the dead-letter queue, 1 to 1000; default, 5.
            retention: Time for which a message is kept if nobody handles it, 1 minute to 14 days; default, 4 days. The
                dead-letter queue keeps it for 14 days from the time that it was sent.
            fifo: Keep the order of the messages of a group, and deliver each once within 5 minutes; the sender gives
                each message a group. Default, False.
            longest_wait: Age of the oldest message that sets off the alarm, 1 minute to 14 days; default, 15 minutes.
            actions: Actions of both alarms: topics, or any alarm action; default, none: only the console shows them.
            removal_policy: Fate of the queues when they are removed from the app; default, they stay.

        Raises:
            ConfigurationError: A time or the number is out of range, or there are more than 5 actions.
        """
        visibility = visibility_timeout or of_minutes(5)
        kept, wait = retention or cdk.Duration.days(4), longest_wait or of_minutes(15)
        seconds("visibility_timeout", visibility, minimum=0, maximum=_LONGEST_VISIBILITY)
        seconds("retention", kept, minimum=60, maximum=_LONGEST_RETENTION)
        seconds("longest_wait", wait, minimum=60, maximum=_LONGEST_RETENTION)
        whole_number(
            "max_receive_count",
            max_receive_count,
            minimum=1,
            maximum=_MOST_RECEIVES,
            what="a number of attempts",
        )
        alarm_actions = bound(actions)
        super().__init__(scope, construct_id)
        key = self._encryption_key = self._key()
        encryption = sqs.QueueEncryption.SQS_MANAGED if key is None else sqs.QueueEncryption.KMS
        self._dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=encryption,
            encryption_master_key=key,
            enforce_ssl=True,
            fifo=fifo or None,
            removal_policy=removal_policy,
            retention_period=cdk.Duration.days(14),
        )
        acknowledge_dead_letters(self._dead_letters)
        self._queue = sqs.Queue(
            self,
            "Queue",
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=max_receive_count, queue=self._dead_letters),
            encryption=encryption,
            encryption_master_key=key,
            enforce_ssl=True,
            fifo=fifo or None,
            receive_message_wait_time=cdk.Duration.seconds(20),  # long polling: fewer empty answers, which cost as much
            removal_policy=removal_policy,
            retention_period=kept,
            visibility_timeout=visibility,
        )
        self._age_alarm = self._alarm(
            "Age",
            self._queue.metric_approximate_age_of_oldest_message(statistic="Maximum", period=of_minutes(1)),
            threshold=number_of_seconds(wait),
            what="The oldest message waits for too long: the workers do not keep up, or fail.",
            actions=alarm_actions,
        )
        self._dead_letter_alarm = self._alarm(
            "DeadLetter",
            self._dead_letters.metric_approximate_number_of_messages_visible(statistic="Maximum", period=of_minutes(1)),
            threshold=1,
            what="A message failed too often and is in the dead-letter queue.",
            actions=alarm_actions,
        )

    def grant_send_messages(self, grantee: iam.IGrantable) -> None:
        """Allow somebody to send messages, and to encrypt them if the queue has a key of KMS.

        ``queue.queue.grant_send_messages`` does the same with wildcards among the actions of the key.

        Source: "Key management" in the Amazon SQS developer guide: a producer needs two actions of the key.
        """
        self._queue.grant(grantee, "sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl")
        if self._encryption_key is not None:
            self._encryption_key.grant(grantee, "kms:Decrypt", "kms:GenerateDataKey")

    def _key(self) -> kms.IKey | None:
        key = parts.encryption_key(self)
        if key is None or hasattr(key, "grant_decrypt"):
            return cast("kms.IKey | None", key)
        return kms.Key.from_key_arn(self, "Key", key.key_ref.key_arn)

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.Metric,
        *,
        threshold: Number,
        what: str,
        actions: Sequence[cloudwatch.IAlarmAction],
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=what,
        )
        if actions:
            alarm.add_alarm_action(*actions)
        return alarm

    @property
    def queue(self) -> sqs.Queue:
        """The queue."""
        return self._queue

    @property
    def queue_url(self) -> str:
        """The URL of the queue, for an environment variable of the worker and of those who send."""
        return self._queue.queue_url

    @property
    def dead_letter_queue(self) -> sqs.Queue:
        """The queue of the messages that failed too often."""
        return self._dead_letters

    @property
    def age_alarm(self) -> cloudwatch.Alarm:
        """The alarm on the age of the oldest message."""
        return self._age_alarm

    @property
    def dead_letter_alarm(self) -> cloudwatch.Alarm:
        """The alarm on messages in the dead-letter queue."""
        return self._dead_letter_alarm

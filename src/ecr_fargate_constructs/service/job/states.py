"""The state machine of a job, in the Amazon States Language: run the task, repeat it, stop it after the timeout.

Step Functions and not a Lambda function, because it waits for a task at no cost and keeps the history of each run for
90 days. Source: "Run Amazon ECS or Fargate tasks with Step Functions" in the AWS Step Functions developer guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ecr_fargate_constructs.service.job.runs import BACKOFF_RATE, Overlap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecr_fargate_constructs._rules.tokens import Number

_State: TypeAlias = dict[str, Any]

OVERLAPS, TIMED_OUT = "JobStillRuns", "JobTimedOut"
"""Names of the errors with which a run fails."""

_AGAIN = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 2}]
"""For calls that only read, or stop."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The values in the state machine; each may be a token.

    Attributes:
        partition: The partition of AWS.
        cluster: ARN of the cluster.
        family: Family of the task definition.
        task: Parameters of ``RunTask``.
        timeout: Seconds that an attempt may take.
        retries: Number of further attempts.
        retry_interval: Seconds before the first of them.
        overlap: What happens when a task still runs.
    """

    partition: str
    cluster: str
    family: str
    task: Mapping[str, Any]
    timeout: Number
    retries: Number
    retry_interval: Number
    overlap: Overlap

    def definition(self) -> _State:
        """Return the state machine."""
        states = {**self._run(), **self._stop()}
        if self.overlap is not Overlap.ALLOW:
            states = {**self._look(), **states}
        return {"Comment": "A run of a scheduled job", "StartAt": next(iter(states)), "States": states}

    def _look(self) -> dict[str, _State]:
        skipped: _State = {"Type": "Succeed"}
        if self.overlap is Overlap.FAIL:
            skipped = {"Type": "Fail", "Error": OVERLAPS, "Cause": "The job was due while a task of it still ran."}
        return {
            "Look for a running task": {
                "Type": "Task",
                **self._list_tasks(),
                "ResultSelector": {"Count.$": "States.ArrayLength($.TaskArns)"},
                "Next": "Does one run?",
            },
            "Does one run?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.Count", "NumericGreaterThan": 0, "Next": "Skipped"}],
                "Default": "Run the task",
            },
            "Skipped": skipped,
        }

    def _run(self) -> dict[str, _State]:
        state: _State = {
            "Type": "Task",
            "Resource": self._resource("ecs:runTask.sync"),
            # The name of the execution tells its task from those of other runs.
            "Parameters": {**self.task, "Group.$": "$$.Execution.Name"},
            "TimeoutSeconds": self.timeout,
            "Retry": [
                {
                    "ErrorEquals": ["States.TaskFailed"],  # every error but the timeout
                    "IntervalSeconds": self.retry_interval,
                    "MaxAttempts": self.retries,
                    "BackoffRate": BACKOFF_RATE,
                }
            ],
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Look for its task"}],
            "End": True,
        }
        return {"Run the task": state}

    def _stop(self) -> dict[str, _State]:
        """Stop the task of a run that took too long: AWS does not say that a timeout of the state does it."""
        return {
            "Look for its task": {"Type": "Task", **self._list_tasks(), "Next": "Is there one?"},
            "Is there one?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.TaskArns[0]", "IsPresent": True, "Next": "Describe tasks"}],
                "Default": "Timed out",
            },
            "Describe tasks": {
                "Type": "Task",
                "Resource": self._resource("aws-sdk:ecs:describeTasks"),
                "Parameters": {"Cluster": self.cluster, "Tasks.$": "$.TaskArns"},
                "Retry": _AGAIN,
                "Next": "Stop its task",
            },
            "Stop its task": {
                "Type": "Map",
                "ItemsPath": "$.Tasks",
                "ItemSelector": {
                    "TaskArn.$": "$$.Map.Item.Value.TaskArn",
                    "Group.$": "$$.Map.Item.Value.Group",
                    "Run.$": "$$.Execution.Name",
                },
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Is it of this run?",
                    "States": {
                        "Is it of this run?": {
                            "Type": "Choice",
                            "Choices": [{"Variable": "$.Group", "StringEqualsPath": "$.Run", "Next": "Stop"}],
                            "Default": "Leave it",
                        },
                        "Stop": {
                            "Type": "Task",
                            "Resource": self._resource("aws-sdk:ecs:stopTask"),
                            "Parameters": {
                                "Cluster": self.cluster,
                                "Task.$": "$.TaskArn",
                                "Reason": "The job's run took longer than its timeout",
                            },
                            "Retry": _AGAIN,
                            "End": True,
                        },
                        "Leave it": {"Type": "Succeed"},
                    },
                },
                "Next": "Timed out",
            },
            "Timed out": {"Type": "Fail", "Error": TIMED_OUT, "Cause": "The run took longer than its timeout."},
        }

    def _list_tasks(self) -> _State:
        return {
            "Resource": self._resource("aws-sdk:ecs:listTasks"),
            "Parameters": {"Cluster": self.cluster, "Family": self.family, "DesiredStatus": "RUNNING"},
            "Retry": _AGAIN,
        }

    def _resource(self, action: str) -> str:
        return f"arn:{self.partition}:states:::{action}"

"""Scheduled jobs, for real, with a clock that passes sixty times as fast: a minute takes a second.

One fails, one overlaps itself, one takes too long, and one is missed: each does as its options say, and the alarms too.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Jobs:
    """The deployed jobs, by their names."""

    def __init__(self, app: LocalApp) -> None:
        self.app = app
        [stack] = app.ask("cloudformation", "describe_stacks", StackName="Jobs")["Stacks"]
        self._outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def runs(self, job: str) -> list[dict[str, Any]]:
        """All executions, the newest first."""
        machine = self._outputs[f"{job}Machine"]
        found: list[dict[str, Any]] = self.app.ask("stepfunctions", "list_executions", stateMachineArn=machine)[
            "executions"
        ]
        return found

    def ends(self, job: str) -> Counter[str]:
        """How many executions ended in which way, with the error of those that failed."""
        ended: Counter[str] = Counter()
        for each in self.runs(job):
            details = self.app.ask("stepfunctions", "describe_execution", executionArn=each["executionArn"])
            ended[str(details.get("error") or details["status"])] += 1
        return ended

    def alarm(self, job: str, kind: str) -> str:
        """The state of an alarm."""
        name = self._outputs[f"{job}{kind}"]
        [alarm] = self.app.ask("cloudwatch", "describe_alarms", AlarmNames=[name])["MetricAlarms"]
        return str(alarm["StateValue"])

    def tasks(self, job: str, status: str = "RUNNING") -> list[str]:
        """ARNs of the tasks of a job."""
        [cluster] = self.app.ask("ecs", "list_clusters")["clusterArns"]
        families = self.app.ask("ecs", "list_task_definition_families")["families"]
        [family] = [each for each in families if each.startswith(f"Jobs{job}")]
        found: list[str] = self.app.ask("ecs", "list_tasks", cluster=cluster, family=family, desiredStatus=status)[
            "taskArns"
        ]
        return found


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    """The app, deployed."""
    folder = copy_sample(tmp_path_factory.mktemp("jobs") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "jobs_app.py", folder / "app.py")
    app = LocalApp(folder, free_port())
    done = app.run("up", "--clock", "60")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield Jobs(app)
    finally:
        app.run("down")
    assert not app.leftovers()


def _until(holds: Callable[[], bool], what: Callable[[], object], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.5)


def test_a_job_that_fails_is_repeated_as_often_as_it_may_and_sets_off_its_alarm(jobs: Jobs) -> None:
    _until(lambda: jobs.alarm("Fails", "Failed") == "ALARM", lambda: jobs.ends("Fails"))
    assert jobs.ends("Fails")["States.TaskFailed"] >= 1
    [first, *_] = reversed(jobs.runs("Fails"))
    history = jobs.app.ask("stepfunctions", "get_execution_history", executionArn=first["executionArn"])["events"]
    assert Counter(each["type"] for each in history)["TaskFailed"] == 2
    assert jobs.alarm("Fails", "Missed") == "ALARM"


def test_an_overlap_sets_off_the_alarm_if_it_is_to_fail(jobs: Jobs) -> None:
    most = 0

    def overlapped() -> bool:
        nonlocal most
        most = max(most, len(jobs.tasks("Overlaps")))
        return jobs.ends("Overlaps")["JobStillRuns"] > 0 and jobs.alarm("Overlaps", "Failed") == "ALARM"

    _until(overlapped, lambda: jobs.ends("Overlaps"))
    assert most == 1


def test_a_skipped_run_is_a_success_and_no_second_task_runs(jobs: Jobs) -> None:
    _until(lambda: jobs.ends("Skips")["SUCCEEDED"] >= 2, lambda: jobs.ends("Skips"))
    assert set(jobs.ends("Skips")) <= {"SUCCEEDED", "RUNNING"}
    assert len(jobs.tasks("Skips")) <= 1
    assert jobs.alarm("Skips", "Failed") == "OK"


def test_a_job_that_takes_too_long_is_stopped(jobs: Jobs) -> None:
    _until(lambda: jobs.ends("Hangs")["JobTimedOut"] > 0, lambda: jobs.ends("Hangs"), 240)
    _until(lambda: not jobs.tasks("Hangs"), lambda: jobs.tasks("Hangs"))
    _until(lambda: jobs.alarm("Hangs", "Failed") == "ALARM", lambda: jobs.ends("Hangs"))


def test_the_role_of_the_state_machine_was_asked_and_refused_nothing(jobs: Jobs) -> None:
    done = jobs.app.run("grants", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    used = {each["action"] for each in found["grants"] if "HangsStateMachineRole" in each["role"] and each["times"]}
    assert {"ecs:RunTask", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:StopTask", "iam:PassRole"} <= used
    assert found["refusals"] == []


def test_a_job_that_does_not_come_is_missed(jobs: Jobs) -> None:
    _until(lambda: jobs.ends("Works")["SUCCEEDED"] > 0, lambda: jobs.ends("Works"))
    _until(lambda: jobs.alarm("Works", "Missed") == "OK", lambda: jobs.ends("Works"))
    assert jobs.alarm("Works", "Failed") == "OK"
    for each in jobs.app.ask("scheduler", "list_schedules")["Schedules"]:
        if "Works" in each["Name"]:
            schedule = jobs.app.ask("scheduler", "get_schedule", Name=each["Name"])
            keys = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
            jobs.app.ask("scheduler", "update_schedule", **{key: schedule[key] for key in keys}, State="DISABLED")
    _until(lambda: jobs.alarm("Works", "Missed") == "ALARM", lambda: jobs.ends("Works"))
    assert jobs.alarm("Works", "Failed") == "OK"

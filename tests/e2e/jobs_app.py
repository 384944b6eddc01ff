"""The app of ``test_jobs.py``: a job that fails, one that overlaps, one that takes too long, and one that succeeds."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler

from ecr_fargate_constructs import JobAlarms, JobContainer, JobRuns, Overlap, PrivateRepository, ScheduledJob

MINUTES = cdk.Duration.minutes
app = cdk.App()
stack = cdk.Stack(app, "Jobs")
image = PrivateRepository(stack, "Repo").build_and_push_image(Path(__file__).parent / "app")


def job(name: str, program: str, every: int, runs: JobRuns) -> ScheduledJob:
    return ScheduledJob(
        stack,
        name,
        container=JobContainer(image, entry_point=["python", "-c"], command=[program]),
        schedule=scheduler.ScheduleExpression.rate(MINUTES(every)),
        runs=runs,
        alarms=JobAlarms(succeeds_within=cdk.Duration.hours(1)),
    )


SLEEP = "import time; print('begun', flush=True); time.sleep({})"
jobs = {
    "Fails": job("Fails", "raise SystemExit(3)", 60, JobRuns(retries=1, timeout=cdk.Duration.hours(4))),
    "Overlaps": job("Overlaps", SLEEP.format(25), 15, JobRuns(overlap=Overlap.FAIL, timeout=cdk.Duration.hours(4))),
    "Skips": job("Skips", SLEEP.format(25), 15, JobRuns(timeout=cdk.Duration.hours(4))),
    "Hangs": job("Hangs", SLEEP.format(600), 60, JobRuns(timeout=MINUTES(40))),
    "Works": job("Works", "print('done')", 20, JobRuns(timeout=cdk.Duration.hours(4))),
}
for name, each in jobs.items():
    alarms = {"Failed": each.failed_alarm, "Missed": each.missed_alarm}
    cdk.CfnOutput(stack, f"{name}Machine", value=each.state_machine.state_machine_arn)
    for kind, alarm in alarms.items():
        if alarm is not None:
            cdk.CfnOutput(stack, f"{name}{kind}", value=alarm.alarm_name)
app.synth()

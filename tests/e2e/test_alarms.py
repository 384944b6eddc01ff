"""Metrics, alarms and scaling, for real, with a clock that passes sixty times as fast. The tests go on.

The service has CDK's alarms on real requests; it scales out by requests, and in without them; a request that is being
answered is finished although its task is stopped.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.local_app import LocalApp

_PATHS = ('"/healthz": "ok\\n"}', '"/healthz": "ok\\n", "/slow": "slow\\n", "/busy": "busy\\n"}')
_ANSWER = (
    "            self.answer(404 if body is None else 200",
    """            if self.path == "/slow":
                __import__("time").sleep(6)
            self.answer(500 if self.path == "/error" else 404 if body is None else 200""",
)
_SCALED = """    container_port=8080,
    scaling=Scaling(min_capacity=1, max_capacity=3, requests_per_target=600),
    cluster=ecs.Cluster(stack, "Cluster", container_insights_v2=ecs.ContainerInsights.ENABLED, vpc=vpc),
"""
_TOPIC = """
topic = sns.Topic(stack, "Page")
queue = sqs.Queue(stack, "Pages")
topic.add_subscription(subscriptions.SqsSubscription(queue))
own = cloudwatch.Alarm(
    stack,
    "Errors",
    alarm_name="errors",
    metric=cloudwatch.Metric(
        namespace="AWS/ApplicationELB",
        metric_name="HTTPCode_Target_5XX_Count",
        statistic="Sum",
        period=cdk.Duration.minutes(1),
        dimensions_map={"LoadBalancer": web.load_balancer.load_balancer_full_name},
    ),
    threshold=1,
    evaluation_periods=2,
    treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
)
own.add_alarm_action(actions.SnsAction(topic))
cloudwatch.CompositeAlarm(
    stack,
    "Down",
    composite_alarm_name="down",
    alarm_rule=cloudwatch.AlarmRule.from_alarm(own, cloudwatch.AlarmState.ALARM),
)
app.synth()
"""


def _written(app: LocalApp) -> None:
    app.edit(*_PATHS)
    app.edit(*_ANSWER)
    file = app.directory / "app.py"
    text = file.read_text(encoding="utf-8")
    for old, new in (
        ("import aws_cdk as cdk\n", _IMPORTS),
        ("EcrFargateService(\n", 'vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)\nweb = EcrFargateService(\n'),
        ("EcrFargateService, PublicHttp", "EcrFargateService, PublicHttp, Scaling"),
        ("    container_port=8080,\n", _SCALED),
        ("app.synth()\n", _TOPIC),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")


_IMPORTS = """import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
"""


def _wait(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def _states(app: LocalApp) -> dict[str, str]:
    answer = app.ask("cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return {each["AlarmName"]: each["StateValue"] for each in (*answer["MetricAlarms"], *answer["CompositeAlarms"])}


def _on_expressions(app: LocalApp) -> list[str]:
    """The states of the alarms on expressions: that of the deployment on the share of errors."""
    alarms = app.ask("cloudwatch", "describe_alarms")["MetricAlarms"]
    states = [each["StateValue"] for each in alarms if each.get("Metrics")]
    assert states
    return states


def _service(app: LocalApp) -> dict[str, Any]:
    [cluster] = app.ask("ecs", "list_clusters")["clusterArns"]
    [arn] = app.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    [found] = app.ask("ecs", "describe_services", cluster=cluster, services=[arn])["services"]
    service: dict[str, Any] = found
    return service


@contextlib.contextmanager
def _asking(app: LocalApp, path: str, every: float) -> Iterator[list[int]]:
    """Ask all the time, and return the statuses."""
    statuses: list[int] = []
    end = threading.Event()

    def ask() -> None:
        while not end.wait(every):
            status = 0
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = app.get(path)[0]
            statuses.append(status)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield statuses
    finally:
        end.set()
        thread.join()


def _values(app: LocalApp, namespace: str, name: str, statistic: str) -> list[float]:
    """All values of the one metric with this name and the most dimensions."""
    metrics = app.ask("cloudwatch", "list_metrics", Namespace=namespace, MetricName=name)["Metrics"]
    metric = max(metrics, key=lambda each: len(each["Dimensions"]))
    now = time.time()
    answer = app.ask(
        "cloudwatch",
        "get_metric_data",
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}}],
        StartTime=now - 600,
        EndTime=now,
    )
    values: list[float] = answer["MetricDataResults"][0]["Values"]
    return values


def test_up(local_app: LocalApp) -> None:
    _written(local_app)
    done = local_app.run("up", "--clock", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    log = (local_app.state / "aws.log").read_text(encoding="utf-8")
    assert "not emulated: alarm" not in log
    assert "not emulated: the scaling policy" not in log
    _wait(lambda: set(_states(local_app).values()) <= {"OK", "INSUFFICIENT_DATA"}, "an alarm without a cause")


def test_an_app_that_answers_errors_sets_off_its_alarms(local_app: LocalApp) -> None:
    with _asking(local_app, "/error", 0.05) as statuses:
        _wait(lambda: _states(local_app)["errors"] == "ALARM", "no alarm")
        _wait(lambda: _states(local_app)["down"] == "ALARM", "no composite alarm")
        _wait(lambda: "ALARM" in _on_expressions(local_app), "no alarm of the deployment, which is on an expression")
    assert set(statuses) == {500}
    [queue] = local_app.ask("sqs", "list_queues")["QueueUrls"]
    [message] = local_app.ask("sqs", "receive_message", QueueUrl=queue)["Messages"]
    assert '\\"NewStateValue\\": \\"ALARM\\"' in message["Body"]
    _wait(lambda: _states(local_app)["down"] == "OK", "the alarm stays")
    history = local_app.ask("cloudwatch", "describe_alarm_history", AlarmName="errors")["AlarmHistoryItems"]
    assert "Alarm updated from OK to ALARM" in {each["HistorySummary"] for each in history}


def test_what_happens_is_measured(local_app: LocalApp) -> None:
    start = time.time()
    with _asking(local_app, "/", 0.05) as statuses:
        time.sleep(4)
    assert set(statuses) == {200}
    time.sleep(2)
    answer = local_app.ask(
        "cloudwatch",
        "get_metric_statistics",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_2XX_Count",
        Dimensions=next(
            each["Dimensions"]
            for each in local_app.ask("cloudwatch", "list_metrics", MetricName="HTTPCode_Target_2XX_Count")["Metrics"]
            if len(each["Dimensions"]) == 1
        ),
        StartTime=start - 1,
        EndTime=time.time(),
        Period=60,
        Statistics=["Sum"],
    )
    assert sum(each["Sum"] for each in answer["Datapoints"]) == len(statuses)
    assert 0 < max(_values(local_app, "AWS/ApplicationELB", "TargetResponseTime", "p99")) < 3
    assert _values(local_app, "AWS/ApplicationELB", "HealthyHostCount", "Minimum")[0] >= 1
    assert 0 < max(_values(local_app, "AWS/ECS", "CPUUtilization", "Average")) < 400
    assert 0 < _values(local_app, "AWS/ECS", "MemoryUtilization", "Average")[0] < 100
    assert _values(local_app, "ECS/ContainerInsights", "RunningTaskCount", "Average")[0] >= 1


def test_requests_scale_it_out_and_their_end_in_and_no_request_is_cut(local_app: LocalApp) -> None:
    _wait(lambda: _service(local_app)["desiredCount"] == 1, "it does not scale in")
    with _asking(local_app, "/busy", 0.02) as statuses:  # up to 3,000 a minute for one task that should have 600
        _wait(lambda: len(local_app.containers()) == 3, "it does not scale out")
        time.sleep(1)
    # Scaling in begins 15 minutes later, which are 15 seconds, while requests that take 6 seconds are answered.
    with ThreadPoolExecutor(3) as asking:
        slow = []
        deadline = time.monotonic() + 90
        while _service(local_app)["desiredCount"] != 1:
            assert time.monotonic() < deadline, "it does not scale in"
            slow.append(asking.submit(local_app.get, "/slow"))
            time.sleep(0.5)
        assert {each.result()[0] for each in slow} == {200}
    assert set(statuses) == {200}
    _wait(lambda: len(local_app.containers()) == 1, "tasks are left")
    log = (local_app.state / "aws.log").read_text(encoding="utf-8")
    assert "triggered policy" in log
    activities = local_app.ask("application-autoscaling", "describe_scaling_activities", ServiceNamespace="ecs")
    assert {each["StatusCode"] for each in activities["ScalingActivities"]} == {"Successful"}
    assert any("triggered policy" in each["Cause"] for each in activities["ScalingActivities"])
    policies = local_app.ask("application-autoscaling", "describe_scaling_policies", ServiceNamespace="ecs")
    assert [each["PolicyType"] for each in policies["ScalingPolicies"]] == ["TargetTrackingScaling"]


def test_down_leaves_nothing(local_app: LocalApp) -> None:
    assert local_app.run("down").returncode == 0
    assert not local_app.leftovers()

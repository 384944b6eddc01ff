"""A service that sleeps while it is idle, for real: no task, and a hundred requests at once start one. The tests go on.

The function of the service runs in the embedded Lambda with its role's rights, behind the emulated load balancer.
"""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.local_app import LocalApp

SLEEPY = "scaling=Scaling(min_capacity=0, max_capacity=1, wake=Wake(idle_after=cdk.Duration.minutes(5)))"
CLIENTS = 100
PATIENCE = 240  # seconds; for a machine that is busy with other tests


def _until(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def _look_at_it(app: LocalApp, *, grace: float) -> str:
    """Do what the schedule does every minute."""
    [name] = [
        each["FunctionName"]
        for each in app.ask("lambda", "list_functions")["Functions"]
        if "WakeFunction" in each["FunctionName"]
    ]
    answer = app.ask("lambda", "invoke", FunctionName=name, Payload=json.dumps({"graceSeconds": grace}).encode())
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    return str(payload["state"])


def _falls_asleep(app: LocalApp) -> bool:
    """Say that five minutes have passed, and let the function look; the alarm may be evaluated in between."""
    app.ask(
        "cloudwatch",
        "set_alarm_state",
        AlarmName=_alarm_name(app),
        StateValue="ALARM",
        StateReason="five minutes have passed",
    )
    return _look_at_it(app, grace=0) == "stopped"


def _client(app: LocalApp) -> list[int]:
    """Ask until the application answers, as the load balancer says: follow a redirect, or come back later."""
    statuses: list[int] = []
    deadline = time.monotonic() + PATIENCE
    path = "/"
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Host": app.host})
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        statuses.append(answer.status)
        if answer.status == 307:
            path = answer.headers["Location"]
        elif answer.status == 503 and "Retry-After" in answer.headers:
            time.sleep(int(answer.headers["Retry-After"]))
        else:
            break
    return statuses


def test_it_is_deployed_with_one_task_and_answers_through_its_function(local_app: LocalApp) -> None:
    app = local_app.directory / "app.py"
    text = app.read_text(encoding="utf-8").replace("PublicHttp, Target", "PublicHttp, Scaling, Wake, Target")
    app.write_text(text.replace("    ingress=", f"    {SLEEPY},\n    ingress="), encoding="utf-8")
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert local_app.service()["desiredCount"] == 1
    assert _client(local_app)[-1] == 200


def test_an_idle_service_has_no_task(local_app: LocalApp) -> None:
    assert _look_at_it(local_app, grace=3600) in ("in use", "just started")
    assert local_app.service()["desiredCount"] == 1
    _until(lambda: _falls_asleep(local_app), "it does not fall asleep")
    _until(lambda: local_app.service()["runningCount"] == 0, "tasks still run")
    _until(lambda: not local_app.containers(), "containers still run")


def test_a_hundred_requests_at_once_start_one_task_and_all_are_answered(local_app: LocalApp) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda _: _client(local_app), range(CLIENTS)))
    assert Counter(each[-1] for each in answers) == {200: CLIENTS}
    # Nothing but what the function says came in between: no error of the load balancer.
    assert {status for each in answers for status in each} <= {200, 307, 503}
    assert local_app.service()["desiredCount"] == 1
    assert len(local_app.containers()) == 1
    assert _client(local_app) == [200]
    started = [each["message"] for each in local_app.service()["events"] if "has started" in each["message"]]
    assert len(started) <= 2, started  # the deployment's task, and the one that was woken


def _alarm_name(app: LocalApp) -> str:
    alarms = app.ask("cloudwatch", "describe_alarms")["MetricAlarms"]
    [name] = [
        each["AlarmName"] for each in alarms if each.get("MetricName") == "RequestCount" and each["Threshold"] == 1
    ]
    return str(name)

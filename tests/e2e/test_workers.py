"""A worker, for real: it drains a queue, scales by the backlog, and loses nothing when its tasks are stopped.

Through a topic come 1,000 messages, and five that always fail. Meanwhile Spot capacity goes away and a new version is
deployed. The tests go on.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.e2e.vendored import vendor
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

POISON = {f"poison-{number}" for number in range(5)}
PATIENCE = 90  # seconds
DOCKERFILE = "COPY take.py worker.py ./\nCOPY packages /packages\nENV PYTHONPATH=/packages\n"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The app, not yet deployed; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("worker") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "worker_app.py", folder / "app.py")
    shutil.copy(ROOT / "tests" / "e2e" / "worker_task.py", folder / "app" / "worker.py")
    shutil.copy(ROOT / "examples" / "worker" / "take.py", folder / "app" / "take.py")
    vendor(folder / "app" / "packages")
    with (folder / "app" / "Dockerfile").open("a", encoding="utf-8") as dockerfile:
        dockerfile.write(DOCKERFILE)
    app = LocalApp(folder, free_port())
    yield app
    app.end()


def outputs(app: LocalApp) -> dict[str, str]:
    [stack] = app.ask("cloudformation", "describe_stacks", StackName="Web")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def stopped(app: LocalApp) -> list[dict[str, Any]]:
    cluster = app.service()["clusterArn"]
    arns = app.ask("ecs", "list_tasks", cluster=cluster, desiredStatus="STOPPED")["taskArns"]
    return list(app.ask("ecs", "describe_tasks", cluster=cluster, tasks=arns)["tasks"])


def messages(app: LocalApp, queue: str) -> tuple[int, int]:
    """Numbers of messages that wait, and that somebody works on."""
    found = app.ask("sqs", "get_queue_attributes", QueueUrl=outputs(app)[queue], AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])


def publish(app: LocalApp, bodies: list[str], topic: str | None = None) -> None:
    topic = topic or outputs(app)["Topic"]
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(start + index), "Message": body} for index, body in enumerate(bodies[start : start + 10])]
        assert not app.ask("sns", "publish_batch", TopicArn=topic, PublishBatchRequestEntries=entries)["Failed"]


def handled(app: LocalApp, table: str | None = None) -> dict[str, tuple[int, str]]:
    """How often each message was handled, and the last version that did."""
    table = table or outputs(app)["Table"]
    found: dict[str, tuple[int, str]] = {}
    page: dict[str, Any] = {"LastEvaluatedKey": None}
    while "LastEvaluatedKey" in page:
        start = {} if page["LastEvaluatedKey"] is None else {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        page = app.ask("dynamodb", "scan", TableName=table, ConsistentRead=True, **start)
        found |= {each["id"]["S"]: (int(each["handled"]["N"]), each["version"]["S"]) for each in page["Items"]}
    return found


def version(app: LocalApp) -> str:
    """The version of the program, as it will be deployed."""
    text = (app.directory / "app" / "worker.py").read_text(encoding="utf-8")
    return text.partition('VERSION = "')[2].partition('"')[0]


def new_version(app: LocalApp, old: str, new: str) -> None:
    file = app.directory / "app" / "worker.py"
    text = file.read_text(encoding="utf-8")
    assert f'VERSION = "{old}"' in text
    file.write_text(text.replace(f'VERSION = "{old}"', f'VERSION = "{new}"'), encoding="utf-8")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not in {PATIENCE} seconds: {what}"
        time.sleep(0.3)


@contextmanager
def a_deployment(app: LocalApp) -> Iterator[None]:
    """Deploy; the block runs as soon as ECS has begun."""
    ended: list[Any] = []
    before = len(deployments(app))
    thread = threading.Thread(target=lambda: ended.append(app.run("up")))
    thread.start()
    try:
        wait_for(lambda: bool(ended) or len(deployments(app)) > before, "a deployment")
        yield
    finally:
        thread.join()
    assert ended[0].returncode == 0, ended[0].stdout + ended[0].stderr


def deployments(app: LocalApp) -> list[dict[str, Any]]:
    """The service deployments, the newest first."""
    found = app.service()
    answer = app.ask("ecs", "list_service_deployments", cluster=found["clusterArn"], service=found["serviceArn"])
    return list(answer["serviceDeployments"])


def deployment(app: LocalApp) -> dict[str, Any]:
    """The newest service deployment, with its stage and its settings."""
    arn = deployments(app)[0]["serviceDeploymentArn"]
    [found] = app.ask("ecs", "describe_service_deployments", serviceDeploymentArns=[arn])["serviceDeployments"]
    return dict(found)


def test_a_worker_runs_without_a_load_balancer(worker: LocalApp) -> None:
    done = worker.run("up", "--clock", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert worker.ask("elbv2", "describe_load_balancers")["LoadBalancers"] == []
    assert (worker.service()["desiredCount"], len(worker.containers())) == (1, 1)
    assert "not emulated" not in (worker.state / "aws.log").read_text(encoding="utf-8")


def test_a_thousand_messages(worker: LocalApp) -> None:
    began = time.monotonic()
    bodies = [f"order-{number}" for number in range(1000)]
    publish(worker, [*sorted(POISON), *bodies[:800]])
    wait_for(lambda: worker.service()["runningCount"] == 5, "five tasks")
    done = worker.run("interrupt")
    assert done.returncode == 0, done.stdout + done.stderr
    new_version(worker, "first", "second")
    with a_deployment(worker):
        publish(worker, bodies[800:])
    wait_for(lambda: messages(worker, "QueueUrl") == (0, 0), "an empty queue")
    wait_for(lambda: worker.service()["desiredCount"] == worker.service()["runningCount"] == 1, "one task")
    print(f"1,000 messages: {time.monotonic() - began:.0f} seconds")

    counts = handled(worker)
    assert set(counts) == set(bodies)
    assert {version for _, version in counts.values()} == {"first", "second"}
    assert deployments(worker)[0]["status"] == "SUCCESSFUL"
    log = (worker.state / "aws.log").read_text(encoding="utf-8")
    steps = re.findall(r"^scaling: \S+ from (\d) to (\d) tasks", log, re.MULTILINE)
    assert (steps[0], steps[-1][1]) == (("1", "5"), "1"), steps  # in between too, if the first messages are done early


def test_the_interrupted_task_says_so(worker: LocalApp) -> None:
    [task] = [each for each in stopped(worker) if each.get("stopCode") == "SpotInterruption"]
    assert task["stoppedReason"] == "Your Spot Task was interrupted."


def test_poisoned_messages_are_dead_letters_and_set_off_the_alarm(worker: LocalApp) -> None:
    assert messages(worker, "DeadLetters") == (len(POISON), 0)
    found = worker.ask(
        "sqs", "receive_message", QueueUrl=outputs(worker)["DeadLetters"], MaxNumberOfMessages=10, VisibilityTimeout=0
    )["Messages"]
    assert {each["Body"] for each in found} == POISON

    def alarmed() -> bool:
        alarms = worker.ask("cloudwatch", "describe_alarms", AlarmNamePrefix="Web-WorkDeadLetter")["MetricAlarms"]
        return [each["StateValue"] for each in alarms] == ["ALARM"]

    wait_for(alarmed, "the alarm of dead letters")


def test_a_deployment_waits_for_a_protected_task(worker: LocalApp) -> None:
    publish(worker, ["long-1"])
    wait_for(lambda: messages(worker, "QueueUrl") == (0, 1), "a task that works")
    new_version(worker, "second", "third")
    with a_deployment(worker):
        pass
    assert handled(worker)["long-1"] == (1, "second")
    wait_for(lambda: len(worker.containers()) == 1, "the end of the old task, which may still receive messages")
    publish(worker, ["order-1000"])
    wait_for(lambda: "order-1000" in handled(worker), "the new version at work")
    assert handled(worker)["order-1000"] == (1, "third")


def test_an_interruption_stops_a_protected_task_and_the_message_comes_back(worker: LocalApp) -> None:
    publish(worker, ["long-2"])
    wait_for(lambda: messages(worker, "QueueUrl") == (0, 1), "a task that works")
    time.sleep(1)  # the task has asked for protection
    assert worker.run("interrupt").returncode == 0
    wait_for(lambda: "long-2" in handled(worker), "the message handled by another task")
    assert len([each for each in stopped(worker) if each.get("stopCode") == "SpotInterruption"]) == 2


def test_blue_green_has_both_versions_at_work_for_the_bake_time(worker: LocalApp) -> None:
    wait_for(lambda: len(worker.containers()) == 1, "one task")
    program = worker.directory / "app.py"
    text = program.read_text(encoding="utf-8").replace("    QueueScaling,\n", "    BlueGreen,\n    QueueScaling,\n")
    strategy = "    deployment=BlueGreen(bake_time=cdk.Duration.minutes(20)),\n    scaling="
    program.write_text(text.replace("    scaling=", strategy), encoding="utf-8")
    old = version(worker)
    new_version(worker, old, "blue-green")
    bodies: list[str] = []
    places = outputs(worker)  # during an update, describe_stacks waits for its end

    def both_work() -> bool:
        bodies.extend(f"both-{len(bodies) + number}" for number in range(20))
        publish(worker, bodies[-20:], places["Topic"])
        assert deployment(worker).get("lifecycleStage") == "BAKE_TIME"
        found = handled(worker, places["Table"])
        return {by for body, (_, by) in found.items() if body in bodies} == {old, "blue-green"}

    with a_deployment(worker):
        wait_for(lambda: deployment(worker).get("lifecycleStage") == "BAKE_TIME", "the bake time")
        assert len(worker.containers()) == 2
        wait_for(both_work, "messages handled by each version")
    last = deployment(worker)
    assert (last["status"], last["deploymentConfiguration"]["strategy"]) == ("SUCCESSFUL", "BLUE_GREEN")
    wait_for(lambda: len(worker.containers()) == 1, "the end of the old task")
    publish(worker, ["order-1001"])
    wait_for(lambda: {"order-1001", *bodies} <= set(handled(worker)), "all messages handled")
    assert handled(worker)["order-1001"] == (1, "blue-green")
    assert worker.ask("elbv2", "describe_load_balancers")["LoadBalancers"] == []


def test_nothing_was_refused_to_the_role(worker: LocalApp) -> None:
    assert "refused: User" not in (worker.state / "aws.log").read_text(encoding="utf-8")


def test_down_leaves_nothing(worker: LocalApp) -> None:
    assert worker.run("down").returncode == 0
    assert not worker.leftovers()

"""Tasks run as their definitions say: pairs of what AWS would refuse or end, and of what works."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.definitions import PAIRS, Definition
from tests.e2e.local_app import LocalApp, copy_sample, free_port
from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECLARED = "RUN mkdir /declared && touch /declared/kept && chown -R 10001:10001 /declared\nVOLUME /declared\n"
_TASK = {"networkMode": "awsvpc", "cpu": "1024", "memory": "512"}
_AT_ONCE = 4


class Tasks:
    """Runs tasks of the app's image."""

    def __init__(self, app: LocalApp) -> None:
        self.app = app
        [self.cluster] = app.ask("ecs", "list_clusters")["clusterArns"]
        [arn] = app.ask("ecs", "list_tasks", cluster=self.cluster)["taskArns"]
        self.service_task = self.describe(arn)
        self.image = self.service_task["containers"][0]["image"]

    def describe(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.app.ask("ecs", "describe_tasks", cluster=self.cluster, tasks=[arn])["tasks"][0]
        return found

    def register(self, definition: Definition) -> str:
        containers = [
            {
                "image": self.image,
                "entryPoint": ["python", "-c"],
                "command": [each["program"]],
                **{name: value for name, value in each.items() if name != "program"},
            }
            for each in definition.containers
        ]
        options = {**_TASK, **definition.task, "family": "Pair", "containerDefinitions": containers}
        answer = self.app.ask("ecs", "register_task_definition", **options)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def start(self, definition: Definition) -> str:
        registered = self.register(definition)
        [task] = self.app.ask("ecs", "run_task", cluster=self.cluster, taskDefinition=registered)["tasks"]
        return str(task["taskArn"])

    def until(self, arn: str, field: str, value: str, seconds: float = 60) -> dict[str, Any]:
        """Return a task when a field has a value."""
        deadline = time.monotonic() + seconds
        while (task := self.describe(arn)).get(field) != value:
            assert time.monotonic() < deadline, task
            time.sleep(0.2)
        return task

    def run(self, definition: Definition) -> dict[str, Any]:
        return self.until(self.start(definition), "lastStatus", "STOPPED")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tasks]:
    """The app, deployed; taken down afterwards whatever happens."""
    folder = copy_sample(tmp_path_factory.mktemp("tasks") / "sample")
    shutil.copy(ROOT / "tests" / "e2e" / "tasks_app.py", folder / "app.py")
    dockerfile = folder / "app" / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    dockerfile.write_text(text.replace("USER ", f"{_DECLARED}USER ", 1), encoding="utf-8")
    app = LocalApp(folder, free_port())
    done = app.run("up")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield Tasks(app)
    finally:
        app.run("down")
    assert not app.leftovers()


@pytest.fixture(scope="module")
def ended(tasks: Tasks) -> dict[tuple[str, bool], dict[str, Any]]:
    """How all tasks of the pairs have ended; a few run at the same time."""
    tasks.app.ask("s3", "create_bucket", Bucket="settings")
    for name, text in (("one", 'A="1"\nB=file\n# C=0\n'), ("two", "A=2\nC=3\n")):
        tasks.app.ask("s3", "put_object", Bucket="settings", Key=f"{name}.env", Body=text.encode())
    waiting = [((name, works), pair[works]) for name, pair in PAIRS.items() for works in (False, True)]
    running: dict[tuple[str, bool], str] = {}
    found: dict[tuple[str, bool], dict[str, Any]] = {}
    deadline = time.monotonic() + 240
    stopped: set[str] = set()
    while waiting or running:
        while waiting and len(running) < _AT_ONCE:
            key, definition = waiting.pop(0)
            running[key] = tasks.start(definition)
        for key, arn in list(running.items()):
            task = tasks.describe(arn)
            if task["lastStatus"] == "STOPPED" or time.monotonic() > deadline:
                found[key] = task
                del running[key]
            elif task["lastStatus"] == "RUNNING" and PAIRS[key[0]][key[1]].stop and arn not in stopped:
                time.sleep(1)  # its program is about to say how it ends
                tasks.app.ask("ecs", "stop_task", cluster=tasks.cluster, task=arn)
                stopped.add(arn)
        time.sleep(0.2)
    return found


@pytest.mark.parametrize("works", [False, True], ids=["as on AWS", "works"])
@pytest.mark.parametrize("name", PAIRS)
def test_a_task_ends_as_on_aws(ended: dict[tuple[str, bool], dict[str, Any]], name: str, works: bool) -> None:  # noqa: FBT001
    task, definition = ended[name, works], PAIRS[name][works]
    assert task["lastStatus"] == "STOPPED", task
    codes = {each["name"]: each.get("exitCode") for each in task["containers"]}
    expected = dict(zip([each["name"] for each in definition.containers], definition.codes, strict=True))
    reasons = [task["stoppedReason"], *(each.get("reason", "") for each in task["containers"])]
    assert codes == expected, task
    assert any(definition.reason in each for each in reasons), task


def test_a_template_with_a_migration_volumes_and_a_health_check_works(tasks: Tasks) -> None:
    status, body = tasks.app.get()
    assert (status, body) == (200, "migrated")
    task = tasks.describe(tasks.service_task["taskArn"])
    containers = {each["name"]: each for each in task["containers"]}
    assert containers["migrate"]["lastStatus"] == "STOPPED"
    assert containers["migrate"]["exitCode"] == 0
    assert containers["web"]["healthStatus"] == "HEALTHY"
    assert task["healthStatus"] == "HEALTHY"


def test_a_task_is_stopped_without_blocking_the_api(tasks: Tasks) -> None:
    wait = "import time; time.sleep(60)"
    arn = tasks.start(Definition([{"name": "one", "program": wait, "stopTimeout": 5}], ()))
    tasks.until(arn, "lastStatus", "RUNNING")
    before = time.monotonic()
    answer = tasks.app.ask("ecs", "stop_task", cluster=tasks.cluster, task=arn)["task"]
    assert time.monotonic() - before < 4
    assert (answer["desiredStatus"], answer["lastStatus"]) == ("STOPPED", "STOPPING")
    tasks.until(arn, "lastStatus", "STOPPED")
    assert time.monotonic() - before >= 5


def test_files_on_efs_outlive_tasks_and_those_on_ebs_do_not(tasks: Tasks) -> None:
    write, read = "open('/v/x', 'w')", "import os; raise SystemExit(not os.path.exists('/v/x'))"
    mount = {"user": "0", "mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]}
    system = tasks.app.ask("efs", "create_file_system", CreationToken="x")["FileSystemId"]
    efs = {"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": system}}]}
    ebs = {"volumes": [{"name": "v", "configuredAtLaunch": True}]}
    refused = tasks.run(Definition([{"name": "one", "program": write, **mount}], (), task=efs))
    assert "ensure that the VPC has an EFS mount target" in refused["stoppedReason"]
    subnet = tasks.app.ask("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    tasks.app.ask("efs", "create_mount_target", FileSystemId=system, SubnetId=subnet)
    for volumes, kept in ((efs, True), (ebs, False)):
        codes = [
            tasks.run(Definition([{"name": "one", "program": program, **mount}], (), task=volumes))["containers"][0][
                "exitCode"
            ]
            for program in (write, read)
        ]
        assert codes == [0, int(not kept)]


def test_an_access_point_makes_its_folder_with_its_owner(tasks: Tasks) -> None:
    system = tasks.app.ask("efs", "create_file_system", CreationToken="y")["FileSystemId"]
    subnet = tasks.app.ask("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    tasks.app.ask("efs", "create_mount_target", FileSystemId=system, SubnetId=subnet)
    owner = {"OwnerUid": 10001, "OwnerGid": 10001, "Permissions": "0750"}
    root = {"Path": "/web", "CreationInfo": owner}
    point = tasks.app.ask("efs", "create_access_point", FileSystemId=system, ClientToken="z", RootDirectory=root)
    configurations: list[tuple[dict[str, Any], str]] = [
        ({"rootDirectory": "/none"}, "reason given by server: No such file or directory"),
        ({"transitEncryption": "ENABLED", "authorizationConfig": {"accessPointId": point["AccessPointId"]}}, ""),
    ]
    mount = {"mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]}
    for configuration, refused in configurations:
        volume = {"name": "v", "efsVolumeConfiguration": {"fileSystemId": system, **configuration}}
        definition = Definition(
            [{"name": "one", "program": "open('/v/x', 'w')", **mount}], (), task={"volumes": [volume]}
        )
        task = tasks.run(definition)
        if refused:
            assert refused in task["stoppedReason"]
        else:
            assert task["containers"][0]["exitCode"] == 0, task


def test_a_task_uses_no_more_cpu_than_it_has(tasks: Tasks) -> None:
    busy = (
        "import time; t = time.time()\nwhile time.time() - t < 2: pass\nraise SystemExit(int(time.process_time() * 50))"
    )
    task = tasks.run(Definition([{"name": "one", "program": busy}], (), task={"cpu": "256"}))
    assert task["containers"][0]["exitCode"] <= 32, "a quarter of a CPU, in percent, and the start of the program"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["INFO one", "  more", "INFO two"]),
        ({"awslogs-multiline-pattern": "^INFO"}, ["INFO one\n  more", "INFO two"]),
    ],
)
def test_lines_are_events_unless_a_pattern_joins_them(
    tasks: Tasks, options: dict[str, str], expected: list[str]
) -> None:
    group = f"lines-{len(options)}"
    tasks.app.ask("logs", "create_log_group", logGroupName=group)
    options = {**options, "awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}
    log = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    program = "print('INFO one'); print('  more'); print('INFO two')"
    task = tasks.run(Definition([{"name": "one", "program": program, **log}], (0,)))
    stream = f"x/one/{task['taskArn'].rpartition('/')[2]}"
    found = tasks.app.ask("logs", "get_log_events", logGroupName=group, logStreamName=stream, startFromHead=True)
    assert [each["message"] for each in found["events"]] == expected


def test_a_service_replaces_a_task_that_is_unhealthy(tasks: Tasks) -> None:
    """The last one: the service has another definition afterwards."""
    [service] = tasks.app.ask("ecs", "list_services", cluster=tasks.cluster)["serviceArns"]
    wait = "import time; time.sleep(600)"
    check = {"command": ["CMD-SHELL", "false"], "interval": 5, "timeout": 2, "retries": 1}
    container = {"name": "web", "program": wait, "stopTimeout": 2, "portMappings": [{"containerPort": 8080}]}
    registered = tasks.register(Definition([{**container, "healthCheck": check}], ()))
    tasks.app.ask(
        "ecs",
        "update_service",
        cluster=tasks.cluster,
        service=service,
        taskDefinition=registered,
        healthCheckGracePeriodSeconds=0,
    )
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline
        arns = tasks.app.ask("ecs", "list_tasks", cluster=tasks.cluster, desiredStatus="STOPPED")["taskArns"]
        found = [task for task in map(tasks.describe, arns) if task["taskDefinitionArn"] == registered]
        if found:
            break
        time.sleep(0.5)
    assert found[0]["stoppedReason"] == "Task failed container health checks"
    assert found[0]["healthStatus"] == "UNHEALTHY"
    assert tasks.app.get()[1] == "migrated", "the version before keeps running"

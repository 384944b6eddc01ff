"""The main path, for real: build, push, deploy, answer; edit; no change; bad versions; destroy. The tests go on.

A client asks all through the deployment of a good version, and of one that exits at once. ``ecr-fargate explain`` is
asked about what the embedded AWS can break: an exit, an image.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.client import BROKEN, GREETING, Client, Course, course_of_the_bare_pattern
from tests.e2e.local_app import LocalApp, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

EDITED = "Hello again, from the next version!"


def _template(local_app: LocalApp) -> dict[str, Any]:
    template = local_app.ask("cloudformation", "get_template", StackName="Web")["TemplateBody"]
    found: dict[str, Any] = template if isinstance(template, dict) else json.loads(template)
    return dict(found["Resources"])


def _events(local_app: LocalApp) -> int:
    return len(local_app.ask("cloudformation", "describe_stack_events", StackName="Web")["StackEvents"])


def _repository(local_app: LocalApp) -> str:
    names = [item["repositoryName"] for item in local_app.ask("ecr", "describe_repositories")["repositories"]]
    [name] = [name for name in names if "container-assets" not in name]
    return str(name)


def _images(local_app: LocalApp) -> list[dict[str, Any]]:
    answer = local_app.ask("ecr", "describe_images", repositoryName=_repository(local_app))
    found: list[dict[str, Any]] = answer["imageDetails"]
    return found


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Course]:
    """What CDK's bare pattern loses, found out once and when somebody wants to know: two minutes."""
    found: list[Course] = []

    def course() -> Course:
        if not found:
            found.append(course_of_the_bare_pattern(tmp_path_factory.mktemp("bare")))
        return found[0]

    return course


def _lost_no_more_than_the_emulator_loses(ours: Client, bare: Callable[[], Client]) -> None:
    """No request of ours is lost; or the bare pattern loses some too, and ours loses no more than one in a hundred."""
    print(f"ours {dict(ours.statuses)}")
    assert ours.statuses.total() > 50
    if ours.lost:
        theirs = bare()
        print(f"bare pattern {dict(theirs.statuses)}")
        assert theirs.statuses.total() > 50
        assert theirs.lost > 0
        assert ours.lost <= ours.statuses.total() // 100


def test_the_first_up_answers_out_of_the_private_repository(local_app: LocalApp) -> None:
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert GREETING in done.stdout
    assert local_app.get() == (200, f"{GREETING}\n")

    repository = _repository(local_app)
    [image] = _images(local_app)
    running = local_app.containers()
    expected = f"{local_app.port:012d}.dkr.ecr.us-east-1.amazonaws.com/{repository}"
    assert running == [f"{expected}@{image['imageDigest']}"] * 2
    assert image["imageTags"][0] in done.stdout


def test_the_task_pulled_the_image_from_the_repository(local_app: LocalApp) -> None:
    """The engine had no image of that name left after the push, and the registry was asked for its layers."""
    log = (local_app.state / "aws.log").read_text(encoding="utf-8")
    repository = _repository(local_app)
    [image] = _images(local_app)
    pulled = f"registry: GET /v2/{repository}/manifests/{image['imageDigest']}"
    assert pulled in log.splitlines(), log[-3000:]
    assert f"registry: GET /v2/{repository}/blobs/" in log


def test_everything_listens_on_loopback_only(local_app: LocalApp) -> None:
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    mine = [address for address in listening if int(address.rpartition(":")[2], 16) == local_app.port]
    assert mine == [f"0100007F:{local_app.port:04X}"]


def test_only_who_has_the_credentials_is_answered(local_app: LocalApp) -> None:
    evil = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    for headers in (evil, {}, {"Host": "evil.example"}):
        for method, path in (("POST", "/2015-03-31/functions"), ("POST", "/_ministack/reset")):
            assert _status(local_app, method, path, headers) == 403, (headers, path)
    assert _status(local_app, "GET", f"/v2/{_repository(local_app)}/manifests/x", {}) == 401
    assert _status(local_app, "GET", "/", {**evil, "Host": local_app.host}) == 200
    assert local_app.ask("sts", "get_caller_identity")["Account"] == f"{local_app.port:012d}"


def _status(local_app: LocalApp, method: str, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", local_app.port, timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path, b"{}" if method == "POST" else None, headers)
        return connection.getresponse().status


def test_status_logs_and_a_second_command_agree(local_app: LocalApp) -> None:
    status = local_app.run("status")
    assert status.returncode == 0
    assert "2 of 2" in status.stdout
    assert _repository(local_app) in status.stdout
    logs = local_app.run("logs")
    assert "listening on 8080" in logs.stdout


def test_scripts_read_status_logs_and_url(local_app: LocalApp) -> None:
    [service] = json.loads(local_app.run("status", "--format", "json").stdout)["services"]
    assert (service["service"], service["running"]) == ("Web/Web", 2)
    assert local_app.run("url", "--service", "Web").stdout == f"{service['url']}\n"
    lines = [
        json.loads(line)
        for line in local_app.run("logs", "--format", "json", "--service", "Web/Web").stdout.splitlines()
    ]
    assert {line["task"] for line in lines} == {task["id"] for task in service["tasks"]}
    assert {(line["service"], line["container"]) for line in lines} == {("Web/Web", "web")}


def test_explain_finds_nothing_where_all_is_well(local_app: LocalApp) -> None:
    assert local_app.causes() == (0, [])


def test_an_edit_changes_two_resources_is_served_and_loses_no_request(
    local_app: LocalApp, bare: Callable[[], Course]
) -> None:
    before = _template(local_app)
    local_app.edit(GREETING, EDITED)
    with Client(local_app, local_app.host) as client:
        done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    _lost_no_more_than_the_emulator_loses(client, lambda: bare().good)
    assert client.bodies == {f"{GREETING}\n", f"{EDITED}\n"}
    assert local_app.get() == (200, f"{EDITED}\n")
    after = _template(local_app)
    changed = {after[name]["Type"] for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"Custom::EcrFargateImageCopy", "AWS::ECS::TaskDefinition"}
    assert len(_images(local_app)) == 2


def test_code_that_is_as_it_was_before_runs_again(local_app: LocalApp) -> None:
    """Its tag is in the repository already, which is immutable, so a rollback asks for the same."""
    for old, new in ((EDITED, GREETING), (GREETING, EDITED)):
        local_app.edit(old, new)
        done = local_app.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        assert local_app.get() == (200, f"{new}\n")
    assert len(_images(local_app)) == 2


def test_no_change_updates_nothing(local_app: LocalApp) -> None:
    events, running = _events(local_app), local_app.containers()
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (_events(local_app), local_app.containers()) == (events, running)


def test_a_second_instance_runs_beside_the_first(local_app: LocalApp) -> None:
    other = LocalApp(local_app.directory, free_port())
    try:
        done = other.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        assert other.get() == local_app.get() == (200, f"{EDITED}\n")
    finally:
        other.run("down")
    assert not other.leftovers()
    assert local_app.get() == (200, f"{EDITED}\n")


def test_a_version_that_exits_at_once_is_reported_explained_and_never_seen(
    local_app: LocalApp, bare: Callable[[], Course]
) -> None:
    local_app.edit(*BROKEN)
    with Client(local_app, local_app.host) as client:
        done = local_app.run("up")
    assert done.returncode == 1
    assert "the service did not start" in done.stderr
    assert "cannot start" in done.stderr
    assert "the previous version still responds at http://" in done.stderr
    _lost_no_more_than_the_emulator_loses(client, lambda: bare().bad)
    assert client.bodies == {f"{EDITED}\n"}
    assert local_app.get() == (200, f"{EDITED}\n")
    assert local_app.causes() == (3, ["container exited"])
    local_app.edit(*reversed(BROKEN))


def test_an_image_that_is_not_there(local_app: LocalApp) -> None:
    [cluster] = local_app.ask("ecs", "list_clusters")["clusterArns"]
    [service] = local_app.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    [described] = local_app.ask("ecs", "describe_services", cluster=cluster, services=[service])["services"]
    old = local_app.ask("ecs", "describe_task_definition", taskDefinition=described["taskDefinition"])["taskDefinition"]
    [container] = old["containerDefinitions"]
    repository = container["image"].rpartition("@")[0].rpartition(":")[0] or container["image"].rpartition(":")[0]
    known = ("family", "networkMode", "cpu", "memory", "requiresCompatibilities", "executionRoleArn", "taskRoleArn")
    new = local_app.ask(
        "ecs",
        "register_task_definition",
        containerDefinitions=[{**container, "image": f"{repository}:gone"}],
        **{name: old[name] for name in known if name in old},
    )["taskDefinition"]["taskDefinitionArn"]
    local_app.ask("ecs", "update_service", cluster=cluster, service=service, taskDefinition=new)
    deadline = time.monotonic() + 120
    while not any(cause.startswith("cannot pull") for cause in local_app.causes()[1]):
        assert time.monotonic() < deadline, local_app.causes()
        time.sleep(2)
    assert local_app.get() == (200, f"{EDITED}\n")


def test_an_app_that_fails_changes_nothing(local_app: LocalApp) -> None:
    app = local_app.directory / "app.py"
    good = app.read_text(encoding="utf-8")
    app.write_text(good.replace("8080", "70000"), encoding="utf-8")
    done = local_app.run("up")
    assert done.returncode == 1
    assert "container_port=70000" in done.stderr
    assert local_app.get() == (200, f"{EDITED}\n")
    app.write_text(good, encoding="utf-8")


def test_the_stack_can_be_destroyed(local_app: LocalApp) -> None:
    done = local_app.run("cdk", "destroy", "--all", "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    there = ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
    stacks = local_app.ask("cloudformation", "list_stacks", StackStatusFilter=there)
    assert [stack["StackName"] for stack in stacks["StackSummaries"]] == ["CDKToolkit"]
    deadline = time.monotonic() + 30
    while local_app.containers() and time.monotonic() < deadline:
        time.sleep(0.2)  # tasks drain after their service is gone
    assert not local_app.containers()
    assert _repository(local_app), "the repository is retained"
    status = local_app.run("status")
    assert status.returncode == 1
    assert "no stack" in status.stderr


def test_down_leaves_nothing(local_app: LocalApp) -> None:
    assert local_app.processes()
    done = local_app.run("down")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not local_app.leftovers()
    assert local_app.run("status").returncode == 1

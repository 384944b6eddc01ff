"""The main path, for real: build, push, deploy, answer; edit; no change; destroy. The tests build on each other."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from local_app import LocalApp, free_port

GREETING = "Hello from a private ECR repository!"
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
    log = (local_app.directory / ".ecr-fargate" / str(local_app.port) / "aws.log").read_text(encoding="utf-8")
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


def test_status_logs_and_a_second_command_agree(local_app: LocalApp) -> None:
    status = local_app.run("status")
    assert status.returncode == 0
    assert "2 of 2" in status.stdout
    assert _repository(local_app) in status.stdout
    logs = local_app.run("logs")
    assert "listening on 8080" in logs.stdout


def test_an_edit_changes_two_resources_and_is_served(local_app: LocalApp) -> None:
    before = _template(local_app)
    local_app.edit(GREETING, EDITED)
    done = local_app.run("up")
    assert done.returncode == 0, done.stdout + done.stderr
    assert local_app.get() == (200, f"{EDITED}\n")
    after = _template(local_app)
    changed = {after[name]["Type"] for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"Custom::CDKECRDeployment", "AWS::ECS::TaskDefinition"}
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


def test_a_bad_version_is_reported_while_the_good_one_goes_on(local_app: LocalApp) -> None:
    local_app.edit("def main() -> int:\n", "def main() -> int:\n    sys.exit('cannot start')\n")
    done = local_app.run("up")
    assert done.returncode == 1
    assert "the service did not come up" in done.stderr
    assert "cannot start" in done.stderr
    assert "the version before goes on answering at http://" in done.stderr
    assert local_app.get() == (200, f"{EDITED}\n")
    local_app.edit("    sys.exit('cannot start')\n", "")


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


def test_down_leaves_nothing(local_app: LocalApp) -> None:
    assert local_app.processes()
    done = local_app.run("down")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not local_app.leftovers()
    assert local_app.run("status").returncode == 1

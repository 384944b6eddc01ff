"""The rehearsals of docs/deployments.md, with fifty requests a second; and changes after an odd number of deployments.

The tests go on: each deploys the next version to the service of the one before it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.local_app import LocalApp, free_port
from tests.e2e.rehearsal import STACK, Rehearsed, Watch, copied, within_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDECAR = """
    base = ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/python:3.13-slim")
    web.service.task_definition.add_container("Beside", image=base, command=["sleep", "600"])
    return stack
"""


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalApp]:
    """The example with its first version, in which a minute takes a second."""
    app = LocalApp(copied(tmp_path_factory.mktemp("e2e") / "rehearsal"), free_port())
    try:
        done = app.run("up", "--clock", "60")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "rehearsed" in done.stdout + done.stderr
        yield app
    finally:
        app.end()


def _up(app: LocalApp, *context: str, fails: bool = False) -> Watch:
    """Deploy while clients ask."""
    with Watch(app) as watch:
        done = app.run("up", *(word for each in context for word in ("-c", each)))
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return watch


def _edit(app: LocalApp, *changes: tuple[str, str]) -> None:
    file = app.directory / "rehearsal.py"
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def test_a_good_version_follows_the_schedule_of_a_canary_and_loses_no_request(rehearsal: LocalApp) -> None:
    watch = _up(rehearsal, "version=2")
    answers = watch.by_share()
    assert set(answers) == {0, 20, 100}
    assert len(answers[20]) > 100
    for share, each in answers.items():
        assert within_bounds(each, "2", share / 100)
    assert watch.lost == 0
    assert Rehearsed(rehearsal).deployment()["status"] == "SUCCESSFUL"


def test_a_version_with_errors_is_rolled_back_by_its_alarm_and_its_errors_are_counted(rehearsal: LocalApp) -> None:
    ecs = Rehearsed(rehearsal)
    before = ecs.errors()
    watch = _up(rehearsal, "version=3", "rehearsal=errors", fails=True)
    newest = ecs.deployment()
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"
    assert newest["alarms"]["status"] == "TRIGGERED"
    [alarm] = newest["alarms"]["triggeredAlarmNames"]
    assert "Errors" in alarm
    assert f"alarm(s) detected: {alarm}" in ecs.failures()
    assert rehearsal.causes(STACK) == (3, ["alarm"])
    assert ecs.status() == "UPDATE_ROLLBACK_COMPLETE"
    # Only one request in five reached the version before it was rolled back, and only one in ten of them failed.
    answered = sum(each.version == "3" for each in watch.client.answers)
    errors = watch.count(500)
    print(f"{errors} errors in {answered} answers of the version, {len(watch.client.answers)} in all")
    assert 0 < errors < answered < len(watch.client.answers) / 4
    assert watch.lost == errors
    time.sleep(1.5)  # the minute has to end
    assert ecs.errors() - before == errors


def test_a_function_that_refuses_keeps_the_old_version(rehearsal: LocalApp) -> None:
    ecs = Rehearsed(rehearsal)
    watch = _up(rehearsal, "version=4", "rehearsal=refused", fails=True)
    assert watch.versions == {"2"}
    assert watch.lost == 0
    newest = ecs.deployment()
    assert (newest["status"], "lifecycle hook" in newest["statusReason"]) == ("ROLLBACK_SUCCESSFUL", True)
    assert "Resource handler returned message" in ecs.failures()
    assert rehearsal.causes(STACK) == (3, ["hook refused"])
    assert ecs.status() == "UPDATE_ROLLBACK_COMPLETE"


def test_a_version_that_a_person_does_not_continue_is_never_seen(rehearsal: LocalApp) -> None:
    ecs = Rehearsed(rehearsal)
    watch = _up(rehearsal, "version=5", "rehearsal=not-continued", fails=True)
    assert watch.versions == {"2"}
    assert watch.lost == 0
    newest = ecs.deployment()
    assert (newest["status"], "timed out" in newest["statusReason"]) == ("ROLLBACK_SUCCESSFUL", True)
    assert rehearsal.causes(STACK) == (3, ["hook refused"])


def _weights(app: LocalApp) -> list[list[int]]:
    """The weights of all rules and listeners that forward to two target groups."""
    [balancer] = app.ask("elbv2", "describe_load_balancers")["LoadBalancers"]
    listeners = app.ask("elbv2", "describe_listeners", LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = [
        rule
        for each in listeners
        for rule in app.ask("elbv2", "describe_rules", ListenerArn=each["ListenerArn"])["Rules"]
    ]
    actions = [action for rule in rules for action in rule["Actions"] if action["Type"] == "forward"]
    groups = [action["ForwardConfig"]["TargetGroups"] for action in actions]
    return [[each["Weight"] for each in pair] for pair in groups if len(pair) == 2]


def test_changes_after_an_odd_number_of_deployments_leave_the_traffic_where_it_is(rehearsal: LocalApp) -> None:
    """The rows of the page's table that make no new service revision."""
    assert _weights(rehearsal) == [[0, 100]]
    _edit(
        rehearsal,
        ('cdk.Stack(app, "Rehearsal")', 'cdk.Stack(app, "Rehearsal", tags={"release": "2"})'),
        ("    return stack\n", '    cdk.Tags.of(app).add("release", "2", priority=1000)\n    return stack\n'),
        (
            'TargetHealthCheck(path="/healthz")',
            (
                'TargetHealthCheck(path="/healthz", interval=cdk.Duration.seconds(7)),\n'
                "            deregistration_delay=cdk.Duration.seconds(3),\n"
                "            target_group=TargetGroupSettings(stickiness=Stickiness(duration=cdk.Duration.hours(1)))"
            ),
        ),
        ("    Rolling,\n", "    RollbackAlarms,\n    Rolling,\n    Stickiness,\n    TargetGroupSettings,\n"),
        ("canary_bake_time=minutes(10)", "canary_bake_time=minutes(1), alarms=RollbackAlarms(error_percent=9)"),
        ("bake_time=minutes(5)", "bake_time=minutes(1)"),
    )
    before = Rehearsed(rehearsal).deployment()["serviceDeploymentArn"]
    watch = _up(rehearsal, "version=2")
    assert (watch.lost, watch.versions) == (0, {"2"})
    assert Rehearsed(rehearsal).deployment()["serviceDeploymentArn"] == before
    assert _weights(rehearsal) == [[0, 100]]
    [group, _] = rehearsal.ask("elbv2", "describe_target_groups")["TargetGroups"]
    assert group["HealthCheckIntervalSeconds"] == 7


def test_changes_with_a_new_revision_after_an_odd_number_of_deployments_lose_no_request(rehearsal: LocalApp) -> None:
    """The other rows, and another strategy."""
    rehearsal.edit('("0.0.0.0", 8080)', '("0.0.0.0", 8081)')
    _edit(
        rehearsal,
        (
            "        container_port=8080,\n",
            (
                "        container_port=8081,\n        size=TaskSize(cpu=512, memory_mib=1024),\n"
                "        scaling=Scaling(min_capacity=3, max_capacity=4, cpu_percent=90),\n"
            ),
        ),
        ("    Rolling,\n", "    Rolling,\n    Scaling,\n    TaskSize,\n    TestTrafficHeader,\n"),
        ("    EcrFargateService(\n", "    web = EcrFargateService(\n"),
        ("    return stack\n", SIDECAR),
        ("BlueGreen(bake", 'BlueGreen(test_traffic=TestTrafficHeader(name="X-Preview"), bake'),
    )
    watch = _up(rehearsal, "version=6", "strategy=blue-green")
    assert (watch.lost, watch.versions) == (0, {"2", "6"})
    assert _weights(rehearsal) == [[100, 0], [100, 0]]
    service = Rehearsed(rehearsal).service()
    assert (service["desiredCount"], service["loadBalancers"][0]["containerPort"]) == (3, 8081)


def test_a_version_that_never_starts_fails_the_stack_and_is_never_seen(rehearsal: LocalApp) -> None:
    ecs = Rehearsed(rehearsal)
    watch = _up(rehearsal, "version=7", "rehearsal=never-starts", fails=True)
    assert (watch.lost, watch.versions) == (0, {"6"})
    newest = ecs.deployment()
    assert newest["status"] == "ROLLBACK_SUCCESSFUL"
    assert newest["deploymentCircuitBreaker"]["status"] == "TRIGGERED", newest["statusReason"]
    assert "ECS Deployment Circuit Breaker was triggered" in ecs.failures()
    assert ecs.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert ecs.service()["deploymentConfiguration"]["strategy"] == "BLUE_GREEN"  # as before: the update was rolled back
    assert rehearsal.causes(STACK) == (3, ["container exited"])


def test_in_express_mode_cloudformation_does_not_wait(rehearsal: LocalApp) -> None:
    _edit(rehearsal, (" bake_time=minutes(1)", " bake_time=minutes(15)"))  # longer than the commands take to start
    ecs = Rehearsed(rehearsal)
    context = ("-c", "version=8", "-c", "strategy=blue-green")
    done = rehearsal.run("cdk", "deploy", "--express", "--require-approval", "never", *context)
    newest = ecs.deployment()
    assert done.returncode == 0, done.stdout + done.stderr
    assert ecs.status() == "UPDATE_COMPLETE"
    assert newest["status"] == "IN_PROGRESS"
    page = rehearsal.directory / "deployments.html"
    followed = rehearsal.run("deployments", "--follow", "--page", str(page))
    assert "SUCCESSFUL  100 % of the traffic" in followed.stdout.splitlines()[-1]
    text = page.read_text(encoding="utf-8")
    assert "<title>BAKE_TIME</title>" in text
    assert "refresh" not in text

"""Whether a service came up, may still, or cannot: over described deployments, tasks and targets."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import Any

import pytest

from ecr_fargate_constructs.local import listening, readiness
from ecr_fargate_constructs.local.listening import Sockets
from ecr_fargate_constructs.local.readiness import Before, Snapshot
from ecr_fargate_constructs.local.services import Service, Task
from ecr_fargate_constructs.local.targets import HealthCheck, Target

NOTHING_BEFORE = Before()
CHECK = HealthCheck("/healthz", None, "200-299", "HTTP1", patience=30)
HEALTHY = {"state": "healthy", "reason": "", "description": ""}
WRONG_CODE = {
    "state": "unhealthy",
    "reason": "Target.ResponseCodeMismatch",
    "description": "Health checks failed with these codes: [404]",
}
DEAF = {"state": "unhealthy", "reason": "Target.FailedHealthChecks", "description": "Health checks failed"}


def _deployment(definition: str = "new", state: str = "COMPLETED", running: int = 2, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"taskDefinition": definition, "rolloutState": state, "runningCount": running, "id": "d", **more}


def _task(number: int, definition: str = "new", *, crashed: bool = False, reason: str = "") -> Task:
    stopped = crashed or reason
    status = "STOPPED" if stopped else "RUNNING"
    return Task(f"t{number}", definition, status, "", "", reason, crashed=crashed, address=f"10.0.0.{number}")


def _service(*deployments: dict[str, Any], tasks: tuple[Task, ...] | None = None, **more: Any) -> Service:  # noqa: ANN401
    tasks = (_task(1), _task(2)) if tasks is None else tasks
    options: dict[str, Any] = {"groups": ("group",), "grace": 60, **more}
    return Service("Web", "c", "s", "new", 2, deployments or (_deployment(),), tasks, **options)


def _targets(*health: dict[str, str], port: int = 8080) -> tuple[Target, ...]:
    return tuple(Target(f"10.0.0.{n}", port, check=CHECK, **each) for n, each in enumerate(health, start=1))


def test_the_wanted_version_alone_and_healthy_is_fit() -> None:
    assert readiness.is_fit(_service(), _targets(HEALTHY, HEALTHY))
    assert not readiness.is_fit(_service(), _targets(HEALTHY, WRONG_CODE))
    assert not readiness.is_fit(_service(), _targets(HEALTHY)), "one task is not in the target group yet"
    assert readiness.is_fit(_service(groups=()), ()), "a worker has no targets"
    assert not readiness.is_fit(_service(tasks=(_task(1),)), _targets(HEALTHY))


def test_a_deployment_that_failed_earlier_is_no_bar() -> None:
    """MiniStack keeps it for good, for its reason."""
    old = _deployment("old", "FAILED", 0, id="e")
    assert readiness.is_fit(_service(_deployment(), old, old), _targets(HEALTHY, HEALTHY))
    same = _deployment("new", "FAILED", 0, id="e")
    again = _service(_deployment(), same)
    assert readiness.is_fit(again, _targets(HEALTHY, HEALTHY)), "the same version, deployed again"
    assert readiness.problem(Snapshot(again), NOTHING_BEFORE) is None
    assert not readiness.is_fit(_service(_deployment(), {**old, "runningCount": 1}), _targets(HEALTHY, HEALTHY))
    assert not readiness.is_fit(_service(_deployment(), {**old, "pendingCount": 1}), _targets(HEALTHY, HEALTHY))
    assert not readiness.is_fit(_service(_deployment(), _deployment("old")), _targets(HEALTHY, HEALTHY))


def test_a_failed_deployment_and_a_rollback_are_said_with_what_the_tasks_said() -> None:
    failed = _deployment(state="FAILED", running=0, rolloutStateReason="breaker.")
    crash = _task(3, crashed=True, reason="Essential container exited (exit code 1)")
    service = _service(failed, tasks=(crash,))
    assert readiness.problem(Snapshot(service), NOTHING_BEFORE) == "breaker; Essential container exited (exit code 1)"
    assert readiness.problem(Snapshot(_service(_deployment("old"))), NOTHING_BEFORE) == (
        "the deployment was rolled back to the previous version"
    )


def test_a_failure_from_before_the_deployment_is_tried_again() -> None:
    failed = _service(_deployment("old"), _deployment(state="FAILED", running=0, id="e"))
    assert readiness.is_old_failure(failed, Before(deployments=frozenset({"d", "e"})))
    assert not readiness.is_old_failure(failed, Before(deployments=frozenset({"d"}))), "it failed just now"
    assert not readiness.is_old_failure(_service(), Before(deployments=frozenset({"d"})))
    assert readiness.is_old_failure(_service(_deployment("old")), NOTHING_BEFORE)


def test_three_crashes_of_this_version_are_enough_and_others_do_not_count() -> None:
    crashes = tuple(_task(number, crashed=True, reason="exit code 1") for number in (3, 4, 5))
    service = _service(_deployment(running=0), tasks=crashes)
    assert readiness.problem(Snapshot(service), NOTHING_BEFORE) == "3 of its tasks stopped: exit code 1"
    assert readiness.problem(Snapshot(service), Before(tasks=frozenset({"t3"}))) is None
    other = replace(service, tasks=(*crashes[:2], _task(5, "old", crashed=True)))
    assert readiness.problem(Snapshot(other), NOTHING_BEFORE) is None


def test_health_checks_may_fail_for_the_grace_period_and_as_long_as_the_threshold_allows() -> None:
    targets = _targets(WRONG_CODE, WRONG_CODE)
    assert readiness.problem(Snapshot(_service(), targets, unfit=59), NOTHING_BEFORE) is None
    assert readiness.problem(Snapshot(_service(grace=0), targets, unfit=29), NOTHING_BEFORE) is None
    why = readiness.problem(Snapshot(_service(grace=0), targets, unfit=30), NOTHING_BEFORE)
    assert why == (
        "2 of its targets fail the health check: GET /healthz on port 8080, expected 200-299: "
        "Target.ResponseCodeMismatch: Health checks failed with these codes: [404]"
    )
    assert readiness.problem(Snapshot(_service(), targets, unfit=60), NOTHING_BEFORE) == why


def test_targets_of_the_version_before_do_not_count() -> None:
    service = _service(
        _deployment(state="IN_PROGRESS", running=1), _deployment("old"), tasks=(_task(1, "old"), _task(2))
    )
    assert readiness.problem(Snapshot(service, _targets(WRONG_CODE, HEALTHY), unfit=99), NOTHING_BEFORE) is None
    assert readiness.problem(Snapshot(service, _targets(HEALTHY, WRONG_CODE), unfit=99), NOTHING_BEFORE) is not None


@pytest.mark.parametrize(
    ("sockets", "exposed", "said"),
    [
        (Sockets(loopback=frozenset({9090})), (), "listens on 127.0.0.1:9090 only"),
        (Sockets(open=frozenset({8080})), (8080,), "nothing listens on port 9090; the task listens on 8080"),
        (Sockets(open=frozenset({8080})), (), None),  # the port of a sidecar perhaps, or of a console that is up first
        (Sockets(open=frozenset({8080})), (8080, 9090), None),
        (Sockets(open=frozenset({9090})), (8080,), None),
        (Sockets(), (8080,), None),
    ],
)
def test_an_application_that_listens_elsewhere_needs_no_grace(
    sockets: Sockets, exposed: tuple[int, ...], said: str | None
) -> None:
    look = Snapshot(_service(), _targets(DEAF, port=9090), unfit=5, sockets=sockets, exposed=exposed)
    why = readiness.problem(look, NOTHING_BEFORE)
    assert why is None if said is None else said in str(why)
    assert readiness.problem(replace(look, unfit=4), NOTHING_BEFORE) is None, "it may have just started"
    mismatch = replace(look, targets=_targets(WRONG_CODE, port=9090))
    assert readiness.problem(mismatch, NOTHING_BEFORE) is None, "it answers"


def test_what_takes_too_long_says_what_is_missing() -> None:
    pending = replace(_task(2), status="PENDING")
    service = _service(tasks=(_task(1), pending))
    text = readiness.unfinished(Snapshot(service, _targets(DEAF)))
    assert text.startswith(
        "1 of 2 tasks are running (RUNNING, PENDING); 1 of its targets fails the health check: GET /healthz"
    )
    assert "nothing listens on port 8080" in text


def test_a_target_that_speaks_another_protocol_says_so() -> None:
    [target] = _targets(DEAF)
    grpc = replace(target, check=replace(CHECK, protocol="GRPC"))
    assert "supports only HTTP/1.1" in grpc.trouble
    assert "HTTP/1.1" not in target.trouble


@pytest.mark.parametrize(
    ("group", "check"),
    [
        (
            {"HealthCheckPort": "traffic-port", "HealthCheckPath": "/a", "Matcher": {"HttpCode": "200,204"}},
            HealthCheck("/a", None, "200,204", "HTTP1", 60),
        ),
        (
            {"HealthCheckPort": "9000", "HealthCheckIntervalSeconds": 5, "UnhealthyThresholdCount": 3},
            HealthCheck("/", 9000, "200", "HTTP1", 15),
        ),
        ({"ProtocolVersion": "GRPC", "Matcher": {"GrpcCode": "12"}}, HealthCheck("/", None, "12", "GRPC", 60)),
        ({"Protocol": "HTTPS", "ProtocolVersion": "HTTP1"}, HealthCheck("/", None, "200", "HTTPS", 60)),
    ],
)
def test_the_health_check_of_a_target_group_is_read(group: dict[str, Any], check: HealthCheck) -> None:
    assert HealthCheck.of(group) == check


def test_the_kernels_table_is_read() -> None:
    lines = [
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0",
        "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0",
        "   2: 00000000:1234 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100 0 0 10 0",
        "   0: 00000000000000000000000001000000:2328 00000000000000000000000000000000:0000 0A 0 0 0",
        "   1: 00000000000000000000000000000000:0051 00000000000000000000000000000000:0000 0A 0 0 0",
        "   2: 0000000000000000FFFF00000100007F:2329 00000000000000000000000000000000:0000 0A 0 0 0",
    ]
    assert listening.parse(lines) == Sockets(frozenset({80, 81}), frozenset({8080, 9000, 9001}))


def test_what_a_process_listens_on_is_seen() -> None:
    with socket.socket() as inside, socket.socket() as outside:
        inside.bind(("127.0.0.1", 0))
        outside.bind(("0.0.0.0", 0))  # noqa: S104 - what the test is about
        inside.listen()
        outside.listen()
        found = listening.sockets_of(os.getpid())
        assert inside.getsockname()[1] in found.loopback
        assert outside.getsockname()[1] in found.open
    assert listening.sockets_of(2**22) == Sockets()

"""Pairs of task definitions: one that does on AWS what its author did not want, and one that works.

Before tasks were run as their definitions say, both ended in the same way here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Definition:
    """A task, and how it ends.

    Attributes:
        containers: Its containers; ``program`` is Python.
        codes: Their exit codes, in the order of the containers; None for one that never ran.
        reason: Part of the reasons of the task and its containers.
        task: The rest of the definition.
        stop: Whether the test stops it, once it runs.
    """

    containers: list[dict[str, Any]]
    codes: tuple[int | None, ...]
    reason: str = "Essential container in task exited"
    task: dict[str, Any] = field(default_factory=dict)
    stop: bool = False


OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
_FILL = "x = bytearray({} << 20); import time; time.sleep({})"
_WRITE, _READ = "open('{}', 'w')", "open('{}').read()"
_SHARED: dict[str, Any] = {"volumes": [{"name": "v", "host": {}}]}
_EBS: dict[str, Any] = {"volumes": [{"name": "v", "configuredAtLaunch": True}]}
_WAIT = "import time; print('up', flush=True); time.sleep(60)"
_POLITE = (
    "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(33)); print('up', flush=True); time.sleep(60)"
)
_OPEN = "f = [open('/dev/null') for _ in range(100)]"
_ONCE = (
    "import os, time; again = os.path.exists('/v/x'); open('/v/x', 'w'); time.sleep(1.2); "
    "raise SystemExit(0 if again else 3)"
)
_LATE = "import time; time.sleep(6); open('/v/x', 'w')"
_TASK_ENDS = "import time; time.sleep({}); raise SystemExit(2)"
_SCRATCH = "/tmp"  # noqa: S108 - in a container
_LOGS = {"awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"}


def _mount(path: str = "/v", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - passed on
    return {"mountPoints": [{"sourceVolume": "v", "containerPath": path, **more}]}


def _one(program: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - passed on
    return [{"name": "one", "program": program, **more}]


def _first(
    program: str,
    condition: str,
    then: str = "pass",
    both: dict[str, Any] | None = None,
    **more: Any,  # noqa: ANN401
) -> list[dict[str, Any]]:
    """Return a container that is not essential, and one that waits for it."""
    depends = [{"containerName": "first", "condition": condition}]
    return [
        {"name": "first", "program": program, "essential": False, **(both or {}), **more},
        {"name": "then", "program": then, "dependsOn": depends, **(both or {})},
    ]


def _healthy(command: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"healthCheck": {"command": ["CMD-SHELL", command], "interval": 5, "timeout": 2, "retries": 1, **more}}


PAIRS: dict[str, tuple[Definition, Definition]] = {
    "memory of a container": (
        Definition(_one(_FILL.format(100, 0), memory=64), (137,), OUT_OF_MEMORY),
        Definition(_one(_FILL.format(100, 0), memory=200), (0,)),
    ),
    "memory of all containers": (
        Definition(
            [
                {"name": "one", "program": _FILL.format(300, 9), "essential": False},
                {"name": "two", "program": _FILL.format(300, 9)},
            ],
            (137, 0),
            OUT_OF_MEMORY,
        ),
        Definition(
            [
                {"name": "one", "program": _FILL.format(300, 2), "essential": False},
                {"name": "two", "program": _FILL.format(300, 2)},
            ],
            (0, 0),
            task={"memory": "2048"},
        ),
    ),
    "read-only root": (
        Definition(_one(_WRITE.format("/srv/x"), user="0", readonlyRootFilesystem=True), (1,)),
        Definition(_one(_WRITE.format("/srv/x"), user="0"), (0,)),
    ),
    "temporary files on a read-only root": (
        Definition(_one(_WRITE.format(f"{_SCRATCH}/x"), readonlyRootFilesystem=True), (1,)),
        Definition(
            _one(_WRITE.format(f"{_SCRATCH}/x"), user="0", readonlyRootFilesystem=True, **_mount(_SCRATCH)),
            (0,),
            task=_SHARED,
        ),
    ),
    "user of the image": (
        Definition(_one(_WRITE.format("/srv/x")), (1,)),
        Definition(_one(_WRITE.format("/srv/x"), user="0"), (0,)),
    ),
    "user of the definition": (
        Definition(_one("import os; raise SystemExit(os.getuid() != 0)", user="1234:5"), (1,)),
        Definition(_one("import os; raise SystemExit((os.getuid(), os.getgid()) != (1234, 5))", user="1234:5"), (0,)),
    ),
    "capabilities": (
        Definition(
            _one("import os; os.chown('/srv', 1, 1)", user="0", linuxParameters={"capabilities": {"drop": ["CHOWN"]}}),
            (1,),
        ),
        Definition(_one("import os; os.chown('/srv', 1, 1)", user="0"), (0,)),
    ),
    "process 1": (
        Definition(_one("import os; raise SystemExit(os.getpid() == 1)"), (1,)),
        Definition(
            _one("import os; raise SystemExit(os.getpid() == 1)", linuxParameters={"initProcessEnabled": True}), (0,)
        ),
    ),
    "open files": (
        Definition(_one(_OPEN, ulimits=[{"name": "nofile", "softLimit": 64, "hardLimit": 64}]), (1,)),
        Definition(_one(_OPEN, ulimits=[{"name": "nofile", "softLimit": 512, "hardLimit": 2_000_000}]), (0,)),
    ),
    "kernel parameters": (
        Definition(_one("raise SystemExit(open('/proc/sys/net/core/somaxconn').read().strip() != '77')"), (1,)),
        Definition(
            [
                {
                    "name": "one",
                    "program": "raise SystemExit(open('/proc/sys/net/core/somaxconn').read().strip() != '77')",
                    "dependsOn": [{"containerName": "two", "condition": "START"}],
                    "systemControls": [{"namespace": "net.core.somaxconn", "value": "77"}],
                },
                {"name": "two", "program": "pass", "essential": False},
            ],
            (0, 0),
        ),
    ),
    "shared memory": (
        Definition(
            _one("open('/dev/shm/x', 'wb').write(bytes(9 << 20))", linuxParameters={"sharedMemorySize": 4}), (1,)
        ),
        Definition(
            _one("open('/dev/shm/x', 'wb').write(bytes(9 << 20))", linuxParameters={"sharedMemorySize": 16}), (0,)
        ),
    ),
    "tmpfs": (
        Definition(
            _one(
                "open('/t/x', 'wb').write(bytes(9 << 20))",
                user="0",
                linuxParameters={"tmpfs": [{"containerPath": "/t", "size": 4}]},
            ),
            (1,),
        ),
        Definition(
            _one(
                "open('/t/x', 'wb').write(bytes(9 << 20))",
                user="0",
                linuxParameters={"tmpfs": [{"containerPath": "/t", "size": 16}]},
            ),
            (0,),
        ),
    ),
    "working directory": (
        Definition(_one("import os; raise SystemExit(os.getcwd() != '/etc')"), (1,)),
        Definition(_one("import os; raise SystemExit(os.getcwd() != '/etc')", workingDirectory="/etc"), (0,)),
    ),
    "owner of a volume": (
        Definition(_one(_WRITE.format("/v/x"), **_mount()), (1,), task=_SHARED),
        Definition(
            _one(_READ.format("/declared/kept") + "; " + _WRITE.format("/declared/x"), **_mount("/declared")),
            (0,),
            task=_SHARED,
        ),
    ),
    "owner that an init container changes": (
        Definition(_first("pass", "SUCCESS", _WRITE.format("/v/x"), _mount()), (0, 1), task=_SHARED),
        Definition(
            _first("import os; os.chown('/v', 10001, -1)", "SUCCESS", _WRITE.format("/v/x"), _mount(), user="0"),
            (0, 0),
            task=_SHARED,
        ),
    ),
    "read-only volume": (
        Definition(_one(_WRITE.format("/v/x"), user="0", **_mount(readOnly=True)), (1,), task=_SHARED),
        Definition(_one(_WRITE.format("/v/x"), user="0", **_mount()), (0,), task=_SHARED),
    ),
    "waiting for success": (
        Definition(
            _first("raise SystemExit(1)", "SUCCESS"),
            (1, None),
            "dependency [first] for target [then] as dependency did not exit successfully",
        ),
        Definition(_first("raise SystemExit(1)", "COMPLETE"), (1, 0)),
    ),
    "waiting for the start alone": (
        Definition(_first(_LATE, "START", _READ.format("/v/x"), _mount(), user="0"), (0, 1), task=_SHARED),
        Definition(_first(_LATE, "COMPLETE", _READ.format("/v/x"), _mount(), user="0"), (0, 0), task=_SHARED),
    ),
    "waiting for health": (
        Definition(
            _first(_WAIT, "HEALTHY", stopTimeout=2, **_healthy("false")), (137, None), "as dependency is unhealthy"
        ),
        Definition(_first(_WAIT, "HEALTHY", stopTimeout=2, **_healthy("true")), (137, 0)),
    ),
    "waiting too long": (
        Definition(_first(_WAIT, "COMPLETE", stopTimeout=2, startTimeout=2), (137, None), "has timed out"),
        Definition(_first("pass", "COMPLETE", startTimeout=2), (0, 0)),
    ),
    "the end of a container": (
        Definition(
            [
                {"name": "main", "program": _TASK_ENDS.format(20), "stopTimeout": 2},
                {"name": "beside", "program": "raise SystemExit(5)"},
            ],
            (137, 5),
        ),
        Definition(
            [
                {"name": "main", "program": _TASK_ENDS.format(3)},
                {"name": "beside", "program": "raise SystemExit(5)", "essential": False},
            ],
            (2, 5),
        ),
    ),
    "time to stop": (
        Definition(_one(_WAIT, stopTimeout=2), (137,), "Task stopped by user", stop=True),
        Definition(_one(_POLITE, stopTimeout=30), (33,), "Task stopped by user", stop=True),
    ),
    "restart": (  # the shortest period that AWS accepts is a minute; nothing else differs
        Definition(
            _one(
                _ONCE,
                user="0",
                restartPolicy={"enabled": True, "ignoredExitCodes": [3], "restartAttemptPeriod": 1},
                **_mount(),
            ),
            (3,),
            task=_SHARED,
        ),
        Definition(
            _one(
                _ONCE,
                user="0",
                restartPolicy={"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 1},
                **_mount(),
            ),
            (0,),
            task=_SHARED,
        ),
    ),
    "log group": (
        Definition(
            _one(
                "pass",
                logConfiguration={
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/none", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "x"},
                },
            ),
            (None,),
            "The specified log group does not exist",
        ),
        Definition(
            _one(
                "pass",
                logConfiguration={
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/made",
                        "awslogs-create-group": "true",
                        "awslogs-region": "us-east-1",
                        "awslogs-stream-prefix": "x",
                    },
                },
            ),
            (0,),
        ),
    ),
    "environment file": (
        Definition(
            _one("pass", environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::settings/none.env"}]),
            (None,),
            "failed to download env files",
        ),
        Definition(
            _one(
                "import os; raise SystemExit([os.environ[each] for each in 'ABC'] != ['\"1\"', 'mine', '3'])",
                environmentFiles=[
                    {"type": "s3", "value": f"arn:aws:s3:::settings/{name}.env"} for name in ("one", "two")
                ],
                environment=[{"name": "B", "value": "mine"}],
            ),
            (0,),
        ),
    ),
}

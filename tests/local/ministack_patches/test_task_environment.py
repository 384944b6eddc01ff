"""What containers are given: variables, metadata, and credentials that belong to the role of their task."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ecr_fargate_constructs.local.ministack_patches import task_environment as patches

if TYPE_CHECKING:
    from collections.abc import Iterator

CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/web"
TASK = "arn:aws:ecs:us-east-1:000000000000:task/web/0123456789abcdef"
ROLE = "arn:aws:iam::000000000000:role/shop/WebTaskRole"
NOBODY = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


@pytest.fixture
def ecs() -> Iterator[Any]:
    """MiniStack's module, with nothing in it afterwards."""
    module = import_module("ministack.services.ecs")
    yield module
    module.ecs_metadata.reset()
    import_module("ministack.services.sts").reset()


def _register(environment: patches.TaskEnvironment, role: str | None = ROLE, **own: str) -> dict[str, str]:
    variables = dict(own)
    definition = {"family": "web", "revision": 1, "taskRoleArn": role}
    environment.register(
        TASK, CLUSTER, definition, {"name": "web", "image": "web:1"}, "FARGATE", variables, False, None
    )
    return variables


def _get(environment: patches.TaskEnvironment, url: str, authorization: str = "") -> tuple[int, Any]:
    """Status and body; None for what is left to the application."""
    sent: list[Any] = []

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        await asyncio.sleep(0)
        sent.append(message)

    async def application(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401
        await send({"status": 404})
        await send({"body": b"null"})

    scope = {
        "type": "http",
        "method": "GET",
        "path": urlsplit(url).path,
        "headers": [(b"Authorization", authorization.encode())],
    }
    receive: Any = None

    async def ask() -> None:
        await environment.answer(application)(scope, receive, send)

    asyncio.run(ask())
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_variables_are_those_of_ecs_and_one_that_leads_here(ecs: Any) -> None:  # noqa: ANN401
    variables = _register(patches.TaskEnvironment(ecs, 4600, reachable=True))
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "us-east-1"
    assert variables["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4600"
    hosts = {urlsplit(variables[name]).netloc for name in (NOBODY, "ECS_CONTAINER_METADATA_URI_V4")}
    assert hosts == {"127.0.0.1:4600"}  # the SDKs take credentials of loopback


def test_what_the_definition_sets_stays(ecs: Any) -> None:  # noqa: ANN401
    own = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://elsewhere"}
    variables = _register(patches.TaskEnvironment(ecs, 4600, reachable=True), **own)
    assert {name: variables[name] for name in own} == own
    assert variables["AWS_DEFAULT_REGION"] == "us-east-1"


def test_nothing_leads_to_where_the_container_does_not_reach(ecs: Any) -> None:  # noqa: ANN401
    variables = _register(patches.TaskEnvironment(ecs, 4600, reachable=False))
    assert not [value for value in variables.values() if "://" in value]
    assert variables["AWS_REGION"] == "us-east-1"


def test_a_task_without_a_role_has_no_credentials(ecs: Any) -> None:  # noqa: ANN401
    variables = _register(patches.TaskEnvironment(ecs, 4600, reachable=True), role=None)
    assert NOBODY not in variables
    assert variables["AWS_EC2_METADATA_DISABLED"] == "true"


def test_credentials_are_the_roles(ecs: Any) -> None:  # noqa: ANN401
    environment = patches.TaskEnvironment(ecs, 4600, reachable=True)
    variables = _register(environment)
    status, found = _get(environment, variables[NOBODY], variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    assert status == 200
    assert found["RoleArn"] == ROLE
    session = import_module("ministack.services.sts")._sessions[found["AccessKeyId"]]
    assert (session["SecretAccessKey"], session["SessionToken"]) == (found["SecretAccessKey"], found["Token"])
    identity = import_module("ministack.core.iam_evaluator").resolve_caller_identity(found["AccessKeyId"])
    assert identity["userArn"] == "arn:aws:sts::000000000000:assumed-role/WebTaskRole/0123456789abcdef"


def test_a_role_may_be_given_by_name(ecs: Any) -> None:  # noqa: ANN401
    environment = patches.TaskEnvironment(ecs, 4600, reachable=True)
    variables = _register(environment, role="Plain")
    _, found = _get(environment, variables[NOBODY], variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    assert found["RoleArn"] == "arn:aws:iam::000000000000:role/Plain"


def test_another_containers_token_gets_no_credentials(ecs: Any) -> None:  # noqa: ANN401
    environment = patches.TaskEnvironment(ecs, 4600, reachable=True)
    first, second = _register(environment), _register(environment)
    status, _ = _get(environment, first[NOBODY], second["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
    assert status == 401
    assert _get(environment, first[NOBODY])[0] == 401
    assert not import_module("ministack.services.sts")._sessions


def test_metadata_answer_as_long_as_the_container_is_there(ecs: Any) -> None:  # noqa: ANN401
    environment = patches.TaskEnvironment(ecs, 4600, reachable=True)
    variables = _register(environment)
    url = variables["ECS_CONTAINER_METADATA_URI_V4"]
    assert _get(environment, url)[1]["Name"] == "web"
    assert _get(environment, f"{url}/task")[1]["TaskARN"] == TASK
    ecs.ecs_metadata.unregister_token(url.rpartition("/")[2])
    assert _get(environment, url) == (404, None)
    assert _get(environment, variables[NOBODY], variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) == (404, None)


class _Relay:
    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    def open(self, container: str, pid: int) -> None:
        self.seen.append(f"open {container} {pid}")
        if not pid:
            raise FileNotFoundError("/proc/0/ns/net")

    def close(self, container: str) -> None:
        self.seen.append(f"close {container}")


def _container(seen: list[str], *, mode: str, label: str = "ecs", pid: int = 7) -> Any:  # noqa: ANN401
    model = import_module("docker.models.containers").Container
    described: dict[str, Any] = {
        "Id": "c1",
        "Name": "/web",
        "Config": {"Labels": {"ministack": label}},
        "HostConfig": {"NetworkMode": mode},
        "State": {"Pid": pid},
    }
    api = SimpleNamespace(
        base_url="http+docker://localhost",
        _post=lambda url: seen.append(url.partition("/libpod/")[2]),
        _raise_for_status=lambda _answer: None,
        start=lambda name: seen.append(f"start {name}"),
        remove_container=lambda name: seen.append(f"remove {name}"),
    )
    client = SimpleNamespace(api=api)
    return model(
        attrs=described, client=client, collection=SimpleNamespace(get=lambda _: SimpleNamespace(attrs=described))
    )


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> list[str]:
    """What has happened; the parameter is whether the engine is podman."""
    model = import_module("docker.models.containers").Container
    for name in ("start", "remove"):
        monkeypatch.setattr(model, name, getattr(model, name))
    seen: list[str] = []
    relay: Any = _Relay(seen)
    discovery: Any = SimpleNamespace(
        join=lambda container, process, _: seen.append(f"join {container.id} {process}"),
        leave=lambda container: seen.append(f"leave {container}"),
    )
    patches.listen_in_tasks(relay, discovery, podman=request.param)
    return seen


@pytest.mark.parametrize("listening", [True], indirect=True)
def test_podman_listens_before_the_first_process_runs(listening: list[str]) -> None:
    container = _container(listening, mode="bridge")
    container.start()
    container.remove()
    assert listening == [
        "containers/c1/init",
        "open c1 7",
        "join c1 7",
        "start c1",
        "remove c1",
        "close c1",
        "leave c1",
    ]


@pytest.mark.parametrize("listening", [False], indirect=True)
def test_docker_listens_as_soon_as_it_runs(listening: list[str]) -> None:
    _container(listening, mode="default").start()
    assert listening == ["start c1", "open c1 7", "join c1 7"]


@pytest.mark.parametrize("listening", [False], indirect=True)
def test_a_container_that_ended_at_once_has_started(listening: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    _container(listening, mode="default", pid=0).start()
    assert listening == ["start c1", "open c1 0"]
    assert capsys.readouterr().out == "not emulated: AWS inside web: /proc/0/ns/net\n"


@pytest.mark.parametrize("listening", [True], indirect=True)
@pytest.mark.parametrize(("mode", "label"), [("container:c0", "ecs"), ("host", "ecs"), ("bridge", "rds")])
def test_nothing_listens_in_other_networks(listening: list[str], mode: str, label: str) -> None:
    _container(listening, mode=mode, label=label).start()
    assert listening == ["start c1"]

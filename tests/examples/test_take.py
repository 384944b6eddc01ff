"""The worker of an example: what it does to its queue, and what it asks of ECS's agent."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ROOT
from tests.support.example_apps import load

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS: dict[bool, dict[str, Any]] = {True: {"protection": {"ProtectionEnabled": True}}}
WORKER: Any = load(ROOT / "examples" / "worker" / "take.py")


class Queue:
    """A queue with these messages; when it is empty, the worker is told to stop."""

    def __init__(self, stop: threading.Event, *bodies: str) -> None:
        self.stop, self.bodies, self.deleted = stop, list(bodies), list[str]()
        self.postponed: list[tuple[str, int]] = []

    def receive_message(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 has it
        if not self.bodies:
            self.stop.set()
            return {}
        body = self.bodies.pop(0)
        return {"Messages": [{"Body": body, "ReceiptHandle": f"handle of {body}"}]}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803 - as boto3 has it
        self.deleted.append(f"{ReceiptHandle} in {QueueUrl}")

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803
        assert QueueUrl == "url"
        self.postponed.append((ReceiptHandle, VisibilityTimeout))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, dict[str, Any]]]]:
    """The requests to an agent."""
    requests: list[tuple[str, str, dict[str, Any]]] = []

    class Agent(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(body)
            requests.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(ANSWERS.get(body["ProtectionEnabled"], {})).encode())

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - not into the tests' output
            pass

    with HTTPServer(("127.0.0.1", 0), Agent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("ECS_AGENT_URI", f"http://127.0.0.1:{server.server_port}")
        yield requests
        server.shutdown()
        thread.join()


def test_a_task_is_protected_while_it_works_on_a_message(asked: list[tuple[str, str, dict[str, Any]]]) -> None:
    stop, protected = threading.Event(), []
    queue = Queue(stop, "one")
    WORKER.work(queue, "url", lambda _: protected.append(len(asked)), stop)
    place = ("/task-protection/v1/state", "application/json")
    assert protected == [1]
    assert asked == [
        (*place, {"ProtectionEnabled": True, "ExpiresInMinutes": 60}),
        (*place, {"ProtectionEnabled": False}),
    ]
    assert queue.deleted == ["handle of one in url"]


@pytest.mark.usefixtures("asked")
def test_a_message_that_fails_is_not_deleted_and_the_next_one_is_handled() -> None:
    def handle(body: str) -> None:
        if body == "poison":
            raise ValueError(body)

    stop = threading.Event()
    queue = Queue(stop, "poison", "good")
    WORKER.work(queue, "url", handle, stop)
    assert queue.deleted == ["handle of good in url"]
    assert queue.postponed == [("handle of poison", 30)]


@pytest.mark.usefixtures("asked")
def test_a_message_is_handled_without_protection(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ANSWERS, True, {"failure": {"Reason": "DEPLOYMENT_BLOCKED"}})
    stop = threading.Event()
    queue = Queue(stop, "one")
    WORKER.work(queue, "url", lambda _: None, stop)
    assert queue.deleted == ["handle of one in url"]
    assert "not protected: {'Reason': 'DEPLOYMENT_BLOCKED'}" in capsys.readouterr().out


def test_a_worker_whose_agent_does_not_answer_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECS_AGENT_URI", "http://127.0.0.1:1")
    stop = threading.Event()
    queue = Queue(stop, "one")
    WORKER.work(queue, "url", lambda _: None, stop)
    assert queue.deleted == ["handle of one in url"]


def test_a_worker_that_is_to_stop_takes_no_further_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECS_AGENT_URI", raising=False)
    stop = threading.Event()
    queue = Queue(stop, "one", "two")
    WORKER.work(queue, "url", lambda _: stop.set(), stop)
    assert queue.deleted == ["handle of one in url"]
    assert queue.bodies == ["two"]

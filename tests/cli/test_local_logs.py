"""``local logs``: whose line it is, when it came, in which order, and what of it reaches the terminal."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from ecr_fargate_constructs.cli.main import app
from ecr_fargate_constructs.local.app_status import app_status
from ecr_fargate_constructs.local.log_lines import LogReader, since
from ecr_fargate_constructs.tools.errors import ToolError
from tests.local.recorded_cloud import TASKS, RecordedCloud, play, write_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path


HOME = "cba4ed0c-1c49-495f-ba43-f45024952a37"
HOST = "b6d3a9c7-1450-42d4-a4c8-6ba3fa728683"
WORKER = "ae6f30f1-6c8f-4ffd-bb3c-30d7d7214db7"
BASE = int(datetime(2026, 1, 31, 12, tzinfo=timezone.utc).timestamp() * 1000)


class Logs:
    """CloudWatch Logs with streams that grow; pages have ``page`` events at most."""

    def __init__(self, streams: Mapping[str, Sequence[tuple[int, str]]], page: int = 10_000) -> None:
        """Hold streams of ``group``, by name."""
        self._page = page
        self.streams = {name: list(events) for name, events in streams.items()}

    def answers(self) -> dict[str, Any]:
        """What it answers, and task definitions that log to it: ``web`` and ``side`` under one prefix."""

        def container(name: str) -> dict[str, Any]:
            options = {"awslogs-group": "group", "awslogs-stream-prefix": "p"}
            return {"name": name, "logConfiguration": {"logDriver": "awslogs", "options": options}}

        mute = {"name": "mute"}
        definition = {"containerDefinitions": [container("web"), container("side"), container("worker"), mute]}
        return {
            "ecs.describe_task_definition": {"taskDefinition": definition},
            "logs.describe_log_streams": lambda **_: [
                {"logStreams": [{"logStreamName": name} for name in self.streams]}
            ],
            "logs.get_log_events": self._events,
        }

    def _events(
        self,
        *,
        logGroupName: str,  # noqa: N803
        logStreamName: str,  # noqa: N803
        startFromHead: bool,  # noqa: N803
        limit: int = 10_000,
        startTime: int = 0,  # noqa: N803
        nextToken: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        assert logGroupName == "group"
        events = [each for each in self.streams[logStreamName] if each[0] >= startTime]
        size, limit = len(events), min(limit, self._page)
        forward, position = startFromHead, 0 if startFromHead else size
        if nextToken is not None:
            forward, position = nextToken.startswith("f/"), int(nextToken[2:])
        first, end = (position, min(size, position + limit)) if forward else (max(0, position - limit), position)
        return {
            "events": [{"timestamp": time, "message": text} for time, text in events[first:end]],
            "nextForwardToken": f"f/{end}",
            "nextBackwardToken": f"b/{first}",
        }


def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Logs, *arguments: str, **options: Any) -> Result:  # noqa: ANN401
    if not (tmp_path / ".ecr-fargate").exists():
        write_app(tmp_path)
    play(monkeypatch, logs.answers())
    return CliRunner().invoke(app, ["local", "logs", "--app-dir", str(tmp_path), *arguments], **options)


def _messages(done: Result) -> list[str]:
    assert done.exit_code == 0, done.output
    return [line.split(" ", 4)[-1] for line in done.output.splitlines()]


def test_lines_are_in_the_order_of_time_and_then_of_arrival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traceback = ["Traceback (most recent call last):", '  File "a.py", line 1', "ValueError: no", "Another"]
    logs = Logs(
        {
            f"p/web/{HOME}": [(BASE + 5, text) for text in traceback],
            f"p/web/{HOST}": [(BASE + 1, "zz first"), (BASE + 9, "aa last")],
        }
    )
    done = _run(tmp_path, monkeypatch, logs)
    assert [line.split(" ", 4)[4] for line in done.output.splitlines()] == ["zz first", *traceback, "aa last"]


def test_each_line_says_when_and_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs({f"p/side/{HOME}": [(BASE + 7, "hello\n")]})
    [line] = _run(tmp_path, monkeypatch, logs).output.splitlines()
    assert re.fullmatch(rf"\d\d:\d\d:\d\d\.007 Web/Home side {TASKS['Home']} hello", line), line


def test_services_of_one_group_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs(
        {
            f"p/web/{HOME}": [(BASE, "home")],
            f"p/web/{HOST}": [(BASE, "host")],
            f"p/worker/{WORKER}": [(BASE, "worker")],
            "another/web/x": [(BASE, "a stranger's")],
        }
    )
    assert _messages(_run(tmp_path, monkeypatch, logs, "--service", "Host")) == ["host"]
    assert sorted(_messages(_run(tmp_path, monkeypatch, logs))) == ["home", "host", "worker"]


def test_a_container_of_an_earlier_version_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _messages(_run(tmp_path, monkeypatch, Logs({"p/renamed/gone": [(BASE, "old")]}))) == ["old"]


def test_the_latest_lines_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs(page=3, streams={f"p/web/{HOME}": [(BASE + each, str(each)) for each in range(100)]})
    assert _messages(_run(tmp_path, monkeypatch, logs)) == [str(each) for each in range(50, 100)]
    assert _messages(_run(tmp_path, monkeypatch, logs, "-n", "2")) == ["98", "99"]
    late = _run(tmp_path, monkeypatch, logs, "--since", "2026-01-31T12:00:00.060Z")
    assert _messages(late) == [str(each) for each in range(60, 100)]


def test_colours_stay_on_a_terminal_and_orders_to_it_never_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link \x1b[2J \x1b]52;c;AAAA\x07"
    logs = Logs({f"p/web/{HOME}": [(BASE, text)]})
    piped = _run(tmp_path, monkeypatch, logs).output
    assert "\x1b" not in piped
    assert piped.endswith("red link  \n")
    shown = _run(tmp_path, monkeypatch, logs, color=True).output
    assert "\x1b[31mred\x1b[0m" in shown
    assert not re.search(r"\x1b[^\[]|\x07|\x1b\[2J", shown)
    assert f"\x1b[36mWeb/Home web {TASKS['Home']}\x1b[0m" in shown
    quiet = _run(tmp_path, monkeypatch, logs, color=True, env={"NO_COLOR": "1"}).output
    assert "\x1b" not in quiet


def test_tasks_have_colours_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs({f"p/web/{HOME}": [(BASE, "a"), (BASE + 2, "c")], f"p/web/{HOST}": [(BASE + 1, "b")]})
    lines = _run(tmp_path, monkeypatch, logs, color=True).output.splitlines()
    first, second, third = (re.findall(r"\x1b\[(\d+)m", line)[0] for line in lines)
    assert first == third != second


def test_json_is_one_object_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs({f"p/web/{HOME}": [(BASE, 'say "hi"\x1b]0;t\x07'), (BASE + 1500, "\x1b[1mbold\x1b[0m")]})
    first, second = (
        json.loads(line) for line in _run(tmp_path, monkeypatch, logs, "--format", "json").output.splitlines()
    )
    assert first == {
        "time": "2026-01-31T12:00:00.000+00:00",
        "service": "Web/Home",
        "task": HOME,
        "container": "web",
        "message": 'say "hi"',
    }
    assert (second["time"], second["message"]) == ("2026-01-31T12:00:01.500+00:00", "bold")


def test_follow_goes_on_with_what_comes_and_says_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = f"p/web/{HOME}"
    logs = Logs(page=2, streams={stream: [(BASE, "before"), (BASE + 1, "shown")]})
    new: Iterator[Callable[[], None]] = iter(
        [
            lambda: logs.streams[stream].extend((BASE + 2 + each, f"new {each}") for each in range(5)),
            lambda: logs.streams.update({f"p/web/{HOST}": [(BASE + 9, "a new task")]}),
            lambda: None,
        ]
    )

    def pass_time(_seconds: float) -> None:
        try:
            next(new)()
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(time, "sleep", pass_time)
    done = _run(tmp_path, monkeypatch, logs, "--follow", "-n", "1")
    assert done.exit_code == 130
    shown = [line.split(" ", 4)[-1] for line in done.output.splitlines() if line]
    assert shown == ["shown", *(f"new {each}" for each in range(5)), "a new task"]


def test_a_group_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    instance = write_app(tmp_path)
    answers = Logs({}).answers()
    del answers["logs.describe_log_streams"]
    cloud = RecordedCloud(instance, answers)
    assert LogReader(cloud, app_status(cloud, instance.assembly, 1).services).last(10) == []


def test_an_unknown_service_is_refused_with_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _run(tmp_path, monkeypatch, Logs({}), "--service", "Nope")
    assert isinstance(done.exception, ToolError)
    assert "no service Nope is deployed" in done.exception.cause


NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("2026-01-31T11:00:00Z", timedelta(hours=1)),
        ("2026-01-31T12:00:00+02:00", timedelta(hours=2)),
    ],
)
def test_since_takes_a_time_or_how_long_ago(text: str, ago: timedelta) -> None:
    assert NOW - since(text, NOW) == ago


@pytest.mark.parametrize("text", ["", "soon", "10", "m", "-5m", "0x1s", "999999999d"])
def test_since_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(ToolError, match="is not a time") as caught:
        since(text, NOW)
    assert "10m" in str(caught.value.fix)

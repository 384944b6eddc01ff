"""The answers of functions to lifecycle hooks: anything that is not an answer is a refusal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ecr_fargate_constructs.local.deployments.hooks import Answer
from ecr_fargate_constructs.local.ministack_patches.deployments.functions import ask_function


def _functions(result: Any, known: bool = True) -> SimpleNamespace:  # noqa: ANN401, FBT001, FBT002
    def run(_record: object, event: dict[str, Any]) -> Any:  # noqa: ANN401
        assert event == {"lifecycleStage": "POST_SCALE_UP"}
        if isinstance(result, Exception):
            raise result
        return result

    return SimpleNamespace(
        _get_func_record_for_ref=lambda ref: ({}, {}, ref) if not known else ({"a": 1}, {"b": 2}, ref),
        _execution_record_for_config=lambda *_: {},
        _execute_function_with_config_scope=run,
    )


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ({"body": {"hookStatus": "SUCCEEDED"}}, Answer("SUCCEEDED")),
        ({"body": '{"hookStatus": "IN_PROGRESS", "callBackDelay": 5}'}, Answer("IN_PROGRESS", 5.0)),
        ({"body": {"hookStatus": "IN_PROGRESS", "hookDetails": {"n": 1}}}, Answer("IN_PROGRESS", None, {"n": 1})),
        ({"body": {"hookStatus": "IN_PROGRESS", "hookDetails": 1}}, Answer("FAILED")),
        ({"body": {"errorMessage": "no"}, "error": True}, Answer("FAILED")),
        ({"body": "null"}, Answer("FAILED")),
        ({"body": {"hookStatus": "SUCCEEDED", "callBackDelay": "soon"}}, Answer("FAILED")),
        (RuntimeError("no worker"), Answer("FAILED")),
    ],
)
def test_answers(result: Any, answer: Answer) -> None:  # noqa: ANN401
    assert ask_function(_functions(result), "arn", {"lifecycleStage": "POST_SCALE_UP"}) == answer


def test_a_function_that_is_not_there_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask_function(_functions({}, known=False), "arn", {}) == Answer("FAILED")
    assert "there is no function arn" in capsys.readouterr().out
